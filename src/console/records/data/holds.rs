//! Legal holds on one person's data: how they are shown, placed and lifted.

use super::{
    App, Control, Field, HOLD_REASON_CHARS_MAX, Officer, Posted, Refusal, Section, Values, When, Wrong, words,
};
use crate::{
    access::{
        Hold,
        audit::{About, Record},
    },
    console::rights::Act,
    domain::{DataSubject, Timestamp},
};

/// Whose data is held.
pub(super) struct Held<'w> {
    pub(super) subject: &'w DataSubject,
    /// As the audit log names them.
    pub(super) about: About,
}

impl Held<'_> {
    fn record(&self, app: &App, officer: &Officer, act: Act) -> Record {
        let why = officer.right(act);
        Record { at: app.clock.wall(), who: officer.who(), what: act.what(), why, about: self.about.clone() }
    }

    /// Places one as the form says, or says what is wrong with that.
    pub(super) async fn place(
        &self,
        app: &App,
        officer: &Officer,
        values: &Values,
    ) -> Result<Result<(), Wrong>, Refusal> {
        let says = "Write why: the proceedings, or the order.";
        let reason = match words(values, "reason", HOLD_REASON_CHARS_MAX, says) {
            Ok(reason) => reason,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let record = self.record(app, officer, Act::PlaceHold);
        let placed = app.access.place_hold(self.subject, &reason, &record).await?;
        placed.ok_or_else(Refusal::too_many_holds)?;
        Ok(Ok(()))
    }

    /// Lifts the one that the form names, or says what is wrong with that.
    pub(super) async fn lift(
        &self,
        app: &App,
        officer: &Officer,
        form: &Posted,
        values: &Values,
    ) -> Result<Result<(), Wrong>, Refusal> {
        let standing = app.access.holds(self.subject).await?;
        let named = form.field("hold");
        let hold = standing.iter().find(|it| it.lifted.is_none() && it.no.to_string() == named);
        let hold = hold.ok_or_else(Refusal::no_hold)?;
        let why = match words(values, &why(hold), HOLD_REASON_CHARS_MAX, "Write why it can go.") {
            Ok(why) => why,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let record = self.record(app, officer, Act::LiftHold);
        // Somebody else may have lifted it this very moment.
        if !app.access.lift_hold(self.subject, hold.no, &why, &record).await? {
            return Err(Refusal::no_hold());
        }
        Ok(Ok(()))
    }
}

/// The form that places one, and one for each that stands.
pub(super) fn forms(holds: &[Hold]) -> Vec<Section> {
    let line = |name: &str, label| {
        Section::new("", vec![Field::new(name, label, Control::Line(HOLD_REASON_CHARS_MAX))])
    };
    let lifts = holds.iter().filter(|hold| hold.lifted.is_none());
    let lifts = lifts.map(|hold| line(&why(hold), "Why it can go"));
    [line("reason", "Why it must be kept")].into_iter().chain(lifts).collect()
}

/// The field in which it is said why one can go.
fn why(hold: &Hold) -> String {
    format!("why-{}", hold.no)
}

/// A hold as it is shown.
pub(super) struct Shown {
    pub(super) no: i64,
    pub(super) author: String,
    pub(super) reason: String,
    pub(super) placed: When,
    pub(super) lifted: Option<(String, String, When)>,
    /// The form that lifts it, while it stands.
    pub(super) lifts: Option<Section>,
}

/// With the forms of those that stand.
pub(super) fn shown(holds: Vec<Hold>, lifts: Vec<Section>, now: Timestamp) -> Vec<Shown> {
    let (when, mut lifts) = (|at| When::new(at, now.max(at)), lifts.into_iter());
    let show = |hold: Hold| Shown {
        no: hold.no,
        author: hold.author,
        reason: hold.reason,
        placed: when(hold.placed_at),
        lifts: if hold.lifted.is_none() { lifts.next() } else { None },
        lifted: hold.lifted.map(|it| (it.by, it.why, when(it.at))),
    };
    holds.into_iter().map(show).collect()
}
