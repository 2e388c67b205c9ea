//! Threads that read files and own the model, so that the window never waits: `reader` does one
//! thing after another, `analyst` only the newest.

mod analyst;
pub mod job;
mod reader;
mod slot;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use job::{Request, Response};
use slot::Slot;

/// The threads, and the way to and from them. They end when this is dropped.
#[derive(Debug)]
pub struct Workers {
    reader: Sender<Request>,
    analyst: Arc<Slot<job::Classify>>,
    responses: Receiver<Response>,
}

/// Starts the threads. `wake` is called after each response has been put where
/// [`Workers::try_recv`] finds it.
pub fn start(wake: impl Fn() + Send + Sync + 'static) -> Workers {
    let (sender, responses) = channel();
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(wake);
    let outbox = Outbox { sender, wake };
    let analyst = Arc::new(Slot::default());
    analyst::spawn(Arc::clone(&analyst), outbox.clone());
    Workers { reader: reader::spawn(outbox), analyst, responses }
}

impl Workers {
    /// Hands a request to the thread it is for; returns at once.
    pub fn send(&self, request: Request) {
        match request {
            Request::Classify(classify) => self.analyst.put(classify),
            // The reader outlives this handle: a failure to send can only mean the end of the program.
            other => drop(self.reader.send(other)),
        }
    }

    /// The next response, if there is one.
    pub fn try_recv(&self) -> Option<Response> {
        self.responses.try_recv().ok()
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
