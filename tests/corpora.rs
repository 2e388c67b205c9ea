//! Every file that the wheels of pydicom and nibabel carry for testing: none may panic, hang or
//! exhaust the memory, and what both sides read must be equal. `make test-corpora` brings the wheels
//! and what the two read (`reference/corpora.py`); without them this test is skipped.
//!
//! `reference/corpora.md` holds what comes of each file. `make test-corpora UPDATE=1` writes it anew.

#[path = "support/volume.rs"]
mod volume;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use mrimaster::imaging::{OpenError, Series, open, open_all};
use mrimaster::system::caught::caught;
use serde::Deserialize;

use self::volume::Volume;

/// Far beyond what the largest file takes, even in a build without optimisation.
const LIMIT: Duration = Duration::from_secs(120);
/// Of the whole test. The largest file holds 3 MB of pixels.
const LARGEST_MEMORY_KIB: u64 = 1 << 20;
/// What decoders of lossy JPEG may round otherwise.
const LOSSY_TOLERANCE: f64 = 1.0;

#[derive(Deserialize)]
struct Expected {
    folder: PathBuf,
    versions: String,
    files: Vec<File>,
}

/// What pydicom or nibabel read from a file.
#[derive(Deserialize)]
struct File {
    file: String,
    /// `None` where neither reads it.
    by: Option<String>,
    #[serde(flatten)]
    content: Content,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Content {
    Image {
        /// Frames, rows, columns.
        shape: [usize; 3],
        lossy: bool,
        values: PathBuf,
    },
    Volume {
        /// Voxels along the axes of the file, volumes.
        shape: [usize; 4],
        /// `None` where the file does not say how it lies in the patient.
        affine: Option<[[f64; 4]; 4]>,
        values: PathBuf,
    },
    /// Read, and of a kind that is not read here; or not read.
    Other,
}

#[test]
fn the_files_of_pydicom_and_nibabel_open_with_their_values_or_are_refused() {
    let Some(data) = std::env::var_os("MRIMASTER_CORPORA").map(PathBuf::from) else {
        eprintln!("skipped: make test-corpora brings the files");
        return;
    };
    let text = fs::read_to_string(data.join("expected.json")).expect("corpora.py has run");
    let expected: Expected = serde_json::from_str(&text).expect("as described here");
    let mut rows = Rows::default();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut different = Vec::new();
    for file in &expected.files {
        let (ours, values) = match opened(&expected.folder.join(&file.file)) {
            Ok(series) => {
                *counts.entry("open").or_default() += 1;
                let values = compared(&series, file, &data).unwrap_or_else(|difference| {
                    different.push(format!("{}: {difference}", file.file));
                    "different".to_owned()
                });
                (described(&series), values)
            }
            Err(error) => {
                *counts.entry("refused").or_default() += 1;
                let theirs =
                    file.by.as_ref().map_or("—".to_owned(), |by| format!("read by {by}"));
                (format!("refused: {}; {}", error.found, error.remedy), theirs)
            }
        };
        let likeness = ["equal", "within"].into_iter().find(|word| values.starts_with(word));
        *counts.entry(likeness.unwrap_or_default()).or_default() += 1;
        rows.push(&file.file, &ours.replace('|', "/"), &values);
    }
    let count = |what| counts.get(what).copied().unwrap_or_default();
    let table = format!(
        "# What comes of the test files of pydicom and nibabel\n\n\
         Written by `make test-corpora UPDATE=1`, against {}.\n\n\
         Of {} files {} open, {} with values *equal* to theirs (every stored value, in colour its \
         luminance) and {} *within {LOSSY_TOLERANCE}* of them (lossy JPEG, whose decoders round \
         otherwise); {} are refused, with the reason.\n\n\
         | file | here | values |\n| --- | --- | --- |\n{}",
        expected.versions,
        expected.files.len(),
        count("open"),
        count("equal"),
        count("within"),
        count("refused"),
        rows.text(),
    );
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/corpora.md");
    if std::env::var_os("MRIMASTER_CORPORA_UPDATE").is_some() {
        fs::write(&committed, &table).expect("the table is written");
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    let before = fs::read_to_string(&committed).unwrap_or_default();
    let changed: Vec<&str> =
        table.lines().filter(|&row| !before.lines().any(|b| b == row)).collect();
    assert!(
        before == table,
        "make test-corpora UPDATE=1 writes the table anew; these rows changed:\n{}",
        changed.join("\n")
    );
    assert!(
        largest_memory_kib().is_none_or(|kib| kib < LARGEST_MEMORY_KIB),
        "it took too much memory"
    );
}

/// The rows of the table; neighbours in a folder with the same outcome share one.
#[derive(Default)]
struct Rows<'a> {
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    folder: &'a str,
    /// Of the first file, and of the last of several.
    names: (&'a str, Option<&'a str>),
    outcome: String,
}

impl<'a> Rows<'a> {
    fn push(&mut self, file: &'a str, ours: &str, values: &str) {
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let outcome = format!("{ours} | {values}");
        match self.rows.last_mut() {
            Some(row) if row.folder == folder && row.outcome == outcome => row.names.1 = Some(name),
            _ => self.rows.push(Row { folder, names: (name, None), outcome }),
        }
    }

    fn text(&self) -> String {
        let line = |Row { folder, names: (first, last), outcome }: &Row| match last {
            Some(last) => format!("| {folder}/{first} … {last} | {outcome} |\n"),
            None => format!("| {folder}/{first} | {outcome} |\n"),
        };
        self.rows.iter().map(line).collect()
    }
}

/// Opens a file on a thread of its own. One that panics or hangs fails the test.
fn opened(path: &Path) -> Result<Vec<Series>, OpenError> {
    let (done, result) = channel();
    let of_thread = path.to_owned();
    std::thread::spawn(move || {
        let read = || {
            // Of several volumes, or of what a DICOMDIR lists, this is the first or none.
            let _ = open(&of_thread);
            open_all(&[of_thread]).into_iter().collect()
        };
        let _ = done.send(caught(read));
    });
    match result.recv_timeout(LIMIT) {
        Ok(Ok(series)) => series,
        Ok(Err(panic)) => panic!("{}: it panics: {panic}", path.display()),
        Err(_) => panic!("{}: not done after {} s", path.display(), LIMIT.as_secs()),
    }
}

fn described(series: &[Series]) -> String {
    let first = &series[0];
    let slice = &first.slices[0];
    let several = |n: usize, what: &str| match n {
        1 => String::new(),
        n => format!(", {n} {what}"),
    };
    format!(
        "{}: {}×{}{}{}",
        first.format,
        slice.width,
        slice.height,
        several(first.slices.len(), "slices"),
        several(series.len(), "series")
    )
}

/// How the values of a file are like the other reader's.
fn compared(series: &[Series], file: &File, data: &Path) -> Result<String, String> {
    let Some(by) = &file.by else {
        return Ok("not read by the others".to_owned());
    };
    match &file.content {
        Content::Other => Ok(format!("read by {by}, not compared")),
        Content::Image { shape: [frames, rows, columns], lossy, values } => {
            let theirs: Vec<f64> = values_of(&data.join(values));
            let ours: Vec<_> = series.iter().flat_map(|series| &series.slices).collect();
            if ours.len() != *frames
                || ours.iter().any(|s| (s.height, s.width) != (*rows, *columns))
            {
                return Err(format!("{} slices, {frames} frames", ours.len()));
            }
            // In the order of their places, which need not be that of the file.
            let mut frames: Vec<&[f64]> = theirs.chunks_exact(rows * columns).collect();
            let mut largest: f64 = 0.0;
            for slice in ours {
                let apart = frames.iter().map(|frame| apart(&slice.stored, frame));
                let (at, apart) = apart
                    .enumerate()
                    .min_by(|a, b| a.1.total_cmp(&b.1))
                    .expect("as many frames as slices");
                frames.remove(at);
                largest = largest.max(apart);
            }
            match largest {
                0.0 => Ok(format!("equal to {by}'s")),
                apart if *lossy && apart <= LOSSY_TOLERANCE => {
                    Ok(format!("within {LOSSY_TOLERANCE} of {by}'s"))
                }
                apart => Err(format!("{apart} apart from {by}'s")),
            }
        }
        Content::Volume { shape: [x, y, z, volumes], affine, values } => {
            let theirs: Vec<f32> =
                values_of(&data.join(values)).into_iter().map(|v| v as f32).collect();
            let volume_of = |number: usize| &theirs[number * x * y * z..(number + 1) * x * y * z];
            for (number, series) in series.iter().enumerate() {
                let (shape, values) = ([*x, *y, *z], volume_of(number));
                match affine {
                    Some(affine) => {
                        Volume { shape, affine, values }.is_shown_by(series, |_, stored| stored)?;
                    }
                    None => is_grid(series, shape, values)?,
                }
            }
            match series.len() == *volumes {
                true => Ok(format!("equal to {by}'s")),
                false => Ok(format!("equal to {by}'s in {} of {volumes} volumes", series.len())),
            }
        }
    }
}

/// The largest difference.
fn apart(ours: &[f32], theirs: &[f64]) -> f64 {
    ours.iter().zip(theirs).map(|(&a, &b)| f64::from((a - b as f32).abs())).fold(0.0, f64::max)
}

/// A volume that lies anywhere: its first axis to the right, its second up.
fn is_grid(series: &Series, [nx, ny, nz]: [usize; 3], values: &[f32]) -> Result<(), String> {
    let rows = (0..nz).flat_map(|z| (0..ny).rev().map(move |y| (y + ny * z) * nx));
    let theirs = rows.flat_map(|start| &values[start..start + nx]);
    let ours = series.slices.iter().flat_map(|slice| &slice.stored);
    ours.eq(theirs).then_some(()).ok_or("it differs from the grid of the file".to_owned())
}

fn values_of(path: &Path) -> Vec<f64> {
    let bytes = fs::read(path).expect("corpora.py has written it");
    let numbers = bytes.chunks_exact(8);
    numbers.map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes"))).collect()
}

/// The most that this process ever held, where the system tells.
fn largest_memory_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
