//! A thread that keeps what a person made, one thing after another.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

/// The way to the thread. Dropping this waits until everything handed over is kept.
#[derive(Debug)]
pub(super) struct Keeper<T> {
    tasks: Option<Sender<T>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Keeper<T> {
    /// Starts the thread, which does `keep` with each task.
    pub fn start(name: &str, keep: impl FnMut(T) + Send + 'static) -> Self {
        let (tasks, received) = channel();
        let work = move || received.into_iter().for_each(keep);
        Self { tasks: Some(tasks), thread: Some(super::thread(name, work)) }
    }

    pub fn keep(&self, task: T) {
        // The thread outlives this handle.
        let _ = self.tasks.as_ref().map(|tasks| tasks.send(task));
    }
}

impl<T> Drop for Keeper<T> {
    fn drop(&mut self) {
        self.tasks = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
