//! Incidents and the rules that hold among them.

use cordon::{
    domain::{
        Alert, AlertId, AlertState, CANARY, Cause, Handling, Incident, IncidentId, IncidentKind, Priority,
        Subject, UnitId,
    },
    store::{Batch, JournalRow, Room, StoreError},
};

use crate::{
    build::{alert, at, attempt, batch, closed, first_batch, incident, rows},
    places::Place,
};

fn with(no: i64, incidents: Vec<Incident>) -> Batch {
    Batch { incidents, ..batch(no..=no) }
}

/// With the cause of incident 1.
fn of_one_cause(id: i64) -> Incident {
    Incident { subject: incident(1).subject, ..incident(id) }
}

fn is_conflict(result: Result<(), StoreError>, no: i64) -> bool {
    matches!(result, Err(StoreError::Conflict(number)) if number == no)
}

pub(crate) async fn changes_replace_what_was_there(place: &Place) {
    place.store.commit(&with(1, vec![incident(1)])).await.unwrap();
    let changed = Incident {
        kind: IncidentKind::Blind,
        priority: Priority::P2,
        handling: Handling::Owned { by: "officer-1".parse().unwrap() },
        case: None,
        episodes: vec![],
        ..incident(1)
    };
    place.store.commit(&with(2, vec![changed.clone()])).await.unwrap();
    assert_eq!(place.other.incidents(IncidentId(0), 10).await.unwrap(), [changed]);
}

pub(crate) async fn one_open_incident_per_cause(place: &Place) {
    place.store.commit(&with(1, vec![incident(1)])).await.unwrap();
    assert!(is_conflict(place.store.commit(&with(2, vec![of_one_cause(2)])).await, 2));
    assert_eq!(place.store.head().await.unwrap().unwrap().no, 1, "the rows are not written either");
    assert_eq!(place.store.incident(IncidentId(2)).await.unwrap(), None);
    let both = with(2, vec![incident(3), Incident { subject: incident(3).subject, ..incident(4) }]);
    assert!(is_conflict(place.store.commit(&both).await, 2));
    place.store.commit(&with(2, vec![incident(3)])).await.unwrap();
}

pub(crate) async fn a_cause_may_come_back_when_closed(place: &Place) {
    place.store.commit(&with(1, vec![incident(1)])).await.unwrap();
    place.store.commit(&with(2, vec![closed(1)])).await.unwrap();
    place.store.commit(&with(3, vec![of_one_cause(2)])).await.unwrap();
    // A closed one may change beside it, but not open again.
    place.store.commit(&with(4, vec![Incident { late: true, ..closed(1) }])).await.unwrap();
    assert!(is_conflict(place.store.commit(&with(5, vec![incident(1)])).await, 5));
    // So may a notice that has been told.
    let told = Incident { handling: Handling::Told, ..of_one_cause(2) };
    place.store.commit(&with(5, vec![told])).await.unwrap();
    place.store.commit(&with(6, vec![of_one_cause(3)])).await.unwrap();
}

pub(crate) async fn one_batch_may_close_and_raise_a_cause(place: &Place) {
    place.store.commit(&with(1, vec![incident(1)])).await.unwrap();
    place.store.commit(&with(2, vec![of_one_cause(2), closed(1)])).await.unwrap();
    assert_eq!(place.store.incidents(IncidentId(0), 10).await.unwrap(), [closed(1), of_one_cause(2)]);
}

pub(crate) async fn other_subjects_and_causes_do_not_meet(place: &Place) {
    let one = incident(1).subject;
    let causes = [
        Cause::Zone("strap".parse().unwrap()),
        Cause::Strap,
        Cause::Case,
        Cause::Battery,
        Cause::Contact,
        Cause::Jamming,
        Cause::Sos,
        Cause::Source("strap".into()),
        Cause::Source("zone:strap".into()),
    ];
    let subjects = [one, Subject::Wearer("service".parse().unwrap()), Subject::Service];
    let pairs =
        subjects.iter().flat_map(|subject| causes.iter().map(move |cause| (subject.clone(), cause.clone())));
    let all = (1..).zip(pairs).map(|(id, (subject, cause))| Incident { subject, cause, ..incident(id) });
    let all: Vec<Incident> = all.collect();
    place.store.commit(&with(1, all.clone())).await.unwrap();
    assert_eq!(place.store.incidents(IncidentId(0), 100).await.unwrap(), all);
}

pub(crate) async fn an_alert_needs_its_incident(place: &Place) {
    let orphan = Batch { alerts: vec![alert(1, 9)], ..batch(1..=1) };
    assert!(is_conflict(place.store.commit(&orphan).await, 1));
    assert_eq!(place.store.head().await.unwrap(), None);
}

pub(crate) async fn paging(place: &Place) {
    let all: Vec<Incident> = (1..=25).map(incident).collect();
    place.store.commit(&with(1, all.clone())).await.unwrap();
    assert_eq!(place.store.incidents(IncidentId(0), 10).await.unwrap(), all[..10]);
    assert_eq!(place.store.incidents(IncidentId(20), 10).await.unwrap(), all[20..]);
    assert_eq!(place.store.incidents(IncidentId(25), 10).await.unwrap(), []);
    assert_eq!(place.store.incidents(IncidentId(i64::MAX), 10).await.unwrap(), []);
}

pub(crate) async fn closed_ones_newest_first(place: &Place) {
    let canary = Incident { unit: CANARY.parse().unwrap(), ..closed(9) };
    let all = [closed(1), incident(2), closed(4), closed(8), canary].to_vec();
    place.store.commit(&with(1, all)).await.unwrap();
    let before = async |id| place.store.closed_incidents(IncidentId(id), 2).await.unwrap();
    assert_eq!(before(i64::MAX).await, [closed(8), closed(4)]);
    assert_eq!(before(8).await, [closed(4), closed(1)]);
    assert_eq!(before(1).await, []);
}

pub(crate) async fn incidents_about_somebody_come_newest_first(place: &Place) {
    let about = |id: i64, wearer: &str| {
        let subject = Subject::Wearer(wearer.parse().unwrap());
        Incident { subject, ..closed(id) }
    };
    let of_service = Incident { subject: Subject::Service, ..closed(9) };
    let all = vec![about(1, "w-a"), about(2, "w-aa"), about(4, "w-a"), about(8, "w-a"), of_service];
    place.store.commit(&with(1, all)).await.unwrap();
    let subject = Subject::Wearer("w-a".parse().unwrap());
    let found = async |before, limit| {
        let found = place.other.incidents_about(&subject, IncidentId(before), limit).await.unwrap();
        found.into_iter().map(|incident| incident.id.0).collect::<Vec<_>>()
    };
    assert_eq!(found(i64::MAX, 10).await, [8, 4, 1]);
    assert_eq!(found(8, 1).await, [4]);
    assert_eq!(found(1, 10).await, [0_i64; 0]);
}

pub(crate) async fn counts_by_kind_and_state(place: &Place) {
    let low = Incident { kind: IncidentKind::LowBattery, raised_at: at(0), ..incident(3) };
    let expired = Alert { state: AlertState::Expired("no_route".into()), ..alert(3, 1) };
    let unit: UnitId = CANARY.parse().unwrap();
    let canary = Incident { unit: unit.clone(), ..incident(4) };
    let its_alert = Alert { unit, ..alert(4, 4) };
    let batch = Batch {
        incidents: vec![incident(1), closed(2), low, canary],
        ..first_batch(vec![alert(1, 1), alert(2, 1), expired, its_alert])
    };
    place.store.commit(&batch).await.unwrap();
    let counts = place.other.counts().await.unwrap();
    let pairs = |pairs: [(&str, i64); 2]| pairs.map(|(name, count)| (name.to_owned(), count)).into();
    assert_eq!(counts.incidents, pairs([("violation", 2), ("low_battery", 1)]));
    assert_eq!(counts.alerts, pairs([("waiting", 2), ("expired", 1)]));
}

pub(crate) async fn what_is_erased_is_gone_and_nothing_else(place: &Place) {
    let store = place.store.as_ref();
    let alerts = vec![alert(1, 1), alert(2, 1), alert(3, 2), alert(4, 2)];
    let batch = Batch { incidents: vec![incident(1), incident(2)], alerts, ..batch(1..=9) };
    store.commit(&batch).await.unwrap();
    for id in 1..=4 {
        store.record_attempt(&attempt(id, 1, 5), None, false).await.unwrap();
    }
    store.erase_rows(&[2, 9, 77]).await.unwrap();
    store.erase_rows(&[2]).await.unwrap();
    for (after, limit, blank) in
        [(0, 10, &[2, 9][..]), (0, 1, &[2]), (2, 10, &[9]), (9, 10, &[]), (0, 0, &[])]
    {
        assert_eq!(place.other.blank_rows(after, limit).await.unwrap(), blank, "{after} {limit}");
    }
    let blank =
        |row: JournalRow| JournalRow { payload: vec![], decision: String::new(), salt: vec![], ..row };
    let left = rows(1..=9).into_iter().map(|row| if [2, 9].contains(&row.no) { blank(row) } else { row });
    assert_eq!(place.other.journal(0, 10).await.unwrap(), left.collect::<Vec<_>>());

    store.forget_alerts(&[AlertId(3), AlertId(77)]).await.unwrap();
    assert_eq!(place.other.alerts_of(IncidentId(2)).await.unwrap(), [alert(4, 2)]);
    assert_eq!(place.other.attempts_of(AlertId(3)).await.unwrap(), []);
    assert_eq!(place.other.attempts_of(AlertId(4)).await.unwrap(), [attempt(4, 1, 5)]);
    store.forget_incidents(&[IncidentId(1), IncidentId(77)]).await.unwrap();
    assert_eq!(place.other.incidents(IncidentId(0), 10).await.unwrap(), [incident(2)]);
    assert_eq!(place.other.alerts_of(IncidentId(1)).await.unwrap(), []);
    assert_eq!(place.other.attempts_of(AlertId(1)).await.unwrap(), []);
    assert_eq!(place.other.counts().await.unwrap().alerts.values().sum::<i64>(), 1);
    let claimed = store.claim(at(100), "one", at(200), 10, Room::ALL).await.unwrap();
    assert_eq!(claimed.iter().map(|one| one.alert.id.0).collect::<Vec<_>>(), [4]);
    // Its cause is free again.
    store.commit(&with(10, vec![Incident { id: IncidentId(5), ..incident(1) }])).await.unwrap();
    store.scrub().await.unwrap();
}
