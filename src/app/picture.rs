//! Pictures of the window: drawn off screen, or taken of a real one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use image::RgbaImage;

use super::{App, Start, Wake, Workers, open_window};
use crate::state::{Command, Level, State};
use crate::ui::offscreen::Offscreen;

/// A picture of the window, and what it does not show for itself.
pub struct Picture {
    pub image: RgbaImage,
    /// Whether everything that was asked for had been answered.
    pub settled: bool,
    /// What the window had to complain of; sentences for people.
    pub errors: Vec<String>,
}

impl Picture {
    fn of(app: &App, image: RgbaImage) -> Self {
        let notices = app.state.notices.history().iter();
        let errors = notices.filter(|notice| notice.level == Level::Error);
        Self {
            image,
            settled: app.state.session.is_settled(),
            errors: errors.map(|notice| notice.message.clone()).collect(),
        }
    }
}

/// Draws the window off screen: with its scan, probabilities and maps, once they are there or
/// have failed, or as far as they are after `patience`.
pub fn screenshot(
    start: Start,
    workers: Box<dyn Workers>,
    [width, height]: [u32; 2],
    pixels_per_point: f32,
    patience: Duration,
) -> Picture {
    let mut studio = Studio::new(start, workers, [width, height], pixels_per_point);
    studio.settle(patience);
    studio.picture()
}

/// The window off screen, for one picture after another.
pub struct Studio {
    screen: Offscreen,
    app: App,
}

impl Studio {
    /// A window of so many pixels.
    pub fn new(
        start: Start,
        workers: Box<dyn Workers>,
        [width, height]: [u32; 2],
        pixels_per_point: f32,
    ) -> Self {
        let screen = Offscreen::new(width, height, pixels_per_point);
        let app = App::new(screen.context(), workers, start);
        Self { screen, app }
    }

    /// Does what a person could ask for.
    pub fn apply(&mut self, command: Command) {
        self.app.apply(command);
    }

    /// What the window knows.
    pub fn state(&self) -> &State {
        &self.app.state
    }

    /// Draws until everything that is asked for, small pictures of what is in sight among it, is
    /// there, or has failed, or `patience` is at its end.
    pub fn settle(&mut self, patience: Duration) {
        let began = Instant::now();
        loop {
            self.app.receive(self.screen.context());
            if self.app.state.session.is_settled() {
                self.screen.settle(120, |ui| self.app.show(ui));
            }
            if self.app.state.session.is_settled() || began.elapsed() > patience {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.screen.settle(120, |ui| self.app.show(ui));
    }

    /// One frame as a real window has it: answers are taken in, everything is laid out and made into
    /// triangles; only the graphics card's part is left out.
    pub fn frame(&mut self, events: Vec<egui::Event>) {
        self.screen.frame(events, |ui| self.app.show(ui));
        self.screen.tessellate();
    }

    /// The last frame.
    pub fn picture(&mut self) -> Picture {
        Picture::of(&self.app, self.screen.image())
    }
}

/// Opens a real window of `size` points, takes a picture of it as [`screenshot`] does, and closes it.
///
/// # Errors
/// When there is no display, or no OpenGL on it.
pub fn photograph(
    start: Start,
    connect: impl FnOnce(Wake) -> Box<dyn Workers> + 'static,
    [width, height]: [u32; 2],
    patience: Duration,
) -> eframe::Result<Option<Picture>> {
    let picture = Arc::new(Mutex::new(None));
    let taken = Arc::clone(&picture);
    open_window([width as f32, height as f32], move |ctx| {
        let waker = ctx.clone();
        let app = App::new(ctx, connect(Box::new(move || waker.request_repaint())), start);
        Box::new(Camera { app, until: Instant::now() + patience, calm: 0, taken })
    })?;
    let picture = picture.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(picture)
}

/// Shows the window until it has come to rest, takes a picture, and closes it.
struct Camera {
    app: App,
    until: Instant,
    /// Frames since everything was there.
    calm: u32,
    taken: Arc<Mutex<Option<Picture>>>,
}

impl Camera {
    /// Layout takes a few frames to settle; thumbnails come with it.
    const CALM: u32 = 30;
}

impl eframe::App for Camera {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.app.show(ui);
        let ready = self.app.state.session.is_settled() || Instant::now() > self.until;
        self.calm += u32::from(ready);
        if self.calm == Self::CALM {
            let said = Picture::of(&self.app, RgbaImage::default());
            let (taken, ctx) = (Arc::clone(&self.taken), ui.ctx().clone());
            ui.ctx().request_screenshot(move |shot| {
                let [width, height] = shot.size.map(|side| side as u32);
                let bytes = shot.pixels.iter().flat_map(|pixel| pixel.to_array()).collect();
                let image = RgbaImage::from_raw(width, height, bytes);
                let picture = image.map(|image| Picture { image, ..said });
                *taken.lock().unwrap_or_else(PoisonError::into_inner) = picture;
                ctx.send_viewport_cmd(egui::ViewportCommand::Close);
            });
        }
        ui.ctx().request_repaint();
    }
}
