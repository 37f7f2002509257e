//! The phones as a person would see them.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Form, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{Act, CallState, Direction, Phones, Shown, Via};
use crate::domain::{Timestamp, is_e164};

/// Only what these pages themselves carry may run or load.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Router<Arc<Phones>> {
    Router::new()
        .route("/", get(list))
        .route("/phones/{address}", get(phone))
        .route("/phones/{address}/reply", post(reply))
        .route("/phones/{address}/call/{no}", post(act))
        .route("/desks/{address}", get(desk))
}

#[derive(Template)]
#[template(path = "phones/list.html", config = ".askama.toml")]
struct List {
    phones: Vec<Tile>,
    desks: Vec<Tile>,
}

/// One phone or desk in the list.
struct Tile {
    address: String,
    last: String,
    last_at: String,
    count: usize,
    answered: bool,
    no: u64,
}

#[derive(Template)]
#[template(path = "phones/phone.html", config = ".askama.toml")]
struct Phone {
    address: String,
    lines: Vec<Line>,
    /// The number of a call that rings or goes on, and whether it rings.
    call: Option<(u64, bool)>,
}

/// One bubble on a phone.
struct Line {
    mine: bool,
    text: String,
    at: String,
    reported: bool,
    repeats: u32,
    /// By whom it came, and how far a call has come.
    by: String,
}

#[derive(Template)]
#[template(path = "phones/desk.html", config = ".askama.toml")]
struct Desk {
    address: String,
    cards: Vec<Card>,
}

/// One card at a desk.
struct Card {
    priority: String,
    title: String,
    at: String,
    repeats: u32,
    members: Vec<(String, String)>,
}

async fn list(State(phones): State<Arc<Phones>>) -> Response {
    let mut tiles: BTreeMap<(bool, String), Tile> = BTreeMap::new();
    for message in phones.inbox.all() {
        let last = if message.desk { Card::of(&message).title } else { message.text };
        let tile = tiles.entry((message.desk, message.address.clone())).or_insert_with(|| Tile {
            address: message.address,
            last: String::new(),
            last_at: String::new(),
            count: 0,
            answered: false,
            no: 0,
        });
        tile.answered = message.direction == Direction::Out;
        tile.count += usize::from(!tile.answered);
        (tile.last, tile.last_at, tile.no) = (last, time_of_day(message.received_ms), message.no);
    }
    let mut tiles: Vec<(bool, Tile)> = tiles.into_iter().map(|((desk, _), tile)| (desk, tile)).collect();
    tiles.sort_by_key(|(_, tile)| std::cmp::Reverse(tile.no));
    let (desks, phones): (Vec<_>, Vec<_>) = tiles.into_iter().partition(|(desk, _)| *desk);
    let tiles = |list: Vec<(bool, Tile)>| list.into_iter().map(|(_, tile)| tile).collect();
    page(&List { phones: tiles(phones), desks: tiles(desks) })
}

async fn phone(State(phones): State<Arc<Phones>>, Path(address): Path<String>) -> Response {
    if !is_e164(&address) {
        return (StatusCode::NOT_FOUND, "no such phone").into_response();
    }
    let goes_on = |message: &Shown| matches!(message.call, Some(CallState::Ringing | CallState::InProgress));
    let call = of(&phones, false, &address).filter(goes_on).last();
    let call = call.map(|message| (message.no, message.call == Some(CallState::Ringing)));
    let lines = of(&phones, false, &address).map(|message| Line {
        by: by(&message),
        mine: message.direction == Direction::Out,
        text: message.text,
        at: time_of_day(message.received_ms),
        reported: message.reported,
        repeats: message.repeats,
    });
    page(&Phone { lines: lines.collect(), address, call })
}

async fn desk(State(phones): State<Arc<Phones>>, Path(address): Path<String>) -> Response {
    let mut cards: Vec<Card> = of(&phones, true, &address).map(|card| Card::of(&card)).collect();
    cards.reverse();
    page(&Desk { address, cards })
}

#[derive(Deserialize)]
struct ReplyForm {
    text: String,
}

async fn reply(
    State(phones): State<Arc<Phones>>,
    Path(address): Path<String>,
    Form(form): Form<ReplyForm>,
) -> Response {
    if !is_e164(&address) {
        return (StatusCode::NOT_FOUND, "no such phone").into_response();
    }
    if let Err(why) = phones.reply(&address, form.text.trim()).await {
        tracing::warn!(why, "a reply was not taken");
    }
    Redirect::to(&format!("/phones/{address}")).into_response()
}

#[derive(Deserialize)]
struct ActForm {
    does: String,
}

/// Somebody picks up, presses a key or hangs up.
async fn act(
    State(phones): State<Arc<Phones>>,
    Path((address, no)): Path<(String, u64)>,
    Form(form): Form<ActForm>,
) -> Response {
    let act = match form.does.as_str() {
        "pick_up" => Act::PicksUp,
        "hang_up" => Act::HangsUp,
        key => match key.chars().next().filter(char::is_ascii_digit) {
            Some(digit) => Act::Presses(digit),
            None => return StatusCode::BAD_REQUEST.into_response(),
        },
    };
    if !is_e164(&address) || !phones.act(no, act) {
        return (StatusCode::NOT_FOUND, "that call is over").into_response();
    }
    Redirect::to(&format!("/phones/{address}")).into_response()
}

/// What a bubble says of whom it came by.
fn by(message: &Shown) -> String {
    match (message.via, message.call) {
        (Via::Call, Some(state)) => format!("call, {}", state.as_str()),
        (Via::Notify, _) => "GOV.UK Notify".into(),
        (Via::Twilio, _) => "Twilio".into(),
        _ => String::new(),
    }
}

fn of<'a>(phones: &Phones, desk: bool, address: &'a str) -> impl Iterator<Item = Shown> + use<'a> {
    let all = phones.inbox.all().into_iter();
    all.filter(move |message| message.desk == desk && message.address == address)
}

impl Card {
    fn of(message: &Shown) -> Self {
        let json: serde_json::Value = serde_json::from_str(&message.text).unwrap_or_default();
        let member = |name: &str| json.get(name).map(plain).unwrap_or_default();
        let members = json.as_object().map_or_else(
            || vec![("body".into(), message.text.clone())],
            |object| object.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        );
        Self {
            priority: member("priority"),
            title: format!("{}, incident {}", member("summary"), member("incident")),
            at: time_of_day(message.received_ms),
            repeats: message.repeats,
            members,
        }
    }
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), Into::into)
}

/// Hours, minutes and seconds in UTC.
fn time_of_day(ms: i64) -> String {
    let text = Timestamp::from_ms(ms).to_string();
    text.get(11..19).unwrap_or_default().into()
}

fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let headers = [
                (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, Html(html)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
