//! A made-up evaluation, as the workers would hand it over.

use std::sync::Arc;
use std::time::Duration;

use mrimaster::evaluate::bootstrap::Bootstrap;
use mrimaster::evaluate::curves::Curves;
use mrimaster::evaluate::metrics::{Answer, figures};
use mrimaster::evaluate::parts::{Parts, Without};
use mrimaster::evaluate::report::{Case, Evaluation, FORMAT_VERSION, Model, Tested, Unreadable};
use mrimaster::train::history::Epoch;
use mrimaster::worker::job::{
    Evaluate, EvaluateFailed, Evaluated, Mode, OpenedReview, Progress, RequestId, Response,
    TestSource,
};

use super::CLASSES;

/// The confusion matrix of the made-up answers: rows are truth.
pub const COUNTS: [[usize; 4]; 4] = [[12, 7, 3, 1], [2, 20, 1, 0], [0, 1, 18, 2], [1, 0, 4, 15]];
const BOOTSTRAP: Bootstrap = Bootstrap { draws: 20, seed: 1 };

/// Everything the workers say to a request: all at once.
pub fn answers(asked: &Evaluate) -> Vec<Response> {
    let id = asked.id;
    let fail = |message: &str, missing| {
        let failed = EvaluateFailed { message: message.into(), missing };
        vec![Response::Evaluated { id, result: Err(failed) }]
    };
    match &asked.source {
        TestSource::Folder(folder) if folder.ends_with("gone") => {
            return fail("gone: it is not there; choose the place where it is now", true);
        }
        TestSource::Folder(_) if asked.mode == Mode::Recall => {
            return fail("this model has not been asked about these scans yet", false);
        }
        _ => {}
    }
    let second = asked.checkpoint.to_string_lossy().contains("small_cnn");
    let evaluation = evaluation(second);
    let total = evaluation.cases.len() + evaluation.unreadable.len();
    let progress = |done| Progress { done, total, asked: done, elapsed: Duration::from_secs(4) };
    let old = matches!(&asked.source, TestSource::Folder(folder) if folder.ends_with("old"));
    let stale = old.then(|| "3 of 88 files have changed since this was made".to_owned());
    let half = evaluation.cases.len() / 2;
    let (first, rest) = evaluation.cases.split_at(half);
    let part = |cases: &[Case], unreadable: &[Unreadable], done| Response::Evaluating {
        id,
        cases: cases.to_vec(),
        unreadable: unreadable.to_vec(),
        progress: progress(done),
    };
    vec![
        Response::ReviewOpened { id, review: Arc::new(opened()) },
        part(first, &[], half),
        part(rest, &evaluation.unreadable, total),
        Response::Evaluated {
            id,
            result: Ok(Evaluated { evaluation: Arc::new(evaluation), complete: true, stale }),
        },
    ]
}

/// As the workers answer `Figures`.
pub fn figures_of(id: RequestId, evaluation: &Evaluation, without: Without) -> Response {
    let counted: Vec<&Answer> =
        evaluation.cases.iter().filter(|case| without.counts(case)).map(|c| &c.answer).collect();
    let figures = Arc::new(figures(&counted, &evaluation.classes, BOOTSTRAP));
    let curves = Arc::new(Curves::of(&counted, &evaluation.classes));
    Response::Figures { id, figures, curves }
}

fn opened() -> OpenedReview {
    let epoch = |epoch: usize| Epoch {
        epoch,
        learning_rate: 1e-3 / epoch as f64,
        training_loss: 1.2 / epoch as f64 + 0.2,
        training_accuracy: 1.0 - 0.5 / epoch as f64,
        validation_loss: 1.1 / epoch as f64 + 0.3,
        validation_accuracy: 1.0 - 0.6 / epoch as f64,
        shifted_loss: None,
        shifted_accuracy: None,
        kept: epoch < 7,
        reduced: epoch == 6,
        stopped: epoch == 9,
        seconds: 100.0,
        scans_per_second: 20.0,
        idle: 0.01,
    };
    OpenedReview {
        home: "/reviews/1".into(),
        root: "/set/Testing".into(),
        training: Some("/set/Training".into()),
        name: "set/Testing".into(),
        classes: CLASSES.map(String::from).to_vec(),
        scans: 88,
        left_out: vec!["notes".into()],
        words: Default::default(),
        history: Arc::new((1..=9).map(epoch).collect()),
    }
}

fn evaluation(second: bool) -> Evaluation {
    let classes = CLASSES.map(String::from).to_vec();
    let mut cases = Vec::new();
    for (truth, row) in COUNTS.iter().enumerate() {
        for (predicted, &count) in row.iter().enumerate() {
            for _ in 0..count {
                cases.push(case(cases.len(), truth, predicted, second));
            }
        }
    }
    Evaluation {
        format_version: FORMAT_VERSION,
        program_version: "0".into(),
        limits: "A test's.".into(),
        model: Model {
            name: if second { "small_cnn" } else { "efficientnet_b0" }.into(),
            sha256: "00".into(),
            device: "CPU".into(),
            learned_from: 100,
        },
        test_set: Tested {
            folder: "set/Testing".into(),
            sha256: None,
            scans: 88,
            folders_left_out: vec!["notes".into()],
            persons_known: 0,
            persons_sha256: None,
        },
        parts: Parts::of(&cases, &classes, BOOTSTRAP),
        classes,
        cases,
        unreadable: vec![Unreadable {
            path: "glioma/broken.jpg".into(),
            sha256: None,
            truth: 0,
            reason: "broken.jpg: the file is empty; copy it again".into(),
        }],
    }
}

/// Confidence falls with the number; every third scan has a twin, every tenth is contradicted.
fn case(number: usize, truth: usize, predicted: usize, second: bool) -> Case {
    let predicted = if second && number % 5 == 4 { (predicted + 1) % 4 } else { predicted };
    let confidence = 0.99 - 0.006 * number as f32;
    let mut probabilities = vec![(1.0 - confidence) / 3.0; 4];
    probabilities[predicted] = confidence;
    Case {
        path: format!("{}/image({number}).png", CLASSES[truth]),
        sha256: format!("{number:064}"),
        answer: Answer {
            truth,
            predicted,
            calibrated: Some(probabilities.iter().map(|p| 0.9 * p + 0.025).collect()),
            probabilities,
            conformal_set: Some(vec![predicted]),
            unfamiliar: Some(number % 7 == 1),
            group: number,
        },
        familiarity: Some(0.1 + 0.001 * number as f32),
        twin_in_training: Some(number.is_multiple_of(3)),
        copy_left_out: Some(number % 4 == 1),
        person_in_training: None,
        person_excluded: None,
        label_conflict: number % 10 == 9,
    }
}
