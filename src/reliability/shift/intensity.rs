//! Scans whose greys are others.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::image::Image;

/// What is darker is air, and stays as it is where tissues change.
const AIR: f32 = 0.08;

/// White for black, the margins included: a file whose photometric interpretation was lost.
pub(super) fn inverted(image: &Image, random: &mut impl Rng) -> Image {
    super::geometry::farther(image, random).map(|grey| 1.0 - grey).with_levels()
}

/// Bright tissues dark and dark ones bright, the air as it is: T2 contrast, roughly, from T1.
pub(super) fn tissue_inverted(image: &Image, random: &mut impl Rng) -> Image {
    let gamma = random.random_range(-0.3..0.5f32).exp();
    let tissue = |grey: f32| (1.0 + AIR - grey).clamp(0.0, 1.0).powf(gamma);
    image.map(|grey| if grey > AIR { tissue(grey) } else { grey }).with_levels()
}

/// A curve that rises and falls: fluid bright and the brightest tissue dark, or the middle bright.
pub(super) fn other_curve(image: &Image, random: &mut impl Rng) -> Image {
    const FALLING: [[f32; 2]; 5] = [[0.7, 1.0], [0.4, 0.9], [0.25, 0.6], [0.1, 0.45], [0.0, 0.3]];
    const WAVING: [[f32; 2]; 5] = [[0.0, 0.3], [0.7, 1.0], [0.2, 0.5], [0.5, 1.0], [0.0, 0.3]];
    let heights = if random.random() { FALLING } else { WAVING };
    let mut points = vec![0.0];
    points.extend(heights.map(|[low, high]| random.random_range(low..high)));
    let curve = |grey: f32| {
        let along = grey.clamp(0.0, 1.0) * (points.len() - 1) as f32;
        let lower = (along.floor() as usize).min(points.len() - 2);
        points[lower] + (points[lower + 1] - points[lower]) * (along - lower as f32)
    };
    image.map(curve).with_levels()
}

/// A little brighter or darker, blurred and noisy: what scans of one kind differ by.
pub(super) fn varied(image: &Image, random: &mut impl Rng) -> Image {
    let gamma = random.random_range(-0.25..0.25f32).exp();
    let image = image.map(|grey| grey.clamp(0.0, 1.0).powf(gamma));
    let image = if random.random_bool(0.3) { image.blurred(0.7) } else { image };
    let strength = random.random_range(0.0..0.02);
    image.map(|grey| (grey + strength * normal(random)).clamp(0.0, 1.0)).with_levels()
}

pub(super) fn normal(random: &mut impl Rng) -> f32 {
    StandardNormal.sample(random)
}
