//! A hand-made board: a unit, two cases, wearers in every stage, and an incident of every kind and handling.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;

use crate::{
    domain::*,
    engine::Rulebook,
    geometry::LatLon,
    sequencer::{Believed, Board, Dot, Passed},
};

/// When the picture was taken: 2026-03-01T01:54:07Z.
pub(in crate::console) const AT: Timestamp = Timestamp::from_ms(1_772_330_047_000);

pub(in crate::console) const KINDS: [IncidentKind; 28] = [
    IncidentKind::Approach,
    IncidentKind::Violation,
    IncidentKind::StrapTamper,
    IncidentKind::CaseTamper,
    IncidentKind::LowBattery,
    IncidentKind::LostContact,
    IncidentKind::Blind,
    IncidentKind::Jamming,
    IncidentKind::PositionDisputed,
    IncidentKind::Sos,
    IncidentKind::CallForHelp,
    IncidentKind::Duress,
    IncidentKind::ProtectionWeak,
    IncidentKind::AllClear,
    IncidentKind::TestAlert,
    IncidentKind::WayFails,
    IncidentKind::Deaf,
    IncidentKind::NotEvaluable,
    IncidentKind::Flood,
    IncidentKind::TagClock,
    IncidentKind::ServerClock,
    IncidentKind::MissingPings,
    IncidentKind::Misuse,
    IncidentKind::ProviderFails,
    IncidentKind::StoreFails,
    IncidentKind::DiskFull,
    IncidentKind::CanaryMissed,
    IncidentKind::NoConsoleArmed,
];

pub(in crate::console) fn id<T: std::str::FromStr<Err = IdError>>(text: &str) -> T {
    text.parse().expect("an id")
}

pub(in crate::console) fn handlings() -> [Handling; 5] {
    let by: StaffId = id("amy");
    let outcome = Outcome::FalseAlarm;
    [
        Handling::Raised,
        Handling::Owned { by: by.clone() },
        Handling::Acted { by: by.clone() },
        Handling::Closed { by, outcome },
        Handling::Told,
    ]
}

fn book(value: serde_json::Value) -> Book {
    serde_json::from_value(value).expect("a sound book")
}

/// Names are hostile where the rulebook lets people choose them.
pub(in crate::console) fn rulebook(wearer_name: &str) -> Rulebook {
    let circle = |lat: f64, lon: f64, r: f64| json!({"circle": {"lat": lat, "lon": lon, "radius_m": r}});
    let ring = json!([[53.196, -2.905], [53.196, -2.893], [53.2015, -2.891], [53.202, -2.902]]);
    let books = [
        json!({"unit": {"id": "cheshire", "name": "Cheshire", "default_policy": "usual",
            "area": {"south": 53.0, "west": -3.2, "north": 53.4, "east": -2.6},
            "staff": [
                {"id": "amy", "name": "Sgt Amy Okafor", "contact": [{"channel": "sms", "address": "+447700900011"}]},
                {"id": "desk", "name": "Control room", "contact": [{"channel": "webhook", "address": "http://127.0.0.1:1/"}]}],
            "zone": [{"id": "school", "code": "HAZEL-1", "margin_m": 150.0, "shape": circle(53.185, -2.88, 300.0),
                "schedule": {"time_zone": "Europe/London", "spans": [{"days": "wed", "from": "08:00", "until": "16:00"}]}}]}}),
        json!({"wearer": {"id": "w-1", "unit": "cheshire", "name": wearer_name, "tag": []}}),
        json!({"wearer": {"id": "w-2", "unit": "cheshire", "name": "Colin Marsh", "tag": []}}),
        json!({"wearer": {"id": "w-3", "unit": "cheshire", "name": "Dean Fowler", "tag": []}}),
        json!({"wearer": {"id": "w-4", "unit": "cheshire", "name": "Edward Lowe", "tag": []}}),
        json!({"wearer": {"id": "w-5", "unit": "cheshire", "name": "Frank Nowak", "tag": []}}),
        json!({"wearer": {"id": "w-9", "unit": "cheshire", "name": "Never Seen",
            "tag": [{"id": "acme/t-9", "from": "2026-01-01T00:00:00Z"}]}}),
        json!({"person": {"id": "p-1", "unit": "cheshire", "name": "Ms A. Berry", "contact": []}}),
        json!({"case": {"id": "case-1", "unit": "cheshire", "wearer": "w-1", "persons": ["p-1"], "risk": "high",
            "policy": "usual", "basis": {"kind": "consent", "from": "2026-01-01T00:00:00Z"},
            "zone": [
                {"id": "home", "code": "ROWAN-4", "margin_m": 300.0, "shape": {"polygon": [ring]}},
                {"id": "work", "code": "ROWAN-5", "margin_m": 300.0, "shape": circle(53.189, -2.915, 200.0)}]}}),
        json!({"case": {"id": "case-2", "unit": "cheshire", "wearer": "w-2", "persons": [], "risk": "medium",
            "policy": "usual", "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"},
            "zone": [{"id": "flat", "code": "ALDER-2", "margin_m": 400.0, "shape": circle(53.204, -2.868, 250.0)}]}}),
    ];
    books.map(book).into_iter().fold(Rulebook::default(), |rulebook, book| rulebook.published(book, AT))
}

fn dot(lat: f64, lon: f64, sigma_m: f64, age_s: i64, battery_pct: u8, stages: &[(&str, Stage)]) -> Dot {
    let position = LatLon::new(lat, lon).expect("on earth");
    let stages: Vec<_> = stages.iter().map(|(zone, stage)| (id(zone), *stage)).collect();
    // They came from the west, and were not seen for a while.
    let passed = |ago_s: i64, west_deg: f64, believed: Option<Believed>| Passed {
        at: AT.plus_ms(-(age_s + ago_s) * 1_000),
        position: LatLon::new(lat, lon - west_deg).expect("on earth"),
        sigma_m,
        believed,
    };
    let trail = [
        passed(500, 0.02, None),
        passed(60, 0.002, Some(Believed::default())),
        passed(0, 0.0, Some(stages.as_slice().into())),
    ];
    Dot {
        outlooks: vec![],
        trail: trail.into(),
        position,
        sigma_m,
        fix_at: AT.plus_ms(-age_s * 1_000),
        heard_at: AT.plus_ms(-age_s * 1_000 + 1_500),
        battery_pct,
        stages,
    }
}

/// The cause that belongs to a kind.
fn cause(kind: IncidentKind) -> Cause {
    match kind {
        IncidentKind::Approach | IncidentKind::Violation => Cause::Zone(id("home")),
        IncidentKind::StrapTamper => Cause::Strap,
        IncidentKind::CaseTamper => Cause::Case,
        IncidentKind::LowBattery => Cause::Battery,
        IncidentKind::LostContact | IncidentKind::Blind => Cause::Contact,
        IncidentKind::Jamming => Cause::Jamming,
        IncidentKind::PositionDisputed => Cause::Position,
        IncidentKind::Sos => Cause::Sos,
        IncidentKind::CallForHelp => Cause::Call,
        IncidentKind::Duress => Cause::Duress,
        IncidentKind::ProtectionWeak => Cause::Notice(MessageClass::Weak),
        IncidentKind::AllClear => Cause::Notice(MessageClass::AllClear),
        IncidentKind::TestAlert => Cause::Notice(MessageClass::Test),
        IncidentKind::WayFails => Cause::Way(Channel::Voice),
        IncidentKind::Deaf => Cause::Source("acme".into()),
        IncidentKind::NotEvaluable => Cause::Evaluation,
        IncidentKind::Flood => Cause::Flood,
        IncidentKind::TagClock | IncidentKind::ServerClock => Cause::Clock,
        IncidentKind::MissingPings => Cause::Gaps("acme".into()),
        IncidentKind::Misuse => Cause::Misuse("acme".into()),
        IncidentKind::ProviderFails => Cause::Provider(Channel::Sms),
        IncidentKind::StoreFails => Cause::Store,
        IncidentKind::DiskFull => Cause::Disk,
        IncidentKind::CanaryMissed => Cause::Canary,
        IncidentKind::NoConsoleArmed => Cause::Consoles,
    }
}

pub(in crate::console) fn incident(
    no: i64,
    kind: IncidentKind,
    priority: Priority,
    handling: Handling,
) -> Incident {
    let raised_at = AT.plus_ms(-20_000 - no * 17_000);
    let reason = Reason::TrustedFix { p: 0.97, border_m: -84.0, sigma_m: 12.0 };
    let staff = Recipient::Staff(id("desk"));
    let person = Recipient::Person(id("p-1"));
    let sent = |id: i64, recipient: &Recipient, state: AlertState| SentAlert {
        id: AlertId(id),
        recipient: recipient.clone(),
        channel: Channel::Sms,
        step: 0,
        state,
        due: None,
        in_vain: false,
    };
    let changed = |id: i64, after_ms: i64, recipient: &Recipient, state: AlertState| Entry {
        at: raised_at.plus_ms(after_ms),
        what: Happening::Alert {
            alert: AlertId(id),
            recipient: recipient.clone(),
            channel: Channel::Sms,
            state,
        },
    };
    Incident {
        id: IncidentId(no),
        unit: id("cheshire"),
        subject: match kind {
            IncidentKind::Deaf
            | IncidentKind::ServerClock
            | IncidentKind::MissingPings
            | IncidentKind::Misuse
            | IncidentKind::ProviderFails
            | IncidentKind::StoreFails
            | IncidentKind::DiskFull
            | IncidentKind::CanaryMissed
            | IncidentKind::NoConsoleArmed => Subject::Service,
            IncidentKind::CallForHelp
            | IncidentKind::Duress
            | IncidentKind::ProtectionWeak
            | IncidentKind::AllClear
            | IncidentKind::TestAlert
            | IncidentKind::WayFails => Subject::Person(id("p-1")),
            _ => Subject::Wearer(id(&format!("w-{}", 1 + (no - 1) % 5))),
        },
        cause: cause(kind),
        case: Some(id("case-1")),
        policy: id("usual"),
        kind,
        priority,
        handling,
        ongoing: no % 4 != 3,
        raised_at,
        late: no % 5 == 4,
        episodes: vec![Episode { from: raised_at, disproved: no % 2 == 0 }],
        attendances: Vec::new(),
        shelf: None,
        keeper: None,
        escalations: vec![
            Escalation {
                audience: Audience::Person(id("p-1")),
                step: 1,
                state: EscalationState::Running { next_at: AT.plus_ms(18_000) },
                alerts: vec![sent(no * 10, &person, AlertState::Accepted)],
                counts: vec![(person.clone(), 1)],
                unreached: false,
            },
            Escalation {
                audience: Audience::Staff,
                step: 0,
                state: EscalationState::Paused { until: AT.plus_ms(120_000) },
                alerts: vec![sent(no * 10 + 1, &staff, AlertState::Expired("unknown_number".into()))],
                counts: vec![(staff.clone(), 2)],
                unreached: false,
            },
        ],
        timeline: vec![
            Entry {
                at: raised_at,
                what: Happening::Raised { kind, true_time: raised_at.plus_ms(-2_000), reason },
            },
            changed(no * 10, 8_000, &person, AlertState::Accepted),
            changed(no * 10 + 1, 9_000, &staff, AlertState::Expired("unknown_number".into())),
            Entry {
                at: raised_at.plus_ms(12_000),
                what: Happening::Noted { by: id("amy"), text: "<script>alert('note')</script>".into() },
            },
        ],
    }
}

pub(super) fn board(wearer_name: &str, incidents: impl IntoIterator<Item = Incident>) -> Board {
    let wearers = BTreeMap::from([
        (
            id("w-1"),
            dot(53.1985, -2.8965, 14.0, 6, 71, &[("home", Stage::Violation), ("work", Stage::Watch)]),
        ),
        (id("w-2"), dot(53.2052, -2.8735, 22.0, 11, 54, &[("flat", Stage::Approach)])),
        (id("w-3"), dot(53.1905, -2.9105, 30.0, 47, 12, &[("work", Stage::Left)])),
        (id("w-4"), dot(53.1925, -2.8730, 60.0, 9, 88, &[("school", Stage::Watch)])),
        (id("w-5"), dot(53.1872, -2.8985, 9.0, 1_420, 33, &[])),
    ]);
    Board {
        at: Some(AT),
        rulebook: Arc::new(rulebook(wearer_name)),
        wearers,
        companions: BTreeMap::new(),
        strays: BTreeMap::from([(id("acme/t-77"), AT.plus_ms(-65_000))]),
        incidents: incidents.into_iter().map(|incident| (incident.id, Arc::new(incident))).collect(),
        closed: BTreeMap::new(),
        notices: BTreeMap::new(),
        canary: BTreeMap::new(),
        deaf: Vec::new(),
        store_fails: false,
        gaps: BTreeMap::new(),
    }
}
