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

    /// How much worse satellites are under a roof.
    pub(super) const fn indoors(self, roof: Roof) -> f64 {
        match (self, roof) {
            (Self::OpenSky, Roof::Window) => 2.5,
            (Self::OpenSky, Roof::Deep) => 5.0,
            // Cars parked in canyons: p95 13 to 28 m, p99 22 to 89 m.
            (Self::Canyon, Roof::Window) => 2.0,
            (Self::Canyon, Roof::Deep) => 3.0,
            // Its trouble is much the same everywhere.
            (Self::Poor, Roof::Window) => 1.0,
            (Self::Poor, Roof::Deep) => 1.3,
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

/// How much of the sky is left indoors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Roof {
    /// A room with a window: mostly satellites.
    Window,
    /// A large house: wifi and cells as often as not.
    Deep,
}

impl Roof {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Window, Self::Deep];

    /// Its name in a file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Deep => "deep",
        }
    }

    /// Shares of fixes by satellites, wifi and cells; for the rest there is none.
    pub(super) const fn shares(self) -> [f64; 3] {
        match self {
            Self::Window => [0.87, 0.03, 0.005],
            Self::Deep => [0.60, 0.15, 0.15],
        }
    }
}
