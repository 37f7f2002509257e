//! The real service as an operator has it, and a crowd of tags before it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use cordon::{
    clock::Clock,
    domain::{Alert, Incident, IncidentKind, TagId},
    store::Store,
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::TimedPing,
};
use tempfile::TempDir;

use super::{nth, script};
use crate::{
    crowd::{self, Crowd},
    fleet::Fleet,
    installation::Installation,
    outcome::{Outcome, assert_received, stored},
    phones::{self, Health},
    process::Service,
    reference,
    wait::until,
};

/// Longer than anything here takes, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// Tags send again what is not acknowledged after this long.
const RESEND_S: u32 = 5;
/// The first ping leaves this long after the rulebook is live, milliseconds.
const BEGINS_AFTER_MS: i64 = 300;
/// The ping, one a second, that surely comes from inside.
const INSIDE: usize = 6;

/// What each tag sends.
pub(crate) type Sent = Vec<(TagId, Vec<TimedPing>)>;

/// An installation with its database in a folder of its own, and the crowd that it is to watch.
pub(crate) struct Site {
    pub(crate) installation: Installation,
    crowd: Crowd,
    data: PathBuf,
    place: TempDir,
}

impl Site {
    /// Everything but the service, with the database in `data`, for so many wearers. `None` without Mosquitto.
    pub(crate) async fn at(data: &Path, wearers: i64) -> Option<Self> {
        let (crowd, place) = (Crowd { wearers, zones: 1 }, tempfile::tempdir().unwrap());
        let installation = Installation::new(place.path(), &script::database(data), &crowd.tags()).await?;
        let site = Self { installation, crowd, data: data.to_owned(), place };
        let desk = format!("{}/webhook/desk", site.installation.phones.url);
        crowd::write_rulebook(crowd, &site.rulebook(), &desk);
        Some(site)
    }

    /// Starts the service in a world that `change` makes, and publishes the rulebook.
    pub(crate) async fn serve(&self, change: impl FnOnce(&mut Command)) -> Service {
        let service = self.installation.serve_in(change);
        self.installation.heard().await;
        self.installation.load(&self.rulebook());
        service
    }

    /// The crowd begins to drive.
    pub(crate) fn drive(&self) -> (Sent, Fleet) {
        let sent = self.crowd.pings(wall_now_ms() + BEGINS_AFTER_MS);
        let clock = ScaledClock::new(0, 1.0).unwrap();
        let fleet = Fleet::start(self.installation.broker.addr(), clock, RESEND_S, sent.clone());
        (sent, fleet)
    }

    /// Waits until all of these tags are in a zone, by their own time.
    pub(crate) async fn all_inside(&self, sent: &Sent) {
        let inside = sent.iter().map(|(_, pings)| pings[INSIDE].at_ms).max().unwrap();
        let clock = Clock::real();
        clock.wait_ms(inside - clock.wall().as_ms()).await;
    }

    /// Waits until the service says so of itself.
    pub(crate) async fn health(&self, what: &str, is_so: impl Fn(&Health) -> bool) {
        let console = self.installation.console;
        until(what, PATIENCE, async || phones::health(console).await.filter(&is_so)).await;
    }

    /// Waits until every protected person has been told.
    pub(crate) async fn told(&self, what: &str) {
        let persons = usize::try_from(self.crowd.wearers).unwrap();
        until(what, PATIENCE, async || {
            let received = self.installation.phones.received().await;
            let texts = received.iter().filter(|message| message.address.starts_with('+'));
            (texts.count() >= persons).then_some(())
        })
        .await;
    }

    /// Waits until the service has logged so.
    pub(crate) async fn logged(&self, text: &str) {
        until(text, PATIENCE, async || self.installation.log().contains(text).then_some(())).await;
    }

    /// Judges a service that has ended: nothing lost, nothing doubled, and all as if nothing had been in the way.
    pub(crate) async fn judge(&self, sent: &Sent) -> Judged {
        let received = self.installation.phones.received().await;
        assert!(self.data.join("cordon.db").is_file(), "the disk is there");
        let store = nth::is_sound(&self.data, "in the end").await;
        let journal = reference::journal(store.as_ref()).await;
        let mut kinds = BTreeMap::<&str, u32>::new();
        journal.iter().for_each(|row| *kinds.entry(&row.kind).or_default() += 1);
        println!("rows: {kinds:?}");
        reference::assert_holds(&journal, sent);
        let (incidents, alerts) = stored(store.as_ref()).await;
        let outcome = Outcome::of(&incidents, &alerts);
        assert_eq!(outcome.violations().len(), self.crowd.violations());
        outcome.assert_equals(&reference::offline(&self.rulebook(), sent));
        assert_received(&alerts, &received);
        Judged { store, incidents, alerts }
    }

    fn rulebook(&self) -> PathBuf {
        self.place.path().join("rulebook.json")
    }
}

/// What a service has left behind.
pub(crate) struct Judged {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) alerts: Vec<Alert>,
}

impl Judged {
    /// The only incident of its kind.
    pub(crate) fn only(&self, kind: IncidentKind) -> &Incident {
        let mut these = self.incidents.iter().filter(|incident| incident.kind == kind);
        let (one, another) = (these.next(), these.next());
        assert_eq!(another, None, "there is one");
        one.expect("there is one")
    }
}
