//! How full the disk is that the records are on.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use tokio::{sync::watch, task, time::timeout};

use crate::{
    clock::Clock,
    domain::Timestamp,
    engine::{ServiceReport, Told},
    sequencer::Inbox,
};

/// The disk is looked at this often, milliseconds.
const LOOK_EVERY_MS: i64 = 2_000;
/// The engine is told at each multiple of this on the way up, percent: its own limits are among them.
const STEP_PCT: u8 = 5;
/// On the way down it is told only when at least so much is free again: a disk that goes up and down around a limit
/// does not fill itself with reports about that.
const DOWN_PCT_MIN: u8 = 3;
/// It is told again after this long, whatever has changed: an incident may have been closed though the disk is still
/// full, or there was no unit yet to have one. Milliseconds.
const TELL_AGAIN_MS: i64 = 3_600_000;
/// With an inbox that takes nothing the looks go on; the report comes later.
const TELL_MAX: Duration = Duration::from_secs(1);

/// Looks at the disk that `file` is on until `stop` is ready: each look is shown in `reading` (percent; `None` if the
/// system does not say), and the engine is told of the first, when it is noticeably fuller or emptier than at the last
/// time, and every hour.
pub async fn watch_disk(
    file: PathBuf,
    inbox: Inbox,
    clock: Clock,
    reading: watch::Sender<Option<u8>>,
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    let mut told: Option<(u8, Timestamp)> = None;
    loop {
        let pct = tokio::select! {
            () = &mut stop => return,
            pct = look(&file) => pct,
        };
        if pct.is_none() && reading.borrow().is_some() {
            tracing::warn!("the system no longer says how full the disk of the store is");
        }
        reading.send_replace(pct);
        let now = clock.steady();
        let is_due =
            |pct: &u8| told.is_none_or(|(told, at)| is_news(told, *pct) || now.ms_since(at) >= TELL_AGAIN_MS);
        if let Some(pct) = pct.filter(is_due) {
            let report = Told::Service(ServiceReport::Disk { pct });
            match timeout(TELL_MAX, inbox.tell(report)).await {
                Ok(Ok(())) => told = Some((pct, now)),
                // The next look tells it.
                Err(_) => {}
                Ok(Err(_stopped)) => return,
            }
        }
        tokio::select! {
            () = &mut stop => return,
            () = clock.wait_ms(LOOK_EVERY_MS) => {}
        }
    }
}

fn is_news(told: u8, pct: u8) -> bool {
    let (step, told_step) = (pct / STEP_PCT, told / STEP_PCT);
    step > told_step || step < told_step && pct + DOWN_PCT_MIN <= told
}

/// On a thread of its own: a file system may hang.
async fn look(file: &Path) -> Option<u8> {
    let file = file.to_owned();
    task::spawn_blocking(move || used_pct(&file)).await.ok()?
}

/// How much of the space that this process may use is in use, rounded up, as `df` has it.
fn used_pct(file: &Path) -> Option<u8> {
    let disk = rustix::fs::statvfs(file).ok()?;
    let used = disk.f_blocks.saturating_sub(disk.f_bfree);
    let all = used.checked_add(disk.f_bavail).filter(|all| *all > 0)?;
    u8::try_from((u128::from(used) * 100).div_ceil(u128::from(all))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of looks that find this, one after the other.
    fn told_of(looks: impl IntoIterator<Item = u8>) -> Vec<u8> {
        let mut told: Vec<u8> = vec![];
        for pct in looks {
            if told.last().is_none_or(|told| is_news(*told, pct)) {
                told.push(pct);
            }
        }
        told
    }

    #[test]
    fn every_limit_of_the_engine_is_told_at_once_on_the_way_up_and_with_room_on_the_way_down() {
        assert_eq!(told_of(64..=100), [64, 65, 70, 75, 80, 85, 90, 95, 100]);
        assert_eq!(told_of([40, 97]), [40, 97]);
        let down = told_of((0..=97).rev());
        assert!(down.contains(&97) && down.iter().any(|pct| (60..65).contains(pct)), "{down:?}");
        assert_eq!(told_of([70, 69, 70, 68, 70, 71, 69]), [70], "around a limit");
        assert_eq!(told_of([2, 1, 3, 4]), [2], "an empty disk is no news");
    }

    #[test]
    fn no_file_no_figure() {
        let folder = tempfile::tempdir().unwrap();
        assert!(used_pct(folder.path()).is_some_and(|pct| pct <= 100));
        assert_eq!(used_pct(&folder.path().join("not-there")), None);
    }
}
