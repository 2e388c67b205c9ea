//! The thread that writes de-identified copies of scans: each whole or not at all, and all of one
//! request in a folder that was not there before.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};

use super::Outbox;
use super::job::{Copies, Deidentify, RequestId, Response};
use crate::imaging::deidentify::{Pseudonyms, copy};
use crate::system::files::write_whole;

/// The way to the thread, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Copier {
    tasks: Sender<Deidentify>,
    /// Requests up to this one are not wanted any more.
    stopped: Arc<AtomicU64>,
}

impl Copier {
    /// Starts the thread.
    pub fn start(outbox: Outbox) -> Self {
        let (tasks, received) = channel::<Deidentify>();
        let stopped = Arc::new(AtomicU64::new(0));
        let up_to = Arc::clone(&stopped);
        super::thread("copies without names", move || {
            for task in received {
                let stop = || up_to.load(Ordering::Relaxed) >= task.id;
                let result = copy_all(&task, &stop, &outbox);
                outbox.send(Response::Deidentified { id: task.id, result });
            }
        });
        Self { tasks, stopped }
    }

    pub fn send(&self, task: Deidentify) {
        // The thread outlives this handle.
        self.tasks.send(task).unwrap_or(());
    }

    pub fn stop(&self, up_to: RequestId) {
        self.stopped.fetch_max(up_to, Ordering::Relaxed);
    }
}

fn copy_all(task: &Deidentify, stop: &dyn Fn() -> bool, outbox: &Outbox) -> Result<Copies, String> {
    let folder = fresh_folder(&task.within)?;
    let mut copies = Copies { folder, written: 0, refused: Vec::new(), stopped: false };
    let failed = write_all(task, &mut copies, stop, outbox).err();
    if copies.written == 0 {
        // It was made here and is empty; one that cannot be removed does no harm.
        let _ = std::fs::remove_dir(&copies.folder);
    }
    match failed {
        Some(message) => Err(message),
        None => Ok(copies),
    }
}

fn write_all(
    task: &Deidentify,
    copies: &mut Copies,
    stop: &dyn Fn() -> bool,
    outbox: &Outbox,
) -> Result<(), String> {
    let pseudonyms = Pseudonyms::random();
    let total = task.sources.len();
    for (done, source) in task.sources.iter().enumerate() {
        if stop() {
            copies.stopped = true;
            return Ok(());
        }
        outbox.send(Response::Deidentifying { id: task.id, done, total });
        match copy(source, &pseudonyms) {
            Ok(bytes) => {
                let path = copies.folder.join(format!("IM{:04}.dcm", copies.written + 1));
                write_whole(&path, &bytes).map_err(|error| {
                    let (path, written) = (path.display(), copies.written);
                    format!(
                        "{path}: it cannot be written ({error}), and {written} of {total} copies \
                         were; make room or choose another folder"
                    )
                })?;
                copies.written += 1;
            }
            Err(refused) => copies.refused.push(refused.to_string()),
        }
    }
    Ok(())
}

/// A folder of this export's own: nothing that is there is written over.
fn fresh_folder(within: &Path) -> Result<PathBuf, String> {
    let failed = |path: &Path, error: std::io::Error| {
        let path = path.display();
        format!("{path}: the folder cannot be made ({error}); choose another place")
    };
    std::fs::create_dir_all(within).map_err(|error| failed(within, error))?;
    for number in 1..1000 {
        let folder = within.join(match number {
            1 => "deidentified".to_owned(),
            number => format!("deidentified-{number}"),
        });
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&folder, error)),
        }
    }
    Err(format!("{}: it is full of earlier copies; choose another place", within.display()))
}
