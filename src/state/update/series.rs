//! Series: opened, closed, gone through, looked at.

use std::path::PathBuf;
use std::sync::Arc;

use super::State;
use crate::imaging::{Found, Slice, Window};
use crate::state::notices::Level;
use crate::state::session::{Opening, Sweep};
use crate::state::{Cine, OpenSeries, Planes};
use crate::worker::job::{ClassifySeries, Request, RequestId, ScanKey};

impl State {
    pub(super) fn open(&mut self, paths: Vec<PathBuf>) -> Vec<Request> {
        if paths.is_empty() {
            return Vec::new();
        }
        let id = self.next_request();
        self.session.opening.push(Opening::new(id));
        vec![Request::Open { id, paths }]
    }

    pub(super) fn open_demo(&mut self) -> Vec<Request> {
        let id = self.next_request();
        self.session.opening.push(Opening::new(id));
        vec![Request::OpenDemo { id }]
    }

    /// Takes in one thing that a request to open has found, unless the request was cancelled.
    pub(super) fn opened(&mut self, id: RequestId, result: Result<Found, String>) -> Vec<Request> {
        let Some(opening) = self.session.opening.iter_mut().find(|opening| opening.id == id) else {
            return Vec::new();
        };
        let of_case = self.session.case.as_ref().is_some_and(|case| case.opening == id);
        match result {
            Ok(Found::LeftOut(error)) => {
                opening.left_out.push(error);
                Vec::new()
            }
            Ok(found) => {
                self.last_series += 1;
                match OpenSeries::new(self.last_series, found) {
                    Some(open) if of_case => self.case_opened(open),
                    Some(open) => self.add_series(id, open),
                    None => Vec::new(),
                }
            }
            Err(message) => {
                self.say(Level::Error, message);
                Vec::new()
            }
        }
    }

    /// Nothing more comes of a request to open.
    pub(super) fn open_done(&mut self, id: RequestId) {
        let Some(at) = self.session.opening.iter().position(|opening| opening.id == id) else {
            return;
        };
        let opening = self.session.opening.remove(at);
        let (left_out, shown) = (opening.left_out.len(), opening.series.len());
        if left_out > 0 {
            self.session.left_out.extend(opening.left_out);
            let (files, are) = if left_out == 1 { ("file", "is") } else { ("files", "are") };
            let message =
                format!("{left_out} {files} {are} not shown; Help, “Files left out” says why.");
            let level = if shown == 0 { Level::Warning } else { Level::Info };
            self.say(level, message);
        }
    }

    /// Adds a series, or puts it in the place of the one that it is again: one that has grown, or
    /// one from the same file.
    fn add_series(&mut self, id: RequestId, open: OpenSeries) -> Vec<Request> {
        let Some(opening) = self.session.opening.iter_mut().find(|opening| opening.id == id) else {
            return Vec::new();
        };
        let (number, uid) = (open.number, &open.series.about.series_uid);
        let grown = self.session.series.iter_mut().find(|known| {
            uid.is_some()
                && known.series.about.series_uid == *uid
                && opening.series.contains(&known.number)
        });
        if let Some(known) = grown {
            let old = known.number;
            known.grow(number, Arc::clone(&open.series));
            opening.series.retain(|series| *series != old);
            opening.series.push(number);
            return self.has_grown(old, number);
        }
        opening.series.push(number);
        let show = !std::mem::replace(&mut opening.shown, true);
        if !open.series.synthetic {
            self.settings.remember(&open.series.path);
        }
        for note in &open.series.notes {
            self.notices.say(Level::Info, format!("{}: {note}", open.series.path.display()));
        }
        let current = self.session.grid.current();
        let known = self.session.series.iter_mut().find(|known| {
            known.series.path == open.series.path
                && known.series.description == open.series.description
        });
        match known {
            Some(known) => {
                let old = std::mem::replace(known, open).number;
                self.session.answers.forget(old);
                self.session.grid.replace(old, Some(number));
            }
            None => {
                let place = place_in_study(&self.session.series, &open);
                self.session.series.insert(place, open);
                self.session.grid.fill(number);
            }
        }
        if show || self.session.grid.current().is_none() {
            self.session.grid.show(number);
        }
        match self.session.grid.current() == current {
            true => self.fetch(),
            false => self.fetch_and_ask(),
        }
    }

    /// A series that has grown has another number.
    fn has_grown(&mut self, old: u64, new: u64) -> Vec<Request> {
        let session = &mut self.session;
        session.answers.forget(old);
        session.grid.replace(old, Some(new));
        for cine in session.cine.iter_mut().filter(|cine| cine.series == old) {
            cine.series = new;
        }
        match session.grid.current() == Some(new) {
            true => self.fetch_and_ask(),
            false => self.fetch(),
        }
    }

    /// Takes in the pixels of a slice.
    pub(super) fn slice_read(
        &mut self,
        scan: ScanKey,
        result: Result<Arc<Slice>, String>,
    ) -> Vec<Request> {
        let session = &mut self.session;
        let Some(open) = session.series.iter_mut().find(|open| open.number == scan.series) else {
            return Vec::new();
        };
        if let Err(message) = &result {
            self.notices.say(Level::Error, message.clone());
        }
        open.put(scan.slice, result);
        match session.shown().is_some_and(|open| open.key() == scan) {
            true => self.ask(),
            false => Vec::new(),
        }
    }

    pub(super) fn close(&mut self, number: u64) -> Vec<Request> {
        let Some(index) = self.session.series.iter().position(|open| open.number == number) else {
            return Vec::new();
        };
        self.session.series.remove(index);
        self.session.answers.forget(number);
        let was_current = self.session.grid.current() == Some(number);
        let next = {
            let grid = &self.session.grid;
            let free = |open: &&OpenSeries| !grid.shows(open.number);
            let (before, after) = self.session.series.split_at(index);
            after.iter().chain(before.iter().rev()).find(free).map(|open| open.number)
        };
        self.session.grid.replace(number, next);
        let another = self.session.grid.shown().next();
        if let Some(another) = another.filter(|_| self.session.grid.current().is_none()) {
            self.session.grid.show(another);
        }
        if was_current { self.fetch_and_ask() } else { self.fetch() }
    }

    pub(super) fn select_series(&mut self, number: u64) -> Vec<Request> {
        let there = self.session.series.iter().any(|open| open.number == number);
        if !there || self.session.grid.current() == Some(number) {
            return Vec::new();
        }
        self.session.grid.show(number);
        self.fetch_and_ask()
    }

    pub(super) fn step_series(&mut self, by: isize) -> Vec<Request> {
        let series = &self.session.series;
        let current = self.session.grid.current();
        let Some(index) = series.iter().position(|open| Some(open.number) == current) else {
            return Vec::new();
        };
        match index.checked_add_signed(by).and_then(|index| series.get(index)) {
            Some(open) => self.select_series(open.number),
            None => Vec::new(),
        }
    }

    pub(super) fn activate_pane(&mut self, cell: usize) -> Vec<Request> {
        if self.session.grid.active() == cell {
            return Vec::new();
        }
        self.session.grid.activate(cell);
        self.fetch_and_ask()
    }

    pub(super) fn set_grid(&mut self, rows: usize, columns: usize) -> Vec<Request> {
        let open = self.session.series.iter().map(|open| open.number);
        let current = self.session.grid.current();
        self.session.grid.resize(rows, columns, open);
        match self.session.grid.current() == current {
            true => self.fetch(),
            false => self.fetch_and_ask(),
        }
    }

    /// Shows the series in three planes, or in its own again.
    pub(super) fn toggle_planes(&mut self) -> Vec<Request> {
        let Some(open) = self.session.shown_mut() else {
            return Vec::new();
        };
        match (&open.planes, Planes::of(open)) {
            (Some(_), _) => open.planes = None,
            (None, Ok(planes)) => open.planes = Some(planes),
            (None, Err(why)) => {
                let message = format!("{} {why}: there are no planes across it.", open.title());
                self.say(Level::Info, message);
            }
        }
        Vec::new()
    }

    /// Moves the cross of three planes.
    pub(super) fn set_cross(&mut self, [column, row, slice]: [usize; 3]) -> Vec<Request> {
        if let Some(planes) = self.session.shown_mut().and_then(|open| open.planes.as_mut()) {
            let [columns, rows, _] = planes.volume.size();
            planes.cross = [column.min(columns - 1), row.min(rows - 1)];
        }
        self.select_slice(slice)
    }

    pub(super) fn select_slice(&mut self, slice: usize) -> Vec<Request> {
        let Some(open) = self.session.shown_mut() else {
            return Vec::new();
        };
        let slice = slice.min(open.series.slices.len() - 1);
        if slice == open.slice {
            return Vec::new();
        }
        let before = open.slice;
        open.slice = slice;
        open.chosen = true;
        if self.settings.links.scroll {
            self.session.scroll_along(before);
        }
        self.fetch_and_ask()
    }

    pub(super) fn step_slice(&mut self, by: isize) -> Vec<Request> {
        match self.session.shown() {
            Some(open) => self.select_slice(open.slice.saturating_add_signed(by)),
            None => Vec::new(),
        }
    }

    /// Goes through the slices of the series in the active pane by themselves, or stops.
    pub(super) fn toggle_cine(&mut self) -> Vec<Request> {
        let several = self.session.shown().filter(|open| open.series.slices.len() > 1);
        self.session.cine = match (self.session.cine, several) {
            (None, Some(open)) => Some(Cine { series: open.number, backwards: false }),
            _ => None,
        };
        Vec::new()
    }

    /// Shows the next slice, unless its pixels are still to come: none is passed over.
    pub(super) fn cine_step(&mut self) -> Vec<Request> {
        let Some((mut cine, open)) = self.session.cine.zip(self.session.shown()) else {
            self.session.cine = None;
            return Vec::new();
        };
        if open.number != cine.series {
            self.session.cine = None;
            return Vec::new();
        }
        if open.is_away(open.slice) {
            return Vec::new();
        }
        let next = cine.step(open.slice, open.series.slices.len(), self.settings.cine.turn);
        self.session.cine = next.map(|_| cine);
        next.map_or(Vec::new(), |next| self.select_slice(next))
    }

    /// Classifies every slice of a series from now on, or only the one that is looked at.
    pub(super) fn classify_whole(&mut self, whole: bool) -> Vec<Request> {
        self.settings.whole_series = whole;
        if whole {
            return self.sweep().into_iter().collect();
        }
        let Some(sweep) = self.session.sweep.take().filter(|sweep| sweep.left > 0) else {
            return Vec::new();
        };
        // An empty one takes the place of what is left.
        let Sweep { id, checkpoint, device, .. } = sweep;
        vec![Request::ClassifySeries(ClassifySeries { id, slices: vec![], checkpoint, device })]
    }

    /// Changes how the series in the active pane is looked at, and the others as far as they are
    /// linked.
    pub(super) fn look(&mut self, change: impl FnOnce(&mut OpenSeries)) -> Vec<Request> {
        let Some(open) = self.session.shown_mut() else {
            return Vec::new();
        };
        let (number, view, window) = (open.number, open.view, open.window);
        change(open);
        let (links, new_view, new_window) = (self.settings.links, open.view, open.window);
        for other in self.session.others_on_screen(number) {
            if links.zoom && new_view != view {
                other.view = new_view;
            }
            if links.window && new_window != window {
                other.window = new_window;
            }
        }
        Vec::new()
    }

    /// Windows the series as the slice that is shown suggests.
    pub(super) fn window_by(&mut self, window: impl FnOnce(&Slice) -> Window) -> Vec<Request> {
        self.look(|open| {
            if let Some(slice) = open.slice().cloned() {
                open.window = Some(window(&slice));
            }
        })
    }
}

/// Where a series belongs in the list: among those of its study, by the numbers they were given;
/// else at the end.
fn place_in_study(list: &[OpenSeries], new: &OpenSeries) -> usize {
    let about = &new.series.about;
    let of_study = |open: &OpenSeries| {
        about.study_uid.is_some() && open.series.about.study_uid == about.study_uid
    };
    let later = |open: &OpenSeries| {
        let (number, new) = (open.series.about.series_number, about.series_number);
        number.zip(new).is_some_and(|(number, new)| number > new)
    };
    let before = list.iter().position(|open| of_study(open) && later(open));
    let after = list.iter().rposition(of_study).map(|last| last + 1);
    before.or(after).unwrap_or(list.len())
}
