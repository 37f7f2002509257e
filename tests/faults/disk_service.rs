//! The disk of a real service is full or slow, or somebody else holds its database.

use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
    process::Command,
    time::Duration,
};

use cordon::{
    clock::Clock,
    domain::{Happening, Incident, IncidentKind, Priority, Reason},
};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

use super::{
    script,
    shim::Disk,
    site::{Judged, PATIENCE, Site},
};
use crate::report;

/// The small disk, MiB.
const DISK_MIB: u32 = 24;
/// As many of the crowd as drive through a zone within some seconds.
const WEARERS: i64 = 12;
/// A try that was not held up bears its round's time, and is begun within this time of it, milliseconds.
const TOGETHER_MS: i64 = 1_000;

/// Those in danger are told within this time whatever the store does.
const EMERGENCY_MAX: Duration = Duration::from_secs(30);

/// A file system in memory with room for little, and a file that takes what is left of it.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// `None`, with a word about it, for who may not mount one.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={DISK_MIB}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).status();
        if !mounted.is_ok_and(|status| status.success()) {
            let required = std::env::var("CORDON_REQUIRE_MOUNT").as_deref() == Ok("1");
            assert!(!required, "a small disk cannot be mounted and CORDON_REQUIRE_MOUNT=1");
            // Not through `eprintln!`, which the test harness keeps to itself when a test passes.
            std::io::stderr().write_all(b"SKIPPED: a full disk, for this user may not mount one\n").unwrap();
            return None;
        }
        Some(Self { folder })
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }

    /// Takes room until so much of the disk is in use, percent.
    fn fill_to(&self, pct: u64) {
        let mut filler = File::options().create(true).append(true).open(self.filler()).unwrap();
        let used_pct = || {
            let disk = rustix::fs::statvfs(self.folder.path()).unwrap();
            (disk.f_blocks - disk.f_bfree) * 100 / disk.f_blocks
        };
        while used_pct() < pct {
            filler.write_all(&[7; 16_384]).unwrap();
        }
    }

    /// Takes all that is left.
    fn fill(&self) {
        let mut filler = File::options().append(true).create(true).open(self.filler()).unwrap();
        while filler.write_all(&[7; 4_096]).is_ok() {}
    }

    fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_before_it_is_full_and_loses_nothing() {
    let rounds = if report::is_long() { 50 } else { 2 };
    let mut pings = 0;
    for round in 0..rounds {
        let Some(sent) = full_disk(round == 0, round % 2 == 1).await else {
            return;
        };
        pings += sent;
    }
    let figures = json!({ "rounds": rounds, "killed": rounds / 2, "pings": pings, "lost": 0, "doubled": 0 });
    report::shown(9, "disk full", figures);
}

/// One round: the disk fills up step by step or all at once, and the service may be killed while it is full. Returns how
/// many pings were sent.
async fn full_disk(in_steps: bool, killed: bool) -> Option<u64> {
    let disk = SmallDisk::mount()?;
    let site = Site::at(disk.folder.path(), WEARERS).await?;
    let mut service = site.serve(|_| {}).await;
    let steps: &[u64] = if in_steps { &[72, 87, 96] } else { &[] };
    for pct in steps.iter().copied() {
        disk.fill_to(pct);
        let what = format!("the operator is told of {pct} %");
        let line = |line: &String| line.starts_with("disk ") && line.ends_with(" % full");
        let told = site.health(&what, |health| {
            health.disk_pct >= u8::try_from(pct).ok() && health.trouble.iter().any(line)
        });
        told.await;
    }
    let (sent, fleet) = site.drive();
    disk.fill();
    site.logged("commit failed").await;
    site.health("the health page goes on", |health| health.disk_pct == Some(100)).await;
    if killed {
        service.kill();
        disk.empty();
        service = site.serve(|_| {}).await;
    } else {
        site.all_inside(&sent).await;
        danger_is_told(&site).await;
        disk.empty();
    }
    let count = fleet.acknowledged(PATIENCE).await;
    let quiet = site.health("everybody is told and the disk has room", |health| {
        !health.alerts.contains_key("waiting") && health.trouble.is_empty()
    });
    quiet.await;
    service.stop();
    let judged = site.judge(&sent).await;
    if !killed {
        assert!(!judged.only(IncidentKind::StoreFails).ongoing);
    }
    if in_steps {
        let full = judged.only(IncidentKind::DiskFull);
        assert_eq!((full.ongoing, full.priority), (false, Priority::P1));
        let told = told_pct(full);
        for from in [70..85, 85..95, 95..101] {
            assert!(told.iter().any(|pct| from.contains(pct)), "{told:?}");
        }
    }
    Some(count)
}

/// Nothing can be written: those in danger are told all the same, and the operator sees why nothing else goes on.
async fn danger_is_told(site: &Site) {
    let told = site.told("danger is told although nothing can be written");
    tokio::time::timeout(EMERGENCY_MAX, told).await.expect("danger waits for no store");
    site.health("the operator sees that nothing can be written", |health| {
        health.status == "store" && health.trouble.iter().any(|line| line == "records cannot be written")
    })
    .await;
}

/// How full the disk was each time that it was raised.
fn told_pct(full: &Incident) -> Vec<u8> {
    let raised = |what: &Happening| match what {
        Happening::Raised { reason: Reason::Disk { pct }, .. } => Some(*pct),
        _ => None,
    };
    full.timeline.iter().filter_map(|entry| raised(&entry.what)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_somebody_else_holds_is_waited_for() {
    let place = tempfile::tempdir().unwrap();
    let Some(site) = Site::at(place.path(), WEARERS).await else {
        return;
    };
    let service = site.serve(|_| {}).await;
    let (clock, mut holder) =
        (Clock::real(), SqliteConnection::connect(&script::database(place.path())).await.unwrap());
    let held = holder.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let began_us = clock.real_us();
    let (sent, fleet) = site.drive();
    site.logged("commit failed").await;
    site.all_inside(&sent).await;
    danger_is_told(&site).await;
    if report::is_long() {
        clock.wait_ms(60_000).await;
    }
    let held_s = (clock.real_us() - began_us) / 1_000_000;
    held.rollback().await.unwrap();
    let count = fleet.acknowledged(PATIENCE).await;
    site.installation.nothing_waits(PATIENCE).await;
    service.stop();
    let judged = site.judge(&sent).await;
    assert!(!judged.only(IncidentKind::StoreFails).ongoing);
    most_urgent_first(&judged).await;
    report::shown(
        10,
        "write lock held",
        json!({ "held_s": held_s, "pings": count, "lost": 0, "doubled": 0 }),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_delays_and_loses_nothing_and_the_most_urgent_goes_first() {
    let (place, switch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (slow_ms, wearers) = if report::is_long() { (2_000, WEARERS) } else { (500, 4) };
    let Some(site) = Site::at(place.path(), wearers).await else {
        return;
    };
    let is_slow = switch.path().join("slow");
    let disk = Disk { slow: Some((is_slow.clone(), slow_ms)), ..Disk::default() };
    let service = site.serve(|command| disk.under(command, place.path())).await;
    File::create(&is_slow).unwrap();
    let clock = Clock::real();
    let began_us = clock.real_us();
    let (sent, fleet) = site.drive();
    site.told("the persons are told although the disk is slow").await;
    let told_s = (clock.real_us() - began_us) / 1_000_000;
    fs::remove_file(is_slow).unwrap();
    let count = fleet.acknowledged(PATIENCE).await;
    site.installation.nothing_waits(PATIENCE).await;
    service.stop();
    let judged = site.judge(&sent).await;
    let compared = most_urgent_first(&judged).await;
    assert!(compared > 0, "there is something less urgent");
    report::shown(
        10,
        "slow commits",
        json!({
            "sync_ms": slow_ms, "pings": count, "violations": wearers, "all_told_s": told_s,
            "lost": 0, "doubled": 0,
        }),
    );
}

/// Panics if something less urgent, raised later, was sent before danger was. Returns how many alerts were compared.
async fn most_urgent_first(judged: &Judged) -> usize {
    let mut first_tries = vec![];
    for alert in &judged.alerts {
        let tries = judged.store.attempts_of(alert.id).await.unwrap();
        first_tries.extend(tries.first().map(|first| (alert, first.at)));
    }
    let (danger, lesser): (Vec<_>, Vec<_>) =
        first_tries.into_iter().partition(|(alert, _)| alert.priority == Priority::P1);
    for (p1, tried_at) in &danger {
        for (other, other_at) in &lesser {
            let overtaken = other.raised_at >= p1.raised_at && tried_at.ms_since(*other_at) > TOGETHER_MS;
            assert!(!overtaken, "alert {} was sent before alert {}", other.id, p1.id);
        }
    }
    danger.len().min(lesser.len())
}
