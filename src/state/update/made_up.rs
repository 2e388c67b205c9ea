//! Series, models and answers that tests make up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::imaging::{About, Depth, Found, Series, Slice};
use crate::model::card::{Architecture, Card, FORMAT_VERSION, Fit, Input, Interpolation, Levels};
use crate::model::prediction::{
    CheckpointInfo, ClassScore, Evidence, InputRegion, LayerInfo, Prediction, SaliencyMap, TapPoint,
};
use crate::worker::job::Classify;

pub(super) fn series(name: &str, slices: usize) -> Arc<Series> {
    let slice = |i: usize| {
        let stored = (0..16).map(|v| (v * (i + 1)) as f32).collect();
        Arc::new(Slice::new(4, 4, stored, Depth::EightBit))
    };
    Arc::new(Series {
        path: name.into(),
        format: "PNG".into(),
        description: None,
        about: About::default(),
        synthetic: false,
        slices: (0..slices).map(slice).collect(),
        notes: vec![],
    })
}

pub(super) fn checkpoint(name: &str, taps: &[&str]) -> CheckpointInfo {
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
            levels: Levels::Stored,
        },
        taps: taps.iter().map(|tap| (*tap).to_owned()).collect(),
        training_data: String::new(),
        protocol: String::new(),
        metrics: BTreeMap::new(),
        limits: String::new(),
        sha256: String::new(),
        calibration: None,
        reliability: None,
        familiarity: None,
        scans: None,
        learned_from: Vec::new(),
        left_out: Vec::new(),
        persons: None,
        command_line: String::new(),
    };
    CheckpointInfo::new(format!("{name}.safetensors").into(), card, None)
}

/// What was listed for a state: checkpoints of these names, of one layer each.
pub(super) fn list(state: &mut State, names: &[&str]) -> Vec<Request> {
    let requests = state.list_checkpoints();
    let [Request::ListCheckpoints { id, .. }] = requests[..] else { panic!("{requests:?}") };
    let found = names.iter().map(|name| checkpoint(name, &["a"])).collect();
    state.receive(Response::Checkpoints { id, found, refused: vec![] })
}

pub(super) fn prediction(predicted: usize) -> Arc<Prediction> {
    let classes = ["glioma", "meningioma", "no tumour", "pituitary"]
        .map(|name| ClassScore {
            name: name.into(),
            logit: 0.0,
            probability: 0.25,
            calibrated: None,
        })
        .to_vec();
    Arc::new(Prediction {
        model: "a".into(),
        checkpoint_sha256: String::new(),
        device: "CPU".into(),
        classes,
        predicted,
        prediction_set: None,
        ood: None,
        temperature: None,
        scan: None,
        elapsed: Duration::from_millis(1),
    })
}

pub(super) fn evidence(class: usize, tap: TapPoint) -> Arc<Evidence> {
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

pub(super) fn open_id(requests: &[Request]) -> RequestId {
    match requests {
        [Request::Open { id, .. } | Request::OpenDemo { id }] => *id,
        other => panic!("expected one request to open, got {other:?}"),
    }
}

/// Without what every opened series asks for: its measurements.
pub(super) fn beside_measurements(requests: Vec<Request>) -> Vec<Request> {
    let other = |request: &Request| !matches!(request, Request::RecallMeasurements { .. });
    requests.into_iter().filter(other).collect()
}

/// The one request to classify the slice that is shown; others may come with it.
pub(super) fn classify(requests: Vec<Request>) -> Classify {
    let of_slice = |request: &Request| matches!(request, Request::Classify(_));
    assert_eq!(requests.iter().filter(|r| of_slice(r)).count(), 1, "{requests:?}");
    match requests.into_iter().find(of_slice) {
        Some(Request::Classify(classify)) => classify,
        other => panic!("expected one request to classify, got {other:?}"),
    }
}

/// A state with models a (layers a, b, c) and z, and nothing open.
pub(super) fn with_models() -> State {
    let mut state = State::default();
    let requests = state.list_checkpoints();
    let [Request::ListCheckpoints { id, .. }] = requests[..] else { panic!("{requests:?}") };
    let found = vec![checkpoint("a", &["a", "b", "c"]), checkpoint("z", &["y", "z"])];
    assert!(state.receive(Response::Checkpoints { id, found, refused: vec![] }).is_empty());
    state
}

pub(super) fn open(state: &mut State, series: Arc<Series>) -> Vec<Request> {
    let id = open_id(&state.apply(Command::Open(vec![series.path.clone()])));
    let requests = state.receive(Response::Opened { id, result: Ok(Found::Whole(series)) });
    state.receive(Response::OpenDone { id });
    nothing_measured(state, &requests);
    requests
}

/// Answers that nothing was measured on what was opened.
pub(super) fn nothing_measured(state: &mut State, requests: &[Request]) {
    for request in requests {
        if let Request::RecallMeasurements { id, .. } = *request {
            state.receive(Response::MeasurementsRecalled { id, recalled: vec![] });
        }
    }
}

pub(super) fn answer(state: &mut State, asked: &Classify, predicted: usize) {
    let class = asked.class.unwrap_or(predicted);
    state.receive(Response::Predicted { id: asked.id, prediction: prediction(predicted) });
    state.receive(Response::Explained { id: asked.id, evidence: evidence(class, asked.tap) });
}
