//! Measurements as a hand makes them: drawn on the scan, read in the list.

#[path = "window/fake.rs"]
#[allow(dead_code)]
mod fake;
#[path = "window/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::path::Path;
use std::sync::Arc;

use egui::{Key, Modifiers, Pos2, Rect, pos2, vec2};
use egui_kittest::kittest::Queryable;
use fake::rings;
use mrimaster::app::Start;
use mrimaster::imaging::{Series, Spacing};
use mrimaster::state::Command;
use stage::Window;

/// Slices of 64×64 pixels: "mm" in the name has rows 2 mm and columns 1 mm apart, else nothing is
/// known.
fn open(path: &Path) -> Result<Series, String> {
    let name = path.to_string_lossy();
    let mut series = rings(&name, if name.ends_with(".nii") { 5 } else { 1 });
    if name.contains("mm") {
        for slice in &mut series.slices {
            let spacing = Spacing { row_mm: 2.0, column_mm: 1.0, slice_mm: None };
            Arc::make_mut(slice).spacing = Some(spacing);
        }
    }
    Ok(series)
}

impl Window {
    fn new(path: &str) -> Self {
        let start = Start { paths: vec![path.into()], ..Start::default() };
        let mut window = Self::stage(start, open, Some);
        window.settle();
        window
    }

    /// Where a place on the unturned scan is on the screen.
    fn at(&self, [x, y]: [f32; 2]) -> Pos2 {
        let scan = self.harness.get_by_label_contains("scan ").rect();
        let tall = if self.shows("scan mm") { 2.0 } else { 1.0 };
        let room = scan.shrink(6.0);
        let scale = (room.width() / 64.0).min(room.height() / (64.0 * tall));
        let image = Rect::from_center_size(scan.center(), vec2(64.0, 64.0 * tall) * scale);
        pos2(image.min.x + x * scale, image.min.y + y * tall * scale)
    }

    fn drag(&mut self, from: [f32; 2], to: [f32; 2]) {
        let (from, to) = (self.at(from), self.at(to));
        self.harness.hover_at(from);
        self.harness.step();
        self.harness.drag_at(from);
        self.harness.step();
        self.harness.hover_at(from + (to - from) * 0.5);
        self.harness.step();
        self.harness.hover_at(to);
        self.harness.step();
        self.harness.drop_at(to);
        self.settle();
    }

    fn click_at(&mut self, at: [f32; 2]) {
        let at = self.at(at);
        self.harness.hover_at(at);
        self.harness.step();
        self.harness.drag_at(at);
        self.harness.step();
        self.harness.drop_at(at);
        self.settle();
    }

    fn press_ctrl(&mut self, key: Key) {
        self.harness.key_press_modifiers(Modifiers::COMMAND, key);
        self.settle();
    }

    fn width(&mut self) -> f32 {
        self.app().state().session.shown().unwrap().window.width
    }
}

#[test]
fn a_drag_draws_a_length_in_pixels_where_nothing_else_is_known() {
    let mut window = Window::new("scan.png");
    let before = window.width();
    window.press(Key::D);
    window.drag([10.0, 10.0], [40.0, 50.0]);
    assert!(window.shows("Length 50.0 px"));
    assert!(!window.shows(" mm"));
    assert_eq!(window.width(), before, "the left button draws");
    window.press(Key::Escape);
    window.drag([50.0, 20.0], [60.0, 20.0]);
    assert_ne!(window.width(), before, "without a tool it windows");
    assert!(window.shows("Length 50.0 px"));
}

#[test]
fn clicks_draw_too_and_an_angle_takes_three() {
    let mut window = Window::new("mm.png");
    window.press(Key::D);
    window.click_at([10.0, 10.0]);
    assert!(!window.shows("delete Length"), "it is not whole");
    window.click_at([40.0, 30.0]);
    assert!(window.shows("Length 50.0 mm"), "30 columns of 1 mm, 20 rows of 2 mm");
    window.press(Key::A);
    for point in [[50.0, 50.0], [20.0, 50.0], [50.0, 35.0]] {
        window.click_at(point);
    }
    assert!(window.shows("Angle 45.0°"), "of the patient, not of the pixels");
}

#[test]
fn regions_say_area_and_mean() {
    let mut window = Window::new("mm.png");
    window.press(Key::E);
    window.drag([20.0, 20.0], [40.0, 30.0]);
    assert!(window.shows("Ellipse 314.2 mm², mean "));
    window.press(Key::Q);
    window.drag([1.0, 0.5], [61.0, 2.5]);
    assert!(window.shows("Rectangle 240.0 mm², mean 0"), "the edge of the scan is black");
}

#[test]
fn a_shape_is_moved_whole_or_by_a_point_and_the_keys_take_it_back() {
    let mut window = Window::new("scan.png");
    window.press(Key::D);
    window.drag([10.0, 30.0], [40.0, 30.0]);
    window.press(Key::Escape);
    window.drag([40.0, 30.0], [50.0, 30.0]);
    assert!(window.shows("Length 40.0 px"), "by its end");
    window.drag([30.0, 30.0], [30.0, 45.0]);
    assert!(window.shows("Length 40.0 px"), "as a whole");
    let line = |window: &mut Window| {
        let session = &window.app().state().session;
        session.selected_measurement().map(|found| found.shape.points.clone())
    };
    let y = line(&mut window).expect("it is selected")[0][1];
    assert!((y - 45.0).abs() < 0.5, "{y}");
    window.press_ctrl(Key::Z);
    window.press_ctrl(Key::Z);
    assert!(window.shows("Length 30.0 px"));
    window.press_ctrl(Key::Y);
    assert!(window.shows("Length 40.0 px"));
    window.press(Key::Delete);
    assert!(!window.shows("delete Length"));
    window.press_ctrl(Key::Z);
    assert!(window.shows("Length 40.0 px"));
    window.click("delete Length 40.0 px, slice 1");
    assert!(!window.shows("delete Length"));
}

#[test]
fn shapes_lie_where_they_were_drawn_when_the_scan_is_turned() {
    let mut window = Window::new("mm.png");
    window.app().apply(Command::RotateRight);
    window.settle();
    // Along a row of the screen are the columns of the scan, whose pixels are 2 mm high.
    let scan = window.harness.get_by_label_contains("scan ").rect();
    let scale = (scan.shrink(6.0).width() / 128.0).min(scan.shrink(6.0).height() / 64.0);
    let from = scan.center() - vec2(20.0 * scale, 0.0);
    let to = scan.center() + vec2(20.0 * scale, 0.0);
    window.press(Key::D);
    for at in [from, to] {
        window.harness.hover_at(at);
        window.harness.step();
        window.harness.drag_at(at);
        window.harness.step();
        window.harness.drop_at(at);
        window.settle();
    }
    assert!(window.shows("Length 40.0 mm"));
    let shape = window.app().state().session.selected_measurement().unwrap().shape.clone();
    let [a, b] = [shape.points[0], shape.points[1]];
    assert!((a[0] - 32.0).abs() < 0.1 && (b[0] - 32.0).abs() < 0.1, "{shape:?}");
    assert!((a[1] - 42.0).abs() < 0.1 && (b[1] - 22.0).abs() < 0.1, "{shape:?}");
    // It is taken hold of where it is seen.
    window.press(Key::Escape);
    window.press(Key::Escape);
    assert!(window.app().state().session.selected_measurement().is_none());
    window.harness.hover_at(scan.center());
    window.harness.step();
    window.harness.drag_at(scan.center());
    window.harness.step();
    window.harness.drop_at(scan.center());
    window.settle();
    assert!(window.app().state().session.selected_measurement().is_some());
}

#[test]
fn a_known_length_calibrates_the_series() {
    let mut window = Window::new("scan.nii");
    window.press(Key::D);
    window.drag([10.0, 10.0], [40.0, 10.0]);
    window.click("Measure");
    let item = window.harness.get_by_label_contains("Calibrate…").rect().center();
    window.harness.hover_at(item);
    window.harness.get_by_label_contains("Calibrate…").click();
    window.settle();
    window.harness.get_by_label("Length in mm").type_text("60");
    window.settle();
    window.press(Key::Enter);
    assert!(window.shows("Length 60.0 mm") && window.shows("Calibrated by hand"));
    window.press(Key::ArrowDown);
    window.drag([10.0, 10.0], [10.0, 20.0]);
    assert!(window.shows("Length 20.0 mm"), "on its other slices, too");
    window.click("Forget");
    assert!(window.shows("Length 30.0 px") && !window.shows("Calibrated by hand"));
    window.press_ctrl(Key::Z);
    assert!(window.shows("Length 60.0 mm"));
}

#[test]
fn the_list_goes_to_the_slice_of_a_measurement() {
    let mut window = Window::new("scan.nii");
    window.press(Key::D);
    window.drag([10.0, 10.0], [40.0, 10.0]);
    window.press(Key::Home);
    assert!(window.shows("slice 1 of 5") && window.shows("Length 30.0 px"));
    let row = window.harness.get_all_by_label_contains("Length 30.0 px").next().expect("a row");
    row.click();
    window.settle();
    assert!(window.shows("slice 3 of 5"));
    assert!(window.app().state().session.selected_measurement().is_some());
}

#[test]
fn a_click_beside_a_shape_lets_go_of_it() {
    let mut window = Window::new("scan.png");
    window.press(Key::D);
    window.drag([10.0, 10.0], [40.0, 10.0]);
    window.press(Key::D);
    assert!(window.app().state().session.selected_measurement().is_some());
    window.click_at([50.0, 50.0]);
    assert!(window.app().state().session.selected_measurement().is_none());
    window.press(Key::Delete);
    assert!(window.shows("Length 30.0 px"), "nothing was selected");
}
