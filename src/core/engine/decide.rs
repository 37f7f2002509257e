//! One input's way through the watches.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Engine, WearerState, answers,
    clock_watch::{self, Setting},
    contact_watch::Contact,
    decision::Decision,
    draft::Draft,
    erasure, escalation, gap_watch,
    input::{DeadlineKey, Input, Refused, SetAside, Told},
    meeting::Meet,
    notices,
    position_watch::{self, Doubts},
    proximity_watch::{self, Meetings},
    receive::Arrived,
    reporting, service_watch,
    situation::{changed, follow, look_around},
    source_watch,
    stages::Transition,
    tag_clock::Reading,
    tag_watch,
    track::Track,
    trail::{Ground, Point},
    unheard, way_watch,
};
use crate::domain::{Book, Fix, Motion, PersonId, Ping, Scope, TagId, Timestamp, WearerId};

/// A ping that was sent no longer ago than this has come straight here.
const STRAIGHT_MS: i64 = 60_000;

/// See [`Engine::decide`].
pub(super) fn decide(engine: &Engine, at: Timestamp, input: &Input) -> Decision {
    let mut draft = Draft::new(engine, at);
    match input {
        Input::Ping { tag, source, ping } => ping_came(&mut draft, tag, source, ping),
        Input::Told(told) => told_came(&mut draft, told),
    }
    notices::follow(&mut draft);
    draft.finish()
}

/// See [`Engine::put_away`].
pub(super) fn put_away(engine: &Engine, at: Timestamp, what: &SetAside) -> Decision {
    let mut draft = Draft::new(engine, at);
    service_watch::put_away(&mut draft, what);
    draft.finish()
}

/// See [`Engine::is_outside_basis`].
pub(super) fn is_outside_basis(engine: &Engine, at: Timestamp, tag: &TagId, ping: &Ping) -> bool {
    let (rulebook, ours) = (&engine.rulebook, &engine.our_clock);
    let setting = Setting { started: engine.started, heard_since: None, ours };
    let reading = clock_watch::reading(engine.tags.get(tag).map(AsRef::as_ref), &setting, at, ping);
    let fixes = ping.fixes.iter().map(|fix| fix.at);
    let events = ping.events.iter().map(|event| event.at);
    let times = fixes.chain(events).chain([ping.sent]);
    let mut worn = times
        .map(|time| reading.true_time(time))
        .map(|time| (rulebook.wearer_of(tag, time), time))
        .filter(|(wearer, time)| wearer.is_some() || rulebook.was_of_somebody_erased(tag, *time))
        .peekable();
    let may_watch = |(wearer, time): (Option<&WearerId>, Timestamp)| {
        wearer.is_some_and(|wearer| rulebook.may_watch(wearer, time))
    };
    worn.peek().is_some() && !worn.any(may_watch)
}

fn told_came(draft: &mut Draft<'_>, told: &Told) {
    let at = draft.at;
    match told {
        Told::Started { sources } => source_watch::started(draft, sources),
        Told::Source { name, up } => source_watch::changed(draft, name, *up),
        Told::Unreadable { tag, .. } => {
            let state = draft.tag_mut(tag);
            state.heard_at = Some(at);
            state.refuse();
        }
        Told::OutsideBasis { tag, boot, seq, oldest_kept, sent } => {
            let state = draft.tag_mut(tag);
            let newest = sent.is_some_and(|sent| state.lead(at, *boot, *seq, sent));
            let arrived = state.receive(*boot, *seq, *oldest_kept);
            draft.receipt = state.ack(*boot);
            draft.is_duplicate = arrived == Arrived::Duplicate;
            // A clock that puts every ping outside of the basis is found out by them.
            if let Some(sent) = sent.filter(|_| arrived == Arrived::New) {
                clock_watch::hear(draft, tag, None, sent, newest);
            }
            gap_watch::received(draft, tag, None);
        }
        Told::Companion(heard) => {
            let changes = proximity_watch::heard(draft, heard);
            followed_by_all(draft, changes, &heard.meets);
        }
        Told::Met { meets } => {
            let changes = proximity_watch::met(draft, meets);
            followed_by_all(draft, changes, meets);
        }
        Told::Connection { tag, up } => draft.tag_mut(tag).connected = Some(*up),
        Told::SetAside(what) => service_watch::set_aside(draft, what),
        Told::Coalesced { tag, runs, others } => service_watch::coalesced(draft, tag, runs, *others),
        Told::Service(report) => service_watch::reported(draft, report),
        Told::Publish(book) => publish(draft, book),
        Told::Revise { from, book, .. } => revise(draft, *from, book),
        Told::Erase { subject } => erasure::erase(draft, subject),
        Told::Blank { .. } => {}
        Told::Deadline(key) => deadline(draft, key),
        Told::Delivery { alert, report } => answers::delivery(draft, *alert, report.clone()),
        Told::Receipt { alert, raised_at, report } => {
            answers::receipt(draft, *alert, *raised_at, report.clone());
        }
        Told::Reply { from, text } => answers::reply(draft, from, text),
        Told::Answer { alert, raised_at, text } => answers::on_the_page(draft, *alert, *raised_at, text),
        Told::Pressed { from, key } => answers::pressed(draft, from, key),
        Told::Wrote { person, text } => answers::wrote(draft, person, text),
        Told::Call { person } => answers::called(draft, person),
        Told::Handle { incident, by, action } => draft.handle(*incident, by, action.clone()),
    }
}

/// Turns what meets have changed into incidents.
fn followed_by_all(draft: &mut Draft<'_>, changes: Vec<(WearerId, Transition)>, meets: &[Meet]) {
    for (wearer, change) in changes {
        changed(draft, &wearer, change);
    }
    let wearers: BTreeSet<&WearerId> = meets.iter().map(|meet| &meet.wearer).collect();
    for wearer in wearers.into_iter().filter(|wearer| draft.wearer(wearer).is_some()).collect::<Vec<_>>() {
        look_around(draft, wearer);
    }
}

fn ping_came(draft: &mut Draft<'_>, tag: &TagId, source: &str, ping: &Ping) {
    let at = draft.at;
    let state = draft.tag_mut(tag);
    let newest = state.lead(at, ping.boot, ping.seq, ping.sent);
    let arrived = state.receive(ping.boot, ping.seq, ping.oldest_kept);
    let receipt = state.ack(ping.boot);
    if arrived == Arrived::New {
        state.heard_at = Some(at);
        let reading = clock_watch::hear(draft, tag, Some(source), ping.sent, newest);
        judge_ping(draft, tag, source, ping, reading, newest);
    }
    gap_watch::received(draft, tag, Some(source));
    draft.receipt = receipt;
    draft.is_duplicate = arrived == Arrived::Duplicate;
}

fn judge_ping(draft: &mut Draft<'_>, tag: &TagId, source: &str, ping: &Ping, reading: Reading, newest: bool) {
    let at = draft.at;
    let mut fixes: Vec<Fix> =
        ping.fixes.iter().map(|fix| Fix { at: reading.true_time(fix.at), ..*fix }).collect();
    fixes.sort_by_key(|fix| fix.at);
    // A fix belongs to whoever wore the tag at its time: after a swap one ping may speak of two wearers.
    let mut by_wearer: BTreeMap<WearerId, Vec<Fix>> = BTreeMap::new();
    for fix in fixes {
        if let Some(wearer) = draft.rulebook.wearer_of(tag, fix.at).cloned()
            && draft.rulebook.may_watch(&wearer, fix.at)
        {
            by_wearer.entry(wearer).or_default().push(fix);
        }
    }
    let now =
        draft.rulebook.wearer_of(tag, at).cloned().filter(|wearer| draft.rulebook.may_watch(wearer, at));
    clock_watch::judge(draft, tag, now.as_ref());
    if let Some(wearer) = &now {
        let new = || WearerState::new(at, ping, source);
        let state = draft.wearer_or(wearer, new);
        state.contact.heard_at = at;
        // What a buffered ping says of the tag was so once.
        if newest {
            state.contact.heard(at, ping.next_within_s, ping.motion, source);
            state.battery_pct = ping.battery_pct;
            tag_watch::battery(draft, wearer, ping);
        }
    }
    for (wearer, fixes) in by_wearer {
        fixes_came(draft, &wearer, &fixes, ping.motion, || WearerState::new(at, ping, source));
        // Whoever wears the tag now is looked at in the end; before their events, if there are any.
        if now.as_ref() != Some(&wearer) || !ping.events.is_empty() {
            look_around(draft, &wearer);
        }
    }
    for event in &ping.events {
        let true_time = reading.true_time(event.at);
        let wearer = draft.rulebook.wearer_of(tag, true_time).cloned();
        if let Some(wearer) = wearer.filter(|wearer| draft.rulebook.may_watch(wearer, true_time)) {
            draft.wearer_or(&wearer, || WearerState::new(at, ping, source));
            tag_watch::event(draft, &wearer, event, true_time);
        }
    }
    if let Some(wearer) = now {
        look_around(draft, &wearer);
        // A tag that brings what it has kept is somewhere else by now.
        if newest && at.ms_since(reading.true_time(ping.sent)) <= STRAIGHT_MS {
            reporting::ask(draft, tag, &wearer, ping.motion, ping.next_within_s);
        }
    }
}

/// The fixes of one ping, in fix order.
fn fixes_came(
    draft: &mut Draft<'_>,
    wearer: &WearerId,
    fixes: &[Fix],
    motion: Motion,
    new: impl FnOnce() -> WearerState,
) {
    let (now, rule, rulebook) = (draft.at, draft.rule(), Arc::clone(&draft.rulebook));
    let ground = Ground { rule, rulebook: &rulebook, wearer };
    let points = fixes.iter().map(Point::of);
    let state = draft.wearer_or(wearer, new);
    let (mut late, mut news): (Vec<Point>, Vec<Point>) =
        points.partition(|point| !state.track.is_news(point));
    for list in [&mut late, &mut news] {
        list.sort_by_key(Point::key);
    }
    for point in late.iter().chain(&news) {
        state.contact.seen(point.at, point.position, point.sigma_m());
    }
    for judged in state.track.insert(ground, &late, now) {
        follow(draft, wearer, judged);
    }
    for point in news {
        let Some(state) = draft.wearer_mut(wearer).filter(|state| state.track.is_news(&point)) else {
            continue;
        };
        let judged = state.track.append(ground, point);
        follow(draft, wearer, judged);
        position_watch::judge(draft, wearer, motion);
    }
}

fn deadline(draft: &mut Draft<'_>, key: &DeadlineKey) {
    // Whatever it was for is over, unless the judgement says otherwise.
    draft.wake(key.clone(), Timestamp::MAX);
    match key {
        DeadlineKey::Wearer(wearer) if draft.wearer(wearer).is_none() => unheard::due(draft, wearer),
        DeadlineKey::Wearer(wearer) => look_around(draft, wearer),
        DeadlineKey::Person(person) => draft.concern(person),
        DeadlineKey::Incident(id) => escalation::deadline(draft, *id),
        DeadlineKey::Source(name) => source_watch::deadline(draft, name),
        DeadlineKey::Gaps(source) => gap_watch::look(draft, source),
    }
}

fn revise(draft: &mut Draft<'_>, from: u64, book: &Book) {
    if draft.rulebook.revision(&book.scope()) == from {
        publish(draft, book);
    } else {
        draft.refused = Some(Refused::Outdated);
    }
}

fn publish(draft: &mut Draft<'_>, book: &Book) {
    let problems = draft.rulebook.check(book);
    if !problems.is_empty() {
        draft.refused = Some(Refused::Rulebook(problems));
        return;
    }
    let concerned: Vec<WearerId> = match book.scope() {
        Scope::Wearer(wearer) => vec![wearer],
        Scope::Case(id) => {
            let before = draft.rulebook.case(&id).map(|case| case.wearer.clone());
            let Book::Case(case) = book else { return };
            before.into_iter().chain([case.wearer.clone()]).collect()
        }
        Scope::Unit(_) => draft.known_wearers(),
        // Their Companion may be another, or none.
        Scope::Person(person) => {
            let around = draft.rulebook.proximity_around(&person).map(|(wearer, _)| wearer.clone());
            around.filter(|wearer| draft.wearer(wearer).is_some()).collect()
        }
    };
    let persons: Vec<PersonId> = match book {
        Book::Person(person) => vec![person.id.clone()],
        Book::Case(case) => {
            let before = draft.rulebook.case(&case.id).map(|case| case.persons.clone());
            before.into_iter().flatten().chain(case.persons.iter().cloned()).collect()
        }
        Book::Unit(_) | Book::Wearer(_) => Vec::new(),
    };
    if let Book::Person(after) = book
        && let Some(before) = draft.rulebook.person(&after.id).cloned()
    {
        way_watch::changed(draft, &before, after);
    }
    let nobody_to_tell = draft.rulebook.first_unit().is_none();
    draft.rulebook = Arc::new(draft.rulebook.published(book.clone(), draft.at));
    if nobody_to_tell {
        source_watch::tell_again(draft);
    }
    draft.lines.push(format!(
        "published {:?} revision {}",
        book.scope(),
        draft.rulebook.revision(&book.scope())
    ));
    for wearer in concerned {
        look_around(draft, &wearer);
    }
    for person in persons {
        draft.concern(&person);
    }
}

impl WearerState {
    fn new(at: Timestamp, ping: &Ping, source: &str) -> Self {
        Self {
            track: Track::default(),
            meetings: Meetings::new(),
            contact: Contact::new(at, ping.next_within_s, ping.motion, source),
            doubts: Doubts::default(),
            battery_pct: ping.battery_pct,
            conditions: BTreeMap::new(),
            rechecks: BTreeMap::new(),
        }
    }
}
