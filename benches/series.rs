//! How long a series of 300 uncompressed files takes, beside reading its bytes and beside pydicom
//! with numpy on the same files: `cargo bench --bench series -- PYTHON`, where PYTHON is one that has
//! both (`python3` where none is named).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mrimaster::imaging::{self, Found, Outline};
use rayon::prelude::*;

/// Runs of which the fastest counts: whatever else the machine does only takes longer.
const RUNS: usize = 5;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let named = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let python = named.unwrap_or_else(|| "python3".to_owned());
    let Some(_) = pydicom(&python, "make", folder.path()) else {
        return println!("series: name a Python that has pydicom and numpy");
    };
    let entries = std::fs::read_dir(folder.path()).expect("a folder").flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();

    let one = fastest(|| drop(std::fs::read(&paths[0]).expect("it was made")));
    let headers = fastest(|| drop(headers(&paths)));
    let first = fastest(|| first_picture(&paths));
    let whole = fastest(|| whole_series(&paths));
    println!(
        "one of {} files: {:.2} ms; headers of all: {:.1} ms",
        paths.len(),
        ms(one),
        ms(headers)
    );
    let ratio = ms(first) / (ms(one) + ms(headers));
    println!("first picture: {:.2} ms, {ratio:.2} of both", ms(first));
    println!("whole series: {:.0} ms", ms(whole));
    let theirs = pydicom(&python, "time", folder.path()).expect("it made the files");
    let theirs = Duration::from_secs_f64(theirs.trim().parse().expect("seconds"));
    println!(
        "pydicom and numpy: {:.0} ms, {:.1} times as long",
        ms(theirs),
        ms(theirs) / ms(whole)
    );
}

/// What the script answers.
fn pydicom(python: &str, what: &str, folder: &Path) -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/read_series.py");
    let answer = Command::new(python).arg(script).arg(what).arg(folder).output().ok()?;
    answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).into_owned())
}

fn fastest(work: impl Fn()) -> Duration {
    let time = || {
        let began = Instant::now();
        work();
        began.elapsed()
    };
    (0..RUNS).map(|_| time()).min().expect("runs")
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn headers(paths: &[PathBuf]) -> Option<Arc<Outline>> {
    let mut last = None;
    imaging::find_each(paths, &|| false, &mut |found| {
        if let Ok(Found::Outline(outline)) = found {
            last = Some(outline);
        }
    });
    last
}

/// Until the pixels of a slice are there, with the headers of all known.
fn first_picture(paths: &[PathBuf]) {
    let outline = headers(paths).expect("a series");
    let place = outline.slices[0].place.as_ref().expect("a file");
    imaging::read_slice(place).expect("it was made");
}

/// Headers, and the modality values of every slice, read by all cores.
fn whole_series(paths: &[PathBuf]) {
    let outline = headers(paths).expect("a series");
    let read = |number: usize| {
        let place = outline.slices[number].place.as_ref().expect("a file");
        let mut slice = imaging::read_slice(place).expect("it was made");
        let rescale = slice.rescale;
        slice.stored.iter_mut().for_each(|value| *value = rescale.apply(*value));
        slice
    };
    let slices: Vec<_> = (0..outline.slices.len()).into_par_iter().map(read).collect();
    assert_eq!(slices.len(), paths.len());
}
