//! Reviews by the worker threads, on synthetic scans and a small checkpoint: what is done is kept,
//! gone on with and noticed when it is stale.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use mrimaster::dataset::phantom::write_study;
use mrimaster::evaluate::bootstrap::Bootstrap;
use mrimaster::evaluate::parts::Without;
use mrimaster::evaluate::report::{Case, Evaluation};
use mrimaster::evaluate::test_set::TestSet;
use mrimaster::imaging;
use mrimaster::model::checkpoint;
use mrimaster::model::prediction::{DeviceChoice, TapPoint};
use mrimaster::review::word::{Verdict, Word, Words};
use mrimaster::worker::job::{
    Classify, Evaluate, Evaluated, Export, ExportKind, Mode, Request, Response, ScanKey, TestSource,
};
use support::bench::{Bench, evaluate};
use tempfile::TempDir;

const SCANS: usize = 12;

/// A folder of its own with a data set, `study/Testing`, and a model.
struct Place {
    dir: TempDir,
    model: PathBuf,
}

impl Place {
    fn new() -> Self {
        static MADE: LazyLock<TempDir> = LazyLock::new(|| {
            let dir = tempfile::tempdir().expect("a folder");
            write_study(dir.path(), SCANS, 5).expect("written");
            dir
        });
        let dir = tempfile::tempdir().expect("a folder");
        for class in ["glioma_tumor", "meningioma_tumor", "no_tumor", "pituitary_tumor"] {
            let copy = dir.path().join("study/Testing").join(class);
            fs::create_dir_all(&copy).expect("a folder");
            for file in fs::read_dir(MADE.path().join(class)).expect("a class").flatten() {
                fs::copy(file.path(), copy.join(file.file_name())).expect("copied");
            }
        }
        let model = support::checkpoint::write(dir.path(), "small");
        Self { dir, model }
    }

    fn study(&self) -> PathBuf {
        self.dir.path().join("study")
    }

    fn scan(&self, at: usize) -> PathBuf {
        self.set().scans[at].path.clone()
    }

    fn set(&self) -> TestSet {
        let info = checkpoint::info(&self.model).expect("a card");
        TestSet::read(&self.study(), &info).expect("a test set")
    }

    fn bench(&self) -> Bench {
        Bench::start(&self.dir.path().join("data"))
    }

    fn request(&self, id: u64) -> Evaluate {
        evaluate(id, &self.study(), &self.model)
    }

    /// Bring back only.
    fn recall(&self, id: u64) -> Evaluate {
        Evaluate { mode: Mode::Recall, ..self.request(id) }
    }

    /// What the command line finds.
    fn uninterrupted(&self) -> Evaluation {
        let info = checkpoint::info(&self.model).expect("a card");
        let go_on =
            &mut |_: mrimaster::evaluate::run::Progress| std::ops::ControlFlow::Continue(());
        let (device, bootstrap) = (DeviceChoice::Cpu, Bootstrap::default());
        mrimaster::evaluate::run::evaluate(&self.set(), &info, device, bootstrap, go_on)
            .expect("evaluated")
    }
}

/// How many scans the model was asked about, and how many cases were handed over on the way.
fn asked(heard: &[Response]) -> (usize, usize) {
    heard.iter().fold((0, 0), |(asked, cases), response| match response {
        Response::Evaluating { cases: more, progress, .. } => {
            (asked.max(progress.asked), cases + more.len())
        }
        _ => (asked, cases),
    })
}

/// The model has answered once, and waits.
fn hold_at_the_first_answer(bench: &Bench) {
    assert!(matches!(bench.next(), Response::ReviewOpened { .. }));
    assert!(matches!(bench.held(), Response::Evaluating { .. }));
}

#[track_caller]
fn assert_same(one: &Evaluation, other: &Evaluation) {
    assert_eq!(one.cases, other.cases);
    assert!(one == other, "the cases are the same, but not the rest");
}

fn whole(result: Result<Evaluated, impl std::fmt::Debug>) -> Arc<Evaluation> {
    let evaluated = result.expect("evaluated");
    assert!(evaluated.complete && evaluated.stale.is_none(), "{:?}", evaluated.stale);
    evaluated.evaluation
}

fn dispute(comment: &str) -> Word {
    Word { verdict: Some(Verdict::LabelWrong), comment: comment.into() }
}

#[test]
fn a_test_set_is_answered_and_brought_back() {
    let place = Place::new();
    let bench = place.bench();
    let (result, heard) = bench.evaluate(place.request(1));
    assert!(matches!(heard[0], Response::ReviewOpened { id: 1, .. }), "{:?}", heard[0]);
    let review = Bench::opened(&heard);
    assert_eq!((review.name.as_str(), review.scans), ("study/Testing", SCANS));
    assert_eq!((&review.root, &review.training), (&place.study().join("Testing"), &None));
    assert_eq!(asked(&heard), (SCANS, SCANS));
    let evaluation = whole(result);
    assert_same(&evaluation, &place.uninterrupted());

    // Another run of the program, by another way to the same folder; no model is loaded.
    fs::create_dir(place.study().join("Training")).expect("a folder");
    for mode in [Mode::Recall, Mode::GoOn] {
        let source = TestSource::Folder(place.study().join("Testing"));
        let (result, heard) = place.bench().evaluate(Evaluate { source, mode, ..place.request(2) });
        assert_eq!(asked(&heard), (0, 0));
        assert_eq!(Bench::opened(&heard).training, Some(place.study().join("Training")));
        assert_same(&whole(result), &evaluation);
    }
    let (result, heard) = bench.evaluate(Evaluate { mode: Mode::Anew, ..place.request(3) });
    assert_eq!(asked(&heard), (SCANS, SCANS));
    assert_same(&whole(result), &evaluation);
}

#[test]
fn what_was_stopped_is_gone_on_with_to_the_same_end() {
    let place = Place::new();
    let bench = place.bench();
    bench.send(Request::Evaluate(place.request(4)));
    hold_at_the_first_answer(&bench);
    bench.send(Request::StopEvaluating { up_to: 4 });
    bench.go_on();
    let (result, _) = bench.evaluated();
    let part = result.expect("what is done");
    assert!(!part.complete && part.evaluation.test_set.sha256.is_none());
    let done = part.evaluation.cases.len();
    assert_eq!((done, part.evaluation.test_set.scans), (1, SCANS));

    let (result, _) = place.bench().evaluate(place.recall(1));
    let kept = result.expect("kept");
    assert_same(&kept.evaluation, &part.evaluation);
    assert_eq!((kept.complete, kept.stale), (false, None));

    let (result, heard) = bench.evaluate(place.request(5));
    assert_eq!(asked(&heard), (SCANS - done, SCANS));
    assert_same(&whole(result), &place.uninterrupted());
}

#[test]
fn a_program_that_is_closed_keeps_what_is_done() {
    let place = Place::new();
    let bench = place.bench();
    bench.send(Request::Evaluate(place.request(1)));
    hold_at_the_first_answer(&bench);
    drop(bench);
    let (result, heard) = place.bench().evaluate(place.request(1));
    let (now, _) = asked(&heard);
    assert!(now < SCANS, "it began anew");
    assert_same(&whole(result), &place.uninterrupted());
}

#[test]
fn a_reader_does_not_wait_for_an_evaluation() {
    let place = Place::new();
    let bench = place.bench();
    bench.send(Request::Evaluate(place.request(1)));
    assert!(matches!(bench.held(), Response::ReviewOpened { .. }));
    let series = imaging::open(&place.scan(0)).expect("a scan");
    bench.send(Request::Classify(Classify {
        id: 2,
        scan: ScanKey { series: 1, slice: 0 },
        slice: Arc::clone(&series.slices[0]),
        checkpoint: place.model.clone(),
        device: DeviceChoice::Cpu,
        class: None,
        tap: TapPoint::Conv,
    }));
    bench.go_on();
    let (result, heard) = bench.evaluated();
    let explained = heard.iter().position(|r| matches!(r, Response::Explained { id: 2, .. }));
    let (_, after) = asked(&heard[explained.expect("in the middle")..]);
    assert!(after >= SCANS - 1, "only {after} scans were left");
    assert_same(&whole(result), &place.uninterrupted());
}

#[test]
fn two_models_wait_for_each_other_and_are_kept_apart() {
    let place = Place::new();
    let other = support::checkpoint::write_calibrated(place.dir.path(), "other");
    let bench = place.bench();
    bench.send(Request::Evaluate(place.request(1)));
    bench.send(Request::Evaluate(Evaluate { checkpoint: other.clone(), ..place.request(2) }));
    let (first, _) = bench.evaluated();
    let (second, heard) = bench.evaluated();
    assert!(matches!(heard[0], Response::ReviewOpened { id: 2, .. }));
    let (first, second) = (whole(first), whole(second));
    assert_eq!((first.model.name.as_str(), second.model.name.as_str()), ("small", "other"));
    assert_same(&whole(bench.evaluate(place.recall(3)).0), &first);
    let recall = Evaluate { checkpoint: other, ..place.recall(4) };
    assert_same(&whole(bench.evaluate(recall).0), &second);
}

#[test]
fn changed_scans_are_noticed_and_alone_asked_about() {
    let place = Place::new();
    let bench = place.bench();
    let before = whole(bench.evaluate(place.request(1)).0);
    // One is replaced, one goes to another class and one is gone.
    fs::copy(place.scan(1), place.scan(0)).expect("replaced");
    let moved = place.study().join("Testing/no_tumor/from elsewhere.png");
    fs::rename(place.scan(4), moved).expect("moved");
    fs::remove_file(place.scan(SCANS - 2)).expect("removed");

    let (result, _) = bench.evaluate(place.recall(2));
    let recalled = result.expect("kept");
    assert_same(&recalled.evaluation, &before);
    // Moving is a file that is gone and one that is new.
    let stale = recalled.stale.expect("it is");
    assert_eq!(stale, format!("4 of {} files have changed since this was made", SCANS + 1));

    let (result, heard) = bench.evaluate(place.request(3));
    assert_eq!(asked(&heard), (0, SCANS - 1), "every content is known");
    assert_same(&whole(result), &place.uninterrupted());
}

#[test]
fn other_weights_are_noticed() {
    let place = Place::new();
    let bench = place.bench();
    let before = whole(bench.evaluate(place.request(1)).0);
    support::checkpoint::write_calibrated(place.dir.path(), "small");
    let recalled = bench.evaluate(place.recall(2)).0.expect("that of the other weights");
    assert_same(&recalled.evaluation, &before);
    let stale = recalled.stale.expect("it is");
    let start = &before.model.sha256[..4];
    assert!(stale.starts_with("made with other ") && stale.contains("small"), "{stale} {start}");

    let (result, heard) = bench.evaluate(place.request(3));
    assert_eq!(asked(&heard).0, SCANS);
    assert!(whole(result).cases[0].answer.calibrated.is_some());
}

#[test]
fn what_cannot_be_evaluated_is_one_sentence() {
    let place = Place::new();
    let bench = place.bench();
    let failed = |request| {
        let failed = bench.evaluate(request).0.expect_err("it cannot be");
        assert_eq!(failed.message.lines().count(), 1, "{}", failed.message);
        failed
    };
    assert!(failed(place.recall(1)).message.contains("small"), "nothing is kept");
    let absent = place.dir.path().join("absent.safetensors");
    let request = Evaluate { checkpoint: absent, ..place.request(2) };
    assert!(failed(request).message.contains("absent.safetensors"));
    let gone = evaluate(3, &place.dir.path().join("gone"), &place.model);
    let gone = failed(gone);
    assert!(gone.missing && gone.message.contains("gone"), "{gone:?}");
    let empty = place.dir.path().join("empty");
    fs::create_dir(&empty).expect("a folder");
    let empty = failed(evaluate(4, &empty, &place.model));
    assert!(!empty.missing && empty.message.contains("empty"), "{empty:?}");
}

#[test]
fn the_demo_study_is_a_test_set() {
    let place = Place::new();
    let request = Evaluate { source: TestSource::Demo, ..place.request(1) };
    let (result, heard) = place.bench().evaluate(request.clone());
    let review = Bench::opened(&heard);
    assert_eq!(
        (review.scans, review.left_out.as_slice()),
        (10, &["dicom", "nifti"].map(String::from)[..])
    );
    let evaluation = whole(result);
    let contradicted = evaluation.cases.iter().filter(|case| case.label_conflict).count();
    assert_eq!(contradicted, 4, "two copies lie in a wrong folder on purpose, and their originals");
    let recall = Evaluate { mode: Mode::Recall, ..request };
    assert_same(&whole(place.bench().evaluate(recall).0), &evaluation);
}

#[test]
fn words_of_two_windows_are_all_kept() {
    let place = Place::new();
    let (one, other) = (place.bench(), place.bench());
    let (result, heard) = one.evaluate(place.request(1));
    let home = Bench::opened(&heard).home.clone();
    let evaluation = whole(result);
    let say = |bench: &Bench, at: usize, word: Word| {
        let (home, key) = (home.clone(), key(&evaluation, at));
        bench.send(Request::KeepWord { id: 9, home, key, word });
        match bench.next() {
            Response::WordKept { id: 9, result } => result.expect("kept"),
            other => panic!("{other:?}"),
        }
    };
    say(&one, 0, dispute("of the first"));
    assert_eq!(say(&other, 1, dispute("of the second")).len(), 2);
    assert_eq!(say(&one, 2, dispute("no")).len(), 3);
    let words = say(&other, 2, Word::default());
    assert_eq!(words.len(), 2, "one was taken back");
    assert_eq!(words.get(&key(&evaluation, 0)), Some(&dispute("of the first")));
    let (_, heard) = one.evaluate(place.recall(2));
    assert_eq!(Bench::opened(&heard).words, words);
}

#[test]
fn a_moved_folder_takes_its_review_along() {
    let place = Place::new();
    let bench = place.bench();
    let (result, heard) = bench.evaluate(place.request(1));
    let evaluation = whole(result);
    let home = Bench::opened(&heard).home.clone();
    let key = key(&evaluation, 3);
    bench.send(Request::KeepWord { id: 2, home: home.clone(), key, word: dispute("") });
    bench.next();

    let moved = place.dir.path().join("elsewhere");
    fs::rename(place.study(), &moved).expect("moved");
    let gone = bench.evaluate(place.recall(3)).0.expect_err("it is gone");
    assert!(gone.missing);

    // Another folder is no new place of it.
    let strange = Place::new();
    for scan in strange.set().scans {
        fs::rename(&scan.path, scan.path.with_file_name(format!("other {}", scan.truth)))
            .expect("renamed");
    }
    let source = TestSource::Folder(strange.study());
    let moved_from = Some(place.study());
    let request = Evaluate { source, moved_from: moved_from.clone(), ..place.recall(4) };
    let refused = bench.evaluate(request).0.expect_err("other scans");
    assert!(refused.message.contains("scans of this review") && !refused.missing, "{refused:?}");

    let request = Evaluate { moved_from, ..evaluate(5, &moved, &place.model) };
    let (result, heard) = bench.evaluate(request);
    assert_same(&whole(result), &evaluation);
    assert_eq!(asked(&heard).0, 0);
    let review = Bench::opened(&heard);
    assert_eq!((&review.home, review.words.len()), (&home, 1));
    // From now on it is there without being told.
    let recall = Evaluate { mode: Mode::Recall, ..evaluate(6, &moved, &place.model) };
    assert_same(&whole(bench.evaluate(recall).0), &evaluation);
}

#[test]
fn broken_files_are_put_aside_and_said() {
    let place = Place::new();
    let bench = place.bench();
    let (result, heard) = bench.evaluate(place.request(1));
    let evaluation = whole(result);
    let home = Bench::opened(&heard).home.clone();
    let kept = |extension: &str| -> Vec<PathBuf> {
        let all = fs::read_dir(&home).expect("a review").flatten().map(|entry| entry.path());
        all.filter(|path| path.extension().is_some_and(|e| e == extension)).collect()
    };
    for path in kept("json") {
        if !path.ends_with("review.json") {
            fs::write(path, b"{\"format_version\":1").expect("written");
        }
    }
    fs::write(home.join("words.json"), b"[]").expect("written");
    let (result, heard) = bench.evaluate(place.request(2));
    assert_same(&whole(result), &evaluation);
    let said: Vec<&String> = heard
        .iter()
        .filter_map(|response| match response {
            Response::Notice { message } => Some(message),
            _ => None,
        })
        .collect();
    assert!(said.iter().any(|message| message.contains("words.json.broken")), "{said:?}");
    assert!(said.iter().any(|message| message.contains("small-")), "{said:?}");
    assert_eq!(kept("broken").len(), 2);
    assert!(Path::new(&home).join("review.json").exists());
}

#[test]
fn figures_are_those_of_the_cases_that_count() {
    let place = Place::new();
    // Labels that contradict each other: one scan twice, in two classes.
    fs::copy(place.scan(0), place.study().join("Testing/no_tumor/again.png")).expect("copied");
    let bench = place.bench();
    let evaluation = whole(bench.evaluate(place.request(1)).0);
    let figures = |id, without| {
        let evaluation = Arc::clone(&evaluation);
        bench.send(Request::Figures { id, evaluation, without });
        match bench.next() {
            Response::Figures { id: answered, figures, curves } if answered == id => {
                (figures, curves)
            }
            other => panic!("{other:?}"),
        }
    };
    let (all, curves) = figures(2, Without::default());
    assert_eq!(*all, evaluation.parts.all);
    assert_eq!(curves.classes.len(), 4);
    assert_eq!(curves.right.iter().chain(&curves.wrong).sum::<u64>(), SCANS as u64 + 1);
    let contradictory = evaluation.cases.iter().filter(|case| case.label_conflict).count();
    assert!(contradictory >= 2);
    let (some, _) = figures(3, Without { contradictions: true, ..Without::default() });
    assert_eq!(some.scans, SCANS + 1 - contradictory);
}

#[test]
fn scans_are_read_small() {
    let place = Place::new();
    let bench = place.bench();
    let text = place.dir.path().join("notes.txt");
    fs::write(&text, b"no scan").expect("written");
    let thumbnail = |path: &Path| {
        bench.send(Request::Thumbnail { path: path.to_owned() });
        match bench.next() {
            Response::Thumbnail { path: answered, picture } if answered == path => picture,
            other => panic!("{other:?}"),
        }
    };
    let small = thumbnail(&place.scan(0)).expect("a scan");
    assert_eq!(
        (small.width.max(small.height), small.greys.len()),
        (96, small.width * small.height)
    );
    assert!(small.greys.iter().any(|&grey| grey > 100));
    assert!(thumbnail(&text).is_none());
}

#[test]
fn copies_are_found_in_a_folder_and_in_what_is_added_to_it() {
    let place = Place::new();
    let bench = place.bench();
    let training = place.study().join("Training");
    let add = |at: usize, to: &str| {
        let path = training.join(to);
        fs::create_dir_all(path.parent().expect("a class")).expect("a folder");
        fs::copy(place.scan(at), &path).expect("copied");
        path
    };
    let first = add(0, "glioma_tumor/a.png");
    add(SCANS - 1, "no_tumor/b.png");
    let copies = |path: PathBuf| {
        bench.send(Request::FindCopies { id: 7, path, among: training.clone() });
        match bench.next() {
            Response::Copies { id: 7, copies } => copies,
            other => panic!("{other:?}"),
        }
    };
    let found = copies(place.scan(0));
    assert_eq!((found.len(), &found[0].path, found[0].class.as_str()), (1, &first, "glioma"));
    let second = add(0, "no_tumor/c.png");
    let found: Vec<PathBuf> = copies(place.scan(0)).into_iter().map(|copy| copy.path).collect();
    assert_eq!(found, [first.clone(), second.clone()]);
    // A scan is no copy of itself.
    let found: Vec<PathBuf> = copies(first).into_iter().map(|copy| copy.path).collect();
    assert_eq!(found, [second]);
}

/// What the word on a case is kept under.
fn key(evaluation: &Evaluation, at: usize) -> String {
    let case = &evaluation.cases[at];
    Words::key(&case.sha256, &evaluation.classes[case.answer.truth])
}

/// What was evaluated in `place`, to be handed on to `to`.
fn export(place: &Place, bench: &Bench, kind: ExportKind, to: &str) -> Export {
    let (result, heard) = bench.evaluate(place.request(1));
    let (evaluation, review) = (whole(result), Bench::opened(&heard));
    Export {
        id: 2,
        kind,
        to: place.dir.path().join(to),
        without: Without::default(),
        other: None,
        words: [(key(&evaluation, 2), dispute("a shadow, not a tumour"))].into_iter().collect(),
        history: Arc::clone(&review.history),
        root: review.root.clone(),
        cases: Vec::new(),
        checkpoint: checkpoint::info(&place.model).expect("a card"),
        device: DeviceChoice::Cpu,
        tap: TapPoint::Conv,
        evaluation,
    }
}

#[test]
fn a_table_is_exported_with_the_readers_words() {
    let place = Place::new();
    let bench = place.bench();
    let export = export(&place, &bench, ExportKind::Csv, "out/cases.csv");
    let exported = |export: Export| {
        bench.send(Request::Export(export));
        match bench.next() {
            Response::Exported { id: 2, result } => result,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(exported(export.clone()), Ok(export.to.clone()));
    let table = fs::read_to_string(&export.to).expect("written");
    assert_eq!(table.lines().count(), SCANS + 1);
    let disputed: Vec<&str> = table.lines().filter(|line| line.contains("a shadow")).collect();
    assert_eq!(disputed.len(), 1);
    assert!(disputed[0].starts_with(&export.evaluation.cases[2].path), "{}", disputed[0]);

    let message = exported(Export { to: place.study(), ..export }).expect_err("it is a folder");
    assert!(message.contains("study") && message.lines().count() == 1, "{message}");
}

#[test]
fn a_page_is_exported_with_the_maps_of_its_cases() {
    let place = Place::new();
    let bench = place.bench();
    let export = export(&place, &bench, ExportKind::Html, "page.html");
    let wrong: Vec<&Case> =
        export.evaluation.cases.iter().filter(|case| !case.answer.correct()).collect();
    // The second one is not what it was.
    fs::copy(place.scan(0), export.root.join(&wrong[1].path)).expect("replaced");
    let cases = wrong[..3].iter().map(|case| case.path.clone()).collect();
    bench.send(Request::Export(Export { cases, ..export.clone() }));
    let Response::Notice { message } = bench.next() else { panic!("one cannot be shown") };
    assert!(message.contains("has changed") && message.lines().count() == 1, "{message}");
    let Response::Exported { id: 2, result } = bench.next() else { panic!("the end") };
    assert_eq!(result, Ok(export.to.clone()));
    let page = fs::read_to_string(&export.to).expect("written");
    // The scan and the maps of two classes, twice.
    assert_eq!(page.matches("data:image/png;base64,").count(), 6);
    assert!(page.contains("a shadow, not a tumour"));
}
