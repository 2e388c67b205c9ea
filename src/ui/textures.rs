//! Pictures on the graphics card: made once, made anew when what they show has changed, dropped
//! when nobody looked at them for a while.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Color32, ColorImage, TextureHandle, TextureId, TextureOptions, Ui};

use super::colormap;
use super::panes::PlaneView;
use super::shrunk::Shrunk;
use crate::explain::upsample::{sample, upsample};
use crate::imaging::planes::Cut;
use crate::imaging::{Slice, Window};
use crate::model::prediction::{Evidence, InputRegion, SaliencyMap};
use crate::state::{ColorMap, OpenSeries, Overlay, State};
use crate::worker::job::Thumbnail;

/// What a texture shows. What it looks like (window, colours) is its fingerprint, not its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Picture {
    /// The slice of a series that is shown.
    Scan(u64),
    /// A plane across the slices of a series: along rows, or along columns.
    Plane(u64, bool),
    /// A layer's map on it.
    PlaneOverlay(u64, bool),
    /// A series in the list.
    Thumbnail(u64),
    /// A scan in the list of cases.
    Case(PathBuf),
    /// The slice that is shown, small, behind the maps of the strip.
    SmallScan,
    /// A layer's map over the scan.
    Overlay(usize),
    /// A layer in the strip, at its own resolution.
    Native(usize),
    /// A layer in the strip, at the scan's proportions.
    Upsampled(usize),
    /// A layer in the strip, transparent as over the scan.
    SmallOverlay(usize),
    /// The colours of a map, from the top down.
    Bar(ColorMap),
}

struct Entry {
    texture: TextureHandle,
    fingerprint: u64,
    used: u64,
    /// What was uploaded, to be written anew without another allocation: a window is dragged sixty
    /// times a second.
    image: Option<Arc<ColorImage>>,
}

/// All pictures of the window.
#[derive(Default)]
pub struct Textures {
    entries: HashMap<Picture, Entry>,
    pass: u64,
    greys: Vec<u8>,
    /// Slices that are shown, as large as the graphics card takes them, by their series.
    fitting: HashMap<u64, Shrunk>,
    /// The active one, small.
    small: Shrunk,
}

/// Longest side of pictures in the strip and the list, in pixels.
const SMALL: usize = 128;
/// Longest side of a map over the scan: maps are smooth, the graphics card does the rest.
const OVERLAY: usize = 1024;

impl Textures {
    /// Ends a frame: pictures not looked at for long are dropped.
    pub fn end_pass(&mut self) {
        const KEPT_PASSES: u64 = 300;
        self.pass += 1;
        let pass = self.pass;
        self.entries.retain(|_, entry| entry.used + KEPT_PASSES > pass);
        self.fitting.retain(|&series, _| self.entries.contains_key(&Picture::Scan(series)));
    }

    /// The slice of a series that is shown, under its window; `None` until its pixels are here.
    /// Where pixels are drawn larger than three times, they are shown as squares: nothing is invented
    /// between them.
    pub fn scan(&mut self, ui: &Ui, open: &OpenSeries, magnified: bool) -> Option<TextureId> {
        let (slice, window) = open.slice().zip(open.window)?;
        let limit = ui.input(|input| input.max_texture_side);
        let look = (open.key(), window_bits(window), open.invert, magnified);
        let mut fitting = self.fitting.remove(&open.number).unwrap_or_default();
        let slice = fitting.of(open.key(), slice, limit);
        let texture = self.grey(ui, Picture::Scan(open.number), look, magnified, |greys| {
            slice.map_to_grey(window, open.invert, greys);
            [slice.width, slice.height]
        });
        self.fitting.insert(open.number, fitting);
        Some(texture)
    }

    /// A plane across the slices of a series, as far as their pixels are here.
    pub fn plane(&mut self, ui: &Ui, open: &OpenSeries, view: &PlaneView) -> Option<TextureId> {
        let window = open.window?;
        let look = (view.cut, window_bits(window), open.invert, open.slices_here());
        let name = Picture::Plane(open.number, matches!(view.cut, Cut::Row(_)));
        Some(self.grey(ui, name, look, false, |greys| {
            let pixels =
                view.volume.pixels(view.cut, |index| open.slice_at(index).map(Arc::as_ref));
            let slice = Slice::of(view.header.clone(), pixels);
            slice.map_to_grey(window, open.invert, greys);
            [slice.width, slice.height]
        }))
    }

    /// The map of layer `index` on a plane across the slices: where it is known of a slice, and
    /// nowhere else. The scale is that of the slice that is shown.
    pub fn plane_overlay(
        &mut self,
        ui: &Ui,
        shown: Shown,
        index: usize,
        view: &PlaneView,
        along: &BTreeMap<usize, &Evidence>,
    ) -> TextureId {
        let name = Picture::PlaneOverlay(shown.open.number, matches!(view.cut, Cut::Row(_)));
        let known: Vec<usize> = along.keys().copied().collect();
        let look = (shown.identity(index), shown.color_bits(), shown.overlay.threshold.to_bits());
        self.get(ui, name, (look, view.cut, known), TextureOptions::LINEAR, |_| {
            let (width, height) = (view.header.width, view.header.height);
            let at = |i: usize| {
                let place = [(i % width) as f32 + 0.5, (i / width) as f32 + 0.5];
                let [x, y, slice] = view.volume.voxel(view.cut, place);
                let evidence = along.get(&slice)?;
                sample(evidence.maps.get(index)?, &evidence.region, x as f32 + 0.5, y as f32 + 0.5)
            };
            let values: Vec<f32> = (0..width * height).map(|i| at(i).unwrap_or(0.0)).collect();
            shown.paint_veil(index, width, height, &values)
        })
    }

    /// A series in the list: its middle slice under its first window, once it is here.
    pub fn thumbnail(&mut self, ui: &Ui, open: &OpenSeries) -> Option<TextureId> {
        let name = Picture::Thumbnail(open.number);
        let Some(slice) = open.slice_at(open.middle()) else {
            let known = self.entries.get_mut(&name)?;
            known.used = self.pass;
            return Some(known.texture.id());
        };
        let look = open.series.slices.len();
        Some(self.get(ui, name, look, TextureOptions::LINEAR, |greys| {
            let mut small = Shrunk::default();
            let small = small.of(open.key(), slice, SMALL);
            grey_image(small, slice.first_window(), false, greys)
        }))
    }

    /// A scan in the list of cases.
    pub fn case(&mut self, ui: &Ui, path: &Path, picture: &Thumbnail) -> TextureId {
        let name = Picture::Case(path.to_owned());
        self.get(ui, name, (), TextureOptions::LINEAR, |_| {
            ColorImage::from_gray([picture.width, picture.height], &picture.greys)
        })
    }

    /// The shown slice in the strip.
    pub fn small_scan(&mut self, ui: &Ui, open: &OpenSeries) -> Option<TextureId> {
        let (slice, window) = open.slice().zip(open.window)?;
        let look = (open.key(), window_bits(window), open.invert);
        let mut small = std::mem::take(&mut self.small);
        let texture = self.get(ui, Picture::SmallScan, look, TextureOptions::LINEAR, |greys| {
            let slice = small.of(open.key(), slice, SMALL);
            grey_image(slice, window, open.invert, greys)
        });
        self.small = small;
        Some(texture)
    }

    /// The map of layer `index` over the scan, transparent below the threshold.
    pub fn overlay(&mut self, ui: &Ui, shown: Shown, index: usize) -> TextureId {
        let look = (shown.identity(index), shown.color_bits(), shown.overlay.threshold.to_bits());
        self.get(ui, Picture::Overlay(index), look, TextureOptions::LINEAR, |_| {
            shown.veil(index, OVERLAY)
        })
    }

    /// The map of layer `index` in the strip, over the scan.
    pub fn small_overlay(&mut self, ui: &Ui, shown: Shown, index: usize) -> TextureId {
        let look = (shown.identity(index), shown.color_bits(), shown.overlay.threshold.to_bits());
        self.get(ui, Picture::SmallOverlay(index), look, TextureOptions::LINEAR, |_| {
            shown.veil(index, SMALL)
        })
    }

    /// The map of layer `index` in the strip, at the scan's proportions.
    pub fn upsampled(&mut self, ui: &Ui, shown: Shown, index: usize) -> TextureId {
        let look = (shown.identity(index), shown.color_bits());
        self.get(ui, Picture::Upsampled(index), look, TextureOptions::LINEAR, |_| {
            let (width, height, values) = shown.on_scan(index, SMALL);
            shown.paint(index, width, height, &values, |color, _| color)
        })
    }

    /// The map of layer `index` in the strip, one square for each of its cells.
    pub fn native(&mut self, ui: &Ui, shown: Shown, index: usize) -> TextureId {
        let look = (shown.identity(index), shown.color_bits());
        self.get(ui, Picture::Native(index), look, TextureOptions::NEAREST, |_| {
            let map = shown.map(index);
            shown.paint(index, map.width, map.height, &map.values, |color, _| color)
        })
    }

    /// A colour map from the top of the scale down to zero.
    pub fn bar(&mut self, ui: &Ui, map: ColorMap) -> TextureId {
        self.get(ui, Picture::Bar(map), (), TextureOptions::LINEAR, |_| {
            let colors = colormap::lut(map).iter().rev().copied().collect();
            ColorImage::new([1, 256], colors)
        })
    }

    /// A picture of greys, which `make` writes and gives the size of.
    fn grey(
        &mut self,
        ui: &Ui,
        picture: Picture,
        look: impl Hash,
        magnified: bool,
        make: impl FnOnce(&mut Vec<u8>) -> [usize; 2],
    ) -> TextureId {
        let options = if magnified { TextureOptions::NEAREST } else { TextureOptions::LINEAR };
        let fingerprint = fingerprint(look);
        if let Some(entry) = self.entries.get_mut(&picture)
            && entry.fingerprint == fingerprint
        {
            entry.used = self.pass;
            return entry.texture.id();
        }
        let size = make(&mut self.greys);
        let known = self.entries.remove(&picture);
        let (texture, image) = match known {
            Some(entry) => (Some(entry.texture), entry.image.unwrap_or_default()),
            None => (None, Arc::default()),
        };
        let image = painted(image, size, &self.greys);
        let texture = match texture {
            Some(mut texture) => {
                texture.set(Arc::clone(&image), options);
                texture
            }
            None => ui.ctx().load_texture(format!("{picture:?}"), Arc::clone(&image), options),
        };
        let id = texture.id();
        let entry = Entry { texture, fingerprint, used: self.pass, image: Some(image) };
        self.entries.insert(picture, entry);
        id
    }

    fn get(
        &mut self,
        ui: &Ui,
        picture: Picture,
        look: impl Hash,
        options: TextureOptions,
        make: impl FnOnce(&mut Vec<u8>) -> ColorImage,
    ) -> TextureId {
        let fingerprint = fingerprint(look);
        match self.entries.get_mut(&picture) {
            Some(entry) if entry.fingerprint == fingerprint => {
                entry.used = self.pass;
                entry.texture.id()
            }
            Some(entry) => {
                entry.texture.set(make(&mut self.greys), options);
                (entry.fingerprint, entry.used) = (fingerprint, self.pass);
                entry.texture.id()
            }
            None => {
                let image = make(&mut self.greys);
                let texture = ui.ctx().load_texture(format!("{picture:?}"), image, options);
                let id = texture.id();
                let entry = Entry { texture, fingerprint, used: self.pass, image: None };
                self.entries.insert(picture, entry);
                id
            }
        }
    }
}

fn fingerprint(look: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    look.hash(&mut hasher);
    hasher.finish()
}

/// The greys as a picture, in the memory of the last one if nobody else holds it any more.
fn painted(mut image: Arc<ColorImage>, size: [usize; 2], greys: &[u8]) -> Arc<ColorImage> {
    match Arc::get_mut(&mut image).filter(|image| image.size == size) {
        Some(image) => {
            for (pixel, &grey) in image.pixels.iter_mut().zip(greys) {
                *pixel = Color32::from_gray(grey);
            }
        }
        None => image = Arc::new(ColorImage::from_gray(size, greys)),
    }
    image
}

/// Evidence of the slice that is shown, and how it is to look.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub open: &'a OpenSeries,
    pub evidence: &'a Evidence,
    pub overlay: &'a Overlay,
    /// Tells answers apart.
    identity: u64,
}

impl<'a> Shown<'a> {
    /// `None` while there is no evidence.
    pub fn of(state: &'a State) -> Option<Self> {
        let open = state.session.shown()?;
        let evidence = state.session.evidence.ready()?;
        let mut hasher = DefaultHasher::new();
        (open.key(), &state.session.model, evidence.class, evidence.tap).hash(&mut hasher);
        (state.session.device, evidence.shared_max.to_bits()).hash(&mut hasher);
        let identity = hasher.finish();
        Some(Self { open, evidence, overlay: &state.settings.overlay, identity })
    }

    /// The place of a layer among the maps.
    pub fn index_of(&self, layer: &str) -> Option<usize> {
        self.evidence.maps.iter().position(|map| map.layer.name == layer)
    }

    /// The map of a layer.
    pub fn map(&self, index: usize) -> &'a SaliencyMap {
        &self.evidence.maps[index]
    }

    /// What maps over the scan are drawn with.
    pub fn tint(&self) -> Color32 {
        Color32::WHITE.gamma_multiply(self.overlay.opacity)
    }

    /// The value that takes the brightest colour.
    pub fn top(&self, index: usize) -> f32 {
        self.overlay.scale_max(self.map(index).raw_max, self.evidence.shared_max)
    }

    fn identity(&self, index: usize) -> (u64, usize) {
        (self.identity, index)
    }

    fn color_bits(&self) -> (ColorMap, crate::state::Scale, u32) {
        (self.overlay.color_map, self.overlay.scale, self.overlay.absolute_max.to_bits())
    }

    /// The map on the scan's pixels, or on fewer where the scan is larger than `limit`.
    fn on_scan(&self, index: usize, limit: usize) -> (usize, usize, Vec<f32>) {
        let slice = self.open.header();
        let scale = (limit as f32 / slice.width.max(slice.height) as f32).min(1.0);
        let side = |pixels: usize| ((pixels as f32 * scale).round() as usize).max(1);
        let (width, height) = (side(slice.width), side(slice.height));
        let (sx, sy) = (width as f32 / slice.width as f32, height as f32 / slice.height as f32);
        let region = self.evidence.region;
        let region = InputRegion {
            x: region.x * sx,
            y: region.y * sy,
            width: region.width * sx,
            height: region.height * sy,
        };
        (width, height, upsample(self.map(index), &region, width, height))
    }

    /// The map as it lies over the scan, its opacity left to who draws it.
    fn veil(&self, index: usize, limit: usize) -> ColorImage {
        let (width, height, values) = self.on_scan(index, limit);
        self.paint_veil(index, width, height, &values)
    }

    fn paint_veil(&self, index: usize, width: usize, height: usize, values: &[f32]) -> ColorImage {
        let threshold = self.overlay.threshold;
        self.paint(index, width, height, values, |color, fraction| {
            if fraction <= 0.0 || fraction < threshold { Color32::TRANSPARENT } else { color }
        })
    }

    /// Colours for values; `finish` sees the colour and the value as a fraction of the top.
    fn paint(
        &self,
        index: usize,
        width: usize,
        height: usize,
        values: &[f32],
        finish: impl Fn(Color32, f32) -> Color32,
    ) -> ColorImage {
        let (top, lut) = (self.top(index), colormap::lut(self.overlay.color_map));
        let pixels =
            values.iter().map(|&value| finish(lut[colormap::index(value, top)], value / top));
        ColorImage::new([width, height], pixels.collect())
    }
}

fn window_bits(window: Window) -> (u32, u32) {
    (window.center.to_bits(), window.width.to_bits())
}

/// A slice under a window.
fn grey_image(slice: &Slice, window: Window, invert: bool, greys: &mut Vec<u8>) -> ColorImage {
    slice.map_to_grey(window, invert, greys);
    ColorImage::from_gray([slice.width, slice.height], greys)
}
