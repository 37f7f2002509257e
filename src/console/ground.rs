//! What lies below the zones on the moving map: an imported region, read in ranges; in the demo its town; otherwise, and
//! below both, outlines of countries, which are one of the files that pages refer to.

use std::ops::RangeInclusive;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::App;
use crate::{
    basemap::{Opened, Region},
    geometry::LatLon,
};

/// The most that is read at once; a browser asks for a tile or a directory.
const RANGE_BYTES_MAX: u64 = 8 << 20;

/// What the map stands on.
#[derive(Debug, Clone, Default)]
pub enum Ground {
    /// Outlines of countries.
    #[default]
    Outlines,
    /// Whatever region has been imported, if one has.
    Region(Region),
    /// A town that was made up.
    Town(Sketch),
}

/// A drawing of a town.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// What is said below the map.
    pub caption: String,
    /// Each with its name.
    pub streets: Vec<(String, Vec<LatLon>)>,
    /// The river's middle.
    pub river: Vec<LatLon>,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/fragments/map/ground", get(about)).route("/fragments/map/region", get(region))
}

/// What there is to draw, and whom it is owed to.
async fn about(State(app): State<App>) -> Json<Value> {
    match app.ground.as_ref() {
        Ground::Outlines => Json(json!({})),
        Ground::Town(sketch) => Json(json!({"town": town(sketch)})),
        Ground::Region(region) => {
            let region = region.clone();
            Json(match tokio::task::spawn_blocking(move || region.about()).await {
                Ok(Ok(Some(about))) => json!({"region": {
                    "tag": about.tag,
                    "attribution": about.attribution,
                    "bounds": about.bounds_deg,
                    "zooms": about.zooms,
                }}),
                Ok(Ok(None)) => json!({}),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the imported map cannot be shown; import it again");
                    json!({"unfit": true})
                }
                Err(_) => json!({"unfit": true}),
            })
        }
    }
}

fn town(sketch: &Sketch) -> Value {
    let line = |line: &Vec<LatLon>| -> Vec<[f64; 2]> {
        line.iter().map(|at| [at.lon_deg(), at.lat_deg()]).collect()
    };
    let streets = sketch.streets.iter().map(|(name, street)| json!({"name": name, "line": line(street)}));
    json!({"caption": sketch.caption, "streets": streets.collect::<Value>(), "river": line(&sketch.river)})
}

/// A range of the imported region's bytes.
async fn region(State(app): State<App>, headers: HeaderMap) -> Response {
    let Ground::Region(region) = app.ground.as_ref() else {
        return none();
    };
    let (region, asked) = (region.clone(), headers.get(header::RANGE).cloned());
    match tokio::task::spawn_blocking(move || read(&region, asked.as_ref())).await {
        Ok(Ok(answer)) => answer,
        // A crash while reading is nothing but a tile that is missing.
        Ok(Err(_)) | Err(_) => {
            tracing::warn!("the imported map cannot be read; import it again");
            (StatusCode::INTERNAL_SERVER_ERROR, "The imported map cannot be read.").into_response()
        }
    }
}

fn none() -> Response {
    (StatusCode::NOT_FOUND, "No map has been imported.").into_response()
}

fn read(region: &Region, asked: Option<&HeaderValue>) -> std::io::Result<Response> {
    let Some(mut opened) = region.open()? else {
        return Ok(none());
    };
    let asked = asked.and_then(|range| range.to_str().ok());
    let Some(range) = asked.and_then(|asked| range(asked, opened.bytes)) else {
        let whole = [(header::CONTENT_RANGE, format!("bytes */{}", opened.bytes))];
        let why =
            format!("Ask for one range of at most {RANGE_BYTES_MAX} bytes that begins within the file.");
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, whole, why).into_response());
    };
    let bytes = opened.read(&range)?;
    let Opened { bytes: length, tag, .. } = opened;
    let (first, last) = (range.start(), range.end());
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_RANGE, format!("bytes {first}-{last}/{length}")),
        (header::ETAG, format!("\"{tag}\"")),
    ];
    Ok((StatusCode::PARTIAL_CONTENT, headers, bytes).into_response())
}

/// The one range that is asked for, cut at the file's end; none if it begins behind that, is too long, or is of another
/// form: nobody who reads a map asks for the last bytes or for several ranges.
fn range(asked: &str, length: u64) -> Option<RangeInclusive<u64>> {
    let (first, last) = asked.strip_prefix("bytes=")?.split_once('-')?;
    // A number may not have a sign.
    let number =
        |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (first, last) = (number(first)?, number(last)?);
    let last = last.min(length.checked_sub(1)?);
    (first <= last && last - first < RANGE_BYTES_MAX).then_some(first..=last)
}
