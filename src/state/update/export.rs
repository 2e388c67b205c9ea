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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::imaging::{About, Depth, Found, Leaf, Patient, Place, Series, Slice, Source};
    use crate::state::Command;
    use crate::worker::job::Response;

    fn series(path: &str, format: &str) -> Arc<Series> {
        let patient = Patient { name: Some("Quixote^Alonso".into()), ..Patient::default() };
        let about =
            About { patient: Some(patient), study: Some("Quixote".into()), ..About::default() };
        let slice = Slice::new(2, 2, vec![0.0, 1.0, 2.0, 3.0], Depth::Wide);
        Arc::new(Series {
            path: path.into(),
            format: format.into(),
            description: Some("T1 after contrast".into()),
            about,
            synthetic: false,
            slices: vec![Arc::new(slice)],
            notes: vec![],
        })
    }

    fn with(path: &str, format: &str) -> State {
        opened(Found::Whole(series(path, format)))
    }

    fn opened(found: Found) -> State {
        let mut state = State::default();
        let requests = state.apply(Command::Open(vec!["scan".into()]));
        let [Request::Open { id, .. }] = requests[..] else { panic!("{requests:?}") };
        let asked = state.receive(Response::Opened { id, result: Ok(found) });
        state.receive(Response::OpenDone { id });
        super::super::made_up::nothing_measured(&mut state, &asked);
        state
    }

    fn last_said(state: &State) -> &str {
        &state.notices.history().last().expect("something").message
    }

    fn copies(written: usize) -> Copies {
        let folder = "/out/deidentified".into();
        Copies { folder, written, refused: Vec::new(), stopped: false }
    }

    /// The one request to copy.
    fn asked(requests: &[Request]) -> &Deidentify {
        match requests {
            [Request::Deidentify(task)] => task,
            other => panic!("expected one request to copy, got {other:?}"),
        }
    }

    #[test]
    fn what_is_given_away_knows_no_name() {
        let mut state = with("/home/quixote/quixote.dcm", "DICOM, explicit VR");
        state.apply(Command::Invert);
        let anonymous = state.anonymous().expect("a scan is shown");
        let open = anonymous.session.shown().expect("shown");
        assert_eq!((open.name().as_str(), open.title().as_str()), ("Scan", "T1 after contrast"));
        assert!(open.invert, "it looks the same");
        let (about, all) = (&open.series.about, format!("{anonymous:?}").to_lowercase());
        assert_eq!((&about.patient, &about.study), (&None, &None));
        assert!(!all.contains("quixote"), "recent files and notices do not come along");
        assert!(State::default().anonymous().is_none());
    }

    #[test]
    fn a_picture_without_a_heatmap_has_none_whatever_the_window_shows() {
        let mut state = with("a.png", "PNG");
        let overlay = |state: &State| state.anonymous().expect("shown").settings.overlay.on;
        assert!(overlay(&state));
        let options = crate::state::PictureOptions { heatmap: false, ..state.settings.picture };
        state.apply(Command::SetPicture(options));
        assert!(!overlay(&state) && state.settings.overlay.on);
    }

    #[test]
    fn sheets_need_a_scan_and_a_copy_needs_dicom() {
        let mut state = State::default();
        state.apply(Command::SavePicture);
        assert_eq!(state.session.sheet, None);
        assert!(last_said(&state).contains("open one first"));

        let mut state = with("a.png", "PNG");
        state.apply(Command::SaveCopies);
        assert_eq!(state.session.sheet, None);
        assert!(last_said(&state).starts_with("a.png: it is no DICOM file"));
        assert!(state.apply(Command::WriteCopies(Extent::Series, "/out".into())).is_empty());
        state.apply(Command::SavePicture);
        assert_eq!(state.session.sheet, Some(Sheet::Picture));
    }

    #[test]
    fn copies_are_counted_and_told_of_once() {
        let mut state = with("a.dcm", "DICOM, explicit VR");
        let requests = state.apply(Command::WriteCopies(Extent::Series, "/out".into()));
        let task = asked(&requests);
        assert_eq!(task.sources, [Source::file("a.dcm".as_ref())]);
        let id = task.id;
        assert!(!state.session.is_settled());

        state.receive(Response::Deidentifying { id, done: 3, total: 7 });
        assert_eq!(state.session.copying, Some(Copying { id, done: 3, total: 7 }));
        assert!(state.apply(Command::WriteCopies(Extent::Series, "/out".into())).is_empty());
        assert!(last_said(&state).contains("still being written"));

        let refused = vec!["b.dcm: it is damaged; copy it again".to_owned()];
        let result = Ok(Copies { refused, ..copies(6) });
        state.receive(Response::Deidentified { id, result });
        assert!(state.session.copying.is_none() && state.session.is_settled());
        let said = last_said(&state);
        assert!(
            said.starts_with("6 files without") && said.contains("/out/deidentified"),
            "{said}"
        );
        assert!(said.contains("1 file could not be copied: b.dcm"), "{said}");
    }

    #[test]
    fn a_series_is_copied_file_by_file_or_the_slice_that_is_shown() {
        let source = |name: &str| Source::file(name.as_ref());
        let series = series("1.dcm", "DICOM, explicit VR");
        let leaf = |(name, frame): (&str, usize)| Leaf {
            header: series.slices[0].header.clone(),
            place: Some(Place { source: source(name), frame }),
        };
        // Two frames of one file, and two files.
        let leaves = [("1.dcm", 0), ("1.dcm", 1), ("2.dcm", 0), ("3.dcm", 0)].map(leaf);
        let outline = Series { slices: leaves.to_vec(), ..series.outline() };
        let mut state = opened(Found::Outline(Arc::new(outline)));
        state.apply(Command::LastSlice);
        let copied = |state: &mut State, extent| {
            let requests = state.apply(Command::WriteCopies(extent, "/out".into()));
            let Deidentify { id, sources, .. } = asked(&requests).clone();
            state.receive(Response::Deidentified { id, result: Ok(copies(1)) });
            sources
        };
        let all = ["1.dcm", "2.dcm", "3.dcm"].map(source);
        assert_eq!(copied(&mut state, Extent::Series), all);
        assert_eq!(copied(&mut state, Extent::Slice), all[2..]);
    }

    #[test]
    fn copying_can_be_stopped_and_fail() {
        let mut state = with("a.dcm", "DICOM, explicit VR");
        assert!(state.apply(Command::StopCopying).is_empty());
        let requests = state.apply(Command::WriteCopies(Extent::Slice, "/out".into()));
        let id = asked(&requests).id;
        let stop = state.apply(Command::StopCopying);
        assert!(matches!(stop[..], [Request::StopDeidentifying { up_to }] if up_to == id));
        let result = Ok(Copies { stopped: true, ..copies(0) });
        state.receive(Response::Deidentified { id, result });
        assert_eq!(last_said(&state), "Copying was stopped before the first file.");

        let requests = state.apply(Command::WriteCopies(Extent::Slice, "/out".into()));
        let id = asked(&requests).id;
        let result = Err("/out: the folder cannot be made".to_owned());
        state.receive(Response::Deidentified { id, result });
        assert_eq!(last_said(&state), "/out: the folder cannot be made");
        assert!(state.session.copying.is_none());
    }
}
