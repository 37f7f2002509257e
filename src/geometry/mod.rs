//! Metres on the ellipsoid.
