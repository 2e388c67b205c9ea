//! The worker threads, on a small checkpoint: probabilities before maps, the newest request wins,
//! another class needs no second look at the scan, and nothing that fails ends them.

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use mrimaster::imaging::{Depth, Slice, Source, open_all};
use mrimaster::model::prediction::{DeviceChoice, TapPoint};
use mrimaster::worker::job::{Classify, Copies, Deidentify, Request, Response, ScanKey};
use mrimaster::worker::{Workers, start};
use tempfile::TempDir;

struct Bench {
    /// Where reviews are kept.
    _data: TempDir,
    workers: Workers,
    woken: Receiver<()>,
}

impl Bench {
    fn start() -> Self {
        let (wake, woken) = channel();
        let data = tempfile::tempdir().expect("a folder");
        let workers = start(data.path().to_owned(), move || wake.send(()).unwrap_or(()));
        Self { _data: data, workers, woken }
    }

    /// The next response; every response comes with a wake-up.
    fn next(&self) -> Response {
        self.woken.recv_timeout(Duration::from_secs(60)).expect("the window is woken");
        self.workers.try_recv().expect("a response lies there before the wake-up")
    }
}

fn slice(level: f32) -> Arc<Slice> {
    Arc::new(Slice::new(
        64,
        64,
        (0..4096).map(|v| (v % 97) as f32 + level).collect(),
        Depth::EightBit,
    ))
}

fn classify(id: u64, checkpoint: &Path) -> Classify {
    Classify {
        id,
        scan: ScanKey { series: 1, slice: 0 },
        slice: slice(0.0),
        checkpoint: checkpoint.to_path_buf(),
        device: DeviceChoice::Cpu,
        class: None,
        tap: TapPoint::Conv,
    }
}

#[test]
fn probabilities_come_before_the_maps_of_every_layer() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = support::checkpoint::write(dir.path(), "small");
    let bench = Bench::start();
    bench.workers.send(Request::Classify(classify(1, &path)));
    let Response::Predicted { id: 1, prediction } = bench.next() else {
        panic!("probabilities first")
    };
    let Response::Explained { id: 1, evidence } = bench.next() else { panic!("then maps") };
    assert_eq!(evidence.class, prediction.predicted);
    assert_eq!(evidence.maps.len(), 5);

    // Another class and tap of the same scan.
    let other = (prediction.predicted + 1) % 4;
    let job = Classify { class: Some(other), tap: TapPoint::Unit, ..classify(2, &path) };
    bench.workers.send(Request::Classify(job));
    let Response::Predicted { id: 2, prediction: again } = bench.next() else { panic!("the same") };
    assert!(Arc::ptr_eq(&again, &prediction), "the forward pass is not done again");
    let Response::Explained { id: 2, evidence } = bench.next() else { panic!("maps") };
    assert_eq!((evidence.class, evidence.tap), (other, TapPoint::Unit));
}

#[test]
fn the_newest_of_many_requests_is_answered() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = support::checkpoint::write(dir.path(), "small");
    let bench = Bench::start();
    for id in 1..=200 {
        let scan = ScanKey { series: 1, slice: id as usize };
        let job = Classify { scan, slice: slice(id as f32), ..classify(id, &path) };
        bench.workers.send(Request::Classify(job));
    }
    let mut answered = Vec::new();
    loop {
        match bench.next() {
            Response::Explained { id, .. } => answered.push(id),
            Response::Predicted { .. } => {}
            other => panic!("{other:?}"),
        }
        if answered.last() == Some(&200) {
            break;
        }
    }
    assert!(answered.len() < 200, "old requests were worked on: {}", answered.len());
}

#[test]
fn failures_are_sentences_and_the_thread_goes_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = support::checkpoint::write(dir.path(), "small");
    let bench = Bench::start();

    bench.workers.send(Request::Classify(classify(1, &dir.path().join("absent.safetensors"))));
    let Response::ClassifyFailed { id: 1, message } = bench.next() else { panic!("it failed") };
    assert!(message.contains("absent.safetensors"), "{message}");

    // A slice that breaks its promise: the panic in the thread becomes an answer.
    let mut broken = Slice::clone(&slice(0.0));
    broken.width = 0;
    bench
        .workers
        .send(Request::Classify(Classify { slice: Arc::new(broken), ..classify(2, &path) }));
    let Response::ClassifyFailed { id: 2, message } = bench.next() else { panic!("it failed") };
    assert_eq!(message.lines().count(), 1, "{message}");

    bench.workers.send(Request::Classify(Classify { class: Some(9), ..classify(3, &path) }));
    let Response::Predicted { id: 3, .. } = bench.next() else {
        panic!("probabilities all the same")
    };
    let Response::ClassifyFailed { id: 3, .. } = bench.next() else { panic!("no such class") };

    bench.workers.send(Request::Classify(classify(4, &path)));
    let Response::Predicted { id: 4, .. } = bench.next() else { panic!("it goes on") };
}

#[test]
fn files_that_cannot_be_opened_are_answered_one_by_one() {
    let bench = Bench::start();
    let paths: Vec<PathBuf> = ["no such scan.dcm", "nor (this).jpg"].map(PathBuf::from).to_vec();
    bench.workers.send(Request::Open { id: 7, paths });
    for name in ["no such scan.dcm", "nor (this).jpg"] {
        let Response::Opened { id: 7, result: Err(message) } = bench.next() else {
            panic!("an error")
        };
        assert!(message.contains(name), "{message}");
    }
    let Response::OpenDone { id: 7 } = bench.next() else { panic!("the end") };
}

#[test]
fn opening_that_was_stopped_hands_nothing_over() {
    let bench = Bench::start();
    let demo = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/dicom/0001.dcm");
    bench.workers.send(Request::StopOpening { up_to: 3 });
    bench.workers.send(Request::Open { id: 3, paths: vec![demo.clone()] });
    bench.workers.send(Request::Open { id: 4, paths: vec![demo] });
    let Response::OpenDone { id: 3 } = bench.next() else { panic!("nothing of what was stopped") };
    let Response::Opened { id: 4, result: Ok(_) } = bench.next() else { panic!("the next one") };
}

#[test]
fn checkpoints_are_listed_with_those_a_person_added() {
    let dir = tempfile::tempdir().expect("a folder");
    let mine = support::checkpoint::write(dir.path(), "mine");
    let bench = Bench::start();
    let extra = vec![mine.clone(), dir.path().join("gone.safetensors")];
    bench.workers.send(Request::ListCheckpoints { id: 1, extra });
    let Response::Checkpoints { id: 1, found, refused } = bench.next() else { panic!("a list") };
    assert!(found.iter().any(|checkpoint| checkpoint.path == mine));
    assert!(refused.iter().any(|message| message.contains("gone.safetensors")), "{refused:?}");
}

/// The demo study's DICOM series, and what comes of a request to copy it.
fn copied(bench: &Bench, id: u64, sources: Vec<Source>, within: &Path) -> Result<Copies, String> {
    let within = within.to_owned();
    bench.workers.send(Request::Deidentify(Deidentify { id, sources, within }));
    loop {
        match bench.next() {
            Response::Deidentifying { .. } => {}
            Response::Deidentified { id: answered, result } => {
                assert_eq!(answered, id);
                return result;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_series_is_copied_into_a_folder_of_its_own_with_the_same_pixels() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/dicom");
    let mut paths: Vec<PathBuf> =
        demo.read_dir().expect("there").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let sources: Vec<Source> = paths.iter().map(|path| Source::file(path)).collect();
    let (bench, out) = (Bench::start(), tempfile::tempdir().expect("a folder"));
    let copies = copied(&bench, 1, sources.clone(), out.path()).expect("copied");
    assert_eq!((copies.written, copies.stopped, copies.refused.len()), (paths.len(), false, 0));
    assert_eq!(copies.folder, out.path().join("deidentified"));
    assert!(copies.folder.join("IM0001.dcm").is_file());

    let written: Vec<PathBuf> =
        copies.folder.read_dir().expect("there").flatten().map(|entry| entry.path()).collect();
    let [before, after] = [paths, written].map(|paths| {
        let series: Vec<_> = open_all(&paths).into_iter().collect::<Result<_, _>>().expect("read");
        assert_eq!(series.len(), 1, "one series");
        series
    });
    assert_eq!(before[0].slices.len(), after[0].slices.len());
    for (before, after) in before[0].slices.iter().zip(&after[0].slices) {
        assert_eq!(before.stored, after.stored);
        assert_eq!((before.position, before.spacing), (after.position, after.spacing));
    }

    let again = copied(&bench, 2, sources, out.path()).expect("copied");
    assert_eq!(again.folder, out.path().join("deidentified-2"), "nothing is written over");
}

#[test]
fn what_cannot_be_copied_is_told_and_leaves_nothing_behind() {
    let (bench, out) = (Bench::start(), tempfile::tempdir().expect("a folder"));
    let absent = vec![Source::file(Path::new("nowhere/quixote.dcm"))];
    let copies = copied(&bench, 1, absent.clone(), out.path()).expect("an answer");
    assert_eq!(copies.written, 0);
    assert!(copies.refused[0].contains("there is no such file"), "{:?}", copies.refused);
    assert_eq!(out.path().read_dir().expect("there").count(), 0);

    let file = out.path().join("file");
    std::fs::write(&file, b"no folder").expect("written");
    let message = copied(&bench, 2, absent.clone(), &file).expect_err("no folder");
    assert!(message.contains("choose another place"), "{message}");

    bench.workers.send(Request::StopDeidentifying { up_to: 3 });
    let copies = copied(&bench, 3, absent, out.path()).expect("an answer");
    assert!(copies.stopped && copies.refused.is_empty());
}
