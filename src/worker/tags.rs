//! The thread that reads what files say beside their pixels.

use std::sync::Arc;

use super::Outbox;
use super::job::{RequestId, Response};
use super::slot::Slot;
use crate::imaging::{self, Source};

/// A file to be read.
#[derive(Debug)]
pub(super) struct Task {
    pub id: RequestId,
    pub source: Source,
}

/// Starts the thread; it ends when the slot is closed.
pub(super) fn spawn(tasks: Arc<Slot<Task>>, outbox: Outbox) {
    super::thread("tags", move || {
        while let Some(Task { id, source }) = tasks.take() {
            let result = imaging::read_tags(&source).map(Arc::new);
            let result = result.map_err(|error| error.to_string());
            outbox.send(Response::Tags { id, result });
        }
    });
}
