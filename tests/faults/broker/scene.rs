//! A real Mosquitto, the whole line, a network between them that can fail, and tags that drive through their zones.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use cordon::{
    clock::Clock,
    domain::{Cause, Incident, IncidentId, IncidentKind, Ping, TagId, Timestamp, ZoneId},
    engine::{Input, ServiceReport, Told},
    ingest,
    lab::{Course, proven},
    sandbox::broker::tag_login,
    sequencer::input_of,
    store::{self, JournalRow},
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::TimedPing,
};
use tag_wire::{Fix, Motion, Source};

use crate::{
    fleet::{self, Fleet},
    house::{self, House, SERVICE},
    mosquitto::Mosquitto,
    phones::{self, Health},
    proxy::Proxy,
    recorded::{self, Scenario},
    wait::until,
};

/// Longer than anything here takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Radius of every zone, metres.
const RADIUS_M: f64 = 100.0;
/// Every tag drives from so far west of its zone to so far east of it, metres.
const DRIVE_M: f64 = 500.0;
/// Degrees of longitude in a metre at 54 degrees north.
const LON_PER_M: f64 = 1.0 / 65_500.0;

/// Everything at work.
pub(super) struct Scene {
    pub(super) broker: Mosquitto,
    /// Between the broker and Cordon.
    pub(super) proxy: Proxy,
    pub(super) house: House,
    pub(super) clock: Clock,
    zones: Vec<Scenario>,
    epoch_ms: i64,
    speed: f64,
    _place: tempfile::TempDir,
}

/// What a scene is made of.
pub(super) struct Plan<'a> {
    pub(super) tags: usize,
    /// How many seconds pass in one.
    pub(super) speed: f64,
    /// Lines of the broker's configuration.
    pub(super) settings: &'a [(&'a str, &'a str)],
    /// Logins beside those of the tags and of Cordon.
    pub(super) logins: &'a [&'a str],
    /// The only vendor that Cordon's source may speak for.
    pub(super) vendor: Option<&'a str>,
}

impl Plan<'_> {
    /// The broker alone, for a test that has something to say to it before Cordon does. `None` without Mosquitto.
    pub(super) fn broker(&self) -> Option<Mosquitto> {
        let logins: Vec<String> = (0..self.tags).map(|n| tag_login(&tag(n))).collect();
        let all = logins.iter().map(String::as_str).chain(self.logins.iter().copied());
        let mut accounts: Vec<(&str, &str)> = all.map(|login| (login, fleet::PASSWORD)).collect();
        accounts.push(SERVICE);
        Mosquitto::start_with(SERVICE.0, &accounts, self.settings)
    }

    /// Everything, with the rulebook published.
    pub(super) async fn start(&self) -> Option<Scene> {
        Some(self.start_on(self.broker()?).await)
    }

    pub(super) async fn start_on(&self, broker: Mosquitto) -> Scene {
        let epoch_ms = wall_now_ms();
        let clock = Clock::scaled(Timestamp::from_ms(epoch_ms), self.speed);
        let place = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", place.path().join("cordon.db").display());
        let store = store::open(&url).await.unwrap();
        let proxy = Proxy::start(broker.addr()).await;
        let vendor = self.vendor.map(|vendor| vendor.parse().unwrap());
        let source = ingest::Source { vendor, ..house::source(proxy.addr()) };
        let house = House::fed_by(source, store, clock.clone()).await;
        let zones: Vec<Scenario> = (0..self.tags).map(zone).collect();
        house.publish(recorded::rulebook(&zones, &format!("{}/webhook/desk", house.phones.url))).await;
        let speed = self.speed;
        Scene { broker, proxy, house, clock, zones, epoch_ms, speed, _place: place }
    }
}

pub(super) fn tag(n: usize) -> TagId {
    format!("sim/tag-{n}").parse().unwrap()
}

fn zone(n: usize) -> Scenario {
    Scenario {
        id: n,
        track: String::new(),
        is_breach: true,
        lat: 54.0 + 0.02 * n as f64,
        lon: 3.0,
        radius_m: RADIUS_M,
        first_entry_s: None,
        first_stay_s: None,
        nearest_m: -RADIUS_M,
    }
}

/// The drive of a tag: a ping at each of these times, with a promise of the next; the last one promises nothing soon.
pub(super) fn drive(n: usize, at_ms: &[i64], promise_s: u32) -> Vec<TimedPing> {
    let (zone, last) = (zone(n), at_ms.len() - 1);
    let timed = |(i, &at_ms): (usize, &i64)| {
        let east_m = DRIVE_M * (2.0 * i as f64 / last as f64 - 1.0);
        let fix = Fix {
            t_ms: at_ms,
            lat: zone.lat,
            lon: zone.lon + east_m * LON_PER_M,
            acc_m: Some(5.0),
            hdop: None,
            source: Source::Gnss,
            speed_mps: None,
            course_deg: None,
            sats: None,
        };
        let seq = i as u64 + 1;
        let ping = tag_wire::Ping {
            boot: fleet::BOOT,
            seq,
            oldest_kept: 1,
            next_within_s: if i == last { 86_400 } else { promise_s },
            sent_ms: at_ms,
            battery_pct: 80,
            charging: false,
            motion: Motion::Moving,
            fixes: vec![fix],
            events: vec![],
        };
        TimedPing { at_ms, ping }
    };
    at_ms.iter().enumerate().map(timed).collect()
}

/// What the tags of a test send.
pub(super) type Sent = Vec<(TagId, Vec<TimedPing>)>;

impl Scene {
    /// So many milliseconds from now.
    pub(super) fn in_ms(&self, ms: i64) -> i64 {
        self.clock.steady().plus_ms(ms).as_ms()
    }

    /// Every tag drives, with pings at these times.
    pub(super) fn sent(&self, at_ms: &[i64], promise_s: u32) -> Sent {
        (0..self.zones.len()).map(|n| (tag(n), drive(n, at_ms, promise_s))).collect()
    }

    /// Lets tags send what they have, over the broker itself.
    pub(super) fn fleet(&self, sent: &Sent, resend_after_s: u32) -> Fleet {
        self.fleet_over(self.broker.addr(), sent, resend_after_s)
    }

    /// The same over a network of their own.
    pub(super) fn fleet_over(&self, broker: SocketAddr, sent: &Sent, resend_after_s: u32) -> Fleet {
        let clock = ScaledClock::new(self.epoch_ms, self.speed).unwrap();
        Fleet::start(broker, clock, resend_after_s, sent.clone())
    }

    /// Cuts Cordon off from the broker, and waits until it knows.
    pub(super) async fn cut_off(&self) {
        self.proxy.refuse();
        self.proxy.reset();
        self.health("deaf", |health| health.status == "deaf").await;
    }

    /// Waits until Cordon says so of itself.
    pub(super) async fn health(&self, what: &str, is: impl Fn(&Health) -> bool) -> Health {
        let address = self.house.running.address;
        until(what, PATIENCE, async || phones::health(address).await.filter(&is)).await
    }

    /// A counter of the source.
    pub(super) async fn count(&self, name: &str) -> u64 {
        count(&self.health("health", |_| true).await, name)
    }

    /// Every row of the journal, read again.
    pub(super) async fn journal(&self) -> Vec<(JournalRow, Input)> {
        let mut rows: Vec<(JournalRow, Input)> = Vec::new();
        loop {
            let after = rows.last().map_or(0, |(row, _)| row.no);
            let page = self.house.store.journal(after, 1_000).await.unwrap();
            if page.is_empty() {
                return rows;
            }
            rows.extend(page.into_iter().map(|row| {
                let input = input_of(&row).unwrap();
                (row, input)
            }));
        }
    }

    /// When the source was said to be heard, or not, after `since`.
    pub(super) async fn source_times(&self, up: bool, since: Timestamp) -> Vec<Timestamp> {
        let is_it = |input: &Input| matches!(input, Input::Told(Told::Source { up: is, .. }) if *is == up);
        let rows = self.journal().await;
        rows.iter().filter(|(row, input)| row.at >= since && is_it(input)).map(|(row, _)| row.at).collect()
    }

    /// What Cordon has said of its parts.
    pub(super) async fn reports(&self) -> Vec<ServiceReport> {
        let reports = self.journal().await.into_iter().filter_map(|(_, input)| match input {
            Input::Told(Told::Service(report)) => Some(report),
            _ => None,
        });
        reports.collect()
    }

    /// The numbers of the pings in the journal.
    pub(super) async fn held(&self) -> BTreeSet<(TagId, u64)> {
        let rows = self.journal().await.into_iter().filter_map(|(_, input)| match input {
            Input::Ping { tag, ping, .. } => Some((tag, ping.seq)),
            Input::Told(_) => None,
        });
        rows.collect()
    }

    /// Every incident in the store.
    pub(super) async fn incidents(&self) -> Vec<Incident> {
        self.house.store.incidents(IncidentId(0), 1_000).await.unwrap()
    }

    /// The incident of a kind, as soon as there is one like that.
    pub(super) async fn incident(&self, kind: IncidentKind, is: impl Fn(&Incident) -> bool) -> Incident {
        until("an incident", PATIENCE, async || {
            self.incidents().await.into_iter().find(|incident| incident.kind == kind && is(incident))
        })
        .await
    }

    /// Panics unless the journal holds what was sent and nothing else, and what came of it is what the engine alone makes
    /// of the same pings: each stay in each zone, in one incident. Returns how many pings there were.
    pub(super) async fn assert_nothing_lost_or_doubled(&self, sent: &Sent) -> usize {
        let numbers: BTreeSet<(TagId, u64)> = sent
            .iter()
            .flat_map(|(tag, pings)| pings.iter().map(move |timed| (tag.clone(), timed.ping.seq)))
            .collect();
        assert_eq!(self.held().await, numbers);
        let incidents = self.incidents().await;
        let mut zones: Vec<&ZoneId> = incidents.iter().filter_map(zone_of).collect();
        zones.sort();
        let distinct: BTreeSet<&ZoneId> = zones.iter().copied().collect();
        assert_eq!((zones.len(), distinct.len()), (sent.len(), sent.len()), "one incident for each zone");
        let mut stays: Vec<(ZoneId, Timestamp)> = incidents.iter().flat_map(proven).collect();
        stays.sort();
        assert_eq!(stays, self.alone(sent));
        numbers.len()
    }

    /// What the engine alone finds in pings that come as they are sent.
    fn alone(&self, sent: &Sent) -> Vec<(ZoneId, Timestamp)> {
        let mut pings: Vec<(Timestamp, &TagId, Ping)> = sent
            .iter()
            .flat_map(|(tag, pings)| pings.iter().map(move |timed| (tag, timed)))
            .map(|(tag, timed)| (Timestamp::from_ms(timed.at_ms), tag, Ping::from(timed.ping.clone())))
            .collect();
        pings.sort_by_key(|(at, tag, _)| (*at, (*tag).clone()));
        let books = recorded::rulebook(&self.zones, "http://127.0.0.1:1/desk");
        let mut line = Course::with(&books, pings[0].0.plus_ms(-1_000)).unwrap();
        for (at, tag, ping) in pings {
            line.ping(at, tag, ping);
        }
        line.episodes()
    }
}

fn zone_of(incident: &Incident) -> Option<&ZoneId> {
    match &incident.cause {
        Cause::Zone(zone) => Some(zone),
        _ => None,
    }
}

/// A counter of the source of every scene.
pub(super) fn count(health: &Health, name: &str) -> u64 {
    health.sources.get("tags").and_then(|counts| counts.get(name)).copied().unwrap_or(0)
}
