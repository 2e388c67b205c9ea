//! What came out of training: measured, and written with its card.

use std::collections::BTreeMap;

use super::augment;
use super::augment::geometry::{ROTATION, SCALE, SHIFT};
use super::data::{Data, Protocol};
use super::options::Options;
use super::run::{Trainer, say};
use crate::model::card::{Card, FORMAT_VERSION};
use crate::model::checkpoint;

/// Measures the averaged weights, on Testing last, which has chosen nothing, and writes the checkpoint.
pub(super) fn finish(
    options: &Options,
    classes: &[String],
    data: Data,
    trainer: Trainer<'_>,
) -> anyhow::Result<()> {
    let validation = trainer.measure(&data.validation)?;
    let mut metrics = BTreeMap::from([
        ("validation_scans".to_owned(), data.validation.len() as f64),
        ("validation_accuracy".to_owned(), validation.accuracy(&data.validation)),
    ]);
    if !data.testing.is_empty() {
        let testing = trainer.measure(&data.testing)?;
        let predicted = Vec::<i64>::try_from(testing.logits.argmax(1, false))?;
        let mut add = |name: &str, wanted: &dyn Fn(bool) -> bool| {
            let chosen: Vec<bool> = (0..predicted.len())
                .filter(|&i| wanted(data.test_has_twin[i]))
                .map(|i| predicted[i] == data.testing.classes[i] as i64)
                .collect();
            let share = chosen.iter().filter(|&&r| r).count() as f64 / chosen.len().max(1) as f64;
            metrics.insert(format!("test_scans_{name}"), chosen.len() as f64);
            metrics.insert(format!("test_accuracy_{name}"), share);
            say(format!("test accuracy, {name}: {share:.3} of {} scans", chosen.len()));
        };
        add("all", &|_| true);
        add("copied_in_training_folder", &|twin| twin);
        add("not_copied", &|twin| !twin);
    }
    let card = Card {
        format_version: FORMAT_VERSION,
        architecture: options.arch,
        classes: classes.to_vec(),
        input: trainer.input.clone(),
        taps: trainer.average_network.layers().into_iter().map(|layer| layer.name).collect(),
        training_data: training_data(options, &data),
        protocol: protocol(options, &data),
        command_line: options.command_line(),
        metrics,
        limits: "Not for diagnostic use. One public data set of four classes; scans of other \
                 weightings, planes or origin than the training scans are often wrong."
            .into(),
        sha256: String::new(),
        calibration: None,
        familiarity: None,
        learned_from: [&data.training, &data.validation]
            .iter()
            .flat_map(|scans| scans.prints.iter().map(|print| print.hash().to_string()))
            .collect(),
    };
    checkpoint::save(&trainer.path(), &trainer.average_store, card)?;
    Ok(())
}

fn training_data(options: &Options, data: &Data) -> String {
    format!(
        "{} scans to train on and {} to validate, of the folder \"{}\"; {} scans left out because \
         the test set holds a copy; {} of those to train on are synthetic, and no figure is \
         measured on synthetic scans.",
        data.training.len(),
        data.validation.len(),
        options.folder.file_name().unwrap_or_default().to_string_lossy(),
        data.left_out,
        data.synthetic,
    )
}

fn protocol(options: &Options, data: &Data) -> String {
    let protocol = match options.protocol {
        Protocol::LeakFree => {
            "leak-free: every training scan of which the test set holds a copy was left out"
        }
        Protocol::AsIs => "as is: the training scans include copies of test scans",
    };
    let patients = if data.patients {
        "and slices with neighbouring indices (one patient, mostly) kept together"
    } else {
        "kept together, slices of one patient not"
    };
    let start = match (&options.init, options.frozen()) {
        (None, _) => "Trained from scratch",
        (Some(_), true) => "Started from ImageNet's weights; only the last layer was trained",
        (Some(_), false) => "Started from the weights named in the command line",
    };
    let ways: Vec<String> = augment::ALL
        .iter()
        .map(|way| format!("{} ({:.0} %)", way.name, way.share * 100.0))
        .collect();
    format!(
        "{protocol}. Validation: a fifth of each class, copies {patients}. {start}. AdamW, gradients \
         clipped, class weights, weights averaged over the last hundred steps; augmentation of that \
         share of the scans: {} (rotation to {ROTATION} degrees, scale to {:.0} %, shift to {:.0} %). \
         The epoch of the smallest validation loss was kept. Testing chose nothing.",
        ways.join(", "),
        SCALE * 100.0,
        SHIFT * 100.0,
    )
}
