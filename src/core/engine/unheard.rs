//! A tag that was fitted and has never been heard: its wearer may be anywhere, and nobody would miss a word from it.

use super::{decision::quantised, draft::Draft, incidents::Situation, input::DeadlineKey};
use crate::domain::{Cause, IncidentKind, Priority, Reason, Subject, Timestamp, WearerId};

/// A tag is heard within this long after it was fitted, milliseconds.
const FITTED_MS: i64 = 15 * 60_000;
/// While Cordon hears nothing itself, it waits for so long again.
const AGAIN_MS: i64 = 60_000;

/// A wearer was published: their tag, from when it is worn and may be watched, should soon be heard.
pub(super) fn expect(draft: &mut Draft<'_>, wearer: &WearerId) {
    let (at, rulebook) = (draft.at, std::sync::Arc::clone(&draft.rulebook));
    let to_come = |from: Timestamp, until: Option<Timestamp>| {
        until.is_none_or(|until| until > at).then(|| from.max(at))
    };
    let worn = rulebook.wearer(wearer).into_iter().flat_map(|known| &known.tags);
    let fitted = worn.filter_map(|worn| to_come(worn.from, worn.until)).min();
    let bases = rulebook.cases_of(wearer).map(|case| &case.basis);
    let watched = bases.filter_map(|basis| to_come(basis.from, basis.until)).min();
    if let Some((fitted, watched)) = fitted.zip(watched) {
        let key = DeadlineKey::Wearer(wearer.clone());
        let at = fitted.max(watched).plus_ms(FITTED_MS);
        // Another revision does not put it off, but may bring it forward.
        let at = draft.wakes_at(&key).map_or(at, |known| known.min(at));
        draft.wake(key, at);
    }
}

/// It should have been heard by now.
pub(super) fn due(draft: &mut Draft<'_>, wearer: &WearerId) {
    let (at, rulebook) = (draft.at, std::sync::Arc::clone(&draft.rulebook));
    let worn = rulebook.wearer(wearer).and_then(|known| known.tags.iter().find(|worn| worn.covers(at)));
    let Some(worn) = worn.filter(|_| rulebook.may_watch(wearer, at)) else {
        return expect(draft, wearer);
    };
    if !draft.hears_anything() {
        return draft.wake(DeadlineKey::Wearer(wearer.clone()), at.plus_ms(AGAIN_MS));
    }
    draft.raise(Situation {
        subject: Subject::Wearer(wearer.clone()),
        cause: Cause::Contact,
        kind: IncidentKind::LostContact,
        priority: Priority::P2,
        true_time: at,
        reason: Reason::NeverHeard { for_s: quantised(at.s_since(worn.from), 0) },
        late: false,
        ongoing: true,
    });
}
