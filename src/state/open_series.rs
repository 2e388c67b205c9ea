//! A series that is open, and how it is looked at.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::planes::Planes;
use super::turn::Turn;
use super::view::View;
use crate::imaging::{Found, Header, Leaf, Outline, Place, Slice, Source, Window};
use crate::worker::job::{self, ScanKey};

/// An opened series and how it is looked at.
#[derive(Clone, Debug)]
pub struct OpenSeries {
    /// Given when it was opened; never used twice in a run.
    pub number: u64,
    /// What its headers say.
    pub series: Arc<Outline>,
    /// One for each slice.
    pixels: Vec<Pixels>,
    /// The slice that is shown, from 0.
    pub slice: usize,
    /// Whether a person chose it; else it is the middle one, however the series grows.
    pub(super) chosen: bool,
    /// `None` until the pixels that decide it are here.
    pub window: Option<Window>,
    range: OnceCell<(f32, f32)>,
    pub invert: bool,
    pub view: View,
    pub turn: Turn,
    /// Set while the series is looked at in three planes.
    pub planes: Option<Planes>,
}

/// The pixels of a slice.
#[derive(Clone, Debug)]
enum Pixels {
    /// In the file only.
    Away,
    Here(Arc<Slice>),
    /// They cannot be read; a sentence for people.
    Failed(String),
}

impl OpenSeries {
    /// A series as it is first shown: at its middle slice, where there is most to see. `None` for
    /// what holds no slice.
    pub(super) fn new(number: u64, found: Found) -> Option<Self> {
        let (series, pixels): (_, Vec<Pixels>) = match found {
            Found::Outline(outline) => {
                let pixels = vec![Pixels::Away; outline.slices.len()];
                (outline, pixels)
            }
            Found::Whole(series) => {
                let pixels = series.slices.iter().cloned().map(Pixels::Here).collect();
                (Arc::new(series.outline()), pixels)
            }
            Found::LeftOut(_) => return None,
        };
        let slice = series.slices.len() / 2;
        let header = &series.slices.get(slice)?.header;
        let mut open = Self {
            number,
            slice,
            chosen: false,
            window: header.own_window(),
            series,
            pixels,
            range: OnceCell::new(),
            invert: false,
            view: View::default(),
            turn: Turn::default(),
            planes: None,
        };
        open.settle_window();
        Some(open)
    }

    /// The slice that is shown, once its pixels are here.
    pub fn slice(&self) -> Option<&Arc<Slice>> {
        self.slice_at(self.slice)
    }

    /// A slice whose pixels are here.
    pub fn slice_at(&self, index: usize) -> Option<&Arc<Slice>> {
        match self.pixels.get(index)? {
            Pixels::Here(slice) => Some(slice),
            Pixels::Away | Pixels::Failed(_) => None,
        }
    }

    /// What the file says of the slice that is shown.
    pub fn header(&self) -> &Header {
        &self.series.slices[self.slice].header
    }

    /// Where the pixels of a slice are; `None` for one that cannot be read.
    pub fn pixels(&self, index: usize) -> Option<job::Pixels> {
        match self.slice_at(index) {
            Some(here) => Some(job::Pixels::Here(Arc::clone(here))),
            None => Some(job::Pixels::InFile(self.series.slices.get(index)?.place.clone()?)),
        }
    }

    /// The file of the slice that is shown.
    pub fn source(&self) -> Source {
        match &self.series.slices[self.slice].place {
            Some(place) => place.source.clone(),
            None => Source::file(&self.series.path),
        }
    }

    /// Why the slice that is shown cannot be seen; a sentence for people.
    pub fn failure(&self) -> Option<&str> {
        match &self.pixels[self.slice] {
            Pixels::Failed(message) => Some(message),
            Pixels::Away | Pixels::Here(_) => None,
        }
    }

    /// Whether the pixels of a slice are in the file only.
    pub(super) fn is_away(&self, index: usize) -> bool {
        matches!(self.pixels[index], Pixels::Away)
    }

    /// How many slices can be looked at.
    pub fn slices_here(&self) -> usize {
        self.pixels.iter().filter(|pixels| matches!(pixels, Pixels::Here(_))).count()
    }

    /// The middle slice, which stands for the series in the list.
    pub fn middle(&self) -> usize {
        self.series.slices.len() / 2
    }

    /// Smallest and largest modality value of the middle slice, found when first asked for; of the
    /// slice that is shown as long as the middle one is not here.
    pub fn range(&self) -> Option<(f32, f32)> {
        match self.slice_at(self.middle()) {
            Some(middle) => Some(*self.range.get_or_init(|| middle.value_range())),
            None => self.slice().map(|slice| slice.value_range()),
        }
    }

    /// Takes in the pixels of a slice, or why there are none.
    pub(super) fn put(&mut self, index: usize, result: Result<Arc<Slice>, String>) {
        if let Some(pixels) = self.pixels.get_mut(index) {
            *pixels = match result {
                Ok(slice) => Pixels::Here(slice),
                Err(message) => Pixels::Failed(message),
            };
            self.settle_window();
        }
    }

    /// Lets the pixels of a slice go, if they can be read again.
    pub(super) fn let_go(&mut self, index: usize) {
        if self.series.slices[index].place.is_some() {
            self.pixels[index] = Pixels::Away;
        }
    }

    /// Takes in the headers of a series that has grown, as the series with another `number`: its slices
    /// have other places in it, and what was asked of the old ones must not be taken for the new. A
    /// slice that a person chose stays, and so do the pixels that are here.
    pub(super) fn grow(&mut self, number: u64, outline: Arc<Outline>) {
        let leaves = self.series.slices.iter();
        let shown = self.series.slices[self.slice].place.clone().filter(|_| self.chosen);
        let mut before: HashMap<&Place, Pixels> = leaves
            .zip(std::mem::take(&mut self.pixels))
            .filter_map(|(leaf, pixels)| Some((leaf.place.as_ref()?, pixels)))
            .collect();
        let mut known = |leaf: &Leaf| before.remove(leaf.place.as_ref()?);
        let pixels =
            outline.slices.iter().map(|leaf| known(leaf).unwrap_or(Pixels::Away)).collect();
        let same = |leaf: &Leaf| shown.is_some() && leaf.place == shown;
        let shown = outline.slices.iter().position(same);
        self.slice = shown.unwrap_or(outline.slices.len() / 2);
        self.pixels = pixels;
        self.number = number;
        self.series = outline;
        self.planes = None;
        self.range = OnceCell::new();
    }

    /// Shows the whole scan, in each of its planes.
    pub(super) fn fit(&mut self) {
        self.view = View::default();
        if let Some(planes) = &mut self.planes {
            planes.views = Default::default();
        }
    }

    fn settle_window(&mut self) {
        if self.window.is_none() {
            let here = self.slice().or_else(|| self.slice_at(self.middle()));
            self.window = here.map(|slice| slice.first_window());
        }
    }

    /// The slice that is shown, for requests and caches.
    pub fn key(&self) -> ScanKey {
        ScanKey { series: self.number, slice: self.slice }
    }

    /// What it says of itself, else its file's name: a DICOM file's is mostly a number.
    pub fn title(&self) -> String {
        self.series.description.clone().unwrap_or_else(|| self.name())
    }

    /// The file's name.
    pub fn name(&self) -> String {
        match self.series.path.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => self.series.path.display().to_string(),
        }
    }
}
