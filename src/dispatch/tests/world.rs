//! A store with alerts, real phones, and an engine's end of the inbox.

use std::sync::{Arc, Mutex};

use super::super::{Dispatch, OnAccepted, Parts};
use crate::{
    clock::Clock,
    domain::{
        Alert, AlertId, AlertState, Cause, Channel, Handling, Incident, IncidentId, IncidentKind,
        MessageClass, Priority, Recipient, Subject, Timestamp,
    },
    engine::{DeliveryReport, ServiceReport, Told},
    notify::{self, Providers},
    sandbox::phones::testing::{Phones, client, plain, webhook_secret},
    sequencer::{Arrival, Inbox, Sure},
    store::{Batch, MemoryStore, Store},
    vitals::Vitals,
};

pub(super) const ADA: &str = "+447700900001";
pub(super) const INCIDENT: IncidentId = IncidentId(12);

/// A store with alerts, phones, and an engine's end of the inbox that writes down what it is told.
pub(super) struct World {
    pub(super) store: Arc<MemoryStore>,
    pub(super) phones: Phones,
    pub(super) told: Arc<Mutex<Vec<(i64, DeliveryReport)>>>,
    /// How providers do.
    pub(super) services: Arc<Mutex<Vec<ServiceReport>>>,
    pub(super) start: Timestamp,
}

impl World {
    pub(super) async fn new() -> Self {
        let world = Self {
            store: Arc::new(MemoryStore::new()),
            phones: Phones::start(None).await,
            told: Arc::default(),
            services: Arc::default(),
            start: Clock::real().wall(),
        };
        let incidents = vec![incident(world.start)];
        world.store.commit(&Batch { incidents, ..Batch::default() }).await.unwrap();
        world
    }

    pub(super) fn providers(&self) -> Providers {
        let _ = client();
        let settings = notify::Settings {
            sms: Some(plain(format!("{}/sms", self.phones.url))),
            webhook_secret: Some(webhook_secret()),
            ..notify::Settings::default()
        };
        notify::providers(&settings, &Clock::real()).unwrap()
    }

    pub(super) fn dispatch(&self, owner: &str) -> Dispatch {
        self.dispatch_with(owner, self.providers(), self.engine(), None)
    }

    pub(super) fn dispatch_with(
        &self,
        owner: &str,
        providers: Providers,
        inbox: Inbox,
        on_accepted: Option<OnAccepted>,
    ) -> Dispatch {
        Dispatch::new(Parts {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            providers,
            inbox,
            clock: Clock::real(),
            owner: owner.into(),
            sure: Sure::always(Clock::real()),
            on_accepted,
            vitals: Arc::new(Vitals::new(0)),
        })
    }

    /// An inbox whose other end writes down what it is told and commits what follows from it.
    pub(super) fn engine(&self) -> Inbox {
        let (inbox, mut arrivals) = Inbox::new();
        let (store, told) = (Arc::clone(&self.store), Arc::clone(&self.told));
        let services = Arc::clone(&self.services);
        tokio::spawn(async move {
            while let Some(arrival) = arrivals.recv().await {
                let (id, report, answer) = match arrival {
                    Arrival::Told(Told::Delivery { alert, report }, Some(answer)) => (alert, report, answer),
                    Arrival::Told(Told::Service(report), Some(answer)) => {
                        services.lock().unwrap().push(report);
                        answer.send(Ok(())).unwrap();
                        continue;
                    }
                    other => panic!("dispatch tells of deliveries and providers, and waits: {other:?}"),
                };
                told.lock().unwrap().push((id.0, report.clone()));
                let state = match report {
                    DeliveryReport::Accepted => AlertState::Accepted,
                    DeliveryReport::Refused(reason) => AlertState::Expired(reason),
                    _ => AlertState::Waiting,
                };
                let alerts = store.alerts_of(INCIDENT).await.unwrap().into_iter();
                let alerts = alerts.filter(|alert| alert.id == id);
                let alerts = alerts.map(|alert| Alert { state: state.clone(), ..alert }).collect();
                store.commit(&Batch { alerts, ..Batch::default() }).await.unwrap();
                answer.send(Ok(())).unwrap();
            }
        });
        inbox
    }

    /// An inbox of a process that is dying: nothing put in is ever taken up.
    pub(super) fn dead_engine() -> Inbox {
        Inbox::new().0
    }

    pub(super) async fn raise(&self, alerts: impl IntoIterator<Item = Alert>) {
        let alerts = alerts.into_iter().collect();
        self.store.commit(&Batch { alerts, ..Batch::default() }).await.unwrap();
    }

    pub(super) fn told(&self) -> Vec<(i64, DeliveryReport)> {
        self.told.lock().unwrap().clone()
    }

    /// Number, result and reason of each try.
    pub(super) async fn tries(&self, id: i64) -> Vec<(u32, String, String)> {
        let attempts = self.store.attempts_of(AlertId(id)).await.unwrap();
        attempts.into_iter().map(|try_| (try_.nth, try_.result, try_.reason)).collect()
    }

    pub(super) fn sms(&self, id: i64) -> Alert {
        Alert {
            id: AlertId(id),
            incident: INCIDENT,
            unit: "north".parse().unwrap(),
            recipient: Recipient::Person("ada".parse().unwrap()),
            channel: Channel::Sms,
            address: ADA.into(),
            class: MessageClass::Danger,
            language: crate::domain::Language::English,
            own_words: None,
            sender: None,
            silent: false,
            priority: Priority::P1,
            nth: 1,
            summary: String::new(),
            raised_at: self.start,
            state: AlertState::Waiting,
        }
    }

    pub(super) fn card(&self, id: i64) -> Alert {
        Alert {
            recipient: Recipient::Staff("desk-1".parse().unwrap()),
            channel: Channel::Webhook,
            address: format!("{}/webhook/desk-1", self.phones.url),
            class: MessageClass::Card,
            language: crate::domain::Language::English,
            own_words: None,
            sender: None,
            silent: false,
            summary: "violation at ROSE-4".into(),
            ..self.sms(id)
        }
    }
}

pub(super) fn incident(at: Timestamp) -> Incident {
    Incident {
        id: INCIDENT,
        unit: "north".parse().unwrap(),
        subject: Subject::Service,
        cause: Cause::Sos,
        case: None,
        policy: "usual".parse().unwrap(),
        kind: IncidentKind::Violation,
        priority: Priority::P1,
        handling: Handling::Raised,
        ongoing: true,
        raised_at: at,
        late: false,
        episodes: Vec::new(),
        escalations: Vec::new(),
        attendances: Vec::new(),
        shelf: None,
        keeper: None,
        timeline: Vec::new(),
    }
}

/// One round at `start` + `after_s`, waited for.
pub(super) async fn round(world: &World, dispatch: &mut Dispatch, after_s: i64) {
    dispatch.round(world.start.plus_ms(after_s * 1_000)).await.unwrap();
    dispatch.settle().await;
}

pub(super) fn retry(nth: u32, reason: &str) -> (u32, String, String) {
    (nth, "retry".into(), reason.into())
}

pub(super) fn accepted(nth: u32) -> (u32, String, String) {
    (nth, "accepted".into(), String::new())
}
