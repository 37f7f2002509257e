//! The page: the span over time and from above, what happened, and every position in a table. It says all of it without a
//! script.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{
    asked::{Field, Question, Unfit, at_wearer},
    drawing::{self, Drawing},
    look::Shown,
    story::{self, Said, believed, code},
    strip::Strip,
};
use crate::{
    console::{
        App,
        caller::Officer,
        map::{HEIGHT, Legend, WIDTH},
        names::Names,
        page::{Frame, framed, html},
        records::written,
        rights::Act,
        wearers::stage_key,
        when::When,
        words,
    },
    domain::{
        WearerId,
        words::{border, percent, source, stated},
    },
    lab::playback::{Checked, FIXES_MAX, Played},
};

/// Positions in the table; the files have all of them.
const ROWS_MAX: usize = 2_000;
/// Older than this is said to be late, seconds.
const LATE_S: f64 = 120.0;

#[derive(Template)]
#[template(path = "playback.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    name: String,
    incident: Option<i64>,
    /// The wearer's record, for whoever may see it.
    record: Option<String>,
    /// Where the wearer's own playback is asked for, with this span.
    form: Form,
    span: [When; 2],
    /// What must be known before anything else.
    doubts: Vec<String>,
    played: Option<Tape>,
}

/// What was played.
struct Tape {
    at: String,
    query: String,
    drawing: Option<Drawing>,
    strip: Strip,
    story: Vec<Said>,
    story_folded: usize,
    rows: Vec<Row>,
    fixes: usize,
    rows_folded: usize,
    can_export: bool,
    can_explain: bool,
}

struct Form {
    at: String,
    from: Field,
    until: Field,
}

impl Form {
    fn has_errors(&self) -> bool {
        self.from.wrong.is_some() || self.until.wrong.is_some()
    }
}

/// A position.
struct Row {
    nth: usize,
    taken: When,
    received: When,
    age: String,
    is_late: bool,
    stated: String,
    judged: String,
    source: &'static str,
    nearest: String,
    stage: Legend,
    zones: String,
    is_past: bool,
    why: String,
    /// How long nothing had come before it.
    gap: Option<String>,
}

pub(super) fn page(app: &App, officer: &Officer, question: &Question, shown: &Shown) -> Response {
    let playback = &shown.playback;
    let (_, now, frame) = framed(app, officer, "Playback", "playback");
    let (story, story_folded) = story::story(shown);
    let strip = Strip::new(shown, &story);
    let fixes = playback.fixes.len();
    let page = Page {
        frame,
        name: Names(&shown.board.rulebook).wearer(&question.wearer),
        incident: question.incident.map(|id| id.0),
        record: record(officer, &question.wearer),
        form: Form {
            at: at_wearer(&question.wearer),
            from: Field { value: written(question.span.from()), wrong: None },
            until: Field { value: written(question.span.until()), wrong: None },
        },
        span: [When::new(question.span.from(), now), When::new(playback.until, now)],
        doubts: doubts(question, shown),
        played: Some(Tape {
            at: question.at.clone(),
            query: question.query.clone(),
            drawing: (fixes > 0).then(|| Drawing::new(shown)).flatten(),
            strip,
            story,
            story_folded,
            rows: (0..fixes.min(ROWS_MAX)).map(|nth| row(shown, nth)).collect(),
            fixes,
            rows_folded: fixes.saturating_sub(ROWS_MAX),
            can_export: officer.may(Act::ExportPlayback),
            can_explain: officer.may(Act::Explain),
        }),
    };
    html(&page)
}

/// The page of a span that cannot be played.
pub(super) fn asked_again(app: &App, officer: &Officer, unfit: &Unfit) -> Response {
    let (board, now, mut frame) = framed(app, officer, "Playback", "playback");
    frame.title = format!("Error: {}", frame.title);
    let copy = |field: &Field| Field { value: field.value.clone(), wrong: field.wrong };
    let page = Page {
        frame,
        name: Names(&board.rulebook).wearer(&unfit.wearer),
        incident: None,
        record: record(officer, &unfit.wearer),
        form: Form { at: at_wearer(&unfit.wearer), from: copy(&unfit.from), until: copy(&unfit.until) },
        span: [When::new(now, now); 2],
        doubts: Vec::new(),
        played: None,
    };
    (StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response()
}

fn record(officer: &Officer, wearer: &WearerId) -> Option<String> {
    officer.may(Act::SeeWearers).then(|| format!("/records/wearers/{wearer}"))
}

fn doubts(question: &Question, shown: &Shown) -> Vec<String> {
    let playback = &shown.playback;
    let Checked { same, otherwise, other_versions, unreadable } = playback.checked;
    let mut doubts = Vec::new();
    if playback.until < question.span.until() {
        doubts.push(format!(
            "There is more than the {FIXES_MAX} positions that can be played at once: this ends at {} UTC. Ask for a shorter \
             time to see the rest.",
            When::new(playback.until, shown.now).date()
        ));
    }
    if question.is_cut {
        doubts.push(
            "The incident lasts longer than a week: its first seven days are played. Ask for another time below to see the rest."
                .into(),
        );
    }
    if otherwise > 0 {
        doubts.push(format!(
            "Of {same} records, {otherwise} are decided otherwise now than was recorded then. Do not rely on this page: \
             `cordon replay` on the server says where and how."
        ));
    }
    if other_versions > 0 {
        doubts.push(format!(
            "{other_versions} records were decided by another version of Cordon: what it believed then may differ from this."
        ));
    }
    if unreadable > 0 {
        doubts.push(format!(
            "The content of {unreadable} records is gone or cannot be read: they are not played."
        ));
    }
    doubts
}

fn row(shown: &Shown, nth: usize) -> Row {
    let fix = &shown.playback.fixes[nth];
    let age_s = fix.age_s();
    let zones = fix.believed.iter().map(|(zone, stage)| believed(*stage, &code(&shown.playback, zone)));
    let stage = drawing::worst(fix);
    let gap = shown
        .playback
        .gaps
        .iter()
        .find(|[_, until]| *until == fix.received)
        .filter(|_| nth == 0 || shown.playback.fixes[nth - 1].received != fix.received);
    Row {
        nth: nth + 1,
        taken: When::new(fix.taken, shown.now),
        received: When::new(fix.received, shown.now),
        age: if age_s < 1.0 { "under 1 s".into() } else { words::span(age_s) },
        is_late: age_s > LATE_S,
        stated: stated(fix.accuracy),
        judged: words::metres(fix.accuracy.sigma_m()),
        source: source(fix.source),
        nearest: nearest(shown, fix),
        stage: Legend { key: stage_key(stage), word: words::stage(stage) },
        zones: zones.collect::<Vec<_>>().join("; "),
        is_past: fix.is_past,
        why: turned(shown, fix),
        gap: gap.map(|[from, until]| words::span(until.s_since(*from))),
    }
}

/// Which zone was nearest, and how near.
pub(super) fn nearest(shown: &Shown, fix: &Played) -> String {
    let nearest = fix.sights.iter().min_by(|a, b| a.1.border_m.total_cmp(&b.1.border_m));
    nearest.map_or_else(String::new, |(zone, sight)| {
        let place = border(sight.border_m).replace("the zone's border", &code(&shown.playback, zone));
        format!("{place}, {} likely inside", percent(sight.p_inside))
    })
}

/// What a position changed, and why; else what it says.
pub(super) fn why(shown: &Shown, fix: &Played) -> String {
    let turned = turned(shown, fix);
    if !turned.is_empty() {
        return turned;
    }
    nearest(shown, fix)
}

fn turned(shown: &Shown, fix: &Played) -> String {
    let turns = fix.turns.iter().map(|turn| {
        let turn = &shown.playback.turns[*turn];
        let says = believed(turn.to, &code(&shown.playback, &turn.zone));
        let why = turn.reason.as_ref().map(words::reason).unwrap_or_default();
        format!("{says}. {why}").trim_end().to_owned()
    });
    turns.collect::<Vec<_>>().join(" ")
}
