//! Everything around the line breaks, one thing at a time: what must hold is asserted, row by row.
//!
//! `bash tests/faults/long` runs the same with thousands of kills and writes a report.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "faults/broker.rs"]
mod broker;
#[path = "faults/campaign.rs"]
mod campaign;
#[path = "faults/clocks.rs"]
mod clocks;
#[path = "faults/disk.rs"]
mod disk;
#[path = "faults/network.rs"]
mod network;
#[path = "faults/overload.rs"]
mod overload;
#[path = "faults/poison.rs"]
mod poison;
#[path = "faults/providers.rs"]
mod providers;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "faults/report.rs"]
mod report;
