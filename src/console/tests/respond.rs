use super::*;

fn at(stage: Option<Attending>) -> Vec<&'static str> {
    let id = || "rita".parse().expect("an id");
    let attendance = stage.map(|stage| Attendance::begin(id(), id(), stage, Timestamp::from_ms(0)));
    answers(attendance.as_ref()).into_iter().map(|(stage, _)| stage).collect()
}

#[test]
fn a_responder_is_offered_what_comes_next_alone() {
    assert_eq!(at(Some(Attending::Sent)), ["accepted", "en_route", "on_scene", "done", "declined"]);
    assert_eq!(at(Some(Attending::EnRoute)), ["on_scene", "done", "declined"]);
    assert_eq!(at(Some(Attending::OnScene)), ["done", "declined"]);
    // Whoever nobody has sent, or who has done what there was to do, may go.
    for none in [None, Some(Attending::Done), Some(Attending::Declined)] {
        assert_eq!(at(none), ["accepted", "en_route", "on_scene"]);
    }
}
