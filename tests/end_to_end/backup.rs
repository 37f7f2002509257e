//! A backup made while the service runs, restored on an empty installation, and the service started on it: it alerts.

use std::{fs, path::Path, time::Duration};

use cordon::{domain::IncidentKind, store};
use firmware_sim::clock::{ScaledClock, wall_now_ms};

use crate::{
    ALONE,
    crowd::{self, Crowd},
    fleet::Fleet,
    installation::Installation,
    outcome::stored,
    postgres,
    wait::until,
};

const CROWD: Crowd = Crowd { wearers: 2, zones: 1 };
/// Whoever is warned of the wearer who drives first, and of the one who drives after the restoration.
const PERSONS: [&str; 2] = ["+447700900000", "+447700900001"];
const RESEND_S: u32 = 5;
const SOON: Duration = Duration::from_secs(30);

struct Office<'f> {
    installation: Installation,
    folder: &'f Path,
}

impl Office<'_> {
    /// What the command said, which is content or not.
    fn run(&self, is_content: bool, arguments: &[&str]) -> String {
        let done = self.installation.run(arguments, &self.folder.join("cordon.toml"));
        let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        assert_eq!(done.status.success(), is_content, "{arguments:?}: {said}");
        said
    }

    /// One wearer drives through a zone, and whoever they must keep away from is warned.
    async fn drives(&self, wearer: usize) {
        let tag_clock = ScaledClock::new(0, 1.0).unwrap();
        let pings = CROWD.pings(wall_now_ms() + 300).swap_remove(wearer);
        let fleet = Fleet::start(self.installation.broker.addr(), tag_clock, RESEND_S, [pings]);
        until("they are warned", SOON, async || {
            let received = self.installation.phones.received().await;
            received.iter().any(|message| message.address == PERSONS[wearer]).then_some(())
        })
        .await;
        fleet.stop_at(wall_now_ms() + 300);
        fleet.acknowledged(SOON).await;
    }
}

/// From the installation in one folder into that in another.
async fn restored((first, from): (&Path, &str), (second, into): (&Path, &str)) {
    let Some(installation) = Installation::new(first, from, &CROWD.tags()).await else { return };
    let office = Office { installation, folder: first };
    let service = office.installation.serve();
    office.installation.heard().await;
    let rulebook = first.join("rulebook.json");
    let desk = format!("{}/webhook/desk", office.installation.phones.url);
    crowd::write_rulebook(CROWD, &rulebook, &desk);
    office.installation.load(&rulebook);
    office.drives(0).await;

    let (key, file) = (first.join("key"), first.join("london.age"));
    let [key, file] = [&key, &file].map(|path| path.to_str().unwrap());
    let said = without_config(&office, true, &["backup", "key", key]);
    let recipient = said.lines().find_map(|line| line.strip_prefix("for: ")).unwrap().to_owned();
    let said = office.run(true, &["backup", "create", file, "--for", &recipient]);
    assert!(said.contains("ok: every row of both chains is what was written"), "{said}");
    office.run(false, &["backup", "create", file, "--for", &recipient]);
    let said = office.run(false, &["backup", "restore", file, "--key", key]);
    assert!(said.contains("there are rows in it; a backup is restored into an empty database"), "{said}");
    office.installation.nothing_waits(SOON).await;
    service.stop();
    let sealed = fs::read(file).unwrap();
    for secret in ["447700900", "Wearer", "sim/tag"] {
        assert!(!sealed.windows(secret.len()).any(|piece| piece == secret.as_bytes()), "{secret}");
    }

    let installation = Installation::new(second, into, &CROWD.tags()).await.unwrap();
    let office = Office { installation, folder: second };
    let changed = second.join("changed.age");
    let mut bytes = sealed.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&changed, bytes).unwrap();
    for command in ["verify", "restore", "drill"] {
        let said = if command == "restore" {
            office.run(false, &["backup", command, changed.to_str().unwrap(), "--key", key])
        } else {
            without_config(&office, false, &["backup", command, changed.to_str().unwrap(), "--key", key])
        };
        assert!(said.contains("it has been changed or cut off"), "{said}");
    }
    let said = without_config(&office, true, &["backup", "verify", file, "--key", key]);
    assert!(said.contains("store.journal: ") && said.contains("the journal ends at row "), "{said}");
    let said = without_config(&office, true, &["backup", "drill", file, "--key", key]);
    assert!(
        said.contains("the engine goes on from it after ") && said.contains("its newest row is "),
        "{said}"
    );
    office.run(true, &["backup", "restore", file, "--key", key]);
    office.run(true, &["audit", "verify"]);
    office.installation.replays_without_a_difference();

    let service = office.installation.serve();
    office.installation.heard().await;
    office.drives(1).await;
    office.installation.nothing_waits(SOON).await;
    service.stop();
    office.installation.replays_without_a_difference();
    let (incidents, _) = stored(store::open(into).await.unwrap().as_ref()).await;
    let violations = incidents.iter().filter(|incident| incident.kind == IncidentKind::Violation).count();
    assert_eq!(violations, CROWD.violations(), "one from before, one from after");
}

/// What needs no installation.
fn without_config(office: &Office<'_>, is_content: bool, arguments: &[&str]) -> String {
    let done = office.installation.run_alone(arguments);
    let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    assert_eq!(done.status.success(), is_content, "{arguments:?}: {said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_restored_on_an_empty_installation_alerts() {
    let _alone = ALONE.lock().await;
    let first = tempfile::tempdir().unwrap();
    let from = format!("sqlite:{}", first.path().join("cordon.db").display());
    let second = tempfile::tempdir().unwrap();
    // The way from one machine to a server, where there is one.
    let into = postgres::fresh_database().await;
    let into = into.unwrap_or_else(|| format!("sqlite:{}", second.path().join("cordon.db").display()));
    restored((first.path(), &from), (second.path(), &into)).await;
}
