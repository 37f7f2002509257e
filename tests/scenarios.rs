//! The engine on timelines: recorded tracks with ground truth, and stories told ping by ping.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "scenarios/accompanied.rs"]
mod accompanied;
#[path = "scenarios/calm.rs"]
mod calm;
#[path = "scenarios/clocks.rs"]
mod clocks;
#[path = "scenarios/companion.rs"]
mod companion;
#[path = "scenarios/control_room.rs"]
mod control_room;
#[path = "support/couples.rs"]
mod couples;
#[path = "scenarios/delivery.rs"]
mod delivery;
#[path = "scenarios/erased.rs"]
mod erased;
#[path = "scenarios/eraser.rs"]
mod eraser;
#[path = "scenarios/erasing.rs"]
mod erasing;
#[path = "scenarios/explained.rs"]
mod explained;
#[path = "scenarios/hearing.rs"]
mod hearing;
#[path = "scenarios/kept.rs"]
mod kept;
#[path = "support/lived.rs"]
mod lived;
#[path = "scenarios/notices.rs"]
mod notices;
#[path = "scenarios/on_the_page.rs"]
mod on_the_page;
#[path = "scenarios/order.rs"]
mod order;
#[path = "scenarios/our_clock.rs"]
mod our_clock;
#[path = "scenarios/policies.rs"]
mod policies;
#[path = "scenarios/policies_engine.rs"]
mod policies_engine;
#[path = "scenarios/policies_seeds.rs"]
mod policies_seeds;
#[path = "scenarios/positions.rs"]
mod positions;
#[path = "scenarios/quiet.rs"]
mod quiet;
#[path = "scenarios/reach.rs"]
mod reach;
#[path = "support/recorded.rs"]
mod recorded;
#[path = "scenarios/rehearse.rs"]
mod rehearse;
#[path = "faults/report.rs"]
mod report;
#[path = "scenarios/reporting.rs"]
mod reporting;
#[path = "scenarios/responders.rs"]
mod responders;
#[path = "scenarios/restart.rs"]
mod restart;
#[path = "scenarios/rotas.rs"]
mod rotas;
#[path = "scenarios/rulebook.rs"]
mod rulebook;
#[path = "scenarios/snapshots.rs"]
mod snapshots;
#[path = "scenarios/stories.rs"]
mod stories;
#[path = "scenarios/subject.rs"]
mod subject;
#[path = "scenarios/subject_erased.rs"]
mod subject_erased;
#[path = "scenarios/tracks.rs"]
mod tracks;
#[path = "scenarios/unheard.rs"]
mod unheard;
#[path = "scenarios/unmissed.rs"]
mod unmissed;
#[path = "support/wait.rs"]
mod wait;
#[path = "scenarios/ward.rs"]
mod ward;
#[path = "scenarios/withdrawal.rs"]
mod withdrawal;
