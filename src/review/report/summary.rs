//! What was tested, how good the answers are, and how much of the test set the model knew.

use std::time::SystemTime;

use chrono::{DateTime, Utc};

use super::Report;
use super::page::Page;
use crate::evaluate::bootstrap::Estimate;
use crate::evaluate::metrics::Figures;
use crate::evaluate::parts::Without;
use crate::evaluate::report::Evaluation;
use crate::review::word::Verdict;

/// What is undefined.
pub(super) const DASH: &str = "–";

pub(super) fn write(page: &mut Page, report: &Report) {
    let evaluation = report.evaluation;
    page.title(&format!("{} on {}", evaluation.model.name, evaluation.test_set.folder));
    page.warning(&evaluation.limits);
    let figures = report.figures;
    page.element(
        "p",
        "headline",
        &format!(
            "Accuracy {} · balanced accuracy {}",
            percent(figures.accuracy),
            percent(figures.balanced_accuracy)
        ),
    );
    page.note(&format!(
        "{} In brackets 95 % intervals, by bootstrap over {} groups of copies.",
        counting(report.without, figures.scans, evaluation.cases.len()),
        figures.groups
    ));
    page.terms(&[
        ("Model", evaluation.model.name.clone()),
        ("Weights, SHA-256", evaluation.model.sha256.clone()),
        ("Ran on", evaluation.model.device.clone()),
        ("Test set", evaluation.test_set.folder.clone()),
        ("Test set, SHA-256", content(evaluation)),
        ("Scans", scans(evaluation)),
        ("Folders left out", evaluation.test_set.folders_left_out.join(", ")),
        ("Reader", reader(report)),
        ("Written", format!("{} by MRIMaster {}", day(report.written), evaluation.program_version)),
    ]);
    leak(page, report);
}

/// Which cases count; a sentence for people.
fn counting(without: Without, scans: usize, all: usize) -> String {
    let reasons = [
        (without.twins, "the model has learned from a copy of them"),
        (without.persons, "the model has learned from a scan of their person"),
        (without.contradictions, "their label contradicts that of a copy"),
    ];
    let reasons: Vec<&str> =
        reasons.into_iter().filter(|(is, _)| *is).map(|(_, why)| why).collect();
    match reasons.as_slice() {
        [] => format!("All {all} answered scans count."),
        reasons => format!(
            "{scans} of {all} answered scans count; the others are excluded because {}.",
            reasons.join(" or ")
        ),
    }
}

fn content(evaluation: &Evaluation) -> String {
    let known = evaluation.test_set.sha256.clone();
    known.unwrap_or_else(|| "not known: the evaluation was cancelled".into())
}

fn scans(evaluation: &Evaluation) -> String {
    let (all, unreadable) = (evaluation.test_set.scans, evaluation.unreadable.len());
    let mut text = format!("{all}, of which {} were answered", evaluation.cases.len());
    if unreadable > 0 {
        text += &format!(" and {unreadable} could not be read");
    }
    text
}

/// How far the reader came.
fn reader(report: &Report) -> String {
    let verdicts: Vec<Verdict> = report
        .evaluation
        .cases
        .iter()
        .filter_map(|case| report.words.on(case, &report.evaluation.classes)?.verdict)
        .collect();
    if verdicts.is_empty() {
        return "no case reviewed".into();
    }
    let count = |wanted: Verdict| verdicts.iter().filter(|verdict| **verdict == wanted).count();
    let counts = Verdict::ALL.map(|verdict| format!("{} {}", verdict.name(), count(verdict)));
    format!(
        "{} of {} cases reviewed: {}",
        verdicts.len(),
        report.evaluation.cases.len(),
        counts.join(", ")
    )
}

/// "2026-11-23", in UTC.
fn day(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).format("%Y-%m-%d").to_string()
}

fn leak(page: &mut Page, report: &Report) {
    let evaluation = report.evaluation;
    page.section("What the model knew");
    let parts = &evaluation.parts;
    let leaks = parts.twin_in_training.as_ref().is_none_or(|twins| twins.scans > 0)
        || parts.person_in_training.as_ref().is_some_and(|persons| persons.scans > 0);
    match leaks {
        true => page.warning(&evaluation.leak()),
        false => page.paragraph(&evaluation.leak()),
    }
    let mut parts = evaluation.parts.named();
    if report.without != Without::default() {
        parts.push(("what counts here", report.figures));
    }
    let head =
        ["", "Scans", "Different scans", "Accuracy", "Balanced accuracy", "Calibration error"];
    page.table("numbers", &head, parts.iter().map(|(name, figures)| row(name, figures)));
    let conflicts = evaluation.cases.iter().filter(|case| case.label_conflict).count();
    if conflicts > 0 {
        page.note(&format!("{conflicts} scans have a copy with another label."));
    }
}

fn row(name: &str, figures: &Figures) -> Vec<String> {
    let trust = figures.calibrated.as_ref().unwrap_or(&figures.raw);
    vec![
        name.into(),
        figures.scans.to_string(),
        figures.groups.to_string(),
        percent(figures.accuracy),
        percent(figures.balanced_accuracy),
        share(trust.expected_calibration_error),
    ]
}

pub(super) fn percent(estimate: Option<Estimate>) -> String {
    estimate.map_or(DASH.into(), Estimate::percent)
}

pub(super) fn share(estimate: Option<Estimate>) -> String {
    estimate.map_or(DASH.into(), Estimate::share)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_left_out_is_said() {
        let without =
            |twins, contradictions| Without { twins, contradictions, ..Without::default() };
        assert_eq!(counting(without(false, false), 4, 4), "All 4 answered scans count.");
        let text = counting(without(true, true), 3, 4);
        assert!(text.starts_with("3 of 4") && text.contains("a copy of them or"), "{text}");
    }

    #[test]
    fn a_day_is_written_as_iso_does() {
        assert_eq!(day(SystemTime::UNIX_EPOCH + Duration::from_secs(951_782_400)), "2000-02-29");
    }
}
