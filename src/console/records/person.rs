//! A protected person's record: who they are, how they are reached, what they carry, and what they have agreed about how
//! they are told.

use super::{
    Of, contacts,
    kind::Fresh,
    plan,
    read::{Reader, Wrong},
    sheet::{Field, Section},
    values::Values,
    wearer::{assignment, assignment_fields, write_assignment},
};
use crate::domain::{Book, Contact, ContactPlan, Person};

pub(super) fn fresh() -> Values {
    let mut values = Values::default();
    plan::write(&mut values, &ContactPlan::default());
    values
}

pub(super) fn write(person: &Person) -> Values {
    let mut values = Values::default();
    values.put("name", &person.name);
    let written = person.contacts.iter().filter(|contact| contacts::is_written(contact.channel));
    for (n, contact) in written.enumerate() {
        contacts::write_row(&mut values, &format!("contact.{n}"), contact);
    }
    for (n, companion) in person.companions.iter().enumerate() {
        write_assignment(&mut values, &format!("companion.{n}"), companion);
    }
    plan::write(&mut values, &person.plan);
    values
}

pub(super) fn sheet(of: &Of<'_>, values: &Values) -> Vec<Section> {
    let mut who = of.fresh_fields();
    who.push(Field::line("name", "Name").hint("For officers. It is never sent to anybody."));
    let device = if contacts::has_device(base_contacts(of)) {
        "This device is enrolled: theirs shows alerts that are pushed to it, and stays so. "
    } else {
        ""
    };
    let reached =
        Section::list("How they are reached", "contact", "way", values, |row| contacts::row_fields(of, row))
            .hint(format!(
                "{device}One for each way: a number like +447700900123, a pager's topic, or an https address. To take a \
                 way out, wipe out its line: choose no way, and empty the address. A device of theirs is enrolled under \
                 Devices."
            ));
    let companions = Section::list("What they carry", "companion", "companion", values, |row| {
        assignment_fields(row, "Device", "Agreed from", "Agreed until")
    })
    .hint("A device that says where they are, for as long as they have agreed to it. Nothing of it is kept.");
    let mut sections = vec![Section::new("Who", who), reached, companions];
    sections.extend(plan::sheet(of));
    sections
}

pub(super) fn read(of: &Of<'_>, values: &Values, base: Option<&Person>) -> Result<Person, Wrong> {
    let mut reader = Reader::new(values);
    let Fresh { id, unit } = of.fresh(&mut reader, base.map(|base| (&base.id, &base.unit)));
    let name = reader.text("name", "Write the person's name.");
    let before = base_contacts(of);
    let mut contacts = reader.rows("contact", |reader, row| contacts::row(of, reader, row, before));
    // Behind those that are written, so that each of these stands at the place of its row.
    contacts.extend(contacts::kept(before));
    let companions =
        reader.rows("companion", |reader, row| assignment(reader, row, "Write which device, as vendor/tag."));
    let plan = plan::read(&mut reader, base.map(|base| &base.plan));
    let book = || Some(Person { id: id?, unit: unit?, name, contacts, companions, plan: plan? });
    let book = book();
    reader.done(book)
}

/// Where a place in the book stands in the form.
pub(super) fn beside(person: &Person, at: &str) -> String {
    let contact = || {
        let (n, _) = at.strip_prefix("contact.")?.split_once('.')?;
        person.contacts.get(n.parse::<usize>().ok()?)
    };
    match contact() {
        Some(contact) if !contacts::is_written(contact.channel) => "contact".into(),
        _ => at.into(),
    }
}

fn base_contacts<'a>(of: &Of<'a>) -> &'a [Contact] {
    match of.base {
        Some(Book::Person(person)) => &person.contacts,
        _ => &[],
    }
}
