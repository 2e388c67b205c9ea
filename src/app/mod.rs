//! The program with a window: takes the workers' answers in, draws, then applies what was asked for.

mod picture;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

pub use picture::{photograph, screenshot};

use crate::model::prediction::DeviceChoice;
use crate::state::{Command, Level, Settings, State};
use crate::ui::textures::Textures;
use crate::ui::{self, Screen, theme};
use crate::worker::job::{Request, Response};

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
    /// A checkpoint to classify with; else the last one used.
    pub model: Option<PathBuf>,
    /// Where to run it; else as the settings say.
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
    dialog: Option<Receiver<Vec<PathBuf>>>,
    settings: Option<PathBuf>,
    saved: Settings,
    /// Whether a scan has been drawn yet.
    seen: bool,
    /// When changed settings are written, in the context's time.
    save_at: Option<f64>,
}

impl App {
    /// Sends the first requests: the scans to open first, so that they are seen at once.
    pub fn new(ctx: &egui::Context, workers: Box<dyn Workers>, start: Start) -> Self {
        theme::install(ctx);
        let (mut settings, trouble) = match &start.settings {
            Some(path) => Settings::read(path),
            None => (Settings::default(), None),
        };
        let saved = settings.clone();
        if let Some(model) = &start.model {
            settings.model = Some(model.clone());
        }
        settings.device = start.device.unwrap_or(settings.device);
        let mut state = State::new(settings);
        if let Some(message) = trouble {
            state.notices.say(Level::Warning, message);
        }
        let mut requests = state.apply(Command::Open(start.paths));
        if start.demo {
            requests.extend(state.apply(Command::OpenDemo));
        }
        requests.extend(state.list_checkpoints(start.model.into_iter().collect()));
        requests.into_iter().for_each(|request| workers.send(request));
        Self {
            state,
            textures: Textures::default(),
            workers,
            dialog: None,
            settings: start.settings,
            saved,
            seen: false,
            save_at: None,
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
        self.receive();
        theme::choose(ui.ctx(), self.state.settings.theme);
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
        if !dropped.is_empty() {
            commands.push(Command::Open(dropped));
        }
        if let Some(paths) = self.chosen_files() {
            commands.push(Command::Open(paths));
        }
        if !commands.is_empty() {
            // They are applied after the frame that asked for them: another one shows the outcome.
            ui.ctx().request_repaint();
        }
        for command in commands {
            match command {
                Command::ChooseFiles => self.choose_files(ui.ctx()),
                Command::Quit => ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close),
                command => self.apply(command),
            }
        }
        self.save_soon(ui);
    }

    fn receive(&mut self) {
        while let Some(response) = self.workers.try_recv() {
            let requests = self.state.receive(response);
            requests.into_iter().for_each(|request| self.workers.send(request));
        }
    }

    /// Asks the desktop for files, on a thread: the window goes on meanwhile.
    fn choose_files(&mut self, ctx: &egui::Context) {
        if self.dialog.is_some() {
            return;
        }
        let (sender, receiver) = channel();
        let ctx = ctx.clone();
        let ask = move || {
            let title = "Open scans";
            let files = rfd::FileDialog::new().set_title(title).pick_files().unwrap_or_default();
            // The window may be gone by now.
            _ = sender.send(files);
            ctx.request_repaint();
        };
        match std::thread::Builder::new().name("file dialog".into()).spawn(ask) {
            Ok(_) => self.dialog = Some(receiver),
            Err(error) => {
                let message = format!("No file dialog could be opened ({error}); use Open path.");
                self.state.notices.say(Level::Error, message);
            }
        }
    }

    fn chosen_files(&mut self) -> Option<Vec<PathBuf>> {
        match self.dialog.as_ref()?.try_recv() {
            Err(TryRecvError::Empty) => None,
            answer => {
                self.dialog = None;
                answer.ok().filter(|paths| !paths.is_empty())
            }
        }
    }

    /// Writes changed settings once they have been left alone for a second.
    fn save_soon(&mut self, ui: &egui::Ui) {
        const REST: f64 = 1.0;
        if self.settings.is_none() || self.state.settings == self.saved {
            return;
        }
        let now = ui.input(|input| input.time);
        match self.save_at {
            Some(at) if now >= at => self.save(),
            Some(_) => {}
            None => {
                self.save_at = Some(now + REST);
                ui.ctx().request_repaint_after_secs(REST as f32);
            }
        }
    }

    fn save(&mut self) {
        self.save_at = None;
        let Some(path) = &self.settings else { return };
        if self.state.settings == self.saved {
            return;
        }
        // What could not be written now would not be written in the next frame either.
        self.saved = self.state.settings.clone();
        if let Err(error) = self.saved.write(path) {
            let path = path.display();
            let message = format!("{path}: the settings could not be written ({error})");
            self.state.notices.say(Level::Warning, message);
        }
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let size = ui.ctx().content_rect().size();
        if [size.x, size.y] != self.state.settings.window_size {
            self.apply(Command::ResizeWindow([size.x, size.y]));
        }
        self.show(ui);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.save();
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
