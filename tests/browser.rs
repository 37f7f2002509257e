//! What people see, in a real browser.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "browser/apps.rs"]
mod apps;
#[path = "support/chromium.rs"]
mod chromium;
#[path = "browser/crowded.rs"]
mod crowded;
#[path = "support/fleet.rs"]
mod fleet;
#[path = "support/house.rs"]
mod house;
#[path = "support/one_zone.rs"]
mod one_zone;
#[path = "support/phones.rs"]
mod phones;
#[path = "support/pmtiles.rs"]
mod pmtiles;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "browser/push.rs"]
mod push;
#[path = "support/script.rs"]
mod script;
#[path = "browser/signing_in.rs"]
mod signing_in;
#[path = "browser/stage.rs"]
mod stage;
#[path = "browser/stories.rs"]
mod stories;
#[path = "support/totp.rs"]
mod totp;
#[path = "support/wait.rs"]
mod wait;
