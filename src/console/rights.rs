//! Who may do what: one table of acts and roles, and one of routes and acts. The gate lets through what stands here and
//! nothing else, so a route that is forgotten here is open to nobody.

use axum::http::Method;

use crate::access::{
    Permit,
    Role::{self, Administrator, Advocate, Auditor, CaseWorker, Officer, Responder, Supervisor},
};

/// Something that not everybody may see or do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    SeeQueue,
    /// Where wearers are.
    SeeMap,
    /// How many wait: no person's data.
    Follow,
    /// Have a console that alarms can be heard at.
    Arm,
    SeeIncident,
    /// Who is to be called, with their numbers.
    SeeNumbers,
    SeeClosed,
    /// How well alarms serve.
    SeeQuality,
    Own,
    /// Say that one has acted.
    Acted,
    Note,
    Close,
    /// Send a responder.
    Send,
    /// Put what is no danger aside.
    Shelve,
    /// Say how far one has come, who was sent.
    Attend,
    SeeDevices,
    /// Make a link by which a protected person enrols a device.
    Enrol,
    /// The same for staff.
    EnrolStaff,
    /// What is due of the records, and lists of them.
    SeeRecords,
    SeeWearers,
    ChangeWearers,
    SeePersons,
    ChangePersons,
    SeeCases,
    ChangeCases,
    /// Where zones are.
    SeeZones,
    ProposeZones,
    /// Approve what somebody else has proposed, or refuse it.
    ApproveZones,
    /// As the audit log has it apart.
    RefuseZones,
    /// Write down that a wearer takes their consent back.
    RecordWithdrawal,
    /// Write down that a protected person was told of it.
    TellWithdrawal,
    /// End watching after that.
    EndWatching,
    TakeWithdrawalBack,
    /// Hand somebody's data out to them: all of it, whatever cases it is of.
    ExportSubject,
    PlaceHold,
    LiftHold,
    SeeUnits,
    ChangeUnits,
    /// Who has looked at a case.
    SeeReaders,
    SeeAudit,
    SeeAccounts,
    ChangeAccounts,
}

impl Act {
    /// All of them.
    pub(super) const ALL: [Self; 18] = [
        Self::SeeQueue,
        Self::SeeMap,
        Self::Follow,
        Self::Arm,
        Self::SeeIncident,
        Self::SeeNumbers,
        Self::SeeClosed,
        Self::Own,
        Self::Acted,
        Self::Note,
        Self::Close,
        Self::SeeDevices,
        Self::Enrol,
        Self::EnrolStaff,
        Self::SeeReaders,
        Self::SeeAudit,
        Self::SeeAccounts,
        Self::ChangeAccounts,
    ];

    /// The roles that may.
    pub(super) const fn roles(self) -> &'static [Role] {
        match self {
            Self::SeeQueue | Self::SeeIncident | Self::SeeClosed | Self::Follow => {
                &[Officer, Supervisor, Responder, Advocate, CaseWorker]
            }
            Self::SeeMap | Self::SeeNumbers | Self::Own | Self::Acted | Self::Note | Self::Attend => {
                &[Officer, Supervisor, Responder]
            }
            Self::Arm | Self::Close | Self::Send | Self::Shelve | Self::EnrolStaff => &[Officer, Supervisor],
            Self::SeeDevices | Self::Enrol => &[Officer, Supervisor, Advocate],
            Self::SeeRecords => &[Officer, Supervisor, Advocate, CaseWorker, Administrator],
            Self::SeeCases => &[Officer, Supervisor, Advocate, CaseWorker],
            Self::SeePersons => &[Officer, Supervisor, Advocate],
            Self::ChangePersons => &[Supervisor, Advocate],
            Self::SeeUnits | Self::ChangeUnits => &[Supervisor, Administrator],
            // A wearer says it to whoever they speak with.
            Self::SeeWearers | Self::RecordWithdrawal => &[Officer, Supervisor, CaseWorker],
            Self::ChangeWearers | Self::ChangeCases | Self::EndWatching | Self::TakeWithdrawalBack => {
                &[Supervisor, CaseWorker]
            }
            Self::ExportSubject | Self::PlaceHold | Self::LiftHold => &[Supervisor],
            Self::TellWithdrawal => &[Officer, Supervisor, Advocate],
            Self::SeeQuality => &[Officer, Supervisor],
            Self::SeeZones => &[Officer, Supervisor, Advocate],
            Self::ProposeZones | Self::ApproveZones | Self::RefuseZones => &[Officer, Supervisor],
            Self::SeeReaders => &[Supervisor, Auditor],
            Self::SeeAudit => &[Auditor],
            Self::SeeAccounts | Self::ChangeAccounts => &[Administrator],
        }
    }

    /// What a token must have been made for; none for what no token may do.
    pub(super) const fn permit(self) -> Option<Permit> {
        match self {
            Self::SeeQueue | Self::SeeIncident | Self::SeeClosed | Self::Follow => {
                Some(Permit::ReadIncidents)
            }
            Self::SeeMap => Some(Permit::ReadWearers),
            Self::SeeNumbers => Some(Permit::ReadNumbers),
            Self::Own | Self::Acted | Self::Note | Self::Send | Self::Shelve | Self::Attend => {
                Some(Permit::HandleIncidents)
            }
            Self::Close => Some(Permit::CloseIncidents),
            Self::SeeDevices => Some(Permit::ReadDevices),
            Self::SeeReaders => Some(Permit::ReadReaders),
            Self::SeeAudit => Some(Permit::ReadAudit),
            Self::SeeAccounts => Some(Permit::ReadAccounts),
            // A person does these.
            Self::Arm
            | Self::Enrol
            | Self::EnrolStaff
            | Self::SeeQuality
            | Self::SeeRecords
            | Self::SeeWearers
            | Self::ChangeWearers
            | Self::SeePersons
            | Self::ChangePersons
            | Self::SeeCases
            | Self::ChangeCases
            | Self::SeeZones
            | Self::ProposeZones
            | Self::ApproveZones
            | Self::RefuseZones
            | Self::RecordWithdrawal
            | Self::TellWithdrawal
            | Self::EndWatching
            | Self::TakeWithdrawalBack
            | Self::ExportSubject
            | Self::PlaceHold
            | Self::LiftHold
            | Self::SeeUnits
            | Self::ChangeUnits
            | Self::ChangeAccounts => None,
        }
    }

    /// What the audit log says was done.
    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::SeeQueue => "see queue",
            Self::SeeMap => "see map",
            Self::Follow => "follow",
            Self::SeeIncident => "see incident",
            Self::SeeNumbers => "see numbers to call",
            Self::Arm => "arm console",
            Self::SeeClosed => "see closed incidents",
            Self::Own => "own incident",
            Self::Acted => "act on incident",
            Self::Note => "note on incident",
            Self::Close => "close incident",
            Self::Send => "send responder",
            Self::Shelve => "shelve incident",
            Self::Attend => "attend",
            Self::SeeDevices => "see devices",
            Self::Enrol | Self::EnrolStaff => "make enrolment link",
            Self::SeeQuality => "see alarms of four weeks",
            Self::SeeRecords => "see records",
            Self::SeeWearers => "see wearer",
            Self::ChangeWearers => "change wearer",
            Self::SeePersons => "see person",
            Self::ChangePersons => "change person",
            Self::SeeCases => "see case",
            Self::ChangeCases => "change case",
            Self::SeeZones => "see zones",
            Self::ProposeZones => "propose zone",
            Self::ApproveZones => "approve zone",
            Self::RefuseZones => "refuse zone",
            Self::RecordWithdrawal => "record withdrawal",
            Self::TellWithdrawal => "tell of withdrawal",
            Self::EndWatching => "end watching",
            Self::ExportSubject => "export subject",
            Self::PlaceHold => "place hold",
            Self::LiftHold => "lift hold",
            Self::TakeWithdrawalBack => "take withdrawal back",
            Self::SeeUnits => "see unit",
            Self::ChangeUnits => "change unit",
            Self::SeeReaders => "see readers",
            Self::SeeAudit => "see audit log",
            Self::SeeAccounts => "see accounts",
            Self::ChangeAccounts => "change accounts",
        }
    }

    /// What the gate does about the audit log.
    pub(super) const fn trace(self) -> Trace {
        match self {
            Self::SeeQueue
            | Self::SeeMap
            | Self::SeeIncident
            | Self::SeeNumbers
            | Self::SeeClosed
            | Self::SeeDevices
            | Self::SeeQuality
            | Self::SeeRecords
            | Self::SeeReaders
            | Self::SeeAudit
            | Self::SeeAccounts => Trace::View,
            // The journal has them, too, and no alert may be held up for want of an officer's "acted".
            Self::Own | Self::Acted | Self::Note | Self::Close | Self::Send | Self::Shelve | Self::Attend => {
                Trace::Change
            }
            Self::Follow
            | Self::Arm
            | Self::Enrol
            | Self::EnrolStaff
            | Self::SeeWearers
            | Self::ChangeWearers
            | Self::SeePersons
            | Self::ChangePersons
            | Self::SeeCases
            | Self::ChangeCases
            | Self::SeeZones
            | Self::ProposeZones
            | Self::ApproveZones
            | Self::RefuseZones
            | Self::RecordWithdrawal
            | Self::TellWithdrawal
            | Self::EndWatching
            | Self::TakeWithdrawalBack
            | Self::ExportSubject
            | Self::PlaceHold
            | Self::LiftHold
            | Self::SeeUnits
            | Self::ChangeUnits
            | Self::ChangeAccounts => Trace::Handler,
        }
    }
}

/// What is done about the audit log before a request is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trace {
    /// It is recorded, or refused.
    View,
    /// It is recorded where that can be, and served all the same.
    Change,
    /// Whoever serves it records what there is to record.
    Handler,
}

/// Who comes through to a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// Anybody: it shows no person's data.
    Open,
    /// Whoever proves by what they send that they may: a callback's signature, a token in a link that was sent to them.
    OwnProof,
    /// Machines on this one, or with the watchdog's token: counts, no person's data.
    Monitor,
    /// Anybody who is signed in.
    SignedIn,
    /// Whatever shows a token that works.
    Token,
    /// The same, and anybody who is signed in: it shows no person's data.
    Known,
    /// Whoever may: with a session on pages, with a token in the API.
    May(Act),
    /// Whoever may, if the incident in the address is within their reach.
    MayWithIncident(Act),
}

use Door::{Known, May, MayWithIncident, Monitor, Open, OwnProof, SignedIn, Token};

const GET: &str = "GET";
const POST: &str = "POST";

/// Every route. Paths are written as the router has them.
pub(super) const ROUTES: &[(&str, &str, Door)] = &[
    (GET, "/", May(Act::SeeQueue)),
    (GET, "/fragments/queue", May(Act::SeeQueue)),
    (GET, "/fragments/map", May(Act::SeeMap)),
    (GET, "/fragments/map/ground", May(Act::SeeMap)),
    (GET, "/fragments/map/places", May(Act::SeeMap)),
    (GET, "/fragments/map/region", May(Act::SeeMap)),
    (GET, "/fragments/map/zones", May(Act::SeeMap)),
    (GET, "/fragments/trails", May(Act::SeeMap)),
    (GET, "/fragments/wearers", May(Act::SeeMap)),
    (GET, "/trails", May(Act::SeeMap)),
    (GET, "/live", May(Act::Follow)),
    (POST, "/armed", May(Act::Arm)),
    (GET, "/incidents", May(Act::SeeClosed)),
    (GET, "/quality", May(Act::SeeQuality)),
    (GET, "/incidents/{id}", MayWithIncident(Act::SeeIncident)),
    (GET, "/fragments/incidents/{id}", MayWithIncident(Act::SeeIncident)),
    (GET, "/incidents/{id}/call", MayWithIncident(Act::SeeNumbers)),
    (GET, "/incidents/{id}/readers", MayWithIncident(Act::SeeReaders)),
    (POST, "/incidents/{id}/own", MayWithIncident(Act::Own)),
    (POST, "/incidents/{id}/act", MayWithIncident(Act::Acted)),
    (POST, "/incidents/{id}/note", MayWithIncident(Act::Note)),
    (POST, "/incidents/{id}/close", MayWithIncident(Act::Close)),
    (POST, "/incidents/{id}/shelve", MayWithIncident(Act::Shelve)),
    (GET, "/incidents/{id}/send", MayWithIncident(Act::Send)),
    (POST, "/incidents/{id}/send", MayWithIncident(Act::Send)),
    (GET, "/respond", May(Act::Attend)),
    (GET, "/respond/{id}", MayWithIncident(Act::Attend)),
    (POST, "/respond/{id}", MayWithIncident(Act::Attend)),
    (GET, "/enrolments", May(Act::SeeDevices)),
    (POST, "/enrolments", May(Act::Enrol)),
    (POST, "/enrolments/own", May(Act::Enrol)),
    (GET, "/records", May(Act::SeeRecords)),
    (GET, "/records/wearers", May(Act::ChangeWearers)),
    (POST, "/records/wearers", May(Act::ChangeWearers)),
    (GET, "/records/wearers/{id}", May(Act::SeeWearers)),
    (POST, "/records/wearers/{id}", May(Act::ChangeWearers)),
    (GET, "/records/persons", May(Act::ChangePersons)),
    (POST, "/records/persons", May(Act::ChangePersons)),
    (GET, "/records/persons/{id}", May(Act::SeePersons)),
    (POST, "/records/persons/{id}", May(Act::ChangePersons)),
    (GET, "/records/cases", May(Act::ChangeCases)),
    (POST, "/records/cases", May(Act::ChangeCases)),
    (GET, "/records/cases/{id}", May(Act::SeeCases)),
    (POST, "/records/cases/{id}", May(Act::ChangeCases)),
    (GET, "/records/cases/{id}/zones", May(Act::SeeZones)),
    (GET, "/records/cases/{id}/zones/new", May(Act::ProposeZones)),
    (POST, "/records/cases/{id}/zones/new", May(Act::ProposeZones)),
    (GET, "/records/cases/{id}/zones/of/{zone}", May(Act::ProposeZones)),
    (POST, "/records/cases/{id}/zones/of/{zone}", May(Act::ProposeZones)),
    (POST, "/records/cases/{id}/zones/of/{zone}/remove", May(Act::ProposeZones)),
    (GET, "/records/cases/{id}/proposals/{no}", May(Act::SeeZones)),
    (POST, "/records/cases/{id}/proposals/{no}", May(Act::ApproveZones)),
    (GET, "/records/cases/{id}/withdrawal", May(Act::SeeCases)),
    (POST, "/records/cases/{id}/withdrawal", May(Act::RecordWithdrawal)),
    (POST, "/records/cases/{id}/withdrawal/told", May(Act::TellWithdrawal)),
    (POST, "/records/cases/{id}/withdrawal/end", May(Act::EndWatching)),
    (POST, "/records/cases/{id}/withdrawal/back", May(Act::TakeWithdrawalBack)),
    (GET, "/records/wearers/{id}/data", May(Act::ExportSubject)),
    (POST, "/records/wearers/{id}/data", May(Act::ExportSubject)),
    (POST, "/records/wearers/{id}/data/hold", May(Act::PlaceHold)),
    (POST, "/records/wearers/{id}/data/lift", May(Act::LiftHold)),
    (GET, "/records/persons/{id}/data", May(Act::ExportSubject)),
    (POST, "/records/persons/{id}/data", May(Act::ExportSubject)),
    (POST, "/records/persons/{id}/data/hold", May(Act::PlaceHold)),
    (POST, "/records/persons/{id}/data/lift", May(Act::LiftHold)),
    (GET, "/records/units", May(Act::ChangeUnits)),
    (POST, "/records/units", May(Act::ChangeUnits)),
    (GET, "/records/units/{id}", May(Act::SeeUnits)),
    (POST, "/records/units/{id}", May(Act::ChangeUnits)),
    (GET, "/audit", May(Act::SeeAudit)),
    (GET, "/accounts", May(Act::SeeAccounts)),
    (POST, "/accounts", May(Act::ChangeAccounts)),
    (GET, "/accounts/{account}", May(Act::SeeAccounts)),
    (POST, "/accounts/{account}", May(Act::ChangeAccounts)),
    (POST, "/accounts/{account}/link", May(Act::ChangeAccounts)),
    (POST, "/accounts/{account}/revoke", May(Act::ChangeAccounts)),
    (POST, "/accounts/{account}/tokens/{no}/revoke", May(Act::ChangeAccounts)),
    (GET, "/tokens", SignedIn),
    (POST, "/tokens", SignedIn),
    (POST, "/tokens/{no}/revoke", SignedIn),
    (GET, "/api", SignedIn),
    (GET, "/api/v1/openapi.json", Known),
    (GET, "/api/v1/me", Token),
    (GET, "/api/v1/queue", May(Act::SeeQueue)),
    (GET, "/api/v1/feed", May(Act::Follow)),
    (GET, "/api/v1/wearers", May(Act::SeeMap)),
    (GET, "/api/v1/closed", May(Act::SeeClosed)),
    (GET, "/api/v1/incidents/{id}", MayWithIncident(Act::SeeIncident)),
    (GET, "/api/v1/incidents/{id}/call", MayWithIncident(Act::SeeNumbers)),
    (GET, "/api/v1/incidents/{id}/readers", MayWithIncident(Act::SeeReaders)),
    (POST, "/api/v1/incidents/{id}/own", MayWithIncident(Act::Own)),
    (POST, "/api/v1/incidents/{id}/act", MayWithIncident(Act::Acted)),
    (POST, "/api/v1/incidents/{id}/note", MayWithIncident(Act::Note)),
    (POST, "/api/v1/incidents/{id}/send", MayWithIncident(Act::Send)),
    (POST, "/api/v1/incidents/{id}/attend", MayWithIncident(Act::Attend)),
    (POST, "/api/v1/incidents/{id}/shelve", MayWithIncident(Act::Shelve)),
    (POST, "/api/v1/incidents/{id}/close", MayWithIncident(Act::Close)),
    (GET, "/api/v1/devices", May(Act::SeeDevices)),
    (GET, "/api/v1/audit", May(Act::SeeAudit)),
    (GET, "/api/v1/accounts", May(Act::SeeAccounts)),
    (GET, "/who", SignedIn),
    (POST, "/who", SignedIn),
    (POST, "/sign-out", SignedIn),
    (POST, "/here", SignedIn),
    (GET, "/fragments/here", SignedIn),
    (GET, "/sign-in", Open),
    (POST, "/sign-in", Open),
    (POST, "/sign-in/code", Open),
    (GET, "/join", Open),
    (POST, "/join", Open),
    (GET, "/assets/{name}", Open),
    (GET, "/favicon.ico", Open),
    (GET, "/livez", Open),
    (GET, "/readyz", Open),
    (GET, "/health", Monitor),
    (GET, "/metrics", Monitor),
    (GET, "/watch", OwnProof),
    (GET, "/enrol", OwnProof),
    (GET, "/enrol/{token}", OwnProof),
    (POST, "/enrol/{token}", OwnProof),
    (GET, "/answer", OwnProof),
    (GET, "/answer/{token}", OwnProof),
    (POST, "/answer/{token}", OwnProof),
    (GET, "/own/{token}", OwnProof),
    (POST, "/own/{token}", OwnProof),
    (GET, "/sw.js", Open),
    (GET, "/page/{name}", Open),
    (POST, "/hooks/sms/receipt", OwnProof),
    (POST, "/hooks/sms/reply", OwnProof),
    (POST, "/hooks/second_sms/receipt", OwnProof),
    (POST, "/hooks/second_sms/reply", OwnProof),
    (POST, "/hooks/voice/receipt", OwnProof),
    (POST, "/hooks/voice/keys", OwnProof),
];

/// Who comes through by this method to the route at `path`; none if it is not in the table.
pub(super) fn door(method: &Method, path: &str) -> Option<Door> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    ROUTES.iter().find(|(of, at, _)| method.as_str() == *of && path == *at).map(|(_, _, door)| *door)
}

/// The methods by which the route at `path` is asked, as `Allow` has them.
pub(super) fn methods(path: &str) -> String {
    let methods = ROUTES.iter().filter(|(_, at, _)| path == *at).map(|(method, ..)| match *method {
        GET => "GET, HEAD",
        other => other,
    });
    methods.collect::<Vec<_>>().join(", ")
}

/// Whether the table has the path at all.
pub(super) fn has_path(path: &str) -> bool {
    ROUTES.iter().any(|(_, at, _)| path == *at)
}
