//! The service is killed when a supplier has taken a message and before that is written down.

use std::time::Duration;

use cordon::{
    domain::TagId,
    sandbox::phones::{Fault, FaultOrder, Shown, Via},
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::{PingPlan, pings, read},
};
use serde_json::json;

use super::twilio_first;
use crate::{
    fleet::{self, Fleet},
    installation::Installation,
    one_zone::{PERSON, rulebook},
    phones::{Channels, telephone},
    report,
    wait::until,
};

const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_a_supplier_took_it_costs_at_most_one_repeat_with_the_same_reference() {
    let cases: [(&str, Via, Channels, &str); 3] = [
        ("notify", Via::Notify, telephone, "sms"),
        ("twilio", Via::Twilio, twilio_first, "sms"),
        ("twilio's calls", Via::Call, telephone, "voice"),
    ];
    for (name, via, channels, channel) in cases {
        let tag: TagId = "sim/tag-1".parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("cordon.db").display());
        let tags = std::slice::from_ref(&tag);
        let Some(place) = Installation::reaching(channels, folder.path(), &url, tags).await else { return };
        let book = folder.path().join("rulebook.json");
        std::fs::write(&book, file(channel, &place.phones.url)).unwrap();
        let service = place.serve();
        place.heard().await;
        place.load(&book);

        let lost = FaultOrder { mode: Fault::Lost, via: Some(via), times: Some(1), ..FaultOrder::default() };
        place.phones.order(&lost).await;
        let here = read("t_s,lat,lon,accuracy_m\n0,54.0,3.0,5\n1,54.0,3.0,5").unwrap();
        let plan = PingPlan { interval_s: 1, start_ms: wall_now_ms(), boot: fleet::BOOT };
        let real = ScaledClock::new(0, 1.0).unwrap();
        let fleet = Fleet::start(place.broker.addr(), real, 5, [(tag, pings(&here, &plan))]);
        let taken =
            until("it was taken", SOON, async || Some(hers(&place, via).await).filter(|of| !of.is_empty()));
        assert_eq!(taken.await.len(), 1, "{name}");
        service.kill();

        let service = place.serve();
        place.heard().await;
        fleet.acknowledged(SOON).await;
        place.nothing_waits(SOON).await;
        let shown = until("it came again", SOON, async || {
            let shown = hers(&place, via).await;
            (shown.len() > 1).then_some(shown)
        })
        .await;
        assert_eq!(shown.len(), 2, "{name}: {shown:?}");
        assert_eq!(shown[0].key, shown[1].key, "{name}: the same alert");
        assert_eq!(shown[0].text, shown[1].text, "{name}: the same reference");
        service.stop();
        report::shown(16, "killed after a supplier took it", json!({"supplier": name, "repeats": 1}));
    }
}

/// What came to the protected person's phone.
async fn hers(place: &Installation, via: Via) -> Vec<Shown> {
    let mut shown = place.phones.received().await;
    shown.retain(|message| message.address == PERSON && message.via == via);
    shown
}

/// The rulebook of one zone, with one way to the protected person, and a desk for the officer.
fn file(channel: &str, phones: &str) -> String {
    let mut file = json!({});
    for book in rulebook() {
        let book = serde_json::to_value(book).unwrap();
        let (kind, mut book) =
            book.as_object().unwrap().iter().next().map(|(k, v)| (k.clone(), v.clone())).unwrap();
        if kind == "unit" {
            book["policy"][0]["protected"] = json!([{"channel": channel, "wait_s": 3600}]);
            book["policy"][0]["danger"] = json!([{"to": "officer", "channel": "webhook", "wait_s": 3600}]);
            book["staff"][0]["contact"] =
                json!([{"channel": "webhook", "address": format!("{phones}/webhook/desk")}]);
            for list in ["device", "upkeep"] {
                book["policy"][0][list] = book["policy"][0]["danger"].clone();
            }
        }
        if kind == "person" {
            book["contact"] = json!([{"channel": channel, "address": PERSON}]);
        }
        file[kind] = json!([book]);
    }
    file.to_string()
}
