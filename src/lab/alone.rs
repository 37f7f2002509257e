//! A rulebook of one wearer and one zone, as the lab judges them: nobody else is in it, and nobody is told.

use anyhow::Context;
use serde_json::{Value, json};

use crate::domain::{Area, Assignment, Book, Risk, StaffId, Timestamp, UnitId, WearerId, Zone};

const DESK: &str = "desk";

/// One wearer and one zone.
pub(super) struct Alone {
    pub(super) unit: UnitId,
    /// Where the unit's zones may lie.
    pub(super) area: Area,
    pub(super) wearer: WearerId,
    pub(super) tags: Vec<Assignment>,
    pub(super) risk: Risk,
    pub(super) zone: Zone,
}

impl Alone {
    /// Unit, wearer, a made-up person, and a case that is in force at any time.
    pub(super) fn books(&self) -> anyhow::Result<Vec<Book>> {
        let Self { unit, area, wearer, tags, risk, zone } = self;
        let step = json!([{"to": DESK, "channel": "webhook", "wait_s": 3600}]);
        let books: [Value; 4] = [
            json!({"unit": {"id": unit, "name": "Lab", "default_policy": "usual", "area": area,
                "staff": [{"id": DESK, "name": "Desk",
                    "contact": [{"channel": "webhook", "address": "http://127.0.0.1:1/"}]}],
                "policy": [{"id": "usual", "protected": [{"channel": "sms", "wait_s": 3600}],
                    "danger": step, "device": step, "upkeep": step}]}}),
            json!({"wearer": {"id": wearer, "unit": unit, "name": "Wearer", "tag": tags}}),
            // From the range reserved for drama.
            json!({"person": {"id": "person", "unit": unit, "name": "Person",
                "contact": [{"channel": "sms", "address": "+447700900001"}]}}),
            json!({"case": {"id": "case", "unit": unit, "wearer": wearer, "persons": ["person"],
                "risk": risk, "policy": "usual",
                "basis": {"kind": "order", "from": Timestamp::from_ms(0).to_string()}, "zone": [zone]}}),
        ];
        books.into_iter().map(|book| serde_json::from_value(book).context("a book of the lab")).collect()
    }

    /// Who answers every alert.
    pub(super) fn desk() -> anyhow::Result<StaffId> {
        Ok(DESK.parse()?)
    }
}
