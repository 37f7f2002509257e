//! The disk is full, slow, or fails one call; and what a power cut leaves behind.

#[path = "disk_nth.rs"]
mod nth;
#[path = "disk_power.rs"]
mod power;
#[path = "disk_script.rs"]
mod script;
#[path = "disk_service.rs"]
mod service;
#[path = "disk_shim.rs"]
mod shim;
#[path = "disk_site.rs"]
mod site;
