//! A short training run: copies of test scans are left out, the checkpoint loads, its card is
//! honest about what it was made from, and a seed repeats it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use mrimaster::dataset::split_file::{self, Part};
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
        protocol,
        epochs: 2,
        batch: 8,
        size: 32,
        seed: 3,
        device: DeviceChoice::Cpu,
        ..Options::new(root, out)
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
    assert_eq!(card.metrics["test_all_scans"], 8.0);
    assert!(card.metrics["test_copy_left_out_scans"] >= 4.0);
    assert!(!card.training_data.contains(" 0 scans not used"), "{}", card.training_data);
    let history = std::fs::read(out.join("small_cnn.history.json")).expect("a history");
    let history: serde_json::Value = serde_json::from_slice(&history).expect("JSON");
    assert_eq!(history.as_array().map(Vec::len), Some(2));
}

/// A person's scans are in training or in validation, and nowhere where the person is in Testing.
#[test]
fn patient_free_training_shares_no_person() {
    let dir = tempfile::tempdir().expect("a folder");
    data(dir.path());
    // Three scans to a person; person 0 is in Testing, too, by a scan of which there is no copy.
    let mut table = String::from("path,patient\n");
    for class in ["no_tumor", "glioma_tumor"] {
        for number in 0..24 {
            table += &format!("Training/{class}/{number}.png,{class}{}\n", number / 3);
        }
        table += &format!("Testing/{class}/100.png,{class}7B\n");
    }
    let patients = dir.path().join("patients.csv");
    std::fs::write(&patients, table).expect("written");
    let out = dir.path().join("out");
    let mut options = options(dir.path(), &out, Protocol::PatientFree);
    options.tables.patients = Some(patients.clone());
    run(&options).expect("trained");

    let rows = split_file::read(&out.join("small_cnn.split.csv")).expect("a split");
    let mut sides: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.path.starts_with("Training")) {
        let person = row.person.clone().expect("a person");
        sides.entry(person).or_default().insert(format!("{:?}", row.split));
    }
    assert!(
        sides.values().all(|sides| sides.len() == 1 || !sides.contains("Validation")),
        "{sides:?}"
    );
    let count = |part: Part| rows.iter().filter(|row| row.split == part).count();
    // Person 7 of each class is in Testing; so is person 0, by copies of scans 0 and 1.
    assert_eq!(count(Part::DuplicateInTesting), 4);
    assert_eq!(count(Part::PersonInTesting), 2 * 3 + 2);

    let card = mrimaster::model::checkpoint::info(&out.join("small_cnn.safetensors"));
    let persons = card.expect("a card").card.persons.as_ref().expect("persons").clone();
    assert_eq!(persons.learned.len(), 2 * 6);
    assert!(persons.learned.iter().all(|person| !persons.in_testing.contains(person)));

    let again = run(&options).expect_err("the checkpoint is there").to_string();
    assert!(again.contains("--overwrite"), "{again}");
    options.overwrite = true;
    run(&options).expect("replaced");
}

/// The program training on `root`, in a process of its own: libtorch has one source of random
/// numbers for all threads.
fn train(root: &Path, out: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrimaster"));
    command
        .arg("train")
        .arg(root)
        .args(["--batch", "8", "--size", "32", "--device", "cpu", "--mixup", "0.2", "--out"])
        .arg(out)
        .args(more)
        .env("MRIMASTER_THREADS", "1");
    command
}

fn weights(out: &Path) -> Vec<u8> {
    std::fs::read(out.join("small_cnn.safetensors")).expect("weights")
}

#[test]
fn a_seed_repeats_its_weights_and_another_gives_others() {
    let dir = tempfile::tempdir().expect("a folder");
    data(dir.path());
    let trained = |name: &str, seed: &str| {
        let out = dir.path().join(name);
        let done = train(dir.path(), &out, &["--epochs", "2", "--seed", seed]).output();
        let done = done.expect("the program runs");
        assert!(done.status.success(), "{done:?}");
        weights(&out)
    };
    let first = trained("first", "1");
    assert!(first == trained("second", "1"));
    assert!(first != trained("third", "2"));
}

#[test]
fn a_run_that_was_killed_goes_on_to_the_same_weights() {
    let dir = tempfile::tempdir().expect("a folder");
    data(dir.path());
    let (whole, killed) = (dir.path().join("whole"), dir.path().join("killed"));
    let epochs = ["--epochs", "40", "--give-up", "40"];
    let done = train(dir.path(), &whole, &epochs).output().expect("the program runs");
    assert!(done.status.success(), "{done:?}");

    let mut running = train(dir.path(), &killed, &epochs)
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the program runs");
    let resume = killed.join("small_cnn.resume.safetensors");
    while !resume.exists() {
        assert!(running.try_wait().expect("asked").is_none(), "it ended before it was killed");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.kill().expect("killed");
    running.wait().expect("gone");
    assert!(!killed.join("small_cnn.json").exists(), "it was killed too late to show anything");

    // Another command line is not the same run.
    let other = [&epochs[..], &["--resume", "--learning-rate", "0.5"]].concat();
    let refused = train(dir.path(), &killed, &other).output().expect("the program runs");
    let sentence = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && sentence.contains("another command line"), "{sentence}");

    let resumed = [&epochs[..], &["--resume"]].concat();
    let done = train(dir.path(), &killed, &resumed).output().expect("the program runs");
    assert!(done.status.success(), "{done:?}");
    assert!(String::from_utf8_lossy(&done.stdout).contains("resuming after epoch"));
    assert!(weights(&whole) == weights(&killed));
    assert!(!resume.exists(), "what only a stopped run needs is removed");
}

#[cfg(unix)]
#[test]
fn ctrl_c_says_how_to_go_on() {
    let dir = tempfile::tempdir().expect("a folder");
    data(dir.path());
    let out = dir.path().join("out");
    let mut running = train(dir.path(), &out, &["--epochs", "500", "--give-up", "500"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program runs");
    while !out.join("small_cnn.resume.safetensors").exists() {
        assert!(running.try_wait().expect("asked").is_none(), "it ended by itself");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let pid = running.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
    let ended = running.wait_with_output().expect("it ends");
    let sentence = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{sentence}");
    assert!(sentence.contains("with --resume goes on after epoch"), "{sentence}");
}

#[test]
fn training_starts_from_given_weights_and_refuses_others() {
    let dir = tempfile::tempdir().expect("a folder");
    data(dir.path());
    let out = dir.path().join("out");
    run(&options(dir.path(), &out, Protocol::LeakFree)).expect("trained");
    let first = out.join("small_cnn.safetensors");
    let mut again = options(dir.path(), &dir.path().join("again"), Protocol::LeakFree);
    again.init = Some(first.clone());
    run(&again).expect("trained on");

    again.arch = Architecture::EfficientnetLite0;
    let error = run(&again).expect_err("weights of another network");
    assert!(error.to_string().starts_with(&first.display().to_string()), "{error}");
    assert!(error.to_string().contains("not weights of efficientnet_lite0"), "{error}");
    again.init = Some(dir.path().to_path_buf());
    assert!(run(&again).is_err(), "a folder is no file of weights");
}

#[test]
fn b0_starts_from_weights_of_lite0() {
    let dir = tempfile::tempdir().expect("a folder");
    data(dir.path());
    let mut options = options(dir.path(), &dir.path().join("out"), Protocol::LeakFree);
    options.epochs = 1;
    options.arch = Architecture::EfficientnetLite0;
    run(&options).expect("trained");
    options.init = Some(options.checkpoint_path());
    options.arch = Architecture::EfficientnetB0;
    options.overwrite = true;
    // However few epochs there are, the last is that of the network itself.
    for epochs in [1, 3] {
        options.epochs = epochs;
        run(&options).expect("trained on");
        Classifier::load(&options.checkpoint_path(), DeviceChoice::Cpu).expect("it loads");
    }
}

#[test]
fn what_augmentation_does_can_be_seen() {
    let dir = tempfile::tempdir().expect("a folder");
    data(dir.path());
    let png = dir.path().join("augmented.png");
    let mut options = options(dir.path(), &dir.path().join("out"), Protocol::LeakFree);
    options.show_augmented = Some(png.clone());
    run(&options).expect("drawn");
    let picture = image::open(&png).expect("a picture");
    let rows = mrimaster::train::augment::ALL.len() as u32 + 2;
    assert_eq!((picture.width(), picture.height()), (8 * 32, rows * 32));
    assert!(!options.out.exists(), "nothing was trained");
}

#[test]
fn a_folder_without_classes_is_one_sentence() {
    let dir = tempfile::tempdir().expect("a folder");
    let error = run(&options(dir.path(), dir.path(), Protocol::LeakFree)).expect_err("no classes");
    assert!(error.to_string().contains("class"), "{error}");
}
