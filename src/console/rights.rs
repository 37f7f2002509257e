//! Which act each route is. The gate lets through what stands here and nothing else, so a route that is forgotten here is
//! open to nobody. Who may do which act stands in the table of acts (`acts`).

use axum::http::Method;

pub(super) use super::acts::{Act, Trace};

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
    (GET, "/incidents/{id}/playback", MayWithIncident(Act::SeePlayback)),
    (GET, "/incidents/{id}/playback/data", MayWithIncident(Act::SeePlayback)),
    (GET, "/incidents/{id}/playback/csv", MayWithIncident(Act::ExportPlayback)),
    (GET, "/incidents/{id}/playback/geojson", MayWithIncident(Act::ExportPlayback)),
    (GET, "/incidents/{id}/explanation", MayWithIncident(Act::Explain)),
    (POST, "/incidents/{id}/own", MayWithIncident(Act::Own)),
    (POST, "/incidents/{id}/act", MayWithIncident(Act::Acted)),
    (POST, "/incidents/{id}/note", MayWithIncident(Act::Note)),
    (POST, "/incidents/{id}/close", MayWithIncident(Act::Close)),
    (POST, "/incidents/{id}/shelve", MayWithIncident(Act::Shelve)),
    (GET, "/incidents/{id}/send", MayWithIncident(Act::SeeSend)),
    (POST, "/incidents/{id}/send", MayWithIncident(Act::Send)),
    (GET, "/handover", May(Act::SeeHandover)),
    (POST, "/handover", May(Act::SignHandover)),
    (POST, "/handover/left", May(Act::TakeOver)),
    (GET, "/handover/{no}", May(Act::SeeHandover)),
    (POST, "/handover/{no}", May(Act::SignHandover)),
    (GET, "/respond", May(Act::SeeSent)),
    (GET, "/respond/{id}", MayWithIncident(Act::SeeSent)),
    (POST, "/respond/{id}", MayWithIncident(Act::Attend)),
    (GET, "/enrolments", May(Act::SeeDevices)),
    (POST, "/enrolments", May(Act::Enrol)),
    (POST, "/enrolments/own", May(Act::MakeOwnPage)),
    (GET, "/records", May(Act::SeeRecords)),
    (GET, "/records/wearers", May(Act::ChangeWearers)),
    (POST, "/records/wearers", May(Act::ChangeWearers)),
    (GET, "/records/wearers/{id}", May(Act::SeeWearers)),
    (POST, "/records/wearers/{id}", May(Act::ChangeWearers)),
    (GET, "/records/wearers/{id}/playback", May(Act::SeePlayback)),
    (GET, "/records/wearers/{id}/playback/data", May(Act::SeePlayback)),
    (GET, "/records/wearers/{id}/playback/csv", May(Act::ExportPlayback)),
    (GET, "/records/wearers/{id}/playback/geojson", May(Act::ExportPlayback)),
    (GET, "/records/persons", May(Act::ChangePersons)),
    (POST, "/records/persons", May(Act::ChangePersons)),
    (GET, "/records/persons/{id}", May(Act::SeePersons)),
    (POST, "/records/persons/{id}", May(Act::ChangePersons)),
    (GET, "/records/cases", May(Act::ChangeCases)),
    (POST, "/records/cases", May(Act::ChangeCases)),
    (GET, "/records/cases/{id}", May(Act::SeeCases)),
    (POST, "/records/cases/{id}", May(Act::ChangeCases)),
    (GET, "/records/cases/{id}/readers", May(Act::SeeCaseReaders)),
    (GET, "/records/cases/{id}/history", May(Act::SeeCases)),
    (GET, "/records/cases/{id}/history/compare", May(Act::SeeCases)),
    (GET, "/records/cases/{id}/zones", May(Act::SeeZones)),
    (GET, "/records/cases/{id}/zones/new", May(Act::ProposeZones)),
    (POST, "/records/cases/{id}/zones/new", May(Act::ProposeZones)),
    (GET, "/records/cases/{id}/zones/around", May(Act::ProposeZones)),
    (POST, "/records/cases/{id}/zones/around", May(Act::ProposeZones)),
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
    (POST, "/records/wearers/{id}/data/erase", May(Act::AskErasure)),
    (POST, "/records/wearers/{id}/data/erase/agree", May(Act::AgreeErasure)),
    (POST, "/records/wearers/{id}/data/erase/withdraw", May(Act::WithdrawErasure)),
    (GET, "/records/persons/{id}/data", May(Act::ExportSubject)),
    (POST, "/records/persons/{id}/data", May(Act::ExportSubject)),
    (POST, "/records/persons/{id}/data/hold", May(Act::PlaceHold)),
    (POST, "/records/persons/{id}/data/lift", May(Act::LiftHold)),
    (POST, "/records/persons/{id}/data/erase", May(Act::AskErasure)),
    (POST, "/records/persons/{id}/data/erase/agree", May(Act::AgreeErasure)),
    (POST, "/records/persons/{id}/data/erase/withdraw", May(Act::WithdrawErasure)),
    (GET, "/records/erasures", May(Act::SeeErasures)),
    (GET, "/records/erasures/{no}", May(Act::PlaceHold)),
    (POST, "/records/erasures/{no}/hold", May(Act::PlaceHold)),
    (POST, "/records/erasures/{no}/lift", May(Act::LiftHold)),
    (GET, "/records/units", May(Act::ChangeUnits)),
    (POST, "/records/units", May(Act::ChangeUnits)),
    (GET, "/records/units/{id}", May(Act::SeeUnits)),
    (POST, "/records/units/{id}", May(Act::ChangeUnits)),
    (GET, "/records/units/{id}/history", May(Act::SeeUnits)),
    (GET, "/records/units/{id}/history/compare", May(Act::SeeUnits)),
    (GET, "/records/units/{id}/zones", May(Act::ProposeZones)),
    (GET, "/records/units/{id}/zones/new", May(Act::ProposeZones)),
    (POST, "/records/units/{id}/zones/new", May(Act::ProposeZones)),
    (GET, "/records/units/{id}/zones/of/{zone}", May(Act::ProposeZones)),
    (POST, "/records/units/{id}/zones/of/{zone}", May(Act::ProposeZones)),
    (POST, "/records/units/{id}/zones/of/{zone}/remove", May(Act::ProposeZones)),
    (GET, "/records/units/{id}/proposals/{no}", May(Act::ProposeZones)),
    (POST, "/records/units/{id}/proposals/{no}", May(Act::ApproveZones)),
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
