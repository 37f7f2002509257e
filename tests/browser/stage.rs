//! A small installation with names to read: three wearers, two officers, two protected persons, and a network between the
//! browser and the console that can break.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use cordon::{
    app::Watched,
    basemap::Region,
    clock::Clock,
    domain::{BasisKind, Book, IncidentKind, Subject, TagId, Timestamp},
    sandbox::broker::{self, Accounts, Broker},
    sequencer::{chain_of, digest_of},
    store::{About, MemoryStore},
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    link::Until,
    source::Replay,
    track::TimedPing,
};
use serde_json::{Value, json};
use tag_wire::{Event, EventKind, Fix, Motion, Ping, Source};

use crate::{
    apps::Apps,
    fleet,
    house::{House, SERVICE, source},
    phones::{self, Channels},
    pmtiles::{MOTORWAY_DEG, Pmtiles},
    proxy::Proxy,
    totp,
    wait::until,
};

const SOON: Duration = Duration::from_secs(30);
/// The number of the person whom the first wearer must stay away from.
pub(crate) const PERSON: &str = "+447700900001";
const OFFICERS: [&str; 2] = ["+447700900011", "+447700900012"];
/// After so long without a touch a session sees nobody's data.
const IDLE_US: i64 = 15 * 60 * 1_000_000;
/// A stay was seen so long before its message comes, milliseconds: nobody then has to drive away faster than a car. It is
/// neither late nor a gap.
const SEEN_BEFORE_MS: i64 = 130_000;
/// As many as there are wearers, and one that nobody wears yet.
const TAGS: u64 = 4;
/// Whoever has been outside for so long has left, milliseconds.
const LEAVING_MS: i64 = 62_000;

/// The installation at work.
pub(crate) struct Stage {
    pub(crate) house: House,
    pub(crate) network: Proxy,
    apps: Apps,
    broker: Box<dyn Broker>,
    /// How often each tag has started.
    boots: BTreeMap<u64, u32>,
    epoch_ms: i64,
    speed: f64,
    /// When the last message was given to the broker, real milliseconds.
    published_ms: i64,
}

impl Stage {
    /// `consoles`: it counts on armed ones. `speed`: how much faster than ours its time passes.
    pub(crate) async fn set(consoles: bool, speed: f64) -> Self {
        let watched = Watched { consoles, ..Watched::default() };
        let plain = |phones: &str, _: &str| phones::plain(format!("{phones}/sms"));
        let stage = Self::bare(plain, watched, speed).await;
        stage.house.publish(books()).await;
        stage
    }

    /// An installation in which nobody has written anything yet, with a provider for whatever the standard policy uses.
    pub(crate) async fn empty() -> Self {
        Self::bare(phones::telephone, Watched::default(), 1.0).await
    }

    async fn bare(channels: Channels, watched: Watched, speed: f64) -> Self {
        let epoch_ms = wall_now_ms();
        let clock = Clock::scaled(Timestamp::from_ms(epoch_ms), speed);
        let accounts =
            (1..=TAGS).fold(Accounts::default(), |accounts, n| accounts.with_tag(&tag(n), fleet::PASSWORD));
        let accounts = accounts.with_service(SERVICE.0, SERVICE.1);
        let broker = broker::start(broker::Settings { port: 0, accounts }).await.unwrap();
        let store = Arc::new(MemoryStore::default());
        let house = House::with(channels, source(broker.addr()), store, clock, watched).await;
        let network = Proxy::start(house.running.address).await;
        let (apps, boots) = (Apps::default(), BTreeMap::new());
        Self { house, network, apps, broker, boots, epoch_ms, speed, published_ms: 0 }
    }

    /// Does what a story asks for.
    pub(crate) async fn answer(&mut self, what: &str, about: &Value) -> Value {
        match what {
            "link" => {
                let token = self.house.running.sign_in.issue(self.house.running.clock.real_us()).unwrap();
                return token.link(self.network.addr()).into();
            }
            "account" => return self.apps.account(&self.house.running, about).await,
            "code" => return self.apps.code(&self.house.running, about).await,
            "idle" => self.house.running.sign_in.let_pass(IDLE_US),
            "administrator" => {
                let (access, id) = (&self.house.running.access, "root".parse().unwrap());
                let at = self.house.running.clock.wall();
                let first = access.first_administrator(&id, "Rowan Root", at).await.unwrap();
                return first.link(&format!("http://{}", self.network.addr())).into();
            }
            "totp" => return totp::code(about.as_str().unwrap()).into(),
            "violation" => {
                let now_ms = self.now_ms();
                let inside = [1_000, 0].map(|ms| fix(now_ms - SEEN_BEFORE_MS - ms, 0.0)).into();
                self.hear(about.as_u64().unwrap(), 80, vec![inside], vec![]).await;
                return self.incident(IncidentKind::Violation, about).await;
            }
            // The wearer came through, half a degree north of their zone; and there they are again.
            "pass" => {
                let from_ms = self.now_ms();
                let way = [0.496, 0.497, 0.498, 0.499, 0.5, 0.501, 0.502, 0.503, 0.504].into_iter().zip(0..);
                let fixes = way.map(|(north, n)| fix(from_ms + n * 10_000, north)).collect();
                self.hear(about.as_u64().unwrap(), 80, vec![fixes], vec![]).await;
            }
            // The wearer comes, is in their zone, is not seen for a while, and goes again.
            "visit" => {
                let from_ms = self.now_ms();
                let way = [0.02, 0.012, 0.006, 0.003, 0.0005, 0.0008, 0.004, 0.0045, 0.02];
                let seconds = [0, 30, 60, 90, 120, 330, 395, 460, 520];
                let fixes =
                    way.into_iter().zip(seconds).map(|(north, s)| vec![fix(from_ms + s * 1_000, north)]);
                self.hear(about.as_u64().unwrap(), 80, fixes.collect(), vec![]).await;
                return self.incident(IncidentKind::Violation, about).await;
            }
            "inside" => {
                let now_ms = self.now_ms();
                let inside = [0, 1_000].map(|ms| fix(now_ms + ms, 0.5)).into();
                self.hear(about.as_u64().unwrap(), 80, vec![inside], vec![]).await;
                return self.incident(IncidentKind::Violation, about).await;
            }
            "leave" => {
                let now_ms = self.now_ms();
                let outside = [0, LEAVING_MS].map(|ms| vec![fix(now_ms + ms, 0.012)]);
                self.hear(about.as_u64().unwrap(), 80, outside.into(), vec![]).await;
            }
            // A tag says where it was: now, or at an instant from which it has kept that.
            "seen" => {
                let now_ms = self.now_ms();
                let at_ms = about["at_ms"].as_i64().unwrap_or(now_ms);
                let cut = Event { t_ms: now_ms, kind: EventKind::StrapTamper, restored: false };
                let events = about["cut"].as_bool().map(|_| cut).into_iter().collect();
                let seen = vec![fix(at_ms, about["north"].as_f64().unwrap())];
                self.hear(about["tag"].as_u64().unwrap(), 80, vec![seen], events).await;
            }
            "now" => return self.now_ms().into(),
            "incidents" => return self.incidents(about.as_u64().unwrap()).await,
            "battery" => {
                let away = fix(self.now_ms(), 0.3);
                self.hear(about.as_u64().unwrap(), 12, vec![vec![away]], vec![]).await;
                return self.incident(IncidentKind::LowBattery, about).await;
            }
            // Whoever has cut their strap could be near unseen: she is told at once that protection is weak.
            "cut" => {
                let now_ms = self.now_ms();
                let cut = Event { t_ms: now_ms, kind: EventKind::StrapTamper, restored: false };
                self.hear(about.as_u64().unwrap(), 80, vec![vec![fix(now_ms, 0.3)]], vec![cut]).await;
                return self.incident(IncidentKind::StrapTamper, about).await;
            }
            // A wearer's case stands on their consent.
            "consent" => {
                let id = format!("c-{about}");
                let mut book =
                    books().into_iter().find(|book| matches!(book, Book::Case(it) if it.id.as_str() == id));
                let Some(Book::Case(case)) = &mut book else { panic!("{id} is a case") };
                case.basis.kind = BasisKind::Consent;
                self.house.publish(book.into_iter().collect()).await;
            }
            // A wearer is where they must not be, and nothing of it is kept.
            "unwatched" => {
                let now_ms = self.now_ms();
                let inside = [0, 1_000].map(|ms| fix(now_ms + ms, 0.0)).into();
                self.hear(about.as_u64().unwrap(), 80, vec![inside], vec![]).await;
                let (store, subject) = (&self.house.store, format!("wearer:w-{about}"));
                let kept = store.journal_of("ping", About::One(&subject), 0, 10).await.unwrap();
                let left = store.journal_of("outside_basis", About::One(&subject), 0, 10).await.unwrap();
                return (kept.is_empty() && left.len() == 1).into();
            }
            // A wearer's case has ended and their tag is off: nothing of theirs is needed any more. Their name.
            "over" => {
                let (case, wearer) = (format!("c-{about}"), format!("w-{about}"));
                let ended = Some(Timestamp::from_ms(self.now_ms() - 1_000));
                let (mut over, mut name) = (Vec::new(), String::new());
                for mut book in books() {
                    match &mut book {
                        Book::Case(it) if it.id.as_str() == case => it.basis.until = ended,
                        Book::Wearer(it) if it.id.as_str() == wearer => {
                            it.tags.iter_mut().for_each(|tag| tag.until = ended);
                            name.clone_from(&it.name);
                        }
                        _ => continue,
                    }
                    over.push(book);
                }
                self.house.publish(over).await;
                return name.into();
            }
            // Whether the chain verifies and a name stands nowhere in the journal.
            "erased" => {
                let (name, mut chain) = (about.as_str().unwrap().as_bytes(), Vec::new());
                for row in self.house.store.journal(0, i64::MAX).await.unwrap() {
                    let is_sound = chain_of(&chain, &row) == row.chain
                        && (row.payload.is_empty() || digest_of(&row) == row.digest);
                    if !is_sound || row.payload.windows(name.len()).any(|piece| piece == name) {
                        return false.into();
                    }
                    chain = row.chain;
                }
                return true.into();
            }
            "call" => {
                self.house.phones.reply(PERSON, "help").await;
                return self.incident(IncidentKind::CallForHelp, about).await;
            }
            "published" => return self.published_ms.into(),
            "painted" => println!("from a tag's message, published by MQTT, to its P1 painted: {about} ms"),
            "alerting" => {
                println!("from the press that approves a zone to its first danger on the queue: {about} ms");
            }
            "goes" => self.house.phones.reply(OFFICERS[1], "1").await,
            "texted" => {
                until("an officer has a text", SOON, async || {
                    let received = self.house.phones.received().await;
                    received.iter().any(|message| OFFICERS.contains(&message.address.as_str())).then_some(())
                })
                .await;
            }
            "subscription" => return self.house.phones.subscription(PERSON).await.into(),
            "pushed" => {
                let pushed = until("a push message came", SOON, async || {
                    let received = self.house.phones.received().await;
                    received.iter().find_map(|message| message.notification())
                })
                .await;
                return serde_json::to_value(pushed).unwrap()["navigate"].take();
            }
            "region" => {
                let file = self.house.folder.path().join("given.pmtiles");
                std::fs::write(&file, Pmtiles::default().bytes()).unwrap();
                Region::in_folder(self.house.folder.path()).import(&file).unwrap();
            }
            "motorway" => return MOTORWAY_DEG.into(),
            "break" => {
                self.network.refuse();
                self.network.reset();
            }
            "silence" => self.network.swallow(),
            "mend" => self.network.pass(),
            other => panic!("the story asks for {other:?}"),
        }
        Value::Null
    }

    fn now_ms(&self) -> i64 {
        self.house.running.clock.wall().as_ms()
    }

    /// All of a wearer's incidents, the oldest first.
    async fn incidents(&self, wearer: u64) -> Value {
        let all = self.house.store.incidents(cordon::domain::IncidentId(0), 100).await.unwrap();
        let subject = Subject::Wearer(format!("w-{wearer}").parse().unwrap());
        let line = |it: cordon::domain::Incident| json!({"id": it.id.0, "kind": it.kind.as_str(), "ongoing": it.ongoing, "episodes": it.episodes.len()});
        all.into_iter().filter(|it| it.subject == subject).map(line).collect()
    }

    /// A tag starts, sends each of these as a ping when the last of its fixes is taken, with the events in the last,
    /// and is acknowledged.
    async fn hear(&mut self, number: u64, battery_pct: u8, pings: Vec<Vec<Fix>>, mut events: Vec<Event>) {
        let boot = *self.boots.entry(number).and_modify(|boot| *boot += 1).or_insert(1);
        let (now_ms, last) = (self.now_ms(), pings.len() as u64);
        let mut timed = |(seq, fixes): (u64, Vec<Fix>)| {
            let at_ms = fixes.iter().map(|fix| fix.t_ms).max().unwrap_or(now_ms).max(now_ms);
            let events = if seq == last { std::mem::take(&mut events) } else { vec![] };
            let (next_within_s, motion) = (3_600, Motion::Moving);
            let (oldest_kept, sent_ms, charging) = (seq, at_ms, false);
            let ping = Ping {
                boot,
                seq,
                oldest_kept,
                next_within_s,
                sent_ms,
                battery_pct,
                charging,
                motion,
                fixes,
                events,
            };
            TimedPing { at_ms, ping }
        };
        let pings: Vec<TimedPing> = (1..).zip(pings).map(&mut timed).collect();
        let count = pings.len() as u64;
        let link = fleet::link(self.broker.addr(), &tag(number));
        let clock = ScaledClock::new(self.epoch_ms, self.speed).unwrap();
        let mut said = Replay::new(pings, boot, 5);
        self.published_ms = wall_now_ms();
        let counts = tokio::time::timeout(SOON, link.run(&mut said, clock, Until::Acked)).await.unwrap();
        assert_eq!((counts.acked, counts.pings), (count, count), "{counts:?}");
    }

    /// The number of a wearer's newest incident of a kind; of anybody's, where no wearer is named.
    async fn incident(&self, kind: IncidentKind, wearer: &Value) -> Value {
        let subject = wearer.as_u64().map(|n| format!("w-{n}"));
        until(kind.as_str(), SOON, async || {
            let all = self.house.store.incidents(cordon::domain::IncidentId(0), 100).await.ok()?;
            let is_it = |incident: &&cordon::domain::Incident| {
                let about = serde_json::to_string(&incident.subject).unwrap();
                incident.kind == kind && subject.as_ref().is_none_or(|id| about.contains(id))
            };
            all.iter().rev().find(is_it).map(|incident| incident.id.0.into())
        })
        .await
    }

    pub(crate) async fn strike(self) {
        self.house.running.stop().await.unwrap();
        self.broker.stop().await;
    }
}

fn tag(n: u64) -> TagId {
    format!("sim/tag-{n}").parse().unwrap()
}

/// In the middle of every zone, or so many degrees north of it.
fn fix(t_ms: i64, north_deg: f64) -> Fix {
    Fix {
        t_ms,
        lat: 54.0 + north_deg,
        lon: 3.0,
        acc_m: Some(5.0),
        hdop: None,
        source: Source::Gnss,
        speed_mps: None,
        course_deg: None,
        sats: None,
    }
}

fn books() -> Vec<Book> {
    let staff = |id: &str, name: &str, phone: &str| json!({"id": id, "name": name, "contact": [{"channel": "sms", "address": phone}]});
    let told = json!([{"to": "amy", "channel": "sms", "wait_s": 3_600}]);
    let wearer = |n: u64, name: &str| {
        json!({"wearer": {"id": format!("w-{n}"), "unit": "unit", "name": name,
            "tag": [{"id": format!("sim/tag-{n}"), "from": "2026-01-01T00:00:00Z"}]}})
    };
    let person = |n: u64, name: &str, phone: &str| {
        json!({"person": {"id": format!("p-{n}"), "unit": "unit", "name": name,
            "contact": [{"channel": "sms", "address": phone}], "plan": {"weak": {"after_s": 0}}}})
    };
    let case = |n: u64, person: u64, risk: &str, code: &str| {
        json!({"case": {"id": format!("c-{n}"), "unit": "unit", "wearer": format!("w-{n}"),
            "persons": [format!("p-{person}")], "risk": risk, "policy": "standard",
            "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"},
            "zone": [{"id": format!("z-{n}"), "code": code, "margin_m": 400.0,
                "shape": {"circle": {"lat": 54.0, "lon": 3.0, "radius_m": 200}}}]}})
    };
    let books = [
        json!({"unit": {"id": "unit", "name": "Seaward", "default_policy": "standard",
            "area": {"south": 53.0, "west": 2.0, "north": 55.0, "east": 4.0},
            "staff": [staff("amy", "Amy Okafor", OFFICERS[0]), staff("ben", "Ben Lloyd", OFFICERS[1])],
            "policy": [{"id": "standard",
                "protected": [{"channel": "push", "wait_s": 0}, {"channel": "sms", "wait_s": 3_600}],
                "danger": told, "device": told, "upkeep": told}]}}),
        wearer(1, "Robin Vale"),
        wearer(2, "Lee Marsh"),
        wearer(3, "Kit Hollow"),
        person(1, "Sam Rivers", PERSON),
        person(2, "Jo Fields", "+447700900002"),
        case(1, 1, "high", "CURLEW"),
        case(2, 1, "medium", "PLOVER"),
        case(3, 2, "standard", "DUNLIN"),
    ];
    books.into_iter().map(|book| serde_json::from_value(book).unwrap()).collect()
}
