//! What every request must pass, and what every answer carries.

use axum::{
    extract::{Form, FromRequest, FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{App, Public, assets, refusal::Refusal, sign_in::Signed};

/// The session's cookie.
pub(super) const COOKIE: &str = "cordon_session";
/// The field in every form that proves the console drew it.
pub(super) const FORM_TOKEN: &str = "form_token";

const SEALS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// What a page says that it needs beside nothing at all: it stands alone, and loads nothing.
#[derive(Clone)]
pub(super) struct StandsAlone {
    /// SHA-256 of its one sheet of styles, in base64.
    pub(super) styles: String,
}

impl StandsAlone {
    fn policy(&self) -> Option<HeaderValue> {
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            self.styles
        );
        policy.parse().ok()
    }
}

/// Puts the security headers on every answer, refusals included. Nothing is kept but what says that it may be.
pub(super) async fn seal(mut response: Response) -> Response {
    let may_be_kept = response.headers().get(header::CACHE_CONTROL) == Some(&assets::FOREVER);
    for (name, value) in SEALS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Some(policy) = response.extensions().get::<StandsAlone>().and_then(StandsAlone::policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if may_be_kept {
        response.headers_mut().insert(header::CACHE_CONTROL, assets::FOREVER);
    }
    response
}

/// Tells browsers never to come without TLS.
pub(super) async fn https_only(mut response: Response) -> Response {
    let year = HeaderValue::from_static("max-age=31536000");
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    response
}

/// Refuses requests that another site's page could have caused.
pub(super) async fn own_pages_only(State(app): State<App>, request: Request, next: Next) -> Response {
    match check_origin(request.method(), request.headers(), app.public.as_deref()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn check_origin(method: &Method, headers: &HeaderMap, public: Option<&Public>) -> Result<(), Refusal> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // A name that an attacker's DNS points at us is not one of ours.
    let is_ours = |host: &&str| match public {
        Some(public) => host.eq_ignore_ascii_case(&public.host) || is_loopback(host),
        None => is_loopback(host),
    };
    let host = text(header::HOST).filter(is_ours).ok_or_else(|| Refusal::foreign_host(public))?;
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let site = text(HeaderName::from_static("sec-fetch-site"));
    let scheme = if public.is_some() { "https://" } else { "http://" };
    // Under `Referrer-Policy: no-referrer` a browser sends `Origin: null` with our own forms, too; then it must vouch
    // for them by Sec-Fetch-Site. Something that sends neither is no browser, and still needs the form's token.
    let origin_fits = match text(header::ORIGIN) {
        None => true,
        Some("null") => site == Some("same-origin"),
        Some(origin) => origin.strip_prefix(scheme).is_some_and(|from| from.eq_ignore_ascii_case(host)),
    };
    let site_fits = site.is_none_or(|site| site == "same-origin");
    if origin_fits && site_fits { Ok(()) } else { Err(Refusal::foreign_origin()) }
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    if host.contains('@') {
        return false;
    }
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// The live session that a request's cookie names.
pub(super) fn session(app: &App, headers: &HeaderMap) -> Option<Signed> {
    cookies(headers, COOKIE).find_map(|cookie| app.sign_in.session(cookie, app.clock.real_us()))
}

/// The values of all cookies of a name.
pub(super) fn cookies<'h>(headers: &'h HeaderMap, name: &'h str) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';'));
    pairs.filter_map(move |pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

impl FromRequestParts<App> for Signed {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        // Missing if a route was put outside the gate by mistake: then nobody gets in.
        parts.extensions.get::<Self>().cloned().ok_or_else(Refusal::sign_in_first)
    }
}

/// The fields of a form that this session's pages drew. There is no other way to read a posted form behind sign-in.
pub(super) struct Posted(Fields);

impl Posted {
    pub(super) fn field(&self, name: &str) -> &str {
        self.0.field(name)
    }
}

impl FromRequest<App> for Posted {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let signed = request.extensions().get::<Signed>().cloned().ok_or_else(Refusal::sign_in_first)?;
        let fields = Fields::from_request(request, app).await?;
        if signed.owns_form(fields.field(FORM_TOKEN)) { Ok(Self(fields)) } else { Err(Refusal::stale_form()) }
    }
}

impl Posted {
    /// All of them, as they came.
    pub(super) fn fields(&self) -> &[(String, String)] {
        &self.0.0
    }

    /// All fields of that name.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.0.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// A form's fields, whoever sent it.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first field of that name; empty if there is none.
    pub(super) fn field(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

impl FromRequest<App> for Fields {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        match Form::from_request(request, app).await {
            Ok(Form(fields)) => Ok(Self(fields)),
            Err(rejection) => Err(Refusal::unreadable_form(rejection.status())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_ours() {
        for ours in ["127.0.0.1:8080", "127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:8080", "127.9.9.9:1"] {
            assert!(is_loopback(ours), "{ours}");
        }
        for foreign in [
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "localhost.evil.example",
            "",
            "x@127.0.0.1",
        ] {
            assert!(!is_loopback(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_post_must_come_from_our_own_page() {
        let check = |headers: &[(&'static str, &'static str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            let headers =
                [(header::HOST, HeaderValue::from_static("127.0.0.1:80"))].into_iter().chain(headers);
            check_origin(&Method::POST, &headers.collect(), None).is_ok()
        };
        assert!(check(&[]));
        assert!(check(&[("origin", "http://127.0.0.1:80")]));
        assert!(check(&[("origin", "null"), ("sec-fetch-site", "same-origin")]));
        assert!(!check(&[("origin", "null")]));
        assert!(!check(&[("origin", "null"), ("sec-fetch-site", "cross-site")]));
        assert!(!check(&[("origin", "http://127.0.0.1:81")]));
        assert!(!check(&[("origin", "https://evil.example")]));
        assert!(!check(&[("sec-fetch-site", "same-site")]));
    }
}
