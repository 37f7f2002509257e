//! The console in the hands of officers: stories in `script/`, told by Playwright.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{script::Scripts, stage::Stage, wait::until};

const SOON: Duration = Duration::from_secs(30);

async fn tell(story: &str, speed: f64) {
    let Some(scripts) = Scripts::ready() else { return };
    let mut stage = Stage::set(false, speed).await;
    let address = stage.network.addr();
    scripts.tell(story, address, async |what, about| stage.answer(what, about).await).await;
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_violation_is_heard_owned_acted_on_noted_and_closed_by_keyboard_alone() {
    tell("officer", 20.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_nobody_touches_shows_nobodys_data_and_still_raises_the_alarm() {
    tell("lock", 1.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_was_cut_resumes_with_nothing_missed() {
    tell("feed", 1.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_tags_message_to_its_danger_painted() {
    tell("painted", 1.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_officers_own_at_once_and_one_wins() {
    tell("two", 1.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_is_drawn_by_one_approved_by_another_and_watched_at_once() {
    tell("zones", 20.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_swapped_during_an_incident_which_goes_on_as_one() {
    tell("swap", 10.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_is_handed_over_by_two_signatures_with_what_came_up_in_between() {
    tell("handover", 1.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_played_back_by_keyboard_and_taken_along() {
    tell("playback", 60.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volunteer_withdraws_the_protected_person_is_told_and_then_watching_ends() {
    tell("withdrawal", 1.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wearers_data_is_handed_out_to_them_and_held() {
    tell("data", 1.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wearers_data_is_erased_by_two_and_the_chain_verifies() {
    tell("erasure", 1.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_map_moves_and_whatever_breaks_it_the_drawing_comes_back() {
    tell("map", 20.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_sound_in_every_theme_and_asks_nobody_else_for_anything() {
    tell("pages", 1.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_empty_installation_to_a_case_in_force_by_the_console_alone() {
    let Some(scripts) = Scripts::ready() else { return };
    let mut stage = Stage::empty().await;
    let address = stage.network.addr();
    scripts.tell("records", address, async |what, about| stage.answer(what, about).await).await;
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_room_without_an_armed_console_phones_people() {
    let Some(scripts) = Scripts::ready() else { return };
    let mut stage = Stage::set(true, 1.0).await;
    let address = stage.network.addr();
    scripts.tell("armed", address, async |what, about| stage.answer(what, about).await).await;
    // The browser has gone, and with it the only armed console.
    until("the control room is abandoned again", SOON, async || {
        let health = crate::phones::health(stage.house.running.address).await?;
        health.trouble.iter().any(|line| line == "no console is armed").then_some(())
    })
    .await;
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stands_still_or_is_killed_is_seen_and_heard_within_5_s() {
    let Some(scripts) = Scripts::ready() else { return };
    let mut demo = Demo::start();
    let link = demo.link.clone();
    let address =
        link.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap().parse().unwrap();
    scripts
        .tell("loss", address, async |what, _| {
            match what {
                "link" => return link.clone().into(),
                "freeze" => demo.signal("STOP"),
                "thaw" => demo.signal("CONT"),
                "kill" => demo.signal("KILL"),
                other => panic!("the story asks for {other:?}"),
            }
            Value::Null
        })
        .await;
}

/// The whole program as anybody starts it. Killed when dropped.
struct Demo {
    program: Child,
    link: String,
}

impl Demo {
    fn start() -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_cordon"))
            .args(["demo", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap);
        let link = said.find_map(|line| line.strip_prefix("console: ").map(str::to_owned)).unwrap();
        // Somebody must read what else it says.
        std::thread::spawn(move || said.for_each(drop));
        Self { program, link }
    }

    fn signal(&mut self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.program.id().to_string()).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
