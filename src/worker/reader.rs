//! The thread that reads files: everything it is asked for, in order.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use super::Outbox;
use super::job::{Request, RequestId, Response};
use crate::imaging;
use crate::model::checkpoint;
use crate::system::caught::caught;
use crate::system::shipped;

/// Starts the thread; it ends when the sender is dropped.
pub(super) fn spawn(outbox: Outbox) -> Sender<Request> {
    let (sender, requests) = channel();
    let work = move || {
        for request in requests {
            answer(request, &outbox);
        }
    };
    std::thread::Builder::new()
        .name("reader".into())
        .spawn(work)
        .expect("the operating system gives a thread at start");
    sender
}

fn answer(request: Request, outbox: &Outbox) {
    match request {
        Request::Open { id, paths } => open(id, &paths, outbox),
        Request::OpenDemo { id } => match shipped::demo_files() {
            Ok(paths) => open(id, &paths, outbox),
            Err(message) => {
                outbox.send(Response::Opened { id, result: Err(message) });
                outbox.send(Response::OpenDone { id });
            }
        },
        Request::ListCheckpoints { id, extra } => {
            let (mut found, mut refused) =
                checkpoint::shipped_folder().map(|f| checkpoint::list(&f)).unwrap_or_default();
            for path in extra {
                match checkpoint::info(&path) {
                    Ok(info) if !found.iter().any(|known| known.path == info.path) => {
                        found.push(info);
                    }
                    Ok(_) => {}
                    Err(error) => refused.push(error),
                }
            }
            let refused = refused.iter().map(ToString::to_string).collect();
            outbox.send(Response::Checkpoints { id, found, refused });
        }
        Request::Classify(_) => unreachable!("classifications go to the analyst"),
    }
}

/// Single files are sent as they are read; DICOM files are read together, since several of them
/// may be one series.
fn open(id: RequestId, paths: &[PathBuf], outbox: &Outbox) {
    let results = caught(|| imaging::open_all(paths)).unwrap_or_else(|panic| {
        // The readers hold their own panics; this is for what they miss.
        let path = paths.first().cloned().unwrap_or_default();
        let found = format!("reading it failed ({})", panic);
        let remedy = "try to export it again".to_owned();
        vec![Err(imaging::OpenError { path, found, remedy })]
    });
    for result in results {
        let result = result.map(Arc::new).map_err(|error| error.to_string());
        outbox.send(Response::Opened { id, result });
    }
    outbox.send(Response::OpenDone { id });
}
