//! The thread that keeps a reader's words, one after another.

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use super::Outbox;
use super::job::{RequestId, Response};
use crate::review::word::Word;
use crate::review::word_file;
use crate::system::caught::caught;

/// A word to be kept.
pub(super) struct Task {
    pub id: RequestId,
    pub home: PathBuf,
    pub key: String,
    pub word: Word,
}

/// The way to the thread. Dropping this waits until everything handed over is kept.
#[derive(Debug)]
pub(super) struct Keeper {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread.
    pub fn start(outbox: Outbox) -> Self {
        let (tasks, received) = channel();
        let work = move || received.into_iter().for_each(|task| keep(task, &outbox));
        Self { tasks: Some(tasks), thread: Some(super::thread("words", work)) }
    }

    pub fn keep(&self, task: Task) {
        // The thread outlives this handle.
        let _ = self.tasks.as_ref().map(|tasks| tasks.send(task));
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.tasks = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn keep(Task { id, home, key, word }: Task, outbox: &Outbox) {
    let kept = caught(|| word_file::keep(&home, &key, &word));
    let result = kept.unwrap_or_else(|panic| Err(format!("the word was not kept: {panic}")));
    let result = result.map(|(words, trouble)| {
        if let Some(message) = trouble {
            outbox.send(Response::Notice { message });
        }
        words
    });
    outbox.send(Response::WordKept { id, result });
}
