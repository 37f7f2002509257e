//! `cordon demo`: everything at work in a fictional town, on one machine.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use firmware_sim::{
    clock::ScaledClock,
    link::{self, Link, Until},
};
use serde::Serialize;
use tokio::{net::TcpListener, task::JoinSet};

use super::{
    RECEIPT_AFTER_MS,
    access::Admission,
    line::{Plan, Running, Watched},
    say,
    serve::asked_to_stop,
};
use crate::{
    access::{Access, audit::HeadsFile},
    canary, cli,
    clock::Clock,
    console::{Ground, Sketch},
    domain::{Alert, Book, Channel, Contact, Incident, IncidentId, TagId},
    engine::Told,
    ingest,
    notify::{
        self,
        push::PushKey,
        settings::{
            GovukNotify, NotifyKey, Pager, Push, Sender, Senders, Texts, TwilioAccount, TwilioCalls,
            TwilioTexts,
        },
    },
    sandbox::{
        broker::{self, Accounts, Broker},
        phones,
        script::{Script, ScriptedTag, Verdict},
        town::{self, Town},
    },
    secret::Secret,
    sequencer::Percentiles,
    store::{self, Store},
};

/// A headless run lasts this long unless told otherwise.
const HEADLESS: Duration = Duration::from_secs(60);
/// Cordon's name towards the embedded broker.
const SERVICE: &str = "cordon-demo";
/// The story begins this long after everything is up.
const BEGINS_AFTER_MS: i64 = 1_000;
/// In a demo one can see the canary come through.
const CANARY_S: u32 = 10;
/// Rows read at a time.
const PAGE_ROWS: i64 = 1_000;

/// The last line of a headless run.
#[derive(Debug, Serialize)]
struct Summary {
    pings: u64,
    duplicates: u64,
    incidents: BTreeMap<String, i64>,
    alerts: BTreeMap<String, i64>,
    latency_ms: Percentiles,
}

/// Secrets that live as long as the demo.
struct Secrets {
    webhook: Secret,
    notify_key: Secret,
    notify_callbacks: Secret,
    twilio: Secret,
    push_key: Secret,
    pager: Secret,
    mqtt: String,
}

/// The demo at work.
struct Stage {
    store: Arc<dyn Store>,
    running: Running,
    broker: Box<dyn Broker>,
    world: JoinSet<anyhow::Result<()>>,
    script: Script,
    phones: SocketAddr,
    // Removed when the demo ends.
    _folder: tempfile::TempDir,
}

/// Runs the demo.
///
/// # Errors
/// If something cannot be started; headless also if a scripted alert is missing or doubled.
pub async fn demo(args: cli::Demo) -> anyhow::Result<()> {
    let mut stage = Stage::set(&args).await?;
    if !args.headless {
        let token = stage.running.sign_in.issue(stage.running.clock.real_us())?;
        say(&format!("console: {}", token.link(stage.running.address)))?;
        say(&format!("phones:  http://{}/", stage.phones))?;
        say("Stop with Ctrl-C. Nothing of it is kept.")?;
    }
    let lasts = args.lasts.or(args.headless.then_some(HEADLESS));
    tokio::select! {
        () = asked_to_stop() => {}
        () = over(stage.running.clock.clone(), lasts) => {}
        error = stage.running.failed() => return Err(error),
        Some(ended) = stage.world.join_next() => {
            ended.context("a part of the demo's world broke down")??;
            bail!("a part of the demo's world has stopped");
        }
    }
    let verdict = stage.verdict().await?;
    let summary = stage.end().await?;
    if args.headless || args.json {
        for line in [&verdict.missing, &verdict.doubled, &verdict.unexpected].into_iter().flatten() {
            say(line)?;
        }
        say(&serde_json::to_string(&summary)?)?;
    }
    if args.headless && !verdict.is_sound() {
        bail!("a scripted alert is missing or doubled");
    }
    Ok(())
}

impl Stage {
    async fn set(args: &cli::Demo) -> anyhow::Result<Self> {
        let (clock, secrets) = (Clock::real(), Secrets::random()?);
        let folder =
            tempfile::Builder::new().prefix("cordon-demo-").tempdir().context("no temporary folder")?;
        let database = format!("sqlite:{}", folder.path().join("cordon.db").display());
        let store = store::open(&database).await.context("cannot open the demo's store")?;
        let town = Town::new(args.seed, clock.wall());

        let console = TcpListener::bind(args.listen).await.with_context(|| {
            format!("cannot listen on {}; choose another port with --listen", args.listen)
        })?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port for the phones")?;
        let phones = listener.local_addr()?;
        let mut world = JoinSet::new();
        let cordon = format!("http://{}", console.local_addr()?);
        let channels = secrets.channels(&format!("http://{phones}"), &cordon)?;
        let settings = phones::Settings {
            channels: channels.clone(),
            cordon: Some(cordon),
            receipt_after_ms: Some(RECEIPT_AFTER_MS),
            clock: clock.clone(),
        };
        let books = with_devices(town.books(&format!("http://{phones}")), &settings, phones);
        world.spawn(async { phones::serve(listener, settings).await.context("the phones stopped") });

        let tags = (0..town::WEARERS).map(|i| town.tag_of(i));
        let accounts = tags.fold(Accounts::default(), |accounts, tag| accounts.with_tag(&tag, &secrets.mqtt));
        let accounts =
            accounts.with_service(SERVICE, &secrets.mqtt).with_tag(&TagId::canary(None), &secrets.mqtt);
        let broker = broker::start(broker::Settings { port: 0, accounts }).await?;
        let access = Access::open(&folder.path().join("access.db")).await.context("no place for accounts")?;
        let admission = Admission {
            access: Arc::new(access),
            heads: Some(HeadsFile::new(&folder.path().join("access.heads"))),
            public: None,
            installation: "demo".into(),
        };
        let plan = Plan {
            admission,
            store: Arc::clone(&store),
            store_file: store::file_of(&database),
            watched: Watched { canary: Some(secrets.canary(broker.addr())), ..Watched::default() },
            sources: vec![secrets.source(broker.addr())],
            channels,
            clock,
            console,
            ground: Ground::Town(sketch(&town)),
        };
        let running = plan.start().await?;
        for book in books {
            running.inbox.submit(Told::Publish(book)).await?;
        }
        let start_ms = running.clock.wall().as_ms() + BEGINS_AFTER_MS;
        let mut script = Script::new(&town, start_ms)?;
        for tag in script.tags.drain(..) {
            spawn_tag(&mut world, tag, broker.addr(), &secrets.mqtt)?;
        }
        Ok(Self { store, running, broker, world, script, phones, _folder: folder })
    }

    async fn verdict(&self) -> anyhow::Result<Verdict> {
        let (mut incidents, mut alerts): (Vec<Incident>, Vec<Alert>) = (Vec::new(), Vec::new());
        let mut after = IncidentId(0);
        loop {
            let page = self.store.incidents(after, PAGE_ROWS).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for incident in page.into_iter().filter(|incident| !incident.unit.is_canary()) {
                alerts.extend(self.store.alerts_of(incident.id).await?);
                incidents.push(incident);
            }
        }
        Ok(Verdict::of(&self.script.expected, &incidents, &alerts, self.running.clock.wall().as_ms()))
    }

    async fn end(mut self) -> anyhow::Result<Summary> {
        self.world.shutdown().await;
        let reading = self.running.meter.read();
        self.running.stop().await?;
        self.broker.stop().await;
        let counts = self.store.counts().await?;
        Ok(Summary {
            pings: reading.pings,
            duplicates: reading.duplicates,
            incidents: counts.incidents,
            alerts: counts.alerts,
            latency_ms: reading.latency_ms,
        })
    }
}

impl Secrets {
    fn random() -> anyhow::Result<Self> {
        let random = || {
            let mut bytes = [0; 24];
            getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
            anyhow::Ok(tag_wire::hex(&bytes))
        };
        let uuid = |hex: &str| {
            let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]];
            parts.join("-")
        };
        let notify_key = format!("demo-{}-{}", uuid(&random()?), uuid(&random()?));
        Ok(Self {
            webhook: Secret::new(random()?),
            notify_key: Secret::new(notify_key),
            notify_callbacks: Secret::new(random()?),
            twilio: Secret::new(random()?),
            push_key: PushKey::generate()
                .map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?
                .secret(),
            pager: Secret::new(random()?),
            mqtt: random()?,
        })
    }

    /// Texts by GOV.UK Notify, by Twilio where that fails, and calls: all of them at `phones`.
    fn channels(&self, phones: &str, cordon: &str) -> anyhow::Result<notify::Settings> {
        let account = TwilioAccount {
            url: phones.into(),
            account_sid: "AC00000000000000000000000000000001".into(),
            auth_token: self.twilio.clone(),
            callback_url: cordon.into(),
        };
        let from = town::OUR_NUMBER.to_owned();
        Ok(notify::Settings {
            sms: Some(Texts::Notify(GovukNotify {
                url: phones.into(),
                api_key: NotifyKey::read(&self.notify_key).context("the demo's key is none")?,
                template_id: "00000000-0000-4000-8000-000000000001".into(),
                variable: "text".into(),
                sms_sender_id: None,
                senders: Senders::new(),
                callback_token: self.notify_callbacks.clone(),
            })),
            second_sms: Some(Texts::Twilio(TwilioTexts {
                account: account.clone(),
                sender: Sender::Number(from.clone()),
                senders: Senders::new(),
            })),
            voice: Some(TwilioCalls { account, from, senders: Senders::new() }),
            push: Some(Push {
                key: self.push_key.clone(),
                contact: "mailto:demo@example.org".into(),
                url: None,
            }),
            pager: Some(Pager { url: phones.into(), token: self.pager.clone() }),
            webhook_secret: Some(self.webhook.clone()),
        })
    }

    fn canary(&self, broker: SocketAddr) -> canary::Settings {
        let login = broker::tag_login(&TagId::canary(None));
        canary::Settings {
            source: self.source(broker),
            login: ingest::Login { name: login, password: self.mqtt.clone() },
            interval_s: CANARY_S,
        }
    }

    fn source(&self, broker: SocketAddr) -> ingest::Source {
        ingest::Source {
            name: "embedded".into(),
            host: broker.ip().to_string(),
            port: broker.port(),
            tls: None,
            client_id: SERVICE.into(),
            login: Some(ingest::Login { name: SERVICE.into(), password: self.mqtt.clone() }),
            vendor: None,
        }
    }
}

/// The town as the map's ground.
fn sketch(town: &Town) -> Sketch {
    Sketch {
        caption: "Doggerhaven is a made-up town in the open sea: nobody lives there. Coasts: Natural Earth."
            .into(),
        streets: town.street_names().iter().cloned().zip(town.streets().iter().cloned()).collect(),
        river: town.river().to_vec(),
    }
}

/// Everybody who is protected has agreed to push messages on their phone; supervisors carry pagers.
fn with_devices(mut books: Vec<Book>, settings: &phones::Settings, phones: SocketAddr) -> Vec<Book> {
    for book in &mut books {
        if let Book::Person(person) = book
            && let Some(number) = person.contacts.first().map(|contact| contact.address.clone())
            && let Some(address) = settings.subscription(&format!("http://{phones}"), &number)
        {
            person.contacts.push(Contact { channel: Channel::Push, address });
        }
        if let Book::Unit(unit) = book {
            town::give_pagers(unit);
        }
    }
    books
}

fn spawn_tag(
    world: &mut JoinSet<anyhow::Result<()>>,
    tag: ScriptedTag,
    broker: SocketAddr,
    password: &str,
) -> anyhow::Result<()> {
    let ScriptedTag { tag, world: mut source } = tag;
    let login = broker::tag_login(&tag);
    let link = Link {
        broker: link::Broker {
            host: broker.ip().to_string(),
            port: broker.port(),
            login: Some((login.clone(), password.into())),
        },
        client_id: login,
        vendor: tag.vendor().parse().context("a vendor of the town")?,
        tag: tag.tag().parse().context("a tag of the town")?,
    };
    let clock = ScaledClock::new(0, 1.0).context("real time is a speed")?;
    world.spawn(async move {
        link.run(&mut source, clock, Until::Acked).await;
        // A tag whose story has ended is silent; the demo goes on.
        std::future::pending().await
    });
    Ok(())
}

/// Ready after `lasts`; never without it.
async fn over(clock: Clock, lasts: Option<Duration>) {
    let Some(lasts) = lasts else {
        return std::future::pending().await;
    };
    let until = clock.steady().plus_ms(i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX));
    while clock.steady() < until {
        clock.wait_until(until).await;
    }
}
