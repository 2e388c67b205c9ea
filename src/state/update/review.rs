//! Reviews: test sets are opened, evaluated, compared and handed on.

use std::path::PathBuf;

use super::State;
use crate::dataset::patients::PatientTables;
use crate::evaluate::parts::Without;
use crate::state::load::Load;
use crate::state::notices::Level;
use crate::state::review::{Other, Review, Run};
use crate::state::session::Room;
use crate::state::settings::ReviewPlace;
use crate::worker::job::{Evaluate, Export, ExportKind, Mode, Request, TestSource};

impl State {
    /// Opens a test set, and asks the model about its scans.
    pub(super) fn review(&mut self, source: TestSource, mode: Mode) -> Vec<Request> {
        self.session.room = Room::Review;
        self.settings.room = Room::Review;
        if let TestSource::Folder(folder) = &source {
            self.settings.remember_test_set(folder);
        }
        self.evaluate(source, None, mode)
    }

    /// The review is of a folder that now lies elsewhere.
    pub(super) fn review_moved(&mut self, to: PathBuf) -> Vec<Request> {
        let Some(Review { source: TestSource::Folder(from), .. }) = &self.session.review else {
            return Vec::new();
        };
        let from = from.clone();
        self.settings.remember_test_set(&to);
        self.evaluate(TestSource::Folder(to), Some(from), Mode::GoOn)
    }

    /// Brings the review back that was open when the program was closed.
    pub(super) fn recall_review(&mut self) -> Vec<Request> {
        if let Some((source, mode)) = self.session.wanted_review.take() {
            return self.evaluate(source, None, mode);
        }
        match self.session.review.as_ref().map(|review| review.source.clone()) {
            Some(source) => self.evaluate(source, None, Mode::Recall),
            None => Vec::new(),
        }
    }

    fn evaluate(
        &mut self,
        source: TestSource,
        moved_from: Option<PathBuf>,
        mode: Mode,
    ) -> Vec<Request> {
        let Some(checkpoint) = self.session.checkpoint().map(|found| found.path.clone()) else {
            // It is begun when the checkpoints are there.
            self.session.wanted_review = Some((source, mode));
            return Vec::new();
        };
        let stop = self.stop_evaluating();
        let id = self.next_request();
        let mut review = Review::new(source.clone(), checkpoint.clone(), id);
        review.recalling = mode == Mode::Recall;
        let place = self.settings.review.take().filter(|place| {
            place.source == source
                || moved_from
                    .as_ref()
                    .is_some_and(|from| place.source == TestSource::Folder(from.clone()))
        });
        if let Some(place) = place {
            (review.without, review.selection) = (place.without, place.selection);
            (review.filter, review.order) = (place.filter, place.order);
            review.chosen = place.chosen;
        }
        self.session.review = Some(review);
        self.session.history.forget_words();
        self.remember_place();
        let device = self.session.device;
        let tables = self.tables_of(&source);
        let request = Evaluate { id, source, tables, moved_from, checkpoint, device, mode };
        stop.into_iter().chain([Request::Evaluate(request)]).collect()
    }

    /// The tables that say whom the scans of a test set show; empty where there are none.
    fn tables_of(&self, source: &TestSource) -> PatientTables {
        let TestSource::Folder(folder) = source else { return PatientTables::default() };
        self.settings.patient_tables.get(folder).cloned().unwrap_or_default()
    }

    /// Takes another table for the test set under review, and reads its persons again.
    pub(super) fn set_tables(&mut self, change: impl FnOnce(&mut PatientTables)) -> Vec<Request> {
        let Some(Review { source: TestSource::Folder(folder), .. }) = &self.session.review else {
            self.say(Level::Warning, "a table of patients belongs to a test set; open one first");
            return Vec::new();
        };
        change(self.settings.patient_tables.entry(folder.clone()).or_default());
        self.evaluate_again(Mode::GoOn)
    }

    /// Asks again about the scans of the review: those that lack an answer, or all of them.
    pub(super) fn evaluate_again(&mut self, mode: Mode) -> Vec<Request> {
        match self.session.review.as_ref().map(|review| review.source.clone()) {
            Some(source) => self.evaluate(source, None, mode),
            None => Vec::new(),
        }
    }

    pub(super) fn stop_evaluating(&mut self) -> Vec<Request> {
        let up_to = self.last_request;
        let Some(review) = &self.session.review else {
            return Vec::new();
        };
        let other = review.other.as_ref().is_some_and(Other::is_running);
        if review.is_running() || other {
            return vec![Request::StopEvaluating { up_to }];
        }
        Vec::new()
    }

    pub(super) fn close_review(&mut self) -> Vec<Request> {
        let stop = self.stop_evaluating();
        self.session.review = None;
        self.session.history.forget_words();
        self.session.case = None;
        self.settings.review = None;
        self.enter(Room::Reading);
        stop
    }

    /// Shows the scan where the test set was shown, and the other way round.
    pub(super) fn toggle_room(&mut self) -> Vec<Request> {
        match self.session.room {
            Room::Reading => self.enter(Room::Review),
            Room::Review => self.enter(Room::Reading),
        }
    }

    /// Goes to a room.
    pub(super) fn enter(&mut self, room: Room) -> Vec<Request> {
        self.session.room = room;
        self.settings.room = room;
        Vec::new()
    }

    /// Asks a second model about the same scans, or forgets it.
    pub(super) fn compare_with(&mut self, checkpoint: Option<PathBuf>) -> Vec<Request> {
        let id = self.next_request();
        let device = self.session.device;
        let Some(review) = &mut self.session.review else {
            return Vec::new();
        };
        let running = review.other.as_ref().and_then(|other| match other.run {
            Run::Running(id) => Some(Request::StopEvaluating { up_to: id }),
            _ => None,
        });
        // The first evaluation must not be stopped with the second.
        let stop = running.filter(|_| !review.is_running());
        let Some(checkpoint) = checkpoint else {
            review.other = None;
            review.arrange();
            return stop.into_iter().collect();
        };
        review.other = Some(Other::new(checkpoint.clone(), id));
        review.arrange();
        let source = review.source.clone();
        let mode = Mode::GoOn;
        let tables = self.tables_of(&source);
        let request = Evaluate { id, source, tables, moved_from: None, checkpoint, device, mode };
        stop.into_iter().chain([Request::Evaluate(request)]).collect()
    }

    /// Whether the review is of the model in use: of its own, or of the one it is compared with.
    pub(super) fn reviews_model_in_use(&self) -> bool {
        self.session.review.as_ref().is_some_and(|review| {
            let other = review.other.as_ref().map(|other| &other.checkpoint);
            let model = self.session.model.as_ref();
            model == Some(&review.checkpoint) || model == other
        })
    }

    /// Shows the scan at hand under the model that is compared, or under the first again.
    pub(super) fn show_other_model(&mut self) -> Vec<Request> {
        let next = self.session.review.as_ref().and_then(|review| {
            let other = &review.other.as_ref()?.checkpoint;
            let first = self.session.model.as_ref() == Some(&review.checkpoint);
            Some(if first { other } else { &review.checkpoint }.clone())
        });
        next.map_or(Vec::new(), |path| self.use_model(path))
    }

    /// Which cases count.
    pub(super) fn set_without(&mut self, without: Without) -> Vec<Request> {
        let Some(review) = &mut self.session.review else {
            return Vec::new();
        };
        review.without = without;
        review.arrange();
        self.remember_place();
        self.measure()
    }

    /// Asks for figures of the cases that count.
    pub(super) fn measure(&mut self) -> Vec<Request> {
        let id = self.next_request();
        let Some(review) = &mut self.session.review else {
            return Vec::new();
        };
        review.count_other();
        let Some(evaluated) = &review.evaluated else {
            review.measured = Load::Idle;
            return Vec::new();
        };
        review.measured = Load::Pending(id);
        let (evaluation, without) = (evaluated.evaluation.clone(), review.without);
        vec![Request::Figures { id, evaluation, without }]
    }

    /// Hands the evaluation on as a file.
    pub(super) fn export(&mut self, kind: ExportKind, to: PathBuf) -> Vec<Request> {
        let id = self.next_request();
        let session = &self.session;
        let export =
            session.review.as_ref().zip(session.checkpoint()).and_then(|(review, model)| {
                let evaluated = review.evaluated.as_ref()?;
                let opened = review.opened.as_ref()?;
                let cases = review.cases();
                Some(Export {
                    id,
                    kind,
                    to,
                    evaluation: evaluated.evaluation.clone(),
                    without: review.without,
                    other: review
                        .other
                        .as_ref()
                        .and_then(|other| Some(other.evaluated.as_ref()?.evaluation.clone())),
                    words: review.words.clone(),
                    history: opened.history.clone(),
                    root: opened.root.clone(),
                    cases: review
                        .listed()
                        .iter()
                        .take(Self::PICTURED)
                        .map(|&index| cases[index].path.clone())
                        .collect(),
                    checkpoint: model.clone(),
                    device: session.device,
                    tap: self.settings.tap,
                })
            });
        match export {
            Some(export) => {
                self.say(Level::Info, format!("Writing {}…", export.to.display()));
                vec![Request::Export(export)]
            }
            None => {
                self.say(
                    Level::Warning,
                    "There is nothing to export yet: choose a test set first.",
                );
                Vec::new()
            }
        }
    }

    /// Cases that a report shows with their maps: the first of the list.
    const PICTURED: usize = 12;

    /// Keeps where the review stands, for the next run.
    pub(super) fn remember_place(&mut self) {
        self.settings.review = self.session.review.as_ref().map(|review| ReviewPlace {
            source: review.source.clone(),
            without: review.without,
            selection: review.selection,
            filter: review.filter.clone(),
            order: review.order,
            chosen: review.chosen.clone(),
        });
    }
}
