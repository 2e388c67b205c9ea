//! What the workers say of a review.

use std::sync::Arc;

use super::State;
use crate::evaluate::compare::compare;
use crate::state::load::Load;
use crate::state::notices::Level;
use crate::state::review::{Review, Run, Selection};
use crate::worker::job::{EvaluateFailed, Evaluated, Request, RequestId, Response};

impl State {
    /// Takes an answer in.
    pub(super) fn receive_of_review(&mut self, response: Response) -> Vec<Request> {
        if let Response::Exported { result, .. } = response {
            match result {
                Ok(path) => self.say(Level::Info, format!("{} was written.", path.display())),
                Err(message) => self.say(Level::Error, message),
            }
            return Vec::new();
        }
        let Some(review) = &mut self.session.review else {
            return Vec::new();
        };
        let first = |review: &Review, id| review.run == Run::Running(id);
        match response {
            Response::ReviewOpened { id, review: opened } if first(review, id) => {
                let classes = opened.classes.len();
                review.words = opened.words.clone();
                review.opened = Some(opened);
                if !review.selection.fits(classes) {
                    review.selection = Default::default();
                }
                review.arrange();
            }
            Response::ReviewOpened { id, review: opened } => {
                let other = review.other.as_mut();
                if let Some(other) = other.filter(|other| other.run == Run::Running(id)) {
                    other.history = opened.history.clone();
                }
            }
            Response::Evaluating { id, cases, unreadable, progress } => {
                if first(review, id) {
                    review.progress = progress;
                    cases.into_iter().for_each(|case| review.add(case));
                    review.unreadable.extend(unreadable);
                } else if let Some(other) =
                    review.other.as_mut().filter(|o| o.run == Run::Running(id))
                {
                    other.progress = progress;
                }
            }
            Response::Evaluated { id, result } if first(review, id) => {
                return self.evaluated(result);
            }
            Response::Evaluated { id, result } => self.other_evaluated(id, result),
            Response::Figures { id, figures, curves } if review.measured.awaits(id) => {
                review.measured = Load::Ready((figures, curves));
            }
            Response::WordKept { id, result } if review.keeping == Some(id) => {
                review.keeping = None;
                match result {
                    Ok(words) => {
                        review.words = words;
                        review.arrange_words();
                    }
                    Err(message) => self.say(Level::Error, message),
                }
            }
            Response::Thumbnail { path, picture } => review.thumbnails.put(path, picture),
            Response::Copies { id, copies } if review.copies.awaits(id) => {
                review.copies = Load::Ready(copies);
            }
            // Stale, or none of a review's.
            _ => {}
        }
        Vec::new()
    }

    fn evaluated(&mut self, result: Result<Evaluated, EvaluateFailed>) -> Vec<Request> {
        let Some(review) = &mut self.session.review else {
            return Vec::new();
        };
        match result {
            Ok(evaluated) => {
                review.run = if evaluated.complete { Run::Done } else { Run::Stopped };
                review.unreadable.clone_from(&evaluated.evaluation.unreadable);
                review.incoming = Vec::new();
                review.evaluated = Some(evaluated);
                review.compare();
                review.arrange();
                if review.selection == Selection::Wrong && review.matrix().wrong().cases == 0 {
                    review.selection = Selection::All;
                    review.arrange();
                }
                self.measure()
            }
            Err(failed) => {
                // What was answered until then stays on the screen.
                let recalled_nothing = review.recalling && !failed.missing;
                review.run = if recalled_nothing {
                    Run::NotBegun(failed.message)
                } else {
                    Run::Failed { message: failed.message, missing: failed.missing }
                };
                Vec::new()
            }
        }
    }

    fn other_evaluated(&mut self, id: RequestId, result: Result<Evaluated, EvaluateFailed>) {
        let Some(review) = &mut self.session.review else { return };
        let Some(other) = review.other.as_mut().filter(|other| other.run == Run::Running(id))
        else {
            return;
        };
        match result {
            Ok(evaluated) => {
                other.run = if evaluated.complete { Run::Done } else { Run::Stopped };
                other.evaluated = Some(evaluated);
                review.compare();
                review.count_other();
                review.arrange();
            }
            Err(failed) => {
                other.run =
                    Run::Failed { message: failed.message.clone(), missing: failed.missing };
                self.say(Level::Error, failed.message);
            }
        }
    }
}

impl Review {
    /// Compares the two models, where both have answered.
    fn compare(&mut self) {
        let first = self.evaluated.as_ref().map(|evaluated| evaluated.evaluation.clone());
        let Some((first, other)) = first.zip(self.other.as_mut()) else { return };
        let Some(second) = &other.evaluated else { return };
        let found = compare(&first, &second.evaluation);
        other.disagreements = found.disagreements.iter().map(|case| case.path.clone()).collect();
        other.comparison = Some(Arc::new(found));
    }

    /// Counts the second model's cases anew.
    pub(super) fn count_other(&mut self) {
        let evaluation = self
            .other
            .as_ref()
            .and_then(|other| Some(other.evaluated.as_ref()?.evaluation.clone()));
        let matrix =
            evaluation.map(|evaluation| self.count_of(evaluation.classes.len(), &evaluation.cases));
        if let Some((other, matrix)) = self.other.as_mut().zip(matrix) {
            other.matrix = matrix;
        }
    }
}
