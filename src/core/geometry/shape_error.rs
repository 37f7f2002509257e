//! What is wrong with a shape, in words that tell what to change.

use super::position::PositionError;

/// Why a shape is refused. Ring 0 is the outer ring, then the holes; vertices count from 0 in the
/// order given; edge n runs from vertex n to the next, the last edge back to vertex 0.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ShapeError {
    /// A centre or a vertex is not a position.
    #[error(transparent)]
    Position(#[from] PositionError),
    /// The radius is out of range or not a number.
    #[error("radius must be 10 m to 50,000 m, not {radius_m} m")]
    Radius {
        /// As given.
        radius_m: f64,
    },
    /// More vertices than anybody draws by hand.
    #[error("{count} vertices; simplify to at most 1,000 in all rings together")]
    TooManyVertices {
        /// In all rings, repeated last vertices included.
        count: usize,
    },
    /// Not an area.
    #[error("ring {ring} has {distinct} different vertices; it needs at least 3")]
    TooFewVertices {
        /// Which ring.
        ring: usize,
        /// Vertices at different places.
        distinct: usize,
    },
    /// Too near to a pole.
    #[error("ring {ring}, vertex {vertex} is beyond 85 degrees north or south; use a circle there")]
    TooNearPole {
        /// Which ring.
        ring: usize,
        /// Which vertex.
        vertex: usize,
    },
    /// An edge crosses the 180th meridian.
    #[error("ring {ring}, edge {edge} crosses the 180th meridian; draw one polygon on each side of it")]
    CrossesAntimeridian {
        /// Which ring.
        ring: usize,
        /// Which edge.
        edge: usize,
    },
    /// Absurdly large: two vertices are too far apart.
    #[error(
        "ring {ring}, vertex {vertex} is {distance_m:.0} m from vertex {other} of the outer ring; \
         at most 100,000 m is accepted: check for a mistyped coordinate"
    )]
    TooLarge {
        /// Which ring.
        ring: usize,
        /// Which vertex.
        vertex: usize,
        /// The vertex of ring 0 it is far from.
        other: usize,
        /// Between the two.
        distance_m: f64,
    },
    /// Two vertices of one ring are at the same place.
    #[error("ring {ring}, vertex {second} repeats vertex {first}; remove one of them")]
    RepeatedVertex {
        /// Which ring.
        ring: usize,
        /// The earlier vertex.
        first: usize,
        /// The later vertex.
        second: usize,
    },
    /// Two edges of one ring cross or touch.
    #[error("ring {ring} crosses itself: edge {first} meets edge {second}; reorder its vertices")]
    SelfCrossing {
        /// Which ring.
        ring: usize,
        /// The earlier edge.
        first: usize,
        /// The later edge.
        second: usize,
    },
    /// The ring encloses next to nothing.
    #[error("ring {ring} encloses {area_m2:.0} m2; at least 100 m2 is needed")]
    TooSmall {
        /// Which ring.
        ring: usize,
        /// The area inside the ring.
        area_m2: f64,
    },
    /// Edges of two rings cross or touch.
    #[error(
        "ring {ring}, edge {edge} meets ring {other_ring}, edge {other_edge}; \
         rings must keep apart from each other"
    )]
    RingsCross {
        /// The earlier ring.
        ring: usize,
        /// Its edge.
        edge: usize,
        /// The later ring.
        other_ring: usize,
        /// Its edge.
        other_edge: usize,
    },
    /// A hole that is not inside the outer ring.
    #[error("ring {ring} is a hole outside of ring 0; move it inside or remove it")]
    HoleOutside {
        /// Which ring.
        ring: usize,
    },
    /// A hole in a hole.
    #[error("ring {ring} is a hole inside of ring {other_ring}, also a hole; remove one of them")]
    HoleInHole {
        /// The inner hole.
        ring: usize,
        /// The outer hole.
        other_ring: usize,
    },
}
