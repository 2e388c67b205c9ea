//! Variation of a batch on its device: rotation and mirroring, each scan by its own draw.

use rand::Rng;
use tch::{Kind, TchError, Tensor};

/// Largest rotation to either side, degrees.
pub const ROTATION: f32 = 20.0;
/// Largest change of scale to either side.
pub const SCALE: f32 = 0.1;

/// Rotates and mirrors each of the scans `[n, 1, size, size]`, float32; what comes in from
/// outside is 0: black.
///
/// # Errors
/// Where libtorch is out of memory.
pub fn augment(greys: &Tensor, random: &mut impl Rng) -> Result<Tensor, TchError> {
    let count = greys.size()[0];
    let mut transforms = Vec::with_capacity(count as usize * 6);
    for _ in 0..count {
        let angle = random.random_range(-ROTATION..=ROTATION).to_radians();
        let scale = random.random_range(1.0 - SCALE..=1.0 + SCALE);
        let mirror = if random.random_bool(0.5) { -1.0 } else { 1.0 };
        let (sin, cos) = (angle.sin() * scale, angle.cos() * scale);
        transforms.extend([cos * mirror, -sin, 0.0, sin * mirror, cos, 0.0]);
    }
    let transforms =
        Tensor::f_from_slice(&transforms)?.f_view([count, 2, 3])?.f_to_device(greys.device())?;
    let grid = Tensor::f_affine_grid_generator(&transforms, greys.size(), false)?;
    const BILINEAR: i64 = 0;
    const ZEROS: i64 = 0;
    greys.f_to_kind(Kind::Float)?.f_grid_sampler(&grid, BILINEAR, ZEROS, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_pcg::Pcg64;

    #[test]
    fn greys_stay_greys_and_each_scan_has_its_own_draw() {
        let scan = Tensor::arange(256, (Kind::Float, tch::Device::Cpu)).view([1, 1, 16, 16]);
        let batch = scan.repeat([8, 1, 1, 1]);
        let varied = augment(&batch, &mut Pcg64::seed_from_u64(3)).expect("runs");
        assert_eq!(varied.size(), batch.size());
        assert!(varied.min().double_value(&[]) >= 0.0 && varied.max().double_value(&[]) <= 255.0);
        assert!((varied.get(0) - varied.get(1)).abs().max().double_value(&[]) > 1.0);
    }

    #[test]
    fn a_seed_repeats_its_draws() {
        let batch = Tensor::rand([2, 1, 8, 8], (Kind::Float, tch::Device::Cpu));
        let once = augment(&batch, &mut Pcg64::seed_from_u64(5)).expect("runs");
        let again = augment(&batch, &mut Pcg64::seed_from_u64(5)).expect("runs");
        assert_eq!(once, again);
    }
}
