//! The console: pages on which officers see what is happening and take it in hand.
//!
//! It reads the board (a picture of the engine's memory after a commit) and the store, and changes things only by
//! putting inputs into the inbox. Every request comes through one gate (`gate`), which has a table of who may do what
//! (`acts`, `rights`) and sees to it that what is shown is recorded. Beyond this machine it speaks by TLS, and to accounts alone.

mod accounts;
mod acts;
mod api;
mod armed;
mod assets;
mod audit;
mod caller;
mod closed;
mod enrolments;
mod gate;
mod ground;
mod grounds;
mod guard;
mod handover;
mod health;
pub mod hooks;
mod incident;
mod join;
mod labels;
mod live;
mod live_map;
mod load;
mod map;
mod metrics;
mod names;
mod notices;
mod page;
mod phone;
mod playback;
mod posts;
mod quality;
mod queue;
mod readers;
mod records;
mod refusal;
mod renewal;
mod respond;
mod response;
mod rights;
mod scope;
mod send;
mod sign_in;
mod sign_in_pages;
mod standby;
mod tls;
mod tokens;
mod told;
mod trails;
mod trouble;
mod watched;
mod wearers;
mod when;
mod words;

use std::{collections::BTreeSet, future::Future, io, sync::Arc};

use axum::{Router, extract::DefaultBodyLimit, middleware};
use tokio::{net::TcpListener, sync::watch};

pub use ground::{Ground, Sketch};
pub use health::SourceCounts;
pub use phone::Door as PhoneDoor;
pub use sign_in::{OneTimeToken, SignIn, SignInError};

use self::armed::Armed;
use renewal::Renewal;
pub use standby::stand_by;
use tls::TlsListener;
pub use tls::{ServeTls, TlsError, TlsFiles};

use crate::{
    access::{Access, Reach},
    clock::Clock,
    domain::{Channel, Timestamp},
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
    /// Who is in.
    pub sign_in: Arc<SignIn>,
    /// Who may come in, and what they did.
    pub access: Arc<Access>,
    /// How it is reached from other machines; `None` where it is not.
    pub public: Option<Public>,
    /// The installation's name.
    pub installation: String,
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
    /// What the map stands on.
    pub ground: Ground,
    /// The channels that have a provider.
    pub channels: Arc<BTreeSet<Channel>>,
}

/// How the console is reached from other machines: by TLS, its own or that of a proxy in front of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Public {
    /// What browsers send as `Host`: the name, and the port if it is not 443.
    pub host: String,
    /// Its own certificate; `None` for a proxy's.
    pub tls: Option<TlsFiles>,
}

/// Why the console could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Anybody on the network could listen.
    #[error(
        "{0} is reached from other machines, and nothing is encrypted: give console.certificate_file and \
         console.certificate_key_file, or console.tls_proxy = true if a proxy in front of it does TLS; or listen on 127.0.0.1"
    )]
    NotLoopback(std::net::SocketAddr),
    /// Nobody could let anybody in.
    #[error(
        "the console is reached from other machines and there is no administrator: run `cordon init`, which prints \
         the link by which one signs up"
    )]
    NoAdministrator,
    /// TLS.
    #[error(transparent)]
    Tls(#[from] ServeTls),
    /// The listener failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The console's pages.
pub fn router(state: ConsoleState) -> Router {
    // Dropped at once: a feed then never hears that the service is closing, which is right where nobody will say it.
    let (_, closing) = watch::channel(false);
    let armed = Arc::new(Armed::new(state.wants_armed));
    routes(state, armed, Arc::default(), closing)
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
    let tls = match &state.public {
        None if !address.ip().is_loopback() => return Err(ServeError::NotLoopback(address)),
        None => None,
        Some(public) => {
            let accounts = state.access.accounts(state.clock.real_us());
            // Where they cannot be read nobody is let in either, and alerts go out.
            if accounts.is_some_and(|accounts| !accounts.has_administrator()) {
                return Err(ServeError::NoAdministrator);
            }
            public.tls.clone()
        }
    };
    let (close, closing) = watch::channel(false);
    let stop = async move {
        shutdown.await;
        close.send_replace(true);
    };
    let armed = Arc::new(Armed::new(state.wants_armed));
    let (inbox, clock, renewal) = (state.inbox.clone(), state.clock.clone(), Arc::new(Renewal::default()));
    let routes = routes(state, Arc::clone(&armed), Arc::clone(&renewal), closing);
    let served = answer(listener, tls, routes, clock, renewal, stop);
    let watched = async {
        if armed.is_wanted() {
            armed::watch(&armed, inbox).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        served = served => served,
        () = watched => Ok(()),
    }
}

/// Answers whoever knocks until `stop` is ready, and waits for the last answer.
async fn answer(
    listener: TcpListener,
    tls: Option<TlsFiles>,
    routes: Router,
    clock: Clock,
    renewal: Arc<Renewal>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let routes = routes.into_make_service_with_connect_info::<tls::Peer>();
    match tls {
        None => axum::serve(listener, routes).with_graceful_shutdown(stop).await?,
        Some(files) => {
            let listener = TlsListener::new(listener, files, clock, renewal)?;
            axum::serve(listener, routes).with_graceful_shutdown(stop).await?;
        }
    }
    Ok(())
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
    access: Arc<Access>,
    public: Option<Arc<Public>>,
    installation: Arc<str>,
    watch_token: Option<Secret>,
    views: Arc<gate::Views>,
    scoped: Arc<scope::Scoped>,
    callbacks: Arc<hooks::Counts>,
    api: Arc<api::Traffic>,
    source_counts: SourceCounts,
    phones: Option<Arc<PhoneDoor>>,
    vitals: Arc<Vitals>,
    meter: Arc<Meter>,
    closing: watch::Receiver<bool>,
    armed: Arc<Armed>,
    renewal: Arc<Renewal>,
    desks: Arc<load::Desks>,
    ground: Arc<Ground>,
    channels: Arc<BTreeSet<Channel>>,
    /// Whose turn it is to make a person's data into a document.
    exports: Arc<tokio::sync::Semaphore>,
}

impl App {
    /// The latest picture as far as somebody's act reaches, and the time it is looked at.
    fn look_as(&self, caller: &caller::Caller) -> (Arc<Board>, Timestamp) {
        self.look_at(&caller.reach)
    }

    fn look_at(&self, reach: &Reach) -> (Arc<Board>, Timestamp) {
        let (board, now) = self.look();
        (self.scoped.part(&board, reach), now)
    }

    /// Whether a session, or a token, may go on being told how many wait.
    fn is_live(&self, caller: &caller::Caller, signed: Option<&sign_in::Signed>) -> bool {
        let real_us = self.clock.real_us();
        if let Some(token) = caller.token() {
            let accounts = self.access.accounts(real_us);
            return accounts.is_some_and(|all| all.is_live(token, self.clock.wall()));
        }
        let Some(signed) = signed else { return false };
        let in_use = || {
            let (Some(id), Some(generation)) = (&signed.by, signed.generation) else { return true };
            let accounts = self.access.accounts(real_us);
            accounts.is_some_and(|all| all.live(id).is_some_and(|account| account.generation == generation))
        };
        self.sign_in.is_live(signed, real_us) && in_use()
    }

    /// The latest whole picture, and the time it is looked at: never before the picture was taken. For what shows no
    /// person's data; what does looks at it as somebody (`look_as`).
    fn look(&self) -> (Arc<Board>, Timestamp) {
        let board = self.board.borrow().clone();
        let steady = self.clock.steady();
        let now = board.at.map_or(steady, |at| at.max(steady));
        (board, now)
    }
}

fn routes(
    state: ConsoleState,
    armed: Arc<Armed>,
    renewal: Arc<Renewal>,
    closing: watch::Receiver<bool>,
) -> Router {
    let ConsoleState { board, disk, inbox, store, clock, sign_in, source_counts, hooks, phones, .. } = state;
    let (vitals, meter, watch_token) = (state.vitals, state.meter, state.watch_token);
    let (access, public, installation) =
        (state.access, state.public.map(Arc::new), state.installation.into());
    let callbacks = hooks.as_ref().map(|hooks| Arc::clone(&hooks.counts)).unwrap_or_default();
    let (phones, ground) = (phones.map(Arc::new), Arc::new(state.ground));
    let app = App {
        board,
        disk,
        inbox,
        store,
        clock,
        sign_in,
        access,
        public,
        installation,
        watch_token: watch_token.clone(),
        views: Arc::default(),
        scoped: Arc::default(),
        callbacks,
        api: Arc::default(),
        source_counts,
        phones,
        vitals,
        meter,
        closing,
        armed,
        renewal,
        desks: Arc::default(),
        ground,
        channels: state.channels,
        exports: Arc::new(tokio::sync::Semaphore::new(records::EXPORTS_AT_ONCE)),
    };
    let own = Router::new()
        .merge(queue::routes())
        .merge(live_map::routes())
        .merge(ground::routes())
        .merge(trails::routes())
        .merge(closed::routes())
        .merge(quality::routes())
        .merge(incident::routes())
        .merge(readers::routes())
        .merge(records::routes())
        .merge(playback::routes())
        .merge(posts::routes())
        .merge(response::routes())
        .merge(send::routes())
        .merge(respond::routes())
        .merge(handover::routes())
        .merge(enrolments::routes())
        .merge(accounts::routes())
        .merge(audit::routes())
        .merge(tokens::routes())
        .merge(api::routes())
        .merge(live::routes())
        .merge(armed::routes())
        .merge(sign_in_pages::routes())
        .merge(join::routes())
        .merge(health::routes())
        .merge(assets::routes())
        .fallback(refusal::no_such_page)
        .method_not_allowed_fallback(refusal::no_such_method)
        .layer(middleware::from_fn_with_state(app.clone(), gate::gate))
        .layer(middleware::from_fn_with_state(app.clone(), guard::own_pages_only))
        .layer(middleware::from_fn(api::problems))
        .with_state(app.clone());
    // Open to other names than this machine's: whoever was sent a link comes by a web server in front of Cordon, a
    // provider's callback and a watchdog from elsewhere.
    let mut beside = phone::routes().with_state(app.clone());
    if let Some(hooks) = hooks {
        beside = beside.merge(hooks.router);
    }
    if let Some(token) = watch_token {
        beside = beside.merge(watched::routes(app.clone(), token));
    }
    let is_public = app.public.is_some();
    let beside = beside.layer(middleware::from_fn_with_state(app, gate::gate));
    let all = own.merge(beside).layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    let all = all.layer(middleware::map_response(guard::seal));
    if is_public { all.layer(middleware::map_response(guard::https_only)) } else { all }
}

#[cfg(test)]
mod tests;
