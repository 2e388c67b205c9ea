//! What the network makes of scans and of shifted copies of them.

use rand_pcg::Pcg64;
use rayon::prelude::*;
use tch::{Device, Kind, TchError, Tensor};

use super::super::feed::channels_last;
use super::super::run::Trainer;
use crate::model::network::Taps;
use crate::model::preprocess::normalise;
use crate::model::stage_features::stage_features;
use crate::reliability::shift::Image;

/// Scans that go through the network together.
const BATCH: i64 = 32;

/// What a network makes of some scans.
#[derive(Debug)]
pub(super) struct Seen {
    /// A row for each scan.
    pub logits: Vec<Vec<f32>>,
    /// What out-of-distribution scores are measured by, `[scans, features]`, on the CPU.
    pub features: Tensor,
}

/// Logits and features of greys 0..=255, `[n, 1, size, size]`.
///
/// # Errors
/// Where libtorch fails.
pub(super) fn see(trainer: &Trainer, greys: &Tensor) -> Result<Seen, TchError> {
    tch::no_grad(|| {
        let (mut logits, mut features) = (Vec::new(), Vec::new());
        let count = greys.size()[0];
        for start in (0..count).step_by(BATCH as usize) {
            let some = greys.f_narrow(0, start, BATCH.min(count - start))?;
            let input = normalise(&some.f_to_device(trainer.device)?, &trainer.input)?;
            let mut taps = Taps::off().with_stages();
            let decided =
                trainer.average_network.features(&channels_last(&input)?, false, &mut taps);
            let decided = trainer.average_network.decide(&decided, false);
            let pooled = stage_features(&input, &trainer.input, &taps.stages)?;
            logits.push(decided.f_to_device(Device::Cpu)?);
            features.push(pooled.f_to_device(Device::Cpu)?);
        }
        Ok(Seen {
            logits: Vec::<Vec<f32>>::try_from(Tensor::f_cat(&logits, 0)?)?,
            features: Tensor::f_cat(&features, 0)?,
        })
    })
}

/// Copies of those of `greys` (0..=255, `[n, 1, size, size]`) that `indices` name, in their order. Each
/// has draws of its own, that depend on `seed` and its index alone.
///
/// # Errors
/// Where libtorch is out of memory.
pub(super) fn copies(
    greys: &Tensor,
    indices: &[usize],
    seed: u64,
    make: impl Fn(&Image, &mut Pcg64) -> Image + Sync,
) -> Result<Tensor, TchError> {
    let side = greys.size()[3] as usize;
    let scans = indices
        .iter()
        .map(|&index| {
            let scan = greys.f_get(index as i64)?.f_div_scalar(255.0)?.f_to_kind(Kind::Float)?;
            Vec::<f32>::try_from(scan.f_contiguous()?.f_view([-1])?).map(|values| (index, values))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let made: Vec<f32> = scans
        .into_par_iter()
        .flat_map_iter(|(index, values)| {
            let mut random = Pcg64::new(u128::from(seed), index as u128);
            let image = Image::new(side, values);
            let copy = image.map(|image| make(&image, &mut random));
            copy.map(|copy| copy.greys().to_vec()).unwrap_or_default()
        })
        .collect();
    let side = side as i64;
    Tensor::f_from_slice(&made)?.f_view([-1, 1, side, side])?.f_mul_scalar(255.0)
}
