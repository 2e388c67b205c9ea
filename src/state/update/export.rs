//! Pictures of the scan, and de-identified copies of its files.

use std::path::PathBuf;

use super::State;
use crate::state::export::{Copying, Extent};
use crate::state::notices::Level;
use crate::state::session::Sheet;
use crate::worker::job::{Copies, Deidentify, Request, RequestId};

impl State {
    /// Opens a sheet that is of the scan that is shown, if one is.
    pub(super) fn show_of_scan(&mut self, sheet: Sheet) -> Vec<Request> {
        match self.session.shown() {
            None => self.say(Level::Warning, "There is no scan to save yet: open one first."),
            Some(open) if sheet == Sheet::Deidentify && !open.is_dicom() => {
                let message = format!(
                    "{}: it is no DICOM file, and only those are copied without what identifies \
                     the patient; save a picture instead.",
                    open.name()
                );
                self.say(Level::Warning, message);
            }
            Some(_) => return self.show(Some(sheet)),
        }
        Vec::new()
    }

    pub(super) fn write_copies(&mut self, extent: Extent, within: PathBuf) -> Vec<Request> {
        if self.session.copying.is_some() {
            self.say(Level::Warning, "Copies are still being written; wait, or stop them first.");
            return Vec::new();
        }
        let Some(open) = self.session.shown().filter(|open| open.is_dicom()) else {
            return self.show_of_scan(Sheet::Deidentify);
        };
        let sources = open.sources(extent);
        let id = self.next_request();
        self.session.copying = Some(Copying { id, done: 0, total: sources.len() });
        vec![Request::Deidentify(Deidentify { id, sources, within })]
    }

    pub(super) fn stop_copying(&mut self) -> Vec<Request> {
        let copying = self.session.copying.iter();
        copying.map(|copying| Request::StopDeidentifying { up_to: copying.id }).collect()
    }

    pub(super) fn copied_so_far(&mut self, id: RequestId, done: usize, total: usize) {
        if let Some(copying) = self.session.copying.as_mut().filter(|copying| copying.id == id) {
            *copying = Copying { id, done, total };
        }
    }

    /// Says once what became of the copies.
    pub(super) fn copied(&mut self, id: RequestId, result: Result<Copies, String>) {
        if self.session.copying.is_some_and(|copying| copying.id == id) {
            self.session.copying = None;
        }
        match result {
            Ok(copies) => {
                let level = if copies.refused.is_empty() { Level::Info } else { Level::Warning };
                self.say(level, sentence(&copies));
            }
            Err(message) => self.say(Level::Error, message),
        }
    }
}

fn sentence(copies: &Copies) -> String {
    let files = |count| if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
    let mut sentence = match (copies.written, copies.stopped) {
        (0, true) => "Copying was stopped before the first file.".to_owned(),
        (0, false) => "No file was copied.".to_owned(),
        (written, stopped) => {
            let stopped = if stopped { ", then copying was stopped" } else { "" };
            let folder = copies.folder.display();
            format!("{} without the patient's identity in {folder}{stopped}.", files(written))
        }
    };
    if let Some(first) = copies.refused.first() {
        let refused = files(copies.refused.len());
        sentence += &format!(" {refused} could not be copied: {first}.");
    }
    sentence
}
