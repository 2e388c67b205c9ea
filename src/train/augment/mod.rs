//! Variation of batches on their device, each scan by its own draw: how it lies
//! ([`geometry`]), how bright its tissues are ([`intensity`]), and mixtures of two.
//!
//! The scans to come differ from those at hand mostly in weighting, scanner and framing, so that is
//! what varies most. All draws come from one generator, so that a seed repeats them.

pub mod geometry;
pub mod intensity;
pub mod sheet;

use rand::Rng;
use rand::seq::SliceRandom;
use rand_distr::{Beta, Distribution};
use tch::{TchError, Tensor};

/// What is done to a batch, in this order: each is one way of varying scans `[n, 1, size, size]`,
/// greys 0..=1.
pub const ALL: [Augmentation; 9] = [
    Augmentation {
        name: "rotation, scale, shift, mirror",
        kind: Kind::Geometry,
        share: 1.0,
        apply: geometry::place,
    },
    Augmentation { name: "gamma", kind: Kind::Intensity, share: 0.5, apply: intensity::gamma },
    Augmentation {
        name: "random curve",
        kind: Kind::Intensity,
        share: 0.35,
        apply: intensity::curve,
    },
    Augmentation {
        name: "inverted tissue",
        kind: Kind::Intensity,
        share: 0.1,
        apply: intensity::invert,
    },
    Augmentation {
        name: "contrast",
        kind: Kind::Intensity,
        share: 0.5,
        apply: intensity::contrast,
    },
    Augmentation {
        name: "bias field",
        kind: Kind::Intensity,
        share: 0.4,
        apply: intensity::bias_field,
    },
    Augmentation { name: "blur", kind: Kind::Intensity, share: 0.25, apply: intensity::blur },
    Augmentation { name: "noise", kind: Kind::Intensity, share: 0.35, apply: intensity::noise },
    Augmentation {
        name: "crop to a part",
        kind: Kind::Geometry,
        share: 0.15,
        apply: geometry::crop,
    },
];

/// What an augmentation varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Where the head lies.
    Geometry,
    /// How bright its tissues are.
    Intensity,
}

/// One way of varying scans.
#[derive(Clone, Copy, Debug)]
pub struct Augmentation {
    pub name: &'static str,
    pub kind: Kind,
    /// The share of scans it is done to, 0..=1.
    pub share: f64,
    /// All of the scans `[n, 1, size, size]`, each by its own draw.
    pub apply: fn(&Tensor, &mut dyn rand::RngCore) -> Result<Tensor, TchError>,
}

impl Augmentation {
    /// The share of scans it is done to where that of intensity is multiplied by `intensity`, 0..=1.
    pub fn share(&self, intensity: f64) -> f64 {
        match self.kind {
            Kind::Geometry => self.share,
            Kind::Intensity => (self.share * intensity).clamp(0.0, 1.0),
        }
    }
}

/// Varies scans `[n, 1, size, size]`, float32 greys 0..=255; those of the result are 0..=255 too.
/// `intensity` multiplies the share of scans whose intensities are varied, by each augmentation; 1
/// is usual.
///
/// # Errors
/// Where libtorch is out of memory.
pub fn augment(greys: &Tensor, intensity: f64, random: &mut impl Rng) -> Result<Tensor, TchError> {
    let mut scans = greys.f_div_scalar(255.0)?;
    for augmentation in ALL {
        scans = some(&scans, augmentation, augmentation.share(intensity), random)?;
    }
    scans.f_clamp(0.0, 1.0)?.f_mul_scalar(255.0)
}

/// Applies an augmentation to its share of the scans; the others stay as they are.
fn some(
    scans: &Tensor,
    augmentation: Augmentation,
    share: f64,
    random: &mut impl Rng,
) -> Result<Tensor, TchError> {
    let count = scans.size()[0];
    let chosen: Vec<i64> = (0..count).filter(|_| random.random_bool(share)).collect();
    if chosen.is_empty() {
        return Ok(scans.shallow_clone());
    }
    let index = Tensor::f_from_slice(&chosen)?.f_to_device(scans.device())?;
    let varied = (augmentation.apply)(&scans.f_index_select(0, &index)?, random)?;
    scans.f_index_copy(0, &index, &varied)
}

/// Scans and labels mixed in pairs: Zhang et al., arXiv 1710.09412.
#[derive(Debug)]
pub struct Mixed {
    /// As the scans that came in.
    pub scans: Tensor,
    /// For each scan, the other one's place in the batch.
    pub partner: Tensor,
    /// How much of the first scan is in each, 0.5..=1: float32 `[n]`.
    pub share: Tensor,
}

/// Mixes each scan of a batch with another; `alpha` above 0 says how much.
///
/// # Errors
/// Where libtorch is out of memory, or `alpha` is not above 0.
pub fn mix(scans: &Tensor, alpha: f64, random: &mut impl Rng) -> Result<Mixed, TchError> {
    let count = scans.size()[0];
    let beta = Beta::new(alpha, alpha).map_err(|error| TchError::Kind(error.to_string()))?;
    let mut partner: Vec<i64> = (0..count).collect();
    partner.shuffle(random);
    let share: Vec<f32> = (0..count)
        .map(|_| beta.sample(random))
        .map(|share: f64| share.max(1.0 - share) as f32)
        .collect();
    let partner = Tensor::f_from_slice(&partner)?.f_to_device(scans.device())?;
    let share = Tensor::f_from_slice(&share)?.f_to_device(scans.device())?;
    let other = scans.f_index_select(0, &partner)?;
    let scans = other.f_lerp_tensor(scans, &share.f_view([-1, 1, 1, 1])?)?;
    Ok(Mixed { scans, partner, share })
}

/// A number for each scan of a batch, `[n, 1, 1, 1]` on its device.
fn draws(
    scans: &Tensor,
    random: &mut dyn rand::RngCore,
    mut draw: impl FnMut(&mut dyn rand::RngCore) -> f32,
) -> Result<Tensor, TchError> {
    let values: Vec<f32> = (0..scans.size()[0]).map(|_| draw(random)).collect();
    Tensor::f_from_slice(&values)?.f_view([-1, 1, 1, 1])?.f_to_device(scans.device())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_pcg::Pcg64;
    use tch::Device;

    fn batch() -> Tensor {
        let scan = Tensor::arange(32 * 32, (tch::Kind::Float, Device::Cpu)) / 1024.0;
        scan.view([1, 1, 32, 32]).repeat([8, 1, 1, 1])
    }

    #[test]
    fn each_changes_every_scan_by_its_own_draw() {
        for augmentation in ALL {
            let varied =
                (augmentation.apply)(&batch(), &mut Pcg64::seed_from_u64(3)).expect("runs");
            assert_eq!(varied.size(), batch().size(), "{}", augmentation.name);
            assert_ne!(varied.isfinite().all().int64_value(&[]), 0, "{}", augmentation.name);
            for scan in 0..8 {
                let change = (varied.get(scan) - batch().get(scan)).abs().max().double_value(&[]);
                assert!(change > 1e-3, "{}: scan {scan} stayed as it was", augmentation.name);
            }
            let apart = (varied.get(0) - varied.get(1)).abs().max().double_value(&[]);
            // Inversion has nothing to draw but the share.
            assert!(
                apart > 1e-3 || augmentation.name == "inverted tissue",
                "{}",
                augmentation.name
            );
        }
    }

    #[test]
    fn greys_stay_greys_and_a_seed_repeats_its_draws() {
        let once = augment(&(batch() * 255.0), 1.0, &mut Pcg64::seed_from_u64(5)).expect("runs");
        let again = augment(&(batch() * 255.0), 1.0, &mut Pcg64::seed_from_u64(5)).expect("runs");
        assert_eq!(once, again);
        assert!(once.min().double_value(&[]) >= 0.0 && once.max().double_value(&[]) <= 255.0);
    }

    #[test]
    fn a_mixture_lies_between_its_two() {
        let scans = Tensor::arange(4, (tch::Kind::Float, Device::Cpu)).view([4, 1, 1, 1]);
        let mixed = mix(&scans, 0.4, &mut Pcg64::seed_from_u64(2)).expect("runs");
        for i in 0..4 {
            let (share, partner) =
                (mixed.share.double_value(&[i]), mixed.partner.int64_value(&[i]) as f64);
            assert!((0.5..=1.0).contains(&share));
            let wanted = share * i as f64 + (1.0 - share) * partner;
            assert!((mixed.scans.double_value(&[i, 0, 0, 0]) - wanted).abs() < 1e-5);
        }
    }
}
