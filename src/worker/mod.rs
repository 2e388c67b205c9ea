//! Threads that read files and own the model, so that the window never waits: `reader` does one
//! thing after another, `analyst` only the newest.

mod analyst;
pub mod job;
mod reader;
mod slot;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use job::{Request, Response};
use reader::{Reader, Task};
use slot::Slot;

use crate::model::checkpoint;

/// The threads, and the way to and from them. They end when this is dropped.
#[derive(Debug)]
pub struct Workers {
    reader: Reader,
    analyst: Arc<Slot<job::Classify>>,
    outbox: Outbox,
    responses: Receiver<Response>,
}

/// Starts the threads. `wake` is called after each response has been put where
/// [`Workers::try_recv`] finds it.
pub fn start(wake: impl Fn() + Send + Sync + 'static) -> Workers {
    let (sender, responses) = channel();
    let outbox = Outbox { sender, wake: Arc::new(wake) };
    let analyst = Arc::new(Slot::default());
    analyst::spawn(Arc::clone(&analyst), outbox.clone());
    Workers { reader: Reader::start(outbox.clone()), analyst, outbox, responses }
}

impl Workers {
    /// Hands a request to the thread it is for; returns at once.
    pub fn send(&self, request: Request) {
        match request {
            Request::Open { id, paths } => self.reader.send(Task::Files { id, paths }),
            Request::OpenDemo { id } => self.reader.send(Task::Demo { id }),
            Request::StopOpening { up_to } => self.reader.stop(up_to),
            Request::ListCheckpoints { id, extra } => self.list_checkpoints(id, extra),
            Request::Classify(classify) => self.analyst.put(classify),
            Request::Evaluate(_)
            | Request::StopEvaluating { .. }
            | Request::Figures { .. }
            | Request::KeepWord { .. }
            | Request::Thumbnail { .. }
            | Request::FindCopies { .. }
            | Request::Export(_) => {}
        }
    }

    /// The next response, if there is one.
    pub fn try_recv(&self) -> Option<Response> {
        self.responses.try_recv().ok()
    }

    /// On a thread of its own: it is short, and waits behind no file.
    fn list_checkpoints(&self, id: job::RequestId, extra: Vec<PathBuf>) {
        let outbox = self.outbox.clone();
        let list = move || {
            let (found, refused) = checkpoint::list_with(extra);
            let refused = refused.iter().map(ToString::to_string).collect();
            outbox.send(Response::Checkpoints { id, found, refused });
        };
        std::thread::Builder::new()
            .name("checkpoints".into())
            .spawn(list)
            .expect("the operating system gives a thread");
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.analyst.close();
    }
}

/// Where responses go: first into the channel, then the window is woken.
#[derive(Clone)]
struct Outbox {
    sender: Sender<Response>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Outbox {
    fn send(&self, response: Response) {
        if self.sender.send(response).is_ok() {
            (self.wake)();
        }
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox").finish_non_exhaustive()
    }
}
