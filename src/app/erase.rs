//! `cordon subject erase`.

use anyhow::{Context, bail};

use super::{access::open, open_store, read_config, say, subject::record};
use crate::{
    access::{Access, Asks, ErasureCounts},
    cli,
    clock::Clock,
    domain::{DataSubject, UnitId},
    engine::{Engine, Told},
    sequencer::{catch_up, erasures},
    store::Store,
    subject::{Before, Erasing, holds_in_the_way},
};

/// A service at work takes up what is handed in within this, milliseconds.
const TAKE_UP_MS: i64 = 10_000;
/// So long its eraser is waited for, milliseconds.
const ERASE_MS: i64 = 120_000;
const LOOK_MS: i64 = 200;
/// So many hand-ins are looked through.
const HAND_INS_MAX: i64 = 1_000;

/// Erases somebody's data, or says what would go.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn erase_subject(args: cli::SubjectErase) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let store = open_store(&config).await?;
    let access = open(&config).await?;
    let clock = Clock::real();
    let engine = catch_up(store.as_ref()).await.context("cannot read the journal")?.engine;
    let erasing = Erasing::begin(store.as_ref(), &access, args.subject.clone(), Before::NOW).await?;
    if !erasing.has_record() {
        bail!("there is no record of {}", args.subject);
    }
    let plan = erasing.plan().await?;
    let mut first = engine.stands_in_the_way(clock.wall(), &args.subject);
    first.extend(holds_in_the_way(&access, &args.subject, &plan.others).await?);
    let Some(reason) = args.reason else {
        say(&format!("{} would lose {}", args.subject, in_words(plan.counts)))?;
        return match first.is_empty() {
            true => say("nothing stands in the way"),
            false => say(&format!("to be done first:\n  {}", first.join("\n  "))),
        };
    };
    if !first.is_empty() {
        bail!("{} is not erased. To be done first:\n  {}", args.subject, first.join("\n  "));
    }
    order(store.as_ref(), &access, &engine, &args.subject, &reason).await
}

/// Asks for it, hands it in, and waits for the service.
async fn order(
    store: &dyn Store,
    access: &Access,
    engine: &Engine,
    subject: &DataSubject,
    reason: &str,
) -> anyhow::Result<()> {
    let asks = record(subject, "ask for erasure", "see the erasures");
    let unit = unit_of(engine, subject);
    let Some(no) = access.ask_erasure(subject, unit.as_ref(), reason, Asks::Alone, &asks).await? else {
        bail!("an erasure of {subject} is asked for already: it waits for the service, or in the console");
    };
    let before = store.head().await?.map_or(0, |head| head.no);
    let told = serde_json::to_string(&Told::Erase { subject: subject.clone() })?;
    let ids = store.hand_in(&[told]).await?;
    let clock = Clock::real();
    let began = clock.steady();
    loop {
        let erasure = access.erasure_of(subject).await?.filter(|erasure| erasure.no == no);
        if let Some(erasure) = erasure.filter(|erasure| erasure.done_at.is_some()) {
            return say(&format!("{subject} is erased: {}", in_words(erasure.counts)));
        }
        let waits = store.handed_in(HAND_INS_MAX).await?.iter().any(|it| ids.contains(&it.id));
        if !waits && !erasures(store, before).await?.iter().any(|(_, erased)| erased == subject) {
            let withdraws = record(subject, "withdraw erasure", "the engine refused it");
            access.withdraw_erasure(subject, no, &withdraws).await?;
            bail!("{subject} is not erased: something new stands in the way; --plan says what");
        }
        let waited_ms = clock.steady().ms_since(began);
        if waits && waited_ms > TAKE_UP_MS {
            return say("stored: the service takes it up when it starts, and erases while it runs");
        }
        if waited_ms > ERASE_MS {
            return say("taken up: the service goes on with it while it runs");
        }
        clock.wait_ms(LOOK_MS).await;
    }
}

fn unit_of(engine: &Engine, subject: &DataSubject) -> Option<UnitId> {
    match subject {
        DataSubject::Wearer(id) => engine.rulebook().wearer(id).map(|it| it.unit.clone()),
        DataSubject::Person(id) => engine.rulebook().person(id).map(|it| it.unit.clone()),
    }
}

fn in_words(counts: ErasureCounts) -> String {
    let ErasureCounts { rows, incidents, alerts, rewritten } = counts;
    format!(
        "the content of {rows} journal rows, {incidents} incidents, {alerts} alerts, and what is said of them in \
         {rewritten} incidents about others"
    )
}
