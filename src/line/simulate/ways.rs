//! How people of a simulated world can be reached. In one half of the worlds by text alone; in the other half by everything
//! that there is, and by whatever each protected person has agreed to.

use serde_json::{Value, json};

use super::{
    chance::Chance,
    town::{DESK, staff_phone},
};
use crate::domain::QuietHours;

/// What they write, or press, who must not be heard to ask for help.
pub(super) const DURESS_WORD: &str = "marigold";
pub(super) const DURESS_KEY: &str = "7";
/// Where browsers' messages go.
const BROWSER: &str = "https://push.example.net/s/";

/// Whether a world has everything.
pub(super) fn has_everything(seed: u64) -> bool {
    Chance::of(seed, 9).happens(0.5)
}

/// What a protected person has agreed to, beside their phone number.
#[derive(Debug, Clone, Default)]
pub(super) struct Agreed {
    browser: Option<String>,
    takes_calls: bool,
    plan: Option<Value>,
}

impl Agreed {
    /// The `n`-th of a world that has everything.
    pub(super) fn of(seed: u64, n: usize) -> Self {
        let mut chance = Chance::of(seed, 20_000 + n as u64);
        let browser = chance.happens(0.6).then(|| {
            let keys = json!({"p256dh": "BCVx", "auth": "BTBZ"});
            json!({"endpoint": format!("{BROWSER}{n}"), "keys": keys}).to_string()
        });
        let takes_calls = chance.happens(0.7);
        let shapes: &[&str] = match takes_calls {
            true => &["loud", "loud", "silent", "advocate_first", "call_only"],
            false => &["loud", "silent", "advocate_first"],
        };
        let shape = *chance.one_of(shapes);
        let mut plan = json!({"shape": shape, "duress_word": DURESS_WORD, "duress_key": DURESS_KEY});
        if shape == "advocate_first" || chance.happens(0.5) {
            plan["nominated"] = json!([*chance.one_of(&["advocate", "officers"])]);
        }
        plan["weak"] = match chance.whole(0, 4) {
            0 => json!("never"),
            1 => json!({"after_s": chance.whole(0, 900)}),
            _ => json!({"after_s": 45}),
        };
        let time = |chance: &mut Chance| format!("{:02}:{:02}", chance.whole(0, 24), chance.whole(0, 60));
        if chance.happens(0.3) {
            let (from, until) = (time(&mut chance), "12:34");
            plan["quiet"] = json!({"from": from, "until": until, "time_zone": "Europe/London"});
        }
        if chance.happens(0.5) {
            // The days begin on the second of a month.
            let day = chance.whole(2, 5);
            plan["test"] = json!({"day": day, "at": time(&mut chance), "time_zone": "Europe/London"});
        }
        Self { browser, takes_calls, plan: Some(plan) }
    }

    /// Their contacts, with this phone number.
    pub(super) fn contacts(&self, phone: &str) -> Value {
        let mut contacts = vec![json!({"channel": "sms", "address": phone})];
        if self.takes_calls {
            contacts.push(json!({"channel": "voice", "address": phone}));
        }
        contacts.extend(self.browser.as_ref().map(|address| json!({"channel": "push", "address": address})));
        contacts.into()
    }

    pub(super) fn plan(&self) -> Option<&Value> {
        self.plan.as_ref()
    }

    /// When they want to be left alone.
    pub(super) fn quiet(&self) -> Option<QuietHours> {
        serde_json::from_value(self.plan.as_ref()?.get("quiet")?.clone()).ok()
    }
}

/// What a unit has beside its desk and its policies of texts: officers who take turns, an advocate, and policies that use
/// every channel.
pub(super) fn equip(unit: &mut Value) {
    let phone = |id: &str, n: usize| {
        let number = staff_phone(n);
        json!({"id": id, "name": id, "contact": [{"channel": "sms", "address": number}, {"channel": "voice", "address": number}]})
    };
    let is_desk = |staff: &&Value| staff["id"] == DESK;
    let mut all: Vec<Value> =
        unit["staff"].as_array().into_iter().flatten().filter(is_desk).cloned().collect();
    all.extend([phone("day", 1), phone("night", 4), phone("supervisor", 2), phone("advocate", 3)]);
    unit["staff"] = all.into();
    let shift = |who, from, until| json!({"who": who, "days": "mon-sun", "from": from, "until": until});
    // Nobody works between six and seven.
    unit["rota"] = json!([{"id": "officers", "name": "On duty", "time_zone": "Europe/London", "else": "supervisor",
        "shift": [shift("day", "07:00", "19:00"), shift("night", "19:00", "06:00")]}]);
    for policy in unit["policy"].as_array_mut().into_iter().flatten() {
        let slow = policy["id"] == "usual";
        let wait = |s: u32| if slow { 2 * s } else { s };
        policy["protected"] = json!([
            {"channel": "push", "wait_s": 0}, {"channel": "sms", "wait_s": wait(30)},
            {"channel": "second_sms", "wait_s": wait(30)}, {"channel": "voice", "wait_s": wait(60)},
            {"channel": "sms", "nominated": true, "wait_s": wait(60)}, {"channel": "voice", "wait_s": wait(60)},
            {"channel": "sms", "wait_s": wait(120)}]);
        policy["danger"] = json!([
            {"to": DESK, "channel": "webhook", "wait_s": wait(30)}, {"to": "officers", "channel": "sms", "wait_s": 0},
            {"to": "officers", "channel": "voice", "wait_s": wait(60)},
            {"to": "supervisor", "channel": "voice", "wait_s": wait(120)}]);
    }
}
