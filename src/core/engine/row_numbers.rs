//! Numbers of rows of the journal, written down small.

use serde::{Deserialize, Serialize};

/// Some numbers of rows, rising. Written as the distance of each to the one before, and of the first to 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<i64>", into = "Vec<i64>")]
pub struct RowNumbers(Vec<i64>);

impl RowNumbers {
    /// More are said in several inputs.
    pub const MAX: usize = 10_000;

    /// `None` unless there are some, not too many, and each is above the one before.
    #[must_use]
    pub fn new(nos: Vec<i64>) -> Option<Self> {
        let rises = nos.first().is_some_and(|no| *no > 0) && nos.is_sorted_by(|a, b| a < b);
        (rises && nos.len() <= Self::MAX).then_some(Self(nos))
    }

    /// The numbers.
    #[must_use]
    pub fn as_slice(&self) -> &[i64] {
        &self.0
    }
}

impl From<RowNumbers> for Vec<i64> {
    fn from(rows: RowNumbers) -> Self {
        let mut before = 0;
        rows.0.into_iter().map(|no| no - std::mem::replace(&mut before, no)).collect()
    }
}

impl TryFrom<Vec<i64>> for RowNumbers {
    type Error = &'static str;

    fn try_from(distances: Vec<i64>) -> Result<Self, &'static str> {
        let mut no = 0_i64;
        let add = |distance: i64| {
            no = no.checked_add(distance)?;
            Some(no)
        };
        let nos: Option<Vec<i64>> = distances.into_iter().map(add).collect();
        nos.and_then(Self::new).ok_or("these are no rising numbers of rows")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_written_as_distances_and_a_wrong_one_is_refused() {
        let rows = RowNumbers::new(vec![7, 8, 1_000, i64::MAX]).unwrap();
        let written = serde_json::to_string(&rows).unwrap();
        assert_eq!(written, format!("[7,1,992,{}]", i64::MAX - 1_000));
        assert_eq!(serde_json::from_str::<RowNumbers>(&written).unwrap(), rows);
        for wrong in ["[]", "[0]", "[-1]", "[5,0]", "[5,-1]", "[9223372036854775807,1]"] {
            assert!(serde_json::from_str::<RowNumbers>(wrong).is_err(), "{wrong}");
        }
        let many = vec![1; RowNumbers::MAX];
        assert!(RowNumbers::try_from(many.clone()).is_ok());
        assert!(RowNumbers::try_from([many, vec![1]].concat()).is_err());
    }
}
