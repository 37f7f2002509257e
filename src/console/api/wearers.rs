//! Where wearers are now.

use axum::{Json, Router, extract::State, routing::get};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    super::{App, caller::Caller, names::Names, wearers},
    facts::{CompanionFacts, Instant, Picture, TagFacts, age_s},
};
use crate::{
    domain::{IncidentId, Stage, TagId, Timestamp, WearerId, ZoneId},
    engine::Outlook,
    sequencer::{Board, Dot},
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/api/v1/wearers", get(all))
}

/// Wearers, as far as they can be seen.
#[derive(Serialize, JsonSchema)]
pub(super) struct Wearers {
    #[serde(flatten)]
    picture: Picture,
    /// Those in the most dangerous stage first, at most 200.
    wearers: Vec<WearerFacts>,
    /// How many more are seen.
    not_listed: usize,
    /// Who wears a tag, and of whom no fix is known.
    unseen: Vec<WearerId>,
    /// Tags that nobody wears.
    strays: Vec<Stray>,
}

/// A wearer who is seen.
#[derive(Serialize, JsonSchema)]
struct WearerFacts {
    id: WearerId,
    name: String,
    /// The most dangerous stage of all zones.
    stage: Stage,
    /// Zones that are not clear.
    zones: Vec<ZoneStage>,
    /// Zones around a protected person that should apply and are off.
    zones_off: Vec<ZoneOff>,
    /// An open incident says that they cannot be seen now: the position is an old one.
    dark: bool,
    lat_deg: f64,
    lon_deg: f64,
    tag: TagFacts,
    /// The most urgent open incident.
    incident: Option<IncidentId>,
}

/// What is believed of a wearer and a zone.
#[derive(Serialize, JsonSchema)]
struct ZoneStage {
    zone: ZoneId,
    /// Its code name.
    code: Option<String>,
    stage: Stage,
    /// Of the most dangerous zone.
    outlook: Option<OutlookFacts>,
}

/// What is to be expected. Probabilities are from 0 to 1.
#[derive(Serialize, JsonSchema)]
struct OutlookFacts {
    /// Of being inside now.
    p_now: f64,
    /// Of being inside at some moment within a minute.
    p_60s: f64,
    /// The same within two minutes.
    p_120s: f64,
    /// Metres to the border, negative inside.
    border_m: f64,
    /// How fast the border comes nearer, m/s.
    closing_mps: f64,
    /// Seconds to the border at that speed, if it comes nearer.
    reach_s: Option<f64>,
}

/// A zone around a protected person that is off.
#[derive(Serialize, JsonSchema)]
struct ZoneOff {
    zone: ZoneId,
    code: String,
    companion: CompanionFacts,
}

/// A tag that nobody wears.
#[derive(Serialize, JsonSchema)]
struct Stray {
    tag: TagId,
    heard_at: Instant,
    heard_age_s: f64,
}

async fn all(State(app): State<App>, caller: Caller) -> Json<Wearers> {
    let (board, now) = app.look_as(&caller);
    let (shown, not_listed) = wearers::shown(&board);
    let stray = |(tag, at): (&TagId, &Timestamp)| Stray {
        tag: tag.clone(),
        heard_at: (*at).into(),
        heard_age_s: age_s(*at, now),
    };
    Json(Wearers {
        picture: Picture::new(&board, now),
        wearers: shown.into_iter().map(|(id, dot)| facts(&board, id, dot, now)).collect(),
        not_listed,
        unseen: wearers::unseen(&board, now).map(|wearer| wearer.id.clone()).collect(),
        strays: board.strays.iter().map(stray).collect(),
    })
}

fn facts(board: &Board, id: &WearerId, dot: &Dot, now: Timestamp) -> WearerFacts {
    let zone = |(zone, stage): &(ZoneId, Stage)| ZoneStage {
        zone: zone.clone(),
        code: board.rulebook.zone_code(zone).map(Into::into),
        stage: *stage,
        outlook: dot.outlooks.iter().find(|(of, _)| of == zone).map(|(_, outlook)| outlook.into()),
    };
    let off = wearers::off(board, id, now).into_iter().map(|(bound, known)| ZoneOff {
        zone: bound.zone.id.clone(),
        code: bound.zone.code.clone(),
        companion: known.into(),
    });
    WearerFacts {
        id: id.clone(),
        name: Names(&board.rulebook).wearer(id),
        stage: wearers::worst(dot).0,
        zones: dot.stages.iter().map(zone).collect(),
        zones_off: off.collect(),
        dark: wearers::is_dark(board, id),
        lat_deg: dot.position.lat_deg(),
        lon_deg: dot.position.lon_deg(),
        tag: TagFacts::new(dot, now),
        incident: wearers::most_urgent(board, id),
    }
}

impl From<&Outlook> for OutlookFacts {
    fn from(outlook: &Outlook) -> Self {
        let Outlook { p_now, p_60s, p_120s, border_m, closing_mps, reach_s } = *outlook;
        Self { p_now, p_60s, p_120s, border_m, closing_mps, reach_s }
    }
}
