//! Two revisions of a case or a unit beside each other.

use axum::response::{IntoResponse, Redirect};

use super::{changed::Changed, *};
use crate::{
    access::audit::{About, Whom},
    console::{
        gate,
        records::sheet::{Differs, capital},
    },
    domain::Subject,
};

#[derive(Deserialize)]
pub(super) struct Asked {
    /// The rows of the two; the newest and the one before it, where they are not named.
    old: Option<i64>,
    new: Option<i64>,
}

#[derive(Template)]
#[template(path = "compare.html", config = ".askama.toml")]
struct ComparePage {
    frame: Frame,
    owner: OwnerPage,
    old: Head,
    new: Head,
    fields: Vec<Differs>,
    /// None for those who do not see where zones are.
    zones: Option<Vec<Changed>>,
    /// One of them cannot be read any more.
    unreadable: bool,
}

impl ComparePage {
    fn field_rows(&self) -> Vec<[&str; 3]> {
        self.fields.iter().map(|field| [&*field.label, &*field.theirs, &*field.ours]).collect()
    }
}

impl Changed {
    fn label(&self) -> String {
        format!("{}: before and after", self.title)
    }

    fn rows(&self) -> Vec<[&str; 3]> {
        self.changes.iter().map(|change| [change.what, &*change.before, &*change.after]).collect()
    }
}

pub(super) async fn page(
    State(app): State<App>,
    officer: Officer,
    Whose(owner, _): Whose,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let (board, now) = app.look_as(&officer);
    let sees_zones = sees_zones(&officer, &owner);
    let act = if sees_zones { Act::SeeZones } else { see(&owner) };
    record(&app, &officer, act, &owner.book()).await?;
    let Some([old, new]) = two(&app, &owner, &asked).await? else {
        return Ok(Redirect::to(&format!("{}/history", owner.path())).into_response());
    };
    let then = [&old, &new].into_iter().filter_map(|revision| revision.said.as_ref());
    let before: Vec<About> = then.flat_map(|then| of_before(&owner, then)).collect();
    gate::shows(&app, &officer, act, before).await?;
    let names = Names(&board.rulebook);
    let both = old.said.as_ref().zip(new.said.as_ref());
    let title = format!("{}: revisions {} and {}", capital(&owner.name()), old.number, new.number);
    let (_, _, frame) = framed(&app, &officer, &title, "records");
    let page = ComparePage {
        frame,
        owner: OwnerPage::new(&owner, title),
        fields: both.map(|(old, new)| fields::differences(old, new, names)).unwrap_or_default(),
        zones: sees_zones.then(|| both.map(|(old, new)| changed::zones(old, new, names)).unwrap_or_default()),
        unreadable: both.is_none(),
        old: Head::of(&old, names, now, sees_zones),
        new: Head::of(&new, names, now, sees_zones),
    };
    Ok(html(&page))
}

/// Whom a case was about then, and is no more.
fn of_before(now: &Owner, then: &Owner) -> Vec<About> {
    let (Some(now), Some(then)) = (now.case(), then.case()) else { return Vec::new() };
    let wearer = (then.wearer != now.wearer).then(|| Subject::Wearer(then.wearer.clone()));
    let persons = then.persons.iter().filter(|person| !now.persons.contains(person));
    let subjects = wearer.into_iter().chain(persons.map(|person| Subject::Person(person.clone())));
    let about = |subject| About {
        subject: Some(Whom::Subject(subject)),
        unit: Some(now.unit.clone()),
        case: Some(now.id.clone()),
        incident: None,
    };
    subjects.map(about).collect()
}

/// The two that are asked for, the earlier one first; `None` if there is but one.
async fn two(app: &App, owner: &Owner, asked: &Asked) -> Result<Option<[Revision; 2]>, Refusal> {
    let new = match asked.new {
        Some(no) => revision::one(app, owner, no).await?,
        None => match revision::newest(app, owner, i64::MAX, 1).await?.0.pop() {
            Some(newest) => newest,
            None => return Ok(None),
        },
    };
    let old = match asked.old {
        Some(no) => revision::one(app, owner, no).await?,
        None => match revision::newest(app, owner, new.no, 1).await?.0.pop() {
            Some(before) => before,
            None => return Ok(None),
        },
    };
    let mut both = [old, new];
    both.sort_by_key(|revision| revision.no);
    Ok(Some(both))
}
