//! Temperature and sets from validation scans and shifted copies of them, each choice checked on a kind
//! of shift that it was not fitted on.

use std::collections::BTreeMap;

use super::Answers;
use crate::reliability::ood::OodCard;
use crate::reliability::shift::Shift;
use crate::reliability::{
    Headline, LabelledAnswer, MeasuredSets, PredictionSets, Reliability, TemperatureModel,
    expected_calibration_error, likeliest,
};

/// Bins of the calibration error.
const BINS: usize = 15;
/// Where the ranges of out-of-distribution scores end that have thresholds of their own.
const EDGES: [f64; 2] = [1.0, 2.0];

/// Fits everything that a card says of probabilities.
pub fn fit(
    validation: &Answers,
    shifted: &[(Shift, Answers)],
    classes: usize,
    ood: OodCard,
) -> Reliability {
    let of = |kinds: &[&Answers]| together(&validation.answers, kinds);
    let all: Vec<&Answers> = shifted.iter().map(|(_, answers)| answers).collect();
    // Without a kind, and on that kind: what is left of each choice where the shift is new.
    let (mut calibrated, mut plain, mut held) = (Vec::new(), Vec::new(), Vec::new());
    for (number, kind) in all.iter().enumerate() {
        let others: Vec<&Answers> =
            (0..all.len()).filter(|&other| other != number).map(|other| all[other]).collect();
        let fitted_on = of(&others);
        let model = TemperatureModel::fit(&fitted_on);
        let sets = sets(model, &fitted_on, classes);
        calibrated.push(error(model, &kind.answers));
        plain.push(error(TemperatureModel::UNCALIBRATED, &kind.answers));
        held.extend(sets.measure("", &kind.answers, &probabilities(model, &kind.answers)));
    }
    let mean = |errors: &[f64]| errors.iter().sum::<f64>() / errors.len().max(1) as f64;
    let fitted_on = of(&all);
    let temperature = TemperatureModel::fit(&fitted_on);
    let headline = if mean(&calibrated) <= mean(&plain) {
        Headline::Calibrated
    } else {
        Headline::Uncalibrated
    };
    let model = match headline {
        Headline::Calibrated => temperature,
        Headline::Uncalibrated => TemperatureModel::UNCALIBRATED,
    };
    let mut sets = sets(model, &fitted_on, classes);
    let copies: usize = all.iter().map(|answers| answers.answers.len()).sum();
    sets.measured = halves(&validation.answers, &all, classes, model).into_iter().collect();
    if !held.is_empty() {
        let count = held.len() as f64;
        sets.measured.push(MeasuredSets {
            on: "shifted copies of a kind that was not fitted on".into(),
            scans: held.iter().map(|sets| sets.scans).sum(),
            coverage: held.iter().map(|sets| sets.coverage).sum::<f64>() / count,
            mean_size: held.iter().map(|sets| sets.mean_size).sum::<f64>() / count,
        });
    }
    Reliability {
        temperature,
        headline,
        sets,
        fitted_on: format!(
            "{} validation scans and {copies} shifted copies of them",
            validation.answers.len()
        ),
        calibration_error: BTreeMap::from([
            ("validation".into(), error(model, &validation.answers)),
            ("shifted copies of a kind that was not fitted on".into(), mean(&calibrated)),
            ("the same, uncalibrated".into(), mean(&plain)),
        ]),
        table: None,
        ood,
    }
}

/// Validation answers, and shifted ones that weigh as much as they do in all.
fn together(validation: &[LabelledAnswer], kinds: &[&Answers]) -> Vec<LabelledAnswer> {
    let shifted: usize = kinds.iter().map(|kind| kind.answers.len()).sum();
    let weight = validation.len() as f64 / shifted.max(1) as f64;
    let copies = kinds.iter().flat_map(|kind| &kind.answers).cloned();
    let copies = copies.map(|answer| LabelledAnswer { weight, ..answer });
    validation.iter().cloned().chain(copies).collect()
}

fn sets(model: TemperatureModel, answers: &[LabelledAnswer], classes: usize) -> PredictionSets {
    PredictionSets::fit(answers, &probabilities(model, answers), classes, EDGES.to_vec())
}

fn probabilities(model: TemperatureModel, answers: &[LabelledAnswer]) -> Vec<Vec<f32>> {
    answers.iter().map(|answer| model.probabilities(&answer.logits, answer.ood_score)).collect()
}

/// Calibration error of answers at a temperature, 0..=1.
fn error(model: TemperatureModel, answers: &[LabelledAnswer]) -> f64 {
    let claims = answers.iter().zip(probabilities(model, answers)).map(|(answer, of)| {
        let predicted = likeliest(&of);
        (of[predicted], predicted == answer.truth, answer.weight)
    });
    expected_calibration_error(&claims.collect::<Vec<_>>(), BINS)
}

/// The sets on validation scans, each half by a fit on the other half and on the shifted copies.
fn halves(
    validation: &[LabelledAnswer],
    shifted: &[&Answers],
    classes: usize,
    model: TemperatureModel,
) -> Option<MeasuredSets> {
    let part = |odd: bool| -> Vec<LabelledAnswer> {
        let each = validation.iter().enumerate();
        each.filter(|(i, _)| (i % 2 == 1) == odd).map(|(_, answer)| answer.clone()).collect()
    };
    let measured: Vec<MeasuredSets> = [false, true]
        .into_iter()
        .filter_map(|odd| {
            let sets = sets(model, &together(&part(!odd), shifted), classes);
            let own = part(odd);
            sets.measure("validation scans", &own, &probabilities(model, &own))
        })
        .collect();
    let (first, second) = (measured.first()?, measured.get(1)?);
    Some(MeasuredSets {
        scans: first.scans + second.scans,
        coverage: f64::midpoint(first.coverage, second.coverage),
        mean_size: f64::midpoint(first.mean_size, second.mean_size),
        ..first.clone()
    })
}
