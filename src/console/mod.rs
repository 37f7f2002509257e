//! The console: pages on which officers see what is happening and take it in hand.
//!
//! It reads the board (a picture of the engine's memory after a commit) and the store, and changes things only by
//! putting inputs into the inbox. Until there are roles it speaks to this machine alone, behind a one-time link.

mod armed;
mod assets;
mod closed;
mod enrolments;
mod guard;
mod health;
pub mod hooks;
mod incident;
mod labels;
mod live;
mod map;
mod metrics;
mod names;
mod page;
mod phone;
mod posts;
mod queue;
mod refusal;
mod response;
mod sign_in;
mod sign_in_pages;
mod told;
mod trouble;
mod watched;
mod wearers;
mod when;
mod words;

use std::{future::Future, io, sync::Arc};

use axum::{Router, extract::DefaultBodyLimit, middleware, routing::get};
use tokio::{net::TcpListener, sync::watch};

pub use health::SourceCounts;
pub use phone::Door as PhoneDoor;
pub use sign_in::{OneTimeToken, SignIn, SignInError};

use self::armed::Armed;
use crate::{
    clock::Clock,
    domain::Timestamp,
    secret::Secret,
    sequencer::{Board, Inbox, Meter},
    store::Store,
    vitals::Vitals,
};

/// No request that the console understands is longer.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// What the console stands on.
pub struct ConsoleState {
    /// The live picture.
    pub board: watch::Receiver<Arc<Board>>,
    /// How full the disk is that the records are on, percent; `None` if that is not known.
    pub disk: watch::Receiver<Option<u8>>,
    /// The only way to change anything.
    pub inbox: Inbox,
    /// For what is no longer, or never was, on the board.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Clock,
    /// Who may come in.
    pub sign_in: Arc<SignIn>,
    /// What the sources have counted.
    pub source_counts: SourceCounts,
    /// Callbacks of providers (see [`hooks`]). They prove themselves; sign-in and form rules do not apply.
    pub hooks: Option<hooks::Hooks>,
    /// Pages on the phones of those who are told, where push messages are set up.
    pub phones: Option<PhoneDoor>,
    /// How the parts are.
    pub vitals: Arc<Vitals>,
    /// What the line has done.
    pub meter: Arc<Meter>,
    /// What an outside watchdog shows (see `watched`); without it nobody is answered.
    pub watch_token: Option<Secret>,
    /// The installation counts on an armed console: while there is none, people are phoned.
    pub wants_armed: bool,
}

/// Why the console could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Anybody on the network could reach it.
    #[error(
        "the console speaks to this machine alone until it has roles: listen on 127.0.0.1 or [::1], not on {0}"
    )]
    NotLoopback(std::net::SocketAddr),
    /// The listener failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The console's pages.
pub fn router(state: ConsoleState) -> Router {
    // Dropped at once: a feed then never hears that the service is closing, which is right where nobody will say it.
    let (_, closing) = watch::channel(false);
    let armed = Arc::new(Armed::new(state.wants_armed));
    routes(state, armed, closing)
}

/// Serves the console until `shutdown` is ready, then ends the live feeds and waits for the last answer.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(
    listener: TcpListener,
    state: ConsoleState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    let (close, closing) = watch::channel(false);
    let stop = async move {
        shutdown.await;
        close.send_replace(true);
    };
    let armed = Arc::new(Armed::new(state.wants_armed));
    let inbox = state.inbox.clone();
    let served =
        axum::serve(listener, routes(state, Arc::clone(&armed), closing)).with_graceful_shutdown(stop);
    let watched = async {
        if armed.is_wanted() {
            armed::watch(&armed, inbox).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        served = served => Ok(served?),
        () = watched => Ok(()),
    }
}

/// What every handler is given.
#[derive(Clone)]
struct App {
    board: watch::Receiver<Arc<Board>>,
    disk: watch::Receiver<Option<u8>>,
    inbox: Inbox,
    store: Arc<dyn Store>,
    clock: Clock,
    sign_in: Arc<SignIn>,
    callbacks: Arc<hooks::Counts>,
    source_counts: SourceCounts,
    phones: Option<Arc<PhoneDoor>>,
    vitals: Arc<Vitals>,
    meter: Arc<Meter>,
    closing: watch::Receiver<bool>,
    armed: Arc<Armed>,
}

impl App {
    /// The latest picture, and the time it is looked at: never before the picture was taken.
    fn look(&self) -> (Arc<Board>, Timestamp) {
        let board = self.board.borrow().clone();
        let steady = self.clock.steady();
        let now = board.at.map_or(steady, |at| at.max(steady));
        (board, now)
    }
}

fn routes(state: ConsoleState, armed: Arc<Armed>, closing: watch::Receiver<bool>) -> Router {
    let ConsoleState { board, disk, inbox, store, clock, sign_in, source_counts, hooks, phones, .. } = state;
    let (vitals, meter, watch_token) = (state.vitals, state.meter, state.watch_token);
    let callbacks = hooks.as_ref().map(|hooks| Arc::clone(&hooks.counts)).unwrap_or_default();
    let phones = phones.map(Arc::new);
    let app = App {
        board,
        disk,
        inbox,
        store,
        clock,
        sign_in,
        callbacks,
        source_counts,
        phones,
        vitals,
        meter,
        closing,
        armed,
    };
    // Open to other names than this machine's: whoever was sent a link comes by a web server in front of Cordon.
    let on_phones = phone::routes().with_state(app.clone());
    let signed_in = Router::new()
        .merge(queue::routes())
        .merge(closed::routes())
        .merge(incident::routes())
        .merge(posts::routes())
        .merge(response::routes())
        .merge(enrolments::routes())
        .merge(live::routes())
        .merge(armed::routes())
        .merge(sign_in_pages::inner_routes())
        .layer(middleware::from_fn_with_state(app.clone(), guard::signed_in_only));
    let all = signed_in
        .merge(sign_in_pages::outer_routes())
        .merge(health::routes())
        .merge(assets::routes())
        .route("/favicon.ico", get(assets::mark))
        .fallback(refusal::no_such_page)
        .method_not_allowed_fallback(refusal::no_such_method)
        .layer(middleware::from_fn(guard::own_pages_only))
        .with_state(app.clone());
    let all = all.merge(on_phones);
    // These prove themselves.
    let all = match hooks {
        Some(hooks) => all.merge(hooks.router),
        None => all,
    };
    let all = match watch_token {
        Some(token) => all.merge(watched::routes(app, token)),
        None => all,
    };
    all.layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).layer(middleware::map_response(guard::seal))
}

#[cfg(test)]
mod tests;
