//! A shape's border, and that of everything near it, as rings to draw.

use geo::{Buffer, Coord, LineString, MultiPolygon, Polygon as Flat};

use super::{
    plane::Plane,
    position::{LatLon, offset},
    shape::{Circle, Polygon, Shape},
};

/// Corners of a drawn circle: one of a kilometre is drawn to the metre.
const CORNERS: u32 = 72;

impl Shape {
    /// The border of all that is in the shape or within `margin_m` of it: polygons, each an outer ring and then its holes,
    /// every ring closed. For drawing: circles and rounded corners are cut a thousandth short.
    pub fn outline(&self, margin_m: f64) -> Vec<Vec<Vec<LatLon>>> {
        match self {
            Self::Circle(circle) => vec![vec![around(circle, margin_m)]],
            Self::Polygon(polygon) if margin_m > 0.0 => widened(polygon, self.centre(), margin_m),
            Self::Polygon(polygon) => vec![polygon.rings().to_vec()],
        }
    }
}

fn around(circle: &Circle, margin_m: f64) -> Vec<LatLon> {
    let reach_m = circle.radius_m() + margin_m;
    let corner =
        |n: u32| offset(circle.centre(), 360.0 * f64::from(n % CORNERS) / f64::from(CORNERS), reach_m);
    (0..=CORNERS).map(corner).collect()
}

/// In the plane about its middle, where a zone is small enough to be true.
fn widened(polygon: &Polygon, middle: LatLon, margin_m: f64) -> Vec<Vec<Vec<LatLon>>> {
    let plane = Plane::about(middle);
    let flat = |ring: &Vec<LatLon>| -> LineString {
        ring.iter().map(|corner| Coord::from(plane.project(*corner))).collect()
    };
    let back = |ring: &LineString| -> Vec<LatLon> {
        let place = |at: &Coord| offset(middle, at.x.atan2(at.y).to_degrees(), at.x.hypot(at.y));
        ring.coords().map(place).collect()
    };
    let mut rings = polygon.rings().iter().map(flat);
    // A polygon has an outer ring.
    let outer = rings.next().unwrap_or_else(|| LineString::new(Vec::new()));
    let wide: MultiPolygon = Flat::new(outer, rings.collect()).buffer(margin_m);
    wide.iter()
        .map(|part| std::iter::once(part.exterior()).chain(part.interiors()).map(back).collect())
        .collect()
}
