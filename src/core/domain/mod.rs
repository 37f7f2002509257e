//! The words of the field, parsed so that a wrong one cannot exist.
//!
//! Nothing here reads a clock, a file or the network. What arrives from outside is turned into these types once,
//! at the edge; from then on a value of a type is a proof that its bounds hold.

mod alert;
mod alphabet;
mod attendance;
mod booking;
mod contact_plan;
mod data_subject;
pub mod discreet;
mod ids;
mod incident;
mod local_time;
mod ping;
mod quiet_hours;
mod rfc3339;
mod rota;
mod rulebook;
mod schedule;
mod sent;
mod standard_policy;
mod story;
mod time;
mod withdrawal;
pub mod words;
mod zone;

pub use alert::{
    Alert, AlertState, BROWSER_GONE, Channel, MessageClass, Recipient, Subscription, SubscriptionKeys,
    is_e164,
};
pub use alphabet::{Units, units};
pub use attendance::{Attendance, Attending, Shelf};
pub use booking::{BookingError, TestBooking};
pub use contact_plan::{AlertShape, ContactPlan, Language, OwnWords, WhenWeak};
pub use data_subject::{DataSubject, DataSubjectError};
pub use ids::{
    AlertId, CANARY, CaseId, IdError, IncidentId, PersonId, PolicyId, SenderLabel, StaffId, TagId, UnitId,
    WearerId, ZoneId,
};
pub use incident::{
    Audience, Cause, Episode, Escalation, EscalationState, Handling, Hop, Incident, IncidentKind, Outcome,
    Priority, SentAlert, Stage, Subject,
};
pub use local_time::LocalTime;
pub use ping::{Accuracy, Fix, Motion, Ping, Source, TagEvent, TagEventKind};
pub use quiet_hours::{QuietHours, QuietHoursError};
pub use rota::{Rota, RotaError};
pub use rulebook::{
    Area, Assessment, Assignment, Basis, BasisKind, Book, Case, Contact, EscalationPolicy, Person,
    PersonStep, Risk, Roles, Scope, Staff, StaffStep, Unit, Wearer,
};
pub use schedule::{Schedule, ScheduleError, WeeklySpan};
pub use sent::{Sent, alert_of_key, idempotency_key};
pub use standard_policy::is_standard;
pub use story::{Entry, Happening, Reason};
pub use time::{HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};
pub use withdrawal::{END_WITHIN_H, Manner, Signed, TakenBack, Telling, ToldHow, Withdrawal};
pub use zone::{AnyZone, Margin, ProximityZone, Radius, Zone, ZoneShape};
