//! Series: opened, closed, gone through, looked at.

use std::path::PathBuf;
use std::sync::Arc;

use super::State;
use crate::imaging::Series;
use crate::state::notices::Level;
use crate::state::session::{OpenSeries, Opening};
use crate::worker::job::{Request, RequestId};

impl State {
    pub(super) fn open(&mut self, paths: Vec<PathBuf>) -> Vec<Request> {
        if paths.is_empty() {
            return Vec::new();
        }
        let id = self.next_request();
        self.session.opening.push(Opening { id, shown: false });
        vec![Request::Open { id, paths }]
    }

    pub(super) fn open_demo(&mut self) -> Vec<Request> {
        let id = self.next_request();
        self.session.opening.push(Opening { id, shown: false });
        vec![Request::OpenDemo { id }]
    }

    /// Takes in one series of a request to open, unless the request was cancelled.
    pub(super) fn opened(
        &mut self,
        id: RequestId,
        result: Result<Arc<Series>, String>,
    ) -> Vec<Request> {
        let Some(opening) = self.session.opening.iter_mut().find(|opening| opening.id == id) else {
            return Vec::new();
        };
        let of_case = self.session.case.as_ref().is_some_and(|case| case.opening == id);
        match result {
            Ok(series) if !series.slices.is_empty() && of_case => self.case_opened(series),
            Ok(series) if !series.slices.is_empty() => {
                let first = !std::mem::replace(&mut opening.shown, true);
                self.add_series(series, first)
            }
            Ok(_) => Vec::new(),
            Err(message) => {
                self.say(Level::Error, message);
                Vec::new()
            }
        }
    }

    /// Adds a series, or puts it in the place of the one from the same file.
    pub(super) fn add_series(&mut self, series: Arc<Series>, show: bool) -> Vec<Request> {
        if !series.synthetic {
            self.settings.remember(&series.path);
        }
        for note in &series.notes {
            self.say(Level::Info, format!("{}: {note}", series.path.display()));
        }
        self.last_series += 1;
        let open = OpenSeries::new(self.last_series, series);
        let number = open.number;
        let known = self.session.series.iter_mut().find(|known| {
            known.series.path == open.series.path
                && known.series.description == open.series.description
        });
        match known {
            Some(known) => {
                let old = std::mem::replace(known, open).number;
                self.session.answers.forget(old);
                if self.session.current == Some(old) {
                    return self.select_series(number);
                }
            }
            None => self.session.series.push(open),
        }
        if show || self.session.current.is_none() {
            return self.select_series(number);
        }
        Vec::new()
    }

    pub(super) fn close(&mut self, number: u64) -> Vec<Request> {
        let Some(index) = self.session.series.iter().position(|open| open.number == number) else {
            return Vec::new();
        };
        self.session.series.remove(index);
        self.session.answers.forget(number);
        if self.session.current != Some(number) {
            return Vec::new();
        }
        let next = index.min(self.session.series.len().saturating_sub(1));
        self.session.current = self.session.series.get(next).map(|open| open.number);
        self.ask()
    }

    pub(super) fn select_series(&mut self, number: u64) -> Vec<Request> {
        let there = self.session.series.iter().any(|open| open.number == number);
        if !there || self.session.current == Some(number) {
            return Vec::new();
        }
        self.session.current = Some(number);
        self.ask()
    }

    pub(super) fn step_series(&mut self, by: isize) -> Vec<Request> {
        let series = &self.session.series;
        let Some(index) = series.iter().position(|open| Some(open.number) == self.session.current)
        else {
            return Vec::new();
        };
        match index.checked_add_signed(by).and_then(|index| series.get(index)) {
            Some(open) => self.select_series(open.number),
            None => Vec::new(),
        }
    }

    pub(super) fn select_slice(&mut self, slice: usize) -> Vec<Request> {
        let Some(open) = self.session.shown_mut() else {
            return Vec::new();
        };
        let slice = slice.min(open.series.slices.len() - 1);
        if slice == open.slice {
            return Vec::new();
        }
        open.slice = slice;
        self.ask()
    }

    pub(super) fn step_slice(&mut self, by: isize) -> Vec<Request> {
        match self.session.shown() {
            Some(open) => self.select_slice(open.slice.saturating_add_signed(by)),
            None => Vec::new(),
        }
    }

    pub(super) fn look(&mut self, change: impl FnOnce(&mut OpenSeries)) -> Vec<Request> {
        self.session.shown_mut().map(change);
        Vec::new()
    }

    pub(super) fn percentiles(&mut self, low: f32, high: f32) -> Vec<Request> {
        self.look(|open| open.window = open.slice().percentile_window(low, high))
    }
}
