//! One block of kills: a crowd of tags drives, the service dies again and again, and what came of it is judged.

use std::{collections::BTreeMap, os::unix::process::ExitStatusExt, path::Path, time::Duration};

use cordon::clock::Clock;
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    random::Random,
};
use serde_json::{Value, json};

use super::{
    judge::judge,
    plan::{self, Kill},
};
use crate::{
    crowd::{self, Crowd},
    fleet::Fleet,
    installation::Installation,
    postgres,
    process::Service,
};

/// Four minutes of driving, more than a block takes.
const CROWD: Crowd = Crowd { wearers: 20, zones: 30 };
/// The first ping leaves this long after the rulebook is live, milliseconds.
const BEGINS_AFTER_MS: i64 = 300;
const RESEND_S: u32 = 5;
/// A point that is not reached within this time kills nobody.
const REACH_MS: i64 = 2_000;
/// Between two looks whether the service has died, milliseconds.
const LOOK_MS: i64 = 5;
/// After the last kill all is well within this time: less than a lease.
const DRAIN: Duration = Duration::from_secs(20);
/// The signal of a process that aborts.
const SIGABRT: i32 = 6;

/// How many kills, and how many of them at each point.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) kills: usize,
    pub(super) each: usize,
}

/// What the service keeps its state in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Sqlite,
    Postgresql,
}

impl Engine {
    /// An empty database; `None` where PostgreSQL is not installed.
    async fn url(self, folder: &Path) -> Option<String> {
        match self {
            Self::Sqlite => Some(format!("sqlite:{}", folder.join("cordon.db").display())),
            Self::Postgresql => postgres::fresh_database().await,
        }
    }

    pub(super) fn name(self) -> &'static str {
        if self == Self::Sqlite { "sqlite" } else { "postgresql" }
    }
}

/// What was killed, and when.
#[derive(Default)]
struct Killed {
    at_random: usize,
    at: BTreeMap<&'static str, usize>,
    not_reached: usize,
    /// When each service was started, by the wall clock, milliseconds.
    starts_ms: Vec<i64>,
}

/// Kills, judges, and returns the figures; `None` where Mosquitto or the engine is not installed.
pub(super) async fn run(seed: u64, size: Size, engine: Engine) -> Option<Value> {
    let place = tempfile::tempdir().unwrap();
    let url = engine.url(place.path()).await?;
    let installation = Installation::new(place.path(), &url, &CROWD.tags()).await?;
    let mut killed = Killed::default();
    let service = killed.start(&installation, "");
    installation.heard().await;
    let rulebook = place.path().join("rulebook.json");
    crowd::write_rulebook(CROWD, &rulebook, &format!("{}/webhook/desk", installation.phones.url));
    installation.load(&rulebook);
    service.kill();

    let began_ms = wall_now_ms();
    let mut sent = CROWD.pings(began_ms + BEGINS_AFTER_MS);
    let tag_clock = ScaledClock::new(0, 1.0).unwrap();
    let fleet = Fleet::start(installation.broker.addr(), tag_clock, RESEND_S, sent.clone());
    killed.all(&installation, seed, size).await;
    let service = killed.start(&installation, "");
    let took_ms = wall_now_ms() - began_ms;
    let last_ms = wall_now_ms() + BEGINS_AFTER_MS;
    fleet.stop_at(last_ms);
    sent.iter_mut().for_each(|(_, pings)| pings.retain(|timed| timed.at_ms <= last_ms));
    let pings = fleet.acknowledged(DRAIN).await;
    installation.nothing_waits(DRAIN).await;
    service.stop();
    let judged = judge(&installation, &url, &rulebook, &sent, &killed.starts_ms).await;
    Some(json!({
        "seed": seed, "on": engine.name(), "kills": killed.count(), "at_random": killed.at_random, "at": killed.at,
        "not_reached": killed.not_reached, "s_per_kill": took_ms as f64 / 1e3 / killed.count() as f64, "pings": pings,
        "violations": judged.violations, "messages": judged.messages, "repeats": judged.repeats,
    }))
}

impl Killed {
    fn count(&self) -> usize {
        self.at_random + self.not_reached + self.at.values().sum::<usize>()
    }

    fn start(&mut self, installation: &Installation, failpoints: &str) -> Service {
        self.starts_ms.push(wall_now_ms());
        installation.serve_armed(failpoints)
    }

    /// One service after the other. Panics if a point is out of reach.
    async fn all(&mut self, installation: &Installation, seed: u64, size: Size) {
        let mut random = Random::new(seed);
        let mut plan = plan::plan(&mut random, size.kills, size.each);
        while let Some(kill) = plan.pop() {
            let service = self.start(installation, &kill.failpoints());
            match kill {
                Kill::Random { after_ms } => {
                    Clock::real().wait_ms(after_ms).await;
                    service.kill();
                    self.at_random += 1;
                }
                Kill::At { point, .. } if dies(service).await => *self.at.entry(point).or_default() += 1,
                Kill::At { point, .. } => {
                    println!("{kill:?} was not reached");
                    self.not_reached += 1;
                    assert!(self.not_reached <= size.kills / 4, "{point} is out of reach");
                    plan.insert(0, plan::at(&mut random, point));
                }
            }
            if self.count().is_multiple_of(20) {
                println!("{} kills, {} to come", self.count(), plan.len());
            }
        }
    }
}

/// Whether the service comes to its point and dies there. It does not outlive this.
async fn dies(mut service: Service) -> bool {
    let clock = Clock::real();
    for _ in 0..REACH_MS / LOOK_MS {
        if let Some(ended) = service.ended() {
            assert_eq!(ended.signal(), Some(SIGABRT), "{ended}");
            return true;
        }
        clock.wait_ms(LOOK_MS).await;
    }
    false
}
