//! Temperature scaling: one number by which all logits are divided. Guo et al., arXiv 1706.04599.

use std::ops::RangeInclusive;

use super::Scan;

/// The temperatures that are tried, and that a card may have.
pub(super) const BOUNDS: RangeInclusive<f64> = 0.05..=20.0;

/// Probabilities of finite logits at a temperature within [`BOUNDS`].
pub(super) fn softmax(logits: &[f32], temperature: f64) -> Vec<f32> {
    let scaled = |logit: &f32| f64::from(*logit) / temperature;
    let largest = logits.iter().map(scaled).fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (scaled(logit) - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| (power / sum) as f32).collect()
}

/// The temperature of the smallest negative log-likelihood; 1 without scans.
///
/// The likelihood has one maximum in the temperature's inverse, in which the logits are linear, and
/// so in its logarithm, in which the golden section is taken.
pub(super) fn fit(scans: &[Scan]) -> f64 {
    if scans.is_empty() {
        return 1.0;
    }
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (BOUNDS.start().ln(), BOUNDS.end().ln());
    let loss = |log: f64| loss(scans, log.exp());
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut loss_left, mut loss_right) = (loss(left), loss(right));
    while high - low > 1e-6 {
        if loss_left <= loss_right {
            (high, right, loss_right) = (right, left, loss_left);
            left = high - golden * (high - low);
            loss_left = loss(left);
        } else {
            (low, left, loss_left) = (left, right, loss_right);
            right = low + golden * (high - low);
            loss_right = loss(right);
        }
    }
    f64::midpoint(low, high).exp().clamp(*BOUNDS.start(), *BOUNDS.end())
}

/// Mean negative log-likelihood.
///
/// Of `n` scans and `k` classes each target is `(n + 1) / (n + k)` for the true class and
/// `1 / (n + k)` for the others (Platt 1999, section 2.2): scans without a mistake would else call
/// for a temperature of zero, and prove no more than that mistakes are rarer than one in `n`.
fn loss(scans: &[Scan], temperature: f64) -> f64 {
    let sum: f64 = scans
        .iter()
        .map(|scan| {
            let scaled = |logit: &f32| f64::from(*logit) / temperature;
            let largest = scan.logits.iter().map(scaled).fold(f64::NEG_INFINITY, f64::max);
            let powers: f64 = scan.logits.iter().map(|l| (scaled(l) - largest).exp()).sum();
            let log_sum = largest + powers.ln();
            let other = 1.0 / (scans.len() + scan.logits.len()) as f64;
            let every: f64 = scan.logits.iter().map(|l| log_sum - scaled(l)).sum();
            let rest = 1.0 - other * scan.logits.len() as f64;
            other * every + rest * (log_sum - scaled(&scan.logits[scan.class]))
        })
        .sum();
    sum / scans.len() as f64
}
