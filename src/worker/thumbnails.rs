//! The thread that reads scans small, for lists. A reader who scrolls sees the newest first.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use image::GrayImage;
use image::imageops::thumbnail;

use super::Outbox;
use super::job::{Response, Thumbnail};
use crate::explain::overlay::greys;
use crate::imaging;
use crate::system::caught::caught;

/// Pixels of the longest side.
const SIDE: u32 = 96;
/// Scans that wait, at most: those asked for first are forgotten. More than a list keeps pictures
/// of, or one that it still counts on would never come.
const WAITING: usize = 2000;

/// Scans that wait to be read; the last is the next.
#[derive(Debug, Default)]
pub(super) struct Pile {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    paths: Vec<PathBuf>,
    closed: bool,
}

impl Pile {
    pub fn put(&self, path: PathBuf) {
        let mut inner = self.lock();
        inner.paths.retain(|waiting| *waiting != path);
        inner.paths.push(path);
        if inner.paths.len() > WAITING {
            inner.paths.remove(0);
        }
        drop(inner);
        self.changed.notify_one();
    }

    /// Waits for the next; `None` when the pile is closed.
    fn take(&self) -> Option<PathBuf> {
        let nothing = |inner: &mut Inner| inner.paths.is_empty() && !inner.closed;
        let waited = self.changed.wait_while(self.lock(), nothing);
        let mut inner = waited.unwrap_or_else(PoisonError::into_inner);
        if inner.closed { None } else { inner.paths.pop() }
    }

    /// Sends the thread that takes from here home.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    // A panic while the lock is held cannot leave it half changed: nothing in here panics.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the thread; it ends when the pile is closed.
pub(super) fn spawn(pile: Arc<Pile>, outbox: Outbox) {
    super::thread("thumbnails", move || {
        while let Some(path) = pile.take() {
            let picture = caught(|| picture(&path)).ok().flatten().map(Arc::new);
            outbox.send(Response::Thumbnail { path, picture });
        }
    });
}

/// The middle slice of a file, under its first window, each pixel the mean of those it stands for.
fn picture(path: &Path) -> Option<Thumbnail> {
    let series = imaging::open(path).ok()?;
    let slice = &series.slices[series.slices.len() / 2];
    let (width, height) = (u32::try_from(slice.width).ok()?, u32::try_from(slice.height).ok()?);
    let longest = width.max(height);
    let side = |side: u32| (f64::from(side) * f64::from(SIDE) / f64::from(longest)).round() as u32;
    let whole = GrayImage::from_raw(width, height, greys(slice))?;
    let small = if longest <= SIDE {
        whole
    } else {
        thumbnail(&whole, side(width).max(1), side(height).max(1))
    };
    let (width, height) = (small.width() as usize, small.height() as usize);
    Some(Thumbnail { width, height, greys: small.into_raw() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_taken_first_and_the_oldest_of_many_is_forgotten() {
        let pile = Pile::default();
        let path = |number: usize| PathBuf::from(number.to_string());
        (0..=WAITING).for_each(|number| pile.put(path(number)));
        pile.put(path(5));
        assert_eq!(pile.take(), Some(path(5)));
        assert_eq!(pile.take(), Some(path(WAITING)));
        let rest = pile.lock().paths.clone();
        assert_eq!((rest.len(), &rest[0]), (WAITING - 2, &path(1)));
        pile.close();
        assert_eq!(pile.take(), None);
    }

    #[test]
    fn a_scan_keeps_its_shape() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("wide.png");
        GrayImage::from_fn(400, 100, |x, _| image::Luma([if x < 200 { 0 } else { 200 }]))
            .save(&path)
            .expect("written");
        let small = picture(&path).expect("a scan");
        assert_eq!((small.width, small.height, small.greys.len()), (96, 24, 96 * 24));
        assert!(small.greys[10] < small.greys[80]);
        std::fs::write(&path, b"no picture").expect("written");
        assert_eq!(picture(&path), None);
    }
}
