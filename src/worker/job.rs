//! What the window asks of the workers and what they answer. A request holds everything its answer
//! needs; an answer carries the id of its request, and `state/update.rs` drops those it no longer waits for.

use std::path::PathBuf;
use std::sync::Arc;

use crate::imaging::{Series, Slice};
use crate::model::prediction::{CheckpointInfo, DeviceChoice, Evidence, Prediction, TapPoint};

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
    /// Look for checkpoints in the weights folder and among `extra`.
    ListCheckpoints { id: RequestId, extra: Vec<PathBuf> },
    /// Classify and explain a slice. Only the newest of these is worked on.
    Classify(Classify),
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

/// An opened series, by the number it was given when it was opened, and a slice of it, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScanKey {
    pub series: u64,
    pub slice: usize,
}

/// What the workers answer.
#[derive(Clone, Debug)]
pub enum Response {
    /// One for each series or file of an `Open`; the error is a sentence for people.
    Opened { id: RequestId, result: Result<Arc<Series>, String> },
    /// The last answer to an `Open` or `OpenDemo`.
    OpenDone { id: RequestId },
    /// The checkpoints found, and a sentence for each that was refused.
    Checkpoints { id: RequestId, found: Vec<CheckpointInfo>, refused: Vec<String> },
    /// Probabilities: sent before the maps are made.
    Predicted { id: RequestId, prediction: Arc<Prediction> },
    /// The maps of every layer.
    Explained { id: RequestId, evidence: Arc<Evidence> },
    /// A classification that failed; a sentence for people.
    ClassifyFailed { id: RequestId, message: String },
    /// Something a person should know though the work went on: the GPU failed, say.
    Notice { message: String },
}
