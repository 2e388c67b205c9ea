//! What a scan is compared with: the features of the training scans, in the few directions that they
//! and shifted copies of them span.

use super::{OodScore, Reason};
use crate::reliability::ReliabilityError;

/// The names of a checkpoint's tensors that are no weights but a reference begin with it.
pub const PREFIX: &str = "ood.";

/// Standardised features are cut off at this many SD.
pub const MOST_SD: f32 = 6.0;

/// A matrix, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    columns: usize,
    values: Vec<f32>,
}

impl Matrix {
    /// `values` in rows of `columns`; `None` where they do not fill the rows, or there are none.
    pub fn new(columns: usize, values: Vec<f32>) -> Option<Self> {
        let whole = columns > 0 && !values.is_empty() && values.len().is_multiple_of(columns);
        whole.then_some(Self { columns, values })
    }

    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The product with a vector of as many values as there are columns.
    fn times(&self, vector: &[f32]) -> Vec<f32> {
        let dot = |row: &[f32]| row.iter().zip(vector).map(|(a, b)| a * b).sum();
        self.values.chunks_exact(self.columns).map(dot).collect()
    }
}

/// What out-of-distribution scores are measured against.
///
/// The features of a scan are standardised by the training scans and projected on a few directions.
/// Two things make a scan far: it lies off the ellipsoid of the training scans (the Mahalanobis
/// distance within the directions and the Euclidean one outside of them, in equal parts), which finds
/// every kind of scan, and it resembles shifted copies of training scans more than these (the log-odds
/// of a linear classifier), which finds the known kinds surely and gives the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct OodReference {
    /// Mean of each feature of the training scans.
    pub mean: Vec<f32>,
    /// What each feature is divided by, above 0.
    pub scale: Vec<f32>,
    /// Orthonormal directions, `directions × features`.
    pub basis: Matrix,
    /// Mean of the training scans in these directions.
    pub centre: Vec<f32>,
    /// The inverse variance in each direction.
    pub precision: Vec<f32>,
    /// Linear classifier, `(reasons + 1) × (directions + 1)`: one row for each of [`Reason::ALL`], then
    /// that of the training scans; the last column is the constant.
    pub classifier: Matrix,
    /// What the parts of the score are scaled by: see [`Scales`].
    pub scales: Scales,
}

/// How the parts of the score are brought together, so that 95 % of the validation scans stay below 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scales {
    /// Distances within and outside of the directions are divided by these, above 0.
    pub within: f32,
    pub outside: f32,
    /// The log-odds of a shift that 95 % of the validation scans stay below.
    pub log_odds: f32,
    /// What the score of the sum is divided by, above 0.
    pub whole: f32,
}

/// The parts of a score, before they are scaled.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// Squared Mahalanobis distance within the directions.
    pub within: f32,
    /// Squared distance from the space of the directions.
    pub outside: f32,
    /// Log-odds that the scan is a shifted copy.
    pub log_odds: f32,
    pub reason: Reason,
}

/// How much a unit of log-odds counts: ten beyond the usual ones are as far as the threshold.
const LOG_ODDS_UNIT: f32 = 10.0;

impl OodReference {
    /// The score of a scan by its features; infinite where one is not finite.
    ///
    /// # Errors
    /// Features of another network: their number differs.
    pub fn score(&self, features: &[f32]) -> Result<OodScore, ReliabilityError> {
        let parts = self.parts(features)?;
        let score = self.scales.score(&parts);
        let score = if score.is_finite() { score.max(0.0) } else { f32::INFINITY };
        // Only what resembles a shifted copy more than a training scan has a known reason.
        let known = parts.log_odds > self.scales.log_odds;
        let found = OodScore { score, reason: None };
        let reason = (known && found.out_of_distribution()).then_some(parts.reason);
        Ok(OodScore { reason, ..found })
    }

    /// The parts of the score of a scan.
    ///
    /// # Errors
    /// As [`Self::score`].
    pub fn parts(&self, features: &[f32]) -> Result<Parts, ReliabilityError> {
        if features.len() != self.mean.len() {
            return Err(ReliabilityError::Ood(format!(
                "it is of {} features, and the network has {}",
                self.mean.len(),
                features.len()
            )));
        }
        let standard: Vec<f32> = features
            .iter()
            .zip(self.mean.iter().zip(&self.scale))
            .map(|(value, (mean, scale))| {
                // A value that is not a number stays one.
                ((value - mean) / scale).clamp(-MOST_SD, MOST_SD)
            })
            .collect();
        let seen = self.basis.times(&standard);
        let length: f32 = standard.iter().map(|value| value * value).sum();
        let inside: f32 = seen.iter().map(|value| value * value).sum();
        let within = seen
            .iter()
            .zip(self.centre.iter().zip(&self.precision))
            .map(|(value, (centre, precision))| (value - centre).powi(2) * precision)
            .sum();
        let mut logits = self.classifier.times(&[&seen[..], &[1.0]].concat());
        let usual = logits.pop().unwrap_or(0.0);
        let most = crate::reliability::likeliest(&logits);
        let largest = logits.get(most).copied().unwrap_or(usual);
        let sum: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
        Ok(Parts {
            within,
            outside: (length - inside).max(0.0),
            log_odds: largest + sum.ln() - usual,
            reason: Reason::ALL[most.min(Reason::ALL.len() - 1)],
        })
    }
}

impl Scales {
    /// Parts that are not scaled yet.
    pub const NONE: Self = Self { within: 1.0, outside: 1.0, log_odds: 0.0, whole: 1.0 };

    /// Scales by which `share` of these scans stay below 1.
    pub fn fit(parts: &[Parts], share: f64) -> Self {
        let quantile = |of: &dyn Fn(&Parts) -> f32| {
            let mut values: Vec<f32> = parts.iter().map(of).collect();
            values.sort_by(f32::total_cmp);
            let rank = (values.len() as f64 * share).ceil() as usize;
            values.get(rank.saturating_sub(1)).copied().unwrap_or(1.0)
        };
        let positive = |value: f32| if value > f32::MIN_POSITIVE { value } else { 1.0 };
        let parted = Self {
            within: positive(quantile(&|part| part.within)),
            outside: positive(quantile(&|part| part.outside)),
            log_odds: quantile(&|part| part.log_odds),
            whole: 1.0,
        };
        Self { whole: positive(quantile(&|part| parted.score(part))), ..parted }
    }

    fn score(&self, parts: &Parts) -> f32 {
        let distance = (parts.within / self.within + parts.outside / self.outside) / 2.0;
        let beyond = (parts.log_odds - self.log_odds).max(0.0) / LOG_ODDS_UNIT;
        (distance + beyond) / self.whole
    }
}
