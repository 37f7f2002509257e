//! The document, as it is and as a page for people.

use askama::Template;
use axum::{
    Json, Router,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::Value;

use super::{
    super::{
        App, accounts,
        caller::Officer,
        grounds::Grounds,
        page::{Frame, framed, html},
        refusal::Refusal,
        sign_in::Signed,
    },
    document::DOCUMENT,
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/api", get(page)).route("/api/v1/openapi.json", get(document))
}

async fn document() -> Json<&'static Value> {
    Json(&DOCUMENT)
}

#[derive(Template)]
#[template(path = "api.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    about: String,
    base: String,
    operations: Vec<Operation>,
    types: Vec<Type>,
    /// Word, status, and what it says.
    reasons: Vec<(String, u16, String)>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    permit: String,
    parameters: Vec<(String, String)>,
    /// The names of the types of its body and of its answer.
    body: String,
    answer: String,
    /// Status and what it says.
    answers: Vec<(String, String)>,
}

struct Type {
    name: String,
    about: String,
    /// Name, type, and what it says.
    fields: Vec<(String, String, String)>,
    /// Codes, and what each says.
    codes: Vec<(String, String)>,
}

async fn page(State(app): State<App>, signed: Signed, headers: HeaderMap) -> Result<Response, Refusal> {
    let officer = Officer::of(&app, signed)?;
    let (_, _, frame) = framed(&app, &officer, "API", "api");
    let schemas = members(&DOCUMENT["components"]["schemas"]);
    let types =
        schemas.iter().filter(|(name, _)| *name != "Grounds").map(|(name, schema)| Type::of(name, schema));
    let operations = members(&DOCUMENT["paths"]).into_iter().flat_map(|(path, methods)| {
        members(methods).into_iter().map(move |(method, operation)| Operation::of(path, method, operation))
    });
    let page = Page {
        frame,
        about: text(&DOCUMENT["info"]["description"]),
        base: accounts::base(&app, &headers),
        operations: operations.collect(),
        types: types.collect(),
        reasons: Grounds::ALL.into_iter().map(reason).collect(),
    };
    Ok(html(&page).into_response())
}

fn reason(grounds: Grounds) -> (String, u16, String) {
    let word = grounds.word();
    let about = codes(&DOCUMENT["components"]["schemas"]["Grounds"]).into_iter().find(|(of, _)| *of == word);
    (word, grounds.status().as_u16(), about.map(|(_, about)| about).unwrap_or_default())
}

impl Operation {
    fn of(path: &str, method: &str, operation: &Value) -> Self {
        let parameter = |one: &Value| (text(&one["name"]), text(&one["description"]));
        let answers = members(&operation["responses"]);
        let good = answers.first().map(|(_, answer)| &answer["content"]);
        let answer = good.and_then(|content| members(content).into_iter().next());
        Self {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.into(),
            summary: text(&operation["summary"]),
            permit: text(&operation["security"][0]["token"][0]),
            parameters: items(&operation["parameters"]).iter().map(parameter).collect(),
            body: shape(&operation["requestBody"]["content"]["application/json"]["schema"]),
            answer: answer.map(|(_, content)| shape(&content["schema"])).unwrap_or_default(),
            answers: answers
                .iter()
                .map(|(status, one)| ((*status).into(), text(&one["description"])))
                .collect(),
        }
    }
}

impl Type {
    fn of(name: &str, schema: &Value) -> Self {
        let fields = members(&schema["properties"]);
        let field =
            |(name, schema): &(&str, &Value)| ((*name).into(), shape(schema), text(&schema["description"]));
        Self {
            name: name.into(),
            about: text(&schema["description"]),
            fields: fields.iter().map(field).collect(),
            codes: codes(schema),
        }
    }
}

/// The codes of a type that is one of some, and what each says. One that carries more is written with its fields.
fn codes(schema: &Value) -> Vec<(String, String)> {
    let plain = items(&schema["enum"]).iter().map(|code| (text(code), String::new()));
    let one = |one: &Value| {
        let with = members(&one["properties"])
            .into_iter()
            .map(|(name, schema)| format!("{name}: {}", shape(schema)));
        let code = one["const"].as_str().map_or_else(|| with.collect(), str::to_owned);
        let listed = items(&one["enum"]).iter().map(text).collect::<Vec<_>>().join(", ");
        (if code.is_empty() { listed } else { code }, text(&one["description"]))
    };
    plain.chain(items(&schema["oneOf"]).iter().map(one)).collect()
}

/// A schema in a word or two.
fn shape(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next()) {
        return name.into();
    }
    if schema["x-data"].is_object() {
        return format!("events of {}", shape(&schema["x-data"]));
    }
    let choices = items(&schema["anyOf"]);
    if !choices.is_empty() {
        return choices.iter().map(shape).collect::<Vec<_>>().join(" or ");
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        kind => text(kind),
    };
    match kind.as_str() {
        "array" => format!("list of {}", shape(&schema["items"])),
        "object" => {
            let fields = members(&schema["properties"]).into_iter();
            let fields = fields.map(|(name, schema)| format!("{name}: {}", shape(schema)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        _ => kind,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn members(value: &Value) -> Vec<(&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect()
}
