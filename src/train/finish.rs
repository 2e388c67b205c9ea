//! What came out of training: measured, calibrated, and written with its card. Testing comes last
//! and chooses nothing.

use std::collections::{BTreeMap, BTreeSet};

use tch::Tensor;

use super::augment;
use super::augment::geometry::{ROTATION, SCALE, SHIFT};
use super::data::{Data, Protocol, Scans};
use super::figures::Figures;
use super::options::Options;
use super::reliability::{self, Answers};
use super::run::{Trainer, say};
use crate::dataset::audit::Fingerprint;
use crate::evaluate::copies::{LearnedFrom, Overlap, entry};
use crate::evaluate::parts::Part;
use crate::model::card::{Card, FORMAT_VERSION, LearnedPersons};
use crate::model::checkpoint::{self, Precision};
use crate::reliability::{Reliability, ReliabilityTable, TableAnswer, TemperatureModel, likeliest};

/// The largest loss of validation accuracy that float16 may cost.
const HALF_MAY_COST: f64 = 0.002;

/// Measures the averaged weights and writes the checkpoint.
pub(super) fn finish(
    options: &Options,
    classes: &[String],
    data: Data,
    trainer: Trainer<'_>,
) -> anyhow::Result<()> {
    let precision = precision(&trainer, &data.validation)?;
    let mut fitted = reliability::fit_all(&trainer, &data)?;

    let entries = |scans: &Scans| -> Vec<String> {
        let each = scans.classes.iter().zip(&scans.prints);
        each.map(|(&class, print)| entry(class, &print.hash())).collect()
    };
    let mut card = Card {
        format_version: FORMAT_VERSION,
        architecture: options.arch,
        classes: classes.to_vec(),
        input: trainer.input.clone(),
        taps: trainer.average_network.layers().into_iter().map(|layer| layer.name).collect(),
        training_data: training_data(options, &data),
        protocol: protocol(options, &data),
        command_line: options.command_line(),
        metrics: BTreeMap::new(),
        limits: "Not for diagnostic use. One public data set of four classes, most of it T1-weighted \
                 with contrast agent; scans of other weightings, planes or origin than the training \
                 scans are often wrong."
            .into(),
        sha256: String::new(),
        reliability: None,
        calibration: None,
        familiarity: None,
        scans: None,
        learned_from: [entries(&data.training), entries(&data.validation)].concat(),
        persons: persons(&data),
        left_out: data.duplicates_in_testing.iter().map(Fingerprint::hash).map(String::from).collect(),
    };
    let mut figures = Figures::new(classes);
    let whole = |_| true;
    figures.add("validation", &fitted.reliability, &fitted.validation, &data.validation, &whole);
    figures.shifted(&fitted);
    if !data.testing.is_empty() {
        let testing = fitted.answer(&trainer, &data.testing.greys, &data.testing.classes)?;
        figures.add("test_all", &fitted.reliability, &testing, &data.testing, &whole);
        for (part, chosen) in parts(&card, &data.testing)? {
            let name = format!("test_{}", part.name());
            figures.add(&name, &fitted.reliability, &testing, &data.testing, &|i| chosen[i]);
        }
        add_testing(&mut fitted.reliability, &testing, &data.testing);
    }
    let TemperatureModel { base, slope } = fitted.reliability.temperature;
    say(format!("temperature {base:.2} + {slope:.2} ln(1 + distance); weights as {precision:?}"));
    for (name, accuracy) in figures.metrics.iter().filter(|(name, _)| name.ends_with("_accuracy")) {
        say(format!("{}: {accuracy:.3}", name.replace('_', " ")));
    }
    card.metrics = figures.metrics;
    let more = fitted.tensors()?;
    card.reliability = Some(fitted.reliability);
    let store = &trainer.average_store;
    checkpoint::save_with(&options.checkpoint_path(), store, precision, more, card)?;
    Ok(())
}

/// What the test scans say of the card's promises. Nothing was chosen by them.
fn add_testing(reliability: &mut Reliability, testing: &Answers, scans: &Scans) {
    let probabilities: Vec<Vec<f32>> = testing
        .answers
        .iter()
        .map(|answer| reliability.probabilities(&answer.logits, answer.ood_score))
        .collect();
    let sets = reliability.sets.measure("test scans", &testing.answers, &probabilities);
    // The first is what is shown.
    sets.into_iter().for_each(|measured| reliability.sets.measured.insert(0, measured));
    let share = reliability::share(&testing.scores);
    reliability.ood.out_of_distribution.insert("test scans".into(), share);
    let each = testing.answers.iter().zip(&probabilities).zip(&scans.prints);
    let answers = each.map(|((answer, of), print)| {
        let predicted = likeliest(of);
        TableAnswer {
            scan: print.hash().pixels(),
            predicted,
            confidence: of[predicted],
            correct: predicted == answer.truth,
        }
    });
    reliability.table =
        Some(ReliabilityTable { measured_on: "test scans".into(), answers: answers.collect() });
}

/// Rounds the weights to float16 where validation accuracy stays, so that what is measured is what
/// is written.
fn precision(trainer: &Trainer, validation: &Scans) -> anyhow::Result<Precision> {
    let before = trainer.measure(validation)?.accuracy(validation);
    let exact: Vec<(Tensor, Tensor)> = trainer
        .average_store
        .variables()
        .into_values()
        .filter(|variable| variable.dim() > 1)
        .map(|variable| (variable.copy(), variable))
        .collect();
    tch::no_grad(|| -> anyhow::Result<Precision> {
        for (exact, variable) in &exact {
            let rounded = exact.f_to_kind(tch::Kind::Half)?;
            variable.shallow_clone().f_copy_(&rounded)?;
        }
        if before - trainer.measure(validation)?.accuracy(validation) < HALF_MAY_COST {
            return Ok(Precision::Half);
        }
        for (exact, variable) in &exact {
            variable.shallow_clone().f_copy_(exact)?;
        }
        Ok(Precision::Single)
    })
}

/// The parts of a test set that have scans, and which those are: as `mrimaster evaluate` tells them.
fn parts(card: &Card, testing: &Scans) -> anyhow::Result<Vec<(Part, Vec<bool>)>> {
    let known = LearnedFrom::of(card)?;
    let scans = testing.prints.iter().zip(&testing.classes).zip(&testing.persons);
    let overlaps: Vec<Overlap> = scans
        .map(|((print, &class), person)| known.overlap(&print.hash(), class, person.as_deref()))
        .collect();
    let chosen =
        |part: Part| -> Vec<bool> { overlaps.iter().map(|&overlap| part.holds(overlap)).collect() };
    let parts = Part::ALL.map(|part| (part, chosen(part)));
    Ok(parts.into_iter().filter(|(_, chosen)| chosen.contains(&true)).collect())
}

/// Whose scans were used, and whose were not.
fn persons(data: &Data) -> Option<LearnedPersons> {
    let distinct = |scans: &[&Scans]| -> Vec<String> {
        let persons = scans.iter().flat_map(|scans| scans.persons.iter().flatten().cloned());
        persons.collect::<BTreeSet<_>>().into_iter().collect()
    };
    Some(LearnedPersons {
        salt: data.salt.clone()?,
        learned: distinct(&[&data.training, &data.validation]),
        in_testing: distinct(&[&data.testing]),
    })
}

fn training_data(options: &Options, data: &Data) -> String {
    format!(
        "{} scans to train on and {} to validate, of the folder \"{}\"; {} scans not used because \
         the test set holds a duplicate and {} because it shows the person; {} of those to train on are synthetic, and no figure is \
         measured on synthetic scans.",
        data.training.len(),
        data.validation.len(),
        options.folder.file_name().unwrap_or_default().to_string_lossy(),
        data.duplicates_in_testing.len(),
        data.persons_in_testing,
        data.synthetic,
    )
}

fn protocol(options: &Options, data: &Data) -> String {
    let protocol = match options.protocol {
        Protocol::PatientFree => {
            "patient-free: every training scan of which the test set holds a duplicate, or which \
             shows a person of the test set, was not used"
        }
        Protocol::LeakFree => {
            "leak-free: every training scan of which the test set holds a copy was left out"
        }
        Protocol::AsIs => "as is: the training scans include copies of test scans",
    };
    let separation = &data.separation;
    let start = match (&options.init, options.frozen()) {
        (None, _) => "Trained from scratch",
        (Some(_), true) => {
            "Started from given weights, of which the convolutions stayed as they were"
        }
        (Some(_), false) => "Started from given weights",
    };
    let ways: Vec<String> = augment::ALL
        .iter()
        .map(|way| format!("{} ({:.0} %)", way.name, way.share * 100.0))
        .collect();
    format!(
        "{protocol}. Validation: a fifth of each class, {separation}. {start}. AdamW, gradients \
         clipped, class weights, weights averaged over the last hundred steps; augmentation of that \
         share of the scans: {} (rotation to {ROTATION} degrees, scale to {:.0} %, shift to {:.0} %). \
         The epoch of the smallest validation loss was kept. Testing chose nothing.",
        ways.join(", "),
        SCALE * 100.0,
        SHIFT * 100.0,
    )
}
