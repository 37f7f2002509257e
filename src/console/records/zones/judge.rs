//! What whoever draws or approves a zone must know: what it would have done, and what it gives away.

use tokio::sync::Semaphore;

use super::Owner;
use crate::{
    access::audit::{About, Record, Whom},
    console::{
        App,
        caller::Officer,
        records::{
            about,
            sheet::{Choice, Control, Field, Section},
        },
        refusal::Refusal,
        rights::Act,
    },
    domain::{AnyZone, ProximityZone, Subject, Timestamp, UnitId, WearerId, Zone, ZoneShape},
    engine::Rulebook,
    geometry::{Circle, Shape, offset},
    lab::rehearse::{How, Proposal, Rehearsal, recorded, rehearse},
    sequencer::Board,
};

/// So many days are rehearsed.
const DAYS: u32 = 30;
/// Rehearsals take a core for a while; alerts need the other.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);
/// Whoever passes faster was on a motorway or a railway, km/h.
const FAST_KMH: f64 = 80.0;

/// What came of a rehearsal, as a page says it.
#[derive(Clone)]
pub(super) struct Judged {
    pub(super) headline: String,
    pub(super) counts: Vec<(usize, &'static str)>,
    pub(super) ways: Vec<String>,
    pub(super) busy: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// What a zone would have done with what the journal holds of the wearer whom it binds; a unit's zone binds many, and is
/// rehearsed `on` one of them.
pub(super) async fn judge(
    app: &App,
    officer: &Officer,
    owner: &Owner,
    zone: &AnyZone,
    on: &str,
) -> Result<Judged, Refusal> {
    // The whole rulebook: the wearer's tags and cases count, whoever asks.
    let (board, now) = app.look();
    let drawn = match zone {
        AnyZone::Drawn(drawn) => drawn,
        AnyZone::Around(zone) => return Ok(around(&board.rulebook, zone, now)),
    };
    let bound = owner.wearers(&board.rulebook);
    let mut judged = match bound.iter().find(|wearer| !owner.is_unit() || wearer.as_str() == on) {
        Some(wearer) => {
            record(app, officer, owner, wearer).await?;
            rehearsed(app, &board.rulebook, wearer, drawn).await?
        }
        None => Judged::not("Choose on whom to rehearse it.".into()),
    };
    let mut warnings: Vec<String> = inside_now(&board, &bound, drawn, now).into_iter().collect();
    warnings.extend(betrays(drawn));
    warnings.append(&mut judged.warnings);
    Ok(Judged { warnings, ..judged })
}

/// A rehearsal says where a wearer was for a month: the audit log has it before it is begun.
async fn record(app: &App, officer: &Officer, owner: &Owner, wearer: &WearerId) -> Result<(), Refusal> {
    let subject = Some(Whom::Subject(Subject::Wearer(wearer.clone())));
    let act = Act::RehearseZones;
    let (who, what, why) = (officer.who(), act.what(), officer.right(act));
    let record =
        Record { at: app.clock.wall(), who, what, why, about: About { subject, ..about(&owner.book()) } };
    app.access.record(&[record]).await.map_err(|error| Refusal::not_recorded(&error))
}

async fn rehearsed(
    app: &App,
    rulebook: &Rulebook,
    wearer: &WearerId,
    zone: &Zone,
) -> Result<Judged, Refusal> {
    let failed = |why: String| Judged::not(format!("It could not be rehearsed: {why}."));
    let proposal = match Proposal::new(rulebook, wearer, zone.clone(), None) {
        Ok(proposal) => proposal,
        Err(error) => return Ok(failed(error.to_string())),
    };
    let recorded = recorded(app.store.as_ref(), wearer, DAYS).await?;
    let _turn = ONE_AT_A_TIME.acquire().await;
    let played = tokio::task::spawn_blocking(move || rehearse(&proposal, &recorded)).await;
    Ok(match played {
        Ok(Ok(rehearsal)) => Judged::of(&rehearsal),
        Ok(Err(error)) => failed(error.to_string()),
        Err(_) => failed("the rehearsal failed".into()),
    })
}

/// Where persons were is never written down: there is nothing to rehearse on.
fn around(rulebook: &Rulebook, zone: &ProximityZone, now: Timestamp) -> Judged {
    let judged = Judged::not(
        "It cannot be rehearsed: it goes with a person, and where they were is never written down.".into(),
    );
    let is_off = rulebook.companion(&zone.person, now).is_none();
    let off = is_off.then(|| {
        "The person has no Companion that they have agreed to: the zone stays off until there is one."
            .to_owned()
    });
    let always = "It tells everybody who sees an alert of it that the wearer is near the person, wherever they are: \
                  agree it with the person first.";
    Judged { warnings: off.into_iter().chain([always.to_owned()]).collect(), ..judged }
}

/// On whom a unit's zone is rehearsed.
pub(super) fn on_section(rulebook: &Rulebook, unit: &UnitId, now: Timestamp) -> Section {
    let watched =
        rulebook.wearers().filter(|wearer| wearer.unit == *unit && rulebook.may_watch(&wearer.id, now));
    let mut choices: Vec<Choice> =
        watched.map(|wearer| Choice::new(wearer.id.as_str(), &wearer.name)).collect();
    choices.sort_by(|a, b| a.label.cmp(&b.label));
    choices.insert(0, Choice::new("", "Nobody"));
    let on = Field::new("on", "Rehearse it on", Control::Choice(choices))
        .hint("It binds every wearer of the unit. A rehearsal plays the last 30 days of one of them.");
    Section::new("Rehearsal", vec![on])
}

/// Whoever is inside when a zone is put in force is in Violation at once.
fn inside_now(board: &Board, bound: &[WearerId], zone: &Zone, now: Timestamp) -> Option<String> {
    let is_inside = |wearer: &&WearerId| {
        board.rulebook.may_watch(wearer, now)
            && board
                .wearers
                .get(*wearer)
                .is_some_and(|dot| zone.shape.0.signed_distance_m(dot.position) <= 0.0)
    };
    let inside = bound.iter().filter(is_inside).count();
    if inside == 0 || !zone.applies(now) {
        return None;
    }
    let who = match (inside, bound.len()) {
        (_, 1) => "The wearer is".to_owned(),
        (1, _) => "One wearer is".to_owned(),
        (inside, _) => format!("{inside} wearers are"),
    };
    Some(format!("{who} inside by the last position: it raises danger as soon as it is in force."))
}

impl Judged {
    fn of(rehearsal: &Rehearsal) -> Self {
        let fast =
            rehearsal.ways.iter().any(|way| matches!(way.how, How::Passing { kmh, .. } if kmh >= FAST_KMH));
        let fast = fast.then(|| {
            "They passed through at the speed of a motorway or a railway: such alerts come again with every journey.".to_owned()
        });
        let caveats = rehearsal.caveats.iter().map(ToString::to_string);
        Self {
            headline: rehearsal.headline(),
            counts: vec![
                (rehearsal.violations, "inside the zone: the persons and the team are told"),
                (rehearsal.approaches, "in the warning zone: staff are told"),
                (rehearsal.watches, "perhaps close to it: nobody is told"),
                (rehearsal.blind, "out of sight within reach of it: staff are told"),
            ],
            ways: rehearsal.ways.iter().take(8).map(ToString::to_string).collect(),
            busy: rehearsal.hours.busiest.iter().map(ToString::to_string).collect(),
            warnings: fast.into_iter().chain(caveats).collect(),
        }
    }

    /// Why it was not rehearsed.
    fn not(headline: String) -> Self {
        Self { headline, counts: Vec::new(), ways: Vec::new(), busy: Vec::new(), warnings: Vec::new() }
    }
}

/// Whoever learns of a circle knows its middle.
fn betrays(zone: &Zone) -> Option<String> {
    matches!(zone.shape.0, Shape::Circle(_)).then(|| {
        "Whoever walks around a circle finds its middle. If that is a home or a workplace, hide it: the circle is moved \
         and widened so that it still holds all of this one."
            .to_owned()
    })
}

/// A circle that holds all of another, and whose middle says little of the other's.
pub(super) fn hidden(zone: &Zone) -> Option<Zone> {
    let Shape::Circle(circle) = &zone.shape.0 else { return None };
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).ok()?;
    let part = |bytes: [u8; 4]| f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
    let [a, b, c, d, e, f, g, h] = bytes;
    let (azimuth_deg, share) = (part([a, b, c, d]) * 360.0, 0.3 + 0.4 * part([e, f, g, h]));
    // Rounded up to whole metres, and two more for the ellipsoid: nothing of the first circle is left out.
    let moved_m = circle.radius_m() * share;
    let middle = offset(circle.centre(), azimuth_deg, moved_m);
    let wider = Circle::new(middle, (circle.radius_m() + moved_m).ceil() + 2.0).ok()?;
    Some(Zone { shape: ZoneShape(Shape::Circle(wider)), ..zone.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{LatLon, distance_m};

    #[test]
    fn a_hidden_middle_leaves_nothing_out() {
        for (radius_m, lat) in [(10.0, 0.0), (300.0, 53.2), (5_000.0, -41.0), (20_000.0, 69.0)] {
            let middle = LatLon::new(lat, -2.9).unwrap();
            let shape = ZoneShape(Shape::Circle(Circle::new(middle, radius_m).unwrap()));
            let zone = Zone {
                id: "z-1".parse().unwrap(),
                code: "ROWAN-4".into(),
                shape,
                margin_m: Default::default(),
                schedule: None,
            };
            for _ in 0..200 {
                let Shape::Circle(wider) = hidden(&zone).unwrap().shape.0 else { panic!("no circle") };
                let moved_m = distance_m(wider.centre(), middle);
                assert!(moved_m > radius_m * 0.29, "{moved_m} m of {radius_m}");
                for bearing in 0..72 {
                    let edge = offset(middle, f64::from(bearing) * 5.0, radius_m);
                    assert!(
                        distance_m(wider.centre(), edge) <= wider.radius_m(),
                        "{radius_m} m at {bearing}"
                    );
                }
            }
        }
    }
}
