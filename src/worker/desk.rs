//! What waits for the thread that owns the model: the newest classification, which a reader looks
//! at and which goes first, and a queue of long work.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::job::{Classify, ClassifySeries, Evaluate, Export, Pixels, RequestId, ScanKey};
use crate::model::prediction::DeviceChoice;

/// One piece of work.
#[derive(Debug)]
pub(super) enum Job {
    Classify(Classify),
    Evaluate(Evaluate),
    Export(Box<Export>),
    OneOfSeries(OneOfSeries),
}

/// The next slice of a series.
#[derive(Debug)]
pub(super) struct OneOfSeries {
    pub id: RequestId,
    pub scan: ScanKey,
    pub pixels: Pixels,
    pub checkpoint: PathBuf,
    pub device: DeviceChoice,
}

/// Holds what was asked for until the thread takes it.
#[derive(Debug, Default)]
pub(super) struct Desk {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    classify: Option<Classify>,
    long: VecDeque<Job>,
    /// What is left of the series that is classified when there is nothing else to do.
    series: Option<(ClassifySeries, VecDeque<(ScanKey, Pixels)>)>,
    /// Evaluations up to this one are not wanted any more.
    stopped: RequestId,
    /// Whether the work that was taken last is an evaluation.
    evaluating: bool,
    closed: bool,
}

impl Desk {
    /// Puts work on the desk; a classification takes the place of one that waited.
    pub fn put(&self, job: Job) {
        let mut inner = self.lock();
        match job {
            Job::Classify(classify) => inner.classify = Some(classify),
            long => inner.long.push_back(long),
        }
        drop(inner);
        self.changed.notify_one();
    }

    /// Waits for work; `None` when the desk is closed.
    pub fn take(&self) -> Option<Job> {
        let mut inner = self.lock();
        loop {
            if inner.closed {
                return None;
            }
            inner.evaluating = false;
            if let Some(job) = inner.classify.take() {
                return Some(Job::Classify(job));
            }
            if let Some(job) = inner.long.pop_front() {
                inner.evaluating = matches!(job, Job::Evaluate(_));
                return Some(job);
            }
            if let Some(slice) = inner.next_of_series() {
                return Some(Job::OneOfSeries(slice));
            }
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes the slices of a series on, in the place of those of another that are left.
    pub fn put_series(&self, mut series: ClassifySeries) {
        let slices = std::mem::take(&mut series.slices).into();
        self.lock().series = Some((series, slices));
        self.changed.notify_one();
    }

    /// A classification that waits, or comes within `patience`.
    pub fn classify_within(&self, patience: Duration) -> Option<Classify> {
        let inner = self.lock();
        let nothing = |inner: &mut Inner| inner.classify.is_none() && !inner.closed;
        let waited = self.changed.wait_timeout_while(inner, patience, nothing);
        waited.unwrap_or_else(PoisonError::into_inner).0.classify.take()
    }

    /// Whether a newer classification waits, or nobody waits for answers any more.
    pub fn superseded(&self) -> bool {
        let inner = self.lock();
        inner.closed || inner.classify.is_some()
    }

    /// Marks evaluations up to `up_to` as not wanted any more.
    pub fn stop(&self, up_to: RequestId) {
        let mut inner = self.lock();
        inner.stopped = inner.stopped.max(up_to);
    }

    /// Whether the evaluation `id` is to be left off.
    pub fn stopped(&self, id: RequestId) -> bool {
        let inner = self.lock();
        inner.closed || inner.stopped >= id
    }

    /// Whether an evaluation is being worked on.
    pub fn evaluating(&self) -> bool {
        self.lock().evaluating
    }

    /// Whether the program ends.
    pub fn closed(&self) -> bool {
        self.lock().closed
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

impl Inner {
    fn next_of_series(&mut self) -> Option<OneOfSeries> {
        let (series, slices) = self.series.as_mut()?;
        let Some((scan, pixels)) = slices.pop_front() else {
            self.series = None;
            return None;
        };
        let (checkpoint, device) = (series.checkpoint.clone(), series.device);
        Some(OneOfSeries { id: series.id, scan, pixels, checkpoint, device })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::imaging::{Depth, Slice};
    use crate::model::prediction::{DeviceChoice, TapPoint};
    use crate::worker::job::{Mode, ScanKey, TestSource};

    fn classify(id: RequestId) -> Job {
        Job::Classify(Classify {
            id,
            scan: ScanKey { series: 0, slice: 0 },
            slice: Arc::new(Slice::new(1, 1, vec![0.0], Depth::EightBit)),
            checkpoint: PathBuf::new(),
            device: DeviceChoice::Cpu,
            class: None,
            tap: TapPoint::Conv,
        })
    }

    fn evaluate(id: RequestId) -> Job {
        Job::Evaluate(Evaluate {
            id,
            source: TestSource::Demo,
            tables: Default::default(),
            moved_from: None,
            checkpoint: PathBuf::new(),
            device: DeviceChoice::Cpu,
            mode: Mode::GoOn,
        })
    }

    fn taken(desk: &Desk) -> RequestId {
        match desk.take().expect("work") {
            Job::Classify(job) => job.id,
            Job::Evaluate(job) => job.id,
            Job::Export(job) => job.id,
            Job::OneOfSeries(job) => job.id,
        }
    }

    #[test]
    fn the_newest_classification_goes_before_all_evaluations() {
        let desk = Desk::default();
        [evaluate(1), evaluate(2), classify(3), classify(4)]
            .into_iter()
            .for_each(|job| desk.put(job));
        assert!(desk.superseded());
        assert_eq!([taken(&desk), taken(&desk), taken(&desk)], [4, 1, 2]);
        assert!(!desk.superseded());
        assert!(desk.classify_within(Duration::ZERO).is_none());
        desk.put(classify(5));
        assert_eq!(desk.classify_within(Duration::ZERO).map(|job| job.id), Some(5));
    }

    #[test]
    fn the_slices_of_a_series_come_last_and_one_by_one() {
        let series = |id, slices: std::ops::Range<usize>| ClassifySeries {
            id,
            slices: slices
                .map(|slice| {
                    let pixels = Arc::new(Slice::new(1, 1, vec![0.0], Depth::EightBit));
                    (ScanKey { series: 0, slice }, Pixels::Here(pixels))
                })
                .collect(),
            checkpoint: PathBuf::new(),
            device: DeviceChoice::Cpu,
        };
        let desk = Desk::default();
        desk.put_series(series(1, 0..9));
        assert_eq!(taken(&desk), 1);
        desk.put(evaluate(2));
        desk.put(classify(3));
        assert_eq!([taken(&desk), taken(&desk), taken(&desk)], [3, 2, 1]);
        desk.put_series(series(4, 0..1));
        assert_eq!(taken(&desk), 4, "the newest series only");
        desk.put(classify(5));
        assert_eq!(taken(&desk), 5);
    }

    #[test]
    fn closing_wakes_and_ends() {
        let desk = Arc::new(Desk::default());
        let taker = std::thread::spawn({
            let desk = Arc::clone(&desk);
            move || desk.take().is_none()
        });
        desk.close();
        assert!(taker.join().expect("no panic") && desk.closed() && desk.stopped(9));
    }

    #[test]
    fn stopping_is_for_what_was_asked_before() {
        let desk = Desk::default();
        desk.stop(3);
        desk.stop(2);
        assert!(desk.stopped(3) && !desk.stopped(4));
    }
}
