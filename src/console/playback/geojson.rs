//! The span as a map knows it, by RFC 7946: positions with what was believed, the zones that stood then, and incidents.

use serde_json::{Value, json};

use super::{
    drawing,
    look::Shown,
    page::why,
    story::{code, is_played},
};
use crate::{
    console::{wearers::stage_key, words},
    domain::{Accuracy, Incident, Timestamp, words::source},
    geometry::LatLon,
    lab::playback::{Played, Stood},
};

pub(super) fn write(shown: &Shown) -> String {
    let playback = &shown.playback;
    let fixes = playback.fixes.iter().enumerate().map(|(nth, it)| fix(shown, nth, it));
    let zones = playback.zones.iter().filter_map(zone);
    let incidents = shown.incidents.iter().map(|it| incident(shown, it));
    let features: Vec<Value> = zones.chain(fixes).chain(incidents).collect();
    json!({
        "type": "FeatureCollection",
        "from": playback.span.from().to_string(),
        "until": playback.until.to_string(),
        "features": features,
    })
    .to_string()
}

fn feature(geometry: &Value, properties: &Value) -> Value {
    json!({"type": "Feature", "geometry": geometry, "properties": properties})
}

/// To a tenth of a metre.
fn place(position: LatLon) -> [f64; 2] {
    [position.lon_deg(), position.lat_deg()].map(|deg| (deg * 1e6).round() / 1e6)
}

fn spans(spans: &[[Timestamp; 2]]) -> Vec<[String; 2]> {
    spans.iter().map(|span| span.map(|at| at.to_string())).collect()
}

fn fix(shown: &Shown, nth: usize, fix: &Played) -> Value {
    let zones: Vec<Value> = fix
        .believed
        .iter()
        .map(|(zone, stage)| json!({"zone": code(&shown.playback, zone), "stage": stage_key(*stage)}))
        .collect();
    let stated = match fix.accuracy {
        Accuracy::Stated(metres) => Some(metres),
        Accuracy::Hdop(_) | Accuracy::Unknown => None,
    };
    feature(
        &json!({"type": "Point", "coordinates": place(fix.position)}),
        &json!({
            "kind": "fix",
            "no": nth + 1,
            "journal_row": fix.row,
            "taken": fix.taken.to_string(),
            "received": fix.received.to_string(),
            "age_s": (fix.age_s() * 10.0).round() / 10.0,
            "stated_accuracy_m": stated,
            "judged_error_m": fix.accuracy.sigma_m(),
            "source": source(fix.source),
            "newer_was_known": fix.is_past,
            "believed": stage_key(drawing::worst(fix)),
            "believed_of_zones": zones,
            "why": why(shown, fix),
        }),
    )
}

/// A drawn zone. One around a person has no place that is written down.
fn zone(stood: &Stood) -> Option<Value> {
    let drawn = stood.drawn.as_ref()?;
    let outline = |margin_m: f64| -> Vec<Vec<Vec<[f64; 2]>>> {
        let ring = |ring: Vec<LatLon>| ring.into_iter().map(place).collect();
        let polygon = |rings: Vec<Vec<LatLon>>| rings.into_iter().map(ring).collect();
        drawn.shape.0.outline(margin_m).into_iter().map(polygon).collect()
    };
    Some(feature(
        &json!({"type": "MultiPolygon", "coordinates": outline(0.0)}),
        &json!({
            "kind": "zone",
            "code": stood.code,
            "margin_m": drawn.margin_m.metres(),
            "applied": spans(&stood.applied),
        }),
    ))
}

/// An incident, where the wearer was last seen when it was raised.
fn incident(shown: &Shown, incident: &Incident) -> Value {
    let known = shown.playback.fixes.iter().filter(|fix| fix.received <= incident.raised_at);
    let seen = known.max_by_key(|fix| fix.taken).filter(|_| is_played(&shown.playback, incident.raised_at));
    let geometry = seen.map(|fix| json!({"type": "Point", "coordinates": place(fix.position)}));
    feature(
        &geometry.unwrap_or(Value::Null),
        &json!({
            "kind": "incident",
            "no": incident.id.0,
            "what": incident.kind.as_str(),
            "called": words::kind(incident.kind),
            "priority": incident.priority.number(),
            "raised": incident.raised_at.to_string(),
            "handling": incident.handling.as_str(),
            "ongoing": incident.ongoing,
        }),
    )
}
