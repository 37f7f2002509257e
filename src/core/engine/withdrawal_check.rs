//! A withdrawal of consent goes step by step: the persons whom the case protects are told first, then watching ends. However
//! a revision comes, by a form or from a file, it cannot leave a step out or undo what is written.

use super::rulebook_check::Problems;
use crate::domain::{BasisKind, Case, Timestamp, ToldHow, Withdrawal};

const WORDS_CHARS_MAX: usize = 1_000;

impl Problems<'_> {
    /// What a case says of its withdrawal, beside what is in force.
    pub(super) fn withdrawal(&mut self, place: &str, case: &Case) {
        self.look_at("withdrawal");
        if let Some(is) = &case.withdrawal {
            self.withdrawal_words(place, is);
        }
        let rulebook = self.rulebook;
        // A case that is new here, such as one from another installation, comes with its history.
        let Some(before) = rulebook.case(&case.id) else { return };
        self.withdrawal_follows(place, case, before);
        if let Some(was) = &before.withdrawal {
            self.told_first(place, case, before, was);
            self.stays_ended(place, case, before, was);
        }
    }

    fn withdrawal_words(&mut self, place: &str, is: &Withdrawal) {
        let fits = |text: &String| (1..=WORDS_CHARS_MAX).contains(&text.trim().chars().count());
        let reasons = is.told.iter().filter_map(|telling| match &telling.how {
            ToldHow::Not(why) => Some(why),
            ToldHow::By(_) => None,
        });
        let sound = reasons.chain(is.taken_back.iter().map(|back| &back.reason)).all(fits);
        self.add(sound, || {
            format!("{place}: the reasons in a withdrawal have 1 to {WORDS_CHARS_MAX} characters")
        });
    }

    /// Nothing that is written is changed or taken out, and no step comes before the one before it.
    fn withdrawal_follows(&mut self, place: &str, case: &Case, before: &Case) {
        let is_over = |was: &Withdrawal| was.taken_back.is_some();
        let (was, is) = (before.withdrawal.as_deref(), case.withdrawal.as_deref());
        let kept = was.is_none_or(|was| is_over(was) || is.is_some_and(|is| is.continues(was)));
        self.add(kept, || {
            format!(
                "{place}: the wearer's withdrawal is written down; leave it as it is, or take it back on the console"
            )
        });
        let Some(is) = is else { return };
        let is_new = !was.is_some_and(|was| is.continues(was));
        self.add(!is_new || before.basis.kind == BasisKind::Consent, || {
            format!("{place}: stands on an order, which no wearer can withdraw from")
        });
        let newly_ended = is.ended.as_ref().filter(|_| is_new || was.is_none_or(|was| was.ended.is_none()));
        let Some(ended) = newly_ended else { return };
        let all_told = is.untold(&before.persons).chain(is.untold(&case.persons)).next().is_none();
        self.add(all_told, || {
            format!(
                "{place}: watching ends once every protected person was told, or it is written down why not"
            )
        });
        self.add(until(case) <= ended.at, || format!("{place}: watching has ended; end its basis, too"));
    }

    /// Until they are told, nothing takes protection from the persons of the case.
    fn told_first(&mut self, place: &str, case: &Case, before: &Case, was: &Withdrawal) {
        if !was.is_open() {
            return;
        }
        let is = case.withdrawal.as_deref().unwrap_or(was);
        let stays = |person| case.persons.contains(person);
        self.look_at("persons");
        self.add(is.untold(&before.persons).all(stays), || {
            format!("{place}: the wearer has withdrawn; tell the protected persons before you take one out")
        });
        self.look_at("wearer");
        self.add(case.wearer == before.wearer, || {
            format!("{place}: the wearer has withdrawn; finish that first, and make another case")
        });
        let earlier = until(case) < until(before) || case.basis.from > before.basis.from;
        let all_told = is.untold(&before.persons).next().is_none();
        self.look_at("basis.until");
        self.add(!earlier || all_told, || {
            format!("{place}: the wearer has withdrawn; tell the protected persons before watching ends")
        });
    }

    /// Nobody is watched again on a consent that was withdrawn.
    fn stays_ended(&mut self, place: &str, case: &Case, before: &Case, was: &Withdrawal) {
        let agrees_again = case.withdrawal.as_deref().is_none_or(|is| is.taken_back.is_some());
        if was.ended.is_none() || agrees_again || case.basis.kind != BasisKind::Consent {
            return;
        }
        self.look_at("basis.until");
        self.add(until(case) <= until(before), || {
            format!(
                "{place}: the wearer has withdrawn; when they agree again, take the withdrawal back first"
            )
        });
    }
}

/// When the basis ends; far away for one without an end.
fn until(case: &Case) -> Timestamp {
    case.basis.until.unwrap_or(Timestamp::MAX)
}
