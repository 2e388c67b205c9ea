//! The thread that looks through files: everything it is asked for, in order, each series handed over
//! as soon as its headers are read.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};

use super::Outbox;
use super::job::{RequestId, Response};
use crate::imaging;
use crate::system::caught::caught;
use crate::system::shipped;

/// What the thread is asked to read.
pub(super) enum Task {
    Files { id: RequestId, paths: Vec<PathBuf> },
    Demo { id: RequestId },
}

/// The way to the thread, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Reader {
    tasks: Sender<Task>,
    /// Requests up to this one are not wanted any more.
    stopped: Arc<AtomicU64>,
}

impl Reader {
    /// Starts the thread.
    pub fn start(outbox: Outbox) -> Self {
        let (tasks, received) = channel();
        let stopped = Arc::new(AtomicU64::new(0));
        let worker = Worker { outbox, stopped: Arc::clone(&stopped) };
        super::thread("reader", move || received.into_iter().for_each(|task| worker.answer(task)));
        Self { tasks, stopped }
    }

    pub fn send(&self, task: Task) {
        // The thread outlives this handle: a failure to send can only mean the end of the program.
        self.tasks.send(task).unwrap_or(());
    }

    pub fn stop(&self, up_to: RequestId) {
        self.stopped.fetch_max(up_to, Ordering::Relaxed);
    }
}

struct Worker {
    outbox: Outbox,
    stopped: Arc<AtomicU64>,
}

impl Worker {
    fn answer(&self, task: Task) {
        let id = match task {
            Task::Files { id, paths } => {
                self.open(id, &paths);
                id
            }
            Task::Demo { id } => {
                match shipped::demo_folders() {
                    Ok(folders) => folders.iter().for_each(|files| self.open(id, files)),
                    Err(message) => self.outbox.send(Response::Opened { id, result: Err(message) }),
                }
                id
            }
        };
        self.outbox.send(Response::OpenDone { id });
    }

    fn open(&self, id: RequestId, paths: &[PathBuf]) {
        let stop = || self.stopped.load(Ordering::Relaxed) >= id;
        let mut found = |result: Result<imaging::Found, imaging::OpenError>| {
            let result = result.map_err(|error| error.to_string());
            self.outbox.send(Response::Opened { id, result });
        };
        // The readers hold the panics of decoders; this is for what they miss.
        if let Err(panic) = caught(|| imaging::find_each(paths, &stop, &mut found)) {
            let name = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
            found_panic(&self.outbox, id, &name, &panic);
        }
    }
}

fn found_panic(outbox: &Outbox, id: RequestId, name: &str, panic: &str) {
    let message = format!("{name}: reading it failed ({panic}); try to export it again");
    outbox.send(Response::Opened { id, result: Err(message) });
}
