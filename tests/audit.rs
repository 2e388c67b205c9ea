//! The audit on labelled samples: changed copies are found, neighbouring slices are not, and what
//! `mrimaster audit` says of a small data set is right.

#[path = "support/copies.rs"]
mod copies;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use copies::{Change, copy, picture, slice};
use image::GrayImage;
use mrimaster::dataset::audit::{FRAME_SAME, Fingerprint, HEAD_SAME, Kind, SAME, groups, twins};
use mrimaster::dataset::neighbours;
use mrimaster::dataset::phantom::{LesionKind, Phantom, Plane, View};
use mrimaster::imaging;
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_pcg::Pcg64;
use rayon::prelude::*;
use serde_json::Value;

/// How a rule did on pairs of which it is known whether they are the same scan.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    found: usize,
    missed: usize,
    wrong: usize,
    rightly_apart: usize,
}

impl Score {
    fn add(&mut self, same: bool, called_same: bool) {
        *match (same, called_same) {
            (true, true) => &mut self.found,
            (true, false) => &mut self.missed,
            (false, true) => &mut self.wrong,
            (false, false) => &mut self.rightly_apart,
        } += 1;
    }

    fn precision(&self) -> f64 {
        self.found as f64 / (self.found + self.wrong).max(1) as f64
    }

    fn recall(&self) -> f64 {
        self.found as f64 / (self.found + self.missed).max(1) as f64
    }

    fn print(&self, what: &str) {
        println!(
            "{what}: precision {:.4}, recall {:.4} ({self:?})",
            self.precision(),
            self.recall()
        );
    }
}

/// What was measured on a labelled sample.
struct Measured {
    /// [`Fingerprint::compare`]: two scans and nothing else.
    compare: Score,
    /// [`twins`]: the candidates of the search, then the comparison.
    search: Score,
    /// [`mrimaster::dataset::audit::ScanHash::matches`].
    hash: Score,
}

/// Compares each of `scans` with copies of it, `copies` of them for each, whose changes take turns;
/// and the pairs `apart`, which are not the same scan.
fn measure(scans: &[GrayImage], copies: usize, apart: &[(usize, usize)]) -> Measured {
    let changes = copies::all();
    let prints: Vec<Fingerprint> =
        scans.par_iter().map(|scan| Fingerprint::of(&slice(scan))).collect();
    let mut pairs: Vec<(bool, Fingerprint, usize)> = (0..scans.len() * copies)
        .into_par_iter()
        .map(|i| {
            let scan = i / copies;
            let mut random = Pcg64::seed_from_u64(i as u64);
            let copy = copy(&scans[scan], &changes[i % changes.len()], &mut random);
            (true, Fingerprint::of(&slice(&copy)), scan)
        })
        .collect();
    pairs.extend(apart.iter().map(|&(one, other)| (false, prints[one].clone(), other)));
    let called: Vec<[bool; 3]> = pairs
        .par_iter()
        .map(|(_, print, scan)| {
            let original = &prints[*scan];
            let alone = (std::slice::from_ref(print), std::slice::from_ref(original));
            [
                original.compare(print).is_some(),
                twins(alone.0, alone.1)[0].is_some(),
                original.hash().matches(&print.hash()),
            ]
        })
        .collect();
    let mut scores = [Score::default(); 3];
    for ((same, _, _), called) in pairs.iter().zip(&called) {
        scores.iter_mut().zip(called).for_each(|(score, &called)| score.add(*same, called));
    }
    let [compare, search, hash] = scores;
    compare.print(&format!("compare, from {SAME}"));
    search.print("search");
    hash.print(&format!("hash, up to {HEAD_SAME} bits of the head, {FRAME_SAME} of the frame"));
    Measured { compare, search, hash }
}

fn assert_good(measured: &Measured) {
    for score in [measured.compare, measured.search] {
        assert!(score.precision() >= 0.99 && score.recall() >= 0.99, "{score:?}");
    }
    assert!(measured.hash.precision() >= 0.99, "{:?}", measured.hash);
}

#[test]
fn copies_of_a_phantom_are_found_and_its_neighbouring_slices_are_not() {
    let mut scans = Vec::new();
    let mut apart = Vec::new();
    for (seed, plane) in (1..).zip([Plane::Axial, Plane::Coronal, Plane::Sagittal].repeat(2)) {
        let phantom = Phantom::new(seed, LesionKind::ALL[seed as usize % 4]);
        let mut view = View::new(plane, -21.0, 128);
        view.slice_spacing_mm = Some(7.0);
        let first = scans.len();
        scans.extend(view.stack(7).iter().map(|view| picture(&phantom.slice(view))));
        let stack = first..scans.len();
        apart.extend(stack.clone().flat_map(|i| (i + 1..stack.end).map(move |j| (i, j))));
    }
    assert_good(&measure(&scans, 7, &apart));
}

/// The data set beside the repository; `None`, said aloud, where it is not there.
fn sartaj() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = std::env::var_os("MRIMASTER_TEST_DATA").map_or(data, PathBuf::from);
    if data.join("sartaj").is_dir() {
        return Some(data);
    }
    println!("skipped: {} is not there", data.display());
    None
}

/// Scans of the data set by their paths in it, all different, with their index where they have one.
fn indexed(data: &Path, count: usize) -> Vec<(PathBuf, Option<u32>)> {
    let root = data.join("sartaj");
    let index = neighbours::read(&data.join("tumor_boxes.csv")).expect("an index");
    let set = mrimaster::dataset::folder::read(&root).expect("a data set");
    let mut by_index = BTreeMap::new();
    let mut others = Vec::new();
    for scan in set.training.iter().chain(&set.testing) {
        match index.of(scan.path.strip_prefix(&root).expect("inside")) {
            Some(index) => drop(by_index.entry(index).or_insert(scan.path.clone())),
            None => others.push((scan.path.clone(), None)),
        }
    }
    // Runs of neighbours from all over the index, and some of those without one.
    let known: Vec<_> = by_index.into_iter().map(|(index, path)| (path, Some(index))).collect();
    let run = 10;
    let runs = (count * 3 / 4).div_ceil(run).max(1);
    let step = (known.len() / runs).max(run);
    let mut chosen: Vec<_> =
        known.chunks(step).flat_map(|part| &part[..part.len().min(run)]).cloned().collect();
    let step = (others.len() / (count / 4).max(1)).max(1);
    chosen.extend(others.into_iter().step_by(step));
    chosen
}

/// The labelled sample of the data set: copies; neighbours and random pairs.
fn measure_sartaj(count: usize, copies: usize) {
    let Some(data) = sartaj() else { return };
    let chosen = indexed(&data, count);
    let scans: Vec<GrayImage> = chosen
        .par_iter()
        .map(|(path, _)| picture(&imaging::open(path).expect("it opens").slices[0]))
        .collect();
    let mut apart = Vec::new();
    for (i, (_, one)) in chosen.iter().enumerate() {
        for (j, (_, other)) in chosen.iter().enumerate().skip(i + 1) {
            if let (Some(one), Some(other)) = (one, other)
                && (1..=3).contains(&one.abs_diff(*other))
            {
                apart.push((i, j));
            }
        }
    }
    let neighbours = apart.len();
    let mut random = Pcg64::seed_from_u64(1);
    let known: Vec<usize> = (0..chosen.len()).filter(|&i| chosen[i].1.is_some()).collect();
    for _ in 0..neighbours {
        let (one, other) = (known.choose(&mut random), known.choose(&mut random));
        if let (Some(&one), Some(&other)) = (one, other)
            && chosen[one].1 != chosen[other].1
        {
            apart.push((one, other));
        }
    }
    println!(
        "{} scans, {} copies, {neighbours} pairs of neighbours, {} of others",
        scans.len(),
        scans.len() * copies,
        apart.len() - neighbours
    );
    assert_good(&measure(&scans, copies, &apart));
}

#[test]
fn copies_of_scans_are_found_and_neighbouring_slices_are_not() {
    measure_sartaj(100, 2);
}

/// The same on many more; some minutes in the dev profile.
#[test]
#[ignore = "long; cargo test --release --test audit -- --ignored --nocapture"]
fn the_whole_labelled_sample() {
    measure_sartaj(3264, 2);
}

/// What data sets hold most: all of these are known by their hash too, from a card that lists it.
#[test]
fn hashes_know_scans_that_were_resized_or_encoded_again() {
    let mut scans: Vec<GrayImage> = Vec::new();
    for (seed, plane) in (20..).zip([Plane::Axial, Plane::Coronal, Plane::Sagittal].repeat(4)) {
        let phantom = Phantom::new(seed, LesionKind::ALL[seed as usize % 4]);
        scans.push(picture(&phantom.slice(&View::new(plane, seed as f32 - 20.0, 160))));
    }
    if let Some(data) = sartaj() {
        let chosen = indexed(&data, 40);
        scans.extend(
            chosen
                .iter()
                .map(|(path, _)| picture(&imaging::open(path).expect("it opens").slices[0])),
        );
    }
    let changes: [&[Change]; 4] = [
        &[Change::Resize],
        &[Change::Encode],
        &[Change::Resize, Change::Encode],
        &[Change::Mirror],
    ];
    let missed: Vec<_> = (0..scans.len() * changes.len())
        .into_par_iter()
        .filter(|&i| {
            let (scan, changes) = (&scans[i / changes.len()], changes[i % changes.len()]);
            let copy = copy(scan, changes, &mut Pcg64::seed_from_u64(i as u64));
            let hash = |scan| Fingerprint::of(&slice(scan)).hash();
            !hash(&copy).matches(&hash(scan))
        })
        .collect();
    println!("{} of {} missed", missed.len(), scans.len() * changes.len());
    assert!(missed.len() * 100 <= scans.len() * changes.len(), "{missed:?}");
}

#[test]
fn the_kind_of_a_copy_is_named() {
    let phantom = Phantom::new(5, LesionKind::Meningioma);
    let scan = picture(&phantom.slice(&View::new(Plane::Axial, 10.0, 200)));
    let print = Fingerprint::of(&slice(&scan));
    let mut random = Pcg64::seed_from_u64(2);
    let mut how = |change| {
        let copy = copy(&scan, &[change], &mut random);
        let found = print.compare(&Fingerprint::of(&slice(&copy))).expect("a copy");
        assert_eq!(found.kind, Kind::Near);
        assert!((SAME..=1.001).contains(&found.similarity), "{found:?}");
        found.how
    };
    assert!(how(Change::Mirror).mirrored);
    let resized = how(Change::Resize);
    assert!(resized.resized && !resized.cropped && !resized.mirrored, "{resized:?}");
    let cropped = how(Change::Pad);
    assert!(cropped.cropped && !cropped.resized, "{cropped:?}");
    assert!(how(Change::Gamma).brightness);
    let encoded = how(Change::Encode);
    assert_eq!(encoded.to_string(), "the same");
    let same = print.compare(&print).expect("itself");
    assert_eq!((same.kind, same.similarity), (Kind::Pixels, 1.0));
}

#[test]
fn strange_scans_are_compared_without_a_panic() {
    let strange = [
        GrayImage::new(1, 1),
        GrayImage::from_fn(1, 300, |_, y| image::Luma([y as u8])),
        GrayImage::from_fn(300, 1, |x, _| image::Luma([x as u8])),
        GrayImage::from_fn(2, 2, |x, y| image::Luma([(x * 200 + y * 55) as u8])),
        GrayImage::from_fn(64, 64, |x, _| image::Luma([if x == 3 { 255 } else { 0 }])),
        GrayImage::from_pixel(50, 50, image::Luma([255])),
    ];
    let mut prints: Vec<_> = strange.iter().map(|scan| Fingerprint::of(&slice(scan))).collect();
    let wide = |values: Vec<f32>| {
        let side = values.len().isqrt();
        Fingerprint::of(&imaging::Slice::new(side, side, values, imaging::Depth::Wide))
    };
    prints.push(wide(vec![f32::MAX, f32::MIN, 0.0, 1.0]));
    prints.push(wide((0..4096).map(|i| if i == 7 { 1e30 } else { i as f32 }).collect()));
    prints.push(wide((0..4096).map(|i| i as f32 * 1e-9).collect()));
    assert_eq!(groups(&prints), (0..prints.len()).collect::<Vec<_>>());
    for print in &prints {
        assert!(prints.iter().filter(|other| print.hash().matches(&other.hash())).count() >= 1);
    }
}

// The command.

/// Two classes on both sides. The first test scan of "no_tumor" is a training file, the second has
/// the pixels of one, the third is one mirrored; a "glioma" to train on is also called "no_tumor".
fn data_set(root: &Path) {
    let scan = |seed: u64| {
        let phantom = Phantom::new(seed, LesionKind::ALL[seed as usize % 4]);
        picture(&phantom.slice(&View::new(Plane::Axial, seed as f32 * 3.0, 96)))
    };
    let save = |path: &str, scan: &GrayImage| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        scan.save(path).expect("written");
    };
    for seed in 0..4 {
        save(&format!("Training/glioma_tumor/{seed}.png"), &scan(seed));
        save(&format!("Training/no_tumor/{seed}.png"), &scan(seed + 10));
    }
    save("Testing/no_tumor/0.png", &scan(10));
    save("Testing/no_tumor/1.bmp", &scan(11));
    save("Testing/no_tumor/2.png", &image::imageops::flip_horizontal(&scan(12)));
    save("Testing/no_tumor/3.png", &scan(20));
    save("Training/no_tumor/4.png", &scan(2));
    save("Testing/glioma_tumor/0.png", &scan(21));
    std::fs::write(root.join("Testing/glioma_tumor/broken.jpg"), b"").expect("written");
    let coloured =
        image::RgbImage::from_fn(90, 80, |x, y| image::Rgb([(x * 2) as u8, (y * 3) as u8, 0]));
    coloured.save(root.join("Training/glioma_tumor/colour.png")).expect("written");
}

fn audit(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mrimaster"))
        .arg("audit")
        .args(arguments)
        .output()
        .expect("the program runs")
}

#[test]
fn the_command_names_copies_leaks_conflicts_and_what_it_cannot_read() {
    let dir = tempfile::tempdir().expect("a folder");
    data_set(dir.path());
    let root = dir.path().display().to_string();
    let out = dir.path().join("out");
    let output = audit(&[&root, "--json", "--out", &out.display().to_string()]);
    assert!(output.status.success(), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(found["images"], 15);
    assert_eq!(found["unreadable"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["test_images_with_training_twin"], 3);
    assert_eq!(found["label_conflicts"], 1);
    assert_eq!(found["not_grey"].as_array().map(Vec::len), Some(1));
    let groups = found["groups"].as_array().expect("groups");
    let mut kinds: Vec<_> = groups.iter().filter_map(|group| group["kind"].as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["file", "file", "near", "pixels"]);
    let conflict = groups.iter().find(|group| group["label_conflict"] == true).expect("one");
    let classes: Vec<_> = conflict["members"]
        .as_array()
        .expect("members")
        .iter()
        .map(|member| (member["class"].as_str(), member["split"].as_str()))
        .collect();
    let training = Some("training");
    assert_eq!(classes, [(Some("glioma_tumor"), training), (Some("no_tumor"), training)]);
    let mirrored = groups.iter().find(|group| group["kind"] == "near").expect("one");
    assert_eq!(mirrored["pairs"][0]["how"]["mirrored"], true);

    let written = std::fs::read(out.join("audit.json")).expect("audit.json");
    assert_eq!(serde_json::from_slice::<Value>(&written).expect("JSON"), found);
    let leaks = std::fs::read_to_string(out.join("leaks.csv")).expect("leaks.csv");
    assert_eq!(leaks.lines().count(), 4, "{leaks}");
    let groups = std::fs::read_to_string(out.join("groups.csv")).expect("groups.csv");
    assert_eq!(groups.lines().count(), 9, "{groups}");
}

#[test]
fn several_folders_and_text() {
    let dir = tempfile::tempdir().expect("a folder");
    data_set(dir.path());
    let side = |name: &str| dir.path().join(name).display().to_string();
    // The sides given one by one are still the two sides.
    let output = audit(&[&side("Training"), &side("Testing"), &side("Testing")]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("15  scans"), "{text}");
    assert!(text.contains("3  of 5 test scans are also in training"), "{text}");
    assert!(text.contains("mirrored"), "{text}");

    let output = audit(&[&side("nowhere")]);
    assert!(!output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr).trim().lines().count(), 1, "{output:?}");
}

/// The one sentence that the command ends with, without its folder.
fn refusal(root: &Path, arguments: &[&str]) -> String {
    let output = audit(arguments);
    let text = String::from_utf8(output.stderr).expect("text");
    assert!(!output.status.success() && output.stdout.is_empty(), "{text}");
    assert_eq!(text.trim().lines().count(), 1, "{text}");
    text.replace(&root.display().to_string(), "DIR")
}

#[test]
fn what_is_no_data_set_is_refused_in_a_sentence() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = |name: &str| dir.path().join(name).display().to_string();
    for folder in ["empty", "one/glioma", "two/a", "two/b"] {
        std::fs::create_dir_all(dir.path().join(folder)).expect("a folder");
    }
    for file in ["one/glioma/1.png", "two/a/1.png", "file.png", "loose.png"] {
        std::fs::write(dir.path().join(file), b"x").expect("written");
    }
    for (folder, says) in [
        ("nowhere", "DIR/nowhere: the folder cannot be read"),
        ("empty", "DIR/empty: it needs a folder of scans for each of two or more classes"),
        ("one", "DIR/one: it needs a folder of scans for each of two or more classes"),
        ("one/glioma", "DIR/one/glioma: it needs a folder of scans"),
        ("two", "DIR/two: its class folder b holds no scans; add some or remove it"),
        ("file.png", "DIR/file.png: this is a file; name the folder"),
    ] {
        let text = refusal(dir.path(), &[&path(folder)]);
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named_before_the_work() {
    let dir = tempfile::tempdir().expect("a folder");
    data_set(dir.path());
    let file = dir.path().join("file");
    std::fs::write(&file, b"mine").expect("written");
    for out in [file.clone(), file.join("inside")] {
        let out = out.display().to_string();
        let text = refusal(dir.path(), &[&dir.path().display().to_string(), "--out", &out]);
        assert!(text.contains("DIR/file") && text.contains("choose another folder"), "{text}");
    }
    assert_eq!(std::fs::read(&file).expect("read"), b"mine");
}

#[test]
fn scans_that_cannot_be_read_are_listed() {
    let dir = tempfile::tempdir().expect("a folder");
    for class in ["a", "b"] {
        std::fs::create_dir(dir.path().join(class)).expect("a folder");
        std::fs::write(dir.path().join(class).join("empty.jpg"), b"").expect("written");
        std::fs::write(dir.path().join(class).join("notes.txt"), b"no scan").expect("written");
    }
    let output = audit(&[&dir.path().display().to_string(), "--json"]);
    assert!(output.status.success(), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&found["images"], &found["label_conflicts"]), (&0.into(), &0.into()));
    let unreadable = found["unreadable"].as_array().expect("a list");
    assert_eq!(unreadable.len(), 4);
    for scan in unreadable {
        let (path, reason) = (scan["path"].as_str(), scan["reason"].as_str());
        assert!(reason.expect("why").contains(path.expect("which")), "{scan}");
    }
}
