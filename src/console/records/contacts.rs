//! Addresses by which people are reached. Those that somebody writes stand in a form; a browser's subscription is what an
//! enrolled device gave away, and is kept as it is.

use super::{
    Of,
    read::Reader,
    sheet::{Choice, Control, Field},
    values::Values,
};
use crate::domain::{Channel, Contact};

/// The channels whose addresses people write: each with its name and what an address of it is like.
pub(super) const WRITTEN: [(Channel, &str); 4] = [
    (Channel::Sms, "Text message"),
    (Channel::Voice, "Phone call"),
    (Channel::Pager, "Pager"),
    (Channel::Webhook, "Control room's address"),
];
const NO_PROVIDER: &str = "This installation has no provider for it. Choose another way.";

pub(super) fn is_written(channel: Channel) -> bool {
    WRITTEN.iter().any(|(written, _)| *written == channel)
}

/// Those that no form shows.
pub(super) fn kept(base: &[Contact]) -> impl Iterator<Item = Contact> + '_ {
    base.iter().filter(|contact| !is_written(contact.channel)).cloned()
}

pub(super) fn has_device(contacts: &[Contact]) -> bool {
    contacts.iter().any(|contact| contact.channel == Channel::Push)
}

/// By which ways, without a number or an address.
pub(super) fn ways(contacts: &[Contact]) -> String {
    let word = |contact: &Contact| match contact.channel {
        Channel::Push => "Enrolled device",
        Channel::Loopback | Channel::SecondSms => "",
        written => WRITTEN.iter().find(|(channel, _)| *channel == written).map_or("", |(_, word)| word),
    };
    contacts.iter().map(word).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The ways and numbers by which somebody is spoken to: no device's, and no supplier's second one.
pub(super) fn numbers(contacts: &[Contact]) -> Vec<(String, String)> {
    let line = |contact: &Contact| {
        let (_, word) = WRITTEN.iter().find(|(channel, _)| *channel == contact.channel)?;
        Some(((*word).into(), contact.address.clone()))
    };
    contacts.iter().filter_map(line).collect()
}

pub(super) fn write_row(values: &mut Values, row: &str, contact: &Contact) {
    values.put(format!("{row}.channel"), contact.channel.as_str());
    values.put(format!("{row}.address"), &contact.address);
}

pub(super) fn row_fields(of: &Of<'_>, row: &str) -> Vec<Field> {
    let choice = |(channel, word): (Channel, &str)| {
        let lacks = if of.channels.contains(&channel) { "" } else { " (no provider here)" };
        Choice::new(channel.as_str(), format!("{word}{lacks}"))
    };
    let ways = [Choice::new("", "Choose")].into_iter().chain(WRITTEN.map(choice)).collect();
    vec![
        Field::new(format!("{row}.channel"), "How", Control::Choice(ways)),
        Field::new(format!("{row}.address"), "Number or address", Control::Line(500)),
    ]
}

/// A row of contacts; `base`: those of the record in force.
pub(super) fn row(of: &Of<'_>, reader: &mut Reader<'_>, row: &str, base: &[Contact]) -> Option<Contact> {
    let at = format!("{row}.channel");
    let known = |text: &str| WRITTEN.iter().find(|(channel, _)| channel.as_str() == text).map(|(it, _)| *it);
    let channel = reader.chosen(&at, known, "Choose how.");
    let address = reader.text(&format!("{row}.address"), "Write the number or address.");
    let channel = channel.filter(|channel| is_carried(of, reader, &at, *channel, base))?;
    Some(Contact { channel, address })
}

/// Whether a channel has a provider. What a record in force has already is not held against whoever changes something else.
pub(super) fn is_carried(
    of: &Of<'_>,
    reader: &mut Reader<'_>,
    at: &str,
    channel: Channel,
    base: &[Contact],
) -> bool {
    let carried = of.channels.contains(&channel) || base.iter().any(|contact| contact.channel == channel);
    if !carried {
        reader.wrong.add(at, NO_PROVIDER);
    }
    carried
}
