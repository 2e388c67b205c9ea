//! The window without a display and without a graphics card: egui's frames, painted by the CPU.
//! For `--screenshot` and for tests that look at pixels.

mod raster;

use egui::epaint::ClippedShape;
use egui::{Context, Event, Pos2, RawInput, Rect, TextureId, Ui, ViewportId, vec2};
use image::RgbaImage;

use raster::Canvas;

/// A screen in memory.
pub struct Offscreen {
    ctx: Context,
    canvas: Canvas,
    /// Before the interface is made larger or smaller.
    pixels_per_point: f32,
    time: f64,
    /// The last frame, painted only when somebody looks at it.
    shapes: Vec<ClippedShape>,
    /// Textures that were freed after the last frame, which may still show them.
    freed: Vec<TextureId>,
}

impl Offscreen {
    /// A screen of `width × height` pixels.
    pub fn new(width: u32, height: u32, pixels_per_point: f32) -> Self {
        let canvas = Canvas::new(width as usize, height as usize);
        Self {
            ctx: Context::default(),
            canvas,
            pixels_per_point,
            time: 0.0,
            shapes: Vec::new(),
            freed: Vec::new(),
        }
    }

    /// What the window's contents are made with.
    pub fn context(&self) -> &Context {
        &self.ctx
    }

    /// Draws one frame, a sixtieth of a second after the last. Returns whether egui wants another
    /// one at once, because something moves.
    pub fn frame(&mut self, events: Vec<Event>, draw: impl FnMut(&mut Ui)) -> bool {
        let input = self.input(events);
        let mut output = self.ctx.run_ui(input, draw);
        self.freed.drain(..).for_each(|id| self.canvas.free_texture(id));
        for (id, deltas) in std::mem::take(&mut output.textures_delta.set) {
            deltas.iter().for_each(|delta| self.canvas.set_texture(id, delta));
        }
        self.freed.extend(std::mem::take(&mut output.textures_delta.free));
        self.shapes = output.shapes;
        let root = output.viewport_output.get(&ViewportId::ROOT);
        root.is_some_and(|viewport| viewport.repaint_delay.is_zero())
    }

    /// Draws until nothing moves any more, `most` frames at the longest.
    pub fn settle(&mut self, most: usize, mut draw: impl FnMut(&mut Ui)) {
        for _ in 0..most {
            if !self.frame(Vec::new(), &mut draw) {
                break;
            }
        }
    }

    /// The last frame as triangles; returns how many meshes there are.
    pub fn tessellate(&self) -> usize {
        self.ctx.tessellate(self.shapes.clone(), self.ctx.pixels_per_point()).len()
    }

    /// The last frame.
    pub fn image(&mut self) -> RgbaImage {
        self.canvas.clear();
        let pixels_per_point = self.ctx.pixels_per_point();
        for primitive in self.ctx.tessellate(self.shapes.clone(), pixels_per_point) {
            self.canvas.draw(&primitive, pixels_per_point);
        }
        self.canvas.image()
    }

    fn input(&mut self, events: Vec<Event>) -> RawInput {
        self.time += 1.0 / 60.0;
        let size = vec2(self.canvas.width as f32, self.canvas.height as f32);
        let pixels_per_point = self.pixels_per_point * self.ctx.zoom_factor();
        let mut input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size / pixels_per_point)),
            time: Some(self.time),
            max_texture_side: Some(16_384),
            events,
            ..Default::default()
        };
        let viewport = input.viewports.entry(ViewportId::ROOT).or_default();
        viewport.native_pixels_per_point = Some(self.pixels_per_point);
        input
    }
}

#[cfg(test)]
mod tests {
    use egui::{Color32, TextureOptions, pos2};

    use super::*;

    /// Draws with a painter over a black screen of 40×20 pixels.
    fn painted(pixels_per_point: f32, paint: impl Fn(&Ui)) -> RgbaImage {
        let mut screen = Offscreen::new(40, 20, pixels_per_point);
        screen.settle(3, |ui| paint(ui));
        screen.image()
    }

    #[test]
    fn a_rectangle_covers_its_pixels_at_any_scale() {
        let image = painted(2.0, |ui| {
            let rect = Rect::from_min_max(pos2(2.0, 2.0), pos2(8.0, 6.0));
            ui.painter().rect_filled(rect, 0.0, Color32::RED);
        });
        assert_eq!(image.get_pixel(10, 8).0, [255, 0, 0, 255]);
        assert_eq!(image.get_pixel(10, 14).0, [0, 0, 0, 255]);
        assert_eq!(image.get_pixel(1, 1).0, [0, 0, 0, 255]);
    }

    #[test]
    fn no_pixel_is_lost_between_two_triangles() {
        for shift in 0..20 {
            let image = painted(1.0, |ui| {
                let min = pos2(0.3, 0.7) - vec2(0.137, 0.071) * shift as f32;
                let all = Rect::from_min_max(min, pos2(41.7, 23.1));
                let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(0.0, 0.0));
                ui.painter().image(TextureId::default(), all, uv, Color32::WHITE);
            });
            assert!(image.enumerate_pixels().all(|(x, y, p)| x == 0 || y == 0 || p.0[0] == 255));
        }
    }

    #[test]
    fn what_is_clipped_is_not_drawn() {
        let image = painted(1.0, |ui| {
            let half = Rect::from_min_max(pos2(0.0, 0.0), pos2(20.0, 20.0));
            let painter = ui.painter().with_clip_rect(half);
            painter.rect_filled(Rect::EVERYTHING, 0.0, Color32::WHITE);
        });
        assert_eq!(image.get_pixel(19, 10).0, [255; 4]);
        assert_eq!(image.get_pixel(20, 10).0, [0, 0, 0, 255]);
    }

    #[test]
    fn textures_are_sampled_as_they_ask_to_be() {
        let pixel = |options: TextureOptions| {
            let mut screen = Offscreen::new(40, 20, 1.0);
            let image = egui::ColorImage::new([2, 1], vec![Color32::BLACK, Color32::WHITE]);
            let texture = screen.context().load_texture("two", image, options);
            screen.settle(3, |ui| {
                let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
                ui.painter().image(texture.id(), ui.max_rect(), uv, Color32::WHITE);
            });
            let image = screen.image();
            [1, 19, 20, 38].map(|x| image.get_pixel(x, 10).0[0])
        };
        assert_eq!(pixel(TextureOptions::NEAREST), [0, 0, 255, 255]);
        let [dark, left, right, bright] = pixel(TextureOptions::LINEAR);
        assert!(dark == 0 && bright == 255 && (120..128).contains(&left) && right > left);
    }

    #[test]
    fn half_transparent_paint_lets_half_through() {
        let image = painted(1.0, |ui| {
            let all = ui.max_rect();
            ui.painter().rect_filled(all, 0.0, Color32::from_rgb(0, 0, 200));
            ui.painter().rect_filled(all, 0.0, Color32::from_rgba_unmultiplied(200, 0, 0, 128));
        });
        let [r, _, b, _] = image.get_pixel(20, 10).0;
        assert!(r.abs_diff(100) < 3 && b.abs_diff(100) < 3, "{r} {b}");
    }
}
