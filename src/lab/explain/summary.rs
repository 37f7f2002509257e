//! An incident in short: what happened, when, who was told, and how it ended, each in a sentence or two.

use super::{Explanation, gather::Area, proof, told, when::Days, words};
use crate::domain::{
    Cause, Happening, Incident, IncidentKind, Outcome, Recipient, StaffId, Timestamp,
    words::{kind, meaning, outcome, reason, span},
};

/// Stays named one by one.
const NAMED_MAX: usize = 6;

/// A question and its answer.
pub(super) struct Point {
    pub(super) asks: &'static str,
    pub(super) says: Vec<String>,
}

/// As it was raised: really at, known at, as what.
struct Raised {
    really: Timestamp,
    known: Timestamp,
    kind: IncidentKind,
}

/// "Incident 7: Violation, zone ROSE".
pub(super) fn title(of: &Explanation) -> String {
    let incident = &of.incident;
    let about = match (&of.gathered.area, &incident.cause) {
        (Some(area), _) => format!(", zone {}", area.code()),
        (None, Cause::Zone(zone)) => format!(", zone {zone}"),
        (None, cause) => words::cause(cause).map_or_else(String::new, |cause| format!(", {cause}")),
    };
    format!("Incident {}: {}{about}", incident.id, kind(incident.kind))
}

pub(super) fn points(of: &Explanation, days: &Days) -> Vec<Point> {
    let mut told = told::in_short(of, days);
    if told.is_empty() {
        told.push("Nobody.".into());
    }
    let point = |asks, says: String| Point { asks, says: vec![says] };
    vec![
        point("What happened", what_happened(of)),
        point("When it began", began(of, days)),
        point("When Cordon knew", knew(of, days)),
        Point { asks: "Who was told", says: told },
        point("What staff did", staff(&of.incident, of, days)),
        point("How it ended", ended(of, days)),
        point("What proves it", proof::in_short(of)),
    ]
}

fn what_happened(of: &Explanation) -> String {
    let incident = &of.incident;
    let who = words::subject(&incident.subject);
    let Cause::Zone(_) = incident.cause else {
        return format!("{} This is about {who}.", meaning(incident.kind));
    };
    let zone = of.gathered.area.as_ref().map_or_else(String::new, |area| format!(" {}", area.code()));
    let proven = incident.episodes.iter().filter(|stay| !stay.disproved).count();
    let disproved = incident.episodes.len() - proven;
    let mut says = match (incident.kind, proven) {
        (IncidentKind::Violation, 0) => {
            format!(
                "Cordon concluded that {who} was inside the exclusion zone{zone}, and later positions no longer prove it."
            )
        }
        (IncidentKind::Violation, 1) => {
            format!("Cordon concluded that {who} was inside the exclusion zone{zone}.")
        }
        (IncidentKind::Violation, 2) => {
            format!("Cordon concluded that {who} was inside the exclusion zone{zone} twice.")
        }
        (IncidentKind::Violation, times) => {
            format!("Cordon concluded that {who} was inside the exclusion zone{zone} {times} times.")
        }
        _ => format!(
            "Cordon concluded that {who} was probably in the warning zone around the exclusion zone{zone}, and not inside of it."
        ),
    };
    if matches!(of.gathered.area, Some(Area::Around(_))) {
        says.push_str(" The zone goes with a protected person, wherever they are.");
    }
    if disproved > 0 && proven > 0 {
        says.push_str(&format!(" Later positions no longer prove {disproved} other."));
    }
    says.push_str(
        " That is what the tag's positions say; whether an order was broken is for others to find.",
    );
    says
}

fn began(of: &Explanation, days: &Days) -> String {
    let stays: Vec<String> = of
        .incident
        .episodes
        .iter()
        .map(|stay| {
            let disproved = if stay.disproved { " (no longer proven)" } else { "" };
            format!("{}{disproved}", days.at(stay.from))
        })
        .collect();
    if stays.is_empty() {
        let first = raised(of).first().map_or(of.incident.raised_at, |raised| raised.really);
        return format!("On {} at {} (UTC).", days.day(), days.at(first));
    }
    let rest = stays.len().saturating_sub(NAMED_MAX);
    let more = if rest > 0 { format!(" and {rest} more times") } else { String::new() };
    let named: Vec<String> = stays.into_iter().take(NAMED_MAX).collect();
    format!("By the positions' own time, on {} at {}{more} (UTC).", days.day(), named.join(", and again at "))
}

fn knew(of: &Explanation, days: &Days) -> String {
    let all = raised(of);
    let of_kind: Vec<&Raised> = all.iter().filter(|raised| raised.kind == of.incident.kind).collect();
    let mut says: Vec<String> = of_kind
        .iter()
        .take(NAMED_MAX)
        .map(|raised| {
            let later = raised.known.s_since(raised.really);
            let later = if later < 1.0 { "at once".into() } else { format!("{} later", span(later)) };
            format!("at {}, {later}", days.at(raised.known))
        })
        .collect();
    if of_kind.len() > NAMED_MAX {
        says.push(format!("and {} more times", of_kind.len() - NAMED_MAX));
    }
    let mut text = sentence(&says.join("; again "));
    let near = all.iter().find(|raised| raised.kind == IncidentKind::Approach);
    if let Some(near) = near.filter(|near| near.kind != of.incident.kind) {
        text.push_str(&format!(" It had seen the wearer come near at {}.", days.at(near.known)));
    }
    if of.incident.late {
        text.push_str(
            " The positions came late: a tag without a network keeps them and sends them when it can.",
        );
    }
    text
}

fn raised(of: &Explanation) -> Vec<Raised> {
    let raised = of.gathered.story.iter().filter_map(|line| match line.what {
        Happening::Raised { kind, true_time, .. } => Some(Raised { really: true_time, known: line.at, kind }),
        _ => None,
    });
    raised.collect()
}

fn staff(incident: &Incident, of: &Explanation, days: &Days) -> String {
    let does = |by: &StaffId, what: &str, at| format!("staff {by} {what} at {}", days.at(at));
    let did: Vec<String> = of
        .gathered
        .story
        .iter()
        .filter_map(|line| match &line.what {
            Happening::Owned { by } => Some(does(by, "took it", line.at)),
            Happening::HandedOver { from, to } => {
                Some(does(to, &format!("took it over from staff {from}"), line.at))
            }
            Happening::Acted { by } => Some(does(by, "acted on it", line.at)),
            Happening::Sent { by, responder } => Some(does(by, &format!("sent staff {responder}"), line.at)),
            Happening::Attends { responder, stage } => {
                Some(does(responder, &format!("said \u{201c}{}\u{201d}", words::attending(*stage)), line.at))
            }
            Happening::NoAnswer { responder } => Some(format!(
                "at {} it went back to the queue, since staff {responder} had not answered",
                days.at(line.at)
            )),
            Happening::Shelved { by, .. } => Some(does(by, "put it aside", line.at)),
            Happening::Unshelved => Some(format!("at {} it went back to the queue", days.at(line.at))),
            Happening::BackToQueue => Some(format!(
                "at {} it went back to the queue, since its owner had done nothing for three minutes",
                days.at(line.at)
            )),
            _ => None,
        })
        .collect();
    match did.len() {
        0 if incident.is_open() => "Nobody has taken it.".into(),
        0 => "Nobody took it before it was closed.".into(),
        count if count > NAMED_MAX => {
            format!(
                "{} The list below has {} more entries.",
                sentence(&did[..NAMED_MAX].join("; ")),
                count - NAMED_MAX
            )
        }
        _ => sentence(&did.join("; ")),
    }
}

fn ended(of: &Explanation, days: &Days) -> String {
    let last = |is: fn(&Happening) -> bool| of.gathered.story.iter().rev().find(|line| is(&line.what));
    let over = last(|what| matches!(what, Happening::Over { .. }));
    let mut says = match over.map(|line| (line.at, &line.what)) {
        Some((at, Happening::Over { reason: why })) if !of.incident.ongoing => {
            format!("The situation was over at {}. {}", days.at(at), reason(why))
        }
        _ if of.incident.ongoing => "The situation still lasts, as far as Cordon knows.".into(),
        _ => "It was over already when it was found.".into(),
    };
    let closed = last(|what| matches!(what, Happening::Closed { .. }));
    says.push_str(&match closed.map(|line| (line.at, &line.what)) {
        Some((at, Happening::Closed { by, outcome })) => format!(" {}", closing(by, at, *outcome, days)),
        _ => " Nobody has closed the incident.".into(),
    });
    says
}

pub(super) fn closing(by: &StaffId, at: Timestamp, as_what: Outcome, days: &Days) -> String {
    let (name, hint) = outcome(as_what);
    format!("Staff {by} closed it at {} as \u{201c}{name}\u{201d}: {}", days.at(at), lower(hint))
}

/// With a capital letter and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| format!("{}{}", first.to_lowercase(), chars.as_str()))
}

impl Area {
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Drawn(zone) => &zone.code,
            Self::Around(zone) => &zone.code,
        }
    }
}

/// Whether a recipient is a protected person.
pub(super) fn is_person(recipient: &Recipient) -> bool {
    matches!(recipient, Recipient::Person(_))
}
