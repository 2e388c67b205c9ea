//! Keeps the settings in their file, on a thread: the window does not wait for the disk.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::state::Settings;

/// Writes settings once they have been left alone for a moment.
pub(super) struct Keeper {
    /// As last handed to the thread.
    kept: Settings,
    /// Settings that are not written yet, and when they will be, in the context's time.
    changed: Option<(Settings, f64)>,
    writer: Option<Writer>,
}

impl Keeper {
    /// For settings as they stand in the file at `path`; without a path nothing is kept.
    pub fn new(ctx: &egui::Context, path: Option<PathBuf>, kept: Settings) -> Self {
        let writer = path.map(|path| Writer::start(ctx.clone(), path));
        Self { kept, changed: None, writer }
    }

    /// Looks at the settings in every frame.
    pub fn watch(&mut self, ctx: &egui::Context, settings: &Settings) {
        const REST: f64 = 1.0;
        if self.writer.is_none() || *settings == self.kept {
            self.changed = None;
            return;
        }
        let now = ctx.input(|input| input.time);
        let due = match &self.changed {
            Some((seen, due)) if seen == settings => *due,
            _ => {
                self.changed = Some((settings.clone(), now + REST));
                now + REST
            }
        };
        if now >= due {
            self.write(settings);
        } else {
            // In every frame: egui forgets it when something else asks for the next one at once.
            ctx.request_repaint_after_secs((due - now) as f32);
        }
    }

    /// What went wrong when they were written, once; a sentence for people.
    pub fn failure(&self) -> Option<String> {
        self.writer.as_ref()?.failures.try_recv().ok()
    }

    /// Writes what is not written yet, and returns when it is.
    pub fn finish(&mut self, settings: &Settings) {
        if *settings != self.kept {
            self.write(settings);
        }
        self.writer = None;
    }

    fn write(&mut self, settings: &Settings) {
        self.changed = None;
        // What cannot be written now cannot be written in the next frame either.
        self.kept = settings.clone();
        if let Some(sender) = self.writer.as_ref().and_then(|writer| writer.sender.as_ref()) {
            // The thread ends after the sender.
            _ = sender.send(settings.clone());
        }
    }
}

/// The thread that writes. Dropping this waits until everything handed to it is written.
struct Writer {
    sender: Option<Sender<Settings>>,
    failures: Receiver<String>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn start(ctx: egui::Context, path: PathBuf) -> Self {
        let (sender, settings) = channel::<Settings>();
        let (failed, failures) = channel();
        let work = move || {
            for settings in settings {
                if let Err(error) = settings.write(&path) {
                    let path = path.display();
                    // The window may be gone by now.
                    _ = failed.send(format!("{path}: the settings could not be written ({error})"));
                    ctx.request_repaint();
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("settings".into())
            .spawn(work)
            .expect("the operating system gives a thread at start");
        Self { sender: Some(sender), failures, thread: Some(thread) }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.sender = None;
        _ = self.thread.take().map(JoinHandle::join);
    }
}
