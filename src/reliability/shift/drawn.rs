//! Pictures that hold no head, or are no MRI at all. Their greys are not made of a scan.

use std::f32::consts::TAU;

use rand::Rng;

use super::image::Image;
use super::intensity::normal;

/// Noise of one of several grains, as of an empty coil.
pub(super) fn noise(side: usize, random: &mut impl Rng) -> Image {
    let cells = if random.random_bool(0.4) { side } else { random.random_range(4..side.max(5)) };
    let magnitude = random.random::<bool>();
    let grains: Vec<f32> = (0..cells * cells)
        .map(|_| if magnitude { normal(random).hypot(normal(random)) } else { random.random() })
        .collect();
    let Some(coarse) = Image::new(cells, grains) else { return Image::draw(side, |_, _| 0.0) };
    let half = (cells - 1) as f32 / 2.0;
    Image::draw(side, |x, y| coarse.sample((x + 1.0) * half, (y + 1.0) * half)).with_levels()
}

/// A bottle, a slope, specks, or the air beside a head.
pub(super) fn blank(side: usize, random: &mut impl Rng) -> Image {
    let mut r = || random.random::<f32>();
    let kind = (r() * 4.0) as usize;
    let drawn = match kind {
        0 => {
            let (centre, radius) =
                ([0.4 * r() - 0.2, 0.4 * r() - 0.2], [0.4 + 0.5 * r(), 0.4 + 0.5 * r()]);
            let (grey, slope) = (0.5 + 0.5 * r(), [0.3 * (r() - 0.5), 0.3 * (r() - 0.5)]);
            Image::draw(side, |x, y| {
                let [u, v] = [(x - centre[0]) / radius[0], (y - centre[1]) / radius[1]];
                if u * u + v * v < 1.0 { grey * (1.0 + slope[0] * x + slope[1] * y) } else { 0.0 }
            })
        }
        1 => {
            let slope = [r() - 0.5, r() - 0.5];
            Image::draw(side, |x, y| 0.5 + (slope[0] * x + slope[1] * y) / 1.4)
        }
        2 => {
            let specks: Vec<[f32; 3]> = (0..1 + (6.0 * r()) as usize)
                .map(|_| [2.0 * r() - 1.0, 2.0 * r() - 1.0, 0.002 + 0.03 * r()])
                .collect();
            Image::draw(side, |x, y| {
                specks
                    .iter()
                    .map(|&[u, v, w]| (-((x - u).powi(2) + (y - v).powi(2)) / w).exp())
                    .sum()
            })
        }
        _ => {
            let (u, v) = (1.2 * (2.0 * r() - 1.0), if r() < 0.5 { 1.2 } else { -1.2 });
            Image::draw(side, |x, y| (-((x - u).powi(2) + (y - v).powi(2)) / 0.2).exp())
        }
    };
    let strength = if kind == 3 { 0.05 } else { 0.01 };
    drawn.map(|grey| grey + strength * normal(random).hypot(normal(random))).with_levels()
}

/// Lines of glyphs, checkers and stripes, charts, the windows of a screen.
pub(super) fn drawing(side: usize, random: &mut impl Rng) -> Image {
    let mut canvas = Canvas { side, greys: vec![0.0; side * side] };
    match random.random_range(0..4) {
        0 => canvas.text(random),
        1 => canvas.checkers(random),
        2 => canvas.chart(random),
        _ => canvas.windows(random),
    }
    let dark_on_bright = random.random_bool(0.6);
    let greys = canvas.greys;
    let image = Image::new(side, greys).unwrap_or_else(|| Image::draw(side, |_, _| 0.0));
    image.map(|grey| if dark_on_bright { 1.0 - grey } else { grey }).with_levels()
}

/// Discs and rectangles of all sizes that hide each other, shaded and with grain: the statistics of
/// photographs. Lee, Mumford and Huang, Occlusion models for natural images, IJCV 41 (2001).
pub(super) fn leaves(side: usize, random: &mut impl Rng) -> Image {
    let mut image = noise_field(side, random);
    for _ in 0..random.random_range(30..230) {
        let mut r = || random.random::<f32>();
        // Radii by the inverse cube: many small ones.
        let radius = 0.04 / (1.0 - 0.994 * r()).sqrt();
        let centre = [2.4 * r() - 1.2, 2.4 * r() - 1.2];
        let (sin, cos) = (0.5 * TAU * r()).sin_cos();
        let (aspect, round) = (0.4 + 1.2 * r(), r() < 0.6);
        let (grey, slope) = (r(), [0.24 * (r() - 0.5), 0.24 * (r() - 0.5)]);
        image.cover(centre, radius / aspect.min(1.0) * 1.5, |x, y| {
            let (u, v) = (cos * x + sin * y, (cos * y - sin * x) * aspect);
            let inside =
                if round { u.hypot(v) < radius } else { u.abs() < radius && v.abs() < radius };
            inside.then(|| grey + (slope[0] * u + slope[1] * v) / radius)
        });
    }
    let grain = 0.06 * random.random::<f32>();
    let greys = image.greys.iter().map(|grey| (grey + grain * normal(random)).clamp(0.0, 1.0));
    let drawn = Image::new(side, greys.collect()).unwrap_or_else(|| Image::draw(side, |_, _| 0.0));
    if random.random() { drawn.blurred(0.8) } else { drawn }.with_levels()
}

/// A smooth background.
fn noise_field(side: usize, random: &mut impl Rng) -> Canvas {
    const CELLS: usize = 12;
    let grains = (0..CELLS * CELLS).map(|_| 0.2 + 0.6 * random.random::<f32>()).collect();
    let half = (CELLS - 1) as f32 / 2.0;
    let greys = Image::new(CELLS, grains).map_or_else(Vec::new, |coarse| {
        Image::draw(side, |x, y| coarse.sample((x + 1.0) * half, (y + 1.0) * half)).greys().to_vec()
    });
    Canvas { side, greys }
}

/// Pixels that are drawn over each other.
struct Canvas {
    side: usize,
    greys: Vec<f32>,
}

impl Canvas {
    /// A rectangle, cut at the edges.
    fn fill(&mut self, left: usize, top: usize, width: usize, height: usize, grey: f32) {
        let right = (left + width).min(self.side);
        for y in top..(top + height).min(self.side) {
            if left < right {
                self.greys[y * self.side + left..y * self.side + right].fill(grey);
            }
        }
    }

    /// Greys of the points near `centre` (-1..=1) for which there are some; the points are relative
    /// to the centre.
    fn cover(&mut self, centre: [f32; 2], reach: f32, grey: impl Fn(f32, f32) -> Option<f32>) {
        let side = self.side as f32;
        let pixels = |middle: f32| {
            let pixel = |at: f32| ((at + 1.0) / 2.0 * side).clamp(0.0, side) as usize;
            pixel(middle - reach)..pixel(middle + reach)
        };
        for row in pixels(centre[1]) {
            for column in pixels(centre[0]) {
                let at = |i: usize| (2.0 * i as f32 + 1.0) / side - 1.0;
                if let Some(grey) = grey(at(column) - centre[0], at(row) - centre[1]) {
                    self.greys[row * self.side + column] = grey;
                }
            }
        }
    }

    fn text(&mut self, random: &mut impl Rng) {
        let side = self.side;
        let height = random.random_range(side / 36 + 2..side / 10 + 3);
        let stroke = (height / 6).max(1);
        let mut top = random.random_range(0..height);
        let margin = random.random_range(0..side / 7 + 1);
        while top + height < side {
            let end = (side as f32 * random.random_range(0.6..1.0)) as usize;
            let mut left = margin;
            while left < end {
                let width = ((height as f32 * random.random_range(0.3..0.7)) as usize).max(2);
                if random.random_bool(0.85) {
                    self.fill(left, top, stroke, height, 1.0);
                    for part in [0, height / 2, height - stroke] {
                        if random.random_bool(0.6) {
                            self.fill(left, top + part, width, stroke, 1.0);
                        }
                    }
                    if random.random() {
                        self.fill(left + width - stroke.min(width), top, stroke, height, 1.0);
                    }
                }
                left += width + (height / 5).max(2);
            }
            top += height * 8 / 5 + 1;
        }
    }

    fn checkers(&mut self, random: &mut impl Rng) {
        let cell = random.random_range(0.04..0.45f32);
        let (sin, cos) = random.random_range(0.0..TAU / 2.0).sin_cos();
        let stripes = random.random_bool(0.4);
        self.cover([0.0, 0.0], 2.0, |x, y| {
            let [along, across] =
                [(cos * x + sin * y) / cell, (cos * y - sin * x) / cell].map(|c| c.floor() as i32);
            Some(((along + if stripes { 0 } else { across }) & 1) as f32)
        });
    }

    fn chart(&mut self, random: &mut impl Rng) {
        let side = self.side;
        let margin = random.random_range(side / 16..side / 6 + 1);
        let (axis, room) = (side - margin, side.saturating_sub(2 * margin));
        self.fill(margin, axis, room, 1, 1.0);
        self.fill(margin, 0, 1, axis, 1.0);
        if random.random() {
            let bars = random.random_range(3..12);
            let width = (axis / bars).max(2);
            for bar in 0..bars {
                let height = (random.random::<f32>() * room as f32) as usize;
                let (left, grey) = (margin + bar * width + 2, random.random_range(0.3..1.0));
                self.fill(left, axis - height.min(axis), width * 7 / 10, height, grey);
            }
        } else {
            for _ in 0..3 {
                let mut level = room as f32 * random.random::<f32>();
                for column in margin..side {
                    level = (level + 2.0 * normal(random)).clamp(0.0, axis as f32 - 3.0);
                    self.fill(column, level as usize, 1, 2, 1.0);
                }
            }
        }
    }

    fn windows(&mut self, random: &mut impl Rng) {
        let side = self.side;
        for _ in 0..random.random_range(3..15) {
            let [left, top] = [0; 2].map(|_| random.random_range(0..side * 4 / 5 + 1));
            let [width, height] =
                [0; 2].map(|_| side / 24 + random.random_range(0..side * 3 / 5 + 1));
            self.fill(left, top, width, height, random.random());
        }
    }
}
