//! Publishes a fleet of simulated tags.

fn main() {}
