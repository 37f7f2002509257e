//! Whether every channel by which a book reaches people has a provider.

use std::collections::BTreeSet;

use super::rulebook_check::Problem;
use crate::domain::{AlertShape, Book, Channel, EscalationPolicy, Unit};

/// What of a book relies on a channel that none of `channels` is.
#[must_use]
pub fn not_carried(book: &Book, channels: &BTreeSet<Channel>) -> Vec<Problem> {
    match book {
        Book::Unit(unit) => of_unit(unit, channels),
        Book::Person(person)
            if person.plan.shape == AlertShape::CallOnly && !channels.contains(&Channel::Voice) =>
        {
            let says = no_provider(&format!("person {}", person.id), Channel::Voice);
            vec![Problem { at: "plan.shape".into(), says }]
        }
        Book::Person(_) | Book::Wearer(_) | Book::Case(_) => Vec::new(),
    }
}

fn of_unit(unit: &Unit, channels: &BTreeSet<Channel>) -> Vec<Problem> {
    let of = |(i, policy): (usize, &EscalationPolicy)| {
        let missing = used(policy).into_iter().filter(|channel| !channels.contains(channel));
        let place = format!("unit {}: policy {}", unit.id, policy.id);
        missing
            .map(|channel| Problem { at: format!("policy.{i}"), says: no_provider(&place, channel) })
            .collect::<Vec<_>>()
    };
    unit.policies.iter().enumerate().flat_map(of).collect()
}

fn used(policy: &EscalationPolicy) -> BTreeSet<Channel> {
    let staff = [&policy.danger, &policy.device, &policy.upkeep].into_iter().flatten();
    // What a browser shows is a courtesy: without a provider nobody has one that does, and the step is passed over.
    let own = policy.protected.iter().map(|step| step.channel).filter(|channel| *channel != Channel::Push);
    own.chain(staff.map(|step| step.channel)).collect()
}

fn no_provider(place: &str, channel: Channel) -> String {
    let name = channel.as_str();
    format!(
        "{place}: people are reached by {name}, and the configuration has no provider for it; add [{name}], or choose \
         another channel"
    )
}
