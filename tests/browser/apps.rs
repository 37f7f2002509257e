//! Accounts, and the authenticator apps of those whose they are.

use std::{collections::BTreeMap, time::Duration};

use cordon::{
    access::{Grant, NewAccount, Role, audit::Who},
    app::Running,
    domain::StaffId,
    secret::Secret,
};
use serde_json::{Value, json};

use crate::{totp::code_at, wait::until};

const PASSWORD: &str = "four words as these";
/// How long an app shows a code, milliseconds.
const STEP_MS: i64 = 30_000;
const SOON: Duration = Duration::from_secs(60);

/// The apps, by what their owners sign in as.
#[derive(Default)]
pub(crate) struct Apps(BTreeMap<String, App>);

struct App {
    key: String,
    /// The last step whose code was used or read off.
    last: i64,
}

impl Apps {
    /// Makes an account for `{id, role}`, with a `caseload` if one is given, and enrols its owner; gives the name and the password that they sign in with.
    pub(crate) async fn account(&mut self, running: &Running, about: &Value) -> Value {
        let (access, at) = (&running.access, running.clock.wall());
        let [name, role] = ["id", "role"].map(|field| about[field].as_str().unwrap());
        let id: StaffId = name.parse().unwrap();
        let grants = vec![Grant { role: Role::parse(role).unwrap(), unit: None }];
        let cases = about["caseload"].as_array().into_iter().flatten();
        let caseload = cases.map(|case| case.as_str().unwrap().parse().unwrap()).collect();
        let new = NewAccount { id, name: format!("{name} of the test"), grants, caseload };
        let link = access.add_account(&new, &Who::Command, at).await.unwrap().link("");
        let token = link.rsplit('#').next().unwrap();
        let key = access.join(token, at).await.unwrap().key();
        let code = code_at(&key, at.as_ms());
        access.enrol(token, Secret::new(PASSWORD), &code, at).await.unwrap();
        self.0.insert(name.into(), App { key, last: at.as_ms() / STEP_MS });
        json!({"name": name, "password": PASSWORD})
    }

    /// A code that has not been read off before. The phone's clock is half a minute ahead: so its codes are good for longest.
    pub(crate) async fn code(&mut self, running: &Running, name: &Value) -> Value {
        let app = self.0.get_mut(name.as_str().unwrap()).unwrap();
        app.last = until("the app shows another code", SOON, async || {
            let shown = running.clock.wall().as_ms() / STEP_MS + 1;
            (shown > app.last).then_some(shown)
        })
        .await;
        code_at(&app.key, app.last * STEP_MS).into()
    }
}
