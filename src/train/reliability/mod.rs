//! What a trained network's answers are worth: fitted to training and validation scans and shifted
//! copies of them at the end of training.

mod calibrate;
mod copies;
mod reference;

use rand_pcg::Pcg64;
use tch::Tensor;

use super::data::Data;
use super::run::Trainer;
use crate::model::ood_tensors;
use crate::reliability::ood::{KindFigures, OodCard, OodReference, OodScore, Reason, auroc};
use crate::reliability::shift::{Image, Shift, varied};
use crate::reliability::{LabelledAnswer, Reliability, likeliest};
use copies::{Seen, copies, see};
use reference::{fit, scores};

/// Each kind of shift is shown by one in so many training scans.
const TRAINING_SHARE: usize = 5;
/// Pictures without a scan are made from one in so many validation scans: nothing of the scan is left.
const PICTURE_SHARE: usize = 3;
/// Draws of the copies of training and of validation scans.
const TRAINING_SEED: u64 = 100;
const VALIDATION_SEED: u64 = 200;

/// What was fitted.
pub struct Fitted {
    pub reliability: Reliability,
    pub reference: OodReference,
    /// Answers to the validation scans and to shifted copies of them.
    pub validation: Answers,
    pub shifted: Answers,
}

/// Answers to scans of known class, with their scores.
#[derive(Debug, Default)]
pub struct Answers {
    pub answers: Vec<LabelledAnswer>,
    pub scores: Vec<OodScore>,
}

impl Answers {
    fn new(seen: &Seen, scores: Vec<OodScore>, truths: &[usize]) -> Self {
        let rows = seen.logits.iter().zip(truths).zip(&scores);
        let answers = rows.map(|((logits, &truth), score)| LabelledAnswer {
            logits: logits.clone(),
            truth,
            ood_score: Some(f64::from(score.score)),
            weight: 1.0,
        });
        Self { answers: answers.collect(), scores }
    }
}

impl Fitted {
    /// The tensors that go into the checkpoint beside the weights.
    ///
    /// # Errors
    /// Where libtorch is out of memory.
    pub fn tensors(&self) -> Result<Vec<(String, Tensor)>, tch::TchError> {
        ood_tensors::tensors(&self.reference)
    }

    /// Answers to other scans, greys 0..=255 `[n, 1, size, size]`.
    ///
    /// # Errors
    /// Where libtorch fails.
    pub(super) fn answer(
        &self,
        trainer: &Trainer,
        greys: &Tensor,
        truths: &[usize],
    ) -> anyhow::Result<Answers> {
        let seen = see(trainer, greys)?;
        let scores = scores(&self.reference, &seen.features)?;
        Ok(Answers::new(&seen, scores, truths))
    }
}

/// Copies of one kind of shift: what the network makes of those of training and of validation scans.
struct Kind {
    shift: Shift,
    training: Tensor,
    validation: Seen,
    /// Classes of the validation scans.
    truths: Vec<usize>,
}

/// Fits temperature, sets and out-of-distribution reference. Testing has no part in it.
///
/// # Errors
/// Where libtorch fails, or there are no scans.
pub(super) fn fit_all(trainer: &Trainer, data: &Data) -> anyhow::Result<Fitted> {
    let (training, validation) = (&data.training, &data.validation);
    let validation_seen = see(trainer, &validation.greys)?;
    let plain = see(trainer, &training.greys)?.features;
    let half: Vec<usize> = (0..training.len()).step_by(2).collect();
    let vary = |image: &Image, random: &mut Pcg64| varied(image, random);
    let near_copies = copies(&training.greys, &half, TRAINING_SEED, vary)?;
    let usual = Tensor::f_cat(&[plain, see(trainer, &near_copies)?.features], 0)?;

    let mut kinds = Vec::new();
    for (number, shift) in Shift::ALL.into_iter().enumerate() {
        let make = |image: &Image, random: &mut Pcg64| shift.of(image, random);
        let some: Vec<usize> =
            (number % TRAINING_SHARE..training.len()).step_by(TRAINING_SHARE).collect();
        let seed = number as u64 + 1;
        let shown = copies(&training.greys, &some, TRAINING_SEED + seed, make)?;
        let picture = matches!(shift.reason(), Reason::NoHead | Reason::NoMri);
        let step = if picture { PICTURE_SHARE } else { 1 };
        let all: Vec<usize> = (0..validation.len()).step_by(step).collect();
        let tested = copies(&validation.greys, &all, VALIDATION_SEED + seed, make)?;
        kinds.push(Kind {
            shift,
            training: see(trainer, &shown)?.features,
            validation: see(trainer, &tested)?,
            truths: all.iter().map(|&scan| validation.classes[scan]).collect(),
        });
    }
    let reference = reference_without(None, &usual, &kinds, &validation_seen)?;
    let validation_scores = scores(&reference, &validation_seen.features)?;
    let known = Answers::new(&validation_seen, validation_scores, &validation.classes);

    let near = |scores: &[OodScore]| -> Vec<f32> { scores.iter().map(|s| s.score).collect() };
    let mut card = OodCard {
        method: "features of the input and of every stage of the network, projected on the directions \
                 of the training scans and of shifted copies: Mahalanobis distance within, Euclidean \
                 distance outside of them, and the log-odds of a shift; 95 % of the validation scans \
                 stay below 1"
            .into(),
        out_of_distribution: [("validation".into(), share(&known.scores))].into(),
        kinds: Vec::new(),
    };
    let mut shifted = Vec::new();
    for kind in &kinds {
        let found = scores(&reference, &kind.validation.features)?;
        let unseen = reference_without(Some(kind.shift), &usual, &kinds, &validation_seen)?;
        let without = |features: &Tensor| scores(&unseen, features).map(|scores| near(&scores));
        let auroc_unseen =
            auroc(&without(&validation_seen.features)?, &without(&kind.validation.features)?);
        let outside: Vec<&OodScore> = found.iter().filter(|s| s.out_of_distribution()).collect();
        let right = outside.iter().filter(|s| s.reason == Some(kind.shift.reason())).count();
        card.kinds.push(KindFigures {
            kind: kind.shift.name().into(),
            reason: kind.shift.reason(),
            scans: found.len(),
            auroc: auroc(&near(&known.scores), &near(&found)).unwrap_or(0.0),
            auroc_unseen,
            found: share(&found),
            right_reason: right as f64 / outside.len().max(1) as f64,
        });
        if kind.shift.shows_the_scan() {
            shifted.push((kind.shift, Answers::new(&kind.validation, found, &kind.truths)));
        }
    }
    let classes = known.answers.first().map_or(0, |answer| answer.logits.len());
    let reliability = calibrate::fit(&known, &shifted, classes, card);
    let mut all = Answers::default();
    for (_, answers) in shifted {
        all.answers.extend(answers.answers);
        all.scores.extend(answers.scores);
    }
    Ok(Fitted { reliability, reference, validation: known, shifted: all })
}

/// The reference of every kind but one.
fn reference_without(
    kind: Option<Shift>,
    usual: &Tensor,
    kinds: &[Kind],
    validation: &Seen,
) -> Result<OodReference, reference::FitError> {
    let some: Vec<(Reason, &Tensor)> = kinds
        .iter()
        .filter(|other| Some(other.shift) != kind)
        .map(|other| (other.shift.reason(), &other.training))
        .collect();
    fit(usual, &some, &validation.features)
}

/// The share that is out of distribution, 0..=1.
pub fn share(scores: &[OodScore]) -> f64 {
    let outside = scores.iter().filter(|score| score.out_of_distribution()).count();
    outside as f64 / scores.len().max(1) as f64
}

/// How often the network answers (one class that cannot be excluded, a scan in distribution), and how
/// often it is correct when it does: shares, 0..=1; the second is `None` where it never answers.
pub fn selective(reliability: &Reliability, of: &Answers) -> (f64, Option<f64>) {
    let (mut answered, mut correct) = (0usize, 0usize);
    for (answer, score) in of.answers.iter().zip(&of.scores) {
        let probabilities = reliability.probabilities(&answer.logits, answer.ood_score);
        let set = reliability.prediction_set(&probabilities, answer.ood_score);
        if set.len() == 1 && !score.out_of_distribution() {
            answered += 1;
            correct += usize::from(likeliest(&probabilities) == answer.truth);
        }
    }
    let share = answered as f64 / of.answers.len().max(1) as f64;
    (share, (answered > 0).then(|| correct as f64 / answered as f64))
}
