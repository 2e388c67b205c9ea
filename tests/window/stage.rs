//! A window of 1280×720 over made-up workers, for tests to drive.

use std::path::{Path, PathBuf};

use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use mrimaster::app::{App, Start};
use mrimaster::imaging::Series;
use mrimaster::worker::job::Response;

use super::fake::{Asked, Fake, Through};

/// The window, and what it asked of the workers.
pub struct Window {
    pub harness: Harness<'static, Option<App>>,
    pub asked: Asked,
}

impl Window {
    /// A window over workers that open files with `open`, where `through` decides what becomes of
    /// their answers. Not settled: what waits never rests.
    pub fn stage(
        start: Start,
        open: fn(&Path) -> Result<Series, String>,
        through: impl Fn(Response) -> Option<Response> + 'static,
    ) -> Self {
        let (workers, asked) = Fake::new(open);
        let workers = Box::new(Through(workers, through));
        let mut begin = Some((workers, start));
        let harness = Harness::builder().with_size(vec2(1280.0, 720.0)).build_ui_state(
            move |ui, app: &mut Option<App>| {
                let app = app.get_or_insert_with(|| {
                    let (workers, start) = begin.take().expect("made once");
                    App::new(ui.ctx(), workers, start)
                });
                app.show(ui);
            },
            None,
        );
        let mut window = Self { harness, asked };
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

    pub fn shows(&self, part_of_label: &str) -> bool {
        self.harness.query_all_by_label_contains(part_of_label).next().is_some()
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
