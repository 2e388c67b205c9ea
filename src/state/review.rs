//! A test set under review: what the model answered, which cases are listed, and what the reader
//! said of them.

mod list;
mod matrix;

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

pub use list::{Badge, Filter, Order, Selection};
pub use matrix::{Cell, Matrix};

use super::load::Load;
use crate::evaluate::compare::Comparison;
use crate::evaluate::curves::Curves;
use crate::evaluate::metrics::Figures;
use crate::evaluate::parts::Without;
use crate::evaluate::report::{Case, Unreadable};
use crate::review::word::{Word, Words};
use crate::train::history::Epoch;
use crate::worker::job::{
    Evaluated, OpenedReview, Progress, RequestId, ScanCopy, TestSource, Thumbnail,
};

/// One test set, and what one model made of it.
#[derive(Clone, Debug)]
pub struct Review {
    pub source: TestSource,
    /// The checkpoint that was asked.
    pub checkpoint: PathBuf,
    pub opened: Option<Arc<OpenedReview>>,
    pub run: Run,
    /// Whether only what was kept is wanted.
    pub(super) recalling: bool,
    pub progress: Progress,
    /// Cases as they come in; once all are there, those of the evaluation count.
    pub(super) incoming: Vec<Case>,
    pub unreadable: Vec<Unreadable>,
    pub evaluated: Option<Evaluated>,
    /// Figures and curves of the cases that count.
    pub measured: Load<(Arc<Figures>, Arc<Curves>)>,
    /// A second model on the same scans.
    pub other: Option<Other>,
    pub without: Without,
    pub selection: Selection,
    pub filter: Filter,
    pub order: Order,
    /// Places among the cases, in the order of the list.
    pub(super) listed: Vec<usize>,
    /// What is known of the listed cases together.
    pub(super) of_list: Cell,
    /// The cases that count.
    pub(super) matrix: Matrix,
    /// The name of the case that was looked at last.
    pub chosen: Option<String>,
    /// The reader's.
    pub words: Words,
    /// The request that keeps the newest word.
    pub(super) keeping: Option<RequestId>,
    pub thumbnails: Thumbnails,
    /// Copies of the case at hand among the training scans.
    pub copies: Load<Vec<ScanCopy>>,
}

/// How far an evaluation came.
#[derive(Clone, Debug, PartialEq)]
pub enum Run {
    /// The model has not been asked, and nothing was kept from earlier; a sentence for people.
    NotBegun(String),
    Running(RequestId),
    /// A person stopped it, or the program ended; what was done is there.
    Stopped,
    Done,
    /// A sentence for people; the folder may have been moved.
    Failed {
        message: String,
        missing: bool,
    },
}

/// A second model, asked about the same scans.
#[derive(Clone, Debug)]
pub struct Other {
    pub checkpoint: PathBuf,
    pub run: Run,
    pub progress: Progress,
    pub evaluated: Option<Evaluated>,
    /// How it was trained; empty where its checkpoint has no history.
    pub history: Arc<Vec<Epoch>>,
    /// Once both are complete.
    pub comparison: Option<Arc<Comparison>>,
    /// Names of the cases to which it gave another answer.
    pub(super) disagreements: HashSet<String>,
    pub(super) matrix: Matrix,
}

impl Other {
    /// A second model of which nothing is known yet.
    pub(super) fn new(checkpoint: PathBuf, id: RequestId) -> Self {
        Self {
            checkpoint,
            run: Run::Running(id),
            progress: Progress::default(),
            evaluated: None,
            history: Arc::default(),
            comparison: None,
            disagreements: HashSet::new(),
            matrix: Matrix::default(),
        }
    }

    /// Whether it is at work.
    pub fn is_running(&self) -> bool {
        matches!(self.run, Run::Running(_))
    }

    /// The confusion matrix of the cases that count.
    pub fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// Its answer to the case of this name.
    pub fn case(&self, name: &str) -> Option<&Case> {
        self.evaluated.as_ref()?.evaluation.cases.iter().find(|case| case.path == name)
    }
}

impl Review {
    /// A review of which nothing is known yet.
    pub(super) fn new(source: TestSource, checkpoint: PathBuf, id: RequestId) -> Self {
        Self {
            source,
            checkpoint,
            opened: None,
            run: Run::Running(id),
            recalling: false,
            progress: Progress::default(),
            incoming: Vec::new(),
            unreadable: Vec::new(),
            evaluated: None,
            measured: Load::Idle,
            other: None,
            without: Without::default(),
            selection: Selection::default(),
            filter: Filter::default(),
            order: Order::default(),
            listed: Vec::new(),
            of_list: Cell::default(),
            matrix: Matrix::default(),
            chosen: None,
            words: Words::new(),
            keeping: None,
            thumbnails: Thumbnails::default(),
            copies: Load::Idle,
        }
    }

    /// For people: "sartaj/Testing".
    pub fn name(&self) -> String {
        match (&self.opened, &self.source) {
            (_, TestSource::Demo) => "Demo set, synthetic".into(),
            (Some(opened), _) => opened.name.clone(),
            (None, TestSource::Folder(folder)) => {
                folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned()
            }
        }
    }

    /// Every scan that was answered so far.
    pub fn cases(&self) -> &[Case] {
        self.evaluated.as_ref().map_or(&self.incoming, |evaluated| &evaluated.evaluation.cases)
    }

    /// Names of the classes, in the order of the model's logits.
    pub fn classes(&self) -> &[String] {
        self.opened.as_ref().map_or(&[], |opened| &opened.classes)
    }

    /// Whether the model is at work.
    pub fn is_running(&self) -> bool {
        matches!(self.run, Run::Running(_))
    }

    /// Whether every scan is answered.
    pub fn is_complete(&self) -> bool {
        self.evaluated.as_ref().is_some_and(|evaluated| evaluated.complete)
    }

    /// Places among the cases, in the order of the list.
    pub fn listed(&self) -> &[usize] {
        &self.listed
    }

    /// How many cases are listed, and how many of them the reader has reviewed and disputed.
    pub fn of_list(&self) -> Cell {
        self.of_list
    }

    /// The confusion matrix of the cases that count.
    pub fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// The case of this name.
    pub fn case(&self, name: &str) -> Option<&Case> {
        self.cases().iter().find(|case| case.path == name)
    }

    /// The reader's word on a case; empty where there is none.
    pub fn word(&self, case: &Case) -> Option<&Word> {
        self.words.on(case, self.classes())
    }

    /// The path of a case's scan.
    pub fn path(&self, case: &str) -> Option<PathBuf> {
        Some(self.opened.as_ref()?.root.join(case))
    }

    /// The place in the list of the case that was looked at last.
    pub fn chosen_row(&self) -> Option<usize> {
        let chosen = self.chosen.as_ref()?;
        let cases = self.cases();
        self.listed.iter().position(|&index| cases[index].path == *chosen)
    }
}

/// Small pictures for the list: those that were looked at last.
#[derive(Clone, Debug, Default)]
pub struct Thumbnails {
    pictures: HashMap<PathBuf, Option<Arc<Thumbnail>>>,
    order: VecDeque<PathBuf>,
    awaited: HashSet<PathBuf>,
}

impl Thumbnails {
    /// A picture takes about nine kilobytes.
    const KEPT: usize = 1500;

    /// The picture of the scan at `path`: not asked for, not there yet or unreadable, or there.
    pub fn get(&self, path: &PathBuf) -> Option<Option<&Arc<Thumbnail>>> {
        self.pictures.get(path).map(Option::as_ref)
    }

    /// Notes that a picture is asked for; whether that is news.
    pub(super) fn ask(&mut self, path: PathBuf) -> bool {
        if self.pictures.contains_key(&path) {
            return false;
        }
        if self.order.len() >= Self::KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.pictures.remove(&oldest);
            self.awaited.remove(&oldest);
        }
        self.awaited.insert(path.clone());
        self.order.push_back(path.clone());
        self.pictures.insert(path, None);
        true
    }

    /// Takes a picture in, if it is still wanted.
    pub(super) fn put(&mut self, path: PathBuf, picture: Option<Arc<Thumbnail>>) {
        self.awaited.remove(&path);
        if let Some(place) = self.pictures.get_mut(&path) {
            *place = picture;
        }
    }

    /// Whether all that were asked for are there.
    pub(super) fn is_settled(&self) -> bool {
        self.awaited.is_empty()
    }
}
