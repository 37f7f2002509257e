//! Zones, drawn so that they do not give away what they are about.

use std::f64::consts::TAU;

use firmware_sim::random::Random;

use super::{Part, Spot, id, names::zone_code, place, step};
use crate::{
    domain::{Margin, Schedule, WeeklySpan, Zone, ZoneShape},
    geometry::{Circle, LatLon, Polygon, Shape},
};

/// How far from a zone's middle the home lies, in shares of its radius: whoever learns the zone and guesses "the
/// middle" is wrong by about a hundred metres.
const OFF_CENTRE: std::ops::Range<f64> = 0.4..0.6;
const HOME_RADIUS_M: std::ops::Range<f64> = 250.0..330.0;
const WORK_RADIUS_M: std::ops::Range<f64> = 150.0..220.0;
const REFUGE_RADIUS_M: std::ops::Range<f64> = 160.0..200.0;

/// The zone around the home of the people whom the `i`-th wearer must stay away from.
pub(super) fn home(i: usize, home: Spot, random: &mut Random) -> Zone {
    let margin_m = match Part::of(i) {
        Part::Intrudes => 120.0,
        Part::GoesDark => 80.0,
        _ => [100.0, 150.0, 200.0, 300.0][i % 4],
    };
    let radius_m = random.between(HOME_RADIUS_M.start, HOME_RADIUS_M.end);
    let shape = if Part::of(i) == Part::Keeps && i % 3 == 2 {
        polygon(off_centre(home, radius_m, random), radius_m, random)
    } else {
        circle(off_centre(home, radius_m, random), radius_m)
    };
    zone(2 * i, &format!("zone-{:02}-a", i + 1), shape, margin_m)
}

/// The zone around their place of work, in force while they are there.
pub(super) fn work(i: usize, work: Spot, random: &mut Random) -> Zone {
    let radius_m = random.between(WORK_RADIUS_M.start, WORK_RADIUS_M.end);
    let shape = circle(off_centre(work, radius_m, random), radius_m);
    let zone = zone(2 * i + 1, &format!("zone-{:02}-b", i + 1), shape, 100.0);
    Zone { schedule: Some(if i.is_multiple_of(2) { day_shifts() } else { night_shifts() }), ..zone }
}

/// A house that takes in people who had to leave home: out of bounds for every wearer of the unit.
pub(super) fn refuge(house: Spot, random: &mut Random) -> Zone {
    let radius_m = random.between(REFUGE_RADIUS_M.start, REFUGE_RADIUS_M.end);
    let shape = polygon(off_centre(house, radius_m, random), radius_m, random);
    zone(2 * super::WEARERS, "zone-unit-a", shape, 80.0)
}

fn zone(n: usize, name: &str, shape: Shape, margin_m: f64) -> Zone {
    Zone {
        id: id(name),
        code: zone_code(n),
        shape: ZoneShape(shape),
        margin_m: Margin::try_from(margin_m).expect("a few hundred metres are a margin"),
        schedule: None,
    }
}

fn off_centre(home: Spot, radius_m: f64, random: &mut Random) -> Spot {
    let angle = random.between(0.0, TAU);
    step(home, angle, radius_m * random.between(OFF_CENTRE.start, OFF_CENTRE.end))
}

fn circle(middle: Spot, radius_m: f64) -> Shape {
    let circle = Circle::new(place(middle), radius_m);
    Shape::Circle(circle.expect("a few hundred metres are a radius"))
}

/// Eight corners around a middle, at about `radius_m` from it.
fn polygon(middle: Spot, radius_m: f64, random: &mut Random) -> Shape {
    let turn = TAU / 8.0;
    let corner = |n: u8| {
        let angle = turn * (f64::from(n) + random.between(-0.2, 0.2));
        place(step(middle, angle, radius_m * random.between(0.95, 1.25)))
    };
    let ring: Vec<LatLon> = (0..8).map(corner).collect();
    let polygon = Polygon::new(vec![ring]);
    Shape::Polygon(polygon.expect("corners in their order around a middle make no knot"))
}

fn day_shifts() -> Schedule {
    shifts(1..=5, 8 * 60 + 30, 17 * 60 + 30)
}

fn night_shifts() -> Schedule {
    shifts(4..=7, 20 * 60, 4 * 60)
}

fn shifts(weekdays: std::ops::RangeInclusive<i8>, from_min: u16, until_min: u16) -> Schedule {
    let span = |weekday| WeeklySpan { weekday, from_min, until_min };
    Schedule::new("Europe/London", weekdays.map(span).collect())
        .expect("shifts are spans of a week in a known time zone")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::distance_m;

    #[test]
    fn a_zone_holds_the_home_well_inside_and_not_in_its_middle() {
        let mut random = Random::new(5);
        for n in 0..400 {
            let spot = [random.between(-2e3, 2e3), random.between(-2e3, 2e3)];
            let (i, at) = (n % 40, place(spot));
            let shape = home(i, spot, &mut random).shape.0;
            let border_m = shape.signed_distance_m(at);
            assert!(border_m < -60.0, "{i}: {border_m}");
            let middle_m = distance_m(shape.centre(), at);
            assert!(middle_m > 60.0, "{i}: {middle_m}");
        }
    }
}
