//! The program with a window: takes the workers' answers in, draws, then applies what was asked for.

mod file_dialog;
mod keeper;
mod picture;
mod scan_picture;

use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use picture::{Picture, Studio, photograph, screenshot};

use file_dialog::{Answer, FileDialog};
use keeper::Keeper;
use scan_picture::{Goal, Pictures};

use crate::dataset::patients::PatientTables;
use crate::model::prediction::DeviceChoice;
use crate::state::{Command, Level, PathOf, Room, Settings, State};
use crate::ui::textures::Textures;
use crate::ui::{self, Screen, theme};
use crate::worker::job::{ExportKind, Request, Response, TestSource};

/// The threads that read files and own the model, as the window sees them. Neither call waits.
pub trait Workers {
    /// Hands work over.
    fn send(&self, request: Request);
    /// The next answer, if one is here.
    fn try_recv(&self) -> Option<Response>;
}

impl Workers for crate::worker::Workers {
    fn send(&self, request: Request) {
        self.send(request);
    }

    fn try_recv(&self) -> Option<Response> {
        self.try_recv()
    }
}

/// Wakes the window; workers call it after an answer is ready to be received.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// What the window begins with.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Scans to open.
    pub paths: Vec<PathBuf>,
    /// Whether to open the demo study.
    pub demo: bool,
    /// A test set to review.
    pub review: Option<TestSource>,
    /// Whom its scans show.
    pub tables: PatientTables,
    /// A checkpoint to classify with in this run; else the one chosen last.
    pub model: Option<PathBuf>,
    /// Where to run it in this run; else as the settings say.
    pub device: Option<DeviceChoice>,
    /// Where settings are kept; without it they are the defaults and are not kept.
    pub settings: Option<PathBuf>,
}

/// The place of the settings: `MRIMASTER_CONFIG`, else the folder the system has for them.
pub fn settings_file() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("MRIMASTER_CONFIG") {
        return Some(path.into());
    }
    let folders = directories::ProjectDirs::from("", "", "mrimaster")?;
    Some(folders.config_dir().join("settings.json"))
}

/// The window's contents; drawn by eframe, by tests and off screen alike.
pub struct App {
    state: State,
    textures: Textures,
    workers: Box<dyn Workers>,
    dialog: FileDialog,
    pictures: Pictures,
    keeper: Keeper,
    /// Whether a scan has been drawn yet.
    seen: bool,
}

impl App {
    /// Sends the first requests: the scans to open first, so that they are seen at once.
    pub fn new(ctx: &egui::Context, workers: Box<dyn Workers>, start: Start) -> Self {
        theme::install(ctx);
        // The interface's size is a setting of ours, with keys of its own.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let (settings, trouble) = match &start.settings {
            Some(path) => Settings::read(path),
            None => (Settings::default(), None),
        };
        let keeper = Keeper::new(ctx, start.settings, settings.clone());
        let mut state = State::new(settings, start.model, start.device);
        if let Some(message) = trouble {
            state.say(Level::Warning, message);
        }
        if start.demo || !start.paths.is_empty() {
            // Whoever names a scan wants to see it first.
            state.apply(Command::Enter(Room::Reading));
        }
        if let Some(source) = start.review {
            state.want_review(source, start.tables);
        }
        let mut requests = state.apply(Command::Open(start.paths));
        if start.demo {
            requests.extend(state.apply(Command::OpenDemo));
        }
        requests.extend(state.list_checkpoints());
        requests.into_iter().for_each(|request| workers.send(request));
        Self {
            state,
            textures: Textures::default(),
            workers,
            dialog: FileDialog::default(),
            pictures: Pictures::default(),
            keeper,
            seen: false,
        }
    }

    /// What the window knows.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Does what a person could ask for, between two frames.
    pub fn apply(&mut self, command: Command) {
        let requests = self.state.apply(command);
        requests.into_iter().for_each(|request| self.workers.send(request));
    }

    /// One frame.
    pub fn show(&mut self, ui: &mut egui::Ui) {
        self.receive(ui.ctx());
        theme::choose(ui.ctx(), self.state.settings.theme);
        ui.ctx().set_zoom_factor(self.state.settings.interface_scale);
        let dropped: Vec<PathBuf> = ui.input(|input| {
            input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect()
        });
        let mut screen = Screen::new(&self.state, &mut self.textures);
        ui::show(ui, &mut screen);
        let mut commands = screen.commands;
        self.textures.end_pass();
        if !self.seen && self.state.session.shown().is_some() {
            self.seen = true;
            log::info!("the first scan is drawn");
        }
        match dropped.as_slice() {
            [] => {}
            // A folder of folders is a test set; a folder of slices is a series.
            [folder] if self.state.session.room == Room::Review && folder.is_dir() => {
                commands.push(Command::Review(TestSource::Folder(folder.clone())));
            }
            _ => commands.push(Command::Open(dropped)),
        }
        if !commands.is_empty() {
            // They are applied after the frame that asked for them: another one shows the outcome.
            ui.ctx().request_repaint();
        }
        for command in commands {
            self.carry_out(ui.ctx(), command);
        }
        self.keeper.watch(ui.ctx(), &self.state.settings);
    }

    /// Does what a person asked for: what needs the desktop here, everything else in the state.
    fn carry_out(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::ChooseFiles => self.dialog.open(ctx, PathOf::Scan),
            Command::ChooseTestSet => self.dialog.open(ctx, PathOf::TestSet),
            Command::ChoosePatients => self.dialog.open(ctx, PathOf::Patients),
            Command::ChooseIndex => self.dialog.open(ctx, PathOf::Index),
            Command::FindTestSet => self.dialog.open(ctx, PathOf::MovedTestSet),
            Command::ExportTable => self.dialog.open(ctx, PathOf::Export(ExportKind::Csv)),
            Command::ExportMeasurements => self.dialog.open(ctx, PathOf::Measurements),
            Command::ExportReport => self.dialog.open(ctx, PathOf::Export(ExportKind::Html)),
            Command::ExportFigure => {
                let figure = ExportKind::Figure(self.state.settings.figure);
                self.dialog.open(ctx, PathOf::Export(figure));
            }
            Command::ChoosePlace(of) => self.dialog.open(ctx, of),
            Command::CopyPicture => self.make_picture(ctx, Goal::Clipboard),
            Command::WritePicture(path) => self.make_picture(ctx, Goal::File(path)),
            Command::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            command => self.apply(command),
        }
    }

    fn make_picture(&mut self, ctx: &egui::Context, goal: Goal) {
        if let Err(message) = self.pictures.make(ctx, &self.state, goal) {
            self.state.say(Level::Warning, message);
        }
    }

    /// Takes in what the workers, the file dialog and the disk answered. Answers that would hold
    /// the frame up are left for the next one.
    fn receive(&mut self, ctx: &egui::Context) {
        const BUDGET: Duration = Duration::from_millis(8);
        match self.dialog.answer() {
            Some((PathOf::Scan, Answer::Chosen(paths))) => self.apply(Command::Open(paths)),
            Some((of, Answer::Chosen(paths))) => {
                paths.into_iter().for_each(|path| self.carry_out(ctx, ui::command_for(of, path)));
            }
            Some((of, Answer::Missing)) => self.state.no_file_dialog(of),
            None => {}
        }
        self.pictures.receive(ctx, &mut self.state);
        if let Some(message) = self.keeper.failure() {
            self.state.say(Level::Warning, message);
        }
        let began = Instant::now();
        while let Some(response) = self.workers.try_recv() {
            let requests = self.state.receive(response);
            requests.into_iter().for_each(|request| self.workers.send(request));
            if began.elapsed() > BUDGET {
                ctx.request_repaint();
                break;
            }
        }
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        // In points of the screen, whatever the interface's size.
        let size = ui.ctx().content_rect().size() * ui.ctx().zoom_factor();
        if [size.x, size.y] != self.state.settings.window_size {
            self.apply(Command::ResizeWindow([size.x, size.y]));
        }
        self.show(ui);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.keeper.finish(&self.state.settings);
    }
}

/// Opens the window and runs until it is closed. `connect` starts the workers.
///
/// # Errors
/// When there is no display, or no OpenGL on it.
pub fn run(
    start: Start,
    connect: impl FnOnce(Wake) -> Box<dyn Workers> + 'static,
) -> eframe::Result<()> {
    let size = start.settings.as_deref().map(Settings::read).unwrap_or_default().0.window_size;
    open_window(size, move |ctx| {
        let waker = ctx.clone();
        Box::new(App::new(ctx, connect(Box::new(move || waker.request_repaint())), start))
    })
}

/// Opens a window of `size` points on what `create` makes.
fn open_window(
    size: [f32; 2],
    create: impl FnOnce(&egui::Context) -> Box<dyn eframe::App> + 'static,
) -> eframe::Result<()> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("MRIMaster")
        .with_app_id("mrimaster")
        .with_icon(ui::icon::icon())
        .with_inner_size(size)
        .with_min_inner_size([800.0, 500.0])
        .with_drag_and_drop(true);
    let options = eframe::NativeOptions { viewport, ..Default::default() };
    eframe::run_native("MRIMaster", options, Box::new(move |cc| Ok(create(&cc.egui_ctx))))
}
