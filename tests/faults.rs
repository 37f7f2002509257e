//! Everything around the line breaks, one thing at a time: what must hold is asserted, row by row.
//!
//! `bash tests/faults/long` runs the same with thousands of kills and writes a report.
#![allow(dead_code, reason = "shared parts are not used whole")]
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
#[path = "faults/ratios.rs"]
mod ratios;
#[path = "faults/report.rs"]
mod report;
#[path = "faults/rig.rs"]
mod rig;
#[path = "faults/server_away.rs"]
mod server_away;
#[path = "faults/snapshots.rs"]
mod snapshots;
#[path = "faults/store_away.rs"]
mod store_away;
#[path = "faults/telephone.rs"]
mod telephone;
#[path = "faults/watched.rs"]
mod watched;

#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/fleet.rs"]
mod fleet;
#[path = "support/house.rs"]
mod house;
#[path = "support/installation.rs"]
mod installation;
#[path = "support/mosquitto.rs"]
mod mosquitto;
#[path = "support/mqtt.rs"]
mod mqtt;
#[path = "support/one_zone.rs"]
mod one_zone;
#[path = "support/outcome.rs"]
mod outcome;
#[path = "support/phones.rs"]
mod phones;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/process.rs"]
mod process;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "support/raw_mqtt.rs"]
mod raw_mqtt;
#[path = "support/recorded.rs"]
mod recorded;
#[path = "support/reference.rs"]
mod reference;
#[path = "support/wait.rs"]
mod wait;
#[path = "scenarios/ward.rs"]
mod ward;
