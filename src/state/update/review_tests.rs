//! Reviews, without a window.

use std::sync::Arc;
use std::time::Duration;

use super::made_up::{list, prediction, series};
use super::*;
use crate::evaluate::bootstrap::Bootstrap;
use crate::evaluate::curves::Curves;
use crate::evaluate::metrics::{Answer, figures};
use crate::evaluate::parts::{Parts, Without};
use crate::evaluate::report::{Case, Evaluation, FORMAT_VERSION, Model, Tested, Unreadable};
use crate::imaging::Found;
use crate::review::word::{Word, Words};
use crate::state::review::{Badge, Filter, Order, Run, Selection};
use crate::system::names::natural;
use crate::worker::job::{
    Evaluate, EvaluateFailed, Evaluated, ExportKind, OpenedReview, Progress, Thumbnail,
};

const CLASSES: [&str; 4] = ["glioma", "meningioma", "no tumour", "pituitary"];

fn classes() -> Vec<String> {
    CLASSES.map(String::from).to_vec()
}

/// A case: its number, truth, prediction and confidence.
fn case(number: usize, truth: usize, predicted: usize, confidence: f32) -> Case {
    let mut probabilities = vec![(1.0 - confidence) / 3.0; 4];
    probabilities[predicted] = confidence;
    Case {
        path: format!("{}/image({number}).jpg", CLASSES[truth]),
        sha256: format!("sha{number}"),
        answer: Answer {
            truth,
            predicted,
            probabilities,
            calibrated: None,
            conformal_set: None,
            unfamiliar: Some(number == 4),
            group: number,
        },
        familiarity: Some(number as f32),
        twin_in_training: Some(number.is_multiple_of(2)),
        copy_left_out: None,
        person_in_training: None,
        person_excluded: None,
        label_conflict: number == 3,
    }
}

/// Two gliomas called meningiomas, one the other way round, and three right answers.
fn cases() -> Vec<Case> {
    vec![
        case(1, 0, 1, 0.70),
        case(2, 0, 1, 0.95),
        case(3, 1, 0, 0.80),
        case(4, 0, 0, 0.99),
        case(5, 2, 2, 0.60),
        case(10, 3, 3, 0.90),
    ]
}

fn evaluation(model: &str, mut cases: Vec<Case>) -> Arc<Evaluation> {
    cases.sort_by(|a, b| natural(&a.path, &b.path));
    Arc::new(Evaluation {
        format_version: FORMAT_VERSION,
        program_version: String::new(),
        limits: String::new(),
        model: Model {
            name: model.into(),
            sha256: String::new(),
            device: "CPU".into(),
            learned_from: 9,
        },
        test_set: Tested {
            folder: "Testing".into(),
            sha256: None,
            scans: cases.len(),
            folders_left_out: vec![],
            persons_known: 0,
            persons_sha256: None,
        },
        parts: Parts::of(&cases, &classes(), Bootstrap { draws: 5, seed: 1 }),
        classes: classes(),
        cases,
        unreadable: vec![],
    })
}

fn opened(words: Words) -> Arc<OpenedReview> {
    Arc::new(OpenedReview {
        home: "home".into(),
        root: "set/Testing".into(),
        training: Some("set/Training".into()),
        name: "set/Testing".into(),
        classes: classes(),
        scans: 6,
        left_out: vec![],
        words,
        history: Arc::default(),
    })
}

fn evaluate_request(requests: &[Request]) -> &Evaluate {
    let found = requests.iter().find_map(|request| match request {
        Request::Evaluate(evaluate) => Some(evaluate),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("nothing is to be evaluated: {requests:?}"))
}

fn folder() -> TestSource {
    TestSource::Folder("set".into())
}

/// A state with two checkpoints, in which a review was begun; and its request.
fn begun() -> (State, RequestId) {
    let mut state = State::default();
    list(&mut state, &["a", "b"]);
    let requests = state.apply(Command::Review(folder()));
    let id = evaluate_request(&requests).id;
    state.receive(Response::ReviewOpened { id, review: opened(Words::new()) });
    (state, id)
}

fn evaluated(id: RequestId, cases: Vec<Case>, complete: bool) -> Response {
    let result = Evaluated { evaluation: evaluation("a", cases), complete, stale: None };
    Response::Evaluated { id, result: Ok(result) }
}

/// A state whose review is done.
fn done() -> State {
    let (mut state, id) = begun();
    state.receive(evaluated(id, cases(), true));
    state
}

fn review(state: &State) -> &crate::state::Review {
    state.session.review.as_ref().expect("a review is open")
}

/// The numbers of the listed cases.
fn listed(state: &State) -> Vec<String> {
    let review = review(state);
    let number = |index: &usize| {
        let path = &review.cases()[*index].path;
        path.split(['(', ')']).nth(1).expect("a number").to_owned()
    };
    review.listed().iter().map(number).collect()
}

fn progress(done: usize) -> Progress {
    Progress { done, total: 6, asked: done, elapsed: Duration::from_secs(1) }
}

#[test]
fn cases_are_listed_and_counted_as_they_come() {
    let (mut state, id) = begun();
    assert_eq!(state.session.room, Room::Review);
    for (index, case) in cases().into_iter().enumerate() {
        let (cases, unreadable) = (vec![case], vec![]);
        let progress = progress(index + 1);
        state.receive(Response::Evaluating { id, cases, unreadable, progress });
    }
    assert_eq!(listed(&state), ["2", "3", "1"], "mistakes only, the most confident first");
    let so_far = review(&state).matrix().clone();
    assert_eq!(so_far.cell(0, 1).cases, 2);
    assert_eq!(so_far.accuracy(), Some(0.5));
    let requests = state.receive(evaluated(id, cases(), true));
    assert_eq!(listed(&state), ["2", "3", "1"], "the same list at the end");
    assert_eq!(*review(&state).matrix(), so_far);
    assert!(matches!(requests[..], [Request::Figures { .. }]));
    assert_eq!(review(&state).run, Run::Done);
}

#[test]
fn unreadable_scans_are_listed_with_the_reason() {
    let (mut state, id) = begun();
    let file = Unreadable {
        path: "glioma/x.jpg".into(),
        sha256: None,
        truth: 0,
        reason: "x.jpg: it is empty".into(),
    };
    let unreadable = vec![file.clone()];
    state.receive(Response::Evaluating { id, cases: vec![], unreadable, progress: progress(1) });
    assert_eq!(review(&state).unreadable, [file]);
}

#[test]
fn answers_to_an_older_request_are_dropped() {
    let (mut state, old) = begun();
    let requests = state.apply(Command::EvaluateAnew);
    let id = evaluate_request(&requests).id;
    assert!(matches!(requests[0], Request::StopEvaluating { up_to } if up_to >= old));
    state.receive(evaluated(old, cases(), true));
    assert!(review(&state).cases().is_empty());
    state.receive(Response::ReviewOpened { id, review: opened(Words::new()) });
    state.receive(evaluated(id, cases(), true));
    assert_eq!(review(&state).cases().len(), 6);
}

#[test]
fn the_list_follows_the_cell_the_filter_and_the_order() {
    let mut state = done();
    state.apply(Command::Select(Selection::Cell { truth: 0, predicted: 1 }));
    assert_eq!(listed(&state), ["2", "1"]);
    state.apply(Command::SetOrder(Order::LeastConfident));
    assert_eq!(listed(&state), ["1", "2"]);
    state.apply(Command::Select(Selection::Truth(0)));
    assert_eq!(listed(&state), ["1", "2", "4"]);
    state.apply(Command::Select(Selection::Predicted(0)));
    assert_eq!(listed(&state), ["3", "4"]);
    state.apply(Command::Select(Selection::All));
    state.apply(Command::SetOrder(Order::Name));
    assert_eq!(listed(&state), ["1", "2", "4", "3", "5", "10"], "by class, then by number");
    state.apply(Command::SetOrder(Order::LeastFamiliar));
    assert_eq!(listed(&state), ["10", "5", "4", "3", "2", "1"]);

    let filter = |change: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        change(&mut filter);
        Command::SetFilter(filter)
    };
    state.apply(filter(&|filter| filter.confidence = [0.7, 0.9]));
    assert_eq!(listed(&state), ["10", "3", "1"], "both ends belong to it");
    state.apply(filter(&|filter| filter.badge = Some(Badge::Unfamiliar)));
    assert_eq!(listed(&state), ["4"]);
    state.apply(filter(&|filter| filter.badge = Some(Badge::Twin)));
    assert_eq!(listed(&state), ["10", "4", "2"]);
    state.apply(filter(&|filter| filter.text = " GLIOMA/image(1 ".into()));
    assert_eq!(listed(&state), ["1"]);
}

#[test]
fn scans_that_do_not_count_leave_matrix_list_and_figures() {
    let mut state = done();
    let without = Without { twins: true, ..Without::default() };
    let requests = state.apply(Command::SetWithout(without));
    let [Request::Figures { id, ref evaluation, without: asked }] = requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!(asked, without);
    assert_eq!(review(&state).matrix().all().cases, 3);
    assert_eq!(listed(&state), ["3", "1"]);
    let counted: Vec<&Answer> =
        evaluation.cases.iter().filter(|case| without.counts(case)).map(|c| &c.answer).collect();
    let found = figures(&counted, &classes(), Bootstrap { draws: 5, seed: 1 });
    let (figures, curves) = (Arc::new(found), Arc::new(Curves::default()));
    state.receive(Response::Figures { id, figures, curves });
    let measured = review(&state).measured.ready().expect("figures");
    assert_eq!(measured.0.scans, 3);
    state.apply(Command::SetWithout(Without {
        twins: true,
        contradictions: true,
        ..Without::default()
    }));
    assert_eq!(listed(&state), ["1"]);
    assert!(review(&state).measured.is_pending(), "the old figures do not stand beside it");
}

#[test]
fn what_was_stopped_can_be_gone_on_with() {
    let (mut state, id) = begun();
    let requests = state.apply(Command::StopEvaluating);
    assert!(matches!(requests[..], [Request::StopEvaluating { up_to }] if up_to >= id));
    state.receive(evaluated(id, cases()[..2].to_vec(), false));
    assert_eq!(review(&state).run, Run::Stopped);
    assert_eq!(listed(&state), ["2", "1"]);
    let requests = state.apply(Command::GoOnEvaluating);
    assert_eq!(evaluate_request(&requests).mode, Mode::GoOn);
}

#[test]
fn stale_answers_say_so_and_a_missing_folder_asks_for_its_place() {
    let (mut state, id) = begun();
    let stale = Some("3 of 6 files have changed since".to_owned());
    let result = Evaluated { evaluation: evaluation("a", cases()), complete: true, stale };
    state.receive(Response::Evaluated { id, result: Ok(result) });
    let said = review(&state).evaluated.as_ref().and_then(|found| found.stale.clone());
    assert_eq!(said.as_deref(), Some("3 of 6 files have changed since"));

    let requests = state.apply(Command::GoOnEvaluating);
    let id = evaluate_request(&requests).id;
    let failed = EvaluateFailed { message: "set: it is gone".into(), missing: true };
    state.receive(Response::Evaluated { id, result: Err(failed) });
    assert!(matches!(review(&state).run, Run::Failed { missing: true, .. }));
    let requests = state.apply(Command::ReviewMoved("elsewhere".into()));
    let asked = evaluate_request(&requests);
    assert_eq!(asked.source, TestSource::Folder("elsewhere".into()));
    assert_eq!(asked.moved_from, Some("set".into()));
}

#[test]
fn words_are_kept_counted_and_taken_back() {
    let mut state = done();
    state.apply(Command::ChooseCase("glioma/image(2).jpg".into()));
    let requests = state.apply(Command::Dispute);
    let [Request::KeepWord { ref key, ref word, .. }] = requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!((key.as_str(), word.verdict), ("sha2 glioma", Some(Verdict::LabelWrong)));
    for text in ["d", "du", "dural"] {
        state.apply(Command::Comment(text.into()));
    }
    let cell = review(&state).matrix().cell(0, 1);
    assert_eq!((cell.reviewed, cell.disputed), (1, 1));
    let word = |state: &State| review(state).words.get("sha2 glioma").cloned().unwrap_or_default();
    assert_eq!(word(&state).comment, "dural");

    state.apply(Command::Undo);
    assert_eq!(word(&state).comment, "", "the comment goes as a whole");
    assert_eq!(word(&state).verdict, Some(Verdict::LabelWrong));
    let requests = state.apply(Command::Undo);
    assert!(matches!(&requests[..], [Request::KeepWord { word, .. }] if word.is_empty()));
    assert_eq!(review(&state).matrix().all().reviewed, 0);
    assert!(state.apply(Command::Undo).is_empty());
    state.apply(Command::Agree);
    state.apply(Command::Agree);
    assert!(word(&state).is_empty(), "said twice is taken back");
}

#[test]
fn words_of_another_window_come_in_with_the_newest_answer() {
    let mut state = done();
    state.apply(Command::ChooseCase("glioma/image(1).jpg".into()));
    let first = state.apply(Command::Agree);
    let second = state.apply(Command::Unsure);
    let id = |requests: &[Request]| match requests {
        [Request::KeepWord { id, .. }] => *id,
        other => panic!("{other:?}"),
    };
    let word = |verdict| Word { verdict: Some(verdict), comment: String::new() };
    let key = |scan: &str| Words::key(scan, if scan == "sha3" { "meningioma" } else { "glioma" });
    let old = [(key("sha1"), word(Verdict::Agree))].into_iter().collect();
    state.receive(Response::WordKept { id: id(&first), result: Ok(old) });
    let said = |state: &State, scan: &str| {
        review(state).words.get(&key(scan)).and_then(|word| word.verdict)
    };
    assert_eq!(said(&state, "sha1"), Some(Verdict::Unsure), "not put back to what was");
    let new = [(key("sha1"), word(Verdict::Unsure)), (key("sha3"), word(Verdict::LabelWrong))];
    let new = new.into_iter().collect();
    state.receive(Response::WordKept { id: id(&second), result: Ok(new) });
    assert_eq!(said(&state, "sha3"), Some(Verdict::LabelWrong));
    assert_eq!(review(&state).matrix().all().reviewed, 2);
}

/// Opens the scan that requests ask for.
fn read(state: &mut State, requests: &[Request]) -> String {
    let open = requests.iter().find_map(|request| match request {
        Request::Open { id, paths } => Some((*id, paths[0].display().to_string())),
        _ => None,
    });
    let (id, path) = open.unwrap_or_else(|| panic!("nothing is opened: {requests:?}"));
    let asked = state.receive(Response::Opened { id, result: Ok(Found::Whole(series(&path, 1))) });
    state.receive(Response::OpenDone { id });
    if let Some(Request::Classify(classify)) = asked.first() {
        state.receive(Response::Predicted { id: classify.id, prediction: prediction(1) });
    }
    path
}

#[test]
fn a_case_is_read_and_the_next_mistake_takes_its_place() {
    let mut state = done();
    let requests = state.apply(Command::OpenCase("glioma/image(2).jpg".into()));
    assert!(requests.iter().any(|request| matches!(request, Request::FindCopies { .. })));
    assert_eq!(read(&mut state, &requests), "set/Testing/glioma/image(2).jpg");
    assert_eq!(state.session.room, Room::Reading);
    let at_hand = |state: &State| state.session.case_at_hand().map(|case| case.path.clone());
    assert_eq!(at_hand(&state).as_deref(), Some("glioma/image(2).jpg"));
    assert!(state.settings.recent.is_empty(), "cases are no recent files");

    let requests = state.apply(Command::NextMistake);
    read(&mut state, &requests);
    assert_eq!(at_hand(&state).as_deref(), Some("meningioma/image(3).jpg"));
    assert_eq!(state.session.series.len(), 1, "it took the place of the one before");
    assert!(
        state.apply(Command::PreviousMistake).iter().any(|r| matches!(r, Request::Open { .. }))
    );

    state.apply(Command::Cancel);
    assert_eq!(state.session.room, Room::Reading, "Esc gives the opening up first");
    let requests = state.apply(Command::OpenCase("meningioma/image(3).jpg".into()));
    assert!(!requests.iter().any(|request| matches!(request, Request::Open { .. })));
    state.apply(Command::Cancel);
    assert_eq!(state.session.room, Room::Review, "back to the list");
    assert_eq!(review(&state).chosen_row(), Some(1), "and to the row");
}

#[test]
fn the_maps_of_the_true_class_are_one_key_apart() {
    let mut state = done();
    let requests = state.apply(Command::OpenCase("glioma/image(2).jpg".into()));
    read(&mut state, &requests);
    let requests = state.apply(Command::ExplainTruth);
    assert!(matches!(&requests[..], [Request::Classify(job)] if job.class == Some(0)));
    assert_eq!(state.session.explained_class(), Some(0));
    state.apply(Command::ExplainTruth);
    assert_eq!(state.session.explained_class(), Some(1), "the predicted one again");
}

#[test]
fn another_scan_is_no_case() {
    let mut state = done();
    let requests = state.apply(Command::OpenCase("glioma/image(2).jpg".into()));
    read(&mut state, &requests);
    let requests = state.apply(Command::Open(vec!["mine.dcm".into()]));
    read(&mut state, &requests);
    assert!(state.session.case_at_hand().is_none());
    assert!(state.apply(Command::Dispute).is_empty(), "no label is disputed by accident");
    assert!(state.apply(Command::ExplainTruth).is_empty());
}

#[test]
fn the_review_stands_where_it_stood_after_a_restart() {
    let mut state = done();
    let cell = Selection::Cell { truth: 0, predicted: 1 };
    state.apply(Command::Select(cell));
    state.apply(Command::SetOrder(Order::LeastConfident));
    let requests = state.apply(Command::OpenCase("glioma/image(1).jpg".into()));
    read(&mut state, &requests);
    let kept = serde_json::to_vec(&state.settings).expect("written");
    let settings = serde_json::from_slice(&kept).expect("read");

    let mut state = State::new(settings, None, None);
    let requests = list(&mut state, &["a", "b"]);
    let asked = evaluate_request(&requests).clone();
    assert_eq!((asked.mode, &asked.source), (Mode::Recall, &folder()));
    state.receive(Response::ReviewOpened { id: asked.id, review: opened(Words::new()) });
    state.receive(evaluated(asked.id, cases(), true));
    assert_eq!(state.session.room, Room::Review);
    assert_eq!(review(&state).selection, cell);
    assert_eq!(listed(&state), ["1", "2"]);
    assert_eq!(review(&state).chosen_row(), Some(0));
}

#[test]
fn another_model_brings_back_its_own_answers() {
    let mut state = done();
    let requests = state.apply(Command::SelectModel("b.safetensors".into()));
    let asked = evaluate_request(&requests).clone();
    assert_eq!((asked.mode, asked.checkpoint), (Mode::Recall, "b.safetensors".into()));
    let why = "efficientnet_lite0 has not been asked yet".to_owned();
    let failed = EvaluateFailed { message: why.clone(), missing: false };
    state.receive(Response::Evaluated { id: asked.id, result: Err(failed) });
    assert_eq!(review(&state).run, Run::NotBegun(why));
}

#[test]
fn two_models_are_compared_and_the_scan_is_shown_under_both() {
    let mut state = done();
    let requests = state.apply(Command::CompareWith(Some("b.safetensors".into())));
    let id = evaluate_request(&requests).id;
    let mut second = cases();
    second[0].answer.predicted = 0;
    let result = Evaluated { evaluation: evaluation("b", second), complete: true, stale: None };
    state.receive(Response::Evaluated { id, result: Ok(result) });
    let other = review(&state).other.as_ref().expect("a second model");
    let comparison = other.comparison.as_ref().expect("both are done");
    assert_eq!(comparison.all.only_second_right, 1);
    assert_eq!(other.matrix().cell(0, 1).cases, 1);
    state.apply(Command::Select(Selection::Disagreements));
    assert_eq!(listed(&state), ["1"]);

    let requests = state.apply(Command::OpenCase("glioma/image(1).jpg".into()));
    read(&mut state, &requests);
    let requests = state.apply(Command::OtherModel);
    assert!(matches!(&requests[..], [Request::Classify(job)]
        if job.checkpoint.to_str() == Some("b.safetensors")));
    assert_eq!(review(&state).cases().len(), 6, "the review stays");
    state.apply(Command::OtherModel);
    assert_eq!(state.session.model, Some("a.safetensors".into()));
    state.apply(Command::CompareWith(None));
    assert!(listed(&state).is_empty());
}

#[test]
fn pictures_are_asked_for_once_and_forgotten_when_there_are_many() {
    let mut state = done();
    let one = vec!["glioma/image(1).jpg".to_owned()];
    assert_eq!(state.apply(Command::LookAt(one.clone())).len(), 1);
    assert!(state.apply(Command::LookAt(one)).is_empty());
    let path: PathBuf = "set/Testing/glioma/image(1).jpg".into();
    let picture = Some(Arc::new(Thumbnail { width: 1, height: 1, greys: vec![7] }));
    state.receive(Response::Thumbnail { path: path.clone(), picture });
    assert!(review(&state).thumbnails.get(&path).flatten().is_some());
    state.apply(Command::LookAt((0..2000).map(|i| format!("glioma/{i}.jpg")).collect()));
    assert!(review(&state).thumbnails.get(&path).is_none());
}

#[test]
fn an_export_holds_what_is_on_the_screen() {
    let mut state = done();
    state.apply(Command::Select(Selection::Cell { truth: 0, predicted: 1 }));
    let requests = state.apply(Command::Export(ExportKind::Html, "report.html".into()));
    let [Request::Export(export)] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!(export.cases, ["glioma/image(2).jpg", "glioma/image(1).jpg"]);
    assert_eq!(export.to, PathBuf::from("report.html"));
    state.apply(Command::CloseReview);
    assert!(state.apply(Command::Export(ExportKind::Csv, "a.csv".into())).is_empty());
    assert!(state.settings.review.is_none(), "a closed review does not come back");
}
