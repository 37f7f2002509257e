//! What the decision rule finds, and what it cries wolf about, on recorded tracks with ground truth.

use cordon::lab::evaluate::Study;
use serde_json::Value;

use crate::recorded;

fn figures(interval_s: u32) -> Option<Value> {
    let folder = recorded::folder(&format!("tracks at {interval_s} s"))?;
    let evaluation = Study::read(&folder, interval_s).unwrap().evaluate(&|_, _| {}).unwrap();
    let figures = serde_json::to_value(evaluation).unwrap();
    println!("{figures}");
    Some(figures)
}

fn number(figures: &Value, path: &str) -> f64 {
    figures.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path}: {figures}"))
}

/// The goals that hold at every interval.
fn check(figures: &Value, must_detect_min: f64, missed_max: f64) {
    assert!(number(figures, "/must_detect") >= must_detect_min, "the scenarios are there: {figures}");
    assert!(number(figures, "/missed") <= missed_max, "{figures}");
    assert!(
        number(figures, "/false_by_band/2-25/1") >= 60.0
            && number(figures, "/false_by_band/25-100/1") >= 90.0
    );
    assert!(number(figures, "/false_by_band/2-25/0") <= 1.0, "{figures}");
    assert!(number(figures, "/false_by_band/25-100/0") <= 0.0, "{figures}");
    assert!(number(figures, "/early") <= 0.0, "{figures}");
    for home in figures["home"].as_array().unwrap() {
        assert!(number(home, "/false_per_30_days") <= 1.0, "{home}");
    }
}

#[test]
fn at_15_s_no_violation_is_missed_and_95_of_100_are_told_within_25_s_of_the_first_fix_inside() {
    let Some(figures) = figures(15) else { return };
    check(&figures, 160.0, 0.0);
    assert!(number(&figures, "/delay_from_first_fix_inside_s/p50") <= 10.0, "{figures}");
    assert!(number(&figures, "/delay_from_first_fix_inside_s/p95") <= 25.0, "{figures}");
    assert!(number(&figures, "/delay_s/p50") <= 10.0, "{figures}");
    assert!(number(&figures, "/flaps") <= 1.0, "{figures}");
}

#[test]
fn at_60_s_no_violation_is_missed() {
    let Some(figures) = figures(60) else { return };
    check(&figures, 80.0, 0.0);
    assert!(number(&figures, "/delay_s/p50") <= 42.0, "{figures}");
}

#[test]
fn errors_that_hang_together_raise_no_more_false_violations_at_1_and_5_s_than_at_15() {
    for (interval_s, must_detect_min, missed_max) in [(5, 200.0, 1.0), (1, 230.0, 1.0)] {
        let Some(figures) = figures(interval_s) else { return };
        check(&figures, must_detect_min, missed_max);
    }
}
