//! Figures for Prometheus, in its text format 0.0.4. Counts and ages only: no names, no places.

use std::{
    fmt::{Display, Write},
    sync::atomic::Ordering,
};

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::App;

/// How Prometheus knows the format.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, FORMAT)], text(&app)).into_response()
}

fn text(app: &App) -> String {
    let mut page = Page::default();
    lives(app, &mut page);
    second_place(app, &mut page);
    renewal(app, &mut page);
    canary(app, &mut page);
    messages(app, &mut page);
    told(app, &mut page);
    sources(app, &mut page);
    requests(app, &mut page);
    page.0
}

fn lives(app: &App, page: &mut Page) {
    let ages = app.ages();
    page.gauge(
        "cordon_age_seconds",
        "Since a part last showed that it works; the process, since it started.",
    );
    let parts = [
        ("line", ages.turn_s),
        ("store", ages.commit_s),
        ("dispatch", ages.dispatch_s),
        ("process", ages.up_s),
    ];
    for (part, age_s) in parts {
        page.sample("cordon_age_seconds", &[("part", part)], age_s);
    }
    page.gauge("cordon_unwritten_seconds", "How long the oldest decision has not been written down.");
    page.sample("cordon_unwritten_seconds", &[], ages.unwritten_s);
    page.gauge("cordon_oldest_alert_seconds", "How long the oldest alert has been waiting to be taken.");
    page.sample("cordon_oldest_alert_seconds", &[], ages.oldest_alert_s);
    if let Some(pct) = *app.disk.borrow() {
        page.gauge("cordon_disk_used_percent", "How full the disk is that the records are on.");
        page.sample("cordon_disk_used_percent", &[], pct);
    }
}

fn second_place(app: &App, page: &mut Page) {
    let place = app.access.second_place();
    page.counter(
        "cordon_audit_head_total",
        "Heads of the audit log for its second place: written, and tries in vain.",
    );
    for (state, count) in [("written", place.written), ("failed", place.failed)] {
        page.sample("cordon_audit_head_total", &[("state", state)], count);
    }
    page.gauge(
        "cordon_audit_head_failing",
        "Whether the last try failed: the log is kept in one place only.",
    );
    page.sample("cordon_audit_head_failing", &[], u8::from(place.is_failing));
}

fn renewal(app: &App, page: &mut Page) {
    if app.public.as_ref().is_none_or(|public| public.tls.is_none()) {
        return;
    }
    page.gauge(
        "cordon_certificate_renewal_failing",
        "Whether the files of the console's certificate hold none that can be used.",
    );
    page.sample("cordon_certificate_renewal_failing", &[], u8::from(app.renewal.fails()));
}

fn canary(app: &App, page: &mut Page) {
    let Some(canary) = app.vitals.canary() else {
        return;
    };
    page.counter("cordon_canary_total", "Canaries: booked, come through in time, and missed.");
    for (state, count) in [("booked", canary.booked), ("came", canary.came), ("missed", canary.missed)] {
        page.sample("cordon_canary_total", &[("state", state)], count);
    }
    page.gauge("cordon_canary_age_seconds", "Since a canary last came through, or since the start.");
    page.sample("cordon_canary_age_seconds", &[], app.ages().canary_s.unwrap_or_default());
    if let Some(took) = canary.took {
        page.gauge("cordon_canary_hop_milliseconds", "How long the last canary took, by hop.");
        for (hop, ms) in [("broker", took.broker_ms), ("line", took.line_ms), ("dispatch", took.dispatch_ms)]
        {
            page.sample("cordon_canary_hop_milliseconds", &[("hop", hop)], ms);
        }
    }
    let beats = app.vitals.beats();
    page.counter("cordon_heartbeat_total", "Calls to the outside monitor: taken, not taken, and held back.");
    for (state, count) in [("sent", beats.sent), ("failed", beats.failed), ("held_back", beats.held_back)] {
        page.sample("cordon_heartbeat_total", &[("state", state)], count);
    }
}

/// Where one hop sticks, the figures on both sides of it drift apart.
fn messages(app: &App, page: &mut Page) {
    let (mut received, mut acknowledged) = (0_u64, 0_u64);
    for counted in (app.source_counts)().values() {
        let of = |names: &[&str]| names.iter().filter_map(|name| counted.get(name)).sum::<u64>();
        let ignored = of(&["retained", "refused_retained", "refused_topic", "refused_vendor"]);
        received += of(&["received"]).saturating_sub(ignored);
        acknowledged += of(&["acked", "stale_acks"]).saturating_sub(ignored);
    }
    let hops = app.meter.hops();
    page.counter(
        "cordon_messages_total",
        "Messages of tags that came past each hop, but for those that are ignored unread.",
    );
    for (hop, count) in [
        ("received", received),
        ("decided", hops.decided),
        ("committed", hops.committed),
        ("acknowledged", acknowledged),
    ] {
        page.sample("cordon_messages_total", &[("hop", hop)], count);
    }
}

fn told(app: &App, page: &mut Page) {
    let moved = app.meter.hops().moved;
    page.counter("cordon_alerts_total", "Alerts that came past each hop.");
    for (hop, count) in [
        ("raised", moved.alerts_raised),
        ("sent", moved.alerts_sent),
        ("delivered", moved.alerts_delivered),
    ] {
        page.sample("cordon_alerts_total", &[("hop", hop)], count);
    }
    page.counter("cordon_incidents_total", "Incidents that came past each hop, but for notices.");
    for (hop, count) in [
        ("raised", moved.incidents_raised),
        ("acted", moved.incidents_acted),
        ("closed", moved.incidents_closed),
    ] {
        page.sample("cordon_incidents_total", &[("hop", hop)], count);
    }
}

fn sources(app: &App, page: &mut Page) {
    let (pings, duplicates) = app.meter.pings();
    page.counter("cordon_pings_total", "Pings written down, duplicates among them.");
    page.sample("cordon_pings_total", &[], pings);
    page.counter("cordon_duplicate_pings_total", "Of those, received before.");
    page.sample("cordon_duplicate_pings_total", &[], duplicates);
    page.gauge("cordon_source_up", "Whether a source can be heard.");
    let sources = (app.source_counts)();
    for (source, counted) in &sources {
        page.sample(
            "cordon_source_up",
            &[("source", source)],
            counted.get("up").copied().unwrap_or_default(),
        );
    }
    page.counter("cordon_source_total", "What each source has counted.");
    for (source, counted) in &sources {
        for (what, count) in counted.iter().filter(|(what, _)| **what != "up") {
            page.sample("cordon_source_total", &[("source", source), ("what", what)], *count);
        }
    }
}

fn requests(app: &App, page: &mut Page) {
    page.counter(
        "cordon_api_requests_total",
        "Requests to the API: let in, without a token that works, and too fast.",
    );
    let counts =
        [("let_in", &app.api.let_in), ("wrong_token", &app.api.wrong), ("too_fast", &app.api.too_fast)];
    for (state, count) in counts {
        page.sample("cordon_api_requests_total", &[("state", state)], count.load(Ordering::Relaxed));
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn counter(&mut self, name: &str, help: &str) {
        self.head(name, help, "counter");
    }

    fn gauge(&mut self, name: &str, help: &str) {
        self.head(name, help, "gauge");
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// Values of labels are made of a-z, 0-9, '-' and '_': there is nothing to escape.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}
