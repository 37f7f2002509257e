//! The page on which people make and revoke their tokens.

use super::*;
use crate::{
    access::{Permit, Role, audit::Who},
    domain::StaffId,
    secret::Secret,
};

const PASSWORD: &str = "four words as these";

impl Bench {
    /// An account that has signed up, a browser of its owner's, and what their app shows some seconds later.
    async fn signed_up(&self, id: &str, role: Role) -> (StaffId, Browser, impl Fn(i64) -> String + use<>) {
        let account = self.account(id, &[role]).await;
        let link = self.access.invite(&account, &Who::Command, AT).await.expect("a link").link("");
        let token = link.rsplit('#').next().expect("a token").to_owned();
        // Of a minute ago: the code of now has not been used.
        let before = AT.plus_ms(-60_000);
        let join = self.access.join(&token, before).await.expect("a link that works");
        let code = join.code_at(before);
        self.access.enrol(&token, Secret::new(PASSWORD), &code, before).await.expect("signed up");
        (account.clone(), self.enter(&account), move |s| join.code_at(AT.plus_ms(s * 1_000)))
    }
}

fn token_in(text: &str) -> Option<String> {
    let at = text.find("<code>cordon_")?;
    Some(text[at + 6..].split('<').next()?.to_owned())
}

#[tokio::test]
async fn a_token_takes_password_and_code_and_is_shown_once() {
    let bench = Bench::new(violation());
    let (_, browser, code) = bench.signed_up("amy", Role::Officer).await;
    let make = async |password: &str, code: &str, days: &str, permit: &str| {
        let fields = [
            ("name", "wallboard"),
            ("days", days),
            ("permit", permit),
            ("password", password),
            ("code", code),
        ];
        bench.post_as(&browser, "/tokens", &fields).await
    };
    let now = code(0);
    for (password, shown, days, permit, why) in [
        ("a wrong one", now.as_str(), "90", "read_incidents", "password or the code is wrong"),
        (PASSWORD, "000000", "90", "read_incidents", "password or the code is wrong"),
        (PASSWORD, now.as_str(), "0", "read_incidents", "works for 1 to 365 days"),
        (PASSWORD, now.as_str(), "366", "read_incidents", "works for 1 to 365 days"),
        (PASSWORD, now.as_str(), "soon", "read_incidents", "a number from 1 to 365"),
        (PASSWORD, now.as_str(), "90", "read_audit", "no more than you may"),
        (PASSWORD, now.as_str(), "90", "", "at least one thing"),
    ] {
        let refused = make(password, shown, days, permit).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
        assert!(refused.text.contains(why) && token_in(&refused.text).is_none(), "{why}: {}", refused.text);
        assert!(refused.text.contains("value=\"wallboard\"") && !refused.text.contains(PASSWORD));
    }
    let made = make(PASSWORD, &code(0), "30", "read_incidents").await;
    let token = token_in(&made.text).unwrap_or_else(|| panic!("{}", made.text));
    assert_eq!(bench.call(&token, "GET", "/api/v1/queue", "").await.status, StatusCode::OK);
    assert_eq!(bench.call(&token, "GET", "/api/v1/wearers", "").await.refusal().1, "not_permitted");
    let again = bench.get_as(&browser, "/tokens").await;
    assert!(again.text.contains("wallboard") && token_in(&again.text).is_none(), "{}", again.text);
    let used = make(PASSWORD, &code(0), "30", "read_incidents").await;
    assert!(used.text.contains("code has been used"), "a code makes one token");
}

#[tokio::test]
async fn a_token_is_revoked_by_its_owner_or_an_administrator_and_by_nobody_else() {
    let bench = Bench::new(violation());
    let amy = bench.account("amy", &[Role::Officer]).await;
    let (of_amy, of_ben) = (bench.enter(&amy), bench.enter(&bench.account("ben", &[Role::Officer]).await));
    let administrator = bench.enter(&bench.account("root", &[Role::Administrator]).await);
    let works = async |token: &str| bench.call(token, "GET", "/api/v1/me", "").await.status == StatusCode::OK;
    let one = bench.token(&amy, &[Permit::ReadIncidents]).await;
    let other = bench.token(&amy, &[Permit::ReadIncidents]).await;
    assert_eq!(
        bench.post_as(&of_ben, "/tokens/1/revoke", &[]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        bench.post_as(&of_ben, "/accounts/amy/tokens/1/revoke", &[]).await.status,
        StatusCode::FORBIDDEN
    );
    assert!(!bench.get_as(&of_ben, "/tokens").await.text.contains("of a script"));
    assert!(works(&one).await && works(&other).await);
    assert_eq!(bench.post_as(&of_amy, "/tokens/1/revoke", &[]).await.header(header::LOCATION), "/tokens");
    assert!(!works(&one).await && works(&other).await);
    assert!(bench.get_as(&administrator, "/accounts/amy").await.text.contains("of a script"));
    let revoked = bench.post_as(&administrator, "/accounts/amy/tokens/2/revoke", &[]).await;
    assert_eq!(revoked.header(header::LOCATION), "/accounts/amy", "{}", revoked.text);
    assert!(!works(&other).await);
    let log = bench.access.entries(i64::MAX, 100, None).await.expect("a log");
    let revoked: Vec<_> = log.iter().filter(|entry| entry.what == "revoke token").collect();
    let revoked: Vec<_> =
        revoked.iter().map(|it| (it.who.as_str(), it.subject.as_str(), it.why.as_str())).collect();
    assert_eq!(revoked, [("root", "staff:amy", "token 2"), ("amy", "staff:amy", "token 1")]);
}

#[tokio::test]
async fn whoever_came_by_a_link_has_no_tokens() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    assert!(bench.get_as(&browser, "/tokens").await.text.contains("which is none"));
    let fields =
        [("name", "x"), ("days", "1"), ("permit", "read_incidents"), ("password", "x"), ("code", "x")];
    let refused = bench.post_as(&browser, "/tokens", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("has no account"), "{}", refused.text);
}
