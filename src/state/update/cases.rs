//! Cases of a review: which are listed, which one is at hand, and what the reader says of it.

use std::path::PathBuf;

use super::State;
use crate::review::word::{Verdict, Word, Words};
use crate::state::OpenSeries;
use crate::state::load::Load;
use crate::state::notices::Level;
use crate::state::review::Review;
use crate::state::session::{CaseAtHand, Opening, Room};
use crate::worker::job::{Request, RequestId};

impl State {
    /// Changes which cases are listed.
    pub(super) fn list(&mut self, change: impl FnOnce(&mut Review)) -> Vec<Request> {
        if let Some(review) = &mut self.session.review {
            change(review);
            review.arrange();
            self.remember_place();
        }
        Vec::new()
    }

    /// Marks a case in the list.
    pub(super) fn choose_case(&mut self, name: String) -> Vec<Request> {
        if let Some(review) = &mut self.session.review {
            review.chosen = Some(name);
            self.remember_place();
        }
        Vec::new()
    }

    /// Shows the scan of a case.
    pub(super) fn open_case(&mut self, name: String) -> Vec<Request> {
        let Some(path) = self.session.review.as_ref().and_then(|review| review.path(&name)) else {
            return Vec::new();
        };
        let id = self.next_request();
        self.choose_case(name.clone());
        // The next run begins with the list, not with a scan that is not there.
        self.session.room = Room::Reading;
        self.session.class = None;
        let open = self.session.series.iter().find(|open| open.series.path == path);
        let series = open.map(|open| open.number);
        let before = self.session.case.replace(CaseAtHand { name, opening: id, series });
        let mut requests = match series {
            Some(number) => self.select_series(number),
            None => {
                // The case before makes room when this one is here.
                if let Some((case, before)) = self.session.case.as_mut().zip(before) {
                    case.series = before.series;
                }
                self.session.opening.push(Opening::new(id));
                vec![Request::Open { id, paths: vec![path.clone()] }]
            }
        };
        requests.extend(self.find_copies(id, path));
        requests
    }

    /// Looks for copies of the case at hand among the training scans beside the test set.
    fn find_copies(&mut self, id: RequestId, path: PathBuf) -> Option<Request> {
        let review = self.session.review.as_mut()?;
        review.copies = Load::Idle;
        let among = review.opened.as_ref()?.training.clone()?;
        let case = review.case(review.chosen.as_ref()?)?;
        let known = case.twin_in_training == Some(true) || case.copy_left_out == Some(true);
        known.then(|| {
            review.copies = Load::Pending(id);
            Request::FindCopies { id, path, among }
        })
    }

    /// Takes the scan of the case at hand in: it takes the place of the case before.
    pub(super) fn case_opened(&mut self, open: OpenSeries) -> Vec<Request> {
        let number = open.number;
        let before = self.session.case.as_mut().and_then(|case| case.series.replace(number));
        let place = self.session.series.iter().position(|open| Some(open.number) == before);
        match place {
            Some(place) => {
                let old = std::mem::replace(&mut self.session.series[place], open).number;
                self.session.answers.forget(old);
                self.session.grid.replace(old, Some(number));
            }
            None => self.session.series.push(open),
        }
        self.session.grid.show(number);
        self.fetch_and_ask()
    }

    /// Opens the case that is `by` further in the list; of mistakes only, where asked.
    pub(super) fn step_case(&mut self, by: isize, mistakes: bool) -> Vec<Request> {
        let Some(review) = &self.session.review else {
            return Vec::new();
        };
        let cases = review.cases();
        let counts = |&&index: &&usize| !mistakes || !cases[index].answer.correct();
        let listed = review.listed();
        let next = match (review.chosen_row(), by > 0) {
            (Some(row), true) => listed[row + 1..].iter().find(counts),
            (Some(row), false) => listed[..row].iter().rev().find(counts),
            // What was chosen has left the list: begin again.
            (None, _) => listed.iter().find(counts),
        };
        match next.map(|&index| cases[index].path.clone()) {
            Some(name) if self.session.room == Room::Reading => self.open_case(name),
            Some(name) => self.choose_case(name),
            None => {
                let end = if by > 0 { "This is the last" } else { "This is the first" };
                let what = if mistakes { "mistake" } else { "case" };
                self.say(Level::Info, format!("{end} {what} of the list."));
                Vec::new()
            }
        }
    }

    /// Explains the true class of the case at hand instead of the predicted one, or the other way.
    pub(super) fn explain_truth(&mut self) -> Vec<Request> {
        let Some(truth) = self.session.case_at_hand().map(|case| case.answer.truth) else {
            return Vec::new();
        };
        let predicted = self.session.prediction.ready().map(|prediction| prediction.predicted);
        self.session.class = match self.session.class {
            Some(class) if class == truth => None,
            _ if predicted == Some(truth) => None,
            _ => Some(truth),
        };
        self.ask()
    }

    /// Changes the reader's word on the chosen case.
    pub(super) fn judge(&mut self, change: impl FnOnce(&mut Word)) -> Vec<Request> {
        let Some(review) = &self.session.review else {
            return Vec::new();
        };
        let chosen = || review.chosen.as_ref().and_then(|name| review.case(name));
        let case = match self.session.room {
            Room::Reading => self.session.case_at_hand(),
            Room::Review => chosen(),
        };
        let label = case.and_then(|case| review.classes().get(case.answer.truth));
        let Some((case, label)) = case.zip(label) else {
            return Vec::new();
        };
        let key = Words::key(&case.sha256, label);
        let before = review.word(case).cloned().unwrap_or_default();
        let mut word = before.clone();
        change(&mut word);
        if word == before {
            return Vec::new();
        }
        self.session.history.say(key.clone(), before, word.clone());
        self.keep_word(key, word)
    }

    /// Says a verdict, or takes it back where it was said already.
    pub(super) fn say_verdict(&mut self, verdict: Verdict) -> Vec<Request> {
        self.judge(|word| {
            word.verdict = if word.verdict == Some(verdict) { None } else { Some(verdict) };
        })
    }

    /// Puts a word in the place of the one before.
    pub(super) fn keep_word(&mut self, key: String, word: Word) -> Vec<Request> {
        let id = self.next_request();
        let Some(review) = &mut self.session.review else {
            return Vec::new();
        };
        let Some(home) = review.opened.as_ref().map(|opened| opened.home.clone()) else {
            return Vec::new();
        };
        review.words.insert(key.clone(), word.clone());
        review.keeping = Some(id);
        review.arrange_words();
        vec![Request::KeepWord { id, home, key, word }]
    }

    /// Asks for small pictures that are not there yet.
    pub(super) fn look_at(&mut self, cases: Vec<String>) -> Vec<Request> {
        let Some(review) = &mut self.session.review else {
            return Vec::new();
        };
        let paths: Vec<PathBuf> = cases.iter().filter_map(|case| review.path(case)).collect();
        let new = paths.into_iter().filter(|path| review.thumbnails.ask(path.clone()));
        new.map(|path| Request::Thumbnail { path }).collect()
    }
}
