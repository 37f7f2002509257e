//! From a link to being let in, and out again.

use std::collections::BTreeSet;

use crate::{
    access::{
        Access, AccountError, EnrolError, Grant, Invitation, NewAccount, Proof, ProofError, Role, Standing,
        audit::Who,
    },
    domain::{StaffId, Timestamp},
    secret::Secret,
};

const AT: Timestamp = Timestamp::from_ms(1_772_330_047_000);
const PASSWORD: &str = "four words as these";
const S: i64 = 1_000_000;

fn id(text: &str) -> StaffId {
    text.parse().unwrap()
}

fn token(invitation: &Invitation) -> String {
    invitation.link("").split('#').nth(1).unwrap().into()
}

fn new(name: &str, role: Role) -> NewAccount {
    let grants = vec![Grant { role, unit: None }];
    NewAccount { id: id(name), name: format!("Name of {name}"), grants, caseload: vec![] }
}

/// An account that has chosen its password at `AT`, its key, and its recovery codes.
async fn enrolled(access: &Access, name: &str) -> (impl Fn(i64) -> String + use<>, Vec<String>) {
    let invitation = access.add_account(&new(name, Role::Officer), &Who::Command, AT).await.unwrap();
    let join = access.join(&token(&invitation), AT).await.unwrap();
    let code = join.code_at(AT);
    let enrolled = access.enrol(&token(&invitation), Secret::new(PASSWORD), &code, AT).await.unwrap();
    (move |s| join.code_at(AT.plus_ms(s * 1_000)), enrolled.recovery_codes)
}

async fn try_password(
    access: &Access,
    name: &str,
    password: &str,
    now_s: i64,
) -> Result<Standing, ProofError> {
    access.reload(now_s * S).await.unwrap();
    access
        .prove(name, Proof::Password(Secret::new(password)), None, AT.plus_ms(now_s * 1_000), now_s * S)
        .await
}

async fn try_code(access: &Access, name: &str, code: &str, now_s: i64) -> Result<Standing, ProofError> {
    access.reload(now_s * S).await.unwrap();
    access.prove(name, Proof::Code(Secret::new(code)), None, AT.plus_ms(now_s * 1_000), now_s * S).await
}

#[tokio::test]
async fn a_password_and_a_code_let_in() {
    let access = Access::in_memory().await.unwrap();
    let (code, _) = enrolled(&access, "amy").await;
    assert_eq!(try_password(&access, "amy", PASSWORD, 60).await, Ok(Standing::Half));
    assert_eq!(try_code(&access, "amy", &code(60), 60).await, Ok(Standing::Whole(None)));
    assert_eq!(try_code(&access, "amy", &code(60), 61).await, Err(ProofError::Wrong), "each code once");
    assert_eq!(try_code(&access, "amy", &code(90), 90).await, Ok(Standing::Whole(None)));
    for (name, password) in
        [("amy", "four words as those"), ("amy", ""), ("nobody", PASSWORD), ("Amy!", PASSWORD)]
    {
        assert_eq!(
            try_password(&access, name, password, 200).await,
            Err(ProofError::Wrong),
            "{name} {password}"
        );
    }
    let what: Vec<_> = access
        .entries(i64::MAX, 3, None)
        .await
        .unwrap()
        .into_iter()
        .map(|e| (e.what, e.who, e.subject))
        .collect();
    let expected = ("refused sign-in".to_owned(), "a stranger".to_owned(), "staff:amy".to_owned());
    assert_eq!(what[0], expected);
    assert_eq!(what[2].0, "sign in", "{what:?}");
}

#[tokio::test]
async fn the_code_of_the_enrolment_is_used_up() {
    let access = Access::in_memory().await.unwrap();
    let (code, _) = enrolled(&access, "amy").await;
    assert_eq!(try_code(&access, "amy", &code(0), 1).await, Err(ProofError::Wrong));
}

#[tokio::test]
async fn a_recovery_code_works_once_however_it_is_typed() {
    let access = Access::in_memory().await.unwrap();
    let (_, codes) = enrolled(&access, "amy").await;
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 10);
    let typed = codes[3].replace('-', " ").to_uppercase();
    assert_eq!(try_code(&access, "amy", &typed, 1).await, Ok(Standing::Whole(Some(9))));
    assert_eq!(try_code(&access, "amy", &codes[3], 2).await, Err(ProofError::Wrong));
    assert_eq!(try_code(&access, "amy", &codes[4], 3).await, Ok(Standing::Whole(Some(8))));
    let (_, others) = enrolled(&access, "ben").await;
    assert_eq!(try_code(&access, "amy", &others[0], 4).await, Err(ProofError::Wrong));
}

#[tokio::test]
async fn a_link_works_once_for_a_day_and_only_the_newest() {
    let access = Access::in_memory().await.unwrap();
    let first = access.add_account(&new("amy", Role::Officer), &Who::Command, AT).await.unwrap();
    assert!(
        first.link("https://x").starts_with("https://x/join#")
            && !format!("{first:?}").contains(&token(&first))
    );
    let late = AT.plus_ms(24 * 3_600_000);
    assert!(access.join(&token(&first), late.plus_ms(-1)).await.is_ok());
    assert_eq!(access.join(&token(&first), late).await.err(), Some(EnrolError::Link));
    let newest = access.invite(&id("amy"), &Who::Command, AT).await.unwrap();
    assert_eq!(access.join(&token(&first), AT).await.err(), Some(EnrolError::Link));
    let join = access.join(&token(&newest), AT).await.unwrap();
    assert_eq!(join.key(), access.join(&token(&newest), AT).await.unwrap().key(), "opened twice, one key");
    let enrol = |password: &str, code: String| {
        let (access, token, password) = (&access, token(&newest), Secret::new(password));
        async move { access.enrol(&token, password, &code, AT).await.err() }
    };
    assert!(matches!(enrol("short", join.code_at(AT)).await, Some(EnrolError::Password(_))));
    assert_eq!(enrol(PASSWORD, join.code_at(AT.plus_ms(-300_000))).await, Some(EnrolError::Code));
    assert_eq!(enrol(PASSWORD, join.code_at(AT)).await, None);
    assert_eq!(enrol(PASSWORD, join.code_at(AT)).await, Some(EnrolError::Link));
}

#[tokio::test]
async fn guesses_at_a_whole_shift_hold_up_none_of_its_browsers() {
    let access = Access::in_memory().await.unwrap();
    let (code, _) = enrolled(&access, "amy").await;
    let cookie = access.browser_cookie(&id("amy")).unwrap();
    let known = access.known_browser("amy", &cookie);
    assert!(known.is_some());
    assert_eq!(access.known_browser("ben", &cookie), None);
    assert_eq!(access.known_browser("amy", &cookie.replace(&cookie[60..], "0000")), None);
    assert_eq!(access.known_browser("amy", ""), None);
    let mut waits = 0;
    for _ in 0..12 {
        match try_password(&access, "amy", "a guess", 10).await {
            Err(ProofError::Wait(s)) => {
                assert!((1..=16).contains(&s), "{s}");
                waits += 1;
            }
            other => assert_eq!(other, Err(ProofError::Wrong)),
        }
    }
    assert_eq!(waits, 7, "five guesses, then waiting");
    let mut made_up = Vec::new();
    for n in 0..12 {
        let name = format!("{n} {}", "x".repeat(60_000));
        made_up.push(try_password(&access, &name, "a guess", 10).await);
    }
    let wrong = made_up.iter().filter(|tried| **tried == Err(ProofError::Wrong)).count();
    assert_eq!(wrong, 5, "names that nobody can have are counted, and kept, as one");
    let at = AT.plus_ms(60_000);
    access.reload(60 * S).await.unwrap();
    let password = Proof::Password(Secret::new(PASSWORD));
    assert_eq!(access.prove("amy", password, known, at, 60 * S).await, Ok(Standing::Half));
    let proof = Proof::Code(Secret::new(code(60)));
    assert_eq!(access.prove("amy", proof, known, at, 60 * S).await, Ok(Standing::Whole(None)));
    let refused = access.entries(i64::MAX, 100, None).await.unwrap();
    assert_eq!(
        refused.iter().filter(|entry| entry.what == "refused sign-in").count(),
        5,
        "nor do they fill the log"
    );
}

#[tokio::test]
async fn a_revoked_account_is_out_and_stays_named() {
    let access = Access::in_memory().await.unwrap();
    access.first_administrator(&id("root"), "Root", AT).await.unwrap();
    let (code, _) = enrolled(&access, "amy").await;
    let before = access.accounts(0).unwrap().live(&id("amy")).unwrap().generation;
    let link = access.invite(&id("amy"), &Who::Command, AT).await.unwrap();
    access.revoke_account(&id("amy"), "left the unit", &Who::Account(id("root")), AT).await.unwrap();
    let accounts = access.accounts(0).unwrap();
    assert!(accounts.live(&id("amy")).is_none() && accounts.get(&id("amy")).unwrap().generation > before);
    assert_eq!(try_password(&access, "amy", PASSWORD, 60).await, Err(ProofError::Wrong));
    assert_eq!(try_code(&access, "amy", &code(60), 60).await, Err(ProofError::Wrong));
    assert_eq!(access.join(&token(&link), AT).await.err(), Some(EnrolError::Link));
    let again = access.add_account(&new("amy", Role::Officer), &Who::Command, AT).await;
    assert_eq!(again.err(), Some(AccountError::Taken(id("amy"))));
    let gone = access.invite(&id("amy"), &Who::Command, AT).await;
    assert_eq!(gone.err(), Some(AccountError::Unknown(id("amy"))));
    let last = &access.entries(i64::MAX, 1, None).await.unwrap()[0];
    assert_eq!(
        (last.who.as_str(), last.what.as_str(), last.why.as_str()),
        ("root", "revoke account", "left the unit")
    );
    assert!(access.verify(&[]).await.unwrap().is_sound());
}

#[tokio::test]
async fn somebody_who_can_let_others_in_always_stays() {
    let access = Access::in_memory().await.unwrap();
    let root = id("root");
    let is_up = || access.accounts(0).unwrap().administrator_has_signed_up();
    assert!(!access.accounts(0).unwrap().has_administrator());
    let lost = access.first_administrator(&root, "Root", AT).await.unwrap();
    let link = access.first_administrator(&root, "Root", AT).await.expect("nobody has used the first link");
    assert!(access.join(&token(&lost), AT).await.is_err());
    let code = access.join(&token(&link), AT).await.unwrap().code_at(AT);
    assert!(access.accounts(0).unwrap().has_administrator() && !is_up());
    access.enrol(&token(&link), Secret::new(PASSWORD), &code, AT).await.unwrap();
    assert!(is_up());
    let second = access.first_administrator(&id("other"), "Other", AT).await;
    assert_eq!(second.err(), Some(AccountError::HasAdministrator));
    let officer = [Grant { role: Role::Officer, unit: None }];
    for refused in [
        access.revoke_account(&root, "x", &Who::Command, AT).await,
        access.change_account(&root, &officer, &[], &Who::Command, AT).await,
    ] {
        assert_eq!(refused, Err(AccountError::LastAdministrator(root.clone())));
    }
    assert!(is_up(), "all or nothing");
    access.add_account(&new("two", Role::Administrator), &Who::Command, AT).await.unwrap();
    assert_eq!(access.change_account(&root, &officer, &[], &Who::Command, AT).await, Ok(()));
}

#[tokio::test]
async fn accounts_that_were_read_too_long_ago_are_not_relied_on() {
    let access = Access::in_memory().await.unwrap();
    assert!(access.accounts(60 * S - 1).is_some());
    assert!(access.accounts(60 * S).is_none());
    access.reload(60 * S).await.unwrap();
    assert!(access.accounts(119 * S).is_some());
}

#[tokio::test]
async fn a_command_changes_what_the_service_knows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.db");
    let (service, command) = (Access::open(&path).await.unwrap(), Access::open(&path).await.unwrap());
    command.add_account(&new("amy", Role::Officer), &Who::Command, AT).await.unwrap();
    service.reload(1).await.unwrap();
    assert!(service.accounts(1).unwrap().live(&id("amy")).is_some());
    let cookie = command.browser_cookie(&id("amy")).unwrap();
    assert!(service.known_browser("amy", &cookie).is_some(), "one key");
}

#[tokio::test]
async fn what_would_be_no_account_is_refused() {
    let access = Access::in_memory().await.unwrap();
    for name in ["", "  ", "a\nb", &"x".repeat(81)] {
        let bad = NewAccount { name: name.into(), ..new("amy", Role::Officer) };
        assert_eq!(access.add_account(&bad, &Who::Command, AT).await.err(), Some(AccountError::Name));
    }
    let none = NewAccount { grants: vec![], ..new("amy", Role::Officer) };
    assert_eq!(access.add_account(&none, &Who::Command, AT).await.err(), Some(AccountError::NoRole));
    assert_eq!(access.head().await, Ok(None));
}
