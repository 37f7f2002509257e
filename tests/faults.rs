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
#[path = "support/fleet.rs"]
mod fleet;
#[path = "support/house.rs"]
mod house;
#[path = "support/line.rs"]
mod line;
#[path = "support/mosquitto.rs"]
mod mosquitto;
#[path = "support/mqtt.rs"]
mod mqtt;
#[path = "faults/network.rs"]
mod network;
#[path = "faults/overload.rs"]
mod overload;
#[path = "support/phones.rs"]
mod phones;
#[path = "faults/poison.rs"]
mod poison;
#[path = "faults/providers.rs"]
mod providers;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "support/recorded.rs"]
mod recorded;
#[path = "faults/report.rs"]
mod report;
#[path = "support/wait.rs"]
mod wait;
