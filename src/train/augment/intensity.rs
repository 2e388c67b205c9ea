//! How bright the tissues of a scan are: weightings, coils and noise that the training scans do not
//! show. Black stays black, as the air around a head does under every weighting.

use rand::{Rng, RngCore};
use rand_distr::{Distribution, StandardNormal};
use tch::{Kind, TchError, Tensor};

use super::draws;

/// Largest gamma, and the inverse of the smallest.
pub const GAMMA: f32 = 2.0;
/// What is darker is air, and keeps its grey where tissues are inverted.
const AIR: f64 = 0.08;
/// Points of a random curve.
const POINTS: i64 = 6;
/// Side of the grid that a bias field is drawn on.
const FIELD: i64 = 4;

/// A power of the greys.
pub fn gamma(scans: &Tensor, random: &mut dyn RngCore) -> Result<Tensor, TchError> {
    let gamma = draws(scans, random, |random| {
        let limit = GAMMA.ln();
        random.random_range(-limit..=limit).exp()
    })?;
    scans.f_clamp(0.0, 1.0)?.f_pow(&gamma)
}

/// Greys through a curve of straight pieces from black to anywhere; half of the curves only rise,
/// the others give tissues another order, as other weightings do.
pub fn curve(scans: &Tensor, random: &mut dyn RngCore) -> Result<Tensor, TchError> {
    let count = scans.size()[0];
    let mut points: Vec<f32> = Vec::new();
    for _ in 0..count {
        let mut heights: Vec<f32> = (1..POINTS).map(|_| random.random()).collect();
        if random.random_bool(0.5) {
            heights.sort_by(f32::total_cmp);
        }
        points.push(0.0);
        points.extend(heights);
    }
    let points = Tensor::f_from_slice(&points)?.f_view([count, POINTS])?;
    let points = points.f_to_device(scans.device())?;
    let along = scans.f_clamp(0.0, 1.0)?.f_view([count, -1])?.f_mul_scalar((POINTS - 1) as f64)?;
    let lower = along.f_floor()?.f_clamp_max((POINTS - 2) as f64)?;
    let between = along.f_sub(&lower)?;
    let lower = lower.f_to_kind(Kind::Int64)?;
    let from = points.f_gather(1, &lower, false)?;
    let to = points.f_gather(1, &lower.f_add_scalar(1)?, false)?;
    from.f_lerp_tensor(&to, &between)?.f_view_as(scans)
}

/// Bright tissues dark and dark ones bright.
pub fn invert(scans: &Tensor, _: &mut dyn RngCore) -> Result<Tensor, TchError> {
    let inverted = scans.f_neg()?.f_add_scalar(1.0 + AIR)?;
    inverted.f_where_self(&scans.f_gt(AIR)?, scans)
}

/// More or less contrast around the mean, and a little more or less light.
pub fn contrast(scans: &Tensor, random: &mut dyn RngCore) -> Result<Tensor, TchError> {
    let gain = draws(scans, random, |random| random.random_range(0.6..=1.4))?;
    let light = draws(scans, random, |random| random.random_range(-0.1..=0.1))?;
    let mean = scans.f_mean_dim([2i64, 3].as_slice(), true, None::<Kind>)?;
    let lit = scans.f_sub(&mean)?.f_mul(&gain)?.f_add(&mean)?.f_add(&light)?;
    // The air stays dark.
    lit.f_where_self(&scans.f_gt(AIR)?, scans)?.f_clamp(0.0, 1.0)
}

/// A smooth field of gain, as surface coils leave it.
pub fn bias_field(scans: &Tensor, random: &mut dyn RngCore) -> Result<Tensor, TchError> {
    let size = scans.size();
    let strength = draws(scans, random, |random| random.random_range(0.1..=0.4))?;
    let field = normal([size[0], 1, FIELD, FIELD], random)?.f_to_device(scans.device())?;
    let field = field
        .f_upsample_bicubic2d([size[2], size[3]], true, None, None)?
        .f_mul(&strength)?
        .f_exp()?;
    scans.f_mul(&field)?.f_clamp(0.0, 1.0)
}

/// Gaussian blur: coarser scans that were enlarged.
pub fn blur(scans: &Tensor, random: &mut dyn RngCore) -> Result<Tensor, TchError> {
    const REACH: i32 = 4;
    let count = scans.size()[0];
    let mut kernels: Vec<f32> = Vec::new();
    for _ in 0..count {
        let sigma: f32 = random.random_range(0.5..=1.8);
        let row: Vec<f32> =
            (-REACH..=REACH).map(|x| (-0.5 * (x as f32 / sigma).powi(2)).exp()).collect();
        let sum: f32 = row.iter().sum();
        kernels.extend(row.iter().map(|value| value / sum));
    }
    let side = i64::from(2 * REACH + 1);
    let kernels = Tensor::f_from_slice(&kernels)?.f_to_device(scans.device())?;
    // Each scan is a channel of one picture, with a kernel of its own.
    let channels = scans.f_transpose(0, 1)?;
    let (reach, none) = (i64::from(REACH), None::<&Tensor>);
    let rows = kernels.f_view([count, 1, 1, side])?;
    let columns = kernels.f_view([count, 1, side, 1])?;
    channels
        .f_conv2d(&rows, none, 1, [0, reach], 1, count)?
        .f_conv2d(&columns, none, 1, [reach, 0], 1, count)?
        .f_transpose(0, 1)
}

/// Noise of a magnitude image: Rician, so that it brightens the air.
pub fn noise(scans: &Tensor, random: &mut dyn RngCore) -> Result<Tensor, TchError> {
    let strength = draws(scans, random, |random| random.random_range(0.01..=0.07))?;
    let size: [i64; 4] = scans.size4().map(|(n, c, h, w)| [n, c, h, w])?;
    let [real, imaginary] = [(); 2].map(|()| normal(size, random));
    let real = real?.f_to_device(scans.device())?.f_mul(&strength)?.f_add(scans)?;
    let imaginary = imaginary?.f_to_device(scans.device())?.f_mul(&strength)?;
    real.f_hypot(&imaginary)
}

/// Normal draws of the generator at hand: libtorch's own would be shared with dropout.
fn normal(size: [i64; 4], random: &mut dyn RngCore) -> Result<Tensor, TchError> {
    let values: Vec<f32> =
        StandardNormal.sample_iter(random).take(size.iter().product::<i64>() as usize).collect();
    Tensor::f_from_slice(&values)?.f_view(size)
}
