//! Zones: where a wearer must not be, on the ground or around a protected person.

use serde::{Deserialize, Serialize};

use super::{PersonId, Schedule, Timestamp, ZoneId};
use crate::geometry::{Circle, LatLon, Polygon, Shape, ShapeError};

/// An exclusion zone with the warning zone around it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Its id.
    pub id: ZoneId,
    /// A neutral code name: it is shown and spoken, so it names no place and no person.
    pub code: String,
    /// The exclusion zone.
    pub shape: ZoneShape,
    /// How far the warning zone reaches beyond it.
    #[serde(default)]
    pub margin_m: Margin,
    /// When both apply; always, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
}

impl Zone {
    /// Whether the zone applies at `at`.
    #[must_use]
    pub fn applies(&self, at: Timestamp) -> bool {
        self.schedule.as_ref().is_none_or(|schedule| schedule.covers(at))
    }
}

/// An exclusion zone around a protected person, wherever they are, with the warning zone around it. It is centred on the
/// last fix of their Companion, and void when that is stale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProximityZone {
    /// Its id.
    pub id: ZoneId,
    /// A neutral code name: it is shown and spoken, so it names no place and no person.
    pub code: String,
    /// Around whom.
    pub person: PersonId,
    /// How far the exclusion zone reaches from them.
    pub radius_m: Radius,
    /// How far the warning zone reaches beyond it.
    #[serde(default)]
    pub margin_m: Margin,
    /// When both apply; always, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
}

impl ProximityZone {
    /// Whether the zone applies at `at`.
    #[must_use]
    pub fn applies(&self, at: Timestamp) -> bool {
        self.schedule.as_ref().is_none_or(|schedule| schedule.covers(at))
    }
}

/// A zone of either sort, written as itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AnyZone {
    /// On the ground.
    Drawn(Zone),
    /// Around a person.
    Around(ProximityZone),
}

impl AnyZone {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &ZoneId {
        match self {
            Self::Drawn(zone) => &zone.id,
            Self::Around(zone) => &zone.id,
        }
    }

    /// Its code name.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Drawn(zone) => &zone.code,
            Self::Around(zone) => &zone.code,
        }
    }

    /// The zone, if it lies on the ground.
    #[must_use]
    pub fn drawn(&self) -> Option<&Zone> {
        match self {
            Self::Drawn(zone) => Some(zone),
            Self::Around(_) => None,
        }
    }

    /// The zone, if it goes with a person.
    #[must_use]
    pub fn around(&self) -> Option<&ProximityZone> {
        match self {
            Self::Drawn(_) => None,
            Self::Around(zone) => Some(zone),
        }
    }
}

/// Radius of an exclusion zone around a person in metres, 50 to 5,000: less cannot be told from two fixes in a city.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Radius(f64);

impl Radius {
    /// Metres.
    #[must_use]
    pub fn metres(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Radius {
    type Error = String;
    fn try_from(metres: f64) -> Result<Self, String> {
        if (50.0..=5_000.0).contains(&metres) {
            Ok(Self(metres))
        } else {
            Err(format!("a zone around a person has a radius of 50 to 5000 m, not {metres}"))
        }
    }
}

impl From<Radius> for f64 {
    fn from(radius: Radius) -> Self {
        radius.0
    }
}

/// Width of a warning zone in metres, 0 to 20,000.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Margin(f64);

impl Margin {
    /// Metres.
    #[must_use]
    pub fn metres(self) -> f64 {
        self.0
    }
}

/// 300 m: about four minutes on foot.
impl Default for Margin {
    fn default() -> Self {
        Self(300.0)
    }
}

impl TryFrom<f64> for Margin {
    type Error = String;
    fn try_from(metres: f64) -> Result<Self, String> {
        if (0.0..=20_000.0).contains(&metres) {
            Ok(Self(metres))
        } else {
            Err(format!("a warning margin is 0 to 20000 m, not {metres}"))
        }
    }
}

impl From<Margin> for f64 {
    fn from(margin: Margin) -> Self {
        margin.0
    }
}

/// A valid shape that remembers how to write itself down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawShape", into = "RawShape")]
pub struct ZoneShape(pub Shape);

/// `{circle = {lat, lon, radius_m}}`, or `{polygon = [outer ring, holes ...]}` with corners as `[lat, lon]`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RawShape {
    Circle { lat: f64, lon: f64, radius_m: f64 },
    Polygon(Vec<Vec<[f64; 2]>>),
}

impl TryFrom<RawShape> for ZoneShape {
    type Error = String;
    fn try_from(raw: RawShape) -> Result<Self, String> {
        let refused = |error: ShapeError| error.to_string();
        Ok(Self(match raw {
            RawShape::Circle { lat, lon, radius_m } => {
                let centre = LatLon::new(lat, lon).map_err(|error| format!("centre: {error}"))?;
                Shape::Circle(Circle::new(centre, radius_m).map_err(refused)?)
            }
            RawShape::Polygon(rings) => {
                let rings: Vec<_> = rings.iter().enumerate().map(ring).collect::<Result<_, _>>()?;
                Shape::Polygon(Polygon::new(rings).map_err(refused)?)
            }
        }))
    }
}

fn ring((i, corners): (usize, &Vec<[f64; 2]>)) -> Result<Vec<LatLon>, String> {
    let corner = |(j, [lat, lon]): (usize, &[f64; 2])| {
        LatLon::new(*lat, *lon).map_err(|error| format!("ring {i}, vertex {j}: {error}"))
    };
    corners.iter().enumerate().map(corner).collect()
}

impl From<ZoneShape> for RawShape {
    fn from(shape: ZoneShape) -> Self {
        match shape.0 {
            Shape::Circle(circle) => Self::Circle {
                lat: circle.centre().lat_deg(),
                lon: circle.centre().lon_deg(),
                radius_m: circle.radius_m(),
            },
            Shape::Polygon(polygon) => {
                let corner = |p: &LatLon| [p.lat_deg(), p.lon_deg()];
                Self::Polygon(polygon.rings().iter().map(|ring| ring.iter().map(corner).collect()).collect())
            }
        }
    }
}
