//! The whole program without a screen: the demo study's files through readers, network and maps to
//! the drawn window, which shows what the command line gives.

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use mrimaster::app::{App, Start, screenshot};
use mrimaster::imaging;
use mrimaster::model::classifier::Classifier;
use mrimaster::model::prediction::DeviceChoice;
use mrimaster::ui::offscreen::Offscreen;
use mrimaster::worker;

const PATIENCE: Duration = Duration::from_secs(60);

fn demo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo").join(name)
}

fn start(model: &Path, paths: Vec<PathBuf>) -> Start {
    let device = Some(DeviceChoice::Cpu);
    Start { paths, model: Some(model.to_path_buf()), device, ..Start::default() }
}

#[test]
fn picture_dicom_and_nifti_show_what_the_classifier_says() {
    let dir = tempfile::tempdir().expect("a folder");
    let model = support::checkpoint::write(dir.path(), "small");
    let classifier = Classifier::load(&model, DeviceChoice::Cpu).expect("loaded");
    let picture = imaging_files("glioma_tumor");
    let nifti = imaging_files("nifti");
    for path in [&picture[0], &demo("dicom/0012.dcm"), &nifti[0]] {
        let mut screen = Offscreen::new(1280, 720, 1.0);
        let workers = Box::new(worker::start(dir.path().join("data"), || {}));
        let mut app = App::new(screen.context(), workers, start(&model, vec![path.clone()]));
        let began = std::time::Instant::now();
        while !app.state().session.is_settled() || app.state().session.shown().is_none() {
            assert!(began.elapsed() < PATIENCE, "{} takes too long", path.display());
            std::thread::sleep(Duration::from_millis(5));
            screen.settle(1, |ui| app.show(ui));
        }
        let session = &app.state().session;
        let shown = session.shown().expect("a series").slice;
        let series = imaging::open(path).expect("opened");
        let wanted = classifier.classify(&series.slices[shown]).expect("classified").0;
        let prediction = session.prediction.ready().expect("probabilities");
        // On another thread libtorch may add in another order.
        for (found, wanted) in prediction.classes.iter().zip(&wanted.classes) {
            assert_eq!(found.name, wanted.name);
            let apart = (found.logit - wanted.logit).abs();
            assert!(apart < 1e-3, "{}: {} by {apart}", path.display(), found.name);
        }
        assert_eq!(session.evidence.ready().expect("maps").maps.len(), 5);
        assert!(session.shown().expect("a series").series.synthetic);
    }
}

fn imaging_files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(demo(folder))
        .expect("the demo study is committed")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

#[test]
fn the_drawn_window_holds_the_scan() {
    let dir = tempfile::tempdir().expect("a folder");
    let model = support::checkpoint::write(dir.path(), "small");
    let draw = |paths| {
        let workers = Box::new(worker::start(dir.path().join("data"), || {}));
        screenshot(start(&model, paths), workers, [1280, 720], 1.0, PATIENCE).image
    };
    let bright = |picture: &image::RgbaImage| {
        picture.pixels().filter(|pixel| pixel.0[..3].iter().all(|&c| c > 120)).count()
    };
    let empty = bright(&draw(Vec::new()));
    let scan = bright(&draw(vec![imaging_files("no_tumor")[0].clone()]));
    assert!(scan > empty + 5_000, "{scan} bright pixels with a scan, {empty} without");
}

#[test]
fn real_scans_open_and_are_classified() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/sartaj/Testing");
    if !data.is_dir() {
        eprintln!("skipped: the data set is not beside the checkout");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let model = support::checkpoint::write(dir.path(), "small");
    let classifier = Classifier::load(&model, DeviceChoice::Cpu).expect("loaded");
    for class in std::fs::read_dir(data).expect("readable").flatten() {
        for scan in std::fs::read_dir(class.path()).expect("readable").flatten().take(5) {
            let series = imaging::open(&scan.path()).expect("every real scan opens");
            let (prediction, _) = classifier.classify(&series.slices[0]).expect("classified");
            let sum: f32 = prediction.classes.iter().map(|class| class.probability).sum();
            assert!((sum - 1.0).abs() < 1e-4, "{}", scan.path().display());
        }
    }
}
