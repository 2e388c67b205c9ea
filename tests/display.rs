//! How the window shows a scan: its sides, the patient's text, exact windows, the file's header and
//! the size of the interface.

#[path = "window/fake.rs"]
#[allow(dead_code)]
mod fake;
#[path = "window/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::path::Path;
use std::sync::Arc;

use egui::{Key, Modifiers, OutputCommand};
use egui_kittest::kittest::Queryable;
use fake::{Fake, rings};
use mrimaster::app::{App, Start};
use mrimaster::imaging::{About, Depth, Orientation, Patient, Series, Slice, Window as Greys};
use mrimaster::state::Command;
use mrimaster::ui::offscreen::Offscreen;
use mrimaster::worker::job::Request;
use stage::Window;

const AXIAL: Orientation = Orientation { along_row: [1.0, 0.0, 0.0], down_column: [0.0, 1.0, 0.0] };
const SAGITTAL: Orientation =
    Orientation { along_row: [0.0, 1.0, 0.0], down_column: [0.0, 0.0, -1.0] };

/// A scan that is bright at the left of the file.
fn half(orientation: Orientation) -> Series {
    let stored = (0..64 * 64).map(|i| if i % 64 < 32 { 200.0 } else { 0.0 }).collect();
    let mut slice = Slice::new(64, 64, stored, Depth::EightBit);
    slice.orientation = Some(orientation);
    let patient = Patient { name: Some("Made^Up".into()), ..Patient::default() };
    let about = About { patient: Some(patient), ..About::default() };
    Series { slices: vec![Arc::new(slice)], about, ..rings("half.dcm", 1) }
}

fn open(path: &Path) -> Result<Series, String> {
    Ok(match path.to_str().unwrap() {
        "axial.dcm" => Series { path: path.into(), ..half(AXIAL) },
        "sagittal.dcm" => Series { path: path.into(), ..half(SAGITTAL) },
        name => rings(name, 9),
    })
}

fn window(path: &str) -> Window {
    let start = Start { paths: vec![path.into()], ..Start::default() };
    let mut window = Window::stage(start, open, Some);
    window.settle();
    window
}

/// Whether the left and the right of the scan are bright.
fn sides(path: &str, commands: &[Command]) -> [bool; 2] {
    let mut screen = Offscreen::new(800, 600, 1.0);
    let start = Start { paths: vec![path.into()], ..Start::default() };
    let mut app = App::new(screen.context(), Fake::new(open).0, start);
    app.apply(Command::ToggleDocks);
    app.apply(Command::ToggleOverlay);
    screen.settle(30, |ui| app.show(ui));
    commands.iter().for_each(|command| app.apply(command.clone()));
    screen.settle(30, |ui| app.show(ui));
    let image = screen.image();
    [300, 500].map(|x| image.get_pixel(x, 300).0[0] > 128)
}

#[test]
fn neurological_display_swaps_the_sides_of_axial_slices_and_of_no_sagittal_ones() {
    let (left, right) = ([true, false], [false, true]);
    let neurological = Command::ToggleNeurological;
    assert_eq!(sides("axial.dcm", &[]), left);
    assert_eq!(sides("axial.dcm", std::slice::from_ref(&neurological)), right);
    assert_eq!(sides("axial.dcm", &[neurological.clone(), Command::FlipHorizontally]), left);
    assert_eq!(sides("sagittal.dcm", std::slice::from_ref(&neurological)), left);
    assert_eq!(sides("unknown.png", &[]), sides("unknown.png", &[neurological]));
}

#[test]
fn the_patients_text_is_there_only_where_it_is_asked_for() {
    let picture = |path: &str, commands: &[Command]| {
        let mut screen = Offscreen::new(800, 600, 1.0);
        let start = Start { paths: vec![path.into()], ..Start::default() };
        let mut app = App::new(screen.context(), Fake::new(open).0, start);
        commands.iter().for_each(|command| app.apply(command.clone()));
        screen.settle(30, |ui| app.show(ui));
        screen.image()
    };
    let asked = [Command::TogglePatientText];
    assert_ne!(picture("axial.dcm", &[]), picture("axial.dcm", &asked));
    assert_eq!(picture("unknown.nii", &[]), picture("unknown.nii", &asked), "nothing is known");
    let mut window = window("axial.dcm");
    assert!(!window.app().state().settings.patient_text, "nobody has asked");
    window.press_with(Modifiers::SHIFT, Key::T);
    assert!(window.app().state().settings.patient_text);
}

#[test]
fn width_and_centre_are_typed() {
    let mut window = window("scan.nii");
    assert!(window.shows("window width 999 centre 500"));
    window.click("window width 999 centre 500");
    window.click("Window width");
    window.press_with(Modifiers::COMMAND, Key::A);
    window.harness.get_by_label("Window width").type_text("250.5");
    window.press(Key::Enter);
    let greys = |window: &mut Window| window.app().state().session.shown().unwrap().window.unwrap();
    let Greys { width, center } = greys(&mut window);
    assert_eq!((width, center.round()), (250.5, 500.0));
    window.press(Key::ArrowDown);
    assert!(window.shows("slice 6 of 9"), "the fields cover nothing");
    window.click("Whole range");
    assert_ne!(greys(&mut window).width, 250.5);
    window.press(Key::Escape);
    assert!(!window.shows("Window width"));
    window.press_with(Modifiers::SHIFT, Key::W);
    assert!(window.shows("Window width"));
}

#[test]
fn the_header_is_listed_searched_and_copied() {
    let mut window = window("scan.nii");
    window.press_with(Modifiers::COMMAND, Key::I);
    let asked = |window: &Window| {
        let asked = window.asked.borrow();
        asked.iter().filter(|request| matches!(request, Request::ReadTags { .. })).count()
    };
    assert_eq!(asked(&window), 1);
    assert!(window.shows("(0010,0010) Patient Name: Made^Up"));
    assert!(window.shows("5005 lines"));
    assert!(!window.shows("4999.5"), "only what is in sight is drawn");
    window.harness.get_by_label("Search in the header").type_text("birth");
    window.settle();
    assert!(window.shows("Nothing in the header is like that."));
    window.press_with(Modifiers::COMMAND, Key::A);
    window.harness.get_by_label("Search in the header").type_text("patientname");
    window.settle();
    assert!(window.shows("1 line"));
    window.harness.get_by_label("(0010,0010) Patient Name: Made^Up").click();
    let mut copied = None;
    for _ in 0..4 {
        window.harness.step();
        let commands = &window.harness.output().platform_output.commands;
        copied = copied.or_else(|| {
            commands.iter().find_map(|command| match command {
                OutputCommand::CopyText(text) => Some(text.clone()),
                _ => None,
            })
        });
    }
    assert_eq!(copied.as_deref(), Some("Made^Up"));
    window.harness.step();
    assert!(window.shows("copied (0010,0010)"));
    window.press(Key::Escape);
    assert!(!window.shows("Patient Name"));
    assert_eq!(window.app().state().session.tags.ready(), None, "nothing of it is kept");
}

#[test]
fn the_interface_grows_and_shrinks_by_the_keys_of_browsers_and_once_at_a_time() {
    let mut window = window("scan.nii");
    let scale = |window: &Window| window.harness.ctx.zoom_factor();
    window.press_with(Modifiers::COMMAND, Key::Plus);
    assert_eq!(scale(&window), 1.1);
    window.press_with(Modifiers::COMMAND, Key::Minus);
    window.press_with(Modifiers::COMMAND, Key::Minus);
    assert_eq!(scale(&window), 0.9);
    window.press_with(Modifiers::COMMAND, Key::Num0);
    assert_eq!(scale(&window), 1.0);
    assert_eq!(window.app().state().settings.interface_scale, 1.0);
}

#[test]
fn a_large_interface_leaves_the_scan_half_of_the_width_and_cuts_no_dock() {
    let mut window = window("scan.nii");
    // What 1280×720 are at 200 and at 150 %.
    for (width, height) in [(640.0, 360.0), (853.0, 480.0)] {
        window.harness.set_size(egui::vec2(width, height));
        window.harness.run_steps(8);
        let scan = window.harness.get_by_label_contains("scan scan.nii").rect();
        let bar = window.harness.get_by_label("glioma 0.810").rect();
        assert!(scan.width() >= width * 0.45 && scan.height() >= 100.0, "{scan:?}");
        assert!(bar.left() > scan.right() && bar.right() <= width, "{bar:?} beside {scan:?}");
        let scale = window.harness.get_by_label("Absolute").rect();
        assert!(scale.right() <= width, "{scale:?}");
    }
}
