//! Scans that lie otherwise in their frame, or are seen in another plane.

use std::f32::consts::TAU;

use rand::Rng;

use super::image::Image;

/// Turned by a quarter, to either side.
pub(super) fn quarter(image: &Image, random: &mut impl Rng) -> Image {
    if random.random() { image.resample(|x, y| (-y, x)) } else { image.resample(|x, y| (y, -x)) }
}

/// Turned by a half, or mirrored top to bottom.
pub(super) fn upside_down(image: &Image, random: &mut impl Rng) -> Image {
    let mirror = if random.random() { 1.0 } else { -1.0 };
    image.resample(|x, y| (mirror * x, -y))
}

/// A part of three to five tenths of the side, as large as the whole.
pub(super) fn zoomed(image: &Image, random: &mut impl Rng) -> Image {
    let part = random.random_range(0.3..0.5);
    let room = 0.6 * (1.0 - part);
    let [left, top] = [0; 2].map(|_| random.random_range(-room..=room));
    image.resample(|x, y| (part * x + left, part * y + top)).with_levels()
}

/// Half of the head outside of the frame, or the head small in it.
pub(super) fn cut_off(image: &Image, random: &mut impl Rng) -> Image {
    let [scale, left, top] = if random.random() {
        let (angle, far) = (random.random_range(0.0..TAU), random.random_range(0.7..1.0f32));
        [random.random_range(0.9..1.1), far * angle.cos(), far * angle.sin()]
    } else {
        let mut shift = || random.random_range(-0.5..0.5);
        let shift = [shift(), shift()];
        [random.random_range(1.8..3.0), shift[0], shift[1]]
    };
    image.resample(|x, y| (scale * x + left, scale * y + top)).with_levels()
}

/// Another plane, cut out of a stack of thick slices: 18 to 30 rows or columns across the head, which
/// the stack does not cover whole.
pub(super) fn thick(image: &Image, random: &mut impl Rng) -> Image {
    let side = image.side();
    let across = random.random_range(18..=30usize);
    let (columns, smooth) = (random.random_bool(0.3), random.random::<bool>());
    let height = random.random_range(0.6..0.95f32);
    let turned = |image: &Image| image.resample(|x, y| (y, x));
    let image = if columns { turned(image) } else { image.clone() };
    // Each thick slice is the mean of the rows it holds.
    let mut slices = vec![vec![0.0; side]; across];
    for (slice, means) in slices.iter_mut().enumerate() {
        let (first, last) = (slice * side / across, ((slice + 1) * side / across).max(1));
        let rows = &image.greys()[first * side..last * side];
        for row in rows.chunks_exact(side) {
            means.iter_mut().zip(row).for_each(|(mean, grey)| *mean += grey);
        }
        means.iter_mut().for_each(|mean| *mean /= (last - first).max(1) as f32);
    }
    let half = side as f32 / 2.0;
    let cut = Image::draw(side, |x, y| {
        let y = y / height;
        if y.abs() > 1.0 {
            return 0.0;
        }
        let column = ((x + 1.0) * half) as usize;
        let at = ((y + 1.0) / 2.0 * across as f32 - 0.5).clamp(0.0, (across - 1) as f32);
        let column = column.min(side - 1);
        if smooth {
            let lower = (at.floor() as usize).min(across - 2);
            let share = at - lower as f32;
            slices[lower][column] * (1.0 - share) + slices[lower + 1][column] * share
        } else {
            slices[at.round() as usize][column]
        }
    });
    if columns { turned(&cut) } else { cut }.with_levels()
}

/// A little turned, scaled, moved and mirrored left to right.
pub(super) fn placed(image: &Image, random: &mut impl Rng) -> Image {
    let angle = random.random_range(-10.0..10.0f32).to_radians();
    let scale: f32 = random.random_range(0.92..1.08);
    let mirror = if random.random() { 1.0 } else { -1.0 };
    let [left, top] = [0; 2].map(|_| random.random_range(-0.05..0.05));
    let (sin, cos) = (angle.sin() * scale, angle.cos() * scale);
    image.resample(|x, y| (mirror * (cos * x - sin * y) + left, sin * x + cos * y + top))
}

/// With more air around the head.
pub(super) fn farther(image: &Image, random: &mut impl Rng) -> Image {
    let scale = random.random_range(1.0..1.35);
    image.resample(|x, y| (scale * x, scale * y))
}
