//! Three planes of a series: which side is which, on the screen and in the files.

#[path = "window/fake.rs"]
#[allow(dead_code)]
mod fake;
#[path = "window/spot.rs"]
mod spot;
#[path = "window/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::path::Path;
use std::time::Duration;

use egui::{Key, Modifiers, Pos2, Rect, Vec2, pos2, vec2};
use egui_kittest::kittest::Queryable;
use fake::Fake;
use image::RgbaImage;
use mrimaster::app::{Start, Studio};
use mrimaster::dataset::phantom::{write_dicom, write_nifti};
use mrimaster::imaging::{self, Series, Slice};
use mrimaster::state::Command;
use spot::{SPOT, faces};
use stage::Window;

fn start(file: &str) -> Start {
    Start { paths: vec![file.into()], ..Start::default() }
}

fn assert_faces(what: &str, series: &Series, sides: &str) {
    let mut planes = Vec::new();
    for (number, face) in faces(series).iter().enumerate() {
        let near = &face.near;
        assert!(near.iter().all(|side| sides.contains(side.as_str())), "{what}: {face:?}");
        let usual = match face.plane {
            "axial" => ["R", "L", "A", "P"],
            "coronal" => ["R", "L", "H", "F"],
            _ => ["A", "P", "H", "F"],
        };
        // Its own plane is shown as it was acquired, planes across as radiologists look at them.
        assert!(number == 0 || face.letters == usual, "{what}: {face:?}");
        planes.push(face.plane);
    }
    planes.sort_unstable();
    assert_eq!(planes, ["axial", "coronal", "sagittal"], "{what}");
}

#[test]
fn the_letters_say_where_the_spot_is_however_the_head_was_scanned() {
    for name in spot::names() {
        let series = spot::scanned(Path::new(name)).expect("it is known");
        assert_faces(name, &series, "LAH");
    }
}

#[test]
fn a_spot_stays_on_its_side_through_dicom_and_nifti_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let slices = |name: &str| -> Vec<Slice> {
        let series = spot::scanned(Path::new(name)).expect("it is known");
        series.slices.iter().map(|slice| Slice::clone(slice)).collect()
    };
    for (seed, name) in spot::names().enumerate() {
        let folder = folder.path().join(name);
        write_dicom(&folder, &slices(name), name, seed as u64).expect("it is written");
        let found = imaging::open_all(&[folder]).remove(0).expect("it is opened");
        assert_faces(&format!("{name}, DICOM"), &found, "LAH");
    }
    let path = folder.path().join("head.nii.gz");
    write_nifti(&path, &slices("upwards")).expect("it is written");
    let found = imaging::open(&path).expect("it is opened");
    assert_faces("NIfTI", &found, "LAH");
}

#[test]
fn the_brightest_voxel_of_a_file_is_on_the_side_that_nibabel_finds_it_on() {
    // By the affine of each file: in las.nii 6 mm to the left, 7.5 to the front and 8 to the head
    // of the middle of the volume.
    for (file, sides) in [
        ("las.nii", "LAH"),
        ("ras.nii", "RAH"),
        ("qform.nii", "LAH"),
        ("sagittal.nii", "RPH"),
        ("coronal.nii", "RPF"),
        ("thick_first.nii", "RAH"),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/readers");
        let series = imaging::open(&path.join(file)).expect("it is opened");
        assert_faces(file, &series, sides);
    }
}

fn window(file: &str) -> Window {
    let mut window = Window::stage(start(file), spot::scanned, Some);
    window.settle();
    window
}

/// The point of the screen over a place of a plane, in steps of 1 mm from its middle, to the
/// right and down.
fn point(pane: Rect, [width, height]: [f32; 2], [right, down]: [f32; 2]) -> Pos2 {
    let room = pane.shrink(6.0);
    let scale = (room.width() / width).min(room.height() / height);
    pane.center() + vec2(right, down) * scale
}

#[test]
fn a_click_in_a_plane_moves_the_cross_to_that_place_of_the_patient() {
    let [left, back, head] = SPOT;
    for (file, slice) in [("upwards.dcm", 15), ("downwards.dcm", 6)] {
        let mut window = window(file);
        window.press(Key::O);
        let pane = |window: &Window, plane: &str| window.pane(&format!("scan {file} {plane}"));
        assert!(window.shows("coronal row 25 of 48") && window.shows("sagittal column 33 of 64"));
        let at = point(pane(&window, "slice 11 of 20"), [64.0, 48.0], [left, back]);
        window.click_on(at);
        assert!(window.shows("coronal row 12 of 48") && window.shows("sagittal column 45 of 64"));
        let at = point(pane(&window, "coronal"), [64.0, 60.0], [left, -head]);
        window.click_on(at);
        assert!(window.shows(&format!("scan {file} slice {slice} of 20")));
        let at = point(pane(&window, "sagittal"), [48.0, 60.0], [10.5, -head]);
        window.click_on(at);
        assert!(window.shows("coronal row 35 of 48"));
        assert!(window.shows(&format!("scan {file} slice {slice} of 20")));
        // Neurological display: the same place is on the other side of the screen.
        window.press_with(Modifiers::SHIFT, Key::N);
        let at = point(pane(&window, "coronal"), [64.0, 60.0], [-left - 5.0, -head]);
        window.click_on(at);
        assert!(window.shows("sagittal column 50 of 64"));
        window.press(Key::O);
        assert!(!window.shows("coronal row") && !window.shows("sagittal column"));
    }
}

#[test]
fn the_wheel_goes_through_each_plane() {
    let mut window = window("upwards.dcm");
    window.press(Key::O);
    for (plane, after) in [
        ("slice 11 of 20", "slice 12 of 20"),
        ("coronal row 25 of 48", "coronal row 26 of 48"),
        ("sagittal column 33 of 64", "sagittal column 34 of 64"),
    ] {
        let over = window.pane(&format!("scan upwards.dcm {plane}")).center();
        window.turn_wheel(over, -1.0, Modifiers::NONE);
        assert!(window.shows(&format!("scan upwards.dcm {after}")), "{after}");
    }
    let over = window.pane("coronal row").center();
    window.turn_wheel(over, -100.0, Modifiers::NONE);
    assert!(window.shows("coronal row 48 of 48") && window.shows("slice 12 of 20"));
}

#[test]
fn every_plane_is_zoomed_by_itself_and_all_fit_again() {
    let mut window = window("upwards.dcm");
    window.press(Key::O);
    let zooms = |window: &mut Window| {
        let open = window.shown();
        let views = open.planes.expect("there are planes").views;
        [open.view, views[0], views[1]].map(|view| view != Default::default())
    };
    let over = window.pane("coronal row").center();
    window.turn_wheel(over, 1.0, Modifiers::COMMAND | Modifiers::CTRL);
    assert_eq!(zooms(&mut window), [false, true, false]);
    window.press(Key::Plus);
    assert_eq!(zooms(&mut window), [true, true, false]);
    window.press(Key::Equals);
    assert_eq!(zooms(&mut window), [false; 3]);
}

#[test]
fn a_sagittal_series_has_an_axial_and_a_coronal_plane() {
    let mut window = window("sagittal.dcm");
    window.press(Key::O);
    assert!(window.shows("scan sagittal.dcm axial row 31 of 60"));
    assert!(window.shows("scan sagittal.dcm coronal column 25 of 48"));
    // 32 slices from the right to the left, 2 mm each: the 23rd is 12 to 14 mm left of the middle.
    let pane = window.pane("scan sagittal.dcm axial");
    window.click_on(point(pane, [64.0, 48.0], [13.0, 0.0]));
    assert!(window.shows("scan sagittal.dcm slice 23 of 32"));
}

/// The middle of the brightest disc of a picture within a pane: letters and lines are thinner.
fn brightest(image: &RgbaImage, pane: Rect) -> Pos2 {
    const SIDE: usize = 9;
    let grey = |x: usize, y: usize| {
        let [red, green, blue, _] = image.get_pixel(x as u32, y as u32).0;
        usize::from(red.min(green).min(blue))
    };
    let squares = |from: f32, to: f32| (from as usize..to as usize - SIDE).step_by(3);
    let mut most = 0;
    let mut places = Vec::new();
    for y in squares(pane.top(), pane.bottom()) {
        for x in squares(pane.left(), pane.right()) {
            let sum: usize =
                (y..y + SIDE).map(|y| (x..x + SIDE).map(|x| grey(x, y)).sum::<usize>()).sum();
            if sum > most {
                most = sum;
                places.clear();
            }
            if sum == most {
                places.push(vec2(x as f32, y as f32));
            }
        }
    }
    assert!(most > 200 * SIDE * SIDE, "nothing in the pane is bright: {most}");
    let middle = places.iter().fold(Vec2::ZERO, |sum, at| sum + *at) / places.len() as f32;
    pos2(0.0, 0.0) + middle + Vec2::splat(SIDE as f32 / 2.0)
}

#[test]
fn on_the_screen_the_spot_is_beside_its_letters_in_every_plane() {
    const PATIENCE: Duration = Duration::from_secs(60);
    for name in ["downwards", "mirrored", "leftmost_first"] {
        let file = format!("{name}.dcm");
        let voxel = spot::brightest_voxel(&spot::scanned(Path::new(name)).expect("it is known"));
        // The one has labels, the other pixels.
        let mut window = window(&file);
        let workers = Fake::new(spot::scanned).0;
        let mut studio = Studio::new(start(&file), workers, [1280, 720], 1.0);
        studio.settle(PATIENCE);
        let planes = [Command::TogglePlanes, Command::SetCross(voxel), Command::ToggleOverlay];
        for commands in [planes.as_slice(), &[Command::ToggleNeurological]] {
            for command in commands {
                window.app().apply(command.clone());
                studio.apply(command.clone());
            }
            window.settle();
            studio.settle(PATIENCE);
            let image = studio.picture().image;
            let label = format!("scan {file} ");
            let panes = window.harness.get_all_by_label_contains(&label);
            let panes: Vec<Rect> = panes.map(|pane| pane.rect()).collect();
            assert_eq!(panes.len(), 3);
            for pane in panes {
                let spot = brightest(&image, pane) - pane.center();
                let mut seen = 0;
                for letter in ["L", "R", "A", "P", "H", "F"] {
                    let painted = window.painted(letter);
                    for at in painted.into_iter().filter(|at| pane.contains(*at)) {
                        let beside = spot.dot(at - pane.center()) > 0.0;
                        assert_eq!(beside, "LAH".contains(letter), "{file}: {letter}, {spot:?}");
                        seen += 1;
                    }
                }
                assert_eq!(seen, 4, "one letter at each edge");
            }
        }
    }
}
