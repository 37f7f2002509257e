//! The civil time of a place: what its clocks show, and the instant at which they show it.

use jiff::{ToSpan, Zoned, civil, tz::TimeZone};

use super::Timestamp;

/// The civil time of a place, by its IANA time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalTime {
    name: String,
    zone: TimeZone,
}

impl LocalTime {
    /// By its IANA name; `None` if there is no such time zone.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        // The bundled database, never the host's: two machines must decide alike.
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(name).ok()?;
        Some(Self { name: name.into(), zone })
    }

    /// Its IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As a format of `strftime` has it.
    #[must_use]
    pub fn format(&self, at: Timestamp, format: &str) -> String {
        self.civil(at).strftime(format).to_string()
    }

    /// What its clocks show.
    pub fn civil(&self, at: Timestamp) -> Zoned {
        let instant = jiff::Timestamp::from_millisecond(at.as_ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        instant.to_zoned(self.zone.clone())
    }

    /// From a minute of a day to another, over midnight if that is not later; both 0 to 1440. Clocks that change in between
    /// make it longer or shorter. `None` at the end of all calendars.
    pub(super) fn period(
        &self,
        date: civil::Date,
        from_min: u16,
        until_min: u16,
    ) -> Option<(Timestamp, Timestamp)> {
        let last_day = if until_min <= from_min { date.tomorrow().ok()? } else { date };
        Some((self.instant(date, from_min)?, self.instant(last_day, until_min)?))
    }

    fn instant(&self, date: civil::Date, minute: u16) -> Option<Timestamp> {
        let midnight = date.at(0, 0, 0, 0);
        let civil = midnight.checked_add(i64::from(minute).minutes()).ok()?;
        // "Compatible": the first of two equal civil times, and just after a gap.
        let zoned = self.zone.to_ambiguous_zoned(civil).compatible().ok()?;
        Some(Timestamp::from_ms(zoned.timestamp().as_millisecond()))
    }
}
