//! What a scan is compared with: the training scans' features, in the few directions they span.

use std::collections::BTreeMap;

use tch::{Device, Kind, TchError, Tensor};

use super::FAMILIAR_SHARE;

/// How the tensors of a checkpoint are called that are no weights but references.
pub const PREFIX: &str = "familiarity.";
const BASIS: &str = "familiarity.basis";
const SCANS: &str = "familiarity.scans";
const SCALES: &str = "familiarity.scales";

/// Directions kept. More do not tell more scans apart, and take room in the checkpoint.
const DIRECTIONS: i64 = 64;
/// Training scans kept; of more, every so-manieth.
const MOST_SCANS: i64 = 4096;

/// The directions in which a network's features of its training scans lie, and each of these scans
/// as seen in them. Kept with the precision of the file, so that scores are the same before and
/// after.
///
/// Two things make a scan unlike them: that it points where none of them does, which tells turned
/// and inverted scans, and that it leaves the space they span, which tells textures and other
/// pictures. Their mean was chosen by measurement on the features of three networks: on all of them
/// it found nearly every picture that is no such scan, which neither part does alone, nor energy,
/// Mahalanobis or Euclidean distances.
#[derive(Debug, PartialEq)]
pub struct References {
    /// Orthonormal, `[directions, features]`; float16 in the file.
    basis: Tensor,
    /// Of length 1 each, `[scans, directions]`; float16 in the file.
    scans: Tensor,
    /// What either part of the score is divided by, `[2]`, above zero.
    scales: Tensor,
}

impl References {
    /// References of training features `[scans, features]`, of which validation features say how
    /// much of either part of the score is usual.
    pub(super) fn of(training: &Tensor, validation: &Tensor) -> Result<Self, TchError> {
        let training = plain(training)?;
        let (count, _) = training.size2()?;
        if count == 0 || validation.size2()?.0 == 0 {
            return Err(TchError::Shape(
                "familiarity needs scans of training and validation".into(),
            ));
        }
        let step = (count + MOST_SCANS - 1) / MOST_SCANS;
        let training = training.f_slice(0, None, None, step)?;
        // Not centred: the angles are those at the origin, where features that are never negative
        // all begin.
        let (_, _, directions) = training.f_svd(true, true)?;
        let kept = DIRECTIONS.min(directions.size2()?.1);
        let directions = directions.f_narrow(1, 0, kept)?.f_transpose(0, 1)?.f_contiguous()?;
        let basis = in_file_precision(&directions)?;
        let seen = training.f_matmul(&basis.f_transpose(0, 1)?)?;
        let scans = in_file_precision(&seen.f_div(&lengths(&seen)?.f_clamp_min(TINY)?)?)?;
        let unscaled = Self { scans, basis, scales: Tensor::from_slice(&[1.0f32, 1.0]) };

        let [angle, distance] = unscaled.parts(validation)?;
        // Below what half precision tells apart, differences mean nothing.
        let floor = lengths(&plain(validation)?)?.f_mean(Kind::Float)?.f_double_value(&[])? * 0.01;
        let usual = |part: Tensor| part.f_quantile_scalar(FAMILIAR_SHARE, 0, false, "linear");
        let angle = usual(angle)?.f_clamp_min(1e-3)?;
        let distance = usual(distance)?.f_clamp_min(floor.max(TINY))?;
        Ok(Self { scales: Tensor::f_stack(&[angle, distance], 0)?, ..unscaled })
    }

    /// How unlike the training scans a scan of these features is, 0 or more: the mean of
    /// - 1 − the largest cosine between the features and those of a training scan, and
    /// - the distance of the features from the space that the training scans span,
    ///
    /// each divided by what 95 % of the validation scans stay below. Infinite where the features
    /// are not finite.
    ///
    /// # Panics
    /// Where there are not [`Self::features`] of them.
    pub fn score(&self, features: &[f32]) -> f32 {
        assert_eq!(features.len(), self.features(), "features of another network");
        let row = Tensor::from_slice(features).view([1, -1]);
        self.scores(&row).map_or(f32::INFINITY, |scores| scores[0])
    }

    /// The scores of scans, `[scans, features]`.
    ///
    /// # Errors
    /// Where libtorch fails, as for features of another length.
    pub fn scores(&self, features: &Tensor) -> Result<Vec<f32>, TchError> {
        let parts = Tensor::f_stack(&self.parts(features)?, 1)?;
        let scores =
            parts.f_div(&self.scales)?.f_mean_dim([1i64].as_slice(), false, Kind::Float)?;
        let infinite = f64::INFINITY;
        Vec::<f32>::try_from(scores.f_nan_to_num(infinite, infinite, infinite)?)
    }

    /// Angle and distance of scans `[scans, features]`, before they are scaled: `[scans]` each.
    fn parts(&self, features: &Tensor) -> Result<[Tensor; 2], TchError> {
        let features = plain(features)?;
        let seen = features.f_matmul(&self.basis.f_transpose(0, 1)?)?;
        let outside = features.f_sub(&seen.f_matmul(&self.basis)?)?;
        let cosines = seen
            .f_div(&lengths(&features)?.f_clamp_min(TINY)?)?
            .f_matmul(&self.scans.f_transpose(0, 1)?)?;
        let angle: Tensor = 1.0 - cosines.f_amax([1i64].as_slice(), false)?;
        Ok([angle.f_clamp(0.0, 2.0)?, lengths(&outside)?.f_flatten(0, -1)?])
    }

    /// How many features a network must have for these references.
    pub fn features(&self) -> usize {
        self.basis.size()[1] as usize
    }

    /// The tensors for a checkpoint by name, in the precision they are kept in.
    pub fn tensors(&self) -> [(String, Tensor); 3] {
        [
            (BASIS.into(), self.basis.to_kind(Kind::Half)),
            (SCANS.into(), self.scans.to_kind(Kind::Half)),
            (SCALES.into(), self.scales.shallow_clone()),
        ]
    }

    /// Takes the tensors of a checkpoint whose names begin with `familiarity.`, which are finite.
    ///
    /// # Errors
    /// Tensors that are missing, unknown, or of shapes that do not fit each other; the end of a
    /// sentence.
    pub fn from_tensors(mut tensors: BTreeMap<String, Tensor>) -> Result<Self, String> {
        let mut take = |name: &str| {
            let tensor = tensors.remove(name).ok_or_else(|| format!("{name} is missing"))?;
            plain(&tensor).map_err(|error| error.to_string())
        };
        let (basis, scans, scales) = (take(BASIS)?, take(SCANS)?, take(SCALES)?);
        if let Some(name) = tensors.keys().next() {
            return Err(format!("{name} is nothing that familiarity is measured with"));
        }
        let fit = match (&basis.size()[..], &scans.size()[..]) {
            (&[directions, features], &[count, same]) => {
                directions == same && directions > 0 && features > 0 && count > 0
            }
            _ => false,
        };
        if !fit {
            return Err(format!(
                "{BASIS} {:?} and {SCANS} {:?} do not fit each other",
                basis.size(),
                scans.size()
            ));
        }
        let numbers = Vec::<f32>::try_from(&scales).unwrap_or_default();
        if numbers.len() != 2 || numbers.iter().any(|&scale| scale <= 0.0) {
            return Err(format!("{SCALES} are not two numbers above zero"));
        }
        Ok(Self { basis, scans, scales })
    }
}

/// Keeps divisions finite.
const TINY: f64 = 1e-12;

fn plain(tensor: &Tensor) -> Result<Tensor, TchError> {
    tensor.f_detach()?.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)
}

fn in_file_precision(tensor: &Tensor) -> Result<Tensor, TchError> {
    tensor.f_to_kind(Kind::Half)?.f_to_kind(Kind::Float)
}

/// Of each row, `[rows, 1]`.
fn lengths(rows: &Tensor) -> Result<Tensor, TchError> {
    rows.f_norm_scalaropt_dim(2.0, [1i64].as_slice(), true)
}
