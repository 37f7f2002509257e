//! A tag that was fitted and never heard.

use cordon::{
    domain::{Cause, IncidentKind},
    engine::Told,
};
use serde_json::json;

use crate::ward::{Ward, book, second, wearer};

fn lost(ward: &Ward) -> Vec<(i64, bool)> {
    let of = ward.line.incidents.values().filter(|incident| incident.cause == Cause::Contact);
    of.inspect(|incident| assert_eq!(incident.kind, IncidentKind::LostContact))
        .map(|incident| (incident.raised_at.ms_since(second(0)) / 1_000, incident.ongoing))
        .collect()
}

#[test]
fn a_fitted_tag_that_says_nothing_for_a_quarter_of_an_hour_is_lost_contact_until_it_is_heard() {
    let mut ward = Ward::new();
    ward.line.pass_to(second(800));
    assert!(lost(&ward).is_empty());
    ward.line.pass_to(second(900));
    assert_eq!(lost(&ward), [(840, true)], "published a minute before noon");
    ward.at(1_000, 3_000.0);
    assert_eq!(lost(&ward), [(840, false)]);
}

#[test]
fn a_tag_that_is_heard_or_not_yet_fitted_or_taken_off_is_not_missed() {
    let mut heard = Ward::new();
    heard.promise(86_400);
    heard.at(0, 3_000.0);
    heard.line.pass_to(second(3_600));
    assert!(lost(&heard).is_empty());
    for change in [json!({"from": "2026-03-07T13:00:00Z"}), json!({"until": "2026-03-07T12:01:00Z"})] {
        let mut ward = Ward::new();
        let mut changed = wearer("w-1", "sim/t1");
        for (key, value) in change.as_object().unwrap() {
            changed["wearer"]["tag"][0][key] = value.clone();
        }
        ward.line.publish(second(0), book(changed)).unwrap();
        ward.line.pass_to(second(3_000));
        assert!(lost(&ward).is_empty(), "{change}");
    }
}

#[test]
fn a_tag_to_be_fitted_later_is_missed_a_quarter_of_an_hour_after_that() {
    let mut ward = Ward::new();
    let mut later = wearer("w-1", "sim/t1");
    later["wearer"]["tag"][0]["from"] = json!("2026-03-07T13:00:00Z");
    ward.line.publish(second(0), book(later)).unwrap();
    ward.line.pass_to(second(2 * 3_600));
    assert_eq!(lost(&ward), [(3_600 + 900, true)]);
}

#[test]
fn while_cordon_is_deaf_no_tag_is_missed() {
    let mut ward = Ward::new();
    ward.line.tell(second(10), Told::Source { name: "lab".into(), up: false });
    ward.line.pass_to(second(3_600));
    assert!(lost(&ward).is_empty());
    ward.line.tell(second(3_601), Told::Source { name: "lab".into(), up: true });
    ward.line.pass_to(second(3_700));
    assert_eq!(lost(&ward).len(), 1);
}
