//! How long the frames of the window take while a test set is reviewed: scrolling through 100,000
//! cases, and during a real evaluation. `cargo bench --bench frames`; a number after `--` is how
//! many scans are evaluated.
//!
//! Everything but the graphics card's part is in a frame. What takes longer than 33 ms is a bug.

mod common;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Event, Modifiers, MouseWheelUnit, TouchPhase, pos2, vec2};
use mrimaster::app::{Start, Studio, Workers};
use mrimaster::dataset::phantom::write_study;
use mrimaster::evaluate::bootstrap::Bootstrap;
use mrimaster::evaluate::metrics::Answer;
use mrimaster::evaluate::parts::Parts;
use mrimaster::evaluate::report::{Case, Evaluation, FORMAT_VERSION, Model, Tested};
use mrimaster::model::checkpoint;
use mrimaster::model::prediction::CheckpointInfo;
use mrimaster::review::word::Words;
use mrimaster::state::Command;
use mrimaster::state::review::{Filter, Order, Selection};
use mrimaster::worker::job::{Evaluated, OpenedReview, Request, Response, TestSource, Thumbnail};

use common::Frames;

const SIZE: [u32; 2] = [1920, 1080];
const CASES: usize = 100_000;

fn main() {
    let scans = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(400);
    hundred_thousand_cases();
    evaluation(scans);
}

fn hundred_thousand_cases() {
    let workers = Box::new(MadeUp { answers: RefCell::default(), words: RefCell::default() });
    let start = Start { review: Some(TestSource::Demo), ..Start::default() };
    let mut studio = Studio::new(start, workers, SIZE, 1.0);
    studio.settle(Duration::from_secs(120));
    studio.apply(Command::Select(Selection::All));
    let middle = pos2(1600.0, 700.0);
    let mut frames = Frames::default();
    for turn in 0..600 {
        // Fast at first, then slow, then back.
        let lines = [-200.0, -3.0, 50.0][turn / 200];
        let wheel = Event::MouseWheel {
            unit: MouseWheelUnit::Line,
            delta: vec2(0.0, lines),
            phase: TouchPhase::Move,
            modifiers: Modifiers::NONE,
            source: egui::MouseWheelSource::Wheel,
        };
        frames.time(|| studio.frame(vec![Event::PointerMoved(middle), wheel]));
    }
    frames.tell("scrolling through 100,000 cases", 33.0);

    let mut frames = Frames::default();
    let name = studio.state().session.review.as_ref().expect("open").cases()[7].path.clone();
    studio.apply(Command::ChooseCase(name));
    for turn in 0..30 {
        let command = match turn % 6 {
            0 => Command::SetOrder(Order::ALL[turn / 6 % 4]),
            1 => Command::SetFilter(Filter { text: format!("image({turn}"), ..Filter::default() }),
            2 => Command::SetFilter(Filter::default()),
            3 => Command::Dispute,
            4 => Command::Select(Selection::Wrong),
            _ => Command::Select(Selection::All),
        };
        frames.time(|| {
            studio.apply(command);
            studio.frame(Vec::new());
        });
    }
    frames.tell("sorting, filtering and judging 100,000 cases", 33.0);
}

/// The networks that come with the program.
fn shipped() -> Vec<CheckpointInfo> {
    checkpoint::list_with(Vec::new()).0
}

/// A real evaluation of synthetic scans, with frames all along.
fn evaluation(scans: usize) {
    let Some(model) = shipped().into_iter().find(|model| model.name() == "small_cnn") else {
        return println!("evaluation: weights/small_cnn is not here");
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (set, data) = (folder.path().join("set"), folder.path().join("data"));
    println!("making {scans} synthetic scans…");
    phantoms(&set, scans);
    let workers = Box::new(mrimaster::worker::start(data, || {}));
    let review = Some(TestSource::Folder(set));
    let start = Start { review, model: Some(model.path), ..Start::default() };
    let mut studio = Studio::new(start, workers, SIZE, 1.0);
    let mut frames = Frames::default();
    let began = Instant::now();
    let mut answered = Duration::ZERO;
    while !studio.state().session.is_settled() && began.elapsed() < Duration::from_secs(3600) {
        frames.time(|| studio.frame(Vec::new()));
        if studio.state().session.review.as_ref().is_some_and(|review| review.is_running()) {
            answered = began.elapsed();
        }
        std::thread::sleep(Duration::from_millis(8));
    }
    let rate = scans as f64 / answered.as_secs_f64();
    frames.tell(&format!("evaluating {scans} scans ({rate:.0} a second)"), 33.0);
}

/// Scans in class folders; each has fifteen copies under other names.
fn phantoms(folder: &Path, scans: usize) {
    let different = scans.div_ceil(16);
    write_study(folder, different, 7).expect("scans are made");
    let mut made = different;
    for class in std::fs::read_dir(folder).expect("class folders").flatten() {
        let pictures = std::fs::read_dir(class.path()).into_iter().flatten().flatten();
        let pictures: Vec<_> = pictures.map(|entry| entry.path()).collect();
        for picture in pictures.iter().filter(|path| path.extension().is_some_and(|e| e == "png")) {
            for copy in 1..16 {
                if made < scans {
                    let name = format!("{copy}-{}", picture.file_name().expect("named").display());
                    std::fs::hard_link(picture, picture.with_file_name(name)).expect("linked");
                    made += 1;
                }
            }
        }
    }
}

/// Workers that answer a review of many cases at once.
struct MadeUp {
    answers: RefCell<VecDeque<Response>>,
    words: RefCell<Words>,
}

impl Workers for MadeUp {
    fn send(&self, request: Request) {
        let mut answers = self.answers.borrow_mut();
        match request {
            Request::ListCheckpoints { id, .. } => {
                let found = shipped();
                answers.push_back(Response::Checkpoints { id, found, refused: vec![] });
            }
            Request::Evaluate(asked) => {
                let review = Arc::new(opened());
                answers.push_back(Response::ReviewOpened { id: asked.id, review });
                let evaluation = Arc::new(evaluated());
                let result = Ok(Evaluated { evaluation, complete: true, stale: None });
                answers.push_back(Response::Evaluated { id: asked.id, result });
            }
            Request::Thumbnail { path } => {
                let picture = Thumbnail { width: 96, height: 96, greys: vec![90; 96 * 96] };
                answers.push_back(Response::Thumbnail { path, picture: Some(Arc::new(picture)) });
            }
            Request::KeepWord { id, key, word, .. } => {
                let mut words = self.words.borrow_mut();
                words.insert(key, word);
                answers.push_back(Response::WordKept { id, result: Ok(words.clone()) });
            }
            Request::Figures { id, evaluation, .. } => answers.push_back(Response::Figures {
                id,
                figures: Arc::new(evaluation.parts.all.clone()),
                curves: Arc::default(),
            }),
            _ => {}
        }
    }

    fn try_recv(&self) -> Option<Response> {
        self.answers.borrow_mut().pop_front()
    }
}

const CLASSES: [&str; 4] = ["glioma", "meningioma", "no tumour", "pituitary"];

fn opened() -> OpenedReview {
    OpenedReview {
        home: "home".into(),
        root: "set".into(),
        training: None,
        name: "set".into(),
        classes: CLASSES.map(String::from).to_vec(),
        scans: CASES,
        left_out: vec![],
        words: Words::new(),
        history: Arc::default(),
    }
}

fn evaluated() -> Evaluation {
    let classes = CLASSES.map(String::from).to_vec();
    let case = |number: usize| {
        let (truth, wrong) = (number % 4, number.is_multiple_of(5));
        let predicted = if wrong { (truth + 1 + number / 5 % 3) % 4 } else { truth };
        let confidence = 0.3 + 0.7 * (number * 7919 % 99_991) as f32 / 99_991.0;
        let mut probabilities = vec![(1.0 - confidence) / 3.0; 4];
        probabilities[predicted] = confidence;
        Case {
            path: format!("{}/image({number}).jpg", CLASSES[truth]),
            sha256: format!("{number:064x}"),
            answer: Answer {
                truth,
                predicted,
                calibrated: Some(probabilities.clone()),
                probabilities,
                conformal_set: Some(vec![predicted]),
                unfamiliar: Some(number.is_multiple_of(9)),
                group: number,
            },
            familiarity: Some(confidence),
            twin_in_training: Some(number.is_multiple_of(3)),
            copy_left_out: Some(false),
            person_in_training: None,
            person_excluded: None,
            label_conflict: number.is_multiple_of(50),
        }
    };
    let cases: Vec<Case> = (0..CASES).map(case).collect();
    Evaluation {
        format_version: FORMAT_VERSION,
        program_version: String::new(),
        limits: String::new(),
        model: Model {
            name: "bench".into(),
            sha256: String::new(),
            device: "CPU".into(),
            learned_from: 1,
        },
        test_set: Tested {
            folder: "set".into(),
            sha256: None,
            scans: CASES,
            folders_left_out: vec![],
            persons_known: 0,
            persons_sha256: None,
        },
        parts: Parts::of(&cases, &classes, Bootstrap { draws: 1, seed: 1 }),
        classes,
        cases,
        unreadable: vec![],
    }
}
