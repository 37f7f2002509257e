//! The door of a process that stands by: another one owns the line, and its console is the one to look at.

use std::{future::pending, sync::Arc};

use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

use super::{Public, ServeError, answer};
use crate::clock::Clock;

/// When to ask again: a take-over takes no longer, seconds.
const AGAIN_S: &str = "15";

const WAITING: &str = "Another Cordon process owns the line, and this one stands by: it takes over when the other stops. \
    Use the console of the other one.\n";

/// Says so to whoever knocks, until it is dropped. This process lives (`/livez`) and is not ready (`/readyz`), by which a load
/// balancer sends everybody to the owner. Each connection is for one answer: the next one may be the owner's to give.
///
/// # Errors
/// See [`ServeError`].
pub async fn stand_by(listener: TcpListener, public: Option<Public>, clock: Clock) -> Result<(), ServeError> {
    let routes = Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(async || (StatusCode::SERVICE_UNAVAILABLE, "stands by\n")))
        .fallback(waiting)
        .layer(map_response(last));
    let tls = public.and_then(|public| public.tls);
    answer(listener, tls, routes, clock, Arc::default(), pending()).await
}

async fn waiting() -> impl IntoResponse {
    let headers = [(header::RETRY_AFTER, AGAIN_S), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, WAITING)
}

async fn last(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
