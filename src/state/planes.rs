//! Three planes of the series in the active pane, linked by a cross.

use super::open_series::OpenSeries;
use super::view::View;
use crate::imaging::planes::{Cut, Volume};

/// How a series is looked at in three planes: its own and two across it.
#[derive(Clone, Debug)]
pub struct Planes {
    pub volume: Volume,
    /// Where the planes across go through: column and row of every slice.
    pub cross: [usize; 2],
    /// Zoom and pan of the plane through the row, and of the one through the column.
    pub views: [View; 2],
}

impl Planes {
    /// Through the middle of a series.
    ///
    /// # Errors
    /// Why it is no volume: the end of a sentence that begins with the series' name.
    pub(super) fn of(open: &OpenSeries) -> Result<Self, &'static str> {
        let volume = Volume::of(&open.series)?;
        let [columns, rows, _] = volume.size();
        Ok(Self { volume, cross: [columns / 2, rows / 2], views: [View::default(); 2] })
    }

    /// The planes across the slices.
    pub fn cuts(&self) -> [Cut; 2] {
        let [column, row] = self.cross;
        [Cut::Row(row), Cut::Column(column)]
    }
}
