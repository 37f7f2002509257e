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
