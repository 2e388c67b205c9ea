//! What cannot be trained on, or with, is refused in one sentence that names it, and leaves nothing
//! half written behind.

use std::path::{Path, PathBuf};

use mrimaster::model::prediction::DeviceChoice;
use mrimaster::train::{Options, run};
use tch::Tensor;

/// Two classes of small pictures, `count` of each.
fn data(root: &Path, count: u32) {
    for (class, name) in ["glioma_tumor", "no_tumor"].into_iter().enumerate() {
        let folder = root.join(name);
        std::fs::create_dir_all(&folder).expect("made");
        for number in 0..count {
            let value = |x: u32, y: u32| {
                let along = if class == 0 { x } else { y };
                ((along * (3 + number % 7) + number * 11 + x * y % 13) % 250) as u8
            };
            let picture = image::GrayImage::from_fn(40, 40, |x, y| image::Luma([value(x, y)]));
            picture.save(folder.join(format!("{number}.png"))).expect("written");
        }
    }
}

fn options(root: &Path) -> Options {
    Options {
        epochs: 1,
        batch: 4,
        size: 32,
        device: DeviceChoice::Cpu,
        ..Options::new(root.join("data"), root.join("out"))
    }
}

/// The sentence with which training is refused.
fn refusal(options: &Options) -> String {
    let error = run(options).expect_err("it cannot be trained");
    format!("{error:#}")
}

/// A file named by a refusal, and one line of it.
fn names(sentence: &str, path: &Path) {
    assert!(sentence.contains(&path.display().to_string()), "{sentence}");
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
}

#[test]
fn folders_that_are_no_data_set() {
    let dir = tempfile::tempdir().expect("a folder");
    let (options, root) = (options(dir.path()), dir.path().join("data"));
    names(&refusal(&options), &root); // absent
    std::fs::create_dir_all(root.join("glioma_tumor")).expect("made");
    let one = refusal(&options);
    assert!(one.contains("two or more classes"), "{one}");
    std::fs::create_dir(root.join("no_tumor")).expect("made");
    let empty = refusal(&options);
    assert!(empty.contains("glioma_tumor holds no scans"), "{empty}");
    data(&root, 1);
    let few = refusal(&options);
    assert!(few.contains("too few scans"), "{few}");
    assert!(!options.out.exists(), "nothing was written");
}

#[test]
fn scans_that_cannot_be_read_are_passed_over() {
    let dir = tempfile::tempdir().expect("a folder");
    let options = options(dir.path());
    data(&options.folder, 12);
    std::fs::write(options.folder.join("no_tumor/empty.jpg"), b"").expect("written");
    std::fs::write(options.folder.join("no_tumor/text.png"), b"no picture").expect("written");
    run(&options).expect("trained on the others");
    let split = std::fs::read_to_string(options.split_path()).expect("a split");
    assert!(split.contains("no_tumor/3.png") && !split.contains("empty.jpg"), "{split}");
}

#[test]
fn weights_to_start_from_that_are_none() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut options = options(dir.path());
    data(&options.folder, 12);
    let mut refused = |path: PathBuf, bytes: Option<&[u8]>| {
        if let Some(bytes) = bytes {
            std::fs::write(&path, bytes).expect("written");
        }
        options.init = Some(path.clone());
        let sentence = refusal(&options);
        names(&sentence, &path);
        assert!(!options.out.exists(), "nothing was written");
        sentence
    };
    refused(dir.path().join("absent.safetensors"), None);
    refused(dir.path().to_path_buf(), None);
    refused(dir.path().join("truncated.safetensors"), Some(&[9, 0, 0, 0, 0, 0, 0, 0, b'{']));
    let pickle = refused(dir.path().join("weights.pt"), Some(b"\x80\x02}q\x00."));
    assert!(pickle.contains("pickle"), "{pickle}");
}

#[test]
fn a_loss_that_is_no_number_ends_training() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut options = options(dir.path());
    data(&options.folder, 12);
    run(&options).expect("trained");
    options.overwrite = true;
    let trained = Tensor::read_safetensors(options.checkpoint_path()).expect("weights");
    let huge: Vec<(String, Tensor)> = trained
        .into_iter()
        .filter(|(name, _)| !name.starts_with("familiarity."))
        .map(|(name, tensor)| {
            let tensor = tensor.to_kind(tch::Kind::Float);
            let scale = if name == "classifier.1.weight" { 1e38 } else { 1.0 };
            (name, tensor * scale)
        })
        .collect();
    let init = dir.path().join("huge.safetensors");
    Tensor::write_safetensors(&huge, &init).expect("written");
    options.init = Some(init);
    options.out = dir.path().join("out of huge");
    let sentence = refusal(&options);
    assert!(sentence.contains("not a number in epoch 1"), "{sentence}");
    assert!(!options.checkpoint_path().exists(), "nothing was kept");
}

/// A limit on the size of files stands for a full disk.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let options = options(dir.path());
    data(&options.folder, 12);
    let script = "trap '' XFSZ; ulimit -f 40; exec \"$0\" \"$@\"";
    let done = std::process::Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_mrimaster"), "train"])
        .arg(&options.folder)
        .args(["--epochs", "1", "--batch", "4", "--size", "32", "--device", "cpu", "--out"])
        .arg(&options.out)
        .output()
        .expect("the program runs");
    let sentence = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{sentence}");
    assert!(sentence.contains("make room on the disk"), "{sentence}");
    assert!(!sentence.contains("panicked"), "{sentence}");
    let left: Vec<String> = std::fs::read_dir(&options.out)
        .expect("the folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != "small_cnn.split.csv")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
