//! An administrator signs up, makes an account for an officer, and the officer signs in with password and code.

use std::sync::Arc;

use cordon::{
    access::{Access, NewToken, Permit, Role, audit::Who},
    clock::Clock,
    domain::Timestamp,
    sandbox::broker::{self, Accounts},
    store::MemoryStore,
};
use firmware_sim::clock::wall_now_ms;

use crate::{
    chromium::{Chromium, Session},
    house::{House, SERVICE},
    one_zone::rulebook,
    totp::{code, code_at},
};

const PASSWORD: &str = "four words as these";

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_is_let_in_and_what_they_see_is_recorded() {
    let Some(mut chromium) = Chromium::start().await else { return };
    let accounts = Accounts::default().with_service(SERVICE.0, SERVICE.1);
    let broker = broker::start(broker::Settings { port: 0, accounts }).await.unwrap();
    let house = House::start(Arc::new(MemoryStore::default()), broker.addr(), Clock::real()).await;
    house.publish(rulebook()).await;
    let (chromium, origin) = (&mut chromium, format!("http://{}", house.running.address));
    let access = &house.running.access;
    let at = house.running.clock.wall();
    let first = access.first_administrator(&"root".parse().unwrap(), "Rowan Root", at).await.unwrap();

    let desk = chromium.page().await;
    chromium.go(&desk, &first.link(&origin)).await;
    let codes = sign_up(chromium, &desk, true).await;
    assert_eq!(codes.len(), 10);
    chromium.press(&desk, "a.main").await;
    chromium.holds(&desk, "location.pathname === '/accounts' && document.readyState === 'complete'").await;
    fill(chromium, &desk, &[("id", "desk"), ("name", "Dana Desk")]).await;
    chromium.eval(&desk, "document.querySelector('[value^=\"supervisor:\"]').checked = true").await;
    chromium.look(&desk, "accounts").await;
    chromium.press(&desk, "main form button.main").await;
    chromium.holds(&desk, "document.querySelector('.link code') !== null").await;
    chromium.look(&desk, "account-made").await;
    let link = chromium.eval(&desk, "document.querySelector('.link code').innerText").await;

    let page = chromium.page().await;
    chromium.go(&page, link.as_str().unwrap()).await;
    let key = sign_up(chromium, &page, false).await.remove(0);
    chromium.press(&page, "a.main").await;
    chromium.holds(&page, "location.pathname === '/' && document.readyState === 'complete'").await;
    // What the line is like changes the width of its word, and moves what stands beside it.
    chromium.holds(&page, "document.querySelector('line-lamp.on') !== null").await;
    chromium.press(&page, ".officer button").await;
    chromium.holds(&page, "location.pathname === '/sign-in' && document.readyState === 'complete'").await;
    chromium.look(&page, "sign-in").await;
    fill(chromium, &page, &[("name", "desk"), ("password", "not the password")]).await;
    chromium.press(&page, "button.main").await;
    chromium.reads(&page, "do not belong together").await;
    chromium.look(&page, "sign-in-error").await;
    fill(chromium, &page, &[("password", PASSWORD)]).await;
    chromium.press(&page, "button.main").await;
    chromium.reads(&page, "The six digits that your app shows now").await;
    chromium.look(&page, "sign-in-code").await;
    // The code of the enrolment is used up. A phone whose clock is half a minute ahead shows the next one.
    let ahead = code_at(&key, wall_now_ms() + 30_000);
    fill(chromium, &page, &[("code", &ahead)]).await;
    chromium.press(&page, "button.main").await;
    chromium.holds(&page, "location.pathname === '/' && document.readyState === 'complete'").await;
    chromium.reads(&page, "Dana Desk").await;
    chromium.look(&page, "supervisor-queue").await;
    its_tokens(chromium, &page, &origin, access, at).await;

    access.add_account(&auditor(), &Who::Command, at).await.unwrap();
    let link = access.invite(&"ada".parse().unwrap(), &Who::Command, at).await.unwrap().link(&origin);
    chromium.go(&page, &link).await;
    sign_up(chromium, &page, false).await;
    chromium.go(&page, &format!("{origin}/audit")).await;
    chromium.reads(&page, "see queue").await;
    chromium.look(&page, "audit").await;
    chromium.go(&page, &format!("{origin}/")).await;
    chromium.reads(&page, "Not for your role").await;
    house.running.stop().await.unwrap();
    broker.stop().await;
}

/// What they may give a machine, and what it can ask.
async fn its_tokens(chromium: &mut Chromium, page: &Session, origin: &str, access: &Access, at: Timestamp) {
    let permits = vec![Permit::ReadIncidents, Permit::ReadWearers];
    let new = NewToken { name: "Wallboard in the control room".into(), permits, days: 90 };
    access.make_token(&"desk".parse().unwrap(), &new, &Who::Command, at).await.unwrap();
    chromium.press(page, ".officer a").await;
    chromium.holds(page, "location.pathname === '/tokens' && document.readyState === 'complete'").await;
    fill(chromium, page, &[("name", "Report"), ("password", PASSWORD), ("code", "000000")]).await;
    chromium.press(page, "#permit-read_incidents").await;
    chromium.press(page, "button.main").await;
    chromium.reads(page, "The password or the code is wrong").await;
    chromium.look(page, "tokens").await;
    chromium.press(page, "[aria-label='Revoke Wallboard in the control room']").await;
    chromium.reads(page, "Revoked").await;
    chromium.go(page, &format!("{origin}/api")).await;
    chromium.reads(page, "/api/v1/queue").await;
    chromium.look(page, "api").await;
}

fn auditor() -> cordon::access::NewAccount {
    let grants = vec![cordon::access::Grant { role: Role::Auditor, unit: None }];
    cordon::access::NewAccount {
        id: "ada".parse().unwrap(),
        name: "Ada Audit".into(),
        grants,
        caseload: vec![],
    }
}

/// From the page that a link opens to the recovery codes; gives them, or the app's key first if `codes` is not asked.
async fn sign_up(chromium: &mut Chromium, page: &Session, codes: bool) -> Vec<String> {
    chromium.holds(page, "document.querySelector('.key') !== null").await;
    if codes {
        chromium.look(page, "sign-up").await;
    }
    let key =
        chromium.eval(page, "document.querySelector('.key').innerText").await.as_str().unwrap().to_owned();
    fill(chromium, page, &[("password", PASSWORD), ("repeated", PASSWORD), ("totp", &code(&key))]).await;
    chromium.press(page, "button.main").await;
    chromium.reads(page, "Keep these codes").await;
    if codes {
        chromium.look(page, "recovery-codes").await;
        let list = "[...document.querySelectorAll('.codes code')].map(it => it.innerText)";
        let list = chromium.eval(page, list).await;
        return list.as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    }
    vec![key]
}

async fn fill(chromium: &mut Chromium, page: &Session, fields: &[(&str, &str)]) {
    for (name, value) in fields {
        let set =
            format!("document.querySelector('main [name={name}]:not([type=hidden])').value = {value:?}");
        chromium.eval(page, &set).await;
    }
}
