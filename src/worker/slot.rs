//! A place for one job: a newer one takes the place of one that still waits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Holds the newest job until a thread takes it.
#[derive(Debug)]
pub(super) struct Slot<T> {
    inner: Mutex<Inner<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Inner<T> {
    job: Option<T>,
    closed: bool,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { inner: Mutex::new(Inner { job: None, closed: false }), changed: Condvar::new() }
    }
}

impl<T> Slot<T> {
    /// Puts a job in; one that waited is gone.
    pub fn put(&self, job: T) {
        self.lock().job = Some(job);
        self.changed.notify_one();
    }

    /// Waits for a job; `None` when the slot is closed.
    pub fn take(&self) -> Option<T> {
        let mut inner = self.lock();
        loop {
            if inner.closed {
                return None;
            }
            if let Some(job) = inner.job.take() {
                return Some(job);
            }
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Sends the thread that takes from here home.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    // A panic while the lock is held cannot leave it half changed: nothing in here panics.
    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_job_wins() {
        let slot = Slot::default();
        slot.put(1);
        slot.put(2);
        assert_eq!(slot.take(), Some(2));
        slot.put(3);
        assert_eq!(slot.take(), Some(3));
    }

    #[test]
    fn closing_wakes_and_ends() {
        let slot = std::sync::Arc::new(Slot::<u8>::default());
        let taker = std::thread::spawn({
            let slot = std::sync::Arc::clone(&slot);
            move || slot.take()
        });
        slot.close();
        assert_eq!(taker.join().expect("no panic"), None);
    }
}
