//! Who shows which token.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderMap, header},
};

use super::super::{App, caller::Caller, refusal::Refusal, tls::Peer};
use crate::access::Token;

const DAY_US: i64 = 24 * 3_600 * 1_000_000;

/// Whoever shows a token that works, and is not used too fast.
pub(in crate::console) fn caller(app: &App, request: &Request) -> Result<Caller, Refusal> {
    let from = request.extensions().get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| peer.0.ip());
    let wrong = |refusal| {
        app.api.wrong.fetch_add(1, Ordering::Relaxed);
        refusal
    };
    let text = shown(request.headers()).ok_or_else(|| wrong(Refusal::show_a_token()))?;
    let (at, real_us) = (app.clock.wall(), app.clock.real_us());
    let (token, account) =
        app.access.by_token(text, from, at, real_us).map_err(|refused| wrong(refused.into()))?;
    app.api.pace.take(token.no, real_us).map_err(|wait_s| {
        app.api.too_fast.fetch_add(1, Ordering::Relaxed);
        Refusal::too_many(wait_s)
    })?;
    app.api.let_in.fetch_add(1, Ordering::Relaxed);
    note_use(app, &token, at.as_us().div_euclid(DAY_US));
    Ok(Caller::of_token(token, account))
}

/// What stands behind `Bearer` in the one header of that kind.
fn shown(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (one, None) = (all.next()?, all.next()) else { return None };
    let (scheme, token) = one.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Writes down that a token was used today, the first time. No request waits for it, nor fails over it.
fn note_use(app: &App, token: &Token, day: i64) {
    if token.used_day.is_some_and(|known| known >= day) {
        return;
    }
    let (access, no) = (Arc::clone(&app.access), token.no);
    tokio::spawn(async move {
        if let Err(error) = access.token_used(no, day).await {
            tracing::warn!(token = no, %error, "it could not be written down that a token was used");
        }
    });
}
