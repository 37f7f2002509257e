//! Metres on the ellipsoid: positions, circles, polygons, paths and an index over them.
//!
//! Numbers only: nothing here knows what a zone or a wearer is, and nothing here reads the rest of
//! the crate. Everything is measured on WGS84; degrees are kept for input, output and the index.
//!
//! One idea carries the module. Seen from a point p, the azimuthal equidistant [`Plane`] about p
//! shows every distance and direction from p as it is. So each question about a fix is asked in
//! the plane about that fix, where a border that passes near p lies where it should however long
//! its edges are, and neither the poles nor the 180th meridian are special.

mod bounds;
mod crossing;
mod extent;
mod index;
mod outline;
mod plane;
mod position;
mod probability;
mod rings;
mod shape;
mod shape_error;
mod spans;
#[cfg(test)]
mod tests;
mod validity;
mod view;

pub use crossing::{Crossing, crossing};
pub use index::Index;
pub use plane::Plane;
pub use position::{LatLon, PositionError, distance_m, farthest_m, offset};
pub use shape::{Circle, Polygon, Shape};
pub use shape_error::ShapeError;
pub use view::View;
