//! What a scan is compared with: the training scans' features, in the few directions they span.

use std::collections::BTreeMap;

use tch::{Device, Kind, TchError, Tensor};

/// How the tensors of a checkpoint are called that are no weights but references.
pub const PREFIX: &str = "familiarity.";
const BASIS: &str = "familiarity.basis";
const SCANS: &str = "familiarity.scans";

/// Directions kept. More do not tell more scans apart, and take room in the checkpoint.
const DIRECTIONS: i64 = 64;
/// Training scans kept; of more, every so-manieth.
const MOST_SCANS: i64 = 4096;

/// Directions of the training scans' features, and each of these scans as seen in them. Kept with
/// the precision of the file (float16), so that scores are the same before and after.
#[derive(Debug, PartialEq)]
pub struct References {
    /// Orthonormal, `[directions, features]`.
    basis: Tensor,
    /// Of length 1 each, `[scans, directions]`.
    scans: Tensor,
}

impl References {
    /// References of training features `[scans, features]`.
    pub(super) fn of(training: &Tensor) -> Result<Self, TchError> {
        let training = training.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?;
        let (count, _) = training.size2()?;
        if count == 0 {
            return Err(TchError::Shape("no training scans".into()));
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
        Ok(Self { scans: in_file_precision(&of_length_one(&seen)?)?, basis })
    }

    /// How unlike the training scans a scan of these features is, 0..=2: 1 − the largest cosine
    /// between the features and those of a training scan. Features outside of the directions that
    /// the training scans span lessen it; without any, or where they are not finite, it is 2.
    ///
    /// # Panics
    /// Where there are not [`Self::features`] of them.
    pub fn score(&self, features: &[f32]) -> f32 {
        assert_eq!(features.len(), self.features(), "features of another network");
        let row = Tensor::from_slice(features).view([1, -1]);
        self.scores(&row).map_or(2.0, |scores| scores[0])
    }

    /// The scores of scans, `[scans, features]`.
    ///
    /// # Errors
    /// Where libtorch fails, as for features of another length.
    pub fn scores(&self, features: &Tensor) -> Result<Vec<f32>, TchError> {
        let features = features.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?;
        let seen = of_length_one(&features)?.f_matmul(&self.basis.f_transpose(0, 1)?)?;
        let cosines = seen.f_matmul(&self.scans.f_transpose(0, 1)?)?;
        let scores: Tensor = 1.0 - cosines.f_amax([1i64].as_slice(), false)?;
        let nothing = features.f_norm_scalaropt_dim(2.0, [1i64].as_slice(), false)?.f_gt(0.0)?;
        let known = nothing.f_logical_and(&scores.f_isfinite()?)?;
        let scores = scores.f_clamp(0.0, 2.0)?.f_where_self(&known, &scores.f_full_like(2.0)?)?;
        Vec::<f32>::try_from(scores)
    }

    /// How many features a network must have for these references.
    pub fn features(&self) -> usize {
        self.basis.size()[1] as usize
    }

    /// The tensors for a checkpoint, float16, by name.
    pub fn tensors(&self) -> [(String, Tensor); 2] {
        [(BASIS, &self.basis), (SCANS, &self.scans)]
            .map(|(name, tensor)| (name.into(), tensor.to_kind(Kind::Half)))
    }

    /// Takes the tensors of a checkpoint whose names begin with [`PREFIX`], which are finite.
    ///
    /// # Errors
    /// Tensors that are missing, unknown, or of shapes that do not fit each other; the end of a
    /// sentence.
    pub fn from_tensors(mut tensors: BTreeMap<String, Tensor>) -> Result<Self, String> {
        let mut take =
            |name: &str| tensors.remove(name).ok_or_else(|| format!("{name} is missing"));
        let (basis, scans) = (take(BASIS)?, take(SCANS)?);
        if let Some(name) = tensors.keys().next() {
            return Err(format!("{name} is nothing that familiarity is measured with"));
        }
        match (&basis.size()[..], &scans.size()[..]) {
            (&[directions, features], &[count, same])
                if directions == same && directions > 0 && features > 0 && count > 0 =>
            {
                let float = |tensor: &Tensor| {
                    tensor.f_to_kind(Kind::Float).map_err(|error| error.to_string())
                };
                Ok(Self { basis: float(&basis)?, scans: float(&scans)? })
            }
            (basis, scans) => {
                Err(format!("{BASIS} {basis:?} and {SCANS} {scans:?} do not fit each other"))
            }
        }
    }
}

fn in_file_precision(tensor: &Tensor) -> Result<Tensor, TchError> {
    tensor.f_to_kind(Kind::Half)?.f_to_kind(Kind::Float)
}

fn of_length_one(rows: &Tensor) -> Result<Tensor, TchError> {
    let lengths = rows.f_norm_scalaropt_dim(2.0, [1i64].as_slice(), true)?;
    rows.f_div(&lengths.f_clamp_min(1e-12)?)
}
