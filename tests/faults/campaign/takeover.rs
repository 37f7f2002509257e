//! Two processes on one database: the owner of the line is killed, or stopped until it is one no more, again and again; the
//! other takes over, and what came of it is judged.

use std::time::Duration;

use cordon::clock::Clock;
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    random::Random,
};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::judge::judge;
use crate::{
    crowd::{self, Crowd},
    fleet::Fleet,
    installation::{Installation, Instance},
    postgres,
    process::Service,
    report::{is_long, seed, shown},
    wait::until,
};

const CROWD: Crowd = Crowd { wearers: 20, zones: 40 };
/// Of so many take-overs one is from an owner that is stopped.
const STOPPED_EACH: usize = 4;
const TAKE_OVERS: usize = 20;
/// A long run is so many blocks.
const BLOCKS: u64 = 10;
const BEGINS_AFTER_MS: i64 = 300;
const RESEND_S: u32 = 5;
/// What an owner does before it is killed, milliseconds.
const OWNS_MS: f64 = 1_200.0;
/// A first start takes no longer than this, even on a busy machine.
const START: Duration = Duration::from_secs(20);
/// From the end of an owner until the next one hears the broker: what is promised.
const TAKE_OVER: Duration = Duration::from_secs(15);
/// Who wakes up after that sees that it is not the owner within this time.
const WAKES: Duration = Duration::from_secs(10);
const DRAIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn whichever_process_owns_the_line_nothing_is_lost_or_doubled() {
    for number in 0..if is_long() { BLOCKS } else { 1 } {
        if let Some(figures) = block(seed().wrapping_add(number)).await {
            shown(2, "taken over", figures);
        }
    }
}

/// Two processes by their places, and those places.
struct Pair {
    places: [Instance; 2],
    owner: (usize, Service),
    standby: (usize, Service),
    /// The longest that a take-over from one that was killed has taken, and from one that was stopped, milliseconds.
    slowest_ms: [i64; 2],
    /// When each owner before this one ended, by the wall clock, milliseconds.
    taken_over_ms: Vec<i64>,
}

/// `None` where Mosquitto or PostgreSQL is not installed.
async fn block(seed: u64) -> Option<Value> {
    let folder = tempfile::tempdir().unwrap();
    let url = postgres::fresh_database().await?;
    let installation = Installation::new(folder.path(), &url, &CROWD.tags()).await?;
    let mut pair = Pair::start(["a", "b"].map(|name| installation.another(&folder.path().join(name)))).await;
    let rulebook = folder.path().join("rulebook.json");
    crowd::write_rulebook(CROWD, &rulebook, &format!("{}/webhook/desk", installation.phones.url));
    installation.load(&rulebook);

    let mut sent = CROWD.pings(wall_now_ms() + BEGINS_AFTER_MS);
    let tag_clock = ScaledClock::new(0, 1.0).unwrap();
    let fleet = Fleet::start(installation.broker.addr(), tag_clock, RESEND_S, sent.clone());
    let mut random = Random::new(seed);
    for nth in 1..=TAKE_OVERS {
        Clock::real().wait_ms(random.between(0.0, OWNS_MS) as i64).await;
        pair = pair.taken_over(nth % STOPPED_EACH == 0).await;
    }
    let last_ms = wall_now_ms() + BEGINS_AFTER_MS;
    fleet.stop_at(last_ms);
    sent.iter_mut().for_each(|(_, pings)| pings.retain(|timed| timed.at_ms <= last_ms));
    let pings = fleet.acknowledged(DRAIN).await;
    let (slowest_ms, taken_over_ms) = pair.stop().await;
    let [killed_s, stopped_s] = slowest_ms.map(|ms| ms as f64 / 1e3);
    let mut server = PgConnection::connect(&url).await.unwrap();
    let epoch: i64 = sqlx::query_scalar("SELECT epoch FROM owner").fetch_one(&mut server).await.unwrap();
    // The first owner, each take-over, and the hand-over at the end.
    assert_eq!(epoch, 2 + i64::try_from(TAKE_OVERS).unwrap());
    let judged = judge(&installation, &url, &rulebook, &sent, &taken_over_ms).await;
    Some(json!({
        "seed": seed, "take_overs": TAKE_OVERS, "stopped": TAKE_OVERS / STOPPED_EACH,
        "slowest_s": {"killed": killed_s, "stopped": stopped_s}, "pings": pings, "violations": judged.violations,
        "messages": judged.messages, "repeats": judged.repeats,
    }))
}

impl Pair {
    async fn start(places: [Instance; 2]) -> Self {
        let owner = (0, places[0].serve());
        places[0].heard(START).await;
        let standby = (1, places[1].serve());
        Self { places, owner, standby, slowest_ms: [0; 2], taken_over_ms: vec![] }
    }

    /// The owner is killed or stopped, the other takes over, and a new process stands by.
    async fn taken_over(self, stopped: bool) -> Self {
        let Self { places, owner: (gone, former), standby: (next, owner), mut slowest_ms, mut taken_over_ms } =
            self;
        let began_ms = wall_now_ms();
        taken_over_ms.push(began_ms);
        let former = if stopped {
            former.signal("STOP");
            Some(former)
        } else {
            former.kill();
            None
        };
        places[next].heard(TAKE_OVER).await;
        let slowest = &mut slowest_ms[usize::from(former.is_some())];
        *slowest = (*slowest).max(wall_now_ms() - began_ms);
        if let Some(former) = former {
            former.signal("CONT");
            ends_by_itself(former).await;
        }
        let standby = (gone, places[gone].serve());
        Self { places, owner: (next, owner), standby, slowest_ms, taken_over_ms }
    }

    /// The owner is asked to stop: the other one has the line at once, and ends as well.
    async fn stop(self) -> ([i64; 2], Vec<i64>) {
        let Self { places, owner: (_, owner), standby: (last, standby), slowest_ms, mut taken_over_ms } =
            self;
        taken_over_ms.push(wall_now_ms());
        owner.stop();
        places[last].heard(TAKE_OVER).await;
        places[last].nothing_waits(DRAIN).await;
        standby.stop();
        (slowest_ms, taken_over_ms)
    }
}

/// It sees that another one owns the line, and says so.
async fn ends_by_itself(mut former: Service) {
    let ended = until("the former owner ends", WAKES, || std::future::ready(former.ended())).await;
    assert_eq!(ended.code(), Some(1), "{ended}");
}
