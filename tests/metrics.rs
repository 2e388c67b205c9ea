//! Figures of an evaluation against those of scikit-learn, SciPy and numpy on the same answers
//! (`tests/reference/make_metrics.py`).

use mrimaster::evaluate::bootstrap::{Bootstrap, Estimate};
use mrimaster::evaluate::compare::{McNemar, McNemarMethod};
use mrimaster::evaluate::curves::Curves;
use mrimaster::evaluate::metrics::{Answer, Figures, figures};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    answers: Vec<Given>,
    accuracy: f64,
    balanced_accuracy: f64,
    confusion: Vec<Vec<u64>>,
    classes: Vec<Class>,
    expected_calibration_error: f64,
    mcnemar: Vec<Test>,
}

#[derive(Deserialize)]
struct Given {
    truth: usize,
    predicted: usize,
    probabilities: Vec<f32>,
}

#[derive(Deserialize)]
struct Class {
    support: usize,
    precision: Option<f64>,
    sensitivity: Option<f64>,
    specificity: Option<f64>,
    f1: Option<f64>,
    auroc: Option<f64>,
    curves: Option<Points>,
}

#[derive(Deserialize)]
struct Points {
    roc: Vec<[f64; 2]>,
    precision_recall: Vec<[f64; 2]>,
    average_precision: f64,
}

#[derive(Deserialize)]
struct Test {
    first: usize,
    second: usize,
    p: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference/figures/metrics.json")).expect("the figures")
}

fn answers(reference: &Reference) -> Vec<Answer> {
    reference
        .answers
        .iter()
        .enumerate()
        .map(|(group, given)| Answer {
            truth: given.truth,
            predicted: given.predicted,
            probabilities: given.probabilities.clone(),
            calibrated: None,
            conformal_set: None,
            unfamiliar: None,
            group,
        })
        .collect()
}

fn names() -> Vec<String> {
    ["a", "b", "c", "rare", "never"].map(String::from).to_vec()
}

fn measured(reference: &Reference) -> Figures {
    let answers = answers(reference);
    let bootstrap = Bootstrap { draws: 200, seed: 1 };
    figures(&answers.iter().collect::<Vec<_>>(), &names(), bootstrap)
}

#[track_caller]
fn same(name: &str, own: Option<Estimate>, other: Option<f64>) {
    let own = own.map(|estimate| estimate.value);
    match (own, other) {
        (None, None) => {}
        (Some(own), Some(other)) if (own - other).abs() < 1e-9 => {}
        _ => panic!("{name}: {own:?}, and the reference has {other:?}"),
    }
}

#[test]
fn figures_are_those_of_scikit_learn() {
    let reference = reference();
    let own = measured(&reference);
    assert_eq!(own.confusion, reference.confusion);
    same("accuracy", own.accuracy, Some(reference.accuracy));
    same("balanced accuracy", own.balanced_accuracy, Some(reference.balanced_accuracy));
    let error = own.raw.expected_calibration_error;
    same("calibration error", error, Some(reference.expected_calibration_error));
    for (class, other) in own.classes.iter().zip(&reference.classes) {
        let name = |figure: &str| format!("{figure} of {}", class.name);
        assert_eq!(class.support, other.support, "{}", name("support"));
        same(&name("precision"), class.precision, other.precision);
        same(&name("sensitivity"), class.sensitivity, other.sensitivity);
        same(&name("specificity"), class.specificity, other.specificity);
        same(&name("F1"), class.f1, other.f1);
        same(&name("AUROC"), class.auroc, other.auroc);
    }
}

#[test]
fn curves_are_those_of_scikit_learn() {
    let reference = reference();
    let answers = answers(&reference);
    let own = Curves::of(&answers.iter().collect::<Vec<_>>(), &names());
    for (class, other) in own.classes.iter().zip(&reference.classes) {
        let Some(other) = &other.curves else {
            assert!(class.roc.is_empty() && class.precision_recall.is_empty());
            assert_eq!(class.average_precision, None);
            continue;
        };
        let near = |own: &[[f64; 2]], other: &[[f64; 2]]| {
            assert_eq!(own.len(), other.len(), "points of {}", class.name);
            for (a, b) in own.iter().flatten().zip(other.iter().flatten()) {
                assert!((a - b).abs() < 1e-12, "{}: {a} and {b}", class.name);
            }
        };
        near(&class.roc, &other.roc);
        near(&class.precision_recall, &other.precision_recall);
        let average = class.average_precision.expect("scans of the class");
        assert!((average - other.average_precision).abs() < 1e-12, "{}", class.name);
    }
}

#[test]
fn the_interval_of_accuracy_is_about_the_binomial_one() {
    let reference = reference();
    let accuracy = measured(&reference).accuracy.expect("scans");
    let [low, high] = accuracy.interval.expect("groups");
    let (p, n) = (reference.accuracy, reference.answers.len() as f64);
    let half = 1.96 * (p * (1.0 - p) / n).sqrt();
    assert!((low - (p - half)).abs() < 0.02 && (high - (p + half)).abs() < 0.02, "{low} {high}");
}

#[test]
fn mcnemar_is_that_of_scipy() {
    for test in reference().mcnemar {
        let pairs = std::iter::repeat_n((true, false), test.first)
            .chain(std::iter::repeat_n((false, true), test.second));
        let own = McNemar::of(pairs);
        let exact = own.method == McNemarMethod::ExactBinomial;
        assert_eq!(exact, test.first + test.second < 25);
        assert!((own.p - test.p).abs() <= 1e-9 * test.p.max(1e-300), "{own:?}: {}", test.p);
    }
}
