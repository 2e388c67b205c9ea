//! The scan as a picture that can be given away, drawn off screen by the code that draws it in the
//! window.

use egui::{Context, Id, Rect, Ui, UiBuilder, Vec2, vec2};
use image::{RgbImage, buffer::ConvertBuffer};

use super::offscreen::Offscreen;
use super::textures::Textures;
use super::{Screen, slice_view, theme};
use crate::state::{PictureOptions, State, View};

/// A picture that is to be drawn, on whatever thread.
pub struct ScanPicture {
    /// Knows nobody.
    state: State,
    options: PictureOptions,
    /// Of the scan, in points.
    size: Vec2,
    pixels_per_point: f32,
}

/// Keeps where the scan was drawn, for a picture of the same size.
pub(super) fn remember_pane(ui: &Ui, pane: Rect) {
    ui.data_mut(|data| data.insert_temp(pane_id(), pane.size()));
}

fn pane_id() -> Id {
    Id::unique("the scan's pane")
}

impl ScanPicture {
    /// What stands below the scan: the width of a character, on the large side, the height of a row
    /// and the room around them, in points.
    const CHARACTER: f32 = 5.9;
    const ROW: f32 = 15.0;
    const MARGIN: f32 = 5.0;
    /// The scan's own pixels are no smaller than this on a side when they carry texts, in points.
    const LEGIBLE: f32 = 440.0;
    /// Pixels of a side, at most.
    const MOST: f32 = 8192.0;

    /// The picture of the scan that is shown, as the settings want it; `None` where none is, or
    /// its pixels are not here yet.
    pub fn of(state: &State, ctx: &Context) -> Option<Self> {
        let mut state = state.anonymous()?;
        let options = state.settings.picture;
        let open = state.session.series.first_mut()?;
        open.slice()?;
        let (size, pixels_per_point) = match options.size.factor() {
            None => {
                let pane = ctx.data(|data| data.get_temp(pane_id()));
                (pane.unwrap_or(vec2(800.0, 800.0)), ctx.pixels_per_point())
            }
            Some(factor) => {
                let [width, height] = slice_view::shown_size(open.header(), open.turn);
                let factor = factor.min(Self::MOST / width.max(height));
                open.view = View::actual_size().zoomed(factor);
                let pixels = vec2(width, height) * factor;
                // Texts shrink with a small scan, as far as they can be read.
                let scale = (pixels.min_elem() / Self::LEGIBLE).clamp(0.6, 1.0);
                (pixels / scale, scale)
            }
        };
        let most = Self::MOST / pixels_per_point;
        Some(Self {
            state,
            options,
            size: size.clamp(Vec2::splat(1.0), Vec2::splat(most)),
            pixels_per_point,
        })
    }

    /// Draws it: takes a tenth of a second or so.
    pub fn draw(mut self) -> RgbImage {
        let said = self.said();
        // No word of it may be lost in a narrow picture.
        let rows = (said.chars().count() as f32 * Self::CHARACTER / self.size.x).ceil();
        let below = if rows > 0.0 { rows * Self::ROW + Self::MARGIN } else { 0.0 };
        let pixels = ((self.size + vec2(0.0, below)) * self.pixels_per_point).round();
        let mut screen = Offscreen::new(pixels.x as u32, pixels.y as u32, self.pixels_per_point);
        theme::install(screen.context());
        theme::choose(screen.context(), self.state.settings.theme);
        let mut textures = Textures::default();
        screen.settle(8, |ui| self.paint(ui, &mut textures, &said));
        screen.image().convert()
    }

    fn paint(&mut self, ui: &mut Ui, textures: &mut Textures, said: &str) {
        let all = ui.max_rect();
        let scan = Rect::from_min_size(all.min, self.size);
        ui.painter().rect_filled(all, 0.0, theme::CANVAS);
        let mut screen = Screen::new(&self.state, textures);
        screen.labels = self.options.labels;
        screen.measurements = self.options.measurements;
        let mut pane = ui.new_child(UiBuilder::new().max_rect(scan));
        slice_view::show(&mut pane, &mut screen);
        let (font, color) = (theme::small(), theme::ON_SCAN_WARNING);
        let room = self.size.x - 2.0 * Self::MARGIN;
        let text = ui.painter().layout(said.to_owned(), font, color, room);
        ui.painter().galley(scan.left_bottom() + vec2(Self::MARGIN, 0.0), text, color);
    }

    /// What must be said below the scan: of a model's answer whose it is and what for, of a
    /// synthetic scan that it is one. Empty where there is nothing but a scan.
    fn said(&self) -> String {
        let session = &self.state.session;
        let mut said = Vec::new();
        let synthetic = session.shown().is_some_and(|open| open.series.synthetic);
        if self.options.labels || synthetic || self.heatmap().is_some() {
            said.push("Not for diagnostic use".to_owned());
        }
        said.extend(synthetic.then(|| "synthetic scan".to_owned()));
        said.extend(self.heatmap());
        said.join(" · ")
    }

    /// The model, the class and the layer of the heatmap, where one is drawn.
    fn heatmap(&self) -> Option<String> {
        let session = &self.state.session;
        let evidence = session.evidence.ready().filter(|_| self.state.settings.overlay.on)?;
        let prediction = session.prediction.ready()?;
        let class = &prediction.classes.get(evidence.class)?.name;
        Some(format!("{} · {class} · {}", prediction.model, session.layer_name()?))
    }
}
