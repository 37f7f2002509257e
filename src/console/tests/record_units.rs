//! Records of units on the console: staff, rotas, and whom the standard policy tells.

use super::{
    record_forms::{Fields, LONG, bench, published, unsaid, with},
    record_persons::fields_of,
    *,
};
use crate::{
    access::{Grant, NewAccount, Role, audit::Who},
    domain::{Book, StaffId, Unit},
};

const UNIT: &str = "/records/units/cheshire";
const NEW: &str = "/records/units";
const SUBSCRIPTION: &str = r#"{"endpoint":"https://push.example/9","keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}"#;

/// A form of a unit that is in order.
fn unit() -> Fields {
    vec![
        ("from", "1"),
        ("id", "kent"),
        ("name", "Kent"),
        ("area.south", "51"),
        ("area.north", "51.6"),
        ("area.west", "-0.5"),
        ("area.east", "1.5"),
        ("staff.0.id", "kay"),
        ("staff.0.name", "Kay Desk"),
        ("staff.0.sms", "+447700900021"),
        ("staff.1.id", "lou"),
        ("staff.1.name", "Lou Shift"),
        ("staff.1.sms", "+447700900022"),
        ("staff.1.voice", "+447700900022"),
        ("staff.2.id", "max"),
        ("staff.2.name", "Max Night"),
        ("staff.2.sms", "+447700900023"),
        ("staff.2.webhook", "https://desk.example/alerts"),
        ("staff.3.id", "nan"),
        ("staff.3.name", "Nan Spare"),
        ("rota.0.id", "on-duty"),
        ("rota.0.name", "Supervisor on duty"),
        ("rota.0.time_zone", "Europe/London"),
        ("rota.0.else", "max"),
        ("rota.0.shifts", "lou mon-fri 08:00-20:00\r\nmax mon,wed 20:00-08:00\r\n"),
        ("rota.0.exceptions", "2026-12-25 max 08:00-20:00\n2026-12-26"),
        ("roles.desks", "kay, lou"),
        ("roles.supervisor", "on-duty"),
        ("roles.duty_manager", "max"),
        ("default_policy", "standard"),
        ("policies_by_risk.high", "standard"),
    ]
}

#[tokio::test]
async fn a_new_unit_is_published_with_the_standard_policy_written_out() {
    let mut bench = bench();
    let browser = bench.browser().await;
    let form = with(unit(), "from", "0");
    let (answer, told) = bench.post_told(&browser, NEW, &published(&form), Ok(())).await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/records/units/kent")
    );
    let Told::Revise { from: 0, book: Book::Unit(unit), .. } = told else { panic!("{told:?}") };
    assert_eq!((unit.staff.len(), unit.rotas.len(), unit.policies.len()), (4, 1, 1));
    assert!(unit.roles.is_none(), "written out");
    let danger: Vec<&str> = unit.policies[0].danger.iter().map(|step| step.to.as_str()).collect();
    assert_eq!(danger, ["kay", "kay", "lou", "on-duty", "max"]);
    let roles = unit.standard_roles().expect("they can be read again");
    assert_eq!((roles.supervisor.as_str(), roles.desks.len()), ("on-duty", 2));
    // Somebody else's number for calls makes another policy of the same roles.
    let rulebook = bench.board.borrow().rulebook.published(Book::Unit(unit), AT);
    bench
        .board
        .send_modify(|board| *board = Arc::new(Board { rulebook: Arc::new(rulebook), ..(**board).clone() }));
    let page = bench.get_as(&browser, "/records/units/kent").await.text;
    assert!(page.contains("value=\"kay, lou\"") && page.contains("lou mon-fri 08:00-20:00"), "{page}");
    let fields = fields_of(&page);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let called = [&fields[..], &[("do", "publish")]].concat();
    let called: Vec<_> = called
        .into_iter()
        .map(|(name, value)| if name == "staff.2.voice" { (name, "+447700900023") } else { (name, value) })
        .collect();
    let (_, told) = bench.post_told(&browser, "/records/units/kent", &called, Ok(())).await;
    let Told::Revise { from: 1, book: Book::Unit(unit), .. } = told else { panic!("{told:?}") };
    let last = unit.policies[0].danger.last().expect("a step");
    assert_eq!((last.to.as_str(), last.channel), ("max", Channel::Voice));
}

/// The unit of the bench with all that a form does not show.
fn whole(bench: &Bench) -> Unit {
    let mut whole = bench.board.borrow().rulebook.unit(&fixture::id("cheshire")).expect("the unit").clone();
    let more = serde_json::json!({"id": "more", "name": "", "area": whole.area,
        "staff": [{"id": "zed", "name": "Zed Device", "contact": [
            {"channel": "push", "address": SUBSCRIPTION}, {"channel": "sms", "address": "+447700900031"}]}],
        "zone": [{"id": "school", "code": "HAZEL-1", "margin_m": 150.0,
            "shape": {"circle": {"lat": 53.185, "lon": -2.88, "radius_m": 300.0}}}]});
    let more: Unit = serde_json::from_value(more).expect("a sound unit");
    whole.staff.extend(more.staff);
    whole.zones = more.zones;
    whole
}

#[tokio::test]
async fn what_a_form_of_a_unit_does_not_show_stays_as_it_is() {
    let mut bench = bench();
    let before = whole(&bench);
    let rulebook = bench.board.borrow().rulebook.published(Book::Unit(before.clone()), AT);
    bench
        .board
        .send_modify(|board| *board = Arc::new(Board { rulebook: Arc::new(rulebook), ..(**board).clone() }));
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, UNIT).await.text;
    for words in
        ["A device is enrolled of: Zed Device.", "usual. They stay as they are", "HAZEL-1. They stay"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("push.example"), "{page}");
    let fields = fields_of(&page);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let (answer, told) =
        bench.post_told(&browser, UNIT, &[&fields[..], &[("do", "publish")]].concat(), Ok(())).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let Told::Revise { from: 3, book: Book::Unit(mut unit), .. } = told else { panic!("{told:?}") };
    let zed: StaffId = fixture::id("zed");
    for staff in unit.staff.iter_mut().filter(|staff| staff.id == zed) {
        staff.contacts.reverse();
    }
    assert_eq!(unit, before);
}

#[tokio::test]
async fn what_is_wrong_with_a_unit_is_said_beside_its_field() {
    let bench = bench();
    let browser = bench.browser().await;
    let number = "A phone number is written like +447700900123.";
    let degrees = ": write degrees, like 53.2.";
    let cases: [(&'static str, &'static str, &str, &str); 38] = [
        ("id", "", "id", "Give it an id."),
        ("id", "Kent Police", "id", "An id is made of"),
        ("id", "cheshire", "id", "There is a record of that id already."),
        ("id", "cordon-canary", "id", "That unit is for Cordon&#39;s canary."),
        ("name", "", "name", "Write the unit&#39;s name."),
        ("name", LONG, "name", "A name has 1 to 100 printable characters."),
        ("area.south", "", "area.south", degrees),
        ("area.north", "north", "area.north", degrees),
        ("area.west", "NaN", "area.west", degrees),
        ("area.east", "1,5", "area.east", degrees),
        ("area.south", "52", "area", "Area needs south &#60; north"),
        ("area.east", "181", "area", "Area needs south &#60; north"),
        ("staff.0.id", "", "staff.0.id", "Give them an id."),
        ("staff.0.id", "Kay", "staff.0.id", "An id is made of"),
        ("staff.3.id", "amy", "staff.3.id", "Another unit has staff or a rota of that id"),
        ("staff.3.id", "kay", "staff.3.id", "Staff or rota &#39;kay&#39; stands there twice."),
        ("staff.0.name", "", "staff.0.name", "Write their name."),
        ("staff.0.name", LONG, "staff.0.name", "A name has 1 to 100 printable characters."),
        ("staff.0.sms", "07700 900021", "staff.0.sms", number),
        ("staff.1.voice", "none", "staff.1.voice", number),
        ("staff.2.webhook", "http://desk.example", "staff.2.webhook", "is an https URL"),
        (
            "staff.2.pager",
            "night-pager-of-kent-77",
            "staff.2.pager",
            "This installation has no provider for it.",
        ),
        ("staff.2.sms", "", "roles", "for which they have no contact"),
        ("rota.0.id", "", "rota.0.id", "Give it an id."),
        ("rota.0.shifts", "nan mon-fri 08:00-20:00", "rota.0", "who has no contact"),
        ("rota.0.name", "", "rota.0.name", "Write its name."),
        ("rota.0.time_zone", "Europe/Londres", "rota.0.time_zone", "That is no time zone"),
        ("rota.0.else", "nobody", "rota.0", "who is not among the unit&#39;s staff"),
        ("rota.0.shifts", "lou weekdays", "rota.0.shifts", "Write a line for each shift"),
        ("rota.0.shifts", "lou someday 08:00-20:00", "rota.0.shifts", "are no days"),
        ("rota.0.exceptions", "2026-02-30 max 08:00-20:00", "rota.0.exceptions", "a date in quotes"),
        ("rota.0.exceptions", "2026-12-25 max", "rota.0.exceptions", "Write a line for each shift"),
        ("roles.desks", "", "roles.desks", "Name at least one desk."),
        ("roles.desks", "kay, nobody", "roles.desks", "no rota, has the id &#39;nobody&#39;"),
        ("roles.supervisor", "lou max", "roles.supervisor", "Name one."),
        ("roles.duty_manager", "", "roles.duty_manager", "Name the duty manager."),
        ("default_policy", "swift", "default_policy", "There is no policy &#39;swift&#39;"),
        (
            "policies_by_risk.high",
            "swift",
            "policies_by_risk.high",
            "have policy &#39;swift&#39;, which there is not",
        ),
    ];
    let mut wrong = Vec::new();
    for (field, value, name, says) in cases {
        let form = with(with(unit(), "from", "0"), field, value);
        wrong.extend(unsaid(&bench, &browser, NEW, &form, name, says).await);
    }
    assert_eq!(wrong, [""; 0]);
    assert!(bench.arrivals.is_empty(), "nothing was published");
}

#[tokio::test]
async fn what_others_rely_on_is_not_taken_from_under_them() {
    let bench = bench();
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, UNIT).await.text;
    let fields = fields_of(&page);
    let told = |changes: &[(&str, &str)]| -> Vec<(String, String)> {
        let changed = |(name, value): &(String, String)| {
            let other = changes.iter().find(|(of, _)| of == name).map(|(_, value)| (*value).to_owned());
            (name.clone(), other.unwrap_or_else(|| value.clone()))
        };
        fields.iter().map(changed).chain([("do".to_owned(), "publish".to_owned())]).collect()
    };
    for (changes, name, says) in [
        (&[("staff.0.sms", "")][..], "policy", "for which they have no contact"),
        (
            &[("staff.0.id", ""), ("staff.0.name", ""), ("staff.0.sms", "")],
            "policy",
            "who is not among the unit",
        ),
        (&[("default_policy", "standard")], "default_policy", "There is no policy &#39;standard&#39;"),
    ] {
        let sent = told(changes);
        let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (&**name, &**value)).collect();
        let answer = bench.post_as(&browser, UNIT, &sent).await;
        let beside = answer.text.split(&format!("id=\"e-{name}\"")).nth(1).expect(&answer.text);
        assert!(beside.split("</div>").next().is_some_and(|it| it.contains(says)), "{name}: {}", answer.text);
    }
    assert!(bench.arrivals.is_empty());
}

#[tokio::test]
async fn a_policy_of_a_channel_without_a_provider_is_refused() {
    let bench = bench().carrying(&[Channel::Push, Channel::Sms, Channel::Webhook]);
    let browser = bench.browser().await;
    let form = with(with(unit(), "from", "0"), "staff.1.voice", "");
    let mut wrong = Vec::new();
    for says in ["People are reached by second_sms", "People are reached by voice"] {
        wrong.extend(unsaid(&bench, &browser, NEW, &form, "roles", says).await);
    }
    let (form, says) = (with(unit(), "from", "0"), "This installation has no provider for it.");
    wrong.extend(unsaid(&bench, &browser, NEW, &form, "staff.1.voice", says).await);
    assert_eq!(wrong, [""; 0]);
}

#[tokio::test]
async fn a_new_unit_is_made_by_whoever_reaches_everything() {
    let mut bench = bench();
    let account = |id: &str, unit: Option<&str>| NewAccount {
        id: fixture::id(id),
        name: "Ada".into(),
        grants: vec![Grant { role: Role::Administrator, unit: unit.map(fixture::id) }],
        caseload: vec![],
    };
    for (id, unit, status) in
        [("ada", Some("cheshire"), StatusCode::FORBIDDEN), ("root", None, StatusCode::OK)]
    {
        let new = account(id, unit);
        bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
        let browser = bench.enter(&new.id);
        assert_eq!(bench.get_as(&browser, NEW).await.status, status, "{id}");
        let page = bench.get_as(&browser, "/records").await.text;
        assert_eq!(page.contains("Add a unit"), status == StatusCode::OK, "{page}");
        // They see units alone.
        assert!(
            page.contains(UNIT) && !page.contains("Ms A. Berry") && !page.contains("Barry Stone"),
            "{page}"
        );
    }
    let browser = bench.enter(&fixture::id("ada"));
    let refused = bench.post_as(&browser, NEW, &published(&with(unit(), "from", "0"))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let browser = bench.enter(&fixture::id("root"));
    let (answer, _) = bench.post_told(&browser, NEW, &published(&with(unit(), "from", "0")), Ok(())).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}
