//! A second model on the same scans.

use std::collections::HashSet;

use super::page::Page;
use super::{Report, matrix};
use crate::evaluate::compare::{McNemar, compare};
use crate::evaluate::parts::Without;
use crate::evaluate::report::Evaluation;

/// Disagreements that are listed.
const MOST_LISTED: usize = 50;

pub(super) fn write(page: &mut Page, report: &Report, other: &Evaluation) {
    let (first, second) = shared(report.evaluation, other, report.without);
    let found = compare(&first, &second);
    let [one, two] = &found.models;
    page.section(&format!("Compared with {two}"));
    if first.test_set.sha256 != second.test_set.sha256 {
        page.warning(
            "The test set is not known to have been the same for both models: scans are matched by \
             their names.",
        );
    }
    page.paragraph(&format!(
        "{} scans count that both models answered; to {} of them they gave different answers.",
        found.all.scans,
        found.disagreements.len()
    ));
    page.terms(&[("Other weights, SHA-256", other.model.sha256.clone())]);
    let head = [
        "",
        "Scans",
        "Both right",
        &format!("Only {one}"),
        &format!("Only {two}"),
        "Both wrong",
        "McNemar's p",
    ];
    let mut rows = vec![row("what counts here", &found.all)];
    rows.extend(found.unseen.iter().map(|test| row("known to neither", test)));
    page.table("numbers", &head, rows);
    page.note(&format!(
        "{}. The test takes scans for independent, which copies are not: with many copies its p is \
         too small.",
        sentence(found.all.method.name())
    ));
    // Beside each other where there is room.
    page.open("div", if first.classes.len() <= 5 { "side" } else { "" });
    for evaluation in [&first, &second] {
        page.open("div", "");
        page.subsection(&evaluation.model.name);
        matrix::write(page, &evaluation.classes, &confusion(evaluation));
        page.close("div");
    }
    page.close("div");
    if found.disagreements.is_empty() {
        return;
    }
    page.subsection("Different answers");
    if found.disagreements.len() > MOST_LISTED {
        page.note(&format!("The first {MOST_LISTED} of {}.", found.disagreements.len()));
    }
    let rows = found.disagreements.iter().take(MOST_LISTED).map(|scan| {
        let answer = |i: usize| format!("{} {:.2}", scan.predicted[i], scan.confidence[i]);
        vec![scan.path.clone(), scan.truth.clone(), answer(0), answer(1)]
    });
    page.table("cases", &["File", "True", one, two], rows);
}

/// Both evaluations with the cases that count in both, and no others.
fn shared(first: &Evaluation, second: &Evaluation, without: Without) -> (Evaluation, Evaluation) {
    let counting = |evaluation: &Evaluation| -> HashSet<String> {
        let cases = evaluation.cases.iter().filter(|case| without.counts(case));
        cases.map(|case| case.path.clone()).collect()
    };
    let both: HashSet<String> = &counting(first) & &counting(second);
    let only = |evaluation: &Evaluation| {
        let mut evaluation = evaluation.clone();
        evaluation.cases.retain(|case| both.contains(&case.path));
        evaluation
    };
    (only(first), only(second))
}

fn confusion(evaluation: &Evaluation) -> Vec<Vec<u64>> {
    let classes = evaluation.classes.len();
    let mut counts = vec![vec![0; classes]; classes];
    for case in &evaluation.cases {
        counts[case.answer.truth][case.answer.predicted] += 1;
    }
    counts
}

fn row(name: &str, test: &McNemar) -> Vec<String> {
    let p = if test.p < 1e-4 { "<0.0001".into() } else { format!("{:.4}", test.p) };
    let counts = [
        test.scans,
        test.both_right,
        test.only_first_right,
        test.only_second_right,
        test.both_wrong,
    ];
    let mut row = vec![name.to_owned()];
    row.extend(counts.map(|count| count.to_string()));
    row.push(p);
    row
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}
