//! The store: one suite for memory, SQLite and PostgreSQL, and what only a database can get wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "store/backup.rs"]
mod backup;
#[path = "store/build.rs"]
mod build;
#[path = "store/incidents.rs"]
mod incidents;
#[path = "store/journal.rs"]
mod journal;
#[path = "support/lived.rs"]
mod lived;
#[path = "store/migrations.rs"]
mod migrations;
#[path = "store/model.rs"]
mod model;
#[path = "store/outbox.rs"]
mod outbox;
#[path = "store/ownership.rs"]
mod ownership;
#[path = "store/places.rs"]
mod places;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "store/schema.rs"]
mod schema;
#[path = "store/snapshots.rs"]
mod snapshots;
#[path = "scenarios/ward.rs"]
mod ward;
#[path = "store/wide.rs"]
mod wide;

/// Each of these on every kind of store.
macro_rules! on_every_store {
    ($($module:ident: $($test:ident),+;)+) => {
        on_every_store!(@kind memory, $($($module::$test as $test),+),+);
        on_every_store!(@kind sqlite, $($($module::$test as $test),+),+);
        on_every_store!(@kind postgresql, $($($module::$test as $test),+),+);
    };
    (@kind $kind:ident, $($path:path as $test:ident),+) => {
        mod $kind {
            use super::{incidents, journal, outbox, ownership, places, snapshots, wide};
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    if let Some(place) = places::$kind().await {
                        $path(&place).await;
                    }
                }
            )+
        }
    };
}

on_every_store! {
    journal: a_batch_reads_back_as_it_was_written, repeating_a_batch_changes_nothing,
        a_longer_batch_may_begin_with_rows_that_are_there, a_row_with_other_content_is_a_conflict,
        a_gap_is_refused, numbers_below_one_are_refused, two_writers_cannot_both_have_a_number,
        large_batches_and_pages, numbers_beyond_32_bits, every_byte_of_a_payload_is_kept,
        rows_about_one_and_about_every_one,
        hand_ins_are_taken_in_the_transaction, a_refused_batch_leaves_its_hand_ins;
    snapshots: a_snapshot_reads_back_as_it_was_written, a_snapshot_may_be_written_again,
        what_is_not_kept_is_forgotten_with_what_was_never_completed;
    incidents: changes_replace_what_was_there, one_open_incident_per_cause, a_cause_may_come_back_when_closed,
        one_batch_may_close_and_raise_a_cause, other_subjects_and_causes_do_not_meet,
        an_alert_needs_its_incident, paging, closed_ones_newest_first,
        incidents_about_somebody_come_newest_first, counts_by_kind_and_state,
        what_is_erased_is_gone_and_nothing_else;
    ownership: nobody_has_written_before_the_first_owner, what_a_former_owner_decided_is_refused,
        whoever_is_asked_twice_owns_it_still;
    outbox: a_new_owner_ends_the_leases_of_the_dead, the_most_urgent_then_the_oldest_first, nothing_is_claimed_before_it_is_due,
        a_lease_keeps_others_out_until_it_runs_out, a_state_change_ends_the_lease,
        a_change_while_waiting_keeps_lease_and_tries, tries_are_recorded, a_try_written_twice_is_one,
        rival_tries_are_both_kept, a_try_of_an_unknown_alert_is_refused, only_what_there_is_room_for_is_claimed,
        the_next_claimable_instant,
        an_old_batch_does_not_wake_an_alert, two_claimers_share_out_every_alert;
    wide: what_is_sent_and_handed_in_has_numbers_beyond_32_bits, the_line_goes_on_past_31_bits,
        the_line_goes_on_past_32_bits;
}
