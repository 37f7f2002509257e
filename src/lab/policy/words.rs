//! A report as a person reads it.

use std::fmt::{self, Write};

use super::{Finding, Grade, List, Of, Report, Spans, What};
use crate::domain::{Channel, LocalTime, PolicyId, StaffId, Timestamp};

/// Cases that are named one by one.
const CASES_MAX: usize = 5;
const DAY_MS: i64 = 24 * 3_600_000;

impl Report {
    /// One sentence: whether every alert ends at somebody.
    #[must_use]
    pub fn headline(&self) -> String {
        let days = many(usize::try_from(self.until.ms_since(self.from) / DAY_MS).unwrap_or(0), "day");
        let (units, cases) = (many(self.units, "unit"), many(self.cases, "case"));
        match self.count(Grade::Hole) {
            0 => format!(
                "{units}, {cases}: every alert ends at a person who can be reached, at every hour of {days}."
            ),
            holes => format!("{units}, {cases}: {} in {days}.", many(holes, "hole")),
        }
    }

    /// For a person at a terminal: a line for each cause, the gravest first.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = self.write(&mut text);
        text.trim_end().to_owned()
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "{}", self.headline())?;
        for (unit, clock) in &self.clocks {
            let mut findings = self.findings.iter().filter(|finding| finding.unit == *unit).peekable();
            if findings.peek().is_some() {
                let day = |at| clock.format(at, "%-d %B %Y");
                let (from, until) = (day(self.from), day(self.until));
                writeln!(out, "\nUnit {unit}, {from} to {until} (times: {})", clock.name())?;
            }
            for finding in findings {
                writeln!(out, "  {}", self.line(finding, clock))?;
            }
        }
        Ok(())
    }

    /// `hole     rota officers: ...; add a shift: from Sat 7 Mar 20:00 until Sun 8 Mar 08:00 (case c-1)`.
    fn line(&self, finding: &Finding, clock: &LocalTime) -> String {
        let grade = match finding.grade {
            Grade::Hole => "hole",
            Grade::Warning => "warning",
            Grade::Note => "note",
        };
        let when = self.when(&finding.when, clock);
        format!("{grade:<9}{}: {when} ({})", finding.says, concerns(finding))
    }

    fn when(&self, spans: &Spans, clock: &LocalTime) -> String {
        let time = |at: Timestamp| clock.format(at, "%a %-d %b %H:%M");
        match spans.as_slice() {
            [(from, until)] if (*from, *until) == (self.from, self.until) => "at every hour".into(),
            [(from, until)] if *until == self.until => format!("from {} on", time(*from)),
            [(from, until)] => format!("from {} until {}", time(*from), time(*until)),
            [(from, until), others @ .., (_, end)] => {
                let more = many(others.len() + 1, "more time");
                format!("from {} until {}, and {more} until {}", time(*from), time(*until), time(*end))
            }
            [] => "never".into(),
        }
    }
}

/// `cases c-1, c-2 and 998 more, and incidents of no case`.
fn concerns(finding: &Finding) -> String {
    let case = |of: &Of| match of {
        Of::NoCase => None,
        Of::Case(case) => Some(case.to_string()),
        Of::Person(case, _) if finding.of.contains(&Of::Case(case.clone())) => None,
        Of::Person(case, person) => Some(format!("{case} for {person}")),
    };
    let cases: Vec<String> = finding.of.iter().filter_map(case).collect();
    let mut parts = Vec::new();
    if let Some(left) = cases.len().checked_sub(CASES_MAX).filter(|left| *left > 0) {
        parts.push(format!("cases {} and {left} more", cases[..CASES_MAX].join(", ")));
    } else if !cases.is_empty() {
        parts.push(format!("{} {}", if cases.len() == 1 { "case" } else { "cases" }, cases.join(", ")));
    }
    if finding.of.contains(&Of::NoCase) {
        parts.push("incidents of no case".into());
    }
    parts.join(", and ")
}

/// What is wrong, and what to do about it.
impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody { policy, list, unprovided } => {
                let what = nobody(*list);
                let (place, remedy) = (place(policy, *list, None), end_with(*list));
                match unprovided.as_slice() {
                    [] => write!(f, "{place}: {what}; {remedy}"),
                    none => write!(
                        f,
                        "{place}: {what}, for {} {} no provider; configure one, or add a step by another channel",
                        channels(none),
                        if none.len() == 1 { "has" } else { "have" }
                    ),
                }
            }
            Self::Late { policy, list, step, after_s } => {
                let whose = if *list == List::Protected { "their own phone" } else { "the first phone" };
                write!(
                    f,
                    "{}: {whose} rings after {after_s} s, and within 60 s is promised; shorten the waits before it",
                    place(policy, *list, *step)
                )
            }
            Self::LastStep { policy, list, step, channels: by } => write!(
                f,
                "{}: what repeats goes by {} alone, and {}; {}",
                place(policy, *list, *step),
                channels(by),
                nobody(*list),
                end_with(*list)
            ),
            Self::NoContact { policy, list, step, staff, channel, instead } => write!(
                f,
                "{}: {staff} has no contact for {} and is told by {} instead; add one, or change the step",
                place(policy, *list, Some(*step)),
                channel.as_str(),
                instead.as_str()
            ),
            Self::NominatedOff { staff } => {
                let is = if staff.len() == 1 { "is" } else { "are all" };
                write!(
                    f,
                    "{} {is} named to be told and off duty; let them name a rota, or somebody who is always there",
                    staff.iter().map(StaffId::as_str).collect::<Vec<_>>().join(" and ")
                )
            }
            Self::StandInOff { rota, staff } => write!(
                f,
                "rota {rota}: nobody is on duty, and {staff}, who stands in, is off duty, too; add a shift, or let somebody \
                 stand in who is always there"
            ),
            Self::NobodyOnDuty { rota, stand_in } => {
                write!(
                    f,
                    "rota {rota}: nobody is on duty, and {stand_in} stands in; add a shift if that is not meant"
                )
            }
            Self::OffDuty { policy, list, step, staff } => write!(
                f,
                "{}: {staff}, named there, works shifts and is off duty; name their rota",
                place(policy, *list, Some(*step))
            ),
            Self::NoProvider { channel } => {
                write!(
                    f,
                    "{} has no provider, and steps by it are passed over; configure one",
                    channel.as_str()
                )
            }
            Self::OnePhone { policy, list: List::Protected } => write!(
                f,
                "{}: everything goes to one phone of theirs; add a number, or let them name somebody",
                place(policy, List::Protected, None)
            ),
            Self::OnePhone { policy, list } => {
                write!(
                    f,
                    "{}: everything goes to one phone; add a step to another",
                    place(policy, *list, None)
                )
            }
            Self::NobodyNominated { policy } => write!(
                f,
                "policy {policy} tells those whom the protected person has named, and they have named nobody; ask them"
            ),
            Self::SharedNumber { person, staff } => write!(
                f,
                "person {person} and {staff} have one phone number, and an answer from it counts as the person's; give each \
                 their own"
            ),
            Self::NoticesUnheard { policy, channels: by } => {
                write!(
                    f,
                    "policy {policy}, protected: that protection is weak, and all clear, come to no phone of theirs"
                )?;
                if !by.is_empty() {
                    write!(f, ", by {} alone", channels(by))?;
                }
                write!(
                    f,
                    "; staff have to call them each time: add a step by sms, with a contact and a provider"
                )
            }
            Self::NoSender { sender, channels: on } => write!(
                f,
                "sender {sender} is not known on {}, and the usual sender is shown instead; add it to the configuration",
                channels(on)
            ),
            Self::BasisEnds { case } => {
                write!(
                    f,
                    "case {case}: its basis ends, and nobody is watched from then on; see that the team knows"
                )
            }
        }
    }
}

fn place(policy: &PolicyId, list: List, step: Option<usize>) -> String {
    let step = step.map(|step| format!(" step {step}")).unwrap_or_default();
    format!("policy {policy}, {}{step}", list.as_str())
}

fn nobody(list: List) -> &'static str {
    match list {
        List::Protected => "no phone of theirs rings",
        List::Danger => "nobody's phone rings",
        List::Device | List::Upkeep => "it comes to no phone and no desk",
    }
}

fn end_with(list: List) -> &'static str {
    match list.is_danger() {
        true => "end with a step by sms or voice",
        false => "end with a step by sms, voice or webhook",
    }
}

fn channels(channels: &[Channel]) -> String {
    channels.iter().map(|channel| channel.as_str()).collect::<Vec<_>>().join(" and ")
}

fn many(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
