//! The staff of a unit, in its form: a row for each, with a field for each way by which they are reached.

use super::{
    Of, contacts,
    read::Reader,
    sheet::{Control, Field, Section},
    values::Values,
};
use crate::domain::{Channel, Contact, Staff, StaffId, Unit};

const WAYS: [(Channel, &str); 4] = [
    (Channel::Sms, "Number for texts"),
    (Channel::Voice, "Number for calls"),
    (Channel::Pager, "Pager's topic"),
    (Channel::Webhook, "Control room's address"),
];
const HINT: &str = "People and desks who answer alerts. An id is small letters, digits and '-', and never changes. A number is \
                    written like +447700900123, a control room's address begins with https. To take somebody out, wipe out \
                    their line.";

pub(super) fn write(values: &mut Values, unit: &Unit) {
    for (n, staff) in unit.staff.iter().enumerate() {
        values.put(format!("staff.{n}.id"), staff.id.as_str());
        values.put(format!("staff.{n}.name"), &staff.name);
        for contact in staff.contacts.iter().filter(|contact| contacts::is_written(contact.channel)) {
            values.put(format!("staff.{n}.{}", contact.channel.as_str()), &contact.address);
        }
    }
}

/// `base`: the unit in force.
pub(super) fn sheet(of: &Of<'_>, values: &Values, base: Option<&Unit>) -> Section {
    let enrolled: Vec<&str> = base
        .into_iter()
        .flat_map(|unit| &unit.staff)
        .filter(|staff| contacts::has_device(&staff.contacts))
        .map(|staff| staff.name.as_str())
        .collect();
    let devices = if enrolled.is_empty() {
        String::new()
    } else {
        format!(" A device is enrolled of: {}. It stays, for as long as the id does.", enrolled.join(", "))
    };
    let fields = |row: &str| {
        let mut fields =
            vec![Field::line(format!("{row}.id"), "Id"), Field::line(format!("{row}.name"), "Name")];
        fields.extend(WAYS.iter().map(|(channel, label)| {
            let lacks = !of.channels.contains(channel);
            let hint = if lacks { "No provider here." } else { "" };
            Field::new(format!("{row}.{}", channel.as_str()), label, Control::Line(500)).hint(hint)
        }));
        fields
    };
    Section::list("Staff", "staff", "member of staff", values, fields).hint(format!("{HINT}{devices}"))
}

pub(super) fn read(of: &Of<'_>, reader: &mut Reader<'_>, base: Option<&Unit>) -> Vec<Staff> {
    reader.rows("staff", |reader, row| {
        let id: Option<StaffId> = reader.parsed(&format!("{row}.id"), "Give them an id.");
        let name = reader.text(&format!("{row}.name"), "Write their name.");
        let before =
            base.into_iter().flat_map(|unit| &unit.staff).find(|staff| Some(&staff.id) == id.as_ref());
        let before = before.map(|staff| staff.contacts.as_slice()).unwrap_or_default();
        let mut contacts = Vec::new();
        for (channel, _) in WAYS {
            let at = format!("{row}.{}", channel.as_str());
            if let Some(address) = reader.text_if_any(&at) {
                contacts::is_carried(of, reader, &at, channel, before);
                contacts.push(Contact { channel, address });
            }
        }
        contacts.extend(contacts::kept(before));
        Some(Staff { id: id?, name, contacts })
    })
}

/// `staff.N.contact.M.address` stands at the field of its channel.
pub(super) fn beside(unit: &Unit, at: &str) -> Option<String> {
    let (n, contact) = at.strip_prefix("staff.")?.split_once(".contact.")?;
    let staff = unit.staff.get(n.parse::<usize>().ok()?)?;
    let contact = staff.contacts.get(contact.split('.').next()?.parse::<usize>().ok()?)?;
    let is_written = contacts::is_written(contact.channel);
    Some(if is_written { format!("staff.{n}.{}", contact.channel.as_str()) } else { format!("staff.{n}") })
}
