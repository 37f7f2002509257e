//! What an operator copies from `deploy`.

use std::process::Command;

/// Of 10, as `systemd-analyze security` counts: 2 and less is a service that is locked in.
const EXPOSURE_MAX: f64 = 2.0;

#[test]
fn the_unit_is_locked_in() {
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/cordon.service");
    let asked = Command::new("systemd-analyze").args(["security", "--offline=yes", unit]).output();
    let Ok(answer) = asked else {
        return eprintln!("SKIPPED: there is no systemd-analyze here");
    };
    let said = String::from_utf8(answer.stdout).unwrap();
    let level = said.split("exposure level for cordon.service: ").nth(1);
    let level = level.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&answer.stderr)));
    let level: f64 = level.split_whitespace().next().unwrap().parse().unwrap();
    assert!(level <= EXPOSURE_MAX, "{said}");
}
