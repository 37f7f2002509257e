//! Records of protected persons on the console: how they are reached, and what they have agreed.

use super::{
    record_forms::{Fields, LONG, bench, published, unsaid, with},
    *,
};
use crate::{
    access::{Grant, NewAccount, Role, audit::Who},
    domain::{AlertShape, Book, Language, Person, WhenWeak},
};

const PERSON: &str = "/records/persons/p-9";
const SUBSCRIPTION: &str = r#"{"endpoint":"https://push.example/9","keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}"#;

/// Somebody with a device, a companion and a page of their own.
fn keeper() -> Book {
    let person = serde_json::json!({"person": {"id": "p-9", "unit": "cheshire", "name": "Ms E. Quill",
        "contact": [{"channel": "push", "address": SUBSCRIPTION}, {"channel": "sms", "address": "+447700900009"}],
        "companion": [{"id": "acme/c-9", "from": "2026-01-01T00:00:00Z"}],
        "plan": {"own_page_from": 1_772_000_000_000_000_i64, "weak": "never"}}});
    serde_json::from_value(person).expect("a sound book")
}

/// The bench of records with somebody more, who is on nobody's mind; a rota, and a colleague whom nothing reaches.
fn peopled() -> Bench {
    let bench = bench();
    bench.board.send_modify(|board| {
        let mut unit = board.rulebook.unit(&fixture::id("cheshire")).expect("the unit").clone();
        let more = serde_json::json!({"id": "cheshire", "name": "", "area": unit.area,
            "staff": [{"id": "mute", "name": "Sgt Mute", "contact": []}],
            "rota": [{"id": "duty", "name": "On duty", "time_zone": "UTC", "else": "amy",
                "shift": [{"who": "amy", "days": "mon-sun", "from": "00:00", "until": "24:00"}]}]});
        let more: crate::domain::Unit = serde_json::from_value(more).expect("a sound unit");
        unit.staff.extend(more.staff);
        unit.rotas = more.rotas;
        let rulebook = board.rulebook.published(Book::Unit(unit), AT).published(keeper(), AT);
        *board = Arc::new(Board { rulebook: Arc::new(rulebook), ..(**board).clone() });
    });
    bench
}

/// A form of a person that is in order.
fn person() -> Fields {
    vec![
        ("from", "1"),
        ("name", "Ms E. Quill"),
        ("contact.0.channel", "sms"),
        ("contact.0.address", "+447700900019"),
        ("contact.1.channel", "voice"),
        ("contact.1.address", "+447700900019"),
        ("companion.0.id", "acme/c-9"),
        ("companion.0.from", "2026-01-01 00:00"),
        ("companion.0.until", ""),
        ("plan.language", "cy"),
        ("plan.shape", "advocate_first"),
        ("plan.nominated", "amy"),
        ("plan.nominated", "duty"),
        ("plan.weak.told", "after"),
        ("plan.weak", "90"),
        ("plan.words.danger", "The choir meets early."),
        ("plan.duress_word", "lavender"),
        ("plan.duress_key", "7"),
        ("plan.sender", "choir"),
        ("plan.quiet.from", "22:00"),
        ("plan.quiet.until", "07:30"),
        ("plan.quiet.time_zone", "Europe/London"),
        ("plan.test.day", "3"),
        ("plan.test.at", "18:30"),
        ("plan.test.time_zone", "Europe/London"),
    ]
}

fn base() -> Person {
    let Book::Person(person) = keeper() else { panic!("a person") };
    person
}

#[tokio::test]
async fn a_person_is_published_with_all_that_they_have_agreed() {
    let mut bench = peopled();
    let browser = bench.browser().await;
    let (answer, told) = bench.post_told(&browser, PERSON, &published(&person()), Ok(())).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, PERSON));
    let Told::Revise { from: 1, book: Book::Person(person), .. } = told else { panic!("{told:?}") };
    let contacts: Vec<_> = person.contacts.iter().map(|it| (it.channel, it.address.as_str())).collect();
    let phone = "+447700900019";
    assert_eq!(
        contacts,
        [(Channel::Sms, phone), (Channel::Voice, phone), (Channel::Push, SUBSCRIPTION)],
        "an enrolled device stays"
    );
    let plan = &person.plan;
    assert_eq!((plan.language, plan.shape), (Language::Welsh, AlertShape::AdvocateFirst));
    assert_eq!(plan.nominated, [fixture::id("amy"), fixture::id("duty")]);
    assert_eq!((plan.weak, plan.own_page_from), (WhenWeak::AfterS(90), base().plan.own_page_from));
    assert!(plan.own_page_from.is_some());
    let written = serde_json::to_value(plan).expect("JSON");
    for (name, value) in [
        ("duress_word", serde_json::json!("lavender")),
        ("duress_key", serde_json::json!("7")),
        ("sender", serde_json::json!("choir")),
        ("words", serde_json::json!({"danger": "The choir meets early."})),
        ("quiet", serde_json::json!({"from": "22:00", "until": "07:30", "time_zone": "Europe/London"})),
        ("test", serde_json::json!({"day": 3, "at": "18:30", "time_zone": "Europe/London"})),
    ] {
        assert_eq!(written[name], value, "{name}");
    }
}

#[tokio::test]
async fn a_form_that_nobody_touches_changes_nothing() {
    let mut bench = peopled();
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, PERSON).await.text;
    assert!(page.contains("This device is enrolled") && !page.contains("push.example"), "{page}");
    let fields = fields_of(&page);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let sent = [&fields[..], &[("do", "publish")]].concat();
    let (_, told) = bench.post_told(&browser, PERSON, &sent, Ok(())).await;
    let Told::Revise { book: Book::Person(mut person), .. } = told else { panic!("{told:?}") };
    person.contacts.rotate_right(1);
    assert_eq!(person, base());
}

/// What a browser would send of a form that nobody has touched; the button and the token apart.
pub(super) fn fields_of(page: &str) -> Vec<(String, String)> {
    let form =
        page.split("id=\"form\"").nth(1).and_then(|rest| rest.split("</form>").next()).expect("a form");
    let attribute = |tag: &str, name: &str| {
        tag.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).map(plain)
    };
    let mut fields = Vec::new();
    for part in form.split('<').skip(1) {
        let Some((tag, text)) = part.split_once('>') else { continue };
        let name = || attribute(tag, "name").expect("a name");
        match tag.split(' ').next().expect("a tag") {
            "input" if tag.contains("type=\"checkbox\"") && !tag.contains(" checked") => {}
            "input" if name() == "form_token" => {}
            "input" => fields.push((name(), attribute(tag, "value").unwrap_or_default())),
            "textarea" => fields.push((name(), plain(text))),
            // The first of them, unless another is chosen.
            "select" => fields.push((name(), "?".into())),
            "option" => {
                let field = fields.last_mut().expect("a list");
                if field.1 == "?" || tag.contains(" selected") {
                    field.1 = attribute(tag, "value").expect("a value");
                }
            }
            _ => {}
        }
    }
    fields
}

fn plain(text: &str) -> String {
    let text = text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">");
    text.replace("&#38;", "&")
}

#[tokio::test]
async fn what_is_wrong_with_a_person_is_said_beside_its_field() {
    let bench = peopled();
    let browser = bench.browser().await;
    let number = "A phone number is written like +447700900123.";
    let cases: [(&'static str, &'static str, &str, &str); 38] = [
        ("name", "", "name", "Write the person&#39;s name."),
        ("name", LONG, "name", "A name has 1 to 100 printable characters."),
        ("contact.0.channel", "", "contact.0.channel", "Choose how."),
        ("contact.0.channel", "push", "contact.0.channel", "Choose how."),
        ("contact.0.channel", "loopback", "contact.0.channel", "Choose how."),
        ("contact.0.channel", "second_sms", "contact.0.channel", "Choose how."),
        ("contact.0.channel", "voice", "contact.1.channel", "Contact &#39;voice&#39; stands there twice."),
        ("contact.1.channel", "pager", "contact.1.channel", "This installation has no provider for it."),
        ("contact.0.address", "", "contact.0.address", "Write the number or address."),
        ("contact.0.address", "07700 900019", "contact.0.address", number),
        ("contact.1.address", "+44", "contact.1.address", number),
        ("contact.1.channel", "webhook", "contact.1.address", "is an https URL"),
        ("companion.0.id", "c-9", "companion.0.id", "A tag is written vendor/tag."),
        ("companion.0.id", "", "companion.0.id", "Write which device, as vendor/tag."),
        ("companion.0.id", "acme/t-9", "companion.0", "is or was a wearer&#39;s tag"),
        ("companion.0.from", "", "companion.0.from", "Write from when."),
        ("companion.0.until", "2025-12-31 00:00", "companion.0", "ends before it begins"),
        ("plan.language", "xx", "plan.language", "Choose the language."),
        ("plan.shape", "loudest", "plan.shape", "Choose how danger is told."),
        ("plan.nominated", "nobody", "plan.nominated", "who is not among the unit&#39;s staff or rotas"),
        ("plan.nominated", "mute", "plan.nominated", "who has no contact"),
        ("plan.nominated", "Amy O", "plan.nominated", "An id is made of"),
        ("plan.nominated", "", "plan.shape", "The advocate is told first, and nobody is nominated"),
        ("plan.weak.told", "", "plan.weak.told", "Choose whether they are told."),
        ("plan.weak", "", "plan.weak", "Write seconds, 0 to 3600."),
        ("plan.weak", "3601", "plan.weak", "Write seconds, 0 to 3600."),
        ("plan.weak", "soon", "plan.weak", "Write seconds, 0 to 3600."),
        ("plan.words.danger", "Quill, come early.", "plan.words.danger", "choose others"),
        ("plan.duress_word", "help", "plan.duress_word", "A duress word has 4 to 24 letters"),
        ("plan.duress_key", "1", "plan.duress_key", "A duress key is 0, 4, 5, 6, 7 or 8"),
        ("plan.sender", "The Choir", "plan.sender", "An id is made of"),
        ("plan.quiet.from", "", "plan.quiet.from", "Write from when."),
        ("plan.quiet.from", "10pm", "plan.quiet.from", "is no time of day"),
        ("plan.quiet.until", "22:00", "plan.quiet.until", "Quiet hours begin at one time of day"),
        ("plan.quiet.time_zone", "Europe/Londres", "plan.quiet.time_zone", "is no IANA time zone"),
        ("plan.test.day", "29", "plan.test.day", "The day of a test is 1 to 28"),
        ("plan.test.day", "third", "plan.test.day", "Write a day of the month"),
        ("plan.test.at", "24:00", "plan.test.at", "is no time of day"),
    ];
    let mut wrong = Vec::new();
    for (field, value, name, says) in cases {
        let form = with(person(), field, value);
        wrong.extend(unsaid(&bench, &browser, PERSON, &form, name, says).await);
    }
    // A person of a case whom its policy no longer reaches.
    let only_called: Fields = vec![
        ("from", "2"),
        ("name", "Ms A. Berry"),
        ("plan.language", "en"),
        ("plan.shape", "loud"),
        ("plan.weak.told", "never"),
    ];
    let says = "for which they have no contact";
    wrong.extend(unsaid(&bench, &browser, "/records/persons/p-1", &only_called, "contact", says).await);
    assert_eq!(wrong, [""; 0]);
    assert!(bench.arrivals.is_empty(), "nothing was published");
}

#[tokio::test]
async fn whoever_has_an_advocate_role_changes_the_persons_of_their_cases() {
    let mut bench = peopled();
    let grants = vec![Grant { role: Role::Advocate, unit: Some(fixture::id("cheshire")) }];
    let caseload = vec![fixture::id("case-1")];
    let new = NewAccount { id: fixture::id("ida"), name: "Ida".into(), grants, caseload };
    bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
    let browser = bench.enter(&new.id);
    let theirs = with(
        with(with(with(person(), "from", "2"), "name", "Ms A. Berry"), "companion.0.id", "acme/c-1"),
        "plan.words.danger",
        "",
    );
    bench.commit_all();
    let answer = bench.post_as(&browser, "/records/persons/p-1", &published(&theirs)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(bench.post_as(&browser, PERSON, &published(&person())).await.status, StatusCode::NOT_FOUND);
    let page = bench.get_as(&browser, "/records").await.text;
    assert!(
        page.contains("Ms A. Berry") && !page.contains("Ms E. Quill") && !page.contains("Add a person"),
        "{page}"
    );
}

#[tokio::test]
async fn whoever_reads_a_person_by_one_role_changes_none_by_another_elsewhere() {
    let bench = peopled();
    let role = |role, unit: &str| Grant { role, unit: Some(fixture::id(unit)) };
    let grants = vec![role(Role::Officer, "cheshire"), role(Role::Supervisor, "kent")];
    let new = NewAccount { id: fixture::id("ola"), name: "Ola".into(), grants, caseload: vec![] };
    bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
    let browser = bench.enter(&new.id);
    let page = bench.get_as(&browser, PERSON).await.text;
    assert!(
        page.contains("Ms E. Quill") && page.contains("may read this record and not change it"),
        "{page}"
    );
    assert_eq!(bench.post_as(&browser, PERSON, &published(&person())).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_list_of_persons_says_how_each_is_reached_and_no_number() {
    let bench = peopled();
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, "/records").await.text;
    for words in
        ["Ms E. Quill", "Enrolled device, Text message", "<strong>1</strong> person whom no call can wake"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("+4477"), "{page}");
}
