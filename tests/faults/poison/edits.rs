//! Zones and orders that change under a wearer.
