//! What a reader takes out of the reading room: pictures of the scan, and copies of its files.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::open_series::OpenSeries;
use super::update::State;
use crate::imaging::Source;
use crate::worker::job::RequestId;

/// What a picture of the scan holds beside the scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PictureOptions {
    /// The map of the chosen layer.
    pub heatmap: bool,
    /// Corner texts, orientation letters, ruler and colour bar.
    pub labels: bool,
    /// What was measured on it.
    pub measurements: bool,
    pub size: PictureSize,
}

impl Default for PictureOptions {
    fn default() -> Self {
        Self { heatmap: true, labels: true, measurements: true, size: PictureSize::default() }
    }
}

/// How many pixels a picture has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureSize {
    /// Those of the screen, with its zoom.
    #[default]
    Screen,
    /// The whole scan, one pixel for each of its own.
    Scan,
    /// The whole scan, two by two pixels for each of its own.
    ScanTwice,
}

impl PictureSize {
    pub const ALL: [Self; 3] = [Self::Screen, Self::Scan, Self::ScanTwice];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Screen => "As on the screen",
            Self::Scan => "The scan's own pixels",
            Self::ScanTwice => "The scan's own pixels, twice as large",
        }
    }

    /// Pixels of the picture for one of the scan; `None` where the screen decides.
    pub fn factor(self) -> Option<f32> {
        match self {
            Self::Screen => None,
            Self::Scan => Some(1.0),
            Self::ScanTwice => Some(2.0),
        }
    }
}

/// How much of a series is copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    #[default]
    Series,
    /// The file of the slice that is shown.
    Slice,
}

/// De-identified copies that are being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copying {
    pub id: RequestId,
    pub done: usize,
    pub total: usize,
}

impl OpenSeries {
    /// Whether it came from DICOM files, which can be copied without what identifies anybody.
    pub fn is_dicom(&self) -> bool {
        self.series.format.starts_with("DICOM")
    }

    /// Its files, in the order of its slices.
    pub(super) fn sources(&self, extent: Extent) -> Vec<Source> {
        let leaves = match extent {
            Extent::Series => self.series.slices.as_slice(),
            Extent::Slice => &self.series.slices[self.slice..=self.slice],
        };
        let places = leaves.iter().filter_map(|leaf| leaf.place.as_ref());
        let mut seen = HashSet::new();
        let mut sources: Vec<Source> =
            places.map(|place| place.source.clone()).filter(|s| seen.insert(s.clone())).collect();
        if sources.is_empty() {
            sources.push(Source::file(&self.series.path));
        }
        sources
    }
}

impl State {
    /// A state that knows the scan that is shown and its evidence, and nothing else: neither whose it
    /// is nor what its file is called. Whatever is drawn from it can be given away. `None` where no
    /// scan is shown.
    pub fn anonymous(&self) -> Option<Self> {
        let known = &self.session;
        let mut open = known.shown()?.clone();
        open.planes = None;
        let series = Arc::make_mut(&mut open.series);
        series.path = "Scan".into();
        series.about.patient = None;
        series.about.study = None;
        series.notes.clear();
        series.slices.iter_mut().for_each(|leaf| leaf.place = None);
        let mut state = Self::default();
        let session = &mut state.session;
        session.grid.show(open.number);
        session.series.push(open);
        session.checkpoints = known.checkpoints.clone();
        session.model = known.model.clone();
        session.device = known.device;
        session.class = known.class;
        session.layer = known.layer.clone();
        session.prediction = known.prediction.clone();
        session.evidence = known.evidence.clone();
        session.measuring = known.measuring.clone();
        state.settings = self.settings.clone();
        let settings = &mut state.settings;
        settings.overlay.on &= settings.picture.heatmap;
        settings.recent.clear();
        settings.recent_test_sets.clear();
        settings.review = None;
        Some(state)
    }
}
