use std::time::SystemTime;

use super::*;
use crate::evaluate::report::Unreadable;
use crate::evaluate::report::tests::evaluation;
use crate::model::card::{Architecture, FORMAT_VERSION, Fit, Input, Interpolation, Levels};
use crate::review::figure::tests::history;
use crate::review::word::{Verdict, Word};

fn card() -> Card {
    Card {
        format_version: FORMAT_VERSION,
        architecture: Architecture::SmallCnn,
        classes: vec!["well".into(), "sick".into()],
        input: Input {
            size: 64,
            channels: 1,
            range: [0.0, 1.0],
            mean: vec![0.5],
            std: vec![0.5],
            interpolation: Interpolation::Bilinear,
            fit: Fit::Stretch,
            levels: Levels::Stored,
        },
        taps: Vec::new(),
        training_data: "Scans of <b>somewhere</b>".into(),
        protocol: "as usual".into(),
        metrics: [("test_accuracy".to_owned(), 0.5)].into(),
        limits: "Not for diagnostic use.".into(),
        command_line: "mrimaster train \"a & b\"".into(),
        sha256: "ca".into(),
        reliability: None,
        calibration: None,
        familiarity: None,
        scans: None,
        learned_from: Vec::new(),
        left_out: Vec::new(),
    }
}

/// Four cases, two of them wrong, one of those seen in training and disputed.
fn tested() -> Evaluation {
    let mut evaluation = evaluation(
        "m",
        &[
            (1, 0.9, Some(false)),
            (0, 0.8, Some(true)),
            (0, 0.1, Some(false)),
            (0, 0.7, Some(false)),
        ],
    );
    for (index, case) in evaluation.cases.iter_mut().enumerate() {
        case.sha256 = format!("{index:064}");
        case.path = format!("well/scan {index}.png");
    }
    evaluation
}

/// What of a report differs from test to test.
#[derive(Default)]
struct Given {
    words: Words,
    without: Without,
    other: Option<Evaluation>,
    cases: Vec<Pictured>,
}

fn written(evaluation: &Evaluation, given: &Given) -> String {
    let answers: Vec<_> = evaluation
        .cases
        .iter()
        .filter(|case| given.without.counts(case))
        .map(|case| &case.answer)
        .collect();
    let classes = &evaluation.classes;
    let figures = crate::evaluate::metrics::figures(&answers, classes, Default::default());
    html(&Report {
        evaluation,
        without: given.without,
        figures: &figures,
        curves: &Curves::of(&answers, classes),
        other: given.other.as_ref(),
        words: &given.words,
        card: &card(),
        history: &history(),
        cases: &given.cases,
        written: SystemTime::UNIX_EPOCH,
    })
}

fn disputed(evaluation: &Evaluation, comment: &str) -> Words {
    let word = Word { verdict: Some(Verdict::LabelWrong), comment: comment.into() };
    let case = &evaluation.cases[1];
    let label = &evaluation.classes[case.answer.truth];
    [(Words::key(&case.sha256, label), word)].into_iter().collect()
}

#[test]
fn a_page_holds_everything_and_fetches_nothing() {
    let evaluation = tested();
    let png = || vec![0x89, b'P', b'N', b'G'];
    let given = Given {
        words: disputed(&evaluation, "dural"),
        other: Some(tested()),
        cases: vec![Pictured {
            name: "well/scan 1.png".into(),
            layer: "features.3".into(),
            scan: png(),
            predicted: png(),
            truth: Some(png()),
        }],
        ..Given::default()
    };
    let page = written(&evaluation, &given);
    for outside in ["http", "<script", "<link", "url(", "@import", "src=\"/"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for inside in [
        "Not for diagnostic use.",
        "1 of 4 scans are also in this model&#39;s training data: 25 %.",
        "Accuracy 50.0 %",
        "1970-01-01",
        "1 of 4 cases reviewed: Agree 0, Label looks wrong 1, Unsure 0",
        "Label looks wrong: dural",
        "data:image/png;base64,iVBORw==",
        "Map of sick, layer features.3 (predicted)",
        "Map of well, layer features.3 (true)",
        "Compared with m",
        "copy in training",
        "stopped early: epoch 6",
        "mrimaster train &quot;a &amp; b&quot;",
    ] {
        assert!(page.contains(inside), "{inside} is missing");
    }
    assert_eq!(page.matches("<svg").count(), 5);
    assert_eq!((page.matches("<table").count(), page.matches("</table>").count()), (9, 9));
}

#[test]
fn whatever_comes_from_outside_is_text() {
    let mut evaluation = tested();
    let evil = "<script>alert(1)</script>";
    evaluation.model.name = evil.into();
    evaluation.test_set.folder = evil.into();
    evaluation.test_set.folders_left_out = vec![evil.into()];
    evaluation.classes[0] = evil.into();
    evaluation.cases[1].path = format!("well/\"{evil}.png");
    evaluation.unreadable.push(Unreadable {
        path: evil.into(),
        sha256: None,
        truth: 0,
        reason: evil.into(),
    });
    let pictured = Pictured {
        name: evaluation.cases[1].path.clone(),
        layer: evil.into(),
        scan: Vec::new(),
        predicted: Vec::new(),
        truth: None,
    };
    let given = Given {
        words: disputed(&evaluation, evil),
        other: Some(evaluation.clone()),
        cases: vec![pictured],
        ..Given::default()
    };
    let page = written(&evaluation, &given);
    assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn only_what_counts_is_counted() {
    let evaluation = tested();
    let without = Without { twins: true, contradictions: false };
    let page = written(&evaluation, &Given { without, ..Given::default() });
    assert!(page.contains("3 of 4 answered scans count"), "{page}");
    assert!(page.contains("what counts here"));
    // The mistake that was seen in training is not among those that are listed.
    assert!(!page.contains("scan 1.png") && page.contains("scan 3.png"));
    let all = written(&evaluation, &Given::default());
    let place = |name: &str| all.find(name).expect("listed");
    assert!(place("scan 1.png") < place("scan 3.png"), "the most confident comes first");
}

#[test]
fn totals_are_those_of_rows_and_columns() {
    let mut page = Page::default();
    let classes = ["a".to_owned(), "b".to_owned()];
    matrix::write(&mut page, &classes, &[vec![3, 1], vec![0, 0]]);
    let page = page.finish("");
    for cell in
        [">3<small>75.0 %", ">1<small>25.0 %", "\"total\">4<", "\"total\">3<", "\"total\">1<"]
    {
        assert!(page.contains(cell), "{cell}: {page}");
    }
    let mut page = Page::default();
    let many: Vec<String> = (0..100).map(|i| i.to_string()).collect();
    matrix::write(&mut page, &many, &vec![vec![0; 100]; 100]);
    assert!(!page.finish("").contains("<table"));
}

#[test]
fn a_page_of_an_evaluation_without_answers_can_be_written() {
    let mut evaluation = tested();
    evaluation.cases.clear();
    let page = written(&evaluation, &Given::default());
    assert!(page.contains("Accuracy –") && !page.contains("NaN"), "{page}");
}
