//! Two revisions of a case beside each other.

use axum::response::{IntoResponse, Redirect};

use super::{changed::Changed, *};
use crate::{console::records::sheet::Differs, domain::Case};

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
    case: String,
    title: String,
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
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let (board, now) = app.look_as(&officer);
    let case = kind::case(&board.rulebook, &id)?;
    let sees_zones = sees_zones(&app, &officer, &id);
    let act = if sees_zones { Act::SeeZones } else { Act::SeeCases };
    record(&app, &officer, act, &Book::Case(case.clone())).await?;
    let Some([old, new]) = two(&app, &case, &asked).await? else {
        return Ok(Redirect::to(&format!("/records/cases/{}/history", case.id)).into_response());
    };
    let names = Names(&board.rulebook);
    let both = old.case.as_ref().zip(new.case.as_ref());
    let title = format!("Case {}: revisions {} and {}", case.id, old.number, new.number);
    let (_, _, frame) = framed(&app, &officer, &title, "records");
    let page = ComparePage {
        frame,
        case: case.id.to_string(),
        title,
        fields: both.map(|(old, new)| fields::differences(old, new, names)).unwrap_or_default(),
        zones: sees_zones.then(|| both.map(|(old, new)| changed::zones(old, new, names)).unwrap_or_default()),
        unreadable: both.is_none(),
        old: Head::of(&old, names, now, sees_zones),
        new: Head::of(&new, names, now, sees_zones),
    };
    Ok(html(&page))
}

/// One role may read the case, and another see zones elsewhere.
pub(super) fn sees_zones(app: &App, officer: &Officer, id: &str) -> bool {
    let reach = officer.reach_of(Act::SeeZones);
    reach.is_some_and(|reach| kind::case(&app.look_at(&reach).0.rulebook, id).is_ok())
}

/// The two that are asked for, the earlier one first; `None` if there is but one.
async fn two(app: &App, case: &Case, asked: &Asked) -> Result<Option<[Revision; 2]>, Refusal> {
    let new = match asked.new {
        Some(no) => revision::one(app, case, no).await?,
        None => match revision::newest(app, case, i64::MAX, 1).await?.0.pop() {
            Some(newest) => newest,
            None => return Ok(None),
        },
    };
    let old = match asked.old {
        Some(no) => revision::one(app, case, no).await?,
        None => match revision::newest(app, case, new.no, 1).await?.0.pop() {
            Some(before) => before,
            None => return Ok(None),
        },
    };
    let mut both = [old, new];
    both.sort_by_key(|revision| revision.no);
    Ok(Some(both))
}
