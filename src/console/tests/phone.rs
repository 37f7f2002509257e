//! The pages on the phones of those who are told, from link to input.

use serde_json::json;

use super::*;
use crate::{
    domain::{
        Alert, AlertId, AlertState, Book, Channel, IncidentId, Language, MessageClass, Recipient, Timestamp,
    },
    notify::{
        push::{Answering, Enrolment, Links, PushKey},
        settings::Push,
    },
    secret::Secret,
};

/// 32 bytes that are a key.
const KEY: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";

pub(super) fn phones() -> PhoneDoor {
    PhoneDoor::new(&settings()).expect("a key")
}

fn settings() -> Push {
    Push { key: Secret::new(KEY), contact: "mailto:a@example.org".into(), url: None }
}

pub(super) fn links() -> Links {
    Links::new(&PushKey::read(&settings().key).expect("a key"))
}

fn enrolment(recipient: &str, revision: u64, after_ms: i64) -> String {
    let recipient = match recipient {
        "p-1" => Recipient::Person(fixture::id("p-1")),
        staff => Recipient::Staff(fixture::id(staff)),
    };
    let until = AT.plus_ms(after_ms);
    links().to_enrol(&Enrolment { recipient, revision, until }).expect("random numbers")
}

fn subscription(endpoint: &str) -> String {
    let p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    json!({"endpoint": endpoint, "expirationTime": null, "keys": {"p256dh": p256dh, "auth": "BTBZMqHH6r4Tts7J_aSIgg"}})
        .to_string()
}

/// From a phone somewhere, by a web server that keeps the name it was asked by.
pub(super) fn from_phone(method: &str, path: &str, body: &str) -> Request<Body> {
    let kind = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    let request = Request::builder().method(method).uri(path).header(header::HOST, "messages.example.org");
    request.header(header::CONTENT_TYPE, kind).body(Body::from(body.to_owned())).expect("a sound request")
}

impl Bench {
    async fn phone(&self, method: &str, path: &str, body: &str) -> Answer {
        self.send(from_phone(method, path, body)).await
    }

    /// Posts while answering the inputs that come of it, one after the other; returns them.
    pub(super) async fn phone_tells(
        &mut self,
        path: &str,
        body: &str,
        results: &[Result<(), Refused>],
    ) -> (Answer, Vec<Told>) {
        let router = self.router.clone();
        let request = from_phone("POST", path, body);
        let answering = async {
            let mut all = Vec::new();
            for result in results {
                let Some(Arrival::Told(told, Some(asked))) = self.arrivals.recv().await else {
                    panic!("told")
                };
                asked.send(result.clone()).expect("the page waits for the commit");
                all.push(told);
            }
            all
        };
        let (response, told) = tokio::join!(router.oneshot(request), answering);
        let (parts, body) = response.expect("routers do not fail").into_parts();
        let bytes = to_bytes(body, 4 << 20).await.expect("a whole body");
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        (Answer { status: parts.status, headers: parts.headers, text }, told)
    }
}

fn alert(class: MessageClass, recipient: Recipient) -> Alert {
    Alert {
        id: AlertId(10),
        incident: IncidentId(1),
        unit: fixture::id("cheshire"),
        recipient,
        channel: Channel::Push,
        address: String::new(),
        class,
        language: Language::English,
        own_words: None,
        sender: None,
        silent: false,
        priority: Priority::P1,
        nth: 1,
        summary: String::new(),
        raised_at: AT,
        state: AlertState::Accepted,
    }
}

fn person() -> Recipient {
    Recipient::Person(fixture::id("p-1"))
}

fn answer_path(class: MessageClass, raised_at: Timestamp) -> String {
    let (alert, incident, language) = (AlertId(10), IncidentId(1), Language::English);
    let token = links().to_answer(Answering { alert, incident, raised_at, class, language });
    format!("/answer/{}", token.expect("random numbers"))
}

#[tokio::test]
async fn a_page_on_a_phone_is_small_neutral_and_in_the_persons_language() {
    let bench = Bench::new(violation());
    let enrol = format!("/enrol/{}", enrolment("p-1", 1, 1_000));
    for path in
        [enrol.as_str(), &answer_path(MessageClass::Danger, AT), "/enrol", "/answer", "/page/style.css"]
    {
        let page = bench.phone("GET", path, "").await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text.len() < 30_000, "{path}: {}", page.text.len());
        assert!(page.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'self'"));
        assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
        for word in ["Cordon", "Berry", "Barry", "ROWAN", "police", "victim", "stalk", "wearer", "tagged"] {
            assert!(!page.text.to_lowercase().contains(&word.to_lowercase()), "{path}: {word}");
        }
        assert!(!page.text.contains("<script>") && !page.text.contains(" style="), "{path}");
    }
    let page = bench.phone("GET", &enrol, "").await;
    assert!(page.text.contains("<html lang=\"en\">") && page.text.contains("I agree: show messages here"));
    assert!(page.text.contains(&format!("data-key=\"{}\"", phones().public_key)));
}

#[tokio::test]
async fn a_device_becomes_the_contact_of_whoever_the_link_is_for() {
    let mut bench = Bench::new(violation());
    let path = format!("/enrol/{}", enrolment("p-1", 1, 1_000));
    let body = subscription("https://push.example.net/s/1");
    let (answer, told) = bench.phone_tells(&path, &body, &[Ok(())]).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let [Told::Revise { from: 1, book: Book::Person(person), .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((person.id.as_str(), person.name.as_str()), ("p-1", "Ms A. Berry"));
    let [contact] = &person.contacts[..] else { panic!("{person:?}") };
    assert_eq!(contact.channel, Channel::Push);
    assert!(
        contact.address.contains("https://push.example.net/s/1") && !contact.address.contains("expiration")
    );

    let path = format!("/enrol/{}", enrolment("amy", 1, 1_000));
    let (_, told) = bench.phone_tells(&path, &body, &[Ok(())]).await;
    let [Told::Revise { from: 1, book: Book::Unit(unit), .. }] = &told[..] else { panic!("{told:?}") };
    let channels = |id: &str| {
        let staff = unit.staff.iter().find(|staff| staff.id.as_str() == id).expect("staff");
        staff.contacts.iter().map(|contact| contact.channel).collect::<Vec<_>>()
    };
    assert_eq!(
        (channels("amy"), channels("desk")),
        (vec![Channel::Sms, Channel::Push], vec![Channel::Webhook])
    );
}

#[tokio::test]
async fn an_enrolment_stands_in_the_log_before_it_is_made() {
    let mut bench = Bench::new(violation());
    let body = subscription("https://push.example.net/s/1");
    for (id, whom) in [("p-1", "person:p-1"), ("amy", "staff:amy")] {
        let path = format!("/enrol/{}", enrolment(id, 1, 1_000));
        bench.phone_tells(&path, &body, &[Ok(())]).await;
        let log = bench.access.entries(i64::MAX, 1, None).await.expect("the log");
        let [it] = &log[..] else { panic!("it stands there") };
        assert_eq!(
            (it.who.as_str(), it.what.as_str(), it.subject.as_str()),
            ("a stranger", "enrol device", whom)
        );
        assert_eq!((it.unit.as_str(), it.why.as_str()), ("cheshire", "by the link that was made for it"));
    }
    bench.access.lose().await;
    for id in ["p-1", "amy"] {
        let path = format!("/enrol/{}", enrolment(id, 1, 1_000));
        assert_eq!(bench.phone("POST", &path, &body).await.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(bench.arrivals.is_empty(), "nothing is enrolled");
}

#[tokio::test]
async fn a_link_that_was_used_is_too_old_or_made_up_enrols_nobody() {
    let mut bench = Bench::new(violation());
    let body = subscription("https://push.example.net/s/1");
    for token in [
        enrolment("p-1", 1, 0),
        enrolment("p-1", 2, 1_000),
        enrolment("p-1", 0, 1_000),
        enrolment("nobody", 1, 1_000),
        enrolment("p-1", 1, 1_000)[1..].into(),
        "x".repeat(3_000),
    ] {
        let path = format!("/enrol/{token}");
        let page = bench.phone("GET", &path, "").await;
        assert_eq!(page.status, StatusCode::GONE, "{token}");
        assert!(page.text.contains("has been used, or is too old") && !page.text.contains("<form"));
        assert_eq!(bench.phone("POST", &path, &body).await.status, StatusCode::GONE);
    }
    assert!(bench.arrivals.is_empty());
    // Whoever comes second, while the first is being written down.
    let path = format!("/enrol/{}", enrolment("p-1", 1, 1_000));
    let (answer, _) = bench.phone_tells(&path, &body, &[Err(Refused::Outdated)]).await;
    assert_eq!(answer.status, StatusCode::GONE);
}

#[tokio::test]
async fn what_is_no_subscription_or_posts_to_this_machine_is_refused() {
    let bench = Bench::new(violation());
    let path = format!("/enrol/{}", enrolment("p-1", 1, 1_000));
    let good = subscription("https://push.example.net/s/1");
    for body in [
        "{}".to_owned(),
        subscription("http://push.example.net/s/1"),
        subscription("http://127.0.0.1:9/s/1"),
        subscription("ftp://push.example.net/s/1"),
        good.replace("BCVx", "AAAA"),
        good.replace("BTBZ", ""),
    ] {
        assert_eq!(
            bench.phone("POST", &path, &body).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{body}"
        );
    }
    let large = good.replace("/s/1", &"x".repeat(70_000));
    assert_eq!(bench.phone("POST", &path, &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(bench.phone("POST", &path, "{").await.status, StatusCode::BAD_REQUEST);
    assert!(bench.arrivals.is_empty());
}

#[tokio::test]
async fn an_answer_is_told_with_its_alert_and_the_page_says_what_came_of_it() {
    let records = Records { alerts: vec![alert(MessageClass::Danger, person())], ..Records::default() };
    let mut bench = Bench::with(violation(), records, None);
    let path = answer_path(MessageClass::Danger, AT);
    let page = bench.phone("GET", &path, "").await;
    assert!(
        page.text.contains("Please use plan A now. We are on it.") && page.text.contains(">I need help<")
    );
    for (key, said, says) in [
        ("1", "noted", "Thank you. That has been noted."),
        ("2", "help", "We know that you need help"),
        ("3", "noted", "Thank you. That has been noted."),
    ] {
        let (answer, told) = bench.phone_tells(&path, &format!("answer={key}"), &[Ok(())]).await;
        assert_eq!(told, [Told::Answer { alert: AlertId(10), raised_at: AT, text: key.into() }]);
        let to = format!("{path}?said={said}");
        assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, to.as_str()));
        let page = bench.phone("GET", &to, "").await;
        assert!(page.text.contains(says) && page.text.contains(">I need help<"), "{}", page.text);
    }
    let (answer, told) = bench.phone_tells(&path, "answer=+at+my+sister%27s+", &[Ok(())]).await;
    let words = "at my sister's".to_owned();
    assert_eq!(told, [Told::Answer { alert: AlertId(10), raised_at: AT, text: words }]);
    assert_eq!(answer.header(header::LOCATION), format!("{path}?said=noted"));
    for nonsense in ["".to_owned(), "+".into(), "x".repeat(201)] {
        let refused = bench.phone("POST", &path, &format!("answer={nonsense}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("write 1 to 200 characters"), "{}", refused.text);
    }
    assert_eq!(bench.phone("POST", "/answer/made-up", "answer=2").await.status, StatusCode::NOT_FOUND);
    assert!(bench.arrivals.is_empty());
}

#[tokio::test]
async fn whoever_asks_for_help_after_the_end_is_heard_and_whoever_is_well_learns_that_it_is_over() {
    let records = Records { alerts: vec![alert(MessageClass::Danger, person())], ..Records::default() };
    let mut bench = Bench::with(violation(), records, None);
    let path = answer_path(MessageClass::Danger, AT);
    let gone = Err(Refused::NoSuchAlert(AlertId(10)));
    for key in ["2", "3"] {
        let (answer, told) =
            bench.phone_tells(&path, &format!("answer={key}"), &[gone.clone(), Ok(())]).await;
        assert_eq!(told[1], Told::Call { person: fixture::id("p-1") });
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    // What they write may be their duress word: the page shows the same whether it was.
    for (text, heard) in [("1", Err(Refused::UnexpectedReply)), ("marigold", Ok(()))] {
        let (answer, told) =
            bench.phone_tells(&path, &format!("answer={text}"), &[gone.clone(), heard]).await;
        assert_eq!(told[1], Told::Wrote { person: fixture::id("p-1"), text: text.into() });
        assert_eq!(answer.header(header::LOCATION), format!("{path}?said=over"));
    }
    // A link of an installation that counted from 1 before is nobody's.
    let earlier = answer_path(MessageClass::Danger, AT.plus_ms(-1));
    let (answer, told) = bench.phone_tells(&earlier, "answer=2", &[gone]).await;
    assert_eq!((told.len(), answer.status), (1, StatusCode::SERVICE_UNAVAILABLE));
    assert!(answer.text.contains("call 999"), "{}", answer.text);
}

#[tokio::test]
async fn without_the_records_the_buttons_are_there_and_work() {
    let mut bench = Bench::with(violation(), Records { away: true, ..Records::default() }, None);
    let path = answer_path(MessageClass::Danger, AT);
    let page = bench.phone("GET", &path, "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains(">I need help<") && !page.text.contains("plan A"));
    let (answer, told) = bench.phone_tells(&path, "answer=2", &[Ok(())]).await;
    assert_eq!((told.len(), answer.status), (1, StatusCode::SEE_OTHER));
}

#[tokio::test]
async fn each_class_offers_its_answers_and_help_is_always_among_a_persons() {
    let bench = Bench::new(violation());
    for (class, keys) in [
        (MessageClass::Danger, &["1", "2", "3"][..]),
        (MessageClass::Weak, &["2", "3"]),
        (MessageClass::AllClear, &["2", "3"]),
        (MessageClass::Test, &["1", "2", "3"]),
        (MessageClass::Card, &["1", "2"]),
    ] {
        let page = bench.phone("GET", &answer_path(class, AT), "").await;
        let shown: Vec<&str> =
            page.text.split("name=\"answer\" value=\"").skip(1).map(|rest| &rest[..1]).collect();
        assert_eq!(shown, keys, "{class:?}");
        assert_eq!(page.text.contains("Acted"), class == MessageClass::Card);
    }
}

#[tokio::test]
async fn an_officer_makes_a_link_and_it_opens_the_page() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, "/enrolments").await;
    assert!(page.text.contains("<option value=\"person:p-1\">Ms A. Berry</option>"), "{}", page.text);
    let made = bench.post_as(&browser, "/enrolments", &[("who", "person:p-1")]).await;
    let link =
        made.text.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).expect("a link");
    let path = link.strip_prefix("http://127.0.0.1:8080").expect("the console's own address");
    assert_eq!(bench.phone("GET", path, "").await.status, StatusCode::OK, "{path}");
    let token = path.strip_prefix("/enrol/").expect("a link for enrolment");
    let until = links().enrolment(token).expect("ours").until;
    assert!(until.ms_since(AT) >= 86_400_000 && until.ms_since(AT) < 86_460_000, "a day");
    for who in ["", "person:nobody", "person:p-1:x", "wearer:w-1", "staff:p-1"] {
        let refused = bench.post_as(&browser, "/enrolments", &[("who", who)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{who}");
        assert!(
            refused.text.contains("Choose somebody whom the rulebook knows")
                && !refused.text.contains("/enrol/")
        );
    }
}
