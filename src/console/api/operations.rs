//! What the API can be asked: a table, beside that of routes and acts (`rights`), from which its document is made.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{
    super::{
        grounds::Grounds,
        live::FeedData,
        rights::{self, Door, Trace},
    },
    doing, incident, incidents, people, records, wearers,
};

/// Puts a type into a document and says where it is.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One thing that can be asked.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// A name for it in programs.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) query: &'static [Parameter],
    pub(super) body: Option<SchemaOf>,
    pub(super) answer: Answer,
    /// On what grounds it is refused, beside what its door and its method say.
    refused: &'static [Grounds],
}

/// A whole number that may stand in the query.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
}

/// What comes back when all is well.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    Json(SchemaOf),
    /// Events that each carry this.
    Events(SchemaOf),
    /// This document.
    Document,
    /// 204: it is done, and written down.
    Done,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const BEFORE: &[Parameter] = &[Parameter {
    name: "before",
    about: "Only what has a smaller number: `next_before` of the page before.",
}];
const AFTER: &[Parameter] = &[Parameter {
    name: "after",
    about: "The id of the last event heard, where the client does not send Last-Event-ID itself.",
}];
const fn get(path: &'static str, id: &'static str, summary: &'static str, answer: Answer) -> Operation {
    Operation { method: "GET", path, id, summary, query: &[], body: None, answer, refused: &[] }
}

const fn post(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation { method: "POST", ..get(path, id, summary, Answer::Done) }
}

/// All of them.
pub(super) const OPERATIONS: &[Operation] = &[
    get("/api/v1/openapi.json", "describe", "This document.", Answer::Document),
    get("/api/v1/me", "me", "Whose token this is, and what it is good for.", Answer::Json(of::<people::Me>)),
    get(
        "/api/v1/queue",
        "queue",
        "Open incidents in the queue's order.",
        Answer::Json(of::<incidents::Queue>),
    ),
    Operation {
        query: AFTER,
        ..get(
            "/api/v1/feed",
            "feed",
            "A heartbeat each second, and word of every new picture: server-sent events named `heartbeat`, `board` and, before \
             the end of a token that works no more, `signed-out`.",
            Answer::Events(of::<FeedData>),
        )
    },
    get("/api/v1/wearers", "wearers", "Where wearers are now.", Answer::Json(of::<wearers::Wearers>)),
    Operation {
        query: BEFORE,
        refused: &[Grounds::RecordsAway],
        ..get(
            "/api/v1/closed",
            "closed",
            "Closed incidents, a page at a time.",
            Answer::Json(of::<incidents::Closed>),
        )
    },
    get(
        "/api/v1/incidents/{id}",
        "incident",
        "An incident: what, why, who was told and how it went.",
        Answer::Json(of::<incident::Story>),
    ),
    get(
        "/api/v1/incidents/{id}/call",
        "call",
        "Whom to call about an open incident, with their numbers.",
        Answer::Json(of::<incidents::Calls>),
    ),
    get(
        "/api/v1/incidents/{id}/readers",
        "readers",
        "Who has looked at the incident's case.",
        Answer::Json(of::<records::Readers>),
    ),
    Operation {
        refused: &[
            Grounds::Taken,
            Grounds::NoStaff,
            Grounds::NotOpen,
            Grounds::Refused,
            Grounds::Stopping,
            Grounds::NotConfirmed,
        ],
        ..post(
            "/api/v1/incidents/{id}/own",
            "own",
            "Own it: the staff's escalation pauses for three minutes.",
        )
    },
    Operation {
        refused: &[
            Grounds::NoStaff,
            Grounds::NotOpen,
            Grounds::Refused,
            Grounds::Stopping,
            Grounds::NotConfirmed,
        ],
        ..post("/api/v1/incidents/{id}/act", "act", "Say that one has acted: the staff's escalation ends.")
    },
    Operation {
        body: Some(of::<doing::Sending>),
        refused: &[
            Grounds::OnTheWay,
            Grounds::NoStaff,
            Grounds::NotOpen,
            Grounds::Refused,
            Grounds::Stopping,
            Grounds::NotConfirmed,
        ],
        ..post(
            "/api/v1/incidents/{id}/send",
            "send",
            "Send a responder: they are told at once, and have 60 seconds to say that they go.",
        )
    },
    Operation {
        body: Some(of::<doing::Going>),
        refused: &[
            Grounds::NoFurther,
            Grounds::OnTheWay,
            Grounds::NoStaff,
            Grounds::NotOpen,
            Grounds::Refused,
            Grounds::Stopping,
            Grounds::NotConfirmed,
        ],
        ..post("/api/v1/incidents/{id}/attend", "attend", "Say how far one has come, as a responder.")
    },
    Operation {
        body: Some(of::<doing::Shelving>),
        refused: &[
            Grounds::Danger,
            Grounds::Taken,
            Grounds::NoStaff,
            Grounds::NotOpen,
            Grounds::Refused,
            Grounds::Stopping,
            Grounds::NotConfirmed,
        ],
        ..post("/api/v1/incidents/{id}/shelve", "shelve", "Put what is no danger aside for a while.")
    },
    Operation {
        body: Some(of::<doing::Note>),
        refused: &[
            Grounds::NoteLength,
            Grounds::NoStaff,
            Grounds::NotOpen,
            Grounds::Refused,
            Grounds::Stopping,
            Grounds::NotConfirmed,
        ],
        ..post("/api/v1/incidents/{id}/note", "note", "Write something down.")
    },
    Operation {
        body: Some(of::<doing::Closing>),
        refused: &[
            Grounds::StillInside,
            Grounds::NoStaff,
            Grounds::NotOpen,
            Grounds::Refused,
            Grounds::Stopping,
            Grounds::NotConfirmed,
        ],
        ..post("/api/v1/incidents/{id}/close", "close", "Close it.")
    },
    get(
        "/api/v1/devices",
        "devices",
        "Who has a device for push messages.",
        Answer::Json(of::<people::Devices>),
    ),
    Operation {
        query: BEFORE,
        ..get(
            "/api/v1/audit",
            "audit",
            "The audit log, a page at a time.",
            Answer::Json(of::<records::AuditLog>),
        )
    },
    get("/api/v1/accounts", "accounts", "Accounts of one's units.", Answer::Json(of::<people::AllAccounts>)),
];

impl Operation {
    /// Who comes through to it.
    pub(super) fn door(&self) -> Option<Door> {
        let row =
            rights::ROUTES.iter().find(|(method, path, _)| *method == self.method && *path == self.path);
        row.map(|(.., door)| *door)
    }

    /// Whether an incident stands in its address.
    pub(super) fn is_about_an_incident(&self) -> bool {
        matches!(self.door(), Some(Door::MayWithIncident(_)))
    }

    /// On what grounds it may be refused.
    pub(super) fn grounds(&self) -> Vec<Grounds> {
        use Grounds::*;
        let mut grounds = vec![
            NoToken,
            TokenMalformed,
            TokenUnknown,
            TokenExpired,
            TokenRevoked,
            ForeignHost,
            TooMany,
            AccountsAway,
        ];
        grounds.extend(self.refused);
        if let Some(Door::May(act) | Door::MayWithIncident(act)) = self.door() {
            grounds.extend([NotForRole, NotPermitted]);
            grounds.extend((act.trace() == Trace::View).then_some(NotRecorded));
        }
        if self.is_about_an_incident() {
            grounds.extend([NoSuchIncident, RecordsAway]);
        }
        if !self.query.is_empty() {
            grounds.push(QueryWrong);
        }
        if self.body.is_some() {
            grounds.extend([BodyTooLong, BodyType, BodyWrong]);
        }
        if self.method == "POST" {
            grounds.push(ForeignOrigin);
        }
        grounds.sort();
        grounds.dedup();
        grounds
    }
}
