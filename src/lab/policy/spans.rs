//! Sets of instants.

use serde::{Serialize, ser::SerializeSeq};

use crate::domain::Timestamp;

/// Instants, as spans that do not touch each other, in order; each from its first instant to the first that is no longer
/// part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(Vec<(Timestamp, Timestamp)>);

impl Spans {
    /// One span; nothing, if it ends before it begins.
    #[must_use]
    pub fn one(from: Timestamp, until: Timestamp) -> Self {
        Self::of(vec![(from, until)])
    }

    /// All instants of these.
    #[must_use]
    pub fn of(mut spans: Vec<(Timestamp, Timestamp)>) -> Self {
        spans.retain(|(from, until)| from < until);
        spans.sort();
        let mut joined: Vec<(Timestamp, Timestamp)> = Vec::new();
        for (from, until) in spans {
            match joined.last_mut().filter(|last| from <= last.1) {
                Some(last) => last.1 = last.1.max(until),
                None => joined.push((from, until)),
            }
        }
        Self(joined)
    }

    /// The spans, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[(Timestamp, Timestamp)] {
        &self.0
    }

    /// Whether an instant is among them.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.0.iter().any(|(from, until)| *from <= at && at < *until)
    }

    /// The instants of both.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut both = Vec::new();
        while let (Some(one), Some(two)) = (mine.peek(), theirs.peek()) {
            let (from, until) = (one.0.max(two.0), one.1.min(two.1));
            if from < until {
                both.push((from, until));
            }
            if one.1 < two.1 {
                mine.next()
            } else {
                theirs.next()
            };
        }
        Self(both)
    }

    /// The instants of either.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self::of([self.0.as_slice(), other.0.as_slice()].concat())
    }
}

/// As `[["2026-03-07T20:00:00.000Z", "2026-03-08T08:00:00.000Z"]]`.
impl Serialize for Spans {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for (from, until) in &self.0 {
            list.serialize_element(&[from.to_string(), until.to_string()])?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(spans: &[(i64, i64)]) -> Spans {
        Spans::of(
            spans
                .iter()
                .map(|(from, until)| (Timestamp::from_us(*from), Timestamp::from_us(*until)))
                .collect(),
        )
    }

    #[test]
    fn what_touches_is_one() {
        assert_eq!(spans(&[(5, 9), (1, 3), (3, 4), (6, 7), (8, 8)]), spans(&[(1, 4), (5, 9)]));
        assert_eq!(spans(&[(5, 9), (1, 3), (3, 4)]).as_slice().len(), 2);
    }

    #[test]
    fn both_and_either_are_as_their_instants_say() {
        let all = [
            spans(&[]),
            spans(&[(0, 12)]),
            spans(&[(1, 4), (6, 9)]),
            spans(&[(0, 2), (3, 7), (9, 11)]),
            spans(&[(4, 6), (11, 12)]),
        ];
        for (one, two) in all.iter().flat_map(|one| all.iter().map(move |two| (one, two))) {
            let (both, either) = (one.within(two), one.and(two));
            assert_eq!(Spans::of(both.as_slice().to_vec()), both);
            for at in (0..13).map(Timestamp::from_us) {
                assert_eq!(both.covers(at), one.covers(at) && two.covers(at), "{one:?} {two:?} {at}");
                assert_eq!(either.covers(at), one.covers(at) || two.covers(at), "{one:?} {two:?} {at}");
            }
        }
    }
}
