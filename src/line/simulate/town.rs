//! Who lives in a simulated world: wearers with their days, the zones they must keep out of, and the rulebook that says so.

use std::sync::LazyLock;

use firmware_sim::{
    route::step_m,
    world::{City, Life, LifePlan, Neighbour},
};
use serde_json::{Value, json};

use super::{
    chance::Chance,
    mix::Mix,
    ways::{Agreed, equip, has_everything},
};
use crate::{
    domain::{Book, PersonId, TagId, Timestamp, Zone},
    geometry::Shape,
};

/// A Monday, midnight.
pub(super) const START: Timestamp = Timestamp::from_ms(1_772_409_600_000);
/// The desk of the control room.
pub(super) const DESK: &str = "desk";
/// Everybody's home, each in a city of their own.
const HOME: (f64, f64) = (53.48, -2.24);
/// Cities there are.
const CITIES: u64 = 24;
/// A way past the zone, at 50 to 150 m from its border, about so often a day.
const PASSES_A_DAY: f64 = 0.3;
/// Wearers who live in another town than the person protected from them, by share, and how far away that is, metres.
const ELSEWHERE: f64 = 0.85;
const ELSEWHERE_M: (f64, f64) = (8_000.0, 20_000.0);
/// Since when everything is in force.
const SINCE: &str = "2026-01-01T00:00:00Z";

/// Cities with somebody to keep away from. They take a while to build, and one is as good as another.
static PLACES: LazyLock<Vec<(City, Neighbour)>> = LazyLock::new(|| {
    let cities = (0..).map(|nth| City::new(nth, HOME));
    let places =
        cities.zip(0..).filter_map(|(city, nth)| Neighbour::find(&city, nth).map(|near| (city, near)));
    places.take(CITIES as usize).collect()
});

/// A zone as the rulebook has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Circle {
    pub(super) centre: (f64, f64),
    pub(super) radius_m: f64,
    pub(super) margin_m: f64,
    /// It applies from 18:00 to 06:00 only.
    pub(super) at_night: bool,
}

impl Circle {
    /// What was published is in force.
    pub(super) fn take_over(&mut self, zone: &Zone) {
        let Shape::Circle(circle) = &zone.shape.0 else { return };
        self.centre = (circle.centre().lat_deg(), circle.centre().lon_deg());
        self.radius_m = circle.radius_m();
        self.margin_m = zone.margin_m.metres();
        self.at_night = zone.schedule.is_some();
    }
}

/// A wearer, their case and the person protected from them.
pub(super) struct Wearer {
    pub(super) n: usize,
    pub(super) life: Life,
    pub(super) zone: Circle,
    /// Tags and since when they are worn, the present one last.
    pub(super) tags: Vec<(TagId, Timestamp)>,
    /// The protected person's phone number.
    pub(super) phone: String,
    pub(super) policy: &'static str,
    pub(super) agreed: Agreed,
}

impl Wearer {
    pub(super) fn new(n: usize, seed: u64, days: u32, mix: &Mix) -> Self {
        let mut chance = Chance::of(seed, 1_000 + n as u64);
        let (city, near) = chance.one_of(&PLACES);
        let mut violations = (0..days).filter(|_| chance.happens(mix.violators)).collect();
        let mut centre = near.centre;
        if chance.happens(ELSEWHERE) {
            violations = Vec::new();
            let (away_m, north) = (chance.between(ELSEWHERE_M.0, ELSEWHERE_M.1), chance.happens(0.5));
            centre = step_m(centre.0, centre.1, away_m, if north { away_m } else { -away_m });
        }
        let life = LifePlan {
            seed: chance.bits(),
            days,
            neighbour: Some(*near),
            passes_a_day: PASSES_A_DAY,
            violations,
        };
        let zone = Circle { centre, radius_m: near.radius_m, margin_m: 300.0, at_night: false };
        Self {
            n,
            life: Life::new(&life, city),
            zone,
            tags: vec![(tag_id(n, 0), Timestamp::MIN)],
            phone: phone(n, 0),
            policy: "usual",
            agreed: if has_everything(seed) { Agreed::of(seed, n) } else { Agreed::default() },
        }
    }

    /// The wearer with their tags.
    pub(super) fn book(&self) -> Book {
        let untils = self.tags.iter().skip(1).map(|(_, from)| Some(*from)).chain([None]);
        let tag = |((id, from), until): (&(TagId, Timestamp), Option<Timestamp>)| {
            let from = if *from == Timestamp::MIN { SINCE.into() } else { from.to_string() };
            let mut tag = json!({"id": id, "from": from});
            if let Some(until) = until {
                tag["until"] = until.to_string().into();
            }
            tag
        };
        let tags: Vec<Value> = self.tags.iter().zip(untils).map(tag).collect();
        let n = self.n;
        book(json!({"wearer": {"id": format!("w-{n}"), "unit": "north", "name": "A wearer", "tag": tags}}))
    }

    /// The protected person.
    pub(super) fn person(&self) -> Book {
        let (id, contact) = (format!("p-{}", self.n), self.agreed.contacts(&self.phone));
        let mut person = json!({"id": id, "unit": "north", "name": "A person", "contact": contact});
        if let Some(plan) = self.agreed.plan() {
            person["plan"] = plan.clone();
        }
        book(json!({"person": person}))
    }

    /// The case, with the zone.
    pub(super) fn case(&self) -> Book {
        let (n, zone) = (self.n, &self.zone);
        let (lat, lon) = zone.centre;
        let mut drawn = json!({"id": format!("z-{n}"), "code": format!("Z {n}"), "margin_m": zone.margin_m,
            "shape": {"circle": {"lat": lat, "lon": lon, "radius_m": zone.radius_m}}});
        if zone.at_night {
            drawn["schedule"] = json!({"time_zone": "UTC", "spans": [{"days": "mon-sun", "from": "18:00", "until": "06:00"}]});
        }
        book(json!({"case": {"id": format!("c-{n}"), "unit": "north", "wearer": format!("w-{n}"),
            "persons": [format!("p-{n}")], "risk": "medium", "policy": self.policy,
            "basis": {"kind": "order", "from": SINCE}, "zone": [drawn]}}))
    }
}

/// The unit of a seed, its staff and policies.
pub(super) fn unit(seed: u64) -> Book {
    let sms = |id: &str, n: usize| json!({"id": id, "name": id, "contact": [{"channel": "sms", "address": staff_phone(n)}]});
    let steps = |wait_s: [u32; 3]| {
        json!([{"to": DESK, "channel": "webhook", "wait_s": wait_s[0]},
            {"to": "officer", "channel": "sms", "wait_s": wait_s[1]},
            {"to": "supervisor", "channel": "sms", "wait_s": wait_s[2]}])
    };
    let slow = json!([{"to": DESK, "channel": "webhook", "wait_s": 1_800}]);
    let policy = |id: &str, protected_s: u32, wait_s| {
        json!({"id": id, "protected": [{"channel": "sms", "wait_s": protected_s}], "danger": steps(wait_s),
            "device": slow, "upkeep": slow})
    };
    let mut unit = json!({"id": "north", "name": "North", "default_policy": "usual",
        "area": {"south": 50, "west": -6, "north": 56, "east": 2},
        "staff": [{"id": DESK, "name": DESK, "contact": [{"channel": "webhook", "address": "http://127.0.0.1:1/"}]},
            sms("officer", 1), sms("supervisor", 2)],
        "policy": [policy("usual", 300, [60, 120, 600]), policy("quick", 120, [30, 60, 300])]});
    if has_everything(seed) {
        equip(&mut unit);
    }
    book(json!({"unit": unit}))
}

/// A tag of a wearer, by how many they wore before.
pub(super) fn tag_id(wearer: usize, nth: usize) -> TagId {
    let id = format!("sim/t{wearer}-{nth}");
    id.parse().expect("letters, digits, a slash and a dash")
}

/// The person protected from a wearer.
pub(super) fn person_id(wearer: usize) -> PersonId {
    format!("p-{wearer}").parse().expect("a letter, a dash and digits")
}

/// A protected person's phone number, by how many they had before.
pub(super) fn phone(wearer: usize, nth: usize) -> String {
    format!("+4477{nth:02}9{wearer:05}")
}

/// A member of staff's phone number.
pub(super) fn staff_phone(n: usize) -> String {
    format!("+447800900{n:03}")
}

fn book(value: Value) -> Book {
    serde_json::from_value(value)
        .expect("the simulator writes books that can be read; its tests publish each kind")
}
