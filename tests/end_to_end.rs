//! The whole line against the real parts: brokers, phones, databases, and the command itself as a process.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "end_to_end/backup.rs"]
mod backup;
#[path = "end_to_end/certificate.rs"]
mod certificate;
#[path = "end_to_end/channels.rs"]
mod channels;
#[path = "end_to_end/commands.rs"]
mod commands;
#[path = "support/couples.rs"]
mod couples;
#[path = "support/crowd.rs"]
mod crowd;
#[path = "end_to_end/demo.rs"]
mod demo;
#[path = "end_to_end/deploy.rs"]
mod deploy;
#[path = "end_to_end/edits.rs"]
mod edits;
#[path = "end_to_end/erased.rs"]
mod erased;
#[path = "support/fleet.rs"]
mod fleet;
#[path = "support/house.rs"]
mod house;
#[path = "support/installation.rs"]
mod installation;
#[path = "end_to_end/kills.rs"]
mod kills;
#[path = "support/lived.rs"]
mod lived;
#[path = "end_to_end/logged.rs"]
mod logged;
#[path = "end_to_end/map.rs"]
mod map;
#[path = "end_to_end/migrate.rs"]
mod migrate;
#[path = "support/mosquitto.rs"]
mod mosquitto;
#[path = "end_to_end/nagoya.rs"]
mod nagoya;
#[path = "support/one_zone.rs"]
mod one_zone;
#[path = "support/outcome.rs"]
mod outcome;
#[path = "support/phones.rs"]
mod phones;
#[path = "support/pmtiles.rs"]
mod pmtiles;
#[path = "end_to_end/policies.rs"]
mod policies;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/process.rs"]
mod process;
#[path = "support/recorded.rs"]
mod recorded;
#[path = "support/reference.rs"]
mod reference;
#[path = "end_to_end/rehearse.rs"]
mod rehearse;
#[path = "end_to_end/reply.rs"]
mod reply;
#[path = "end_to_end/signing_in.rs"]
mod signing_in;
#[path = "end_to_end/subject.rs"]
mod subject;
#[path = "support/totp.rs"]
mod totp;
#[path = "support/wait.rs"]
mod wait;
#[path = "scenarios/ward.rs"]
mod ward;

/// Held by a test that keeps the machine busy: two at once would measure each other.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
