//! Single cases: mistakes, disputed labels, those shown with their maps, and files without answer.

use std::collections::HashMap;

use super::page::Page;
use super::{Pictured, Report};
use crate::evaluate::report::{Case, Evaluation};
use crate::review::word::Verdict;

/// Mistakes and unreadable files that are listed; the table of cases holds all.
const MOST_LISTED: usize = 100;

pub(super) fn mistakes(page: &mut Page, report: &Report) {
    page.section("Mistakes, most confident first");
    let mut wrong: Vec<&Case> = report.counting().filter(|case| !case.answer.correct()).collect();
    if wrong.is_empty() {
        return page.paragraph("None.");
    }
    wrong.sort_by(|a, b| b.confidence().total_cmp(&a.confidence()).then(a.path.cmp(&b.path)));
    if wrong.len() > MOST_LISTED {
        page.note(&format!(
            "The first {MOST_LISTED} of {}; the table of cases holds all.",
            wrong.len()
        ));
    }
    let head = ["File", "True", "Predicted", "Confidence", "Raw", "Known of it", "Reader"];
    let rows = wrong.iter().take(MOST_LISTED).map(|case| row(report, case));
    page.table("cases", &head, rows);
}

/// Labels that look wrong to the reader, whether they count or not.
pub(super) fn disputed(page: &mut Page, report: &Report) {
    let of = |case: &&Case| {
        let word = report.words.on(case, &report.evaluation.classes);
        word.is_some_and(|word| word.verdict == Some(Verdict::LabelWrong))
    };
    let cases: Vec<&Case> = report.evaluation.cases.iter().filter(of).collect();
    page.section("Disputed labels");
    if cases.is_empty() {
        return page.paragraph("None.");
    }
    let head = ["File", "Label", "Predicted", "Confidence", "Raw", "Known of it", "Reader"];
    page.table("cases", &head, cases.into_iter().map(|case| row(report, case)));
}

fn row(report: &Report, case: &Case) -> Vec<String> {
    let (evaluation, answer) = (report.evaluation, &case.answer);
    vec![
        case.path.clone(),
        evaluation.classes[answer.truth].clone(),
        case.predicted(evaluation).to_owned(),
        probability(case.confidence()),
        probability(answer.probabilities[answer.predicted]),
        badges(case),
        said(report, case),
    ]
}

/// What is known of a scan beside its answer.
fn badges(case: &Case) -> String {
    let badges = [
        (case.person_in_training == Some(true), "person in training"),
        (case.twin_in_training == Some(true), "copy in training"),
        (case.copy_left_out == Some(true), "copy left out"),
        (case.label_conflict, "contradictory label"),
        (case.answer.unfamiliar == Some(true), "unfamiliar"),
    ];
    let badges: Vec<&str> = badges.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
    badges.join(", ")
}

/// The reader's verdict and comment.
fn said(report: &Report, case: &Case) -> String {
    let Some(word) = report.words.on(case, &report.evaluation.classes) else {
        return String::new();
    };
    let verdict = word.verdict.map(Verdict::name);
    let parts = [verdict.unwrap_or_default(), word.comment.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

/// Three digits, and never a bare 0 or 1, which nothing here can know.
fn probability(p: f32) -> String {
    match p {
        p if p < 0.0005 => "<0.001".into(),
        p if p >= 0.9995 => ">0.999".into(),
        p => format!("{p:.3}"),
    }
}

pub(super) fn pictured(page: &mut Page, report: &Report) {
    if report.cases.is_empty() {
        return;
    }
    page.section("Chosen cases");
    page.note(
        "Grad-CAM maps over the scan: where the layer's activation raised the score of the class. \
         A map shows what the model used, not where a lesion is.",
    );
    let known: HashMap<&str, &Case> =
        report.evaluation.cases.iter().map(|case| (case.path.as_str(), case)).collect();
    for pictured in report.cases {
        one(page, report, pictured, known.get(pictured.name.as_str()).copied());
    }
}

fn one(page: &mut Page, report: &Report, pictured: &Pictured, case: Option<&Case>) {
    let classes = &report.evaluation.classes;
    let (predicted, truth) = case.map_or(("the predicted class", "the true class"), |case| {
        (classes[case.answer.predicted].as_str(), classes[case.answer.truth].as_str())
    });
    page.open("div", "case");
    page.subsection(&pictured.name);
    if let Some(case) = case {
        let mut text =
            format!("{truth}, predicted {predicted} ({})", probability(case.confidence()));
        for more in [badges(case), said(report, case)] {
            if !more.is_empty() {
                text += &format!(" · {more}");
            }
        }
        page.paragraph(&text);
    }
    page.open("div", "pictures");
    page.picture(&pictured.scan, "The scan");
    let map = |class: &str| format!("Map of {class}, layer {}", pictured.layer);
    page.picture(&pictured.predicted, &format!("{} (predicted)", map(predicted)));
    if let Some(png) = &pictured.truth {
        page.picture(png, &format!("{} (true)", map(truth)));
    }
    page.close("div");
    page.close("div");
}

pub(super) fn unreadable(page: &mut Page, evaluation: &Evaluation) {
    let mut files: Vec<_> = evaluation.unreadable.iter().collect();
    if files.is_empty() {
        return;
    }
    page.section("Files that could not be read");
    files.sort_by_key(|file| file.path.as_str());
    if files.len() > MOST_LISTED {
        page.note(&format!(
            "The first {MOST_LISTED} of {}; the table of cases holds all.",
            files.len()
        ));
    }
    let rows = files.iter().take(MOST_LISTED).map(|file| {
        vec![file.path.clone(), evaluation.classes[file.truth].clone(), file.reason.clone()]
    });
    page.table("cases", &["File", "Label", "Why"], rows);
}
