//! Keeps measurements and brings them back.

use super::Outbox;
use super::job::{RequestId, Response};
use crate::measure::store::Store;
use crate::measure::{Change, Kept};
use crate::system::caught::caught;

/// What is done with measurements, each under an [`Address::home`](crate::measure::Address::home).
#[derive(Debug)]
pub(super) enum Task {
    Recall { id: RequestId, homes: Vec<String> },
    Keep { id: RequestId, home: String, change: Change },
}

/// Does it and answers.
pub(super) fn work(task: Task, store: &Store, outbox: &Outbox) {
    match task {
        Task::Recall { id, homes } => {
            let recalled = homes.into_iter().filter_map(|home| {
                let kept = recall(&home, store).unwrap_or_else(|message| {
                    outbox.send(Response::Notice { message });
                    Kept::default()
                });
                (!kept.is_empty()).then_some((home, kept))
            });
            let recalled = recalled.collect();
            outbox.send(Response::MeasurementsRecalled { id, recalled });
        }
        Task::Keep { id, home, change } => {
            let kept = caught(|| store.keep(&home, &change));
            let kept =
                kept.unwrap_or_else(|panic| Err(format!("the measurement was not kept: {panic}")));
            let result = kept.map(|(kept, trouble)| {
                if let Some(message) = trouble {
                    outbox.send(Response::Notice { message });
                }
                kept
            });
            outbox.send(Response::MeasurementsKept { id, home, result });
        }
    }
}

fn recall(home: &str, store: &Store) -> Result<Kept, String> {
    let recalled = caught(|| store.recall(home));
    recalled.unwrap_or_else(|panic| Err(format!("measurements cannot be read: {panic}")))
}
