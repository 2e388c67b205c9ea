//! One number by which logits are divided, larger the farther a scan is from the training data.
//!
//! Temperature scaling: Guo et al., arXiv 1706.04599. With the distance: Tomani et al., Beyond
//! In-Domain Scenarios: Robust Density-Aware Calibration, ICML 2023.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{LabelledAnswer, ReliabilityError};

/// The temperatures that a scan may have.
pub const TEMPERATURES: RangeInclusive<f64> = 0.05..=20.0;

/// Scores beyond count as this one: nothing is learned of scans so far away.
const FARTHEST: f64 = 30.0;

/// The temperature of a scan by its out-of-distribution score `d` (see
/// [`OodScore`](super::ood::OodScore); 0 at the training data, 1 at the threshold):
/// `base + slope · ln(1 + d)`, and at least 1 beyond the threshold, so that no probability is
/// sharpened off the training distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemperatureModel {
    /// The temperature at the training data.
    pub base: f64,
    /// How fast it rises with the distance, 0 or more.
    pub slope: f64,
}

impl TemperatureModel {
    /// The probabilities as the network gives them.
    pub const UNCALIBRATED: Self = Self { base: 1.0, slope: 0.0 };

    /// The temperature at an out-of-distribution score, 0 or more; where none is known, that at the
    /// threshold.
    pub fn at(self, ood_score: Option<f64>) -> f64 {
        // What is not a number is as far away as can be.
        let score = ood_score.unwrap_or(1.0);
        let score = if score.is_nan() { FARTHEST } else { score.clamp(0.0, FARTHEST) };
        let temperature = self.base + self.slope * score.ln_1p();
        let least = if score > 1.0 { 1.0 } else { *TEMPERATURES.start() };
        temperature.clamp(least, *TEMPERATURES.end())
    }

    /// Probabilities, 0..=1, of finite logits.
    pub fn probabilities(self, logits: &[f32], ood_score: Option<f64>) -> Vec<f32> {
        softmax(logits, self.at(ood_score))
    }

    /// The model of the smallest weighted negative log-likelihood. [`Self::UNCALIBRATED`] without
    /// answers.
    pub fn fit(answers: &[LabelledAnswer]) -> Self {
        let known = answers.iter().any(|answer| answer.ood_score.is_some());
        if answers.is_empty() {
            return Self::UNCALIBRATED;
        }
        let of_slope = |slope: f64| {
            let of_base = |log: f64| loss(Self { base: log.exp(), slope }, answers);
            let base = smallest(of_base, -2.0, 2.5).exp();
            let model = Self { base, slope };
            (model, loss(model, answers))
        };
        let slope = if known { smallest(|slope| of_slope(slope).1, 0.0, 6.0) } else { 0.0 };
        // The ends of a search are never reached: no slope at all is tried, too.
        let [(flat, flat_loss), (rising, rising_loss)] = [of_slope(0.0), of_slope(slope)];
        if rising_loss < flat_loss { rising } else { flat }
    }

    /// The model whose `base` is scaled by one factor, chosen on `answers`: a local calibration, for
    /// which a few dozen scans must do.
    pub fn rescaled(self, answers: &[LabelledAnswer]) -> Self {
        if answers.is_empty() {
            return self;
        }
        let scaled = |log: f64| Self { base: self.base * log.exp(), slope: self.slope * log.exp() };
        scaled(smallest(|log| loss(scaled(log), answers), -1.5, 2.5))
    }

    pub(super) fn check(self) -> Result<(), ReliabilityError> {
        let usable = TEMPERATURES.contains(&self.base) && (0.0..=20.0).contains(&self.slope);
        usable.then_some(()).ok_or(ReliabilityError::Temperature(self.base, self.slope))
    }
}

/// Probabilities of finite logits over a temperature.
pub(super) fn softmax(logits: &[f32], temperature: f64) -> Vec<f32> {
    let scaled = |logit: &f32| f64::from(*logit) / temperature;
    let largest = logits.iter().map(scaled).fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (scaled(logit) - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| (power / sum) as f32).collect()
}

/// Weighted mean negative log-likelihood.
///
/// Of answers whose weights sum to `n`, with `k` classes, each target is `(n + 1) / (n + k)` for the
/// true class and `1 / (n + k)` for the others (Platt 1999, section 2.2): answers without a mistake
/// would otherwise ask for a temperature of zero.
fn loss(model: TemperatureModel, answers: &[LabelledAnswer]) -> f64 {
    let total: f64 = answers.iter().map(|answer| answer.weight).sum();
    let sum: f64 = answers
        .iter()
        .map(|answer| {
            let temperature = model.at(answer.ood_score);
            let scaled = |logit: &f32| f64::from(*logit) / temperature;
            let largest = answer.logits.iter().map(scaled).fold(f64::NEG_INFINITY, f64::max);
            let powers: f64 = answer.logits.iter().map(|l| (scaled(l) - largest).exp()).sum();
            let log_sum = largest + powers.ln();
            let classes = answer.logits.len() as f64;
            let other = 1.0 / (total + classes);
            let every: f64 = answer.logits.iter().map(|l| log_sum - scaled(l)).sum();
            let truth = log_sum - scaled(&answer.logits[answer.truth]);
            answer.weight * (other * every + (1.0 - other * classes) * truth)
        })
        .sum();
    sum / total.max(f64::MIN_POSITIVE)
}

/// Where a function with one minimum between `low` and `high` is smallest: golden section.
fn smallest(function: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_left, mut at_right) = (function(left), function(right));
    while high - low > 1e-4 {
        if at_left <= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = function(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = function(right);
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::{calibrated_answers, hotter};
    use super::*;

    #[test]
    fn an_overconfident_network_is_cooled_by_as_much_as_it_was_heated() {
        let answers = hotter(calibrated_answers(6000, 2.0, 1), |_| 3.0);
        let model = TemperatureModel::fit(&answers);
        assert!((model.at(Some(0.2)) - 3.0).abs() < 0.25, "{model:?}");
        assert!(model.slope < 0.2, "{model:?}");
    }

    #[test]
    fn a_network_that_is_overconfident_far_away_gets_a_rising_temperature() {
        let answers = hotter(calibrated_answers(6000, 2.0, 2), |score| 1.0 + 1.5 * score.ln_1p());
        let model = TemperatureModel::fit(&answers);
        for score in [0.1, 1.0, 3.0] {
            let wanted = 1.0 + 1.5 * f64::ln_1p(score);
            let found = model.at(Some(score));
            assert!((found / wanted - 1.0).abs() < 0.12, "{score}: {found} for {wanted}");
        }
    }

    #[test]
    fn nothing_is_sharpened_beyond_the_threshold() {
        let model = TemperatureModel { base: 0.3, slope: 0.0 };
        assert_eq!(model.at(Some(0.5)), 0.3);
        assert_eq!(model.at(Some(1.5)), 1.0);
        assert_eq!(model.at(Some(f64::NAN)), 1.0);
        assert_eq!(model.at(Some(f64::INFINITY)), 1.0);
    }

    #[test]
    fn answers_without_a_mistake_or_without_scores_give_usable_numbers() {
        let mut answers = calibrated_answers(300, 2.0, 3);
        for answer in &mut answers {
            answer.truth = super::super::likeliest(&answer.logits);
            answer.logits[answer.truth] += 1.0;
        }
        let model = TemperatureModel::fit(&answers);
        model.check().expect("usable");
        assert!(model.at(Some(0.0)) > *TEMPERATURES.start(), "{model:?}");
        answers.iter_mut().for_each(|answer| answer.ood_score = None);
        let model = TemperatureModel::fit(&answers);
        assert_eq!(model.slope, 0.0);
        assert_eq!(TemperatureModel::fit(&[]), TemperatureModel::UNCALIBRATED);
    }

    #[test]
    fn a_local_factor_is_found_on_a_few_dozen_answers() {
        let answers = hotter(calibrated_answers(200, 2.5, 4), |_| 2.0);
        let model = TemperatureModel { base: 1.0, slope: 0.0 }.rescaled(&answers);
        assert!((1.4..2.8).contains(&model.base), "{model:?}");
    }
}
