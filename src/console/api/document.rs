//! The API's description of itself by OpenAPI 3.1, made of the types that it reads and writes. No network.

use std::{collections::BTreeMap, sync::LazyLock};

use schemars::{
    SchemaGenerator,
    generate::{Contract, SchemaSettings},
};
use serde_json::{Map, Value, json};

use super::{
    super::{grounds::Grounds, rights::Door},
    operations::{Answer, OPERATIONS, Operation, Parameter},
    problem::{PROBLEM_JSON, Problem},
};

/// Where types stand in it.
const SCHEMAS: &str = "/components/schemas";

const ABOUT: &str = "What pages of the console show and do, for machines and people's scripts. Each request shows a token of an \
                     account, which may do some of what the account may, in the account's units and cases; what is looked at \
                     and done is recorded. Instants are RFC 3339, UTC; units stand at the end of names. Fields may be added: \
                     pass over those that you do not know. Codes may be added as well.";

/// The whole document.
pub(super) static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

fn document() -> Value {
    let settings = || {
        SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        })
    };
    let mut written = settings().with(|settings| settings.contract = Contract::Serialize).into_generator();
    let mut read = settings().with(|settings| settings.contract = Contract::Deserialize).into_generator();
    let problem = written.subschema_for::<Problem<'_>>();
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let entry = paths.entry(operation.path).or_insert_with(|| json!({}));
        entry[operation.method.to_lowercase()] =
            described(operation, &mut written, &mut read, problem.as_value());
    }
    let mut schemas = read.take_definitions(true);
    schemas.extend(written.take_definitions(true));
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Cordon",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token is `cordon_` and 64 digits of 0-9 and a-f. People make theirs at /tokens in the console.",
                },
            },
        },
    })
}

fn described(
    operation: &Operation,
    written: &mut SchemaGenerator,
    read: &mut SchemaGenerator,
    problem: &Value,
) -> Value {
    let permits: Vec<_> = match operation.door() {
        Some(Door::May(act) | Door::MayWithIncident(act)) => act.permit().into_iter().collect(),
        _ => Vec::new(),
    };
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "security": [{ "token": permits }],
        "parameters": parameters(operation),
        "responses": responses(operation, written, problem),
    });
    if let Some(body) = operation.body {
        let content = json!({ "application/json": { "schema": body(read) } });
        described["requestBody"] = json!({ "required": true, "content": content });
    }
    described
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let number = json!({ "type": "integer", "format": "int64" });
    let incident = operation.is_about_an_incident().then(|| {
        let schema = json!({ "type": "integer", "format": "int64", "minimum": 1 });
        json!({ "name": "id", "in": "path", "required": true, "schema": schema, "description": "The incident's number." })
    });
    let query = |Parameter { name, about }: &Parameter| json!({ "name": name, "in": "query", "schema": number, "description": about });
    incident.into_iter().chain(operation.query.iter().map(query)).collect()
}

fn responses(operation: &Operation, written: &mut SchemaGenerator, problem: &Value) -> Value {
    let mut responses = Map::new();
    let (status, good) = match operation.answer {
        Answer::Json(schema) => {
            let schema = schema(written);
            (
                "200",
                json!({ "description": "As asked.", "content": { "application/json": { "schema": schema } } }),
            )
        }
        Answer::Document => {
            let schema = json!({ "type": "object" });
            (
                "200",
                json!({ "description": "As asked.", "content": { "application/json": { "schema": schema } } }),
            )
        }
        Answer::Events(schema) => {
            let data = schema(written);
            let text = json!({ "type": "string", "description": "Events; the data of each is JSON.", "x-data": data });
            (
                "200",
                json!({ "description": "It goes on.", "content": { "text/event-stream": { "schema": text } } }),
            )
        }
        Answer::Done => ("204", json!({ "description": "Done, and written down." })),
    };
    responses.insert(status.into(), good);
    let mut by_status = BTreeMap::<_, Vec<Grounds>>::new();
    for grounds in operation.grounds() {
        by_status.entry(grounds.status().as_u16()).or_default().push(grounds);
    }
    for (status, grounds) in by_status {
        let words: Vec<String> = grounds.iter().map(|one| format!("`{}`", one.word())).collect();
        let refused = json!({
            "description": format!("Refused: {}.", words.join(", ")),
            "content": { PROBLEM_JSON: { "schema": problem } },
        });
        responses.insert(status.to_string(), refused);
    }
    responses.into()
}
