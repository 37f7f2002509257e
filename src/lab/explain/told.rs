//! Who was told, what came back, and what people did.

use std::collections::BTreeMap;

use super::{
    Explanation, Told,
    summary::{closing, is_person, sentence},
    when::Days,
    words,
};
use crate::{
    domain::{
        AlertState, Channel, Happening, Recipient, Timestamp,
        words::{alert_state, channel, kind, reason},
    },
    store::Attempt,
};

/// Alerts listed for each recipient.
const ALERTS_MAX: usize = 12;

/// A recipient and their alerts.
pub(super) struct Recipients {
    pub(super) who: String,
    pub(super) alerts: Vec<AlertLine>,
    /// More alerts than are listed.
    pub(super) left_out: usize,
}

/// One alert.
pub(super) struct AlertLine {
    pub(super) reference: u16,
    pub(super) channel: &'static str,
    pub(super) raised: String,
    pub(super) tries: Vec<String>,
    pub(super) states: Vec<String>,
}

/// A line of the incident's story.
pub(super) struct Did {
    pub(super) no: i64,
    pub(super) at: String,
    pub(super) what: String,
    pub(super) detail: String,
}

/// Each recipient in a sentence, protected persons first.
pub(super) fn in_short(of: &Explanation, days: &Days) -> Vec<String> {
    by_recipient(of)
        .into_iter()
        .map(|(recipient, alerts)| one_in_short(of, days, recipient, &alerts))
        .collect()
}

fn one_in_short(of: &Explanation, days: &Days, recipient: &Recipient, alerts: &[&Told]) -> String {
    let first = alerts[0];
    let count = match alerts.len() {
        1 => String::new(),
        count => format!(" ({count} alerts in all)"),
    };
    let mut says = vec![format!(
        "{} by {} at {}{count}",
        words::recipient(recipient),
        channel(first.alert.channel).to_lowercase(),
        days.at(first.alert.raised_at),
    )];
    let state = |is: fn(&AlertState) -> bool| {
        of.gathered.story.iter().find(|line| match &line.what {
            Happening::Alert { recipient: to, state, .. } => to == recipient && is(state),
            _ => false,
        })
    };
    match (state(AlertState::is_there), state(|s| *s == AlertState::Accepted)) {
        (Some(line), _) => says.push(format!("it reached them at {}", days.at(line.at))),
        (None, Some(line)) => says.push(format!(
            "the provider took it at {}, and nothing says that it reached them",
            days.at(line.at)
        )),
        (None, None) => says.push("no provider took it".into()),
    }
    let answers = of.gathered.story.iter().filter_map(|line| match &line.what {
        Happening::Answered { person, answer } if *recipient == Recipient::Person(person.clone()) => {
            Some(format!("they answered at {}: {}", days.at(line.at), words::answer(answer, of.own_words)))
        }
        _ => None,
    });
    let before = says.len();
    says.extend(answers.take(3));
    if is_person(recipient) && says.len() == before {
        says.push("they did not answer".into());
    }
    sentence(&says.join("; "))
}

pub(super) fn recipients(of: &Explanation, days: &Days) -> Vec<Recipients> {
    let listed = by_recipient(of).into_iter().map(|(recipient, alerts)| Recipients {
        who: sentence(&words::recipient(recipient)).trim_end_matches('.').into(),
        left_out: alerts.len().saturating_sub(ALERTS_MAX),
        alerts: alerts.into_iter().take(ALERTS_MAX).map(|told| alert_line(of, told, days)).collect(),
    });
    listed.collect()
}

fn by_recipient(of: &Explanation) -> BTreeMap<&Recipient, Vec<&Told>> {
    let mut by: BTreeMap<&Recipient, Vec<&Told>> = BTreeMap::new();
    for told in &of.told {
        by.entry(&told.alert.recipient).or_default().push(told);
    }
    by
}

fn alert_line(of: &Explanation, told: &Told, days: &Days) -> AlertLine {
    let states = of.gathered.story.iter().filter_map(|line| match &line.what {
        Happening::Alert { alert, state, .. } if *alert == told.alert.id && *state != AlertState::Waiting => {
            Some(format!("{} {}", days.at(line.at), state_words(told.alert.channel, state)))
        }
        _ => None,
    });
    AlertLine {
        reference: told.alert.reference(),
        channel: channel(told.alert.channel),
        raised: days.at(told.alert.raised_at),
        tries: told.attempts.iter().map(|attempt| attempt_words(attempt, days)).collect(),
        states: states.collect(),
    }
}

/// What a state means to whoever does not know the words.
fn state_words(by: Channel, state: &AlertState) -> String {
    match state {
        AlertState::Accepted => "accepted by the provider (not the same as read)".into(),
        AlertState::Delivered if by == Channel::Voice => "rang, says the provider".into(),
        AlertState::Delivered => "delivered to the phone, says the provider (not the same as read)".into(),
        AlertState::PickedUp => "picked up, says the provider (a mailbox does so, too)".into(),
        AlertState::Acknowledged => "done its work: a person answered or acted".into(),
        AlertState::Withdrawn => "withdrawn: no longer needed".into(),
        AlertState::Expired(reason) if reason == "repeated" => "given up for newer alerts".into(),
        other => alert_state(by, other),
    }
}

fn attempt_words(attempt: &Attempt, days: &Days) -> String {
    let reason = if attempt.reason.is_empty() {
        String::new()
    } else {
        format!(" ({})", attempt.reason.replace('_', " "))
    };
    let result = match attempt.result.as_str() {
        "retry" => "failed, to be tried again",
        other => other,
    };
    format!("{} try {}: {result}{reason} after {} ms", days.at(attempt.at), attempt.nth, attempt.took_ms)
}

/// The incident's story without what became of each alert.
pub(super) fn story(of: &Explanation, days: &Days) -> Vec<Did> {
    let lines = of.gathered.story.iter().filter_map(|line| {
        let (what, detail) = happening(&line.what, days, line.at, of.own_words)?;
        Some(Did { no: line.no, at: days.at(line.at), what, detail })
    });
    lines.collect()
}

fn happening(what: &Happening, days: &Days, at: Timestamp, own_words: bool) -> Option<(String, String)> {
    let bare = |text: String| Some((text, String::new()));
    match what {
        Happening::Raised { kind: as_kind, true_time, reason: why } => {
            Some((format!("Raised as {}, true since {}", kind(*as_kind), days.at(*true_time)), reason(why)))
        }
        Happening::Over { reason: why } => Some(("The situation was over".into(), reason(why))),
        Happening::Disproved { from } => {
            bare(format!("Later positions no longer prove the stay of {}", days.at(*from)))
        }
        Happening::Alert { recipient, channel: by, state: AlertState::Waiting, .. } => {
            bare(format!("{} to {}", channel(*by), words::recipient(recipient)))
        }
        Happening::Alert { .. } => None,
        Happening::Answered { person, answer } => {
            bare(format!("Protected person {person} answered: {}", words::answer(answer, own_words)))
        }
        Happening::Unreached { person } => {
            bare(format!("No channel reached protected person {person}: staff were told to call them"))
        }
        Happening::Owned { by } => bare(format!("Staff {by} took it")),
        Happening::HandedOver { from, to } => bare(format!("Staff {to} took it over from staff {from}")),
        Happening::BackToQueue => bare("Back to the queue: its owner did nothing for three minutes".into()),
        Happening::Acted { by } => bare(format!("Staff {by} acted on it")),
        Happening::Sent { by, responder } => bare(format!("Staff {by} sent staff {responder}")),
        Happening::Attends { responder, stage } => {
            bare(format!("Staff {responder}: {}", words::attending(*stage)))
        }
        Happening::NoAnswer { responder } => {
            bare(format!("Back to the queue: staff {responder}, who was sent, did not answer in time"))
        }
        Happening::Shelved { by, until, reason } => Some((
            format!("Staff {by} put it aside until {}", days.at(*until)),
            if own_words { reason.clone() } else { String::new() },
        )),
        Happening::Unshelved => bare("Back to the queue: it had been put aside for so long".into()),
        Happening::Noted { by, text } if own_words => {
            Some((format!("Staff {by} wrote a note"), text.clone()))
        }
        Happening::Noted { by, text } => {
            bare(format!("Staff {by} wrote a note of {} characters, not shown here", text.chars().count()))
        }
        Happening::Closed { by, outcome } => bare(closing(by, at, *outcome, days)),
    }
}
