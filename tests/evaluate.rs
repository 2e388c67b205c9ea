//! `mrimaster evaluate` from folder to files, on synthetic scans with the shipped small network.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use mrimaster::dataset::audit::Fingerprint;
use mrimaster::dataset::phantom::write_study;
use mrimaster::evaluate::bootstrap::Bootstrap;
use mrimaster::evaluate::compare::Comparison;
use mrimaster::evaluate::copies::entry;
use mrimaster::evaluate::report::Evaluation;
use mrimaster::evaluate::run::{Known, Step, ask, evaluate};
use mrimaster::evaluate::test_set::TestSet;
use mrimaster::imaging;
use mrimaster::model::card::Card;
use mrimaster::model::checkpoint;
use mrimaster::model::classifier::Classifier;
use mrimaster::model::prediction::DeviceChoice;
use tempfile::TempDir;

const CLASSES: [&str; 4] = ["glioma", "meningioma", "no tumour", "pituitary"];
const SCANS: usize = 16;

fn weights() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/small_cnn.safetensors")
}

/// A folder of synthetic scans, four of each class, with a DICOM series and a volume beside them.
fn study() -> TempDir {
    // Made once: each test gets a copy to change.
    static MADE: LazyLock<TempDir> = LazyLock::new(|| {
        let dir = tempfile::tempdir().expect("a folder");
        write_study(dir.path(), SCANS, 3).expect("written");
        dir
    });
    let dir = tempfile::tempdir().expect("a folder");
    for folder in
        fs::read_dir(MADE.path()).expect("a study").flatten().filter(|e| e.path().is_dir())
    {
        let copy = dir.path().join(folder.file_name());
        fs::create_dir(&copy).expect("a folder");
        for file in fs::read_dir(folder.path()).expect("a folder").flatten() {
            fs::copy(file.path(), copy.join(file.file_name())).expect("copied");
        }
    }
    dir
}

/// Every picture of a study, by name.
fn pictures(study: &Path) -> Vec<PathBuf> {
    let folders = ["glioma_tumor", "meningioma_tumor", "no_tumor", "pituitary_tumor"];
    let mut paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| fs::read_dir(study.join(folder)).expect("a class"))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

fn run(folder: &Path, models: &[&Path], more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrimaster"));
    command.arg("evaluate").arg(folder).args(["--device", "cpu"]).args(more);
    models.iter().for_each(|model| {
        command.arg("--model").arg(model);
    });
    command.env("MRIMASTER_THREADS", "1").output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn evaluated(folder: &Path, model: &Path) -> Evaluation {
    let output = run(folder, &[model], &["--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// The one line that a refusal is.
#[track_caller]
fn refused(folder: &Path, models: &[&Path], more: &[&str]) -> String {
    let output = run(folder, models, more);
    let line = text(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty(), "{line}");
    assert_eq!(line.trim_end().lines().count(), 1, "{line}");
    line
}

/// The small network under another name, its card changed.
fn checkpoint_with(folder: &Path, name: &str, change: impl FnOnce(&mut Card)) -> PathBuf {
    let path = folder.join(name).with_extension("safetensors");
    fs::copy(weights(), &path).expect("copied");
    let card = fs::read(weights().with_extension("json")).expect("a card");
    let mut card: Card = serde_json::from_slice(&card).expect("a card");
    change(&mut card);
    let card = serde_json::to_vec(&card).expect("JSON");
    fs::write(path.with_extension("json"), card).expect("written");
    path
}

/// The hash that a card keeps of a scan's pixels alone: no other scan resembles it.
fn pixels_of(path: &Path) -> String {
    let series = imaging::open(path).expect("a scan");
    let hash = Fingerprint::of(&series.slices[0]).hash().to_string();
    hash.split('.').next().expect("a part").to_owned()
}

fn rows(out: &Path) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    let mut reader = csv::Reader::from_path(out.join("results.csv")).expect("a table");
    let header: Vec<String> =
        reader.headers().expect("a header").iter().map(String::from).collect();
    let rows = reader
        .records()
        .map(|row| {
            header.iter().cloned().zip(row.expect("a row").iter().map(String::from)).collect()
        })
        .collect();
    (header, rows)
}

#[test]
fn a_test_set_becomes_a_table_and_figures_that_agree() {
    let study = study();
    let out = study.path().join("out");
    let output =
        run(study.path(), &[&weights()], &["--json", "--out", out.to_str().expect("UTF-8")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    // What is no class of the model is left out, and said.
    for folder in ["dicom", "nifti"] {
        assert!(text(&output.stderr).contains(&format!("/{folder}: left out")));
    }

    let (header, rows) = rows(&out);
    let mut expected = vec!["path".to_owned(), "true".into(), "predicted".into()];
    expected.extend(CLASSES.map(|class| format!("probability {class}")));
    expected.extend(CLASSES.map(|class| format!("calibrated {class}")));
    let last = [
        "correct",
        "twin in training",
        "copy left out",
        "person in training",
        "label conflict",
        "unfamiliar",
        "unreadable",
    ];
    expected.extend(last.map(String::from));
    assert_eq!(header, expected);
    assert_eq!(rows.len(), SCANS);
    let mut right = 0;
    for (row, path) in rows.iter().zip(pictures(study.path())) {
        assert!(path.ends_with(&row["path"]), "{} {}", path.display(), row["path"]);
        let folder = row["path"].split('/').next().expect("a folder");
        let truth = &row["true"];
        assert!(folder.starts_with(truth.split(' ').next().expect("a word")), "{folder} {truth}");
        let probability =
            |class: &&str| row[&format!("probability {class}")].parse::<f64>().expect("a number");
        let sum: f64 = CLASSES.iter().map(&probability).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        let best = CLASSES.iter().max_by(|a, b| probability(a).total_cmp(&probability(b)));
        assert_eq!(best, Some(&row["predicted"].as_str()));
        assert_eq!(row["correct"], (row["true"] == row["predicted"]).to_string());
        assert_eq!(row["twin in training"], "false", "they were made for this test");
        right += usize::from(row["correct"] == "true");
    }

    let printed: Evaluation = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let file = Evaluation::read(&out.join("evaluation.json")).expect("it is read back");
    assert_eq!(printed, file);
    let all = &file.parts.all;
    assert_eq!((all.scans, file.cases.len(), file.unreadable.len()), (SCANS, SCANS, 0));
    let accuracy = all.accuracy.expect("scans").value;
    assert!((accuracy - right as f64 / SCANS as f64).abs() < 1e-12);
    assert_eq!(all.confusion.iter().flatten().sum::<u64>(), SCANS as u64);
    assert_eq!(file.test_set.folders_left_out, ["dicom", "nifti"]);
    assert_eq!(file.parts.no_twin.as_ref().map(|part| part.scans), Some(SCANS));
    assert!(file.limits.contains("Not for diagnostic use"));
    let info = checkpoint::info(&weights()).expect("a card");
    assert_eq!((file.model.name.as_str(), &file.model.sha256), ("small_cnn", &info.card.sha256));
}

#[test]
fn each_answer_is_that_of_predict() {
    let study = study();
    let evaluation = evaluated(study.path(), &weights());
    let case = &evaluation.cases[5];
    let output = Command::new(env!("CARGO_BIN_EXE_mrimaster"))
        .args(["predict", "--json", "--device", "cpu", "--model"])
        .arg(weights())
        .arg(study.path().join(&case.path))
        .output()
        .expect("the program runs");
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(line["predicted"], evaluation.classes[case.answer.predicted]);
    for (index, probability) in case.answer.probabilities.iter().enumerate() {
        let other = line["classes"][index]["probability"].as_f64().expect("a number");
        assert!((f64::from(*probability) - other).abs() < 1e-5);
    }
}

#[test]
fn scans_in_the_cards_list_are_told_apart() {
    let study = study();
    let paths = pictures(study.path());
    // Six scans were learned from, the first of them under another class.
    let list: Vec<String> = paths[..6]
        .iter()
        .enumerate()
        .map(|(i, path)| {
            let class = if i == 0 { 3 } else { i / 4 };
            entry(class, &pixels_of(path).parse().expect("a hash"))
        })
        .chain([pixels_of(&paths[9])])
        .collect();
    let models = tempfile::tempdir().expect("a folder");
    let model = checkpoint_with(models.path(), "leaky", |card| card.learned_from = list);

    let evaluation = evaluated(study.path(), &model);
    let twins: Vec<bool> =
        evaluation.cases.iter().map(|case| case.twin_in_training.expect("a list")).collect();
    let expected: Vec<bool> = (0..SCANS).map(|i| i < 6 || i == 9).collect();
    assert_eq!(twins, expected);
    let conflicts: Vec<usize> =
        (0..SCANS).filter(|&i| evaluation.cases[i].label_conflict).collect();
    assert_eq!(conflicts, [0]);
    let (with, without) = (evaluation.parts.twin_in_training, evaluation.parts.no_twin);
    assert_eq!(with.expect("a list").scans, 7);
    assert_eq!(without.expect("a list").scans, SCANS - 7);

    let output = text(&run(study.path(), &[&model], &[]).stdout);
    assert!(
        output.contains("7 of 16 scans are also in this model's training data: 44 %"),
        "{output}"
    );
    assert!(output.contains("not for diagnostic use"), "{output}");

    let elsewhere = "0".repeat(32);
    let clean = checkpoint_with(models.path(), "clean", |card| card.learned_from = vec![elsewhere]);
    let output = text(&run(study.path(), &[&clean], &[]).stdout);
    assert!(
        output.contains("None of the 16 scans is known to be in this model's training"),
        "{output}"
    );
}

#[test]
fn copies_in_the_test_set_are_one_group_and_their_labels_are_compared() {
    let study = study();
    let before = evaluated(study.path(), &weights()).parts.all.groups;
    let paths = pictures(study.path());
    let copied = |from: &Path, to: &str| fs::copy(from, study.path().join(to)).expect("copied");
    copied(&paths[0], "glioma_tumor/a copy.png");
    copied(&paths[4], "no_tumor/wrong.png");

    let evaluation = evaluated(study.path(), &weights());
    assert_eq!(evaluation.parts.all.scans, SCANS + 2);
    assert_eq!(evaluation.parts.all.groups, before);
    let mut conflicts: Vec<&str> = evaluation
        .cases
        .iter()
        .filter(|case| case.label_conflict)
        .map(|case| case.path.as_str())
        .collect();
    conflicts.retain(|path| !path.starts_with("meningioma_tumor/"));
    assert_eq!(conflicts, ["no_tumor/wrong.png"]);
    let group = |path: &str| {
        let case = evaluation.cases.iter().find(|case| case.path == path);
        case.expect("a case").answer.group
    };
    let original = format!("glioma_tumor/{}", paths[0].file_name().unwrap().display());
    assert_eq!(group(&original), group("glioma_tumor/a copy.png"));
}

#[test]
fn the_content_hash_notices_what_changes() {
    let study = study();
    let hash = || evaluated(study.path(), &weights()).test_set.sha256.expect("complete");
    let first = hash();
    assert_eq!(first, hash());
    let paths = pictures(study.path());
    let moved = study.path().join("no_tumor").join(paths[0].file_name().unwrap());
    fs::rename(&paths[0], moved).expect("moved");
    assert_ne!(first, hash());
}

#[test]
fn two_models_are_compared() {
    let study = study();
    let models = tempfile::tempdir().expect("a folder");
    // Its classes in another order: answers are compared by name, and the other is always right where
    // this one is wrong.
    let turned = checkpoint_with(models.path(), "turned", |card| {
        card.classes.reverse();
        card.learned_from.clear();
    });
    let out = models.path().join("out");
    let output =
        run(study.path(), &[&weights(), &turned], &["--out", out.to_str().expect("UTF-8")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("McNemar's p"), "{}", text(&output.stdout));

    let first = Evaluation::read(&out.join("small_cnn/evaluation.json")).expect("written");
    let second = Evaluation::read(&out.join("turned/evaluation.json")).expect("written");
    let turned = rows(&out.join("turned")).1;
    assert_eq!(turned.len(), SCANS);
    assert!(
        turned.iter().all(|row| row["twin in training"].is_empty()),
        "nothing is known of them"
    );
    let bytes = fs::read(out.join("comparison.json")).expect("written");
    let comparison: Comparison = serde_json::from_slice(&bytes).expect("JSON");
    let right = |evaluation: &Evaluation| -> Vec<bool> {
        evaluation.cases.iter().map(|case| case.answer.correct()).collect()
    };
    let pairs: Vec<(bool, bool)> = right(&first).into_iter().zip(right(&second)).collect();
    let count = |pair| pairs.iter().filter(|&&p| p == pair).count();
    let all = comparison.all;
    assert_eq!(all.only_first_right, count((true, false)));
    assert_eq!(all.only_second_right, count((false, true)));
    assert_eq!(all.both_wrong, count((false, false)));
    // The last logit is the first class's now: no answer stays as it was.
    assert_eq!(comparison.disagreements.len(), SCANS);
    assert!(all.both_right == 0 && all.only_first_right > 0, "{all:?}");
    assert!(comparison.unseen.is_none(), "one card has no list");
}

#[test]
fn unreadable_files_stay_in_the_table() {
    let study = study();
    fs::write(study.path().join("no_tumor/empty.png"), b"").expect("written");
    fs::write(study.path().join("no_tumor/notes.txt"), b"not a scan").expect("written");
    let out = study.path().join("out");
    let output = run(study.path(), &[&weights()], &["--out", out.to_str().expect("UTF-8")]);
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("2 more could not be read"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("empty.png"));

    let (_, rows) = rows(&out);
    assert_eq!(rows.len(), SCANS + 2);
    let row = rows.iter().find(|row| row["path"] == "no_tumor/empty.png").expect("a row");
    assert_eq!((row["true"].as_str(), row["predicted"].as_str()), ("no tumour", ""));
    assert!(row["unreadable"].contains("empty"), "{row:?}");
    let file = Evaluation::read(&out.join("evaluation.json")).expect("written");
    assert_eq!((file.unreadable.len(), file.parts.all.scans), (2, SCANS));
}

#[test]
fn a_cancelled_evaluation_keeps_what_was_done() {
    let study = study();
    let info = checkpoint::info(&weights()).expect("a card");
    let set = TestSet::read(study.path(), &info).expect("a test set");
    let mut heard = Vec::new();
    let bootstrap = Bootstrap { draws: 10, seed: 1 };
    let evaluation = evaluate(&set, &info, DeviceChoice::Cpu, bootstrap, &mut |progress| {
        let Step::Answered(case) = progress.step else { panic!("{progress:?}") };
        heard.push(case.path.clone());
        assert_eq!((progress.done, progress.total), (heard.len(), SCANS));
        if heard.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .expect("evaluated");
    let mut paths: Vec<String> = evaluation.cases.iter().map(|case| case.path.clone()).collect();
    heard.sort();
    paths.sort();
    assert_eq!(paths, heard);
    assert_eq!(evaluation.parts.all.scans, 3);
    assert_eq!((evaluation.test_set.scans, evaluation.test_set.sha256), (SCANS, None));
}

#[test]
fn answers_depend_on_no_thread_and_are_those_of_one_scan_alone() {
    let study = study();
    fs::write(study.path().join("no_tumor/empty.png"), b"").expect("written");
    let info = checkpoint::info(&weights()).expect("a card");
    let set = TestSet::read(study.path(), &info).expect("a test set");
    let asked = |replicas: usize, known: &Known| {
        let mut steps = 0;
        let answers = ask(&set, &info, DeviceChoice::Cpu, replicas, known, &mut |progress| {
            steps += 1;
            assert_eq!((progress.done, progress.total), (steps, SCANS + 1));
            ControlFlow::Continue(())
        })
        .expect("asked");
        assert!(answers.complete());
        answers.evaluation(Bootstrap { draws: 10, seed: 1 })
    };
    let alone = asked(1, &Known::default());
    assert_eq!((alone.cases.len(), alone.unreadable.len()), (SCANS, 1));
    for replicas in [2, 3, 64] {
        assert_eq!(asked(replicas, &Known::default()), alone, "{replicas} replicas");
    }
    // What is known is not asked for again, however many others are.
    let mut half = alone.clone();
    half.cases.retain(|case| case.answer.truth % 2 == 0);
    half.cases.iter_mut().for_each(|case| case.answer.probabilities[0] = 0.125);
    let resumed = asked(2, &Known::of(half));
    let classifier = Classifier::from_checkpoint(&info, DeviceChoice::Cpu).expect("loaded");
    for (case, before) in resumed.cases.iter().zip(&alone.cases) {
        if case.answer.truth % 2 == 0 {
            assert_eq!(case.answer.probabilities[0], 0.125);
            continue;
        }
        let series = imaging::open(&study.path().join(&case.path)).expect("a scan");
        let single = classifier.predict(&series.slices[0]).expect("classified");
        for (class, single) in single.classes.iter().enumerate() {
            let pair = [case.answer.probabilities[class], before.answer.probabilities[class]];
            assert!(pair.iter().all(|p| (p - single.probability).abs() < 1e-6), "{pair:?}");
        }
    }
}

#[test]
fn bad_input_is_one_sentence_and_leaves_nothing() {
    let study = study();
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("out");
    let more = ["--out", out.to_str().expect("UTF-8")];
    let nothing = |line: &str, words: &[&str]| {
        words.iter().for_each(|word| assert!(line.contains(word), "{word:?} is not in: {line}"));
        let left = fs::read_dir(&out).map_or(0, Iterator::count);
        assert_eq!(left, 0, "something was written: {line}");
    };

    let empty = dir.path().join("no classes");
    fs::create_dir(&empty).expect("a folder");
    nothing(&refused(&empty, &[&weights()], &more), &["no classes", "class"]);
    nothing(&refused(&dir.path().join("gone"), &[&weights()], &more), &["gone"]);
    nothing(&refused(study.path(), &[dir.path()], &more), &["folder", ".safetensors"]);
    nothing(&refused(study.path(), &[&*weights(), &*weights(), &*weights()], &more), &["--model"]);

    let others = dir.path().join("others");
    for class in ["knee", "hip"] {
        fs::create_dir_all(others.join(class)).expect("a folder");
        fs::write(others.join(class).join("1.png"), b"x").expect("written");
    }
    nothing(
        &refused(&others, &[&weights()], &more),
        &["hip, knee", "glioma, meningioma", "small_cnn"],
    );

    let broken = dir.path().join("broken");
    for class in ["no_tumor", "glioma_tumor"] {
        fs::create_dir_all(broken.join(class)).expect("a folder");
        fs::write(broken.join(class).join("1.png"), b"").expect("written");
    }
    let output = run(&broken, &[&weights()], &more);
    assert!(!output.status.success());
    let line = text(&output.stderr);
    nothing(line.lines().last().expect("a line"), &["none of its 2 scans", "1.png"]);

    fs::create_dir(study.path().join("empty_tumor")).expect("a folder");
    nothing(&refused(study.path(), &[&weights()], &more), &["empty_tumor", "no scans"]);
    fs::remove_dir(study.path().join("empty_tumor")).expect("removed");

    let listed = checkpoint_with(dir.path(), "odd", |card| card.learned_from = vec!["x".into()]);
    let output = run(study.path(), &[&listed], &more);
    assert!(!output.status.success());
    let line = text(&output.stderr);
    nothing(line.lines().last().expect("a line"), &["odd", "no hash"]);
}

#[test]
fn an_out_folder_that_cannot_be_written_is_refused_before_the_work() {
    let study = study();
    let file = study.path().join("file");
    fs::write(&file, b"mine").expect("written");
    let line = refused(study.path(), &[&weights()], &["--out", file.to_str().expect("UTF-8")]);
    assert!(line.contains("file") && line.contains("--out"), "{line}");
    assert_eq!(fs::read(&file).expect("still there"), b"mine");
}

#[test]
fn a_changed_evaluation_is_refused() {
    let study = study();
    let evaluation = evaluated(study.path(), &weights());
    let path = study.path().join("evaluation.json");
    let refused = |change: &dyn Fn(&mut Evaluation), word: &str| {
        let mut changed = evaluation.clone();
        change(&mut changed);
        fs::write(&path, serde_json::to_vec(&changed).expect("JSON")).expect("written");
        let error = Evaluation::read(&path).expect_err(word).to_string();
        assert!(error.contains(word) && error.contains("evaluation.json"), "{error}");
    };
    refused(&|e| e.cases[2].answer.predicted = 4, "does not fit its classes");
    refused(&|e| e.cases[2].answer.probabilities.truncate(3), "does not fit its classes");
    refused(&|e| e.cases[2].answer.conformal_set = Some(vec![9]), "does not fit its classes");
    refused(&|e| e.parts.all.confusion[0].clear(), "figures do not fit");
    refused(&|e| e.format_version = 99, "version 99");
    fs::write(&path, b"{}").expect("written");
    assert!(Evaluation::read(&path).is_err());
}
