//! The window's behaviour, without a window.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::imaging::{Depth, Slice};
use crate::model::card::{Architecture, Card, FORMAT_VERSION, Fit, Input, Interpolation};
use crate::model::prediction::{
    ClassScore, DeviceChoice, Evidence, InputRegion, LayerInfo, Prediction, SaliencyMap, TapPoint,
};

fn series(name: &str, slices: usize) -> Arc<Series> {
    let slice = |i: usize| {
        let stored = (0..16).map(|v| (v * (i + 1)) as f32).collect();
        Arc::new(Slice::new(4, 4, stored, Depth::EightBit))
    };
    Arc::new(Series {
        path: name.into(),
        format: "PNG".into(),
        description: None,
        synthetic: false,
        slices: (0..slices).map(slice).collect(),
        notes: vec![],
    })
}

fn checkpoint(name: &str, taps: &[&str]) -> CheckpointInfo {
    let card = Card {
        format_version: FORMAT_VERSION,
        architecture: Architecture::SmallCnn,
        classes: ["glioma", "meningioma", "no tumour", "pituitary"].map(String::from).to_vec(),
        input: Input {
            size: 8,
            channels: 1,
            range: [0.0, 1.0],
            mean: vec![0.5],
            std: vec![0.5],
            interpolation: Interpolation::Bilinear,
            fit: Fit::Pad,
        },
        taps: taps.iter().map(|tap| (*tap).to_owned()).collect(),
        training_data: String::new(),
        protocol: String::new(),
        metrics: BTreeMap::new(),
        limits: String::new(),
        sha256: String::new(),
    };
    CheckpointInfo { path: format!("{name}.safetensors").into(), card: Arc::new(card) }
}

fn prediction(predicted: usize) -> Arc<Prediction> {
    let classes = ["glioma", "meningioma", "no tumour", "pituitary"]
        .map(|name| ClassScore { name: name.into(), logit: 0.0, probability: 0.25 })
        .to_vec();
    Arc::new(Prediction {
        model: "a".into(),
        checkpoint_sha256: String::new(),
        device: "CPU".into(),
        classes,
        predicted,
        elapsed: Duration::from_millis(1),
    })
}

fn evidence(class: usize, tap: TapPoint) -> Arc<Evidence> {
    let map = SaliencyMap {
        layer: LayerInfo { name: "b".into(), stage: 1 },
        channels: 1,
        height: 1,
        width: 1,
        values: vec![1.0],
        raw_max: 1.0,
    };
    Arc::new(Evidence {
        class,
        tap,
        region: InputRegion { x: 0.0, y: 0.0, width: 4.0, height: 4.0 },
        input_size: 8,
        maps: vec![map],
        shared_max: 1.0,
        elapsed: Duration::ZERO,
    })
}

fn open_id(requests: &[Request]) -> RequestId {
    match requests {
        [Request::Open { id, .. } | Request::OpenDemo { id }] => *id,
        other => panic!("expected one request to open, got {other:?}"),
    }
}

fn classify(requests: Vec<Request>) -> Classify {
    match <[Request; 1]>::try_from(requests) {
        Ok([Request::Classify(classify)]) => classify,
        other => panic!("expected one request to classify, got {other:?}"),
    }
}

/// A state with models a (layers a, b, c) and z, and nothing open.
fn with_models() -> State {
    let mut state = State::default();
    let requests = state.list_checkpoints(vec![]);
    let [Request::ListCheckpoints { id, .. }] = requests[..] else { panic!("{requests:?}") };
    let found = vec![checkpoint("a", &["a", "b", "c"]), checkpoint("z", &["y", "z"])];
    assert!(state.receive(Response::Checkpoints { id, found, refused: vec![] }).is_empty());
    state
}

fn open(state: &mut State, series: Arc<Series>) -> Vec<Request> {
    let id = open_id(&state.apply(Command::Open(vec![series.path.clone()])));
    let requests = state.receive(Response::Opened { id, result: Ok(series) });
    state.receive(Response::OpenDone { id });
    requests
}

fn answer(state: &mut State, asked: &Classify, predicted: usize) {
    let class = asked.class.unwrap_or(predicted);
    state.receive(Response::Predicted { id: asked.id, prediction: prediction(predicted) });
    state.receive(Response::Explained { id: asked.id, evidence: evidence(class, asked.tap) });
}

#[test]
fn an_opened_scan_is_shown_and_classified() {
    let mut state = with_models();
    let asked = classify(open(&mut state, series("scan.png", 1)));
    assert_eq!(state.session.shown().unwrap().name(), "scan.png");
    assert_eq!((asked.class, asked.checkpoint.as_path()), (None, "a.safetensors".as_ref()));
    assert!(state.session.prediction.is_pending() && state.session.evidence.is_pending());
    state.receive(Response::Predicted { id: asked.id, prediction: prediction(2) });
    assert_eq!(state.session.explained_class(), Some(2));
    assert!(state.session.evidence.is_pending(), "maps come after the probabilities");
    state.receive(Response::Explained { id: asked.id, evidence: evidence(2, TapPoint::Conv) });
    assert!(state.session.is_settled());
}

#[test]
fn a_scan_opened_before_the_models_are_known_is_classified_when_they_are() {
    let mut state = State::default();
    let requests = state.list_checkpoints(vec![]);
    let [Request::ListCheckpoints { id, .. }] = requests[..] else { panic!("{requests:?}") };
    assert!(open(&mut state, series("scan.png", 1)).is_empty());
    let found = vec![checkpoint("a", &["a"])];
    classify(state.receive(Response::Checkpoints {
        id,
        found,
        refused: vec!["b is broken".into()],
    }));
    assert_eq!(state.notices.history()[0].message, "b is broken");
}

#[test]
fn a_failed_open_leaves_everything_as_it_was() {
    let mut state = with_models();
    let asked = classify(open(&mut state, series("good.png", 3)));
    answer(&mut state, &asked, 1);
    let before = (state.session.current, state.session.series.len(), state.session.layer.clone());
    let id = open_id(&state.apply(Command::Open(vec!["bad.dcm".into()])));
    let result = Err("bad.dcm: empty".to_owned());
    assert!(state.receive(Response::Opened { id, result }).is_empty());
    state.receive(Response::OpenDone { id });
    let after = (state.session.current, state.session.series.len(), state.session.layer.clone());
    assert_eq!(before, after);
    assert!(state.session.is_settled() && state.session.evidence.ready().is_some());
    assert_eq!(state.notices.toasts().next().unwrap().level, Level::Error);
}

#[test]
fn stale_answers_are_dropped() {
    let mut state = with_models();
    let old = classify(open(&mut state, series("scan.nii", 5)));
    let new = classify(state.apply(Command::NextSlice));
    answer(&mut state, &old, 0);
    assert!(state.session.prediction.is_pending(), "the old slice's answer was taken");
    state.receive(Response::ClassifyFailed { id: old.id, message: "old".into() });
    assert!(state.session.prediction.is_pending() && state.notices.history().is_empty());
    answer(&mut state, &new, 3);
    assert_eq!(state.session.explained_class(), Some(3));
    // Going back: the old answer was never kept, so it is asked for again.
    classify(state.apply(Command::PreviousSlice));
}

#[test]
fn going_back_to_a_class_or_a_slice_asks_nothing() {
    let mut state = with_models();
    let asked = classify(open(&mut state, series("scan.nii", 2)));
    answer(&mut state, &asked, 1);
    let asked = classify(state.apply(Command::ExplainClass(Some(0))));
    assert_eq!(asked.class, Some(0));
    assert!(state.session.prediction.ready().is_some(), "the probabilities stay");
    answer(&mut state, &asked, 1);
    assert!(state.apply(Command::ExplainClass(None)).is_empty());
    assert_eq!(state.session.evidence.ready().unwrap().class, 1);
    assert!(state.apply(Command::ExplainClass(Some(0))).is_empty());
    let asked = classify(state.apply(Command::PreviousSlice));
    answer(&mut state, &asked, 2);
    assert!(state.apply(Command::NextSlice).is_empty());
    assert_eq!(state.session.evidence.ready().unwrap().class, 0);
    classify(state.apply(Command::SetTap(TapPoint::Unit)));
    let asked = classify(state.apply(Command::SelectDevice(DeviceChoice::Cpu)));
    assert_eq!(asked.device, DeviceChoice::Cpu);
}

#[test]
fn slices_end_at_the_first_and_the_last() {
    let mut state = with_models();
    open(&mut state, series("scan.nii", 5));
    assert_eq!(state.session.shown().unwrap().slice, 2, "the middle comes first");
    state.apply(Command::LastSlice);
    assert!(state.apply(Command::NextSlice).is_empty());
    assert_eq!(state.session.shown().unwrap().slice, 4);
    state.apply(Command::FirstSlice);
    assert!(state.apply(Command::PreviousSlice).is_empty());
    assert_eq!(state.session.shown().unwrap().slice, 0);
}

#[test]
fn layers_follow_the_network_and_start_at_its_last() {
    let mut state = with_models();
    open(&mut state, series("scan.png", 1));
    assert_eq!(state.session.layer_name(), Some("c"));
    state.apply(Command::NextLayer);
    assert_eq!(state.session.layer_name(), Some("c"));
    state.apply(Command::ToggleOverlay);
    state.apply(Command::PreviousLayer);
    assert_eq!(state.session.layer_name(), Some("b"));
    assert!(state.settings.overlay.on, "who chooses a layer wants to see it");
    state.apply(Command::TogglePin);
    state.apply(Command::TogglePinOf("a".into()));
    state.apply(Command::TogglePinOf("nowhere".into()));
    assert_eq!(state.session.pins, ["b", "a"]);
    state.apply(Command::SelectModel("z.safetensors".into()));
    assert_eq!(state.session.layer_name(), Some("z"), "another network, its own last layer");
    assert!(state.session.pins.is_empty());
}

#[test]
fn a_classification_that_fails_says_why_in_place_and_as_a_notice() {
    let mut state = with_models();
    let asked = classify(open(&mut state, series("scan.png", 1)));
    state.receive(Response::ClassifyFailed { id: asked.id, message: "NaN".into() });
    assert_eq!(state.session.prediction, Load::Failed("NaN".into()));
    assert_eq!(state.notices.history().len(), 1);
    assert!(state.session.shown().is_some());
}

#[test]
fn closing_shows_the_neighbour_and_at_last_nothing() {
    let mut state = with_models();
    open(&mut state, series("1.png", 1));
    open(&mut state, series("2.png", 1));
    assert_eq!(state.session.shown().unwrap().name(), "2.png");
    state.apply(Command::CloseSeries);
    assert_eq!(state.session.shown().unwrap().name(), "1.png");
    assert!(state.apply(Command::CloseSeries).is_empty());
    assert!(state.session.shown().is_none() && state.session.is_settled());
    assert!(state.apply(Command::CloseSeries).is_empty());
}

#[test]
fn the_same_file_again_takes_its_own_place() {
    let mut state = with_models();
    open(&mut state, series("1.png", 1));
    open(&mut state, series("2.png", 1));
    classify(open(&mut state, series("1.png", 1)));
    let names: Vec<String> = state.session.series.iter().map(OpenSeries::name).collect();
    assert_eq!(names, ["1.png", "2.png"]);
    assert_eq!(state.session.shown().unwrap().name(), "1.png");
    assert_eq!(state.settings.recent.len(), 2);
}

#[test]
fn of_several_files_the_first_is_shown() {
    let mut state = with_models();
    open(&mut state, series("old.png", 1));
    let id = open_id(&state.apply(Command::Open(vec!["1.png".into(), "2.png".into()])));
    classify(state.receive(Response::Opened { id, result: Ok(series("1.png", 1)) }));
    assert!(state.receive(Response::Opened { id, result: Ok(series("2.png", 1)) }).is_empty());
    assert_eq!(state.session.shown().unwrap().name(), "1.png");
    assert_eq!(state.session.series.len(), 3);
}

#[test]
fn a_cancelled_open_changes_nothing_when_it_comes() {
    let mut state = with_models();
    let id = open_id(&state.apply(Command::OpenDemo));
    state.apply(Command::Cancel);
    assert!(state.receive(Response::Opened { id, result: Ok(series("late.png", 1)) }).is_empty());
    assert!(state.session.series.is_empty());
}

#[test]
fn window_and_view_belong_to_a_series() {
    let mut state = with_models();
    open(&mut state, series("1.png", 1));
    let window = Window { center: 3.0, width: 2.0 };
    state.apply(Command::SetWindow(window));
    state.apply(Command::Invert);
    open(&mut state, series("2.png", 1));
    assert_ne!(state.session.shown().unwrap().window, window);
    state.apply(Command::PreviousSeries);
    assert_eq!(state.session.shown().unwrap().window, window);
    assert!(state.session.shown().unwrap().invert);
    state.apply(Command::ResetView);
    assert!(!state.session.shown().unwrap().invert);
}

#[test]
fn a_dock_asked_for_comes_back_even_when_all_are_hidden() {
    let mut state = State::default();
    state.apply(Command::ToggleDocks);
    assert!(!state.settings.docks.shows(Dock::Layers));
    state.apply(Command::ToggleLayers);
    assert!(state.settings.docks.shows(Dock::Layers));
    state.apply(Command::ToggleLayers);
    assert!(!state.settings.docks.shows(Dock::Layers));
    assert!(state.settings.docks.shows(Dock::Series));
}

#[test]
fn a_sheet_closes_by_its_own_command_and_by_escape() {
    let mut state = State::default();
    state.apply(Command::ShowKeys);
    assert_eq!(state.session.sheet, Some(Sheet::Keys));
    state.apply(Command::ShowKeys);
    assert_eq!(state.session.sheet, None);
    state.apply(Command::ShowAbout);
    state.apply(Command::Cancel);
    assert_eq!(state.session.sheet, None);
}
