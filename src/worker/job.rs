//! What the window asks of the workers and what they answer. A request holds everything its answer
//! needs; an answer carries the id of its request, and `state/update.rs` drops those it no longer waits for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dataset::patients::PatientTables;
use crate::evaluate::curves::Curves;
use crate::evaluate::metrics::Figures;
use crate::evaluate::parts::Without;
use crate::evaluate::report::{Case, Evaluation, Unreadable};
use crate::imaging::{Found, Place, Slice, Source, Tags, read_slice};
use crate::measure::{Change, Kept, Scale, Shape};
use crate::model::prediction::{CheckpointInfo, DeviceChoice, Evidence, Prediction, TapPoint};
use crate::review::figure::Figure;
use crate::review::word::{Word, Words};
use crate::train::history::Epoch;

/// Ids rise by one with each request of the program.
pub type RequestId = u64;

/// Work for a thread that is not the window's.
#[derive(Clone, Debug)]
pub enum Request {
    /// Read files. Every such request is worked on, in order.
    Open { id: RequestId, paths: Vec<PathBuf> },
    /// Read the scans of the built-in demo study.
    OpenDemo { id: RequestId },
    /// Leave off reading for the requests up to this one; what was read stays.
    StopOpening { up_to: RequestId },
    /// Read the pixels of slices, the first of them first. Only the newest of these is worked on.
    ReadSlices { wanted: Vec<(ScanKey, Place)> },
    /// Look for checkpoints in the weights folder and among `extra`.
    ListCheckpoints { id: RequestId, extra: Vec<PathBuf> },
    /// Classify and explain a slice. Only the newest of these is worked on.
    Classify(Classify),
    /// Classify the slices of a series, between everything else. Only the newest is worked on.
    ClassifySeries(ClassifySeries),
    /// Ask a model about every scan of a test set, or bring back what it answered before. Worked on
    /// one after another, between classifications.
    Evaluate(Evaluate),
    /// Leave off evaluating for the requests up to this one; what is done is kept.
    StopEvaluating { up_to: RequestId },
    /// Figures and curves of an evaluation without some of its cases. Only the newest is worked on.
    Figures { id: RequestId, evaluation: Arc<Evaluation>, without: Without },
    /// Keep the reader's word under a [`Words::key`] in the review at `home`; an empty one takes it
    /// back.
    KeepWord { id: RequestId, home: PathBuf, key: String, word: Word },
    /// Bring back what was measured under each [`Address::home`](crate::measure::Address::home).
    RecallMeasurements { id: RequestId, homes: Vec<String> },
    /// Keep a change to what was measured under an
    /// [`Address::home`](crate::measure::Address::home).
    KeepMeasurements { id: RequestId, home: String, change: Change },
    /// Write measurements as CSV; the answer is an `Exported`.
    ExportMeasurements { id: RequestId, to: PathBuf, measured: Vec<MeasuredSeries> },
    /// Read a scan small. The newest are read first, and the oldest of many are forgotten.
    Thumbnail { path: PathBuf },
    /// Look for copies of the scan at `path` in the folder of class folders `among`.
    FindCopies { id: RequestId, path: PathBuf, among: PathBuf },
    /// Read what a file says beside its pixels. Only the newest of these is worked on.
    ReadTags { id: RequestId, source: Source },
    /// Write an evaluation for others.
    Export(Export),
    /// Write copies of DICOM files that do not say who it is. One request after another.
    Deidentify(Deidentify),
    /// Leave off copying for the requests up to this one; whole copies stay.
    StopDeidentifying { up_to: RequestId },
}

/// A test set, and which model is asked about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluate {
    pub id: RequestId,
    pub source: TestSource,
    /// Whom its scans show.
    pub tables: PatientTables,
    /// Where the review's folder was, when it has been moved: its answers and words are taken along.
    pub moved_from: Option<PathBuf>,
    pub checkpoint: PathBuf,
    pub device: DeviceChoice,
    pub mode: Mode,
}

/// Where the scans of a test set are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestSource {
    /// The built-in demo study.
    Demo,
    /// A folder for each class, or one with such folders in Testing.
    Folder(PathBuf),
}

/// What is done with answers that were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are brought back as they are, and no scan is asked about.
    Recall,
    /// They are brought back, and the scans that lack one are asked about.
    GoOn,
    /// They are thrown away: a person asked for it.
    Anew,
}

/// What was measured on an open series.
#[derive(Clone, Debug)]
pub struct MeasuredSeries {
    /// For people.
    pub title: String,
    pub slices: Vec<MeasuredSlice>,
}

/// What was measured on a slice.
#[derive(Clone, Debug)]
pub struct MeasuredSlice {
    /// From 0.
    pub number: usize,
    /// `None` where they cannot be read again.
    pub pixels: Option<Pixels>,
    pub scale: Scale,
    pub shapes: Vec<Shape>,
}

/// An evaluation as it is handed on.
#[derive(Clone, Debug)]
pub struct Export {
    pub id: RequestId,
    pub kind: ExportKind,
    /// The file to be written.
    pub to: PathBuf,
    pub evaluation: Arc<Evaluation>,
    pub without: Without,
    /// A second evaluation of the same test set, where two models are compared.
    pub other: Option<Arc<Evaluation>>,
    pub words: Words,
    pub history: Arc<Vec<Epoch>>,
    /// The folder that the cases' names are below.
    pub root: PathBuf,
    /// Names of the cases that are shown with their maps.
    pub cases: Vec<String>,
    pub checkpoint: CheckpointInfo,
    pub device: DeviceChoice,
    pub tap: TapPoint,
}

/// DICOM files that are to be copied without what identifies anybody.
#[derive(Clone, Debug, PartialEq)]
pub struct Deidentify {
    pub id: RequestId,
    pub sources: Vec<Source>,
    /// The copies get a folder of their own in this one.
    pub within: PathBuf,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportKind {
    /// One row for each case, with the reader's words.
    Csv,
    /// One page that holds everything.
    Html,
    /// A figure as SVG.
    Figure(Figure),
}

/// A slice, and what is wanted to be known of it.
#[derive(Clone, Debug)]
pub struct Classify {
    pub id: RequestId,
    /// Tells slices apart: the forward pass of the last one is kept.
    pub scan: ScanKey,
    pub slice: Arc<Slice>,
    pub checkpoint: PathBuf,
    pub device: DeviceChoice,
    /// The class to explain; the predicted one if `None`.
    pub class: Option<usize>,
    pub tap: TapPoint,
}

/// Slices of a series that a model is asked about, without maps, the first of them first.
#[derive(Clone, Debug)]
pub struct ClassifySeries {
    pub id: RequestId,
    pub slices: Vec<(ScanKey, Pixels)>,
    pub checkpoint: PathBuf,
    pub device: DeviceChoice,
}

/// Where the pixels of a slice are.
#[derive(Clone, Debug)]
pub enum Pixels {
    Here(Arc<Slice>),
    InFile(Place),
}

impl Pixels {
    /// The slice with its pixels, read where they are not here.
    ///
    /// # Errors
    /// Why they cannot be read; a sentence for people.
    pub fn read(&self) -> Result<Arc<Slice>, String> {
        match self {
            Self::Here(slice) => Ok(Arc::clone(slice)),
            Self::InFile(place) => {
                read_slice(place).map(Arc::new).map_err(|error| error.to_string())
            }
        }
    }
}

/// An opened series, by the number it was given when it was opened, and a slice of it, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScanKey {
    pub series: u64,
    pub slice: usize,
}

/// What the workers answer.
#[derive(Clone, Debug)]
pub enum Response {
    /// One for each series or file of an `Open`, and again for a series that has grown; the error
    /// is a sentence for people.
    Opened { id: RequestId, result: Result<Found, String> },
    /// The pixels of a slice; the error is a sentence for people.
    SliceRead { scan: ScanKey, result: Result<Arc<Slice>, String> },
    /// The last answer to an `Open` or `OpenDemo`.
    OpenDone { id: RequestId },
    /// The checkpoints found, and a sentence for each that was refused.
    Checkpoints { id: RequestId, found: Vec<CheckpointInfo>, refused: Vec<String> },
    /// Probabilities: sent before the maps are made.
    Predicted { id: RequestId, prediction: Arc<Prediction> },
    /// The maps of every layer.
    Explained { id: RequestId, evidence: Arc<Evidence> },
    /// The probabilities of one slice of a `ClassifySeries`, or why there are none; a sentence for
    /// people.
    OfSeries { id: RequestId, scan: ScanKey, result: Result<Arc<Prediction>, String> },
    /// A classification that failed; a sentence for people.
    ClassifyFailed { id: RequestId, message: String },
    /// A test set was found: the first answer to an `Evaluate`.
    ReviewOpened { id: RequestId, review: Arc<OpenedReview> },
    /// Some of its scans were answered, or cannot be.
    Evaluating { id: RequestId, cases: Vec<Case>, unreadable: Vec<Unreadable>, progress: Progress },
    /// The last answer to an `Evaluate`.
    Evaluated { id: RequestId, result: Result<Evaluated, EvaluateFailed> },
    /// Figures and curves of the cases that count.
    Figures { id: RequestId, figures: Arc<Figures>, curves: Arc<Curves> },
    /// A word was kept: all of them, with those of other windows.
    WordKept { id: RequestId, result: Result<Words, String> },
    /// What was measured under each home that was asked for.
    MeasurementsRecalled { id: RequestId, recalled: Vec<(String, Kept)> },
    /// A change was kept: all that is kept there, with what other windows did.
    MeasurementsKept { id: RequestId, home: String, result: Result<Kept, String> },
    /// A scan, small; none where it cannot be read.
    Thumbnail { path: PathBuf, picture: Option<Arc<Thumbnail>> },
    /// The copies of a scan.
    Copies { id: RequestId, copies: Vec<ScanCopy> },
    /// What a file says beside its pixels, or why it cannot be read; a sentence for people.
    Tags { id: RequestId, result: Result<Arc<Tags>, String> },
    /// A file was written, or why not; a sentence for people.
    Exported { id: RequestId, result: Result<PathBuf, String> },
    /// So many files of a `Deidentify` are done.
    Deidentifying { id: RequestId, done: usize, total: usize },
    /// The last answer to a `Deidentify`; the error is a sentence for people.
    Deidentified { id: RequestId, result: Result<Copies, String> },
    /// Something a person should know though the work went on: the GPU failed, say.
    Notice { message: String },
}

/// The copies that a [`Deidentify`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copies {
    /// Gone if nothing was written.
    pub folder: PathBuf,
    pub written: usize,
    /// Why files were not copied; a sentence for people for each of them.
    pub refused: Vec<String>,
    /// Whether it was left off before the last file.
    pub stopped: bool,
}

/// A test set as it was found, and what was kept of its review.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenedReview {
    /// Where answers and words are kept.
    pub home: PathBuf,
    /// The folder of the class folders.
    pub root: PathBuf,
    /// The training folder beside it, if there is one.
    pub training: Option<PathBuf>,
    /// For people: "sartaj/Testing".
    pub name: String,
    /// The model's, in the order of its logits.
    pub classes: Vec<String>,
    pub scans: usize,
    /// Folders beside the class folders that are no classes of the model.
    pub left_out: Vec<String>,
    pub words: Words,
    /// How the model was trained; empty where its checkpoint has no history.
    pub history: Arc<Vec<Epoch>>,
}

/// How far an evaluation is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Scans done, whether answered now, known before or unreadable; and how many there are.
    pub done: usize,
    pub total: usize,
    /// Scans that the model was asked about in this run, and how long that took.
    pub asked: usize,
    pub elapsed: Duration,
}

/// What came of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    pub evaluation: Arc<Evaluation>,
    /// Whether every scan is in it.
    pub complete: bool,
    /// What has changed since it was made; a sentence for people.
    pub stale: Option<String>,
}

/// Why there is no evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluateFailed {
    /// For people.
    pub message: String,
    /// Whether the folder is gone: it may have been moved.
    pub missing: bool,
}

/// A scan, small enough for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    pub width: usize,
    pub height: usize,
    /// Under the scan's first window, row by row.
    pub greys: Vec<u8>,
}

/// A copy of a scan among the training scans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanCopy {
    pub path: PathBuf,
    /// For people.
    pub class: String,
}
