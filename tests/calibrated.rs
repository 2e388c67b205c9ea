//! Checkpoints whose cards say how far their probabilities can be believed: what becomes of it in
//! predictions, and what is refused.

mod support;

use std::path::Path;

use mrimaster::imaging::{Depth, Slice};
use mrimaster::model::checkpoint;
use mrimaster::model::classifier::Classifier;
use mrimaster::model::prediction::{DeviceChoice, Prediction};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use sha2::Digest as _;

/// Name, kind, shape and bytes.
type Stored = (String, Dtype, Vec<usize>, Vec<u8>);

/// Writes the weights again with other tensors; the card's hash follows.
fn rewrite(path: &Path, change: impl FnOnce(&mut Vec<Stored>)) {
    let bytes = std::fs::read(path).expect("read");
    let tensors = SafeTensors::deserialize(&bytes).expect("whole");
    let mut stored: Vec<Stored> = tensors
        .tensors()
        .into_iter()
        .map(|(name, view)| (name, view.dtype(), view.shape().to_vec(), view.data().to_vec()))
        .collect();
    change(&mut stored);
    let views = stored.iter().map(|(name, kind, shape, bytes)| {
        (name.clone(), TensorView::new(*kind, shape.clone(), bytes).expect("a view"))
    });
    let bytes = safetensors::serialize(views, None).expect("serialised");
    std::fs::write(path, &bytes).expect("written");
    let hash: String = sha2::Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    edit_card(path, |card| card["sha256"] = hash.into());
}

fn edit_card(path: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let card = path.with_extension("json");
    let mut value = serde_json::from_slice(&std::fs::read(&card).expect("read")).expect("JSON");
    change(&mut value);
    std::fs::write(&card, serde_json::to_vec(&value).expect("JSON")).expect("written");
}

fn refusal(path: &Path) -> String {
    let error = Classifier::load(path, DeviceChoice::Cpu).expect_err("it is refused").to_string();
    assert_eq!(error.lines().count(), 1, "one sentence: {error}");
    assert!(error.contains("made"), "{error} names the file");
    error
}

fn predict(path: &Path) -> Prediction {
    let slice = Slice::new(50, 70, (0..3500).map(|v| (v % 251) as f32).collect(), Depth::EightBit);
    let classifier = Classifier::load(path, DeviceChoice::Cpu).expect("loaded");
    classifier.classify(&slice).expect("classified").0
}

#[test]
fn a_prediction_has_what_the_card_can_say() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = support::checkpoint::write_calibrated(dir.path(), "made");
    let prediction = predict(&path);
    let info = checkpoint::info(&path).expect("read");
    let calibration = info.card.calibration.as_ref().expect("calibrated");

    let logits: Vec<f32> = prediction.classes.iter().map(|class| class.logit).collect();
    let calibrated: Vec<f32> =
        prediction.classes.iter().map(|class| class.calibrated.expect("calibrated")).collect();
    assert_eq!(calibrated, calibration.probabilities(&logits));
    assert!((calibrated.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    let set = prediction.prediction_set.as_ref().expect("a set");
    assert_eq!(set[0], prediction.predicted);
    assert_eq!(*set, calibration.conformal_set(&calibrated));

    let ood = prediction.ood.expect("measured");
    assert!(ood.score.is_finite() && ood.score >= 0.0);
    assert_eq!(ood.reason, None, "old cards give none");
    // Whoever trains from it meets weights alone.
    let plain = support::checkpoint::write(dir.path(), "plain");
    let uncalibrated = predict(&plain);
    assert!(uncalibrated.prediction_set.is_none() && uncalibrated.ood.is_none());
    assert_eq!(uncalibrated.classes[0].calibrated, None);
    assert_eq!(uncalibrated.classes[0].logit, prediction.classes[0].logit);
}

#[test]
fn references_that_are_damaged_or_of_another_network_are_refused_by_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let refused = |change: &dyn Fn(&mut Vec<Stored>), word: &str| {
        let path = support::checkpoint::write_calibrated(dir.path(), "made");
        rewrite(&path, |stored| change(stored));
        let error = refusal(&path);
        assert!(error.contains(word), "{error} says {word}");
    };
    fn find<'a>(stored: &'a mut [Stored], wanted: &str) -> &'a mut Stored {
        stored.iter_mut().find(|(name, ..)| name == wanted).expect("there")
    }
    refused(&|all| all.retain(|(name, ..)| name != "familiarity.scans"), "familiarity.scans");
    refused(&|all| all.retain(|(name, ..)| !name.starts_with("familiarity.")), "familiarity");
    refused(&|all| find(all, "familiarity.basis").0 = "familiarity.new".into(), "basis");
    refused(
        &|all| all.push(("familiarity.more".into(), Dtype::F16, vec![1], vec![0; 2])),
        "familiarity.more",
    );
    // Half the features, and a shape that does not fit the other's.
    refused(
        &|all| {
            let (_, _, shape, bytes) = find(all, "familiarity.basis");
            shape[1] /= 2;
            bytes.truncate(bytes.len() / 2);
        },
        "features",
    );
    refused(&|all| find(all, "familiarity.scans").2.reverse(), "familiarity.scans");
    refused(&|all| find(all, "familiarity.scans").2.insert(0, 1), "familiarity.scans");
    refused(&|all| find(all, "familiarity.scales").3.fill(0), "familiarity.scales");
    // An infinite half.
    refused(&|all| find(all, "familiarity.basis").3[..2].copy_from_slice(&[0x00, 0x7c]), "finite");
    refused(&|all| find(all, "familiarity.scans").1 = Dtype::I16, "I16");
}

#[test]
fn a_card_whose_numbers_mean_nothing_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    type Change = fn(&mut serde_json::Value);
    let broken: [(&str, Change); 5] = [
        ("temperature", |card| card["calibration"]["temperature"] = 0.0.into()),
        ("conformal", |card| card["calibration"]["conformal"]["threshold"] = (-1.0).into()),
        ("record", |card| card["calibration"]["record"]["bins"] = serde_json::json!([])),
        ("right", |card| card["calibration"]["record"]["bins"][0]["right"] = 999.into()),
        ("noise", |card| card["familiarity"]["measured"]["noise"] = 2.0.into()),
    ];
    for (word, change) in broken {
        let path = support::checkpoint::write_calibrated(dir.path(), "made");
        edit_card(&path, change);
        let error = refusal(&path);
        assert!(error.contains("card") && error.contains(word), "{error}");
    }
}
