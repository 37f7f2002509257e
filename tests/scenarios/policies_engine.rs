//! What `cordon policy check` says of an hour is what the engine does in it: random rotas, policies, plans and instants.

use std::collections::{BTreeMap, BTreeSet};

use cordon::{
    domain::{
        AlertId, Audience, Channel, EscalationState, Fix, Incident, IncidentKind, Motion, Ping, Priority,
        Recipient, Timestamp,
    },
    engine::{DeliveryReport, Escalating, Taken, Told},
    lab::{
        Course,
        policy::{Asked, List, Of, Report, What, check},
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    policies::{World, at},
    ward::{book, fix, person_phone, tag, wearer},
};

const FROM: &str = "2026-03-01T00:00:00Z";
const STAFF: [&str; 4] = ["s-0", "s-1", "s-2", "s-3"];
const RELIEF: &str = "relief";
const ROTA: &str = "officers";
const CHANNELS: [&str; 4] = ["sms", "voice", "webhook", "pager"];
const WEEK: [&str; 6] = ["mon-sun", "mon-fri", "sat-sun", "tue, thu", "sun", "fri-mon"];
const WAITS_S: [u32; 8] = [0, 5, 20, 45, 60, 61, 90, 180];

/// A shift or a duty: who, on which days or date, from and until which minute.
type Shift = (usize, usize, u16, u16);

/// What is drawn. Numbers choose among what there is.
#[derive(Debug, Clone)]
struct Drawn {
    shifts: Vec<Shift>,
    exceptions: Vec<Shift>,
    contacts: Vec<u8>,
    danger: Vec<(usize, usize, usize)>,
    protected: Vec<(usize, bool, usize)>,
    own_contacts: u8,
    shape: usize,
    nominated: Vec<usize>,
    instant_s: i64,
    carried: u8,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let shift = (0..4_usize, 0..6_usize, 0..1_440_u16, 0..1_440_u16);
    let exception = (0..4_usize, 0..28_usize, 0..1_440_u16, 0..1_440_u16);
    let rota = (prop::collection::vec(shift, 1..6), prop::collection::vec(exception, 0..4));
    let staff = prop::collection::vec(1..16_u8, 4);
    let danger = prop::collection::vec((0..7_usize, 0..4_usize, 0..8_usize), 1..6);
    let protected = prop::collection::vec((0..4_usize, any::<bool>(), 0..8_usize), 0..5);
    let person = (protected, 0..4_u8, 0..4_usize, prop::collection::vec(0..6_usize, 0..3));
    let when = (0..28 * 86_400_i64, 0..16_u8);
    (rota, staff, danger, person, when).prop_map(|(rota, contacts, danger, person, when)| Drawn {
        shifts: rota.0,
        exceptions: rota.1,
        contacts,
        danger,
        protected: person.0,
        own_contacts: person.1,
        shape: person.2,
        nominated: person.3,
        instant_s: when.0,
        carried: when.1,
    })
}

impl Drawn {
    fn instant(&self) -> Timestamp {
        at(FROM).plus_ms(self.instant_s * 1_000)
    }

    fn world(&self) -> World {
        let mut world = World::sound();
        let masks = self.contacts.iter().copied().chain([15]);
        let staff = STAFF.into_iter().chain([RELIEF]).zip(masks).enumerate();
        let staff =
            staff.map(|(nth, (id, mask))| json!({"id": id, "name": id, "contact": contacts(nth, mask)}));
        world.unit["unit"]["staff"] = staff.collect();
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let duty = |(who, _, from, until): &Shift| {
            let until = if until == from { (until + 1) % 1_440 } else { *until };
            json!({"who": STAFF[*who], "from": clock(*from), "until": clock(until)})
        };
        let weekly = self.shifts.iter().map(|shift| {
            let mut value = duty(shift);
            value["days"] = json!(WEEK[shift.1]);
            value
        });
        let mut dates: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
        for exception in &self.exceptions {
            let duties = dates.entry(exception.1).or_default();
            // One in four takes everybody off.
            if exception.2 % 4 > 0 {
                duties.push(duty(exception));
            }
        }
        let dates = dates
            .iter()
            .map(|(day, shift)| json!({"date": format!("2026-03-{:02}", day + 1), "shift": shift}));
        world.unit["unit"]["rota"] = json!([{"id": ROTA, "name": "Officers", "time_zone": "Europe/London", "else": RELIEF,
            "shift": weekly.collect::<Vec<_>>(), "exception": dates.collect::<Vec<_>>()}]);
        let policy = &mut world.unit["unit"]["policy"][0];
        let quiet = json!([{"to": RELIEF, "channel": "sms", "wait_s": 3600}]);
        (policy["device"], policy["upkeep"]) = (quiet.clone(), quiet);
        (policy["danger"], policy["protected"]) = (self.danger(), self.protected());
        world.person["person"]["contact"] = own_contacts(self.own_contacts);
        let nominated: BTreeSet<&str> =
            self.nominated.iter().map(|n| STAFF.get(*n).copied().unwrap_or(ROTA)).collect();
        let shape = match self.shape {
            1 => "silent",
            2 if self.own_contacts & 1 > 0 => "call_only",
            3 if !nominated.is_empty() => "advocate_first",
            _ => "loud",
        };
        world.person["person"]["plan"] = json!({"shape": shape, "nominated": nominated});
        world
    }

    fn danger(&self) -> Value {
        let last = self.danger.len() - 1;
        let step = |(nth, (to, channel, wait)): (usize, &(usize, usize, usize))| {
            let to = STAFF.get(*to).copied().unwrap_or(if *to == 4 { RELIEF } else { ROTA });
            let theirs: Vec<&str> = match STAFF.iter().position(|id| *id == to) {
                Some(place) => chosen(self.contacts[place]),
                None => CHANNELS.to_vec(),
            };
            json!({"to": to, "channel": theirs[channel % theirs.len()], "wait_s": wait_s(*wait, nth == last)})
        };
        self.danger.iter().enumerate().map(step).collect()
    }

    /// One step reaches the person for sure; where, is drawn as well.
    fn protected(&self) -> Value {
        let mut steps: Vec<(&str, bool, usize)> = self
            .protected
            .iter()
            .map(|(channel, nominated, wait)| {
                (["sms", "second_sms", "voice", "webhook"][*channel], *nominated, *wait)
            })
            .collect();
        steps.insert(self.instant_s as usize % (steps.len() + 1), ("sms", false, self.shape + 2));
        let last = steps.len() - 1;
        let step = |(nth, (channel, nominated, wait)): (usize, (&str, bool, usize))| json!({"channel": channel, "nominated": nominated, "wait_s": wait_s(wait, nth == last)});
        steps.into_iter().enumerate().map(step).collect()
    }
}

fn wait_s(choice: usize, is_last: bool) -> u32 {
    if is_last { WAITS_S[choice].max(5) } else { WAITS_S[choice] }
}

fn chosen(mask: u8) -> Vec<&'static str> {
    let all = CHANNELS.into_iter().enumerate();
    all.filter(|(bit, _)| mask & (1 << bit) > 0).map(|(_, channel)| channel).collect()
}

fn contacts(nth: usize, mask: u8) -> Value {
    let contact = |channel: &str| {
        let address = match channel {
            "webhook" => format!("http://127.0.0.1:{}/", nth + 1),
            "pager" => format!("pager-of-number-{nth}"),
            _ => format!("+44770090003{nth}"),
        };
        json!({"channel": channel, "address": address})
    };
    chosen(mask).into_iter().map(contact).collect()
}

fn own_contacts(mask: u8) -> Value {
    let mut contacts = vec![json!({"channel": "sms", "address": person_phone()})];
    if mask & 1 > 0 {
        contacts.push(json!({"channel": "voice", "address": person_phone()}));
    }
    if mask & 2 > 0 {
        contacts.push(json!({"channel": "webhook", "address": "https://example.org/p"}));
    }
    contacts.into()
}

/// An alert that the engine raised: how long after the beginning, to whom, by what.
type Rung = (i64, Recipient, Channel, String);

/// What the engine does when something begins at an instant and nobody ever answers.
struct Lived {
    line: Course,
    kind: IncidentKind,
    start: Timestamp,
    carried: Option<BTreeSet<Channel>>,
    /// Of each alert: towards whom its escalation is, and for which step.
    sent: BTreeMap<AlertId, (Audience, usize)>,
    /// When the escalation towards staff came to its last step.
    last_ms: Option<i64>,
}

impl Lived {
    /// The wearer enters the zone, with a tag that then says nothing for an hour; or the person calls for help.
    fn of(world: &World, start: Timestamp, kind: IncidentKind, carried: Option<BTreeSet<Channel>>) -> Self {
        let books = [&world.unit, &wearer("w-1", "sim/t1"), &world.person, &world.case];
        let books = books.map(|value| book(value.clone()));
        let mut line = Course::with(&books, start.plus_ms(-1_000)).unwrap();
        if kind == IncidentKind::Violation {
            let (boot, seq, oldest_kept, next_within_s) = (1, 1, 1, 3_600);
            let fixes = vec![Fix { at: start, ..fix(0, 0.0, 5.0) }];
            let (battery_pct, charging, motion) = (80, false, Motion::Moving);
            let (sent, events) = (start, Vec::new());
            let ping = Ping {
                boot,
                seq,
                oldest_kept,
                next_within_s,
                sent,
                battery_pct,
                charging,
                motion,
                fixes,
                events,
            };
            line.ping(start, &tag(), ping);
        } else {
            line.tell(start, Told::Reply { from: person_phone().into(), text: "HELP".into() });
        }
        Self { line, kind, start, carried, sent: BTreeMap::new(), last_ms: None }
    }

    fn incident(&self) -> &Incident {
        self.line.incident(self.kind).unwrap()
    }

    /// Every alert is on its phone or screen at once, or refused for want of a provider.
    fn pass(mut self, for_ms: i64, steps: usize) -> Self {
        let (end, mut now) = (self.start.plus_ms(for_ms), self.start);
        loop {
            self.note(now, steps);
            let carried =
                |channel: Channel| self.carried.as_ref().is_none_or(|carried| carried.contains(&channel));
            let mut waiting: Vec<_> =
                self.line.engine.open_alerts().filter(|alert| alert.state.as_str() == "waiting").collect();
            // What arrives first: what is refused begins the next step.
            waiting.sort_by_key(|alert| !carried(alert.channel));
            if let Some((alert, channel)) = waiting.first().map(|alert| (alert.id, alert.channel)) {
                let report = match carried(channel) {
                    true => DeliveryReport::Delivered,
                    false => DeliveryReport::Refused("no_provider".into()),
                };
                self.line.tell(now, Told::Delivery { alert, report });
                continue;
            }
            match self.line.engine.next_deadline().filter(|due| *due <= end) {
                Some(due) => now = due.max(now),
                None => return self,
            }
            self.line.pass_to(now);
        }
    }

    fn note(&mut self, now: Timestamp, steps: usize) {
        let incident = self.line.incident(self.kind).unwrap();
        for escalation in &incident.escalations {
            let sent =
                escalation.alerts.iter().map(|sent| (sent.id, (escalation.audience.clone(), sent.step)));
            self.sent.extend(sent);
        }
        let staff =
            incident.escalations.iter().find(|escalation| escalation.audience == Audience::Staff).unwrap();
        assert!(matches!(staff.state, EscalationState::Running { .. }));
        if staff.step + 1 == steps {
            self.last_ms.get_or_insert(now.ms_since(self.start));
        }
    }

    fn rung(&self, audience: &Audience, until_ms: i64) -> BTreeSet<Rung> {
        let theirs = self.sent.iter().filter(|(_, (towards, _))| towards == audience);
        let alerts = theirs.map(|(id, _)| &self.line.alerts[id]);
        let rung = alerts.map(|alert| {
            let after_ms = alert.raised_at.ms_since(self.start);
            (after_ms, alert.recipient.clone(), alert.channel, alert.address.clone())
        });
        rung.filter(|rung| rung.0 <= until_ms).collect()
    }
}

/// What is foretold: when, whom, by what.
fn foretold(start: Timestamp, walk: &[Taken]) -> BTreeSet<Rung> {
    let told =
        walk.iter().flat_map(|taken| taken.ways.iter().flat_map(|way| &way.to).map(move |to| (taken.at, to)));
    told.map(|(at, to)| {
        let contact = to.contact.clone().unwrap();
        (at.ms_since(start), to.recipient.clone(), contact.channel, contact.address)
    })
    .collect()
}

fn around(start: Timestamp, carried: Option<&BTreeSet<Channel>>) -> Asked {
    Asked {
        from: start.plus_ms(-86_400_000),
        days: 3,
        carried: carried.cloned(),
        unknown_senders: BTreeSet::new(),
    }
}

/// Whether nobody's phone rang; after how long the first did, if that is too late; whether none rings when it repeats.
type Verdict = (bool, Option<i64>, bool);

fn verdict(report: &Report, of: &Of, list: List, start: Timestamp, last: Timestamp) -> Verdict {
    let nobody =
        report.at(of, start).any(|what| matches!(what, What::Nobody { list: of, .. } if *of == list));
    let late = report.at(of, start).find_map(|what| match what {
        What::Late { list: of, after_s, .. } if *of == list => Some(*after_s),
        _ => None,
    });
    // Where nobody's rings at all that is what is said. Of another shift, which has begun by then, more may be.
    let ends = report.at(of, last).any(|what| matches!(what, What::LastStep { list: of, .. } if *of == list));
    (nobody, late, ends && !nobody)
}

fn lived_verdict(
    rung: &BTreeSet<Rung>,
    last: &BTreeSet<Rung>,
    is_meant: impl Fn(&Recipient) -> bool,
    carried: impl Fn(Channel) -> bool,
) -> Verdict {
    let rings = |rung: &&Rung| rung.2.is_phone() && carried(rung.2);
    let first_ms = rung.iter().filter(rings).filter(|rung| is_meant(&rung.1)).map(|rung| rung.0).min();
    let late = first_ms.filter(|ms| *ms > 60_000).map(|ms| ms / 1_000);
    (first_ms.is_none(), late, first_ms.is_some() && !last.iter().any(|rung| rings(&rung)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn what_the_check_says_of_an_instant_is_what_the_engine_does_then(drawn in drawn()) {
        let (world, start) = (drawn.world(), drawn.instant());
        let rulebook = world.rulebook();
        let report = check(&rulebook, &around(start, None));
        let policy = rulebook.policy(&"north".parse().unwrap(), &"standard".parse().unwrap()).unwrap();
        let lived = Lived::of(&world, start, IncidentKind::Violation, None).pass(1_800_000, policy.danger.len());

        let person = Audience::Person("p-1".parse().unwrap());
        for audience in [Audience::Staff, person] {
            let escalating =
                Escalating { rulebook: &rulebook, policy, audience: &audience, priority: Priority::P1, notice: None, at: start };
            let walk = escalating.unanswered(|_| true);
            let end = walk.last().unwrap().at;
            let rung = lived.rung(&audience, end.ms_since(start));
            prop_assert_eq!(&rung, &foretold(start, &walk), "{:?}", audience);
            let last = rung.iter().filter(|rung| rung.0 == end.ms_since(start)).cloned().collect();
            let (of, list, hers) = match &audience {
                Audience::Staff => (Of::Case("c-1".parse().unwrap()), List::Danger, false),
                Audience::Person(id) => (Of::Person("c-1".parse().unwrap(), id.clone()), List::Protected, true),
            };
            let is_meant = |to: &Recipient| !hers || matches!(to, Recipient::Person(_));
            let says = verdict(&report, &of, list, start, end);
            prop_assert_eq!(says, lived_verdict(&rung, &last, is_meant, |_| true), "{:?}", audience);
        }

        // Whoever stands in is told where the check says that nobody is on duty, and nowhere else.
        let of = Of::Case("c-1".parse().unwrap());
        for (id, (audience, step)) in &lived.sent {
            if *audience == Audience::Staff && policy.danger[*step].to.as_str() == ROTA {
                let alert = &lived.line.alerts[id];
                let stands_in = alert.recipient == Recipient::Staff(RELIEF.parse().unwrap());
                let mut whats = report.at(&of, alert.raised_at);
                let is_empty = whats.any(|what| matches!(what, What::NobodyOnDuty { .. }));
                prop_assert_eq!(stands_in, is_empty, "{}", alert.raised_at);
            }
        }
    }

    #[test]
    fn and_where_channels_have_no_provider(drawn in drawn()) {
        let (world, start) = (drawn.world(), drawn.instant());
        let rulebook = world.rulebook();
        let has = |channel: &Channel| chosen(drawn.carried).contains(&channel.as_str());
        let carried: BTreeSet<Channel> = Channel::ALL.into_iter().filter(has).collect();
        let report = check(&rulebook, &around(start, Some(&carried)));
        let policy = rulebook.policy(&"north".parse().unwrap(), &"standard".parse().unwrap()).unwrap();
        let steps = policy.danger.len();
        let lived = Lived::of(&world, start, IncidentKind::CallForHelp, Some(carried.clone())).pass(1_800_000, steps);
        let audience = Audience::Staff;
        let escalating =
            Escalating { rulebook: &rulebook, policy, audience: &audience, priority: Priority::P1, notice: None, at: start };
        let walk = escalating.unanswered(|channel| carried.contains(&channel));
        let end_ms = walk.last().unwrap().at.ms_since(start);
        prop_assert_eq!(lived.last_ms, Some(end_ms));
        let rung = lived.rung(&audience, end_ms);
        prop_assert_eq!(&rung, &foretold(start, &walk));

        // The steps that are taken together with the last, when it is first taken.
        let before = policy.danger[..steps - 1].iter().rposition(|step| step.wait_s > 0).map_or(0, |place| place + 1);
        let of_last = lived.sent.iter().filter(|(_, (_, step))| *step >= before).map(|(id, _)| &lived.line.alerts[id]);
        let of_last = of_last.filter(|alert| alert.raised_at.ms_since(start) <= end_ms);
        let last = of_last.map(|alert| (0, alert.recipient.clone(), alert.channel, alert.address.clone())).collect();
        let of = Of::Case("c-1".parse().unwrap());
        let says = verdict(&report, &of, List::Danger, start, start.plus_ms(end_ms));
        prop_assert_eq!(says, lived_verdict(&rung, &last, |_| true, |channel| carried.contains(&channel)));
        let is_hidden = report.findings.iter().any(|finding| matches!(finding.what, What::NoProvider { channel } if has(&channel)));
        prop_assert!(!is_hidden);
        prop_assert_eq!(lived.incident().priority, Priority::P1);
    }
}
