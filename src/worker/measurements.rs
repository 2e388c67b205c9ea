//! Keeps measurements, brings them back and writes them as a table.

use std::path::{Path, PathBuf};

use super::Outbox;
use super::job::{MeasuredSeries, RequestId, Response};
use crate::measure::store::Store;
use crate::measure::table::{self, Row};
use crate::measure::{Change, Kept};
use crate::system::caught::caught;
use crate::system::files::write_whole;

/// What is done with measurements, each under an [`Address::home`](crate::measure::Address::home).
#[derive(Debug)]
pub(super) enum Task {
    Recall {
        id: RequestId,
        homes: Vec<String>,
    },
    Keep {
        id: RequestId,
        home: String,
        change: Change,
    },
    /// For others.
    Export {
        id: RequestId,
        to: PathBuf,
        measured: Vec<MeasuredSeries>,
    },
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
        Task::Export { id, to, measured } => {
            let written = caught(|| export(&to, &measured));
            let result =
                written.unwrap_or_else(|panic| Err(format!("the table was not made: {panic}")));
            outbox.send(Response::Exported { id, result: result.map(|()| to) });
        }
    }
}

fn recall(home: &str, store: &Store) -> Result<Kept, String> {
    let recalled = caught(|| store.recall(home));
    recalled.unwrap_or_else(|panic| Err(format!("measurements cannot be read: {panic}")))
}

fn export(to: &Path, measured: &[MeasuredSeries]) -> Result<(), String> {
    let mut read = Vec::new();
    for series in measured {
        for slice in &series.slices {
            // Lengths and angles need no pixels: without them the row is shorter.
            let pixels = slice.pixels.as_ref().and_then(|pixels| pixels.read().ok());
            read.push((series.title.as_str(), slice, pixels));
        }
    }
    let rows = read.iter().flat_map(|(series, slice, pixels)| {
        slice.shapes.iter().map(move |shape| Row {
            series,
            slice: slice.number + 1,
            shape,
            scale: slice.scale,
            pixels: pixels.as_deref(),
        })
    });
    let rows: Vec<Row> = rows.collect();
    let table = table::csv(&rows).map_err(|error| error.to_string());
    table.and_then(|table| write_whole(to, &table).map_err(|error| error.to_string())).map_err(
        |error| {
            let to = to.display();
            format!("{to}: it cannot be written ({error}); make room or choose another folder")
        },
    )
}
