//! What happened in an incident, and why the engine thinks so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AlertId, AlertState, Attending, Channel, Hop, IncidentKind, Outcome, PersonId, Recipient, StaffId,
    Timestamp,
};

/// One line of an incident's story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When the engine learnt of it.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
}

/// What can happen in an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// The situation began, worsened or came back.
    Raised {
        /// As what.
        kind: IncidentKind,
        /// When it really was.
        true_time: Timestamp,
        /// Why the engine thinks so.
        reason: Reason,
    },
    /// The situation ended.
    Over {
        /// Why the engine thinks so.
        reason: Reason,
    },
    /// Late fixes no longer prove the episode that began then.
    Disproved {
        /// The episode's true time.
        from: Timestamp,
    },
    /// An alert changed state.
    Alert {
        /// Which.
        alert: AlertId,
        /// To whom.
        recipient: Recipient,
        /// On which channel.
        channel: Channel,
        /// Into which state.
        state: AlertState,
    },
    /// A protected person answered.
    Answered {
        /// Who.
        person: PersonId,
        /// What: 1 safe, 2 help, 3 call me, or their words.
        answer: String,
    },
    /// A protected person could not be reached on any channel: somebody must call them.
    Unreached {
        /// Who.
        person: PersonId,
    },
    /// A person took it.
    Owned {
        /// Who.
        by: StaffId,
    },
    /// A person took it over from another, as at the end of a shift.
    HandedOver {
        /// From whom.
        from: StaffId,
        /// To whom.
        to: StaffId,
    },
    /// Whoever owned it did nothing within three minutes.
    BackToQueue,
    /// A responder was sent.
    Sent {
        /// By whom.
        by: StaffId,
        /// Who.
        responder: StaffId,
    },
    /// A responder said how far they have come.
    Attends {
        /// Who.
        responder: StaffId,
        /// How far.
        stage: Attending,
    },
    /// A responder who was sent cannot be reached, or does not answer: it is back in the queue.
    NoAnswer {
        /// Who.
        responder: StaffId,
    },
    /// A person put it aside.
    Shelved {
        /// Who.
        by: StaffId,
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// It was put aside for as long as was said, and is back in the queue.
    Unshelved,
    /// A person did something about it.
    Acted {
        /// Who.
        by: StaffId,
    },
    /// A person wrote something down.
    Noted {
        /// Who.
        by: StaffId,
        /// What.
        text: String,
    },
    /// Closed.
    Closed {
        /// Who.
        by: StaffId,
        /// As what.
        outcome: Outcome,
    },
}

/// Why the engine concluded something, with the numbers that made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// One trusted fix is inside.
    TrustedFix {
        /// Probability of being inside.
        p: f64,
        /// Metres to the border, negative inside.
        border_m: f64,
        /// The scale the fix was judged with, metres.
        sigma_m: f64,
    },
    /// Several fixes agree that the wearer is inside.
    Agreeing {
        /// Probability of the last one.
        p: f64,
        /// Independent witnesses' worth of fixes that agree.
        weight: f64,
        /// Metres to the border, negative inside.
        border_m: f64,
    },
    /// The straight path between two fixes went through.
    Crossed {
        /// Deepest metres inside.
        depth_m: f64,
        /// Seconds between the two fixes.
        gap_s: f64,
    },
    /// All fixes together say that the wearer was inside, at a moment before the newest.
    WasInside {
        /// Probability of having been inside then.
        p: f64,
        /// Metres to the border then, negative inside.
        border_m: f64,
        /// The scale of the doubt about where the wearer was then, metres.
        sigma_m: f64,
    },
    /// The zone's schedule began while the wearer was inside.
    ScheduleBegan {
        /// Probability of being inside.
        p: f64,
    },
    /// The zone was published around the wearer.
    ZonePublished {
        /// Probability of being inside.
        p: f64,
    },
    /// Probably in the warning zone.
    NearZone {
        /// Probability of being in the warning zone.
        p: f64,
        /// Metres to the exclusion zone's border.
        border_m: f64,
    },
    /// Two independent fixes are outside.
    TwoFixesOutside {
        /// Probability of being inside, by the later one.
        p: f64,
        /// Seconds between them.
        apart_s: f64,
    },
    /// The zone no longer applies.
    ZoneEnded,
    /// Fixes that came late change what had been concluded.
    LateFixes,
    /// The zone around a person is off: nothing is known of where they are.
    CompanionStale {
        /// Seconds since the last fix of their Companion.
        for_s: f64,
    },
    /// The tag said so.
    TagReported {
        /// Which event.
        event: String,
    },
    /// The battery's charge.
    Battery {
        /// Percent.
        pct: u8,
    },
    /// Nothing heard for this long, though a ping was promised.
    Silent {
        /// Seconds since the last one.
        for_s: f64,
        /// Seconds it had promised.
        promised_s: u32,
    },
    /// The tag was fitted this long ago and has never been heard.
    NeverHeard {
        /// Seconds.
        for_s: f64,
    },
    /// No trustworthy fix for this long, and a zone within reach.
    OutOfSight {
        /// Seconds since the last trustworthy fix.
        for_s: f64,
        /// Metres from there to the nearest border.
        border_m: f64,
    },
    /// Steps between fixes that nobody can make, one after the other.
    ImpossibleSpeed {
        /// Of the last one, m/s.
        mps: f64,
    },
    /// Two kinds of source say different things.
    SourcesDisagree {
        /// How far apart they are, metres.
        apart_m: f64,
    },
    /// The position does not change though the tag says that it moves.
    Frozen {
        /// Seconds.
        for_s: f64,
    },
    /// Positions no longer contradict each other.
    PositionsAgree,
    /// Heard again, or seen again.
    Back,
    /// Cordon itself hears nothing from a source.
    SourceSilent,
    /// A message crashed the engine.
    Crashed,
    /// More messages than may be; so many were judged in part.
    TooMany {
        /// How many, since the last time it was said.
        messages: u64,
    },
    /// A clock is off, or was set.
    ClockOff {
        /// Seconds ahead, negative for behind.
        by_s: f64,
    },
    /// A tag's clock stands still.
    ClockStuck,
    /// Pings have not come although their tags say that they sent them.
    Missing {
        /// How many may still come.
        pings: u64,
        /// How many more were given up by their tags and are lost, since the last time it was said.
        given_up: u64,
    },
    /// Messages were refused for where they came from.
    Misused {
        /// How many, since the last time it was said.
        messages: u64,
    },
    /// A protected person has written for help.
    WroteForHelp,
    /// Or pressed the button of their Companion.
    PressedForHelp,
    /// Or written their duress word.
    WroteDuressWord,
    /// A provider takes no messages.
    ProviderFails {
        /// A short code of the reason.
        reason: String,
    },
    /// Too long nobody has seen a wearer whom a protected person must be kept safe from.
    Unseen,
    /// Nothing that endangers a protected person lasts any more.
    Quiet,
    /// The time that was agreed for a test has come.
    Booked,
    /// Whoever it was for has been told, or is told something else.
    Told,
    /// No phone confirmed a test.
    Unconfirmed,
    /// The push service of a browser no longer knows it.
    BrowserGone,
    /// A protected person has another address there, or none.
    OtherAddress,
    /// Records cannot be written.
    StoreFails,
    /// How full the disk is.
    Disk {
        /// Percent.
        pct: u8,
    },
    /// Cordon's canary has not come through.
    CanaryMissed {
        /// Where it got stuck.
        hop: Hop,
    },
    /// No console has said for some seconds that it is armed.
    NoConsoleArmed,
    /// It works again.
    Works,
}
