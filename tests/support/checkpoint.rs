//! A small checkpoint with weights by formula, for tests that need a whole one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mrimaster::model::VggHead;
use mrimaster::model::calibration;
use mrimaster::model::card::{
    Architecture, Card, FORMAT_VERSION, Fit, Input, Interpolation, Levels,
};
use mrimaster::model::checkpoint::{self, Precision};
use mrimaster::model::familiarity::Familiarity;
use mrimaster::model::network::{Shape, Taps};
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

use super::formula;

/// The card of a small CNN that takes 64 × 64 pixels.
pub fn card() -> Card {
    let shape = shape();
    Card {
        format_version: FORMAT_VERSION,
        architecture: Architecture::SmallCnn,
        classes: ["glioma", "meningioma", "no tumour", "pituitary"].map(String::from).to_vec(),
        input: Input {
            size: 64,
            channels: 1,
            range: [0.0, 1.0],
            mean: vec![0.2],
            std: vec![0.2],
            interpolation: Interpolation::Bilinear,
            fit: Fit::Pad,
            levels: Levels::Stored,
        },
        taps: shape.layers().expect("built").into_iter().map(|layer| layer.name).collect(),
        training_data: "none: weights by formula".into(),
        protocol: "none".into(),
        metrics: BTreeMap::new(),
        limits: "A test's.".into(),
        sha256: String::new(),
        reliability: None,
        calibration: None,
        familiarity: None,
        scans: None,
        learned_from: Vec::new(),
        left_out: Vec::new(),
        persons: None,
        command_line: String::new(),
    }
}

fn shape() -> Shape {
    Shape {
        architecture: Architecture::SmallCnn,
        classes: 4,
        channels: 1,
        vgg_head: VggHead::Pooled,
    }
}

/// Writes `NAME.safetensors` and its card into `folder`.
pub fn write(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(format!("{name}.safetensors"));
    let store = VarStore::new(Device::Cpu);
    shape().build(&store).expect("built");
    formula::fill(&store, formula::GAIN);
    checkpoint::save(&path, &store, card()).expect("written");
    path
}

/// The same with a calibration and a familiarity with noise, as cards had it before reliability.
pub fn write_calibrated(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(format!("{name}.safetensors"));
    let store = VarStore::new(Device::Cpu);
    let network = shape().build(&store).expect("built");
    formula::fill(&store, formula::GAIN);
    let features = |seed: i64, scans: i64| {
        tch::manual_seed(seed);
        let noise = Tensor::randn([scans, 1, 64, 64], (Kind::Float, Device::Cpu));
        tch::no_grad(|| network.features(&noise, false, &mut Taps::off()))
    };
    let (training, validation) = (features(1, 90), features(2, 40));
    let (familiarity, references) = Familiarity::fit(&training, &validation).expect("fitted");
    let logits = tch::no_grad(|| network.decide(&validation, false));
    let logits = Vec::<Vec<f32>>::try_from(logits).expect("rows");
    let truth: Vec<usize> = (0..logits.len()).map(|scan| scan % 4).collect();
    let card = Card {
        calibration: Some(calibration::fit(&logits, &truth, "40 validation scans".into())),
        familiarity: Some(familiarity),
        ..card()
    };
    checkpoint::save_with(&path, &store, Precision::Single, references.tensors().into(), card)
        .expect("written");
    path
}
