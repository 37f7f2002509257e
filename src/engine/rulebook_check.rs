//! What a rulebook revision must not contradict: the others, itself, and the ground it stands on.

use std::collections::BTreeSet;

use super::rulebook::Rulebook;
use crate::{
    domain::{
        AlertShape, Area, Assignment, Book, Case, CaseId, Channel, Contact, EscalationPolicy, Person,
        ProximityZone, StaffId, Subscription, Unit, UnitId, Wearer, Zone, ZoneId, discreet, is_e164,
    },
    geometry::{LatLon, Shape},
};

const NAME_CHARS_MAX: usize = 100;
const CODE_CHARS_MAX: usize = 24;
const URL_BYTES_MAX: usize = 500;
const SUBSCRIPTION_BYTES_MAX: usize = 1_500;
/// How to answer, and the reference.
const ANSWER_CHARS_MAX: usize = 55;
const NUMBER: &str = "a phone number is written like +447700900123";
const URL: &str = "a webhook's address is an https URL of at most 500 characters; http only on this machine";
const TOPIC: &str =
    "a pager's topic has 16 to 64 of a-z, A-Z, 0-9, '-' and '_': whoever knows it can read it";
const SUBSCRIPTION: &str = "a push address is what a browser gives as its subscription, in JSON";
const WAIT_S: std::ops::RangeInclusive<u32> = 5..=86_400;

/// See [`Rulebook::check`].
pub(super) fn check(rulebook: &Rulebook, book: &Book) -> Vec<String> {
    let mut problems = Problems { rulebook, found: Vec::new() };
    match book {
        Book::Unit(unit) => problems.unit(unit),
        Book::Wearer(wearer) => problems.wearer(wearer),
        Book::Person(person) => problems.person(person),
        Book::Case(case) => problems.case(case),
    }
    problems.found
}

struct Problems<'r> {
    rulebook: &'r Rulebook,
    found: Vec<String>,
}

impl Problems<'_> {
    fn add(&mut self, sound: bool, problem: impl FnOnce() -> String) {
        if !sound {
            self.found.push(problem());
        }
    }

    fn unit(&mut self, unit: &Unit) {
        let id = &unit.id;
        self.name(&format!("unit {id}"), &unit.name);
        let area = unit.area;
        let sound = area.south < area.north
            && area.west < area.east
            && [area.south, area.north].iter().all(|lat| (-90.0..=90.0).contains(lat))
            && [area.west, area.east].iter().all(|lon| (-180.0..=180.0).contains(lon));
        self.add(sound, || {
            format!("unit {id}: area needs south < north and west < east in degrees, not crossing 180")
        });
        self.distinct(&format!("unit {id}: staff"), unit.staff.iter().map(|staff| staff.id.as_str()));
        self.distinct(&format!("unit {id}: policy"), unit.policies.iter().map(|policy| policy.id.as_str()));
        for staff in &unit.staff {
            let place = format!("unit {id}: staff {}", staff.id);
            self.name(&place, &staff.name);
            self.contacts(&place, &staff.contacts);
            let elsewhere = self
                .rulebook
                .units()
                .any(|other| other.id != *id && other.staff.iter().any(|s| s.id == staff.id));
            self.add(!elsewhere, || format!("{place}: another unit has staff of that id; choose another id"));
        }
        for policy in &unit.policies {
            self.policy(unit, policy);
        }
        self.add(unit.policies.iter().any(|policy| policy.id == unit.policy), || {
            format!("unit {id}: there is no policy '{}'; name one of the unit's policies", unit.policy)
        });
        self.zones(&format!("unit {id}"), &unit.zones, &area, None, id);
        // A policy that a case relies on must not vanish from under it.
        for case in self.rulebook.cases().filter(|case| case.unit == *id) {
            self.add(unit.policies.iter().any(|policy| policy.id == case.policy), || {
                format!(
                    "unit {id}: case {} uses policy '{}'; keep it, or change the case first",
                    case.id, case.policy
                )
            });
            let policy = unit.policies.iter().find(|policy| policy.id == case.policy);
            self.still_nominated(unit, case);
            for person in &case.persons {
                if let (Some(policy), Some(person)) = (policy, self.rulebook.person(person)) {
                    self.reachable(case, policy, person);
                }
            }
        }
    }

    /// Those whom a protected person has named must not vanish from under them.
    fn still_nominated(&mut self, unit: &Unit, case: &Case) {
        let persons = case.persons.iter().filter_map(|id| self.rulebook.person(id));
        let named = persons.flat_map(|person| person.plan.nominated.iter().map(|staff| (&person.id, staff)));
        for (person, staff) in named.collect::<Vec<_>>() {
            self.add(unit.staff.iter().any(|known| known.id == *staff), || {
                format!(
                    "unit {}: person {person} nominates '{staff}'; keep them, or change the person first",
                    unit.id
                )
            });
        }
    }

    fn policy(&mut self, unit: &Unit, policy: &EscalationPolicy) {
        let place = format!("unit {}: policy {}", unit.id, policy.id);
        self.add(!policy.protected.is_empty(), || format!("{place}: protected needs at least one step"));
        let lists = [("danger", &policy.danger), ("device", &policy.device), ("upkeep", &policy.upkeep)];
        self.waits(&place, "protected", policy.protected.iter().map(|step| step.wait_s));
        for (name, steps) in lists {
            self.waits(&place, name, steps.iter().map(|step| step.wait_s));
        }
        for (name, steps) in lists {
            self.add(!steps.is_empty(), || {
                format!("{place}: {name} needs at least one step: the last one repeats")
            });
            for step in steps {
                let staff = unit.staff.iter().find(|staff| staff.id == step.to);
                self.add(staff.is_some(), || {
                    format!("{place}: {name} names staff '{}', who is not in the unit", step.to)
                });
                let reached = staff.is_none_or(|staff| has(&staff.contacts, step.channel));
                self.add(reached, || {
                    format!(
                        "{place}: {name} reaches {} by {}, for which they have no contact",
                        step.to,
                        step.channel.as_str()
                    )
                });
            }
        }
    }

    /// The last step comes again and again, and must not do so at once.
    fn waits(&mut self, place: &str, list: &str, waits: impl DoubleEndedIterator<Item = u32>) {
        let mut waits = waits.rev();
        let sound = waits.next().is_none_or(|last| WAIT_S.contains(&last))
            && waits.all(|wait_s| wait_s == 0 || WAIT_S.contains(&wait_s));
        let (min, max) = (WAIT_S.start(), WAIT_S.end());
        self.add(sound, || {
            format!(
                "{place}: {list}: wait_s is {min} to {max} seconds, or 0 for a step that goes together with the next"
            )
        });
    }

    fn wearer(&mut self, wearer: &Wearer) {
        let place = format!("wearer {}", wearer.id);
        self.name(&place, &wearer.name);
        self.known_unit(&place, &wearer.unit);
        for (i, assignment) in wearer.tags.iter().enumerate() {
            let tag = &assignment.tag;
            let sound = assignment.until.is_none_or(|until| assignment.from < until);
            self.add(sound, || format!("{place}: tag {tag} is removed before it is fitted"));
            let twice = wearer.tags[..i].iter().any(|a| a.tag == *tag && overlap(a, assignment));
            let others = self.rulebook.wearers_with(tag).filter(|other| other.id != wearer.id);
            let taken = others.flat_map(|other| &other.tags).any(|a| a.tag == *tag && overlap(a, assignment));
            self.add(!twice && !taken, || {
                format!(
                    "{place}: tag {tag} is already worn during that time; end the earlier assignment first"
                )
            });
            // A tag's pings are kept, and those that a Companion has in its buffer must not be.
            self.add(!self.rulebook.is_companion(tag), || {
                format!("{place}: {tag} is or was a protected person's companion; fit another tag")
            });
        }
    }

    fn person(&mut self, person: &Person) {
        let place = format!("person {}", person.id);
        self.name(&place, &person.name);
        self.known_unit(&place, &person.unit);
        self.contacts(&place, &person.contacts);
        self.companions(&place, person);
        self.plan(&place, person);
        let rulebook = self.rulebook;
        for case in rulebook.cases_for(&person.id) {
            if let Some(policy) = rulebook.policy(&case.unit, &case.policy) {
                self.reachable(case, policy, person);
            }
        }
    }

    fn plan(&mut self, place: &str, person: &Person) {
        let plan = &person.plan;
        self.distinct(&format!("{place}: nominated"), plan.nominated.iter().map(StaffId::as_str));
        for staff in &plan.nominated {
            let unit = self.rulebook.unit(&person.unit);
            let known = unit.is_some_and(|unit| unit.staff.iter().any(|known| known.id == *staff));
            self.add(known, || {
                format!(
                    "{place}: nominates '{staff}', who is not among the unit's staff; add them there first"
                )
            });
        }
        self.add(plan.shape != AlertShape::AdvocateFirst || !plan.nominated.is_empty(), || {
            format!("{place}: the advocate is told first, and nobody is nominated; nominate them")
        });
        let callable = has(&person.contacts, Channel::Voice);
        self.add(plan.shape != AlertShape::CallOnly || callable, || {
            format!("{place}: is told by call only, and has no contact for voice; add one")
        });
        for text in plan.words.all() {
            self.words(place, person, text);
        }
        let sound = plan.duress_word.as_deref().is_none_or(is_duress_word);
        self.add(sound, || {
            format!(
                "{place}: a duress word has 4 to 24 letters and digits, and none that is an answer already"
            )
        });
    }

    /// Whether somebody's own words may stand on their phone.
    fn words(&mut self, place: &str, person: &Person, text: &str) {
        self.add(text.chars().any(char::is_alphanumeric), || format!("{place}: own words: write some"));
        // With how to answer and the reference, in the longest of the languages.
        let whole = format!("{text} {}", "x".repeat(ANSWER_CHARS_MAX));
        if let Err(why) = discreet::check(&whole) {
            self.found.push(format!("{place}: own words: {why}; choose others"));
        }
        let rulebook = self.rulebook;
        let wearers = rulebook.cases_for(&person.id).filter_map(|case| rulebook.wearer(&case.wearer));
        let names = wearers.map(|wearer| wearer.name.as_str()).chain([person.name.as_str()]);
        if let Err(why) = discreet::names_nobody(text, names) {
            self.found.push(format!("{place}: own words: {why}; choose others"));
        }
    }

    fn companions(&mut self, place: &str, person: &Person) {
        for (i, companion) in person.companions.iter().enumerate() {
            let device = &companion.tag;
            let sound = companion.until.is_none_or(|until| companion.from < until);
            self.add(sound, || format!("{place}: companion {device} ends before it begins"));
            let alone = !person.companions[..i].iter().any(|earlier| overlap(earlier, companion));
            self.add(alone, || {
                format!("{place}: companion {device} begins while another goes on; end the earlier one first")
            });
            let others = self.rulebook.carriers_of(device).filter(|other| other.id != person.id);
            let taken = others
                .flat_map(|other| &other.companions)
                .any(|one| one.tag == *device && overlap(one, companion));
            self.add(!taken, || {
                format!("{place}: companion {device} is another person's during that time; end theirs first")
            });
            let worn = self.rulebook.wearers_with(device).next().is_some();
            self.add(!worn, || {
                format!("{place}: companion {device} is or was a wearer's tag; take another device")
            });
        }
    }

    fn case(&mut self, case: &Case) {
        let place = format!("case {}", case.id);
        self.known_unit(&place, &case.unit);
        let wearer = self.rulebook.wearer(&case.wearer);
        self.add(wearer.is_some_and(|wearer| wearer.unit == case.unit), || {
            format!("{place}: the unit has no wearer '{}'; publish the wearer first", case.wearer)
        });
        self.add(!case.persons.is_empty(), || format!("{place}: protects nobody; name at least one person"));
        self.add(self.rulebook.policy(&case.unit, &case.policy).is_some(), || {
            format!("{place}: the unit has no policy '{}'", case.policy)
        });
        self.add(case.basis.until.is_none_or(|until| case.basis.from < until), || {
            format!("{place}: the basis ends before it begins")
        });
        for id in &case.persons {
            let person = self.rulebook.person(id).filter(|person| person.unit == case.unit);
            self.add(person.is_some(), || {
                format!("{place}: the unit has no person '{id}'; publish the person first")
            });
            let policy = self.rulebook.policy(&case.unit, &case.policy);
            if let (Some(policy), Some(person)) = (policy, person) {
                self.reachable(case, policy, person);
            }
        }
        let area = self.rulebook.unit(&case.unit).map(|unit| unit.area);
        if let Some(area) = area {
            self.zones(&place, &case.zones, &area, Some(&case.id), &case.unit);
        }
        self.proximity_zones(&place, case);
    }

    fn proximity_zones(&mut self, place: &str, case: &Case) {
        for (i, ProximityZone { id, code, person, .. }) in case.proximity_zones.iter().enumerate() {
            let place = format!("{place}: proximity zone {id}");
            self.code(&place, code);
            self.add(case.persons.contains(person), || {
                format!("{place}: the case does not protect '{person}'; name one of its persons")
            });
            let mut earlier = case.proximity_zones[..i].iter().map(|zone| &zone.id);
            let twice = earlier.any(|known| known == id) || case.zones.iter().any(|zone| zone.id == *id);
            self.add(!twice, || format!("{place}: the case has another zone of that id; choose another id"));
            self.free_id(&place, id, Some(&case.id), &case.unit);
        }
    }

    fn code(&mut self, place: &str, code: &str) {
        self.add(is_neutral(code), || {
            format!("{place}: a code is 1 to {CODE_CHARS_MAX} letters, digits, blanks and '-': it is texted")
        });
    }

    /// Whether nobody but `owner`, or the unit itself, has a zone of that id.
    fn free_id(&mut self, place: &str, id: &ZoneId, owner: Option<&CaseId>, unit: &UnitId) {
        let drawn = self.rulebook.bound_zone(id);
        let around = self.rulebook.proximity_zone(id);
        let own = drawn
            .is_none_or(|bound| bound.case.as_ref() == owner && (owner.is_some() || bound.unit == *unit))
            && around.is_none_or(|bound| Some(&bound.case) == owner);
        self.add(own, || format!("{place}: another case or unit has a zone of that id; choose another id"));
    }

    /// Some step of the case's policy must find a contact of the person: a policy that reaches nobody is a missed alert.
    /// What a browser or a pager shows is no more than a courtesy.
    fn reachable(&mut self, case: &Case, policy: &EscalationPolicy, person: &Person) {
        let theirs = policy.protected.iter().filter(|step| !step.nominated).map(|step| step.channel);
        let carries = |channel: &Channel| !matches!(channel, Channel::Push | Channel::Pager);
        let mut ways = theirs.clone().filter(carries);
        self.add(ways.any(|channel| has(&person.contacts, channel)), || {
            let channels: Vec<&str> = theirs.filter(carries).map(Channel::as_str).collect();
            format!(
                "case {}: its policy reaches person {} by {}, for which they have no contact",
                case.id,
                person.id,
                channels.join(" or ")
            )
        });
    }

    fn zones(&mut self, place: &str, zones: &[Zone], area: &Area, owner: Option<&CaseId>, unit: &UnitId) {
        self.distinct(&format!("{place}: zone"), zones.iter().map(|zone| zone.id.as_str()));
        for zone in zones {
            let place = format!("{place}: zone {}", zone.id);
            self.code(&place, &zone.code);
            self.free_id(&place, &zone.id, owner, unit);
            let outside: Vec<LatLon> = corners(&zone.shape.0)
                .into_iter()
                .filter(|p| !area.contains(p.lat_deg(), p.lon_deg()))
                .collect();
            let swapped =
                !outside.is_empty() && outside.iter().all(|p| area.contains(p.lon_deg(), p.lat_deg()));
            self.add(outside.is_empty(), || {
                if swapped {
                    format!("{place}: latitude and longitude are swapped; write the latitude first")
                } else {
                    format!("{place}: lies outside the unit's area; check the coordinates, or widen the area")
                }
            });
        }
    }

    fn contacts(&mut self, place: &str, contacts: &[Contact]) {
        self.distinct(&format!("{place}: contact"), contacts.iter().map(|contact| contact.channel.as_str()));
        for contact in contacts {
            let address = contact.address.as_str();
            let wrong = match contact.channel {
                Channel::SecondSms => Some("second_sms goes to the number of sms; give that alone"),
                Channel::Sms | Channel::Voice => (!is_e164(address)).then_some(NUMBER),
                Channel::Webhook => {
                    (!is_private_url(address) || address.len() > URL_BYTES_MAX).then_some(URL)
                }
                Channel::Pager => (!is_topic(address)).then_some(TOPIC),
                Channel::Push => (!is_subscription(address)).then_some(SUBSCRIPTION),
            };
            self.add(wrong.is_none(), || format!("{place}: {}", wrong.unwrap_or_default()));
        }
    }

    fn known_unit(&mut self, place: &str, unit: &UnitId) {
        let known = self.rulebook.unit(unit).is_some();
        self.add(known, || format!("{place}: there is no unit '{unit}'; publish the unit first"));
    }

    fn name(&mut self, place: &str, name: &str) {
        let length = name.chars().count();
        let sound = (1..=NAME_CHARS_MAX).contains(&length) && !name.chars().any(char::is_control);
        self.add(sound, || format!("{place}: a name has 1 to {NAME_CHARS_MAX} printable characters"));
    }

    fn distinct<'t>(&mut self, place: &str, names: impl Iterator<Item = &'t str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            self.add(seen.insert(name), || format!("{place} '{name}' stands there twice"));
        }
    }
}

/// Two of them go on at the same time.
fn overlap(one: &Assignment, other: &Assignment) -> bool {
    let begins_within = |a: &Assignment, b: &Assignment| a.until.is_none_or(|until| b.from < until);
    begins_within(one, other) && begins_within(other, one)
}

fn has(contacts: &[Contact], channel: Channel) -> bool {
    contacts.iter().any(|contact| contact.channel == channel.address())
}

/// Fit to be remembered and written in fear, and not to be sent by accident.
fn is_duress_word(word: &str) -> bool {
    let taken = ["help", "safe", "stop", "start", "call", "call me"];
    (4..=24).contains(&word.chars().count())
        && word.chars().all(char::is_alphanumeric)
        && !taken.contains(&word.to_lowercase().as_str())
}

/// An ntfy topic: its name is all that keeps it from strangers.
fn is_topic(text: &str) -> bool {
    let fits = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    (16..=64).contains(&text.len()) && text.bytes().all(fits)
}

/// A browser's subscription as it gives it away (`PushSubscription.toJSON()`), with a private endpoint.
fn is_subscription(text: &str) -> bool {
    Subscription::read(text).is_some_and(|subscription| is_private_url(&subscription.endpoint))
        && text.len() <= SUBSCRIPTION_BYTES_MAX
}

/// Fit to be texted and spoken.
fn is_neutral(code: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-';
    (1..=CODE_CHARS_MAX).contains(&code.len()) && code.chars().all(fits)
}

/// Encrypted, or on this machine: a card that crosses a network in the clear betrays whom it is about.
fn is_private_url(url: &str) -> bool {
    let host = |rest: &str| rest.split(['/', '?', '#']).next().is_some_and(|host| !host.is_empty());
    let here = |rest: &str| {
        let hosts = ["127.0.0.1", "localhost", "[::1]"];
        hosts.iter().any(|here| {
            rest.strip_prefix(here).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        })
    };
    url.strip_prefix("https://").is_some_and(host) || url.strip_prefix("http://").is_some_and(here)
}

fn corners(shape: &Shape) -> Vec<LatLon> {
    match shape {
        Shape::Circle(circle) => vec![circle.centre()],
        Shape::Polygon(polygon) => polygon.rings().iter().flatten().copied().collect(),
    }
}
