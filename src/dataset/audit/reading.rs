//! Reading the scans of a data set, each file once, however often it is there.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use xxhash_rust::xxh3::Xxh3;

use super::fingerprint::Fingerprint;
use super::report::Size;
use crate::imaging;

/// Longer files are refused without being read.
const LONGEST: u64 = 4 << 30;

/// What is kept of a scan that was read.
#[derive(Clone)]
pub(super) struct Read {
    pub size: Size,
    pub coloured: bool,
    pub print: Fingerprint,
}

/// What became of a file.
#[derive(Clone)]
pub(super) struct Opened {
    /// Or why not: one sentence that names the file.
    pub read: Result<Read, String>,
    /// The time that opening took, without the fingerprint; of a file like one before it, the time
    /// that the first of them took.
    pub reading: Duration,
}

/// Reads files, in their order; `progress` is called once for each of them.
pub(super) fn read_each(paths: &[&Path], progress: &(dyn Fn() + Sync)) -> Vec<Opened> {
    let contents = contents(paths);
    let mut first_with: HashMap<(u64, u128), usize> = HashMap::new();
    let first_of: Vec<usize> = contents
        .iter()
        .enumerate()
        .map(|(i, content)| content.map_or(i, |content| *first_with.entry(content).or_insert(i)))
        .collect();
    let read = |i: usize| {
        let mut opened = open(paths[i]);
        if let Ok(read) = &mut opened.read {
            read.print.file = contents[i].map(|(_, hash)| hash);
        }
        opened
    };
    let mut firsts: Vec<Option<Opened>> = (0..paths.len())
        .into_par_iter()
        .map(|i| {
            (first_of[i] == i).then(|| {
                let opened = read(i);
                progress();
                opened
            })
        })
        .collect();
    for i in 0..paths.len() {
        if firsts[i].is_none() {
            // A reason names its own file: what cannot be read is tried again.
            let first = firsts[first_of[i]].as_ref().filter(|first| first.read.is_ok()).cloned();
            firsts[i] = Some(first.unwrap_or_else(|| read(i)));
            progress();
        }
    }
    firsts.into_iter().flatten().collect()
}

/// Length and hash of each file, where another is as long: only those may be the same. XXH3 is no
/// defence against forgery, but no two files ever share it by chance.
fn contents(paths: &[&Path]) -> Vec<Option<(u64, u128)>> {
    let length = |path: &&Path| {
        let file = path.metadata().ok().filter(|file| file.is_file())?;
        (1..=LONGEST).contains(&file.len()).then_some(file.len())
    };
    let lengths: Vec<Option<u64>> = paths.par_iter().map(length).collect();
    let mut count: HashMap<u64, usize> = HashMap::new();
    for &length in lengths.iter().flatten() {
        *count.entry(length).or_default() += 1;
    }
    paths
        .par_iter()
        .zip(lengths)
        .map(|(path, length)| {
            let length = length.filter(|length| count[length] > 1)?;
            Some((length, hash(path).ok()?))
        })
        .collect()
}

fn hash(path: &Path) -> io::Result<u128> {
    let mut hasher = Xxh3::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.digest128())
}

fn open(path: &Path) -> Opened {
    let began = Instant::now();
    let series = imaging::open(path);
    let reading = began.elapsed();
    let read = series.map_err(|error| error.to_string()).map(|series| {
        let slice = &series.slices[series.slices.len() / 2];
        Read {
            size: Size { width: slice.width, height: slice.height },
            coloured: series.notes.iter().any(|note| note == imaging::COLOUR_NOTE),
            print: Fingerprint::of(slice),
        }
    });
    Opened { read, reading }
}
