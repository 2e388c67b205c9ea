//! Checkpoints that are refused, each with its reason, and those that load.

mod support;

use std::path::Path;

use mrimaster::imaging::{Depth, Slice};
use mrimaster::model::checkpoint;
use mrimaster::model::classifier::Classifier;
use mrimaster::model::prediction::DeviceChoice;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use sha2::Digest as _;

fn refusal(path: &Path) -> String {
    let error = Classifier::load(path, DeviceChoice::Cpu).expect_err("it is refused").to_string();
    assert_eq!(error.lines().count(), 1, "one sentence: {error}");
    let name = path.file_name().expect("a name").to_string_lossy();
    assert!(error.contains(&*name), "{error} names {name}");
    error
}

/// Writes the checkpoint again with other tensors; the card's hash follows.
fn rewrite(
    path: &Path,
    change: impl Fn(&str, &mut Vec<usize>, &mut Vec<f32>) -> bool,
    extra: bool,
) {
    let bytes = std::fs::read(path).expect("read");
    let tensors = SafeTensors::deserialize(&bytes).expect("whole");
    let mut kept: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    for (name, view) in tensors.tensors() {
        let mut shape = view.shape().to_vec();
        let mut values: Vec<f32> = view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        if change(&name, &mut shape, &mut values) {
            kept.push((name, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect()));
        }
    }
    if extra {
        kept.push(("unknown.weight".into(), vec![1], vec![0; 4]));
        kept.push(("features.0.1.num_batches_tracked".into(), vec![1], vec![0; 4]));
    }
    let views: Vec<_> = kept
        .iter()
        .map(|(n, s, b)| (n.clone(), TensorView::new(Dtype::F32, s.clone(), b).expect("a view")))
        .collect();
    let bytes = safetensors::serialize(views, None).expect("serialised");
    std::fs::write(path, &bytes).expect("written");
    let hash: String = sha2::Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    edit_card(path, |card| card["sha256"] = hash.clone().into());
}

fn edit_card(path: &Path, change: impl Fn(&mut serde_json::Value)) {
    let card = path.with_extension("json");
    let mut value = serde_json::from_slice(&std::fs::read(&card).expect("read")).expect("JSON");
    change(&mut value);
    std::fs::write(&card, serde_json::to_vec(&value).expect("JSON")).expect("written");
}

#[test]
fn a_whole_checkpoint_classifies_and_its_probabilities_add_up() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = support::checkpoint::write(dir.path(), "fine");
    let classifier = Classifier::load(&path, DeviceChoice::Cpu).expect("loaded");
    let slice = Slice::new(50, 70, (0..3500).map(|v| (v % 251) as f32).collect(), Depth::EightBit);
    let (prediction, activations) = classifier.classify(&slice).expect("classified");
    assert_eq!(prediction.model, "fine");
    let sum: f32 = prediction.classes.iter().map(|class| class.probability).sum();
    assert!((sum - 1.0).abs() < 1e-5);
    assert_eq!(activations.taps.conv.len(), 5);
    let again = classifier.classify(&slice).expect("classified").0;
    assert_eq!(again.classes, prediction.classes);
}

#[test]
fn torchvisions_batch_counters_are_no_fault() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = support::checkpoint::write(dir.path(), "counted");
    rewrite(&path, |_, _, _| true, true);
    let error = refusal(&path);
    assert!(error.contains("1 tensors") && error.contains("unknown.weight"), "{error}");
}

#[test]
fn missing_misshaped_and_infinite_tensors_are_refused_by_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = support::checkpoint::write(dir.path(), "missing");
    rewrite(&path, |name, _, _| name != "classifier.1.bias", false);
    assert!(refusal(&path).contains("classifier.1.bias"));

    // A shape that would broadcast is refused all the same.
    let path = support::checkpoint::write(dir.path(), "shape");
    rewrite(
        &path,
        |name, shape, values| {
            if name == "classifier.1.bias" {
                *shape = vec![1];
                values.truncate(1);
            }
            true
        },
        false,
    );
    assert!(refusal(&path).contains("[1]"));

    let path = support::checkpoint::write(dir.path(), "nan");
    rewrite(
        &path,
        |name, _, values| {
            if name == "features.2.0.weight" {
                values[7] = f32::NAN;
            }
            true
        },
        false,
    );
    let error = refusal(&path);
    assert!(error.contains("features.2.0.weight") && error.contains("finite"), "{error}");
}

#[test]
fn damaged_files_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = support::checkpoint::write(dir.path(), "cut");
    let bytes = std::fs::read(&path).expect("read");
    for length in [0, 4, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).expect("written");
        refusal(&path);
    }
    let path = support::checkpoint::write(dir.path(), "changed");
    let mut bytes = std::fs::read(&path).expect("read");
    *bytes.last_mut().expect("not empty") ^= 1;
    std::fs::write(&path, bytes).expect("written");
    assert!(refusal(&path).contains("SHA-256"));
}

#[test]
fn pickles_are_refused_whatever_they_are_called() {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, head) in
        [("zip.safetensors", &b"PK\x03\x04rest"[..]), ("bare.pt", b"\x80\x02}q\x00.")]
    {
        let path = dir.path().join(name);
        std::fs::write(&path, head).expect("written");
        assert!(refusal(&path).contains("pickle"));
    }
}

#[test]
fn cards_that_do_not_fit_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    type Change = fn(&mut serde_json::Value);
    let broken: [(&str, Change); 7] = [
        ("version", |card| card["format_version"] = 99.into()),
        ("architecture", |card| card["architecture"] = "efficientnet_b0".into()),
        ("taps", |card| card["taps"][0] = "elsewhere".into()),
        ("classes", |card| card["classes"] = serde_json::json!(["a", "a"])),
        ("std", |card| card["input"]["std"] = serde_json::json!([0.0])),
        ("size", |card| card["input"]["size"] = 100_000.into()),
        ("unknown", |card| card["surprise"] = true.into()),
    ];
    for (name, change) in broken {
        let path = support::checkpoint::write(dir.path(), name);
        edit_card(&path, change);
        assert!(refusal(&path).contains("card"), "{name}");
    }
    let path = support::checkpoint::write(dir.path(), "alone");
    std::fs::remove_file(path.with_extension("json")).expect("removed");
    assert!(refusal(&path).contains("alone.json"));
}

#[test]
fn a_folder_lists_what_is_whole_and_says_why_the_rest_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    support::checkpoint::write(dir.path(), "b");
    support::checkpoint::write(dir.path(), "a");
    std::fs::write(dir.path().join("c.safetensors"), b"").expect("written");
    let (found, refused) = checkpoint::list(dir.path());
    assert_eq!(found.iter().map(|info| info.name()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(refused.len(), 1);
    assert_eq!(checkpoint::list(&dir.path().join("absent")).0, []);
}

#[test]
fn a_folder_given_as_weights_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(refusal(dir.path()).contains("folder"));
}
