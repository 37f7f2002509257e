//! A provider for tests that answers what it is told and keeps what it is asked, byte by byte.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

use super::Message;
use crate::domain::{IncidentId, Language, MessageClass, Priority};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The fields of a form, in their order.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        let url = reqwest::Url::parse(&format!("http://form/?{}", self.body)).unwrap();
        url.query_pairs().map(|(name, value)| (name.into(), value.into())).collect()
    }
}

#[derive(Clone)]
pub(crate) struct Recorder {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Kept = (Arc<Mutex<Vec<Asked>>>, Vec<(u16, String)>);

impl Recorder {
    /// Answers one request after the other so; the last answer repeats.
    pub(crate) async fn start(answers: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let routes = Router::new().fallback(answer).with_state((Arc::clone(&asked), answers));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, asked }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(
    State((asked, answers)): State<Kept>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut asked = asked.lock().unwrap();
    let (status, text) = answers.get(asked.len()).or(answers.last()).cloned().unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    asked.push(Asked { line: format!("{method} {uri}"), headers, body });
    (StatusCode::from_u16(status).unwrap(), text).into_response()
}

/// A text of danger.
pub(crate) fn message() -> Message {
    Message {
        idempotency_key: "alert-7-1780000000123000".into(),
        to: "+447700900001".into(),
        body: "Please use plan A now. Ref 7042".into(),
        incident: IncidentId(12),
        language: Language::English,
        class: MessageClass::Danger,
        reference: 7042,
        priority: Priority::P1,
        sender: None,
        silent: false,
        is_repeat: false,
    }
}
