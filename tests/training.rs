//! A short training run: copies of test scans are left out, the checkpoint loads, its card is
//! honest about what it was made from, and a seed repeats it.

use std::path::Path;
use std::process::Command;

use mrimaster::model::card::Architecture;
use mrimaster::model::classifier::Classifier;
use mrimaster::model::prediction::DeviceChoice;
use mrimaster::train::{Options, Protocol, run};

/// A picture that depends on its class and number: stripes that stand or lie.
fn picture(path: &Path, class: usize, number: u32) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    let pixel = |x: u32, y: u32| {
        let along = if class == 0 { x } else { y };
        let stripe = (along * (3 + number % 5) + number * 7) % 40;
        image::Luma([(stripe * 4 + (x * number + y) % 23) as u8])
    };
    image::GrayImage::from_fn(40, 40, pixel).save(path).expect("written");
}

/// 24 scans of each of two classes to train on, 4 to test, 2 of which are copies.
fn data(root: &Path) {
    for (class, name) in ["no_tumor", "glioma_tumor"].into_iter().enumerate() {
        for number in 0..24 {
            picture(&root.join(format!("Training/{name}/{number}.png")), class, number);
        }
        for number in [0, 1, 100, 101] {
            picture(&root.join(format!("Testing/{name}/{number}.png")), class, number);
        }
    }
}

fn options(root: &Path, out: &Path, protocol: Protocol) -> Options {
    Options {
        folder: root.to_path_buf(),
        arch: Architecture::SmallCnn,
        synthetic: None,
        protocol,
        out: out.to_path_buf(),
        epochs: 2,
        batch: 8,
        size: 32,
        learning_rate: 1e-3,
        seed: 3,
        device: DeviceChoice::Cpu,
    }
}

#[test]
fn leak_free_training_leaves_out_what_the_test_set_holds() {
    let dir = tempfile::tempdir().expect("a folder");
    data(dir.path());
    let out = dir.path().join("out");
    run(&options(dir.path(), &out, Protocol::LeakFree)).expect("trained");

    let path = out.join("small_cnn.safetensors");
    let classifier = Classifier::load(&path, DeviceChoice::Cpu).expect("what is written loads");
    assert_eq!(classifier.classes(), ["glioma", "no tumour"]);
    let card = mrimaster::model::checkpoint::info(&path).expect("a card").card;
    assert!(card.protocol.starts_with("leak-free"), "{}", card.protocol);
    assert_eq!(card.metrics["test_scans_all"], 8.0);
    assert!(card.metrics["test_scans_copied_in_training_folder"] >= 4.0);
    assert!(!card.training_data.contains(" 0 scans left out"), "{}", card.training_data);
    let history = std::fs::read(out.join("small_cnn.history.json")).expect("a history");
    let history: serde_json::Value = serde_json::from_slice(&history).expect("JSON");
    assert_eq!(history.as_array().map(Vec::len), Some(2));
}

#[test]
fn a_seed_repeats_its_weights() {
    let dir = tempfile::tempdir().expect("a folder");
    data(dir.path());
    // In processes of their own: libtorch has one source of random numbers for all threads.
    let weights = |name: &str| {
        let out = dir.path().join(name);
        let trained = Command::new(env!("CARGO_BIN_EXE_mrimaster"))
            .arg("train")
            .arg(dir.path())
            .args(["--epochs", "2", "--batch", "8", "--size", "32", "--device", "cpu", "--out"])
            .arg(&out)
            .env("MRIMASTER_THREADS", "1")
            .output()
            .expect("the program runs");
        assert!(trained.status.success(), "{trained:?}");
        std::fs::read(out.join("small_cnn.safetensors")).expect("weights")
    };
    assert!(weights("first") == weights("second"));
}

#[test]
fn a_folder_without_classes_is_one_sentence() {
    let dir = tempfile::tempdir().expect("a folder");
    let error = run(&options(dir.path(), dir.path(), Protocol::LeakFree)).expect_err("no classes");
    assert!(error.to_string().contains("class"), "{error}");
}
