//! The document, as it is made: read page by page, and sent on at the pace of whoever takes it.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use tokio::io::{AsyncReadExt, DuplexStream, duplex};

use crate::{
    console::{App, refusal::Refusal},
    domain::DataSubject,
    subject::{self, ExportError, Made},
};

/// Bytes that wait between whoever makes it and whoever takes it.
const WAITING_BYTES: usize = 64 * 1024;
/// So many are made at once: each reads the whole journal.
pub(in crate::console) const AT_ONCE: usize = 2;

/// Begins to make it. What goes wrong before its first byte is told; after that it is cut off, and its end says so.
pub(super) async fn answer(app: &App, subject: &DataSubject) -> Result<Response, Refusal> {
    let turn = Arc::clone(&app.exports).try_acquire_owned().map_err(|_| Refusal::exports_busy())?;
    let (mut to, mut from) = duplex(WAITING_BYTES);
    let (store, access, whose) = (Arc::clone(&app.store), Arc::clone(&app.access), subject.clone());
    let made = Made { installation: app.installation.to_string(), at: app.clock.wall() };
    let making = tokio::spawn(async move {
        let _turn = turn;
        let exported = subject::export(store.as_ref(), &access, &whose, &made, &mut to).await;
        if let Err(error) = &exported {
            // Whoever takes it may have gone away. Nobody is named.
            tracing::warn!(%error, "a person's data could not be written out to its end");
        }
        exported
    });
    let first = read(&mut from).await;
    if first.is_empty() {
        let error = match making.await {
            Ok(Err(error)) => error,
            // It ends without a word only if it was stopped.
            Ok(Ok(_)) | Err(_) => return Err(Refusal::exports_busy()),
        };
        return Err(match error {
            ExportError::Unknown(_) => Refusal::no_record(),
            ExportError::Store(error) => error.into(),
            ExportError::Access(error) => error.into(),
            ExportError::Write(_) => Refusal::exports_busy(),
        });
    }
    let rest = stream::unfold((Some(first), from), |(first, mut from)| async move {
        let piece = match first {
            Some(first) => first,
            None => read(&mut from).await,
        };
        (!piece.is_empty()).then_some((Ok::<_, std::io::Error>(piece), (None, from)))
    });
    let name = format!("attachment; filename=\"{}.json\"", subject.to_string().replace(':', "-"));
    let headers =
        [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((StatusCode::OK, headers, Body::from_stream(rest)).into_response())
}

/// The next piece; empty at the end.
async fn read(from: &mut DuplexStream) -> Bytes {
    let mut piece = Vec::with_capacity(WAITING_BYTES);
    match from.read_buf(&mut piece).await {
        Ok(_) => piece.into(),
        // A pipe within this process does not fail.
        Err(_) => Bytes::new(),
    }
}
