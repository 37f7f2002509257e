//! Kinds of receivers: how large their errors are, and what they say of them.

/// A poor receiver states this share of its true 1-sigma: a quarter of its errors is more than twice what it says
/// (in Nagoya 17 % where it says 4 to 6 m, 43 % where it says 20 to 60 m).
const POOR_STATES: f64 = 0.6;

/// A kind of receiver, and the sky that it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A phone under an open sky.
    OpenSky,
    /// A phone among high houses: good fixes, and reflections tens of metres aside, and moments without a fix.
    Canyon,
    /// A receiver that is never good, and does not know it.
    Poor,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OpenSky, Self::Canyon, Self::Poor];

    /// Its name in a file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenSky => "open_sky",
            Self::Canyon => "canyon",
            Self::Poor => "poor",
        }
    }

    /// Scale of the error in the open while there is no particular trouble, metres per axis.
    pub(super) const fn scale_m(self) -> f64 {
        match self {
            Self::OpenSky => 1.8,
            Self::Canyon => 2.0,
            Self::Poor => 7.0,
        }
    }

    /// How much worse satellites are indoors.
    pub(super) const fn indoors(self) -> f64 {
        match self {
            Self::OpenSky | Self::Canyon => 5.0,
            // Its trouble is the same everywhere.
            Self::Poor => 1.3,
        }
    }

    /// By how much the surroundings make the error larger or smaller, from three numbers of variance 1.
    pub(super) fn trouble(self, surroundings: [f64; 3]) -> f64 {
        let mean_square = surroundings.iter().map(|x| x * x).sum::<f64>() / 3.0;
        match self {
            // A Student-t of 3 degrees of freedom.
            Self::OpenSky => (1.0 / mean_square.max(1e-3)).sqrt(),
            // Heavier tails still, and an end to them: reflections come from houses that are near.
            Self::Canyon => mean_square.max(1e-3).powf(-0.9).min(30.0),
            // From 1 to 3.4 and no more: often bad, hardly ever terrible.
            Self::Poor => 1.0 + 2.4 / (1.0 + (-2.5 * (surroundings[0] + 0.2)).exp()),
        }
    }

    /// What the receiver states, 1-sigma metres, when that is the trouble.
    pub(super) fn stated_m(self, scale_m: f64, trouble: f64) -> f64 {
        let one_sigma_m = scale_m * std::f64::consts::SQRT_2;
        match self {
            Self::OpenSky | Self::Canyon => (one_sigma_m * trouble.sqrt()).max(2.0),
            Self::Poor => POOR_STATES * one_sigma_m * trouble,
        }
    }
}
