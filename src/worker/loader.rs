//! The threads that read pixels: what is wanted most first, on all cores.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::Outbox;
use super::job::{Response, ScanKey};
use crate::imaging::{self, Place};
use crate::system::caught::caught;

/// The way to the threads, which end when this is dropped.
#[derive(Debug)]
pub(super) struct Loader {
    list: Arc<List>,
}

impl Loader {
    /// Starts the threads.
    pub fn start(outbox: &Outbox) -> Self {
        let list = Arc::new(List::default());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for number in 0..cores {
            let (list, outbox) = (Arc::clone(&list), outbox.clone());
            let work = move || {
                while let Some((scan, place)) = list.take() {
                    let result = read(&place);
                    // Said before it is sent: what comes in between is not asked for again.
                    outbox.send(Response::SliceRead { scan, result });
                    list.done(scan);
                }
            };
            super::thread(&format!("loader {number}"), work);
        }
        Self { list }
    }

    /// Reads these, the first of them first, instead of what was wanted before.
    pub fn read(&self, wanted: Vec<(ScanKey, Place)>) {
        self.list.put(wanted);
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.list.close();
    }
}

fn read(place: &Place) -> Result<Arc<imaging::Slice>, String> {
    let name = || place.source.path().display().to_string();
    // The readers hold the panics of decoders; this is for what they miss.
    match caught(|| imaging::read_slice(place)) {
        Ok(Ok(slice)) => Ok(Arc::new(slice)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => Err(format!("{}: reading it failed ({panic}); export it again", name())),
    }
}

/// What is wanted, and what the threads have in hand.
#[derive(Debug, Default)]
struct List {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    wanted: VecDeque<(ScanKey, Place)>,
    in_hand: HashSet<ScanKey>,
    closed: bool,
}

impl List {
    fn put(&self, wanted: Vec<(ScanKey, Place)>) {
        self.lock().wanted = wanted.into();
        self.changed.notify_all();
    }

    /// Waits for a slice that no other thread reads; `None` when the list is closed.
    fn take(&self) -> Option<(ScanKey, Place)> {
        let mut inner = self.lock();
        loop {
            if inner.closed {
                return None;
            }
            while let Some((scan, place)) = inner.wanted.pop_front() {
                if inner.in_hand.insert(scan) {
                    return Some((scan, place));
                }
            }
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self, scan: ScanKey) {
        self.lock().in_hand.remove(&scan);
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    // A panic while the lock is held cannot leave it half changed: nothing in here panics.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::imaging::Source;

    fn wanted(slices: &[usize]) -> Vec<(ScanKey, Place)> {
        let place = Place { source: Source::file(Path::new("a.dcm")), frame: 0 };
        slices.iter().map(|&slice| (ScanKey { series: 1, slice }, place.clone())).collect()
    }

    fn taken(list: &List) -> usize {
        list.take().expect("something is wanted").0.slice
    }

    #[test]
    fn the_newest_list_counts_and_nothing_is_read_by_two() {
        let list = List::default();
        list.put(wanted(&[5, 6, 4]));
        assert_eq!(taken(&list), 5);
        list.put(wanted(&[8, 5, 7]));
        assert_eq!([taken(&list), taken(&list)], [8, 7], "5 is in hand");
        list.done(ScanKey { series: 1, slice: 5 });
        list.put(wanted(&[5]));
        assert_eq!(taken(&list), 5, "it may be read again: it was let go in between");
    }

    #[test]
    fn closing_wakes_and_ends() {
        let list = Arc::new(List::default());
        let taker = std::thread::spawn({
            let list = Arc::clone(&list);
            move || list.take().is_none()
        });
        list.close();
        assert!(taker.join().expect("no panic"));
    }
}
