//! Who may do what: one table of acts and roles. There is no act without its row, so there is none that a list of them
//! lacks.

use crate::access::{
    Permit::{
        self, CloseIncidents, HandleIncidents, ReadAccounts, ReadAudit, ReadDevices, ReadIncidents,
        ReadNumbers, ReadReaders, ReadWearers,
    },
    Role::{self, Administrator, Advocate, Auditor, CaseWorker, Officer, Responder, Supervisor},
};

/// Makes the acts from their table.
macro_rules! acts {
    ($($(#[$doc:meta])* $act:ident: $what:literal, $trace:ident, $permit:expr, [$($role:ident),+];)+) => {
        /// Something that not everybody may see or do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Act {
            $($(#[$doc])* $act,)+
        }

        impl Act {
            /// All of them.
            pub(super) const ALL: &[Self] = &[$(Self::$act),+];

            /// The roles that may.
            pub(super) const fn roles(self) -> &'static [Role] {
                match self { $(Self::$act => &[$($role),+],)+ }
            }

            /// What a token must have been made for; none for what a person does, and no token may.
            pub(super) const fn permit(self) -> Option<Permit> {
                match self { $(Self::$act => $permit,)+ }
            }

            /// What the audit log says was done.
            pub(super) const fn what(self) -> &'static str {
                match self { $(Self::$act => $what,)+ }
            }

            /// What the gate does about the audit log.
            pub(super) const fn trace(self) -> Trace {
                match self { $(Self::$act => Trace::$trace,)+ }
            }
        }
    };
}

// The act: as the audit log has it, what the gate does about that, what a token must have been made for, who may.
acts! {
    SeeQueue: "see queue", View, Some(ReadIncidents), [Officer, Supervisor, Responder, Advocate, CaseWorker];
    /// Where wearers are.
    SeeMap: "see map", View, Some(ReadWearers), [Officer, Supervisor, Responder];
    /// How many wait: no person's data.
    Follow: "follow", Handler, Some(ReadIncidents), [Officer, Supervisor, Responder, Advocate, CaseWorker];
    /// Have a console that alarms can be heard at.
    Arm: "arm console", Handler, None, [Officer, Supervisor];
    SeeIncident: "see incident", View, Some(ReadIncidents), [Officer, Supervisor, Responder, Advocate, CaseWorker];
    /// Where a wearer was, and what was believed of them.
    SeePlayback: "see playback", Handler, None, [Officer, Supervisor];
    /// Take that along as a file.
    ExportPlayback: "export playback", Handler, None, [Officer, Supervisor];
    /// An incident explained, with what proves it.
    Explain: "see explanation", Handler, None, [Officer, Supervisor];
    /// Who is to be called, with their numbers.
    SeeNumbers: "see numbers to call", View, Some(ReadNumbers), [Officer, Supervisor, Responder];
    SeeClosed: "see closed incidents", View, Some(ReadIncidents), [Officer, Supervisor, Responder, Advocate, CaseWorker];
    /// How well alarms serve.
    SeeQuality: "see alarms of four weeks", View, None, [Officer, Supervisor];
    Own: "own incident", Change, Some(HandleIncidents), [Officer, Supervisor, Responder];
    /// Say that one has acted.
    Acted: "act on incident", Change, Some(HandleIncidents), [Officer, Supervisor, Responder];
    Note: "note on incident", Change, Some(HandleIncidents), [Officer, Supervisor, Responder];
    Close: "close incident", Change, Some(CloseIncidents), [Officer, Supervisor];
    /// Send a responder.
    Send: "send responder", Change, Some(HandleIncidents), [Officer, Supervisor];
    /// Put what is no danger aside.
    Shelve: "shelve incident", Change, Some(HandleIncidents), [Officer, Supervisor];
    /// Say how far one has come, who was sent.
    Attend: "attend", Change, Some(HandleIncidents), [Officer, Supervisor, Responder];
    /// What a shift hands over to the next.
    SeeHandover: "see handover", View, None, [Officer, Supervisor];
    SignHandover: "sign handover", Handler, None, [Officer, Supervisor];
    /// Make somebody else's incident one's own.
    TakeOver: "take over incident", Handler, None, [Officer, Supervisor];
    SeeDevices: "see devices", View, Some(ReadDevices), [Officer, Supervisor, Advocate];
    /// Make a link by which a protected person enrols a device.
    Enrol: "make enrolment link", Handler, None, [Officer, Supervisor, Advocate];
    /// The same for staff.
    EnrolStaff: "make enrolment link", Handler, None, [Officer, Supervisor];
    /// What is due of the records, and lists of them.
    SeeRecords: "see records", View, None, [Officer, Supervisor, Advocate, CaseWorker, Administrator];
    SeeWearers: "see wearer", Handler, None, [Officer, Supervisor, CaseWorker];
    ChangeWearers: "change wearer", Handler, None, [Supervisor, CaseWorker];
    SeePersons: "see person", Handler, None, [Officer, Supervisor, Advocate];
    ChangePersons: "change person", Handler, None, [Supervisor, Advocate];
    SeeCases: "see case", Handler, None, [Officer, Supervisor, Advocate, CaseWorker];
    ChangeCases: "change case", Handler, None, [Supervisor, CaseWorker];
    /// Where zones are.
    SeeZones: "see zones", Handler, None, [Officer, Supervisor, Advocate];
    /// What a zone would have done with a wearer's last month.
    RehearseZones: "rehearse zone", Handler, None, [Officer, Supervisor, Advocate];
    ProposeZones: "propose zone", Handler, None, [Officer, Supervisor];
    /// Approve what somebody else has proposed, or refuse it.
    ApproveZones: "approve zone", Handler, None, [Officer, Supervisor];
    /// As the audit log has it apart.
    RefuseZones: "refuse zone", Handler, None, [Officer, Supervisor];
    /// Write down that a wearer takes their consent back: they say it to whoever they speak with.
    RecordWithdrawal: "record withdrawal", Handler, None, [Officer, Supervisor, CaseWorker];
    /// Write down that a protected person was told of it.
    TellWithdrawal: "tell of withdrawal", Handler, None, [Officer, Supervisor, Advocate];
    /// End watching after that.
    EndWatching: "end watching", Handler, None, [Supervisor, CaseWorker];
    TakeWithdrawalBack: "take withdrawal back", Handler, None, [Supervisor, CaseWorker];
    /// Hand somebody's data out to them: all of it, whatever cases it is of.
    ExportSubject: "export subject", Handler, None, [Supervisor];
    PlaceHold: "place hold", Handler, None, [Supervisor];
    LiftHold: "lift hold", Handler, None, [Supervisor];
    SeeUnits: "see unit", Handler, None, [Supervisor, Administrator];
    ChangeUnits: "change unit", Handler, None, [Supervisor, Administrator];
    /// Who has looked at a case.
    SeeReaders: "see readers", View, Some(ReadReaders), [Supervisor, Auditor];
    /// The same at a case's record, which the log then names.
    SeeCaseReaders: "see readers", Handler, None, [Supervisor, Auditor];
    SeeAudit: "see audit log", View, Some(ReadAudit), [Auditor];
    SeeAccounts: "see accounts", View, Some(ReadAccounts), [Administrator];
    ChangeAccounts: "change accounts", Handler, None, [Administrator];
}

/// What is done about the audit log before a request is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trace {
    /// It is recorded, or refused.
    View,
    /// It is recorded where that can be, and served all the same: the journal has it, too, and no alert may be held up for
    /// want of an officer's "acted".
    Change,
    /// Whoever serves it records what there is to record.
    Handler,
}
