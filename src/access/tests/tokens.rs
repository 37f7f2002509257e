//! Tokens: how they are kept, and how they end.

use std::net::IpAddr;

use sqlx::Row;

use crate::{
    access::{Access, AccountError, Grant, NewAccount, NewToken, Permit, Role, TokenRefused, audit::Who},
    domain::{StaffId, Timestamp},
    secret::Secret,
};

const AT: Timestamp = Timestamp::from_ms(1_772_330_047_000);
const DAY_MS: i64 = 86_400_000;

async fn with_amy() -> (Access, StaffId) {
    let access = Access::in_memory().await.unwrap();
    let amy: StaffId = "amy".parse().unwrap();
    let grants = vec![Grant { role: Role::Officer, unit: None }];
    let new = NewAccount { id: amy.clone(), name: "Amy".into(), grants, caseload: vec![] };
    access.add_account(&new, &Who::Command, AT).await.unwrap();
    (access, amy)
}

fn new(days: i64) -> NewToken {
    NewToken { name: "wallboard".into(), permits: vec![Permit::ReadIncidents], days }
}

async fn made(access: &Access, account: &StaffId, days: i64) -> String {
    access.make_token(account, &new(days), &Who::Command, AT).await.unwrap().1.expose().to_owned()
}

#[tokio::test]
async fn a_token_works_until_its_day_comes_and_no_longer() {
    let (access, amy) = with_amy().await;
    let token = made(&access, &amy, 2).await;
    let at =
        |ms| access.by_token(&token, None, AT.plus_ms(ms), 0).map(|(token, account)| (token.no, account.id));
    assert_eq!(at(0), Ok((1, amy.clone())));
    assert_eq!(at(2 * DAY_MS - 1), Ok((1, amy.clone())));
    assert_eq!(at(2 * DAY_MS), Err(TokenRefused::Expired));
    // Nothing is relied on that was read more than a minute ago.
    assert_eq!(access.by_token(&token, None, AT, 60_000_000).err(), Some(TokenRefused::Away));
}

#[tokio::test]
async fn the_file_holds_no_token() {
    let (access, amy) = with_amy().await;
    let token = made(&access, &amy, 2).await;
    let row = sqlx::query("SELECT * FROM tokens").fetch_one(&access.db.read).await.unwrap();
    let hash: Vec<u8> = row.get("hash");
    assert_eq!(hash.len(), 32);
    let digits = token.strip_prefix("cordon_").unwrap();
    assert_ne!(tag_wire::hex(&hash), digits);
    let log = format!("{:?}", access.entries(i64::MAX, 10, None).await.unwrap());
    assert!(log.contains("token 1 for 2 days: read_incidents") && !log.contains(digits), "{log}");
}

#[tokio::test]
async fn tokens_end_with_their_account_and_when_its_owner_signs_up_anew() {
    let (access, amy) = with_amy().await;
    let token = made(&access, &amy, 90).await;
    let ask = |token: &str| access.by_token(token, None, AT, 0).map(drop);
    // Other roles are looked at with each request; the token stays.
    let auditor = [Grant { role: Role::Auditor, unit: None }];
    access.change_account(&amy, &auditor, &[], &Who::Command, AT).await.unwrap();
    assert_eq!(access.by_token(&token, None, AT, 0).unwrap().1.grants, auditor);
    let link = access.invite(&amy, &Who::Command, AT).await.unwrap().link("");
    assert_eq!(ask(&token), Ok(()), "a link that nobody has used changes nothing");
    let secret = link.rsplit('#').next().unwrap();
    let code = access.join(secret, AT).await.unwrap().code_at(AT);
    access.enrol(secret, Secret::new("four words as these"), &code, AT).await.unwrap();
    assert_eq!(ask(&token), Err(TokenRefused::Revoked));
    let token = made(&access, &amy, 90).await;
    access.revoke_account(&amy, "left", &Who::Command, AT).await.unwrap();
    assert_eq!(ask(&token), Err(TokenRefused::Revoked));
    let again = access.make_token(&amy, &new(90), &Who::Command, AT).await;
    assert_eq!(again.err(), Some(AccountError::Unknown(amy)));
}

#[tokio::test]
async fn what_an_account_has_is_bounded_and_no_number_is_given_twice() {
    let (access, amy) = with_amy().await;
    for no in 1..=10 {
        assert_eq!(access.make_token(&amy, &new(90), &Who::Command, AT).await.unwrap().0, no);
    }
    assert_eq!(
        access.make_token(&amy, &new(90), &Who::Command, AT).await.err(),
        Some(AccountError::TooManyTokens)
    );
    for no in 11..=60 {
        access.revoke_token(&amy, no - 1, &Who::Command, AT).await.unwrap();
        assert_eq!(access.make_token(&amy, &new(90), &Who::Command, AT).await.unwrap().0, no);
    }
    let kept = access.accounts(0).unwrap().tokens_of(&amy).len();
    assert_eq!(kept, 10 + 30);
    assert_eq!(
        access.revoke_token(&amy, 10, &Who::Command, AT).await.err(),
        Some(AccountError::NoToken(10)),
        "once is enough"
    );
    for (name, days, permits, error) in [
        (" ", 1, vec![Permit::ReadAudit], AccountError::TokenName),
        ("a\nb", 1, vec![Permit::ReadAudit], AccountError::TokenName),
        ("x", 0, vec![Permit::ReadAudit], AccountError::TokenDays),
        ("x", 366, vec![Permit::ReadAudit], AccountError::TokenDays),
        ("x", 1, vec![], AccountError::NoPermit),
    ] {
        let new = NewToken { name: name.into(), permits, days };
        assert_eq!(access.make_token(&amy, &new, &Who::Command, AT).await.err(), Some(error));
    }
}

#[tokio::test]
async fn wrong_tokens_are_slowed_down_by_where_they_come_from() {
    let (access, amy) = with_amy().await;
    let token = made(&access, &amy, 90).await;
    let from = |text: &str| Some(text.parse::<IpAddr>().unwrap());
    let ask = |text: &str, place| access.by_token(text, place, AT, 0).map(drop);
    for _ in 0..5 {
        assert_eq!(ask("x", from("192.0.2.7")), Err(TokenRefused::Malformed));
    }
    assert_eq!(ask("x", from("192.0.2.7")), Err(TokenRefused::Wait(16)));
    assert_eq!(ask(&token, from("192.0.2.7")), Ok(()), "one that works is never held up");
    assert_eq!(ask("x", from("192.0.2.8")), Err(TokenRefused::Malformed));
}

#[tokio::test]
async fn days_of_use_are_counted_once_each() {
    let (access, amy) = with_amy().await;
    made(&access, &amy, 90).await;
    for day in [20_500, 20_500, 20_502, 20_501] {
        access.token_used(1, day).await.unwrap();
    }
    let accounts = access.accounts(0).unwrap();
    let token = accounts.tokens_of(&amy)[0];
    assert_eq!((token.used_day, token.days_used), (Some(20_502), 2));
}
