//! The form of a zone: drawn or typed, rehearsed, and put before a second person.

use super::*;
use crate::{access::audit::Who, domain::Area, geometry::offset};

/// What is shown around the zones that there are, metres.
const AROUND_M: f64 = 2_000.0;

#[derive(Template)]
#[template(path = "zone.html", config = ".askama.toml")]
struct FormPage {
    frame: Frame,
    owner: OwnerPage,
    /// Where its form is sent.
    at: String,
    sections: Vec<Section>,
    summary: Summary,
    judged: Option<Judged>,
    map: Option<Map>,
    /// The zone is in force, and it can be proposed that it goes.
    removes: Option<String>,
    is_circle: bool,
    /// It lies on the ground, and can be drawn.
    is_drawn: bool,
    /// Where a drawing begins: west, south, east and north, degrees.
    area: String,
}

impl FormPage {
    /// What the button says that looks before anything is proposed.
    fn look(&self) -> &'static str {
        if self.is_drawn { "Draw and rehearse" } else { "Look at it" }
    }
}

/// Which sort of zone a form is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Drawn,
    Around,
}

/// What a form is about: a zone in force, or a new one.
struct Form<'a> {
    app: &'a App,
    officer: &'a Officer,
    owner: &'a Owner,
    sort: Sort,
    base: Option<AnyZone>,
}

/// What is shown beside a form.
#[derive(Default)]
struct Beside {
    zone: Option<AnyZone>,
    judged: Option<Judged>,
}

pub(super) async fn fresh(
    State(app): State<App>,
    officer: Officer,
    Whose(owner, _): Whose,
) -> Result<Response, Refusal> {
    open(&Form { app: &app, officer: &officer, owner: &owner, sort: Sort::Drawn, base: None }).await
}

pub(super) async fn fresh_around(
    State(app): State<App>,
    officer: Officer,
    Whose(owner, _): Whose,
) -> Result<Response, Refusal> {
    open(&Form { app: &app, officer: &officer, owner: &owner, sort: Sort::Around, base: None }).await
}

pub(super) async fn one(
    State(app): State<App>,
    officer: Officer,
    Whose(owner, _): Whose,
    Path(At { zone }): Path<At>,
) -> Result<Response, Refusal> {
    open(&Form::of(&app, &officer, &owner, &zone)?).await
}

pub(super) async fn post_fresh(
    State(app): State<App>,
    officer: Officer,
    Whose(owner, _): Whose,
    form: Posted,
) -> Result<Response, Refusal> {
    posted(&Form { app: &app, officer: &officer, owner: &owner, sort: Sort::Drawn, base: None }, &form).await
}

pub(super) async fn post_around(
    State(app): State<App>,
    officer: Officer,
    Whose(owner, _): Whose,
    form: Posted,
) -> Result<Response, Refusal> {
    posted(&Form { app: &app, officer: &officer, owner: &owner, sort: Sort::Around, base: None }, &form).await
}

pub(super) async fn post_one(
    State(app): State<App>,
    officer: Officer,
    Whose(owner, _): Whose,
    Path(At { zone }): Path<At>,
    form: Posted,
) -> Result<Response, Refusal> {
    posted(&Form::of(&app, &officer, &owner, &zone)?, &form).await
}

pub(super) async fn remove(
    State(app): State<App>,
    officer: Officer,
    Whose(owner, _): Whose,
    Path(At { zone }): Path<At>,
    form: Posted,
) -> Result<Response, Refusal> {
    let base = owner.zone(&zone).ok_or_else(Refusal::no_record)?;
    let why = form.field("why").trim();
    let why = if why.is_empty() { "It is no longer needed." } else { why };
    let why = why.chars().take(500).collect();
    propose(&app, &officer, &owner, base.id().clone(), [Some(base), None], why).await
}

/// The form as it is opened: nothing is rehearsed yet.
async fn open(form: &Form<'_>) -> Result<Response, Refusal> {
    let values = match &form.base {
        Some(AnyZone::Drawn(zone)) => form::write(zone),
        Some(AnyZone::Around(zone)) => around::write(zone),
        None => {
            let mut values = Values::default();
            values.put("margin_m", "300");
            values
        }
    };
    let beside = Beside { zone: form.base.clone(), judged: None };
    form.draw(&values, Wrong::default(), beside, StatusCode::OK).await
}

async fn posted(form: &Form<'_>, posted: &Posted) -> Result<Response, Refusal> {
    let pressed = posted.field("do");
    let kept = posted.fields().iter().filter(|(name, _)| ![FORM_TOKEN, "do"].contains(&name.as_str()));
    let mut values = Values(kept.cloned().collect()).compacted();
    if let Some(list) = pressed.strip_prefix("more:") {
        values.one_more(list);
        return form.draw(&values, Wrong::default(), Beside::default(), StatusCode::OK).await;
    }
    let mut zone = match form.read(&values) {
        Ok(zone) => zone,
        Err(wrong) => return form.unsound(&values, wrong).await,
    };
    let wrong = decide::contradictions(form.app, form.owner, &zone);
    if !wrong.0.is_empty() {
        return form.unsound(&values, wrong).await;
    }
    if pressed == "hide"
        && let Some(hidden) = zone.drawn().and_then(judge::hidden)
    {
        let kept = ["why", "on"].map(|name| (name, values.get(name).to_owned()));
        values = form::write(&hidden);
        values.put("id", hidden.id.as_str());
        kept.into_iter().for_each(|(name, value)| values.put(name, value));
        zone = AnyZone::Drawn(hidden);
    }
    if pressed == "propose" {
        let why = match form::why(&values) {
            Ok(why) => why,
            Err(wrong) => return form.unsound(&values, wrong).await,
        };
        let both = [form.base.clone(), Some(zone.clone())];
        return propose(form.app, form.officer, form.owner, zone.id().clone(), both, why).await;
    }
    let judged = judge::judge(form.app, form.officer, form.owner, &zone, values.get("on")).await?;
    let beside = Beside { zone: Some(zone), judged: Some(judged) };
    form.draw(&values, Wrong::default(), beside, StatusCode::OK).await
}

/// Puts a change before a second person: the zone as it is, and as it is to be.
async fn propose(
    app: &App,
    officer: &Officer,
    owner: &Owner,
    id: ZoneId,
    [before, zone]: [Option<AnyZone>; 2],
    why: String,
) -> Result<Response, Refusal> {
    if matches!(officer.who(), Who::Link(_)) {
        return Err(Refusal::by_a_link());
    }
    record(app, officer, Act::ProposeZones, &owner.book()).await?;
    let (of, author, made_at) = (owner.of(), officer.id.clone(), app.clock.wall());
    let proposed = Proposed { of, id, author, why, zone, before, made_at };
    let no = app.access.propose(&proposed).await?.ok_or_else(Refusal::too_many_proposals)?;
    Ok(Redirect::to(&format!("{}/proposals/{no}", owner.path())).into_response())
}

impl<'a> Form<'a> {
    /// The form of a zone in force.
    fn of(app: &'a App, officer: &'a Officer, owner: &'a Owner, zone: &str) -> Result<Self, Refusal> {
        let base = owner.zone(zone).ok_or_else(Refusal::no_record)?;
        let sort = if base.drawn().is_some() { Sort::Drawn } else { Sort::Around };
        Ok(Self { app, officer, owner, sort, base: Some(base) })
    }

    fn read(&self, values: &Values) -> Result<AnyZone, Wrong> {
        let base = self.base.as_ref().map(AnyZone::id);
        let drawn = self.owner.zones().iter().map(|zone| &zone.id);
        let taken: Vec<&ZoneId> = drawn.chain(self.owner.around().iter().map(|zone| &zone.id)).collect();
        match self.sort {
            Sort::Drawn => form::read(values, base, &taken).map(AnyZone::Drawn),
            Sort::Around => around::read(values, base, &taken).map(AnyZone::Around),
        }
    }

    fn sections(&self, values: &Values, rulebook: &Rulebook, now: Timestamp) -> Vec<Section> {
        let is_new = self.base.is_none();
        let mut sections = match (self.sort, self.owner.case()) {
            (Sort::Around, Some(case)) => around::sheet(values, is_new, case, Names(rulebook)),
            _ => form::sheet(values, is_new),
        };
        if let Owner::Unit(unit) = self.owner {
            sections.push(judge::on_section(rulebook, &unit.id, now));
        }
        sections
    }

    async fn unsound(&self, values: &Values, wrong: Wrong) -> Result<Response, Refusal> {
        self.draw(values, wrong, Beside::default(), StatusCode::UNPROCESSABLE_ENTITY).await
    }

    /// Whatever comes of a form, the page shows zones: the audit log has it each time.
    async fn draw(
        &self,
        values: &Values,
        wrong: Wrong,
        beside: Beside,
        status: StatusCode,
    ) -> Result<Response, Refusal> {
        let Self { app, officer, owner, base, .. } = self;
        record(app, officer, Act::SeeZones, &owner.book()).await?;
        let title = match base {
            Some(base) => format!("Zone {} of {}", base.code(), owner.name()),
            None if self.sort == Sort::Around => format!("A new zone around a person of {}", owner.name()),
            None => format!("A new zone of {}", owner.name()),
        };
        let (board, now, frame) = framed(app, officer, &title, "records");
        let mut sections = self.sections(values, &board.rulebook, now);
        let summary = sheet::fill(&mut sections, values, wrong);
        let at = match (base, self.sort) {
            (Some(base), _) => format!("{}/zones/of/{}", owner.path(), base.id()),
            (None, Sort::Drawn) => format!("{}/zones/new", owner.path()),
            (None, Sort::Around) => format!("{}/zones/around", owner.path()),
        };
        let zone = beside.zone.as_ref().and_then(AnyZone::drawn);
        let before = base.as_ref().and_then(AnyZone::drawn);
        let before = before.filter(|base| zone.is_some_and(|zone| zone != *base)).cloned();
        let page = FormPage {
            frame,
            owner: OwnerPage::new(owner, title),
            sections,
            summary,
            removes: base.as_ref().map(|_| format!("{at}/remove")),
            map: zone.map(|zone| drawing::of(owner, std::slice::from_ref(zone), before.as_slice(), now)),
            is_circle: values.get("kind") == "circle",
            is_drawn: self.sort == Sort::Drawn,
            area: area(&board.rulebook, owner),
            judged: beside.judged,
            at,
        };
        Ok((status, html(&page)).into_response())
    }
}

/// Where a drawing begins: around the zones that there are, or all of the unit's area.
fn area(rulebook: &Rulebook, owner: &Owner) -> String {
    let around = |zone: &Zone| {
        let (middle, reach_m) = (zone.shape.0.centre(), zone.shape.0.reach_m() + AROUND_M);
        let [north, east, south, west] = [0.0, 90.0, 180.0, 270.0].map(|to| offset(middle, to, reach_m));
        Area { south: south.lat_deg(), west: west.lon_deg(), north: north.lat_deg(), east: east.lon_deg() }
    };
    let both = |one: Area, other: Area| Area {
        south: one.south.min(other.south),
        west: one.west.min(other.west),
        north: one.north.max(other.north),
        east: one.east.max(other.east),
    };
    let zones = owner.zones().iter().map(around).reduce(both);
    let area = zones.or_else(|| rulebook.unit(owner.book().unit()).map(|unit| unit.area));
    area.map(|Area { south, west, north, east }| format!("{west},{south},{east},{north}")).unwrap_or_default()
}
