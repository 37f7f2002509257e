//! A zone is drawn by one person and approved by another.

use super::{record_forms::bench, *};
use crate::{
    access::{Grant, NewAccount, Role, ZonesOf, audit::Who},
    domain::{Book, Case, Zone, ZoneShape},
    engine::{By, Rulebook},
    geometry::Shape,
};

const ZONES: &str = "/records/cases/case-1/zones";
pub(super) const NEW: &str = "/records/cases/case-1/zones/new";
const HOME: &str = "/records/cases/case-1/zones/of/home";

/// As the page has it that was looked at.
pub(super) const APPROVE: [(&str, &str); 2] = [("do", "approve"), ("from", "1")];

pub(super) type Fields = Vec<(&'static str, &'static str)>;

pub(super) fn circle() -> Fields {
    vec![
        ("id", "gym"),
        ("code", "ROWAN-9"),
        ("kind", "circle"),
        ("lat", "53.19"),
        ("lon", "-2.9"),
        ("radius_m", "250"),
        ("margin_m", "300"),
        ("why", "She trains there now."),
    ]
}

pub(super) fn with(mut fields: Fields, changes: &[(&'static str, &'static str)]) -> Fields {
    fields.retain(|(known, _)| changes.iter().all(|(name, _)| name != known));
    fields.extend(changes);
    fields
}

/// A supervisor of the unit with an account.
pub(super) async fn supervisor(bench: &Bench, id: &str) -> Browser {
    let grants = vec![Grant { role: Role::Supervisor, unit: Some(fixture::id("cheshire")) }];
    let new = NewAccount { id: fixture::id(id), name: id.into(), grants, caseload: vec![] };
    bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
    bench.enter(&new.id)
}

/// Proposes a zone; returns where it waits.
pub(super) async fn propose(bench: &Bench, browser: &Browser, path: &str, fields: &Fields) -> String {
    let answer = bench.post_as(browser, path, &with(fields.clone(), &[("do", "propose")])).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.header(header::LOCATION).into()
}

fn of_case() -> ZonesOf {
    ZonesOf::Case { case: fixture::id("case-1"), wearer: fixture::id("w-1") }
}

fn case_of(told: Told) -> Case {
    match told {
        Told::Revise { from: 1, book: Book::Case(case), .. } => case,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_one_proposes_another_approves_and_then_it_is_in_force() {
    let mut bench = bench();
    let (amy, ben) = (supervisor(&bench, "amy").await, supervisor(&bench, "ben").await);
    let waits = propose(&bench, &amy, NEW, &circle()).await;
    assert!(bench.arrivals.is_empty(), "a proposal changes nothing");
    assert!(bench.get_as(&ben, ZONES).await.text.contains("A new zone, ROWAN-9"));
    let own = bench.get_as(&amy, &waits).await.text;
    assert!(
        own.contains("You proposed it: somebody else has to approve it.")
            && !own.contains("value=\"approve\"")
    );
    let refused = bench.post_as(&amy, &waits, &APPROVE).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    // Whoever came by a link says who they are, and could be both.
    let nameless = bench.browser().await;
    assert_eq!(bench.post_as(&nameless, &waits, &APPROVE).await.status, StatusCode::CONFLICT);
    let proposes = with(circle(), &[("do", "propose")]);
    let answer = bench.post_as(&nameless, NEW, &proposes).await;
    assert!(answer.status == StatusCode::CONFLICT && answer.text.contains("You came by a link"));
    assert!(bench.arrivals.is_empty());
    let theirs = bench.get_as(&ben, &waits).await.text;
    for words in
        ["She trains there now.", "Circle of 250 m", "value=\"approve\"", "Nothing was heard of the wearer"]
    {
        assert!(theirs.contains(words), "{words}: {theirs}");
    }
    let (answer, told) = bench.post_told(&ben, &waits, &APPROVE, Ok(())).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, ZONES));
    let case = case_of(told);
    let codes: Vec<_> = case.zones.iter().map(|zone| zone.code.as_str()).collect();
    assert_eq!(codes, ["ROWAN-4", "ROWAN-5", "ROWAN-9"]);
    assert_eq!(bench.get_as(&ben, &waits).await.status, StatusCode::NOT_FOUND, "decided once");
    let log = bench.access.entries(i64::MAX, 100, None).await.expect("the log");
    let did = |who: &str, what: &str| log.iter().any(|it| (it.who.as_str(), it.what.as_str()) == (who, what));
    assert!(did("amy", "propose zone") && did("ben", "approve zone") && !did("amy", "approve zone"));
}

#[tokio::test]
async fn a_zone_is_changed_or_taken_out_in_the_same_way() {
    let mut bench = bench();
    let (amy, ben) = (supervisor(&bench, "amy").await, supervisor(&bench, "ben").await);
    let form = bench.get_as(&amy, HOME).await.text;
    assert!(form.contains("53.196, -2.905") && form.contains("ROWAN-4"), "{form}");
    let polygon =
        "53.196, -2.905\n53.196, -2.893\n53.203, -2.89\n\n53.1975, -2.896\n53.1975, -2.894\n53.1985, -2.895";
    let changes = [
        ("kind", "polygon"),
        ("polygon", polygon),
        ("code", "ROWAN-4"),
        ("time_zone", "Europe/London"),
        ("span.0.days", "mon-fri"),
        ("span.0.from", "08:00"),
        ("span.0.until", "16:00"),
    ];
    let waits = propose(&bench, &amy, HOME, &with(circle(), &changes)).await;
    let page = bench.get_as(&ben, &waits).await.text;
    for words in ["Zone ROWAN-4 changed", "with a hole", "mon-fri 08:00 to 16:00, Europe/London", "Always"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let (_, told) = bench.post_told(&ben, &waits, &APPROVE, Ok(())).await;
    let case = case_of(told);
    assert_eq!(case.zones.iter().map(|zone| zone.id.as_str()).collect::<Vec<_>>(), ["home", "work"]);
    assert!(case.zones[0].schedule.is_some());

    let answer = bench.post_as(&amy, &format!("{HOME}/remove"), &[("why", "She has moved.")]).await;
    let waits = answer.header(header::LOCATION).to_owned();
    assert!(bench.get_as(&ben, &waits).await.text.contains("Zone ROWAN-4 taken out"));
    let (_, told) = bench.post_told(&ben, &waits, &APPROVE, Ok(())).await;
    assert_eq!(case_of(told).zones.iter().map(|zone| zone.id.as_str()).collect::<Vec<_>>(), ["work"]);
    // And what is refused changes nothing.
    let waits = propose(&bench, &amy, NEW, &circle()).await;
    assert_eq!(bench.post_as(&ben, &waits, &[("do", "refuse")]).await.status, StatusCode::SEE_OTHER);
    assert!(bench.arrivals.is_empty() && !bench.get_as(&ben, ZONES).await.text.contains("ROWAN-9"));
}

#[tokio::test]
async fn what_was_made_from_a_zone_that_is_no_more_cannot_be_approved() {
    let mut bench = bench();
    let (amy, ben) = (supervisor(&bench, "amy").await, supervisor(&bench, "ben").await);
    let first = propose(&bench, &amy, HOME, &circle()).await;
    let mut board = (*bench.board.borrow()).as_ref().clone();
    let mut case = board.rulebook.case(&fixture::id("case-1")).expect("a case").clone();
    case.zones.retain(|zone| zone.id.as_str() != "home");
    board.rulebook = Arc::new(board.rulebook.published(Book::Case(case), AT));
    bench.board.send_replace(Arc::new(board));
    let page = bench.get_as(&ben, &first).await.text;
    assert!(page.contains("The zone has changed since this was proposed."), "{page}");
    assert_eq!(bench.post_as(&ben, &first, &APPROVE).await.status, StatusCode::CONFLICT);
    assert!(bench.arrivals.is_empty());
    let _ = &mut bench;
}

/// The case as somebody else has just published it.
fn riskier(rulebook: &Rulebook) -> Book {
    let case = rulebook.case(&fixture::id("case-1")).expect("a case").clone();
    Book::Case(Case { plan: Some("Meets her in court on Friday.".into()), ..case })
}

#[tokio::test]
async fn an_approval_never_overwrites_what_a_third_has_published_meanwhile() {
    let mut bench = bench();
    let (amy, ben) = (supervisor(&bench, "amy").await, supervisor(&bench, "ben").await);
    let waits = propose(&bench, &amy, NEW, &circle()).await;
    let looked = bench.get_as(&ben, &waits).await.text;
    assert!(looked.contains("name=\"from\" value=\"1\"") && looked.contains("value=\"approve\""));

    // The picture has not come yet: the engine alone knows that the case is another by now.
    let truth = bench.board.borrow().rulebook.clone();
    let truth = truth.published(riskier(&truth), AT);
    let revise = |told: &Told| match told {
        Told::Revise { from, book, .. } if truth.revision(&book.scope()) == *from => Ok(()),
        _ => Err(Refused::Outdated),
    };
    let (answer, _) = bench.send_told(ben.post(&waits, &APPROVE), revise).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("The case has changed this very moment. Look again."), "{}", answer.text);

    // It has come, and Ben decides on the page that he opened before.
    let mut board = (*bench.board.borrow()).as_ref().clone();
    board.rulebook = Arc::new(truth);
    bench.board.send_replace(Arc::new(board));
    let answer = bench.post_as(&ben, &waits, &APPROVE).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("The case has changed since you looked at it. Look again."));
    assert!(bench.arrivals.is_empty(), "nothing is published");
    let nothing = bench.post_as(&ben, &waits, &[("do", "approve")]).await;
    assert_eq!(nothing.status, StatusCode::CONFLICT, "whoever has looked at nothing approves nothing");

    // It still waits; whoever looks again approves it as part of the case as it is now.
    assert!(bench.get_as(&ben, &waits).await.text.contains("name=\"from\" value=\"2\""));
    let again = [("do", "approve"), ("from", "2")];
    let (answer, told) = bench.post_told(&ben, &waits, &again, Ok(())).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let Told::Revise { from: 2, book: Book::Case(case), by: Some(by) } = told else { panic!("{told:?}") };
    assert_eq!(case.plan.as_deref(), Some("Meets her in court on Friday."), "the third's work stands");
    assert_eq!(case.zones.len(), 3);
    let expected = By {
        who: fixture::id("amy"),
        approved: Some(fixture::id("ben")),
        why: Some("She trains there now.".into()),
    };
    assert_eq!(*by, expected);
}

#[tokio::test]
async fn what_is_wrong_with_a_zone_is_said_beside_its_field() {
    let bench = bench();
    let browser = bench.browser().await;
    let polygon = |text| vec![("kind", "polygon"), ("polygon", text)];
    let geojson = |text| vec![("kind", "geojson"), ("geojson", text)];
    let hours = |days, from, until| {
        vec![
            ("time_zone", "Europe/London"),
            ("span.0.days", days),
            ("span.0.from", from),
            ("span.0.until", until),
        ]
    };
    let cases: [(Fields, &str, &str); 32] = [
        (vec![("id", "")], "id", "Give it an id."),
        (vec![("id", "Her Gym")], "id", "An id is made of"),
        (vec![("id", "home")], "id", "There is a zone of that id here already."),
        (vec![("id", "flat")], "id", "zone of that id"),
        (vec![("code", "")], "code", "Give it a code name."),
        (vec![("code", "Sam's gym, 12 High St.")], "code", "A code is 1 to 24 letters"),
        (vec![("kind", "")], "kind", "Choose the shape."),
        (vec![("kind", "blob")], "kind", "Choose the shape."),
        (vec![("lat", "")], "lat", "Write a number"),
        (vec![("lat", "north")], "lat", "Write a number"),
        (vec![("lat", "97")], "lat", "Centre: "),
        (vec![("lat", "NaN")], "lat", "Write a number"),
        (vec![("lon", "")], "lon", "Write a number"),
        (vec![("lon", "2,9")], "lon", "Write a number"),
        (vec![("lat", "-2.9"), ("lon", "53.19")], "kind", "Latitude and longitude are swapped"),
        (vec![("lat", "51.5")], "kind", "outside the unit&#39;s area"),
        (vec![("radius_m", "")], "radius_m", "Write a number"),
        (vec![("radius_m", "5")], "radius_m", "Radius must be 10 m to 50,000 m"),
        (vec![("radius_m", "90000")], "radius_m", "Radius must be 10 m to 50,000 m"),
        (vec![("margin_m", "")], "margin_m", "Write a number"),
        (vec![("margin_m", "-1")], "margin_m", "A warning margin is 0 to 20000 m"),
        (polygon(""), "polygon", "Write at least three corners."),
        (polygon("53.19, -2.9\nhere"), "polygon", "Line 2 is no corner."),
        (polygon("53.19, -2.9\n53.2, -2.9"), "polygon", "it needs at least 3"),
        (polygon("53.19, -2.9\n53.2, -2.89\n53.2, -2.9\n53.19, -2.89"), "polygon", "cross"),
        (geojson("{}"), "geojson", "This is no GeoJSON Polygon"),
        (geojson("not json"), "geojson", "This is no GeoJSON Polygon"),
        (
            geojson(r#"{"type": "Point", "coordinates": [-2.9, 53.2]}"#),
            "geojson",
            "This is no GeoJSON Polygon",
        ),
        (hours("someday", "08:00", "16:00"), "span.0", "are no days"),
        (hours("mon", "8 o'clock", "16:00"), "span.0", "is no time of day"),
        (hours("", "", ""), "span", "Write the hours, or take the time zone out."),
        (
            vec![
                ("time_zone", "Mars/Olympus"),
                ("span.0.days", "mon"),
                ("span.0.from", "08:00"),
                ("span.0.until", "16:00"),
            ],
            "time_zone",
            "is no IANA time zone",
        ),
    ];
    for (changes, name, says) in cases {
        let fields = with(circle(), &[&changes[..], &[("do", "propose")]].concat());
        let answer = bench.post_as(&browser, NEW, &fields).await;
        let case = format!("{name}: {says}: {}", answer.text);
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{case}");
        let start = match name {
            "span" => "<h2>Hours</h2>".to_owned(),
            "span.0" => "<fieldset class=\"row\" aria-invalid=\"true\">".to_owned(),
            name => format!("id=\"e-{name}\""),
        };
        let beside = answer.text.split(&start).nth(1).expect(&case);
        let beside = &beside[..beside.find("<input").or(beside.find("<select")).expect(&case)];
        assert!(beside.contains(says), "{case}");
    }
    let no_why = bench.post_as(&browser, NEW, &with(circle(), &[("why", " "), ("do", "propose")])).await;
    assert!(no_why.text.contains("Write why, for whoever approves it."));
    assert!(bench.access.proposals(&of_case()).await.expect("the file").is_empty(), "nothing waits");
}

#[tokio::test]
async fn a_pasted_shape_is_the_one_that_was_drawn_and_a_middle_can_be_hidden() {
    let mut bench = bench();
    let (amy, ben) = (supervisor(&bench, "amy").await, supervisor(&bench, "ben").await);
    let feature = r#"{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon",
        "coordinates": [[[-2.905, 53.196], [-2.893, 53.196], [-2.89, 53.203], [-2.905, 53.196]]]}}"#;
    let waits =
        propose(&bench, &amy, NEW, &with(circle(), &[("kind", "geojson"), ("geojson", feature)])).await;
    let (_, told) = bench.post_told(&ben, &waits, &APPROVE, Ok(())).await;
    let drawn = serde_json::json!({"polygon": [[[53.196, -2.905], [53.196, -2.893], [53.203, -2.89]]]});
    let drawn: ZoneShape = serde_json::from_value(drawn).expect("a sound shape");
    let zones = case_of(told).zones;
    assert_eq!(zones.last().map(|zone: &Zone| &zone.shape), Some(&drawn));
    assert!(matches!(drawn.0, Shape::Polygon(_)));

    let drawn = bench.post_as(&amy, NEW, &with(circle(), &[("do", "rehearse")])).await.text;
    assert!(
        drawn.contains("Whoever walks around a circle finds its middle.") && drawn.contains("value=\"hide\"")
    );
    let hidden = bench.post_as(&amy, NEW, &with(circle(), &[("do", "hide")])).await.text;
    let field = |name: &str| {
        let at = hidden.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("the field");
        at.split('"').next().unwrap_or_default().to_owned()
    };
    assert_ne!((field("lat").as_str(), field("lon").as_str()), ("53.19", "-2.9"));
    assert!(field("radius_m").parse::<f64>().expect("a number") > 250.0);
    assert!(hidden.contains("She trains there now.") && field("id") == "gym");
}
