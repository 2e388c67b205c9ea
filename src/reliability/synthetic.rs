//! Answers of networks whose calibration is known, for tests.

use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;

use super::LabelledAnswer;
use super::temperature::softmax;

/// Answers that are calibrated at temperature 1: the class is drawn from the probabilities that the
/// logits stand for, whose SD is `spread`. Their scores are 0 to 4, whatever the logits.
pub fn calibrated_answers(count: usize, spread: f32, seed: u64) -> Vec<LabelledAnswer> {
    let mut random = Pcg64::seed_from_u64(seed);
    let answer = |_| {
        let mut normal = || -> f32 { StandardNormal.sample(&mut random) };
        let logits: Vec<f32> = (0..4).map(|_| spread * normal()).collect();
        let mut left: f32 = random.random();
        let drawn = softmax(&logits, 1.0).iter().position(|probability| {
            left -= probability;
            left < 0.0
        });
        let ood_score = Some(random.random_range(0.0..4.0));
        LabelledAnswer { logits, truth: drawn.unwrap_or(3), ood_score, weight: 1.0 }
    };
    (0..count).map(answer).collect()
}

/// The same with logits that are too large by a factor that depends on the score.
pub fn hotter(
    mut answers: Vec<LabelledAnswer>,
    factor: impl Fn(f64) -> f64,
) -> Vec<LabelledAnswer> {
    for answer in &mut answers {
        let factor = factor(answer.ood_score.unwrap_or(0.0)) as f32;
        answer.logits.iter_mut().for_each(|logit| *logit *= factor);
    }
    answers
}
