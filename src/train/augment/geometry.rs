//! How a scan lies in its frame. What comes in from outside is black.

use rand::{Rng, RngCore};
use tch::{TchError, Tensor};

/// Largest rotation to either side, degrees.
pub const ROTATION: f32 = 20.0;
/// Largest change of scale, and of width against height.
pub const SCALE: f32 = 0.15;
/// Largest shift, as a share of the side.
pub const SHIFT: f32 = 0.08;
/// Largest share of the side that a crop leaves out.
pub const CROP: f32 = 0.3;

/// Rotates, scales, shifts and mirrors (left to right).
pub fn place(scans: &Tensor, random: &mut dyn RngCore) -> Result<Tensor, TchError> {
    transform(scans, random, |random| {
        let angle = random.random_range(-ROTATION..=ROTATION).to_radians();
        let scale = random.random_range(1.0 - SCALE..=1.0 + SCALE);
        let aspect = random.random_range(1.0 - SCALE / 2.0..=1.0 + SCALE / 2.0);
        let mirror = if random.random_bool(0.5) { -1.0 } else { 1.0 };
        let [x, y] = [0; 2].map(|_| 2.0 * random.random_range(-SHIFT..=SHIFT));
        let (sin, cos) = (angle.sin() * scale, angle.cos() * scale);
        [cos * mirror * aspect, -sin, x, sin * mirror * aspect, cos, y]
    })
}

/// Shows a part, as large as the whole: other fields of view, and heads cut by the frame.
pub fn crop(scans: &Tensor, random: &mut dyn RngCore) -> Result<Tensor, TchError> {
    transform(scans, random, |random| {
        let part = random.random_range(1.0 - CROP..=1.0 - CROP / 4.0);
        let room = 1.0 - part;
        let [x, y] = [0; 2].map(|_| random.random_range(-room..=room));
        [part, 0.0, x, 0.0, part, y]
    })
}

/// Resamples each scan by its own affine matrix: two rows of three, in units of half a side.
fn transform(
    scans: &Tensor,
    random: &mut dyn RngCore,
    mut draw: impl FnMut(&mut dyn RngCore) -> [f32; 6],
) -> Result<Tensor, TchError> {
    const BILINEAR: i64 = 0;
    const ZEROS: i64 = 0;
    let matrices: Vec<f32> = (0..scans.size()[0]).flat_map(|_| draw(random)).collect();
    let matrices = Tensor::f_from_slice(&matrices)?.f_view([-1, 2, 3])?;
    let matrices = matrices.f_to_device(scans.device())?;
    let grid = Tensor::f_affine_grid_generator(&matrices, scans.size(), false)?;
    scans.f_grid_sampler(&grid, BILINEAR, ZEROS, false)
}
