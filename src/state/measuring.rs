//! The measurements of what is open: those that are kept, the one in hand, and the tool.

use std::collections::{HashMap, HashSet};

use super::open_series::OpenSeries;
use super::session::Session;
use crate::measure::{Address, Change, Kept, Kind, Scale, Shape};
use crate::worker::job::RequestId;

/// What a person measures with, and what was measured.
#[derive(Clone, Debug, Default)]
pub struct Measuring {
    /// What a drag on the scan draws; without a tool it windows.
    pub tool: Option<Kind>,
    /// What is being drawn; its last point follows the pointer.
    pub draft: Option<Measurement>,
    /// What the keys act on, as it is kept.
    pub selected: Option<Measurement>,
    /// What a hand makes of the selected one, until it is let go.
    pub reshaped: Option<Shape>,
    /// By [`Address::home`].
    pub(super) kept: HashMap<String, Kept>,
    /// Series whose measurements were asked for.
    pub(super) asked: HashSet<u64>,
    /// Requests to bring measurements back that are not answered.
    pub(super) recalling: HashSet<RequestId>,
    /// The newest request to keep a change, by [`Address::home`].
    pub(super) keeping: HashMap<String, RequestId>,
}

/// A shape and the slice that it lies on.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    pub address: Address,
    pub shape: Shape,
}

impl Measuring {
    /// What is kept on a slice.
    pub fn on(&self, address: &Address) -> &[Shape] {
        self.kept.get(&address.home).map_or(&[], |kept| kept.on(&address.slice))
    }

    /// Whether all that was measured before is there.
    pub(super) fn is_settled(&self) -> bool {
        self.recalling.is_empty()
    }

    /// Makes a change on the screen.
    pub(super) fn apply(&mut self, home: &str, change: &Change) {
        self.kept.entry(home.to_owned()).or_default().apply(change);
        self.reshaped = None;
        if let Change::Shape { slice, after, .. } = change {
            self.selected = after.clone().map(|shape| Measurement {
                address: Address { home: home.to_owned(), slice: slice.clone() },
                shape,
            });
        }
    }

    /// Takes in what is kept, with what other windows did.
    pub(super) fn take_in(&mut self, home: String, kept: Kept) {
        self.kept.insert(home, kept);
        let gone = |selected: &Measurement| !self.on(&selected.address).contains(&selected.shape);
        if self.selected.as_ref().is_some_and(gone) {
            self.selected = None;
            self.reshaped = None;
        }
    }

    /// Leaves off the innermost of what a hand is at; whether there was something.
    pub(super) fn leave_off(&mut self) -> bool {
        self.draft.take().is_some()
            || self.reshaped.take().is_some()
            || self.tool.take().is_some()
            || self.selected.take().is_some()
    }
}

impl OpenSeries {
    /// Where the measurements on a slice are kept.
    pub fn address(&self, slice: usize) -> Address {
        Address::of(&self.series, slice, &self.series.slices[slice].header)
    }

    /// Where a calibration of the series is kept.
    pub(super) fn calibration_home(&self) -> String {
        self.address(0).home
    }
}

impl Session {
    /// How large a pixel of a slice is.
    pub fn scale(&self, open: &OpenSeries, slice: usize) -> Scale {
        let kept = self.measuring.kept.get(&open.calibration_home());
        let by_hand = kept.and_then(|kept| kept.mm_per_pixel);
        Scale::of(open.series.slices[slice].header.spacing, by_hand)
    }

    /// The selected measurement, where its slice is shown.
    pub fn selected_measurement(&self) -> Option<&Measurement> {
        let open = self.shown()?;
        let selected = self.measuring.selected.as_ref()?;
        (selected.address == open.address(open.slice)).then_some(selected)
    }
}
