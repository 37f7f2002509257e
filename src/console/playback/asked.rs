//! Which span of time of which wearer is asked for.

use serde::Deserialize;

use crate::{
    access::audit::{About, Whom},
    console::{
        App,
        caller::Officer,
        records::{instant, written},
        refusal::Refusal,
    },
    domain::{CaseId, Happening, Incident, IncidentId, MINUTE_MS, Subject, Timestamp, UnitId, WearerId},
    lab::playback::{Span, SpanError},
};

/// An incident is played from so long before it on, and until so long after the last that is known of it, milliseconds.
const LEAD_MS: i64 = 10 * MINUTE_MS;
const TAIL_MS: i64 = 2 * MINUTE_MS;
/// Where nobody says from when on, the last hours are played.
const LAST_MS: i64 = 12 * 60 * MINUTE_MS;
/// No instant is written longer.
const INSTANT_CHARS_MAX: usize = 40;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    from: String,
    until: String,
}

/// What is to be played.
pub(super) struct Question {
    pub(super) wearer: WearerId,
    pub(super) unit: UnitId,
    pub(super) case: Option<CaseId>,
    pub(super) incident: Option<IncidentId>,
    pub(super) span: Span,
    /// The incident lasts longer than what is played.
    pub(super) is_cut: bool,
    /// The page's address, and what belongs behind it.
    pub(super) at: String,
    pub(super) query: String,
}

/// A span that cannot be played, with what is wrong beside each field.
pub(super) struct Unfit {
    pub(super) wearer: WearerId,
    unit: UnitId,
    pub(super) from: Field,
    pub(super) until: Field,
}

impl Unfit {
    pub(super) fn about(&self) -> About {
        of_wearer(&self.wearer, &self.unit)
    }
}

/// As the audit log has it.
fn of_wearer(wearer: &WearerId, unit: &UnitId) -> About {
    let subject = Some(Whom::Subject(Subject::Wearer(wearer.clone())));
    About { subject, unit: Some(unit.clone()), case: None, incident: None }
}

/// A field as it was filled in.
pub(super) struct Field {
    pub(super) value: String,
    pub(super) wrong: Option<&'static str>,
}

impl Question {
    /// An incident, from a while before it to a while after it.
    pub(super) fn of_incident(app: &App, officer: &Officer, incident: &Incident) -> Result<Self, Refusal> {
        let Subject::Wearer(wearer) = &incident.subject else {
            return Err(Refusal::nothing_to_play());
        };
        let (_, now) = app.look_as(officer);
        let raised = incident.timeline.iter().filter_map(|entry| match &entry.what {
            Happening::Raised { true_time, .. } => Some(*true_time),
            _ => None,
        });
        let stays = incident.episodes.iter().map(|episode| episode.from);
        let first = raised.chain(stays).fold(incident.raised_at, Timestamp::min);
        let last = incident.timeline.last().map_or(incident.raised_at, |entry| entry.at).plus_ms(TAIL_MS);
        let until = if incident.is_open() { now } else { last.min(now) };
        let span = Span::first_of(first.plus_ms(-LEAD_MS), until);
        Ok(Self {
            wearer: wearer.clone(),
            unit: incident.unit.clone(),
            case: incident.case.clone(),
            incident: Some(incident.id),
            is_cut: span.until() < until,
            span,
            at: format!("/incidents/{}/playback", incident.id),
            query: String::new(),
        })
    }

    /// A wearer's span, if the wearer is within reach; or what is wrong with it.
    pub(super) fn of_wearer(
        app: &App,
        officer: &Officer,
        id: &str,
        asked: &Asked,
    ) -> Result<Result<Self, Unfit>, Refusal> {
        let (board, now) = app.look_as(officer);
        let wearer =
            id.parse().ok().and_then(|id| board.rulebook.wearer(&id)).ok_or_else(Refusal::no_record)?;
        let (wearer, unit) = (wearer.id.clone(), wearer.unit.clone());
        Ok(match span(asked, now) {
            Ok(span) => Ok(Self {
                at: at_wearer(&wearer),
                query: query(span),
                wearer,
                unit,
                case: None,
                incident: None,
                span,
                is_cut: false,
            }),
            Err([from, until]) => Err(Unfit { wearer, unit, from, until }),
        })
    }

    /// The same for what has no form to show.
    pub(super) fn fit(app: &App, officer: &Officer, id: &str, asked: &Asked) -> Result<Self, Refusal> {
        Self::of_wearer(app, officer, id, asked)?.map_err(|unfit| {
            let wrong = [unfit.from.wrong, unfit.until.wrong];
            Refusal::wrong_span(wrong.into_iter().flatten().next().unwrap_or_default())
        })
    }

    pub(super) fn about(&self) -> About {
        About { case: self.case.clone(), incident: self.incident, ..of_wearer(&self.wearer, &self.unit) }
    }

    /// Which time it is, to the minute, as the audit log has it behind the right to look.
    pub(super) fn of_span(&self) -> String {
        let minute =
            |at: Timestamp| written(Timestamp::from_ms(at.as_ms() - at.as_ms().rem_euclid(MINUTE_MS)));
        format!("; from {} to {}", minute(self.span.from()), minute(self.span.until()))
    }

    /// A name that names nobody.
    pub(super) fn file_name(&self) -> String {
        match self.incident {
            Some(id) => format!("playback-incident-{id}"),
            None => {
                let day = written(self.span.from());
                format!("playback-{}", day.split(' ').next().unwrap_or_default())
            }
        }
    }
}

/// The page of a wearer's playback.
pub(super) fn at_wearer(id: &WearerId) -> String {
    format!("/records/wearers/{id}/playback")
}

/// A span as it stands in an address.
pub(super) fn query(span: Span) -> String {
    format!("?from={}&until={}", span.from(), span.until())
}

/// The span that is asked for; else each field with what is wrong with it.
fn span(asked: &Asked, now: Timestamp) -> Result<Span, [Field; 2]> {
    const UNREAD: &str = "Write day and time like 2026-03-01 09:00 (UTC).";
    let text = |text: &str| text.trim().chars().take(INSTANT_CHARS_MAX).collect::<String>();
    let (from, until) = (text(&asked.from), text(&asked.until));
    if from.is_empty() && until.is_empty() {
        return Ok(Span::first_of(now.plus_ms(-LAST_MS), now));
    }
    let fields = |wrong: [Option<&'static str>; 2]| {
        let [wrong_from, wrong_until] = wrong;
        [Field { value: from.clone(), wrong: wrong_from }, Field { value: until.clone(), wrong: wrong_until }]
    };
    let (begin, end) = match (instant(&from), instant(&until)) {
        (Some(begin), Some(end)) => (begin, end),
        (begin, end) => {
            return Err(fields([begin.is_none().then_some(UNREAD), end.is_none().then_some(UNREAD)]));
        }
    };
    if begin >= now {
        return Err(fields([Some("This time has not come yet."), None]));
    }
    // What has not happened yet cannot be played.
    Span::new(begin, end.min(now.max(begin.plus_ms(1)))).map_err(|error| {
        fields([
            None,
            Some(match error {
                SpanError::Backwards => "The end must be after the beginning.",
                SpanError::TooLong => "At most 7 days can be played at once.",
            }),
        ])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_or_refused_beside_its_field() {
        let now = instant("2026-03-10 12:00").expect("an instant");
        let read = |from: &str, until: &str| {
            let asked = Asked { from: from.into(), until: until.into() };
            span(&asked, now).map_err(|[from, until]| (from.wrong, until.wrong))
        };
        let day = read("2026-03-01 09:00", " 2026-03-01T10:00:00Z ").expect("a span");
        assert_eq!(day.until().ms_since(day.from()), 3_600_000);
        assert_eq!(read("", "").map(|span| span.until()), Ok(now));
        assert_eq!(read("2026-03-10 11:00", "2027-01-01 00:00").map(Span::until), Ok(now));
        let unread = Some("Write day and time like 2026-03-01 09:00 (UTC).");
        assert_eq!(read("yesterday", "2026-03-01 09:00"), Err((unread, None)));
        assert_eq!(read("2026-03-01 09:00", ""), Err((None, unread)));
        assert_eq!(read(&"9".repeat(5_000), "<script>"), Err((unread, unread)));
        let late = Some("This time has not come yet.");
        assert_eq!(read("2026-03-11 09:00", "2026-03-12 09:00"), Err((late, None)));
        let backwards = Some("The end must be after the beginning.");
        assert_eq!(read("2026-03-02 09:00", "2026-03-02 09:00"), Err((None, backwards)));
        let long = Some("At most 7 days can be played at once.");
        assert_eq!(read("2026-03-01 09:00", "2026-03-08 09:01"), Err((None, long)));
        assert_eq!(read("0001-01-01T00:00:00Z", "9999-12-30T00:00:00Z"), Err((None, long)));
    }
}
