//! The sequencer and a store in memory, step by step at chosen times.

use std::sync::Arc;

use cordon::{
    domain::{Book, Incident, IncidentKind, Timestamp},
    engine::{Engine, Refused, Told},
    sequencer::{Arrival, Done, Message, MessageKind, Now, Sequencer, Ticket, recover},
    store::{JournalRow, MemoryStore, Store},
};
use tokio::sync::{mpsc, oneshot};

use crate::ward::{self, second, tag};

/// A sequencer at work.
pub(crate) struct Steps {
    pub(crate) store: MemoryStore,
    sequencer: Sequencer,
    ticket: (mpsc::UnboundedSender<Done>, mpsc::UnboundedReceiver<Done>),
}

impl Steps {
    /// With one wearer, one person and one zone, and a source that is heard, a minute before noon.
    pub(crate) async fn new() -> Self {
        let mut steps = Self {
            store: MemoryStore::new(),
            sequencer: Sequencer::default(),
            ticket: mpsc::unbounded_channel(),
        };
        let books = [ward::unit(), ward::wearer("w-1", "sim/t1"), ward::person(), ward::case()];
        steps.tell(-60, Told::Started { sources: vec!["test".into()] }).await.unwrap();
        steps.tell(-60, Told::Source { name: "test".into(), up: true }).await.unwrap();
        for book in books {
            let book: Book = ward::book(book);
            steps.tell(-60, Told::Publish(book)).await.unwrap();
        }
        steps
    }

    /// What has been told at so many seconds after noon, and what was answered.
    pub(crate) async fn tell(&mut self, s: i64, told: Told) -> Result<(), Refused> {
        let (answer, mut answered) = oneshot::channel();
        self.step(second(s), vec![Arrival::Told(told, Some(answer))]).await;
        answered.try_recv().unwrap()
    }

    /// A message of the tag, and what it is answered once it is committed.
    pub(crate) async fn message(&mut self, s: i64, payload: &[u8]) -> Done {
        let message = Message {
            tag: tag(),
            source: Arc::from("test"),
            kind: MessageKind::Ping,
            payload: payload.to_vec(),
            received_real_us: 0,
            ticket: Ticket { id: 1, done: self.ticket.0.clone() },
        };
        self.step(second(s), vec![Arrival::Message(message)]).await;
        self.ticket.1.try_recv().unwrap()
    }

    /// What another process handed in.
    pub(crate) async fn hand_in(&mut self, s: i64, told: Told) -> Vec<i64> {
        self.step(second(s), vec![Arrival::HandIn(7, Some(told))]).await
    }

    /// Time passes to so many seconds after noon; deadlines that are due by then are taken up in one step.
    pub(crate) async fn pass_to(&mut self, s: i64) {
        self.step(second(s), Vec::new()).await;
    }

    /// The same journal and store, with the memory of a service that starts anew; what it finds wrong.
    pub(crate) async fn restart(&mut self) -> Vec<String> {
        let (sequencer, findings) = recover(&self.store).await.unwrap();
        self.sequencer = sequencer;
        findings.differences
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.sequencer.engine()
    }

    /// Open incidents of a kind.
    pub(crate) fn open(&self, kind: IncidentKind) -> Vec<Incident> {
        let open = self.engine().open_incidents().filter(|incident| incident.kind == kind);
        open.map(|incident| Incident::clone(incident)).collect()
    }

    pub(crate) async fn journal(&self) -> Vec<JournalRow> {
        self.store.journal(0, 100_000).await.unwrap()
    }

    /// Kinds and whole payloads of the journal's rows that hold what was set aside.
    pub(crate) async fn set_aside(&self) -> Vec<Vec<u8>> {
        let rows = self.journal().await.into_iter().filter(|row| row.kind == "set_aside");
        rows.map(|row| row.payload).collect()
    }

    async fn step(&mut self, at: Timestamp, arrivals: Vec<Arrival>) -> Vec<i64> {
        let stepped = self.sequencer.step(Now { steady: at, wall: at }, arrivals, &mut || [7; 16]);
        let taken = stepped.batch.taken.clone();
        self.store.commit(&stepped.batch).await.unwrap();
        stepped.acknowledge();
        taken
    }
}
