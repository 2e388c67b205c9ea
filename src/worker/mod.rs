//! Threads that read files and own the model, so that the window never waits.
//!
//! | file | does |
//! | --- | --- |
//! | [`job`] | what is asked and answered |
//! | `reader` | looks through what was opened, one thing after another |
//! | `loader` | reads pixels, what is looked at first |
//! | `analyst` | owns the model: takes its work from the `desk`, classifications first |
//! | `evaluation` | a test set, scan by scan, on the analyst's thread |
//! | `export` | files for others, on the analyst's thread, too |
//! | `figures`, `copies`, `tags`, `thumbnails`, `words`, `measurements` | a thread each |
//! | `keeper` | the thread of what keeps something |
//! | `background` | threads for parallel work that nobody waits for |

mod analyst;
mod background;
mod copies;
mod desk;
mod evaluation;
mod export;
mod figures;
pub mod job;
mod keeper;
mod loader;
mod measurements;
mod reader;
mod slot;
mod tags;
mod thumbnails;
mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use desk::{Desk, Job};
use job::{Request, Response};
use keeper::Keeper;
use loader::Loader;
use reader::{Reader, Task};
use slot::Slot;
use thumbnails::Pile;

use crate::measure;
use crate::model::checkpoint;
use crate::review::store::Store;

/// How long the end of the program waits for an evaluation to be kept.
const PATIENCE: Duration = Duration::from_secs(3);

/// The threads, and the way to and from them. They end when this is dropped.
#[derive(Debug)]
pub struct Workers {
    reader: Reader,
    loader: Loader,
    desk: Arc<Desk>,
    analyst_ended: Receiver<()>,
    figures: Arc<Slot<figures::Task>>,
    copies: Arc<Slot<copies::Task>>,
    tags: Arc<Slot<tags::Task>>,
    thumbnails: Arc<Pile>,
    words: Keeper<words::Task>,
    measurements: Keeper<measurements::Task>,
    outbox: Outbox,
    responses: Receiver<Response>,
}

/// Starts the threads. Reviews and measurements are kept below `data`; `wake` is called after each response has been
/// put where [`Workers::try_recv`] finds it.
pub fn start(data: PathBuf, wake: impl Fn() + Send + Sync + 'static) -> Workers {
    let (sender, responses) = channel();
    let outbox = Outbox { sender, wake: Arc::new(wake) };
    let desk = Arc::new(Desk::default());
    let store = Store::new(&data);
    let analyst_ended = analyst::spawn(Arc::clone(&desk), outbox.clone(), store);
    let (figures, copies) = (Arc::new(Slot::default()), Arc::new(Slot::default()));
    figures::spawn(Arc::clone(&figures), outbox.clone());
    copies::spawn(Arc::clone(&copies), outbox.clone());
    let tags = Arc::new(Slot::default());
    tags::spawn(Arc::clone(&tags), outbox.clone());
    let thumbnails = Arc::new(Pile::default());
    thumbnails::spawn(Arc::clone(&thumbnails), outbox.clone());
    let words = Keeper::start("words", {
        let outbox = outbox.clone();
        move |task| words::keep(task, &outbox)
    });
    let measurements = Keeper::start("measurements", {
        let (store, outbox) = (measure::store::Store::new(&data), outbox.clone());
        move |task| measurements::work(task, &store, &outbox)
    });
    Workers {
        reader: Reader::start(outbox.clone()),
        loader: Loader::start(&outbox),
        desk,
        analyst_ended,
        figures,
        copies,
        tags,
        thumbnails,
        words,
        measurements,
        outbox,
        responses,
    }
}

impl Workers {
    /// Hands a request to the thread it is for; returns at once.
    pub fn send(&self, request: Request) {
        match request {
            Request::Open { id, paths } => self.reader.send(Task::Files { id, paths }),
            Request::OpenDemo { id } => self.reader.send(Task::Demo { id }),
            Request::StopOpening { up_to } => self.reader.stop(up_to),
            Request::ReadSlices { wanted } => self.loader.read(wanted),
            Request::ListCheckpoints { id, extra } => self.list_checkpoints(id, extra),
            Request::Classify(classify) => self.desk.put(Job::Classify(classify)),
            Request::ClassifySeries(series) => self.desk.put_series(series),
            Request::Evaluate(evaluate) => self.desk.put(Job::Evaluate(evaluate)),
            Request::StopEvaluating { up_to } => self.desk.stop(up_to),
            Request::Export(export) => self.desk.put(Job::Export(Box::new(export))),
            Request::Figures { id, evaluation, without } => {
                self.figures.put(figures::Task { id, evaluation, without });
            }
            Request::FindCopies { id, path, among } => {
                self.copies.put(copies::Task { id, path, among });
            }
            Request::ReadTags { id, source } => self.tags.put(tags::Task { id, source }),
            Request::Thumbnail { path } => self.thumbnails.put(path),
            Request::RecallMeasurements { id, homes } => {
                self.measurements.keep(measurements::Task::Recall { id, homes });
            }
            Request::KeepMeasurements { id, home, change } => {
                self.measurements.keep(measurements::Task::Keep { id, home, change });
            }
            Request::ExportMeasurements { id, to, measured } => {
                self.measurements.keep(measurements::Task::Export { id, to, measured });
            }
            Request::KeepWord { id, home, key, word } => {
                self.words.keep(words::Task { id, home, key, word });
            }
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
        thread("checkpoints", list);
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.figures.close();
        self.copies.close();
        self.tags.close();
        self.thumbnails.close();
        self.desk.close();
        // What an evaluation has done is kept; else the thread is not worth waiting for.
        if self.desk.evaluating() {
            let _ = self.analyst_ended.recv_timeout(PATIENCE);
        }
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .expect("the operating system gives a thread")
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
