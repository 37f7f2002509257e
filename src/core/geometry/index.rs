//! Finds the shapes that may be near a point or a path, out of many.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::ops::ControlFlow;

use rstar::RTree;
use rstar::RTreeObject as _;
use rstar::primitives::{GeomWithData, Rectangle};

use super::bounds::Bounds;
use super::position::LatLon;
use super::shape::Shape;

type Entry<K> = GeomWithData<Rectangle<[f64; 2]>, K>;

/// An R-tree over boxes around shapes, each grown by its own margin.
///
/// It answers with a superset: no shape that is near is left out, some that are not are named.
/// Ask [`Shape::signed_distance_m`] afterwards.
#[derive(Clone)]
pub struct Index<K> {
    tree: RTree<Entry<K>>,
    bounds: BTreeMap<K, Bounds>,
}

impl<K: Ord + Clone> Index<K> {
    /// An index of shapes by key, each with a margin in metres that counts as part of the shape.
    /// The last one of a repeated key stays.
    pub fn build<'a>(shapes: impl Iterator<Item = (K, &'a Shape, f64)>) -> Self {
        let bounds: BTreeMap<K, Bounds> =
            shapes.map(|(key, shape, margin_m)| (key, Bounds::of_shape(shape, margin_m))).collect();
        let entries = bounds.iter().flat_map(|(key, bounds)| entries(key, *bounds)).collect();
        Self { tree: RTree::bulk_load(entries), bounds }
    }

    /// Adds a shape, in place of the one that had this key.
    pub fn insert(&mut self, key: K, shape: &Shape, margin_m: f64) {
        self.remove(&key);
        let bounds = Bounds::of_shape(shape, margin_m);
        for entry in entries(&key, bounds) {
            self.tree.insert(entry);
        }
        self.bounds.insert(key, bounds);
    }

    /// Takes a shape out. False if there is none with this key.
    pub fn remove(&mut self, key: &K) -> bool {
        let Some(bounds) = self.bounds.remove(key) else {
            return false;
        };
        for entry in entries(key, bounds) {
            self.tree.remove(&entry);
        }
        true
    }

    /// The keys, in order, of every shape whose grown border may be within `within_m` metres of
    /// `p`, or that may hold `p`.
    pub fn near(&self, p: LatLon, within_m: f64) -> Vec<K> {
        self.meeting(Bounds::of_point(p).grown(within_m))
    }

    /// [`Index::near`] for any point of the geodesic from `a` to `b`.
    pub fn near_segment(&self, a: LatLon, b: LatLon, within_m: f64) -> Vec<K> {
        self.meeting(Bounds::of_path(a, b).grown(within_m))
    }

    /// How many shapes are in it.
    pub fn len(&self) -> usize {
        self.bounds.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bounds.is_empty()
    }

    fn meeting(&self, area: Bounds) -> Vec<K> {
        let mut keys = Vec::new();
        for part in area.rectangles() {
            let all = |entry: &Entry<K>| {
                keys.push(entry.data.clone());
                ControlFlow::<Infallible>::Continue(())
            };
            let ControlFlow::Continue(()) =
                self.tree.locate_in_envelope_intersecting_int(part.envelope(), all);
        }
        keys.sort();
        keys.dedup();
        keys
    }
}

/// Shows how many shapes, but not where.
impl<K> fmt::Debug for Index<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index of {} shapes", self.bounds.len())
    }
}

fn entries<K: Clone>(key: &K, bounds: Bounds) -> impl Iterator<Item = Entry<K>> {
    bounds.rectangles().map(move |part| GeomWithData::new(part, key.clone()))
}
