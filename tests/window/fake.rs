//! Workers that answer at once, on the window's own thread, with a made-up network of 49 layers.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mrimaster::app::Workers;
use mrimaster::imaging::{About, Depth, Found, Series, Slice, TagLine, Tags};
use mrimaster::measure::Kept;
use mrimaster::model::card::{
    Architecture, Card, FORMAT_VERSION, Fit, Input, Interpolation, Levels,
};
use mrimaster::model::prediction::{
    CheckpointInfo, ClassScore, Evidence, InputRegion, LayerInfo, Prediction, SaliencyMap, TapPoint,
};
use mrimaster::reliability::ood::{OodCard, OodScore, Reason};
use mrimaster::reliability::{
    Headline, MeasuredSets, PredictionSets, Reliability, ReliabilityTable, TableAnswer,
    TemperatureModel,
};
use mrimaster::review::word::Words;
use mrimaster::worker::job::{Classify, Copies, Pixels, Request, Response, ScanCopy, Thumbnail};

#[path = "review.rs"]
pub mod review;

/// The classes of the made-up network.
pub const CLASSES: [&str; 4] = ["glioma", "meningioma", "no tumour", "pituitary"];
/// Its probabilities, whatever it is shown.
pub const PROBABILITIES: [f32; 4] = [0.81, 0.14, 0.02, 0.03];

/// What was asked so far, for tests to look at.
pub type Asked = Rc<RefCell<Vec<Request>>>;

/// What is answered next; tests may put answers of their own at its end.
pub type Answers = Rc<RefCell<VecDeque<Response>>>;

/// Opens a file for the fake.
pub type Opener = Box<dyn Fn(&Path) -> Result<Series, String>>;

/// Answers from closures.
pub struct Fake {
    pub answers: Answers,
    asked: Asked,
    open: Opener,
    words: RefCell<Words>,
    measured: RefCell<BTreeMap<String, Kept>>,
}

impl Fake {
    /// Workers that open files with `open`.
    pub fn new(open: impl Fn(&Path) -> Result<Series, String> + 'static) -> (Box<Self>, Asked) {
        let asked = Asked::default();
        let fake = Self {
            answers: Answers::default(),
            asked: asked.clone(),
            open: Box::new(open),
            words: RefCell::default(),
            measured: RefCell::default(),
        };
        (Box::new(fake), asked)
    }
}

impl Workers for Fake {
    fn send(&self, request: Request) {
        self.asked.borrow_mut().push(request.clone());
        let mut answers = self.answers.borrow_mut();
        match request {
            Request::Open { id, paths } => {
                for path in paths {
                    let result = (self.open)(&path).map(|series| Found::Whole(Arc::new(series)));
                    answers.push_back(Response::Opened { id, result });
                }
                answers.push_back(Response::OpenDone { id });
            }
            Request::OpenDemo { id } => {
                let series = Series { synthetic: true, ..rings("demo.nii", 24) };
                let result = Ok(Found::Whole(Arc::new(series)));
                answers.push_back(Response::Opened { id, result });
                answers.push_back(Response::OpenDone { id });
            }
            Request::StopOpening { .. } | Request::ReadSlices { .. } => {}
            Request::ListCheckpoints { id, .. } => answers.push_back(Response::Checkpoints {
                id,
                found: vec![checkpoint("efficientnet_b0"), checkpoint("small_cnn")],
                refused: vec![],
            }),
            Request::Classify(asked) => {
                let prediction = Arc::new(prediction(&asked));
                answers.push_back(Response::Predicted { id: asked.id, prediction });
                let evidence = Arc::new(evidence(&asked));
                answers.push_back(Response::Explained { id: asked.id, evidence });
            }
            Request::ClassifySeries(asked) => {
                for (scan, pixels) in asked.slices {
                    let Pixels::Here(slice) = pixels else { continue };
                    let classify = Classify {
                        id: asked.id,
                        scan,
                        slice,
                        checkpoint: asked.checkpoint.clone(),
                        device: asked.device,
                        class: None,
                        tap: TapPoint::Conv,
                    };
                    let result = Ok(Arc::new(prediction(&classify)));
                    answers.push_back(Response::OfSeries { id: asked.id, scan, result });
                }
            }
            Request::Evaluate(evaluate) => answers.extend(review::answers(&evaluate)),
            Request::StopEvaluating { .. } => {}
            Request::Figures { id, evaluation, without } => {
                answers.push_back(review::figures_of(id, &evaluation, without));
            }
            Request::KeepWord { id, key, word, .. } => {
                let mut words = self.words.borrow_mut();
                words.insert(key, word);
                answers.push_back(Response::WordKept { id, result: Ok(words.clone()) });
            }
            Request::RecallMeasurements { id, homes } => {
                let kept = self.measured.borrow();
                let recalled = homes.into_iter().filter_map(|home| {
                    let found = kept.get(&home)?.clone();
                    Some((home, found))
                });
                let recalled = recalled.collect();
                answers.push_back(Response::MeasurementsRecalled { id, recalled });
            }
            Request::KeepMeasurements { id, home, change } => {
                let mut measured = self.measured.borrow_mut();
                let kept = measured.entry(home.clone()).or_default();
                kept.apply(&change);
                let result = Ok(kept.clone());
                answers.push_back(Response::MeasurementsKept { id, home, result });
            }
            Request::ExportMeasurements { id, to, .. } => {
                answers.push_back(Response::Exported { id, result: Ok(to) });
            }
            Request::Thumbnail { path } => {
                let picture = Thumbnail { width: 8, height: 8, greys: vec![90; 64] };
                answers.push_back(Response::Thumbnail { path, picture: Some(Arc::new(picture)) });
            }
            Request::FindCopies { id, .. } => {
                let copy = ScanCopy {
                    path: "/set/Training/glioma/copy.png".into(),
                    class: "glioma".into(),
                };
                answers.push_back(Response::Copies { id, copies: vec![copy] });
            }
            Request::ReadTags { id, .. } => {
                answers.push_back(Response::Tags { id, result: Ok(Arc::new(tags())) });
            }
            Request::Deidentify(task) => {
                let (id, written) = (task.id, task.sources.len());
                answers.push_back(Response::Deidentifying { id, done: 0, total: written });
                let folder = task.within.join("deidentified");
                let copies = Copies { folder, written, refused: vec![], stopped: false };
                answers.push_back(Response::Deidentified { id, result: Ok(copies) });
            }
            Request::StopDeidentifying { .. } => {}
            Request::Export(export) => {
                answers.push_back(Response::Exported { id: export.id, result: Ok(export.to) });
            }
        }
    }

    fn try_recv(&self) -> Option<Response> {
        self.answers.borrow_mut().pop_front()
    }
}

/// A header of a few thousand lines, with a sequence.
fn tags() -> Tags {
    let line = |depth, tag: &str, name: &str, vr: &str, value: &str| TagLine {
        depth,
        tag: tag.into(),
        name: name.into(),
        vr: vr.into(),
        value: value.into(),
    };
    let mut lines = vec![
        line(0, "(0008,0060)", "Modality", "CS", "MR"),
        line(0, "(0008,1140)", "Referenced Image Sequence", "SQ", "1 item"),
        line(1, "item 1", "", "", ""),
        line(2, "(0008,1155)", "Referenced SOP Instance UID", "UI", "1.2.3.4"),
        line(0, "(0010,0010)", "Patient Name", "PN", "Made^Up"),
    ];
    lines.extend((0..5000).map(|number| {
        let tag = format!("(0019,{:04X})", 0x1000 + number);
        line(0, &tag, "Private, ACME 1.0", "DS", &format!("{number}.5"))
    }));
    Tags { lines, cut: false }
}

/// Workers whose answers pass through a closure, which may keep or change them.
pub struct Through<F>(pub Box<Fake>, pub F);

impl<F: Fn(Response) -> Option<Response>> Workers for Through<F> {
    fn send(&self, request: Request) {
        self.0.send(request);
    }

    fn try_recv(&self) -> Option<Response> {
        std::iter::from_fn(|| self.0.try_recv()).find_map(&self.1)
    }
}

/// The calibrated probabilities of [`measured`].
pub const CALIBRATED: [f32; 4] = [0.62, 0.27, 0.05, 0.06];

/// The reliability of the fixtures' network: its answers at a confidence like that of [`CALIBRATED`]
/// were correct in 41 of 43 test scans, and its sets held the truth in 91 %.
pub fn reliability() -> Reliability {
    let answer = |i: usize| TableAnswer {
        scan: format!("{i:032x}"),
        predicted: i % 4,
        confidence: CALIBRATED[0],
        correct: i > 1,
    };
    let measured =
        MeasuredSets { on: "test scans".into(), scans: 394, coverage: 0.911, mean_size: 1.6 };
    Reliability {
        temperature: TemperatureModel { base: 1.2, slope: 0.8 },
        headline: Headline::Calibrated,
        sets: PredictionSets {
            coverage: 0.9,
            edges: vec![1.0],
            thresholds: vec![vec![0.75; 4], vec![0.9; 4]],
            measured: vec![measured],
        },
        fitted_on: "484 validation scans and 2904 shifted copies of them".into(),
        calibration_error: [("validation".into(), 0.03)].into(),
        table: Some(ReliabilityTable {
            measured_on: "test scans".into(),
            answers: (0..43).map(answer).collect(),
        }),
        ood: OodCard {
            method: "a fixture".into(),
            out_of_distribution: [("test scans".into(), 0.2)].into(),
            kinds: Vec::new(),
        },
    }
}

/// The same answer from a network whose reliability is known, to a scan that is out of distribution
/// because it is turned, or to one that is not.
pub fn measured(response: Response, unfamiliar: bool) -> Response {
    match response {
        Response::Checkpoints { id, mut found, refused } => {
            for checkpoint in &mut found {
                let mut card = checkpoint.card.as_ref().clone();
                card.reliability = Some(reliability());
                *checkpoint = CheckpointInfo::new(checkpoint.path.clone(), card, None);
            }
            Response::Checkpoints { id, found, refused }
        }
        Response::Predicted { id, mut prediction } => {
            let known = Arc::make_mut(&mut prediction);
            for (class, calibrated) in known.classes.iter_mut().zip(CALIBRATED) {
                class.calibrated = Some(calibrated);
            }
            known.prediction_set = Some(vec![0, 1]);
            known.temperature = Some(1.3);
            known.ood = Some(match unfamiliar {
                true => OodScore { score: 2.6, reason: Some(Reason::Turned) },
                false => OodScore { score: 0.4, reason: None },
            });
            Response::Predicted { id, prediction }
        }
        other => other,
    }
}

/// Slices of bright rings, 64×64, stored in 16 bits.
pub fn rings(path: &str, slices: usize) -> Series {
    let slice = |index: usize| {
        let value = |i: usize| {
            let (x, y) = ((i % 64) as f32 - 31.5, (i / 64) as f32 - 31.5);
            let radius = x.hypot(y) * (1.0 + index as f32 * 0.02);
            if radius > 28.0 { 0.0 } else { (600.0 + 400.0 * (radius * 0.6).sin()).round() }
        };
        Arc::new(Slice::new(64, 64, (0..64 * 64).map(value).collect(), Depth::Wide))
    };
    Series {
        path: path.into(),
        format: "NIfTI-1".into(),
        description: None,
        about: About::default(),
        synthetic: false,
        slices: (0..slices).map(slice).collect(),
        notes: vec![],
    }
}

/// Names, stages, sides and channels of the made-up network: 49 layers in 7 stages.
pub fn layers() -> Vec<(LayerInfo, usize, usize)> {
    let stages = [
        (3, 112, 24),
        (6, 56, 40),
        (8, 28, 80),
        (10, 14, 112),
        (10, 14, 192),
        (8, 7, 320),
        (4, 7, 1280),
    ];
    let mut layers = Vec::new();
    for (stage, (count, side, channels)) in stages.into_iter().enumerate() {
        for block in 0..count {
            let name = format!("features.{stage}.{}.block.{}.0", block / 3, block % 3);
            layers.push((LayerInfo { name, stage: stage + 1 }, side, channels));
        }
    }
    layers
}

fn checkpoint(name: &str) -> CheckpointInfo {
    let card = Card {
        format_version: FORMAT_VERSION,
        architecture: Architecture::EfficientnetB0,
        classes: CLASSES.map(String::from).to_vec(),
        input: Input {
            size: 224,
            channels: 3,
            range: [0.0, 1.0],
            mean: vec![0.5; 3],
            std: vec![0.5; 3],
            interpolation: Interpolation::Bilinear,
            fit: Fit::Stretch,
            levels: Levels::Stored,
        },
        taps: layers().into_iter().map(|(layer, ..)| layer.name).collect(),
        training_data: "nothing: it is made up".into(),
        protocol: String::new(),
        metrics: BTreeMap::new(),
        limits: "for tests only".into(),
        sha256: "00".into(),
        calibration: None,
        reliability: None,
        familiarity: None,
        scans: None,
        learned_from: Vec::new(),
        left_out: Vec::new(),
        persons: None,
        command_line: String::new(),
    };
    CheckpointInfo::new(format!("weights/{name}.safetensors").into(), card, None)
}

fn prediction(asked: &Classify) -> Prediction {
    let model = asked.checkpoint.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let classes = CLASSES.iter().zip(PROBABILITIES);
    let classes = classes
        .map(|(name, probability)| ClassScore {
            name: (*name).into(),
            logit: probability.ln(),
            probability,
            calibrated: None,
        })
        .collect();
    Prediction {
        model,
        checkpoint_sha256: "00".into(),
        device: "CPU".into(),
        classes,
        predicted: 0,
        prediction_set: None,
        ood: None,
        temperature: None,
        scan: None,
        elapsed: Duration::from_millis(84),
    }
}

fn evidence(asked: &Classify) -> Evidence {
    let class = asked.class.unwrap_or(0);
    let make = |(index, (layer, side, channels)): (usize, (LayerInfo, usize, usize))| {
        let (cx, cy) = (0.38 + 0.08 * class as f32, 0.4 + 0.003 * index as f32);
        // Every eighth layer has nothing to say.
        let strength = if index % 8 == 5 { 0.0 } else { 0.004 * 1.09f32.powi(index as i32) };
        let value = |i: usize| {
            let (x, y) = ((i % side) as f32 + 0.5, (i / side) as f32 + 0.5);
            let (x, y) = (x / side as f32, y / side as f32);
            let blob = (-((x - cx).powi(2) + (y - cy).powi(2)) * 28.0).exp();
            let grain =
                ((x * 90.0).sin() * (y * 70.0).cos()).max(0.0) * 0.35 * (49 - index) as f32 / 49.0;
            strength * (blob + grain - 0.1).max(0.0)
        };
        let values: Vec<f32> = (0..side * side).map(value).collect();
        let raw_max = values.iter().copied().fold(0.0, f32::max);
        SaliencyMap { layer, channels, height: side, width: side, values, raw_max }
    };
    let maps: Vec<SaliencyMap> = layers().into_iter().enumerate().map(make).collect();
    let shared_max = maps.iter().map(|map| map.raw_max).fold(0.0, f32::max);
    let region = InputRegion {
        x: 0.0,
        y: 0.0,
        width: asked.slice.width as f32,
        height: asked.slice.height as f32,
    };
    Evidence {
        class,
        tap: asked.tap,
        region,
        input_size: 224,
        maps,
        shared_max,
        elapsed: Duration::from_millis(70),
    }
}
