//! A window of 1280×720 over made-up workers, for tests to drive.

use std::path::{Path, PathBuf};

use egui::{Key, Modifiers, Pos2, Rect, Shape, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use mrimaster::app::{App, Start};
use mrimaster::imaging::Series;
use mrimaster::state::OpenSeries;
use mrimaster::worker::job::Response;

use super::fake::{Answers, Asked, Fake, Through};

/// Seconds from frame to frame, unless a test asks for others.
const STEP: f32 = 0.25;

/// The window, and what it asked of the workers.
pub struct Window {
    pub harness: Harness<'static, Option<App>>,
    pub asked: Asked,
    answers: Answers,
}

impl Window {
    /// A window over workers that open files with `open`, where `through` decides what becomes of
    /// their answers. Not settled: what waits never rests.
    pub fn stage(
        start: Start,
        open: fn(&Path) -> Result<Series, String>,
        through: impl Fn(Response) -> Option<Response> + 'static,
    ) -> Self {
        Self::stage_by(STEP, start, open, through)
    }

    /// The same, with so many seconds from frame to frame.
    pub fn stage_by(
        step: f32,
        start: Start,
        open: fn(&Path) -> Result<Series, String>,
        through: impl Fn(Response) -> Option<Response> + 'static,
    ) -> Self {
        let (workers, asked) = Fake::new(open);
        let answers = workers.answers.clone();
        let workers = Box::new(Through(workers, through));
        let mut begin = Some((workers, start));
        let builder = Harness::builder().with_size(vec2(1280.0, 720.0)).with_step_dt(step);
        let harness = builder.build_ui_state(
            move |ui, app: &mut Option<App>| {
                let app = app.get_or_insert_with(|| {
                    let (workers, start) = begin.take().expect("made once");
                    App::new(ui.ctx(), workers, start)
                });
                app.show(ui);
            },
            None,
        );
        let mut window = Self { harness, asked, answers };
        window.harness.run_steps(4);
        window
    }

    pub fn settle(&mut self) {
        self.harness.run_ok();
    }

    pub fn app(&mut self) -> &mut App {
        self.harness.state_mut().as_mut().expect("it was drawn")
    }

    pub fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.settle();
    }

    pub fn press(&mut self, key: Key) {
        self.harness.key_press(key);
        self.settle();
    }

    #[allow(dead_code)] // Not every test of a window holds a key down.
    pub fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// The workers answer without being asked just now.
    #[allow(dead_code)] // Most tests have all their answers at once.
    pub fn answer(&mut self, response: Response) {
        self.answers.borrow_mut().push_back(response);
        self.settle();
    }

    pub fn shows(&self, part_of_label: &str) -> bool {
        self.harness.query_all_by_label_contains(part_of_label).next().is_some()
    }
}

/// What tests of the scan itself need.
#[allow(dead_code)] // Not every test looks at panes.
impl Window {
    /// The series in the active pane.
    pub fn shown(&mut self) -> OpenSeries {
        self.app().state().session.shown().expect("a series is shown").clone()
    }

    /// A pane, by the beginning of its label.
    pub fn pane(&self, label: &str) -> Rect {
        self.harness.get_by_label_contains(label).rect()
    }

    pub fn click_on(&mut self, at: Pos2) {
        self.harness.hover_at(at);
        self.harness.step();
        self.harness.drag_at(at);
        self.harness.step();
        self.harness.drop_at(at);
        self.settle();
    }

    /// Turns the wheel over a point, upwards positive.
    pub fn turn_wheel(&mut self, at: Pos2, lines: f32, modifiers: Modifiers) {
        self.harness.hover_at(at);
        self.settle();
        self.harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Line,
            delta: vec2(0.0, lines),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers,
        });
        self.settle();
    }

    /// Where a text is painted that is no widget of its own.
    pub fn painted(&self, text: &str) -> Vec<Pos2> {
        fn find(shape: &Shape, text: &str, found: &mut Vec<Pos2>) {
            match shape {
                Shape::Vec(shapes) => shapes.iter().for_each(|shape| find(shape, text, found)),
                Shape::Text(painted) if painted.galley.text() == text => {
                    found.push(shape.visual_bounding_rect().center());
                }
                _ => {}
            }
        }
        let mut found = Vec::new();
        let shapes = &self.harness.output().shapes;
        shapes.iter().for_each(|clipped| find(&clipped.shape, text, &mut found));
        found
    }
}

/// A file or folder that is dropped on the window.
#[derive(Debug)]
pub struct Dropped(pub PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("nobody reads it here".into())
    }
}
