//! Measurements: drawn, changed, deleted, calibrated, kept and brought back; and what is taken back.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::State;
use crate::measure::{Address, Change, Kept, Kind, Point, Shape};
use crate::state::history::Deed;
use crate::state::measuring::Measurement;
use crate::state::notices::Level;
use crate::state::session::{Room, Sheet};
use crate::worker::job::{MeasuredSeries, MeasuredSlice, Request, RequestId};

impl State {
    /// Takes a tool up, or puts it down where it is in use.
    pub(super) fn take_tool(&mut self, kind: Kind) -> Vec<Request> {
        let measuring = &mut self.session.measuring;
        measuring.draft = None;
        let put_down = measuring.tool == Some(kind) || self.session.room != Room::Reading;
        measuring.tool = (!put_down).then_some(kind);
        Vec::new()
    }

    /// Places a point of what is drawn with the tool, which begins or ends with it.
    pub(super) fn place_point(&mut self, address: Address, point: Point) -> Vec<Request> {
        let measuring = &mut self.session.measuring;
        let Some(kind) = measuring.tool else {
            return Vec::new();
        };
        measuring.selected = None;
        let going_on = measuring.draft.take().filter(|draft| draft.address == address);
        let Some(mut draft) = going_on else {
            let shape = Shape { kind, points: vec![point; 2] };
            measuring.draft = Some(Measurement { address, shape });
            return Vec::new();
        };
        if let Some(last) = draft.shape.points.last_mut() {
            *last = point;
        }
        if draft.shape.points.len() < kind.points() {
            draft.shape.points.push(point);
            measuring.draft = Some(draft);
            return Vec::new();
        }
        if draft.shape.is_empty() {
            return Vec::new();
        }
        self.change_shape(draft.address, None, Some(draft.shape))
    }

    /// The point that is not placed yet follows the pointer.
    pub(super) fn lead_point(&mut self, to: Point) -> Vec<Request> {
        let draft = self.session.measuring.draft.as_mut();
        if let Some(last) = draft.and_then(|draft| draft.shape.points.last_mut()) {
            *last = to;
        }
        Vec::new()
    }

    pub(super) fn select_measurement(&mut self, measurement: Option<Measurement>) -> Vec<Request> {
        self.session.measuring.selected = measurement;
        self.session.measuring.reshaped = None;
        Vec::new()
    }

    /// Shows what a hand makes of the selected measurement.
    pub(super) fn reshape(&mut self, shape: Shape) -> Vec<Request> {
        let measuring = &mut self.session.measuring;
        measuring.reshaped = measuring.selected.is_some().then_some(shape);
        Vec::new()
    }

    /// The hand lets go: its change is kept.
    pub(super) fn let_go(&mut self) -> Vec<Request> {
        let measuring = &mut self.session.measuring;
        let (Some(selected), Some(shape)) = (measuring.selected.clone(), measuring.reshaped.take())
        else {
            return Vec::new();
        };
        if shape == selected.shape || shape.is_empty() {
            return Vec::new();
        }
        self.change_shape(selected.address, Some(selected.shape), Some(shape))
    }

    pub(super) fn delete_measurement(&mut self, measurement: Option<Measurement>) -> Vec<Request> {
        match measurement.filter(|_| self.session.room == Room::Reading) {
            Some(gone) => self.change_shape(gone.address, Some(gone.shape), None),
            None => Vec::new(),
        }
    }

    /// Asks how long the selected length is.
    pub(super) fn ask_calibration(&mut self) -> Vec<Request> {
        let selected = self.session.selected_measurement();
        if selected.is_some_and(|selected| selected.shape.kind == Kind::Length) {
            return self.show(Some(Sheet::Calibrate));
        }
        let how = "To calibrate, draw a length over something whose size you know; then choose \
                   “Calibrate…” again.";
        self.say(Level::Info, how);
        Vec::new()
    }

    /// The selected length is `mm` long; or the calibration is forgotten.
    pub(super) fn calibrate(&mut self, mm: Option<f32>) -> Vec<Request> {
        let session = &self.session;
        let Some(open) = session.shown() else {
            return Vec::new();
        };
        let home = open.calibration_home();
        let before = session.measuring.kept.get(&home).and_then(|kept| kept.mm_per_pixel);
        let after = match (mm, session.selected_measurement()) {
            (None, _) => None,
            (Some(mm), Some(length)) => {
                let scale = session.scale(open, open.slice);
                let Some(width) = scale.calibrated(&length.shape, mm) else {
                    let message = format!("A length cannot be {mm} mm; type another number.");
                    self.say(Level::Warning, message);
                    return Vec::new();
                };
                Some(width)
            }
            (Some(_), None) => return Vec::new(),
        };
        if before == after {
            return Vec::new();
        }
        self.measure_anew(home, Change::Calibration { before, after })
    }

    fn change_shape(
        &mut self,
        address: Address,
        before: Option<Shape>,
        after: Option<Shape>,
    ) -> Vec<Request> {
        self.measure_anew(address.home, Change::Shape { slice: address.slice, before, after })
    }

    fn measure_anew(&mut self, home: String, change: Change) -> Vec<Request> {
        self.session.history.add(Deed::Measured { home: home.clone(), change: change.clone() });
        self.keep_change(home, change)
    }

    fn keep_change(&mut self, home: String, change: Change) -> Vec<Request> {
        let id = self.next_request();
        let measuring = &mut self.session.measuring;
        measuring.apply(&home, &change);
        measuring.keeping.insert(home.clone(), id);
        vec![Request::KeepMeasurements { id, home, change }]
    }

    /// Writes the measurements on the open series as a table.
    pub(super) fn export_measurements(&mut self, to: PathBuf) -> Vec<Request> {
        let id = self.next_request();
        let session = &self.session;
        let mut measured = Vec::new();
        for open in &session.series {
            let slice = |number: usize| MeasuredSlice {
                number,
                pixels: open.pixels(number),
                scale: session.scale(open, number),
                shapes: session.measuring.on(&open.address(number)).to_vec(),
            };
            let slices = (0..open.series.slices.len()).map(slice);
            let slices: Vec<_> = slices.filter(|slice| !slice.shapes.is_empty()).collect();
            if !slices.is_empty() {
                measured.push(MeasuredSeries { title: open.title(), slices });
            }
        }
        if measured.is_empty() {
            self.say(Level::Warning, "Nothing was measured yet: draw a length, for instance.");
            return Vec::new();
        }
        vec![Request::ExportMeasurements { id, to, measured }]
    }

    /// Takes back what was done last: what is being drawn, a measurement, or a word.
    pub(super) fn undo(&mut self) -> Vec<Request> {
        if self.session.measuring.draft.take().is_some() {
            return Vec::new();
        }
        self.session.history.undo().map_or(Vec::new(), |deed| self.make(deed))
    }

    /// Does again what was taken back last.
    pub(super) fn redo(&mut self) -> Vec<Request> {
        self.session.history.redo().map_or(Vec::new(), |deed| self.make(deed))
    }

    fn make(&mut self, deed: Deed) -> Vec<Request> {
        match deed {
            Deed::Said { key, after, .. } => self.keep_word(key, after),
            Deed::Measured { home, change } => {
                let mut requests = self.bring_into_sight(&home, &change);
                requests.extend(self.keep_change(home, change));
                requests
            }
        }
    }

    /// Goes to the slice of a change, or says that it cannot be seen.
    fn bring_into_sight(&mut self, home: &str, change: &Change) -> Vec<Request> {
        let shown = self.session.shown().filter(|_| self.session.room == Room::Reading);
        let slice = shown.and_then(|open| match change {
            Change::Calibration { .. } => (open.calibration_home() == home).then_some(open.slice),
            Change::Shape { slice, .. } => {
                let is_of = |address: Address| address.home == home && address.slice == *slice;
                let mut slices = std::iter::once(open.slice).chain(0..open.series.slices.len());
                slices.find(|&index| is_of(open.address(index)))
            }
        });
        if slice.is_none() {
            self.say(Level::Info, "A measurement was changed on a scan that is not shown.");
        }
        slice.map_or(Vec::new(), |slice| self.select_slice(slice))
    }

    /// Asks for what was measured before on series that are open since the last time.
    pub(super) fn recall_measurements(&mut self) -> Vec<Request> {
        let id = self.next_request();
        let session = &mut self.session;
        let measuring = &mut session.measuring;
        let mut homes = BTreeSet::new();
        for open in &session.series {
            if measuring.asked.insert(open.number) {
                let all = (0..open.series.slices.len()).map(|slice| open.address(slice).home);
                homes.extend(all.filter(|home| !measuring.kept.contains_key(home)));
            }
        }
        if homes.is_empty() {
            return Vec::new();
        }
        measuring.recalling.insert(id);
        vec![Request::RecallMeasurements { id, homes: homes.into_iter().collect() }]
    }

    /// Takes in what was measured before.
    pub(super) fn measurements_recalled(&mut self, id: RequestId, recalled: Vec<(String, Kept)>) {
        let measuring = &mut self.session.measuring;
        if !measuring.recalling.remove(&id) {
            return;
        }
        for (home, kept) in recalled {
            // What was done since is kept together with it, and comes with that answer.
            if !measuring.keeping.contains_key(&home) {
                measuring.take_in(home, kept);
            }
        }
    }

    /// Takes in what is kept now; an answer to a change that others followed is dropped.
    pub(super) fn measurements_kept(
        &mut self,
        id: RequestId,
        home: String,
        result: Result<Kept, String>,
    ) {
        let measuring = &mut self.session.measuring;
        if measuring.keeping.get(&home) == Some(&id) {
            measuring.keeping.remove(&home);
            match result {
                Ok(kept) => measuring.take_in(home, kept),
                Err(message) => self.say(Level::Error, message),
            }
        }
    }
}
