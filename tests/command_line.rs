//! The program itself, as a person calls it: JSON lines, files of maps, exit codes, errors.

mod support;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn mrimaster(weights: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mrimaster"))
        .args(arguments)
        .env("MRIMASTER_WEIGHTS", weights)
        .env("MRIMASTER_THREADS", "1")
        .output()
        .expect("the program runs")
}

fn picture(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    let picture = image::GrayImage::from_fn(60, 44, |x, y| image::Luma([(x * 3 + y * 2) as u8]));
    picture.save_with_format(&path, image::ImageFormat::Png).expect("written");
    path.display().to_string()
}

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().map(String::from).collect()
}

#[test]
fn predict_gives_one_json_object_for_each_slice() {
    let dir = tempfile::tempdir().expect("a folder");
    support::checkpoint::write(dir.path(), "small");
    let scan = picture(dir.path(), "image (12) [ü].jpg");
    let output = mrimaster(dir.path(), &["predict", &scan, &scan, "--json", "--device", "cpu"]);
    assert!(output.status.success(), "{output:?}");
    let lines = lines(&output.stdout);
    assert_eq!(lines.len(), 2);
    let line: Value = serde_json::from_str(&lines[0]).expect("JSON");
    assert_eq!(line["path"], scan.as_str());
    assert_eq!(line["slice"], 0);
    assert_eq!(line["model"], "small");
    assert_eq!(line["device"], "CPU");
    assert_eq!(line["checkpoint_sha256"].as_str().map(str::len), Some(64));
    let classes = line["classes"].as_array().expect("classes");
    assert_eq!(classes.len(), 4);
    let largest = classes
        .iter()
        .max_by(|a, b| a["logit"].as_f64().partial_cmp(&b["logit"].as_f64()).expect("numbers"))
        .expect("four");
    assert_eq!(line["predicted"], largest["name"]);
    // What the card does not know is there, and null.
    for unknown in [
        "prediction_set",
        "out_of_distribution",
        "ood",
        "local_calibration",
        "conformal_set",
        "unfamiliar",
        "familiarity",
    ] {
        assert_eq!(line.get(unknown), Some(&Value::Null), "{unknown}");
    }
    assert_eq!(classes[0].get("calibrated"), Some(&Value::Null));
}

#[test]
fn predict_says_how_far_a_calibrated_model_can_be_believed() {
    let dir = tempfile::tempdir().expect("a folder");
    support::checkpoint::write_calibrated(dir.path(), "small");
    let scan = picture(dir.path(), "scan.png");
    let output = mrimaster(dir.path(), &["predict", &scan, "--json", "--device", "cpu"]);
    let line: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let classes = line["classes"].as_array().expect("classes");
    let sum: f64 = classes.iter().map(|c| c["calibrated"].as_f64().expect("calibrated")).sum();
    assert!((sum - 1.0).abs() < 1e-5);
    assert_eq!(line["prediction_set"][0], line["predicted"]);
    assert_eq!(line["conformal_set"], line["prediction_set"]);
    // It was trained on noise, if on anything: a picture is nothing like it.
    assert_eq!(line["out_of_distribution"], true, "{line}");
    assert_eq!(line["unfamiliar"], true, "{line}");
    assert!(line["ood"]["score"].as_f64() > Some(1.0), "{line}");
    let familiarity = &line["familiarity"];
    assert!(familiarity["score"].as_f64() > familiarity["threshold"].as_f64(), "{line}");

    let output = mrimaster(dir.path(), &["predict", &scan, "--device", "cpu"]);
    let lines = lines(&output.stdout);
    assert!(lines[0].contains("calibrated on 40 validation scans"), "{lines:?}");
    assert!(lines[0].contains("90 %") && lines[0].ends_with("data is measured"));
    assert!(lines[1].contains("unfamiliar scan") && !lines[1].contains("excluded"), "{lines:?}");

    let output = mrimaster(dir.path(), &["models"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("fitted on 40 validation scans") && text.contains("nearest training scan"),
        "{text}"
    );
}

#[test]
fn heatmaps_are_written_for_every_layer_and_agree_with_the_json() {
    let dir = tempfile::tempdir().expect("a folder");
    support::checkpoint::write(dir.path(), "small");
    let scan = picture(dir.path(), "scan.png");
    let out = dir.path().join("maps");
    let out_text = out.display().to_string();
    let arguments = ["predict", &scan, "--json", "--class", "pituitary", "--heatmaps", &out_text];
    let output = mrimaster(dir.path(), &arguments);
    assert!(output.status.success(), "{output:?}");
    let line: Value = serde_json::from_str(&lines(&output.stdout)[0]).expect("JSON");
    let layers = line["layers"].as_array().expect("layers");
    assert_eq!(layers.len(), 5);
    let folder = out.join("small/scan.png");
    assert!(folder.join("input.npy").is_file());
    for (index, layer) in layers.iter().enumerate() {
        let stem = format!("{:02}-{}", index + 1, layer["name"].as_str().expect("a name"));
        let npy = std::fs::read(folder.join(format!("{stem}.npy"))).expect("the raw map");
        let cells = layer["height"].as_u64().expect("h") * layer["width"].as_u64().expect("w");
        let values: Vec<f32> = npy[npy.len() - cells as usize * 4..]
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        let largest = values.iter().copied().fold(0.0, f32::max);
        let stated = layer["raw_max"].as_f64().expect("a number");
        assert!((f64::from(largest) - stated).abs() <= 1e-6 * stated.abs().max(1.0));
        let overlay = image::open(folder.join(format!("{stem}.png"))).expect("the overlay");
        assert_eq!((overlay.width(), overlay.height()), (60, 44), "as large as the scan");
    }
}

#[test]
fn one_bad_file_is_one_line_and_loses_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    support::checkpoint::write(dir.path(), "small");
    let scan = picture(dir.path(), "fine.png");
    let bad = dir.path().join("text.dcm");
    std::fs::write(&bad, "not a scan").expect("written");
    let output = mrimaster(
        dir.path(),
        &["predict", &bad.display().to_string(), "nowhere.png", &scan, "--json"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(lines(&output.stdout).len(), 1, "the good scan is done");
    let errors = lines(&output.stderr);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("text.dcm") && errors[1].contains("nowhere.png"), "{errors:?}");
}

#[test]
fn predict_goes_through_a_folder_and_names_each_file() {
    let dir = tempfile::tempdir().expect("a folder");
    support::checkpoint::write(dir.path(), "small");
    let study = dir.path().join("study");
    std::fs::create_dir_all(study.join("inner")).expect("made");
    let mut scans = [picture(&study, "image10.png"), picture(&study, "image9.png")];
    scans.reverse();
    let inner = picture(&study, "inner/image1.png");
    std::fs::write(study.join("film.bin"), [0, 1, 2]).expect("written");
    let folder = study.display().to_string();
    let output = mrimaster(dir.path(), &["predict", &folder, "--json", "--device", "cpu"]);
    assert!(output.status.success(), "nobody named what is no scan: {output:?}");
    let path = |line: &String| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        line["path"].as_str().expect("a path").to_owned()
    };
    let paths: Vec<String> = lines(&output.stdout).iter().map(path).collect();
    assert_eq!(paths, [&scans[0], &scans[1], &inner].map(String::clone));
    let errors = lines(&output.stderr);
    assert!(errors.len() == 1 && errors[0].contains("film.bin"), "{errors:?}");

    for scan in [&scans[0], &scans[1], &inner] {
        std::fs::remove_file(scan).expect("removed");
    }
    let output = mrimaster(dir.path(), &["predict", &folder, "--json", "--device", "cpu"]);
    assert_eq!(output.status.code(), Some(1), "there is nothing to predict");
}

#[test]
fn models_are_listed_and_unknown_ones_named() {
    let dir = tempfile::tempdir().expect("a folder");
    support::checkpoint::write(dir.path(), "small");
    let output = mrimaster(dir.path(), &["models"]);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with("small\n") && text.contains("5 convolutional layers"), "{text}");
    assert!(text.contains("familiarity   not measured"), "{text}");

    let scan = picture(dir.path(), "scan.png");
    let output = mrimaster(dir.path(), &["predict", &scan, "--model", "large"]);
    assert_eq!(output.status.code(), Some(1));
    let errors = lines(&output.stderr);
    assert!(
        errors.len() == 1 && errors[0].contains("large") && errors[0].contains("small"),
        "{errors:?}"
    );

    let output = mrimaster(dir.path(), &["predict", &scan, "--class", "fracture"]);
    assert!(lines(&output.stderr)[0].contains("fracture"));
}
