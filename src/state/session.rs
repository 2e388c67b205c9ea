//! What is open in this run: series, slice, window, model, class, layer, pins. Never persisted.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cine::Cine;
use super::export::{Copying, Extent};
use super::grid::Grid;
use super::history::History;
use super::load::Load;
use super::measuring::Measuring;
use super::open_series::OpenSeries;
use super::review::Review;
use crate::evaluate::report::Case;
use crate::imaging::{OpenError, Tags};
use crate::model::prediction::{CheckpointInfo, DeviceChoice, Evidence, Prediction, TapPoint};
use crate::worker::job::{ExportKind, Mode, RequestId, ScanKey, TestSource};

/// What a reader has before him.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// In the order of the list.
    pub series: Vec<OpenSeries>,
    /// Which of them are on the screen.
    pub grid: Grid,
    /// Files of folders and archives that are not shown, and why.
    pub left_out: Vec<OpenError>,
    /// Requests to open files that are not done.
    pub opening: Vec<Opening>,
    /// The checkpoints there are.
    pub checkpoints: Load<Vec<CheckpointInfo>>,
    /// The checkpoint in use; before they are listed, the one that is asked for.
    pub model: Option<PathBuf>,
    /// Where it runs.
    pub device: DeviceChoice,
    /// The class to explain; `None` follows the prediction.
    pub class: Option<usize>,
    /// The chosen layer's name; `None` is the last one of the network.
    pub layer: Option<String>,
    /// Names of the layers beside the scan.
    pub pins: Vec<String>,
    /// Of the slice that is shown.
    pub prediction: Load<Arc<Prediction>>,
    /// Of the slice that is shown, for the class to explain.
    pub evidence: Load<Arc<Evidence>>,
    /// What the file of the slice that is shown says beside its pixels, while its sheet is open.
    pub tags: Load<Arc<Tags>>,
    /// The sheet over the window.
    pub sheet: Option<Sheet>,
    pub room: Room,
    pub measuring: Measuring,
    pub(super) history: History,
    /// De-identified copies that are being written.
    pub copying: Option<Copying>,
    /// The test set under review.
    pub review: Option<Review>,
    /// A test set that is to be opened once the checkpoints are known.
    pub(super) wanted_review: Option<(TestSource, Mode)>,
    /// The case of the review that is read.
    pub(super) case: Option<CaseAtHand>,
    pub(super) answers: Answers,
    /// The series whose slices are classified.
    pub(super) sweep: Option<Sweep>,
    pub cine: Option<Cine>,
    /// Stages of the layers of each checkpoint that has explained anything.
    stages: HashMap<PathBuf, HashMap<String, usize>>,
}

/// A series whose slices are classified one after another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sweep {
    pub id: RequestId,
    pub series: u64,
    pub checkpoint: PathBuf,
    pub device: DeviceChoice,
    /// Slices without an answer so far.
    pub left: usize,
}

/// What fills the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Room {
    /// One scan, its probabilities and its maps.
    #[default]
    Reading,
    /// A test set, its confusion matrix and its cases.
    Review,
}

/// A case of the review among the open series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CaseAtHand {
    /// As in the evaluation.
    pub name: String,
    /// The request that opens its scan.
    pub opening: RequestId,
    /// Its series; that of the case before while it is opened.
    pub series: Option<u64>,
}

/// A request to open files that is not done.
#[derive(Clone, Debug)]
pub struct Opening {
    pub id: RequestId,
    /// Whether its first series came and is shown; the others wait in the list.
    pub shown: bool,
    /// The series that came, which may grow.
    pub series: Vec<u64>,
    /// Files that it met and that are not shown.
    pub left_out: Vec<OpenError>,
}

impl Opening {
    pub(super) fn new(id: RequestId) -> Self {
        Self { id, shown: false, series: Vec::new(), left_out: Vec::new() }
    }
}

/// Something over the window that is closed with Esc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    Palette,
    Keys,
    /// What the file says beside its pixels.
    Tags,
    /// Width and centre of the window, beside the scan: it covers nothing.
    Window,
    Notices,
    /// Files that are not shown, and why.
    LeftOut,
    About,
    /// How long the selected length is.
    Calibrate,
    /// How a picture of the scan is to look.
    Picture,
    /// What a de-identified copy is, and of what.
    Deidentify,
    /// Where no file dialog is at hand: the path of this.
    EnterPath(PathOf),
}

/// What a path is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathOf {
    /// A table that says whom scans show.
    Patients,
    /// A table of the indices of scans.
    Index,
    Scan,
    TestSet,
    /// The place to which the review's folder was moved.
    MovedTestSet,
    Export(ExportKind),
    /// Where the measurements are written.
    Measurements,
    /// A picture of the scan, to be written.
    Picture,
    /// The folder for de-identified copies.
    Copies(Extent),
}

impl Session {
    /// The series that is shown.
    pub fn shown(&self) -> Option<&OpenSeries> {
        self.series.iter().find(|open| Some(open.number) == self.grid.current())
    }

    pub(super) fn shown_mut(&mut self) -> Option<&mut OpenSeries> {
        self.series.iter_mut().find(|open| Some(open.number) == self.grid.current())
    }

    /// The checkpoint in use, with its card.
    pub fn checkpoint(&self) -> Option<&CheckpointInfo> {
        self.checkpoint_at(self.model.as_ref()?)
    }

    /// The checkpoint at a path, with its card.
    pub fn checkpoint_at(&self, path: &Path) -> Option<&CheckpointInfo> {
        self.checkpoints.ready()?.iter().find(|found| found.path == *path)
    }

    /// The case of the review whose scan is shown.
    pub fn case_at_hand(&self) -> Option<&Case> {
        let (at_hand, review) = (self.case.as_ref()?, self.review.as_ref()?);
        let shown = self.shown()?;
        let path = review.path(&at_hand.name)?;
        (shown.series.path == path).then(|| review.case(&at_hand.name))?
    }

    /// What the model in use says of the slices of a series, as far as it was asked.
    pub fn profile(&self, series: u64) -> Option<&BTreeMap<usize, Arc<Prediction>>> {
        self.answers.of_series(series, self.model.as_ref()?)
    }

    /// The maps of slices of the series shown that are known for the class and the tap of those on
    /// the screen.
    pub fn evidence_along(&self) -> BTreeMap<usize, &Evidence> {
        let Some((open, shown)) = self.shown().zip(self.evidence.ready()) else {
            return BTreeMap::new();
        };
        let like_it = |key: &EvidenceKey| {
            key.scan.series == open.number
                && Some(&key.checkpoint) == self.model.as_ref()
                && (key.class, key.tap) == (shown.class, shown.tap)
        };
        let known = self.answers.evidence.iter().filter(|(key, _)| like_it(key));
        known.map(|(key, evidence)| (key.scan.slice, evidence.as_ref())).collect()
    }

    /// Slices of the series shown whose probabilities are still to come.
    pub fn slices_to_classify(&self) -> usize {
        let current = self.grid.current();
        self.sweep.as_ref().filter(|sweep| Some(sweep.series) == current).map_or(0, |s| s.left)
    }

    /// The class that is explained, if it is known by now.
    pub fn explained_class(&self) -> Option<usize> {
        self.class.or_else(|| self.prediction.ready().map(|prediction| prediction.predicted))
    }

    /// Names of the layers of the network in use, in its order; known before any map is.
    pub fn layers(&self) -> &[String] {
        self.checkpoint().map_or(&[], |checkpoint| &checkpoint.card.taps)
    }

    /// The stage of a layer of the network in use, from 1; unknown until the network has made maps.
    pub fn stage(&self, layer: &str) -> Option<usize> {
        self.stages.get(self.model.as_ref()?)?.get(layer).copied()
    }

    /// Learns the stages of a checkpoint's layers.
    pub(super) fn keep_stages(&mut self, checkpoint: &Path, evidence: &Evidence) {
        if !self.stages.contains_key(checkpoint) {
            let layers = evidence.maps.iter().map(|map| (map.layer.name.clone(), map.layer.stage));
            self.stages.insert(checkpoint.to_owned(), layers.collect());
        }
    }

    /// The chosen layer's place in the network.
    pub fn layer_index(&self) -> Option<usize> {
        let layers = self.layers();
        let chosen = self.layer.as_ref();
        chosen
            .and_then(|name| layers.iter().position(|layer| layer == name))
            .or(layers.len().checked_sub(1))
    }

    /// The chosen layer's name.
    pub fn layer_name(&self) -> Option<&str> {
        self.layer_index().map(|index| self.layers()[index].as_str())
    }

    /// The series in a pane.
    pub fn in_pane(&self, cell: usize) -> Option<&OpenSeries> {
        let number = (*self.grid.cells().get(cell)?)?;
        self.series.iter().find(|open| open.number == number)
    }

    /// Whether pixels of a slice on the screen are still being read.
    fn waits_for_pixels(&self) -> bool {
        let on_screen = self.series.iter().filter(|open| self.grid.shows(open.number));
        on_screen.into_iter().any(|open| open.is_away(open.slice))
    }

    /// Whether all that was asked of the workers is answered.
    pub fn is_settled(&self) -> bool {
        self.opening.is_empty()
            && !self.waits_for_pixels()
            && self.slices_to_classify() == 0
            && self.checkpoints.is_settled()
            && self.prediction.is_settled()
            && self.evidence.is_settled()
            && self.wanted_review.is_none()
            && self.tags.is_settled()
            && self.measuring.is_settled()
            && self.copying.is_none()
            && self.review.as_ref().is_none_or(|review| {
                !review.is_running()
                    && review.other.as_ref().is_none_or(|other| !other.is_running())
                    && review.measured.is_settled()
                    && review.copies.is_settled()
                    && review.thumbnails.is_settled()
            })
    }
}

/// Answers worth keeping: going back to a slice or a class asks nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    /// By checkpoint and series, one for each slice.
    predictions: HashMap<PathBuf, HashMap<u64, BTreeMap<usize, Arc<Prediction>>>>,
    evidence: VecDeque<(EvidenceKey, Arc<Evidence>)>,
}

/// What evidence depends on, beside the device, whose change empties the store.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EvidenceKey {
    pub scan: ScanKey,
    pub checkpoint: PathBuf,
    pub class: usize,
    pub tap: TapPoint,
}

impl Answers {
    /// Maps of a slice take about half a megabyte.
    const KEPT_EVIDENCE: usize = 64;

    pub fn prediction(&self, scan: ScanKey, checkpoint: &Path) -> Option<Arc<Prediction>> {
        self.of_series(scan.series, checkpoint)?.get(&scan.slice).cloned()
    }

    /// What is known of the slices of a series.
    pub fn of_series(
        &self,
        series: u64,
        checkpoint: &Path,
    ) -> Option<&BTreeMap<usize, Arc<Prediction>>> {
        self.predictions.get(checkpoint)?.get(&series)
    }

    pub fn evidence(&self, key: &EvidenceKey) -> Option<Arc<Evidence>> {
        self.evidence.iter().find(|(k, _)| k == key).map(|(_, evidence)| evidence.clone())
    }

    pub fn keep_prediction(&mut self, scan: ScanKey, checkpoint: PathBuf, value: Arc<Prediction>) {
        let of_series = self.predictions.entry(checkpoint).or_default().entry(scan.series);
        of_series.or_default().insert(scan.slice, value);
    }

    pub fn keep_evidence(&mut self, key: EvidenceKey, value: Arc<Evidence>) {
        self.evidence.retain(|(k, _)| *k != key);
        self.evidence.push_front((key, value));
        self.evidence.truncate(Self::KEPT_EVIDENCE);
    }

    /// Forgets a series that was closed.
    pub fn forget(&mut self, series: u64) {
        self.predictions.values_mut().for_each(|of_checkpoint| _ = of_checkpoint.remove(&series));
        self.evidence.retain(|(key, _)| key.scan.series != series);
    }
}
