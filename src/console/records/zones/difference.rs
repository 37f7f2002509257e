//! Two shapes of a zone over each other: what is new, what is no longer there, and what both have. Stripes, dots and dashes
//! tell them apart, not colour alone.

use crate::{
    console::map::{Grid, View},
    domain::Zone,
};

/// The drawing.
pub(in crate::console::records) struct Difference {
    /// Tells the drawings of a page apart.
    pub(in crate::console::records) key: usize,
    pub(in crate::console::records) code: String,
    pub(in crate::console::records) grid: Grid,
    /// Path data; empty for a zone that was not there.
    pub(in crate::console::records) before: String,
    pub(in crate::console::records) after: String,
    /// The outer borders of the warning zones.
    pub(in crate::console::records) margin_before: String,
    pub(in crate::console::records) margin_after: String,
}

impl Difference {
    /// Draws a zone as it was and as it is; `None` if it never was.
    pub(in crate::console::records) fn of(
        key: usize,
        before: Option<&Zone>,
        after: Option<&Zone>,
    ) -> Option<Self> {
        let extent = |zone: &Zone| {
            let reach_m = zone.shape.0.reach_m() + zone.margin_m.metres();
            (zone.shape.0.centre(), reach_m)
        };
        let both = [before, after];
        let extents: Vec<_> = both.into_iter().flatten().map(extent).collect();
        let view = View::of(&extents)?;
        let path = |zone: Option<&Zone>| zone.map(|zone| view.path(&zone.shape.0)).unwrap_or_default();
        let margin = |zone: Option<&Zone>| {
            let wide = zone.filter(|zone| zone.margin_m.metres() > 0.0);
            let rings = wide.map(|zone| zone.shape.0.outline(zone.margin_m.metres())).unwrap_or_default();
            rings.iter().map(|rings| view.rings(rings)).collect::<String>()
        };
        Some(Self {
            key,
            code: after.or(before).map(|zone| zone.code.clone()).unwrap_or_default(),
            before: path(before),
            after: path(after),
            margin_before: margin(before),
            margin_after: margin(after),
            grid: view.grid(),
        })
    }
}
