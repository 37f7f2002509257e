//! A wearer's record: who they are and which tags they wore.

use super::{
    Of,
    kind::Fresh,
    read::{Reader, Wrong},
    sheet::{Field, Section},
    values::Values,
};
use crate::domain::{Assignment, Wearer};

pub(super) fn write(wearer: &Wearer) -> Values {
    let mut values = Values::default();
    values.put("name", &wearer.name);
    for (n, tag) in wearer.tags.iter().enumerate() {
        write_assignment(&mut values, &format!("tag.{n}"), tag);
    }
    values
}

pub(super) fn sheet(of: &Of<'_>, values: &Values) -> Vec<Section> {
    let mut who = of.fresh_fields();
    who.push(Field::line("name", "Name").hint("For officers. It is never sent to anybody."));
    let tags = Section::list("Tags", "tag", "tag", values, |row| assignment_fields(row, "Tag", "Fitted", "Removed")).hint(
        "To change a tag, fit the new one first and write when the old one was removed after that: both count meanwhile. \
         A tag that will not be worn again keeps its line, with an end. Wipe a line out only if it was a mistake.",
    );
    vec![Section::new("Who", who), tags]
}

pub(super) fn read(of: &Of<'_>, values: &Values, base: Option<&Wearer>) -> Result<Wearer, Wrong> {
    let mut reader = Reader::new(values);
    let Fresh { id, unit } = of.fresh(&mut reader, base.map(|base| (&base.id, &base.unit)));
    let name = reader.text("name", "Write the wearer's name.");
    let tags = reader.rows("tag", |reader, row| assignment(reader, row, "Write which tag, as vendor/tag."));
    let book = id.zip(unit).map(|(id, unit)| Wearer { id, unit, name, tags });
    reader.done(book)
}

pub(super) fn write_assignment(values: &mut Values, row: &str, worn: &Assignment) {
    values.put(format!("{row}.id"), worn.tag.to_string());
    values.put_instant(format!("{row}.from"), Some(worn.from));
    values.put_instant(format!("{row}.until"), worn.until);
}

pub(super) fn assignment_fields(
    row: &str,
    what: &'static str,
    from: &'static str,
    until: &'static str,
) -> Vec<Field> {
    vec![
        Field::line(format!("{row}.id"), what).hint("As its vendor publishes it: vendor/tag."),
        Field::instant(format!("{row}.from"), from),
        Field::instant(format!("{row}.until"), until).hint("Empty while it goes on."),
    ]
}

pub(super) fn assignment(reader: &mut Reader<'_>, row: &str, no_tag: &str) -> Option<Assignment> {
    let tag = reader.parsed(&format!("{row}.id"), no_tag);
    let from = reader.instant(&format!("{row}.from"), "Write from when.");
    let until = reader.instant_if_any(&format!("{row}.until"));
    Some(Assignment { tag: tag?, from: from?, until })
}
