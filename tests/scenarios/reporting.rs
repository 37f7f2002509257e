//! A tag is asked to report often near a zone and left alone far away: the real firmware, by the real step.

use cordon::{
    domain::Timestamp,
    engine::Told,
    geometry::{LatLon, offset},
    sequencer::{Arrival, Message, MessageKind, Now, Sequencer, Ticket},
};
use firmware_sim::{Tag, TagConfig, route::Truth};
use tag_wire::{Cmd, TopicKind, decode_ack, decode_cmd};
use tokio::sync::mpsc;

use crate::ward::{NOON, book, case, person, second, tag, unit, wearer};

/// Half of an ask's life: longer than any gap between two pings of interest.
const MINUTE_S: i64 = 60;

/// A line of one tag.
struct Street {
    sequencer: Sequencer,
    tag: Tag,
    /// Seconds after noon and metres from the zone's middle of each ping.
    pings: Vec<(i64, f64)>,
    /// Seconds after noon, and the command.
    cmds: Vec<(i64, Cmd)>,
    random: u8,
}

impl Street {
    fn new() -> Self {
        let mut street = Self {
            sequencer: Sequencer::default(),
            tag: Tag::new(TagConfig::new(1, 7, NOON.as_ms())),
            pings: vec![],
            cmds: vec![],
            random: 0,
        };
        let sources = vec!["lab".into()];
        let books =
            [unit(), wearer("w-1", "sim/t1"), person(), case()].map(|value| Told::Publish(book(value)));
        let opening = [Told::Started { sources }, Told::Source { name: "lab".into(), up: true }];
        for told in opening.into_iter().chain(books) {
            street.step(second(-60), vec![Arrival::Told(told, None)]);
        }
        street
    }

    fn step(&mut self, now: Timestamp, arrivals: Vec<Arrival>) {
        let random = &mut self.random;
        let mut salt = || {
            *random = random.wrapping_add(37);
            [*random; 16]
        };
        self.sequencer.step(Now { steady: now, wall: now }, arrivals, &mut salt).acknowledge();
    }

    /// A second at so many metres from the zone's middle.
    fn second(&mut self, s: i64, east_m: f64, speed_mps: f64) {
        let middle = LatLon::new(53.48, -2.24).unwrap();
        let at = offset(middle, 90.0, east_m);
        let truth =
            Truth { lat: at.lat_deg(), lon: at.lon_deg(), speed_mps, course_deg: 270.0, indoors: false };
        let now = second(s);
        self.tag.wake(now.as_ms(), &truth);
        while let Some(payload) = self.tag.kept().poll_publish(now.as_ms()) {
            self.pings.push((s, east_m));
            let (done, mut dones) = mpsc::unbounded_channel();
            let message = Message {
                tag: tag(),
                source: "lab".into(),
                kind: MessageKind::Ping,
                payload,
                received_real_us: 0,
                ticket: Ticket { id: 1, done },
            };
            self.step(now, vec![Arrival::Message(message)]);
            for reply in dones.try_recv().unwrap().replies {
                match reply.topic {
                    TopicKind::Ack => self.tag.kept().on_ack(&decode_ack(&reply.payload).unwrap()),
                    TopicKind::Cmd => {
                        let cmd = decode_cmd(&reply.payload).unwrap();
                        self.tag.on_cmd(&cmd);
                        self.cmds.push((s, cmd));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// The seconds between pings that follow one at which `of` holds.
    fn gaps(&self, of: impl Fn(i64, f64) -> bool) -> Vec<i64> {
        let pairs = self.pings.windows(2).filter(|pair| of(pair[0].0, pair[0].1));
        pairs.map(|pair| pair[1].0 - pair[0].0).collect()
    }
}

#[test]
fn a_tag_reports_every_few_seconds_near_a_zone_and_rarely_far_away() {
    let mut street = Street::new();
    // By car from 6 km away into the zone, two minutes there, and away again to 8 km.
    let mps = 10.0;
    let arrives_s = 600;
    let place = |s: i64| match s {
        s if s < arrives_s => (6_000.0 - mps * s as f64, mps),
        s if s < arrives_s + 120 => (0.0, 0.0),
        s => ((s - arrives_s - 120) as f64 * mps, mps),
    };
    let ends_s = arrives_s + 120 + 900;
    for s in 0..ends_s {
        let (east_m, speed_mps) = place(s);
        street.second(s, east_m, speed_mps);
    }
    let coming = |s: i64| s < arrives_s;
    let far = street.gaps(|s, east_m| coming(s) && east_m > 2_500.0);
    assert!(!far.is_empty() && far.iter().all(|gap_s| *gap_s == MINUTE_S), "{far:?}");
    let near = street.gaps(|s, east_m| coming(s) && (900.0..1_100.0).contains(&east_m));
    assert!(!near.is_empty() && near.iter().all(|gap_s| (4..=18).contains(gap_s)), "{near:?}");
    let inside = street.gaps(|s, _| (arrives_s + 6..arrives_s + 110).contains(&s));
    assert!(inside.len() > 15 && inside.iter().all(|gap_s| (4..=6).contains(gap_s)), "{inside:?}");
    let away = street.gaps(|s, _| s > ends_s - 400);
    assert!(away.len() > 3 && away.iter().all(|gap_s| *gap_s == MINUTE_S), "relaxed: {away:?}");
    assert!(street.cmds.windows(2).all(|pair| pair[0].1.id < pair[1].1.id), "{:?}", street.cmds);
    assert!(street.cmds.len() <= 8, "asked {} times", street.cmds.len());
}

#[test]
fn a_tag_that_lies_still_beside_a_zone_is_left_alone_and_intervals_are_never_quite_the_same() {
    let mut street = Street::new();
    for s in 0..1_200 {
        street.second(s, 900.0, 0.0);
    }
    assert!(street.cmds.is_empty(), "{:?}", street.cmds);
    let intervals: std::collections::BTreeSet<u32> = (0..20_u8)
        .filter_map(|n| {
            let mut street = Street { random: n * 11, ..Street::new() };
            for s in 0..70 {
                street.second(s, 1_000.0 + 0.7 * f64::from(i32::try_from(s).unwrap()), 0.7);
            }
            let asked = street.cmds.first().and_then(|(_, cmd)| cmd.interval_s);
            asked.inspect(|interval_s| assert!((12..=18).contains(interval_s)))
        })
        .collect();
    assert!(intervals.len() >= 4, "{intervals:?}");
}
