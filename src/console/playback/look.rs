//! Plays what is asked for, as far as whoever asks may see it.

use std::{collections::BTreeSet, future::Future, sync::Arc, time::Duration};

use tokio::{runtime::Handle, sync::Semaphore};

use super::Question;
use crate::{
    access::Reach,
    console::{App, caller::Officer, refusal::Refusal, scope},
    domain::{Incident, IncidentId, Subject, Timestamp, ZoneId},
    engine::Rulebook,
    lab::playback::{Playback, Span, Stood, play},
    sequencer::Board,
    store::StoreError,
};

/// Deciding again takes a core for a while; alerts need the other.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);
/// Whoever waits longer for their turn is told to come again.
const TURN_WAITS: Duration = Duration::from_secs(20);
/// Incidents about a wearer that are looked through, the newest first.
const INCIDENTS_MAX: i64 = 500;

/// What was played, as far as it may be seen.
pub(super) struct Shown {
    pub(super) board: Arc<Board>,
    pub(super) now: Timestamp,
    pub(super) playback: Playback,
    /// Those about the wearer in the span, by number.
    pub(super) incidents: Vec<Incident>,
}

pub(super) async fn look(app: &App, officer: &Officer, question: &Question) -> Result<Shown, Refusal> {
    // The whole rulebook: the wearer's tags and cases count, whoever asks.
    let (whole, _) = app.look();
    let (wearer, span, store) = (question.wearer.clone(), question.span, Arc::clone(&app.store));
    let rulebook = Arc::clone(&whole.rulebook);
    let (mut playback, incidents) = aside(async move {
        let playback = play(store.as_ref(), &rulebook, &wearer, span).await?;
        let about = Subject::Wearer(wearer);
        let incidents = store.incidents_about(&about, IncidentId(i64::MAX), INCIDENTS_MAX).await?;
        Ok((playback, incidents))
    })
    .await?;
    let (board, now) = app.look_as(officer);
    keep_to(&mut playback, &officer.reach, &board.rulebook);
    // What is open may be further than it was when the store was asked.
    let live =
        |incident: Incident| board.incidents.get(&incident.id).map_or(incident, |live| (**live).clone());
    let mut incidents: Vec<Incident> = incidents.into_iter().map(live).collect();
    incidents.retain(|it| touches(it, span) && scope::has_incident(&officer.reach, &whole.rulebook, it));
    incidents.sort_by_key(|incident| incident.id);
    Ok(Shown { board, now, playback, incidents })
}

/// Does something that takes long beside the tasks of the live service, when its turn has come.
pub(super) async fn aside<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, Refusal> {
    let turn = tokio::time::timeout(TURN_WAITS, ONE_AT_A_TIME.acquire()).await;
    let Ok(Ok(turn)) = turn else {
        return Err(Refusal::playback_busy());
    };
    let runtime = Handle::current();
    let done = tokio::task::spawn_blocking(move || {
        // Its turn lasts until it is done, even if nobody waits for it any more.
        let _turn = turn;
        runtime.block_on(work)
    });
    match done.await {
        Ok(done) => Ok(done?),
        Err(error) => {
            tracing::error!(%error, "a playback failed");
            Err(Refusal::playback_failed())
        }
    }
}

/// Whether an incident lasted, or was handled, within a span.
fn touches(incident: &Incident, span: Span) -> bool {
    let ended = incident.timeline.last().map_or(incident.raised_at, |entry| entry.at);
    let began = incident.episodes.iter().map(|stay| stay.from).fold(incident.raised_at, Timestamp::min);
    began <= span.until() && (incident.is_open() || ended >= span.from())
}

/// Takes out what is about zones beyond somebody's reach.
fn keep_to(playback: &mut Playback, reach: &Reach, seen: &Rulebook) {
    let may_see = |zone: &Stood| match &zone.case {
        Some(case) => reach.has_case(case, &zone.unit),
        None => seen.unit(&zone.unit).is_some(),
    };
    playback.zones.retain(may_see);
    let known: BTreeSet<ZoneId> = playback.zones.iter().map(|zone| zone.id.clone()).collect();
    playback.before.retain(|(zone, _)| known.contains(zone));
    let mut places = Vec::with_capacity(playback.turns.len());
    let mut kept = 0;
    for turn in &playback.turns {
        let is_known = known.contains(&turn.zone);
        places.push(is_known.then_some(kept));
        kept += usize::from(is_known);
    }
    playback.turns.retain(|turn| known.contains(&turn.zone));
    for fix in &mut playback.fixes {
        fix.sights.retain(|(zone, _)| known.contains(zone));
        fix.believed.retain(|(zone, _)| known.contains(zone));
        fix.turns = fix.turns.iter().filter_map(|turn| places[*turn]).collect();
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;
    use crate::{
        console::tests::fixture,
        domain::{Accuracy, Source, Stage},
        engine::Sight,
        geometry::LatLon,
        lab::playback::{Checked, Played, Turn},
    };

    #[tokio::test(start_paused = true)]
    async fn one_is_played_at_a_time_and_nobody_waits_for_ever() {
        let turn = ONE_AT_A_TIME.acquire().await.expect("a turn");
        let refused = aside(async { Ok(()) }).await.expect_err("not its turn");
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        drop(turn);
        assert_eq!(aside(async { Ok(7) }).await.expect("its turn"), 7);
        // What breaks is said, and the next one has its turn.
        let broken = aside::<()>(async { panic!("on purpose") }).await.expect_err("broken");
        assert_eq!(broken.status, StatusCode::CONFLICT);
        assert_eq!(aside(async { Ok(8) }).await.expect("its turn"), 8);
    }

    #[test]
    fn what_is_beyond_somebodys_cases_is_taken_out() {
        let at = Timestamp::from_ms(1_772_330_000_000);
        let (near, far): (ZoneId, ZoneId) = (fixture::id("home"), fixture::id("flat"));
        let stood = |id: &ZoneId, case: &str| Stood {
            id: id.clone(),
            code: id.to_string(),
            drawn: None,
            case: Some(fixture::id(case)),
            unit: fixture::id("cheshire"),
            applied: vec![[at, at.plus_ms(1)]],
        };
        let turn =
            |zone: &ZoneId, to| Turn { row: 1, at, zone: zone.clone(), to, true_time: at, reason: None };
        let sight = Sight { border_m: 1.0, p_inside: 0.5, sigma_m: 5.0 };
        let both = |stage| vec![(far.clone(), stage), (near.clone(), stage)];
        let fix = Played {
            row: 1,
            received: at,
            taken: at,
            position: LatLon::new(53.2, -2.9).expect("on earth"),
            accuracy: Accuracy::Stated(5.0),
            source: Source::Gnss,
            is_past: false,
            sights: vec![(far.clone(), sight), (near.clone(), sight)],
            believed: both(Stage::Watch),
            turns: vec![0, 1, 2],
        };
        let mut playback = Playback {
            wearer: fixture::id("w-1"),
            span: Span::first_of(at, at),
            until: at,
            fixes: vec![fix],
            before: both(Stage::Left),
            turns: vec![turn(&far, Stage::Watch), turn(&near, Stage::Watch), turn(&near, Stage::Approach)],
            zones: vec![stood(&near, "case-1"), stood(&far, "case-2")],
            gaps: Vec::new(),
            checked: Checked::default(),
        };
        let reach = Reach { cases: vec![(fixture::id("case-1"), None)], ..Reach::default() };
        keep_to(&mut playback, &reach, &fixture::rulebook("Barry Stone"));
        let fix = &playback.fixes[0];
        assert_eq!(fix.turns, [0, 1]);
        assert!(playback.turns.iter().all(|turn| turn.zone == near) && playback.turns.len() == 2);
        assert_eq!(fix.believed, [(near.clone(), Stage::Watch)]);
        assert_eq!(playback.before, [(near.clone(), Stage::Left)]);
        assert_eq!((fix.sights.len(), playback.zones.len()), (1, 1));
        let everything = Reach { everything: true, ..Reach::default() };
        keep_to(&mut playback, &everything, &fixture::rulebook("Barry Stone"));
        assert_eq!(playback.zones.len(), 1);
    }
}
