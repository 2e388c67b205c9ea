//! The only place that changes the state: a [`Command`] or a [`Response`] goes in, [`Request`]s
//! come out. Pure, so that every behaviour can be tested without a window.

mod answers;
mod cases;
mod export;
mod measurements;
mod model;
mod review;
mod series;

use std::path::PathBuf;

use super::command::{Command, Entry};
use super::keymap::{self, Keymap};
use super::load::Load;
use super::notices::{Level, Notices};
use super::open_series::OpenSeries;
use super::session::{EvidenceKey, PathOf, Room, Session, Sheet};
use super::settings::{Dock, Settings, ThemeChoice};
use super::shortcut::Shortcut;
use super::turn::Turn;
use super::view::View;
use crate::dataset::patients::PatientTables;
use crate::imaging::Slice;
use crate::measure::Kind;
use crate::model::prediction::DeviceChoice;
use crate::review::word::Verdict;
use crate::worker::job::{Mode, Request, RequestId, Response, TestSource};

/// Everything the window shows.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub settings: Settings,
    pub session: Session,
    pub notices: Notices,
    /// Of the settings' keys.
    pub keymap: Keymap,
    last_request: RequestId,
    last_series: u64,
}

impl State {
    /// A state with nothing open. A model and a device that are asked for hold for this run only;
    /// else the settings' are used.
    pub fn new(settings: Settings, model: Option<PathBuf>, device: Option<DeviceChoice>) -> Self {
        let mut state = Self { settings, ..Self::default() };
        state.session.model = model.or_else(|| state.settings.model.clone());
        state.session.device = device.unwrap_or(state.settings.device);
        state.session.room = state.settings.room;
        let review = state.settings.review.as_ref();
        state.session.wanted_review = review.map(|place| (place.source.clone(), Mode::Recall));
        if state.session.wanted_review.is_none() {
            state.session.room = Room::Reading;
        }
        state.read_keys();
        state
    }

    /// Makes the keymap of the settings, and says what of them is left out.
    fn read_keys(&mut self) {
        let (keymap, left_out) = Keymap::of(&self.settings.keys);
        self.keymap = keymap;
        if !left_out.is_empty() {
            let left_out = left_out.join(", ");
            self.say(
                Level::Warning,
                format!("Some keys of the settings are left out: {left_out}; F1 changes keys."),
            );
        }
    }

    /// Asks for the checkpoints there are: those in the weights folder, and the chosen one.
    pub fn list_checkpoints(&mut self) -> Vec<Request> {
        let id = self.next_request();
        self.session.checkpoints = Load::Pending(id);
        vec![Request::ListCheckpoints { id, extra: self.session.model.iter().cloned().collect() }]
    }

    /// Says something that neither a person nor a worker brought up.
    pub fn say(&mut self, level: Level, message: impl Into<String>) {
        self.notices.say(level, message);
    }

    /// Says that the desktop has no dialog to choose files with, and offers to type a path.
    pub fn no_file_dialog(&mut self, of: PathOf) {
        self.say(Level::Warning, "No file dialog is available here; type the path.");
        self.session.sheet = Some(Sheet::EnterPath(of));
    }

    /// Has a test set opened as soon as the checkpoints are known.
    /// Given `tables` say whom its scans show from then on.
    pub fn want_review(&mut self, source: TestSource, tables: PatientTables) {
        if let (TestSource::Folder(folder), true) = (&source, tables != PatientTables::default()) {
            self.settings.patient_tables.insert(folder.clone(), tables);
        }
        self.session.wanted_review = Some((source, Mode::GoOn));
        self.session.room = Room::Review;
    }

    /// Does what a person asked for and says what the workers have to do for it.
    pub fn apply(&mut self, command: Command) -> Vec<Request> {
        match command {
            // The window itself does these: they need the desktop.
            Command::ChooseFiles | Command::Quit => Vec::new(),
            Command::ChooseTestSet
            | Command::FindTestSet
            | Command::ChoosePatients
            | Command::ChooseIndex
            | Command::ExportTable
            | Command::ExportReport
            | Command::ExportMeasurements
            | Command::ExportFigure
            | Command::ChoosePlace(_)
            | Command::CopyPicture
            | Command::WritePicture(_) => Vec::new(),
            Command::Enter(room) => self.enter(room),
            Command::EnterPath => self.show(Some(Sheet::EnterPath(PathOf::Scan))),
            Command::ShowPalette => self.show(Some(Sheet::Palette)),
            Command::ShowKeys => self.show(Some(Sheet::Keys)),
            Command::ShowTags => self.show_tags(),
            Command::EnterWindow => match self.session.shown() {
                Some(_) => self.show(Some(Sheet::Window)),
                None => Vec::new(),
            },
            Command::ShowNotices => self.show(Some(Sheet::Notices)),
            Command::ShowLeftOut => self.show(Some(Sheet::LeftOut)),
            Command::ShowAbout => self.show(Some(Sheet::About)),
            Command::Show(sheet) => self.show(sheet),
            Command::SavePicture => self.show_of_scan(Sheet::Picture),
            Command::SaveCopies => self.show_of_scan(Sheet::Deidentify),
            Command::SetPicture(options) => self.set(|s| s.picture = options),
            Command::WriteCopies(extent, within) => self.write_copies(extent, within),
            Command::StopCopying => self.stop_copying(),
            Command::Cancel => self.cancel(),

            Command::Review(source) => self.review(source, Mode::GoOn),
            Command::SetPatients(path) => self.set_tables(|tables| tables.patients = path),
            Command::SetIndex(path) => self.set_tables(|tables| tables.index = path),
            Command::ReviewDemo => self.review(TestSource::Demo, Mode::GoOn),
            Command::ReviewMoved(folder) => self.review_moved(folder),
            Command::CloseReview => self.close_review(),
            Command::ToggleRoom => self.toggle_room(),
            Command::StopEvaluating => self.stop_evaluating(),
            Command::GoOnEvaluating => self.evaluate_again(Mode::GoOn),
            Command::EvaluateAnew => self.evaluate_again(Mode::Anew),
            Command::CompareWith(checkpoint) => self.compare_with(checkpoint),
            Command::Export(kind, to) => self.export(kind, to),
            Command::SetWithout(without) => self.set_without(without),
            Command::SetShare(share) => self.set(|s| s.share = share),
            Command::ShowFigure(figure) => self.set(|s| s.figure = figure),

            Command::Select(selection) => self.list(|review| review.selection = selection),
            Command::SetFilter(filter) => self.list(|review| review.filter = filter),
            Command::SetOrder(order) => self.list(|review| review.order = order),
            Command::ChooseCase(name) => self.choose_case(name),
            Command::OpenCase(name) => self.open_case(name),
            Command::NextCase => self.step_case(1, false),
            Command::PreviousCase => self.step_case(-1, false),
            Command::NextMistake => self.step_case(1, true),
            Command::PreviousMistake => self.step_case(-1, true),
            Command::OtherModel => self.show_other_model(),
            Command::ExplainTruth => self.explain_truth(),
            Command::Agree => self.say_verdict(Verdict::Agree),
            Command::Dispute => self.say_verdict(Verdict::LabelWrong),
            Command::Unsure => self.say_verdict(Verdict::Unsure),
            Command::Comment(comment) => self.judge(|word| word.comment = comment),
            Command::LookAt(cases) => self.look_at(cases),

            Command::MeasureLength => self.take_tool(Kind::Length),
            Command::MeasureAngle => self.take_tool(Kind::Angle),
            Command::MeasureRectangle => self.take_tool(Kind::Rectangle),
            Command::MeasureEllipse => self.take_tool(Kind::Ellipse),
            Command::PlacePoint(address, point) => self.place_point(address, point),
            Command::LeadPoint(to) => self.lead_point(to),
            Command::SelectMeasurement(measurement) => self.select_measurement(measurement),
            Command::Reshape(shape) => self.reshape(shape),
            Command::LetGo() => self.let_go(),
            Command::DeleteMeasurement => {
                self.delete_measurement(self.session.selected_measurement().cloned())
            }
            Command::DeleteMeasurementOf(gone) => self.delete_measurement(Some(gone)),
            Command::Calibrate => self.ask_calibration(),
            Command::CalibrateTo(mm) => self.calibrate(mm),
            Command::WriteMeasurements(to) => self.export_measurements(to),
            Command::Undo => self.undo(),
            Command::Redo => self.redo(),

            Command::Open(paths) => self.open(paths),
            Command::OpenDemo => self.open_demo(),
            Command::CloseSeries => {
                self.session.grid.current().map_or(Vec::new(), |n| self.close(n))
            }
            Command::CloseSeriesNumbered(number) => self.close(number),
            Command::SelectSeries(number) => self.select_series(number),
            Command::PreviousSeries => self.step_series(-1),
            Command::NextSeries => self.step_series(1),
            Command::OnePane => self.set_grid(1, 1),
            Command::TwoPanes => self.set_grid(1, 2),
            Command::FourPanes => self.set_grid(2, 2),
            Command::NinePanes => self.set_grid(3, 3),
            Command::SetGrid(rows, columns) => self.set_grid(rows, columns),
            Command::ActivatePane(cell) => self.activate_pane(cell),
            Command::TogglePlanes => self.toggle_planes(),
            Command::SetCross(voxel) => self.set_cross(voxel),
            Command::SetPlaneView(plane, view) => self.look(|open| {
                let views = open.planes.as_mut().map(|planes| &mut planes.views);
                if let Some(known) = views.and_then(|views| views.get_mut(plane)) {
                    *known = view;
                }
            }),
            Command::SetLinks(links) => self.set(|s| s.links = links),

            Command::SelectSlice(slice) => self.select_slice(slice),
            Command::PreviousSlice => self.step_slice(-1),
            Command::NextSlice => self.step_slice(1),
            Command::ToggleCine => self.toggle_cine(),
            Command::CineStep() => self.cine_step(),
            Command::SetCine(cine) => self.set(|s| s.cine = cine),
            Command::ClassifyWhole(whole) => self.classify_whole(whole),
            Command::FirstSlice => self.select_slice(0),
            Command::LastSlice => self.select_slice(usize::MAX),

            Command::ZoomIn => self.look(|open| open.view = open.view.zoomed(1.25)),
            Command::ZoomOut => self.look(|open| open.view = open.view.zoomed(0.8)),
            Command::Fit => self.look(OpenSeries::fit),
            Command::ActualSize => self.look(|open| open.view = View::actual_size()),
            Command::SetView(view) => self.look(|open| open.view = view),
            Command::FlipHorizontally => {
                self.look(|open| open.turn = open.turn.flipped_horizontally())
            }
            Command::FlipVertically => self.look(|open| open.turn = open.turn.flipped_vertically()),
            Command::RotateRight => self.look(|open| open.turn = open.turn.rotated_right()),
            Command::RotateLeft => self.look(|open| open.turn = open.turn.rotated_left()),
            Command::Invert => self.look(|open| open.invert = !open.invert),
            Command::ResetView => self.look(|open| {
                open.fit();
                open.invert = false;
                open.turn = Turn::default();
                open.window = open.slice().map(|slice| slice.first_window()).or(open.window);
            }),
            Command::SetWindow(window) => self.look(|open| open.window = Some(window)),
            Command::FirstWindow => self.window_by(Slice::first_window),
            Command::PercentileWindow => {
                self.window_by(|slice| slice.percentile_window(0.02, 0.98))
            }
            Command::BrightWindow => self.window_by(|slice| slice.percentile_window(0.5, 0.995)),
            Command::DarkWindow => self.window_by(|slice| slice.percentile_window(0.0, 0.85)),
            Command::FullWindow => self.window_by(Slice::full_window),

            Command::ToggleOverlay => self.set(|s| s.overlay.on = !s.overlay.on),
            Command::SetOverlay(overlay) => self.set(|s| s.overlay = overlay),
            Command::SelectLayer(name) => self.select_layer(name),
            Command::PreviousLayer => self.step_layer(-1),
            Command::NextLayer => self.step_layer(1),
            Command::TogglePin => match self.session.layer_name().map(str::to_owned) {
                Some(name) => self.toggle_pin(name),
                None => Vec::new(),
            },
            Command::TogglePinOf(name) => self.toggle_pin(name),
            Command::UnpinAll => {
                self.session.pins.clear();
                Vec::new()
            }

            Command::ExplainClass(class) => {
                self.session.class = class;
                self.ask()
            }
            Command::SetTap(tap) => {
                self.settings.tap = tap;
                self.ask()
            }
            Command::SelectModel(path) => {
                self.settings.model = Some(path.clone());
                self.use_model(path)
            }
            Command::SelectDevice(device) => {
                self.settings.device = device;
                self.use_device(device)
            }

            Command::ToggleDocks => self.set(|s| s.docks.hidden = !s.docks.hidden),
            Command::ToggleSeries => self.toggle_dock(Dock::Series),
            Command::ToggleInspector => self.toggle_dock(Dock::Inspector),
            Command::ToggleLayers => self.toggle_dock(Dock::Layers),
            Command::ResizeDock(dock, size) => {
                self.set(|s| s.docks.place_mut(dock).size = Some(size))
            }
            Command::ResizeWindow(size) => self.set(|s| s.window_size = size),
            Command::SetShortcuts(id, shortcuts) => self.set_shortcuts(id, &shortcuts),
            Command::ResetShortcuts() => {
                self.settings.keys.clear();
                self.keymap = Keymap::default();
                Vec::new()
            }
            Command::EnlargeInterface => self.set(|s| s.scale_interface(true)),
            Command::ShrinkInterface => self.set(|s| s.scale_interface(false)),
            Command::ResetInterface => self.set(|s| s.interface_scale = 1.0),
            Command::ToggleNeurological => self.set(|s| s.neurological = !s.neurological),
            Command::TogglePatientText => self.set(|s| s.patient_text = !s.patient_text),
            Command::ToggleTheme => self.set(|s| {
                s.theme = match s.theme {
                    ThemeChoice::Dark => ThemeChoice::Light,
                    ThemeChoice::Light => ThemeChoice::Dark,
                }
            }),
            Command::DismissNotice(id) => {
                self.notices.dismiss(id);
                Vec::new()
            }
            Command::ClearNotices() => {
                self.notices.clear();
                Vec::new()
            }
        }
    }

    /// Takes an answer of the workers in. One that nobody waits for is dropped.
    pub fn receive(&mut self, response: Response) -> Vec<Request> {
        match response {
            Response::Opened { id, result } => {
                let mut requests = self.opened(id, result);
                requests.extend(self.recall_measurements());
                return requests;
            }
            Response::MeasurementsRecalled { id, recalled } => {
                self.measurements_recalled(id, recalled);
            }
            Response::MeasurementsKept { id, home, result } => {
                self.measurements_kept(id, home, result);
            }
            Response::OpenDone { id } => self.open_done(id),
            Response::SliceRead { scan, result } => return self.slice_read(scan, result),
            Response::Checkpoints { id, found, refused } if self.session.checkpoints.awaits(id) => {
                refused.into_iter().for_each(|why| self.say(Level::Warning, why));
                return self.checkpoints_found(found);
            }
            Response::Predicted { id, prediction } if self.session.prediction.awaits(id) => {
                if let Some((open, checkpoint)) =
                    self.session.shown().zip(self.session.model.clone())
                {
                    let scan = open.key();
                    self.session.answers.keep_prediction(scan, checkpoint, prediction.clone());
                }
                self.session.prediction = Load::Ready(prediction);
            }
            Response::Explained { id, evidence } if self.session.evidence.awaits(id) => {
                if let Some((open, checkpoint)) =
                    self.session.shown().zip(self.session.model.clone())
                {
                    let key = EvidenceKey {
                        scan: open.key(),
                        checkpoint,
                        class: evidence.class,
                        tap: evidence.tap,
                    };
                    self.session.keep_stages(&key.checkpoint, &evidence);
                    self.session.answers.keep_evidence(key, evidence.clone());
                }
                self.session.evidence = Load::Ready(evidence);
            }
            Response::OfSeries { id, scan, result } => self.of_series(id, scan, result),
            Response::ClassifyFailed { id, message } => return self.classify_failed(id, message),
            Response::Tags { id, result } if self.session.tags.awaits(id) => {
                self.session.tags = match result {
                    Ok(tags) => Load::Ready(tags),
                    Err(message) => Load::Failed(message),
                };
            }
            Response::Notice { message } => self.say(Level::Warning, message),
            Response::Deidentifying { id, done, total } => self.copied_so_far(id, done, total),
            Response::Deidentified { id, result } => self.copied(id, result),
            of_review @ (Response::ReviewOpened { .. }
            | Response::Evaluating { .. }
            | Response::Evaluated { .. }
            | Response::Figures { .. }
            | Response::WordKept { .. }
            | Response::Thumbnail { .. }
            | Response::Copies { .. }
            | Response::Exported { .. }) => return self.receive_of_review(of_review),
            // Stale.
            Response::Checkpoints { .. }
            | Response::Tags { .. }
            | Response::Predicted { .. }
            | Response::Explained { .. } => {}
        }
        Vec::new()
    }

    fn next_request(&mut self) -> RequestId {
        self.last_request += 1;
        self.last_request
    }

    fn show(&mut self, sheet: Option<Sheet>) -> Vec<Request> {
        // The command that opened a sheet closes it, too.
        self.session.sheet = if self.session.sheet == sheet { None } else { sheet };
        self.session.tags = Load::Idle;
        Vec::new()
    }

    fn show_tags(&mut self) -> Vec<Request> {
        let Some(source) = self.session.shown().map(OpenSeries::source) else { return Vec::new() };
        self.show(Some(Sheet::Tags));
        if self.session.sheet != Some(Sheet::Tags) {
            return Vec::new();
        }
        let id = self.next_request();
        self.session.tags = Load::Pending(id);
        vec![Request::ReadTags { id, source }]
    }

    fn cancel(&mut self) -> Vec<Request> {
        if self.session.sheet.take().is_some() {
            self.session.tags = Load::Idle;
            return Vec::new();
        }
        if self.session.room == Room::Reading && self.session.measuring.leave_off() {
            return Vec::new();
        }
        if self.session.room == Room::Reading && self.session.case_at_hand().is_some() {
            return self.enter(Room::Review);
        }
        let Some(up_to) = self.session.opening.iter().map(|opening| opening.id).max() else {
            return Vec::new();
        };
        self.session.opening.clear();
        self.say(Level::Info, "Opening was cancelled.");
        vec![Request::StopOpening { up_to }]
    }

    fn set(&mut self, change: impl FnOnce(&mut Settings)) -> Vec<Request> {
        change(&mut self.settings);
        Vec::new()
    }

    fn set_shortcuts(&mut self, id: &str, shortcuts: &[Shortcut]) -> Vec<Request> {
        if let Some(entry) = Entry::by_id(id) {
            keymap::give(&mut self.settings.keys, entry, shortcuts);
            self.keymap = Keymap::of(&self.settings.keys).0;
        }
        Vec::new()
    }

    fn toggle_dock(&mut self, dock: Dock) -> Vec<Request> {
        let docks = &mut self.settings.docks;
        let shown = docks.shows(dock);
        docks.place_mut(dock).shown = !shown;
        docks.hidden &= shown;
        Vec::new()
    }

    fn select_layer(&mut self, name: String) -> Vec<Request> {
        self.session.layer = Some(name);
        self.set(|s| s.overlay.on = true)
    }

    fn step_layer(&mut self, by: isize) -> Vec<Request> {
        let Some(index) = self.session.layer_index() else {
            return Vec::new();
        };
        let layers = self.session.layers();
        let index = index.saturating_add_signed(by).min(layers.len() - 1);
        let name = layers[index].clone();
        self.select_layer(name)
    }

    fn toggle_pin(&mut self, name: String) -> Vec<Request> {
        let pins = &mut self.session.pins;
        match pins.iter().position(|pin| *pin == name) {
            Some(index) => _ = pins.remove(index),
            None if self.session.layers().contains(&name) => self.session.pins.push(name),
            None => {}
        }
        Vec::new()
    }
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;

#[cfg(test)]
mod made_up;

#[cfg(test)]
mod display_tests;

#[cfg(test)]
mod measurement_tests;

#[cfg(test)]
mod reading_tests;

#[cfg(test)]
mod review_tests;
