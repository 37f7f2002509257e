//! The zones of a case or a unit, what waits for a second person, and the drawing of all.

use super::*;

#[derive(Template)]
#[template(path = "zones.html", config = ".askama.toml")]
struct ListPage {
    frame: Frame,
    owner: OwnerPage,
    zones: Vec<Line>,
    waiting: Vec<Waiting>,
    map: Map,
    may_propose: bool,
}

struct Line {
    id: String,
    code: String,
    shape: String,
    margin: String,
    hours: String,
}

struct Waiting {
    no: i64,
    what: String,
    author: String,
    made: When,
}

pub(super) async fn page(
    State(app): State<App>,
    officer: Officer,
    Whose(owner, _): Whose,
) -> Result<Response, Refusal> {
    let (board, now) = app.look_as(&officer);
    record(&app, &officer, Act::SeeZones, &owner.book()).await?;
    let title = format!("Zones of {}", owner.name());
    let (_, _, frame) = framed(&app, &officer, &title, "records");
    let waiting = app.access.proposals(&owner.of()).await?;
    let names = Names(&board.rulebook);
    let waiting = waiting.into_iter().map(|(no, proposed)| Waiting {
        no,
        what: words::change(&proposed),
        author: names.staff(&proposed.author),
        made: When::new(proposed.made_at, app.clock.wall().max(proposed.made_at)),
    });
    let page = ListPage {
        frame,
        waiting: waiting.collect(),
        map: drawing::of(&owner, owner.zones(), &[], now),
        may_propose: officer.may(Act::ProposeZones),
        zones: owner
            .zones()
            .iter()
            .map(drawn)
            .chain(owner.around().iter().map(|zone| around(zone, names)))
            .collect(),
        owner: OwnerPage::new(&owner, title),
    };
    Ok(html(&page))
}

fn drawn(zone: &Zone) -> Line {
    Line {
        id: zone.id.to_string(),
        code: zone.code.clone(),
        shape: words::shape(zone),
        margin: format!("{} m", zone.margin_m.metres()),
        hours: words::hours(zone),
    }
}

fn around(zone: &ProximityZone, names: Names<'_>) -> Line {
    Line {
        id: zone.id.to_string(),
        code: zone.code.clone(),
        shape: words::around(zone, names),
        margin: format!("{} m", zone.margin_m.metres()),
        hours: words::hours_of(zone.schedule.as_ref()),
    }
}
