//! What a person takes out of the window: pictures of the scan, de-identified copies.

#[path = "window/fake.rs"]
#[allow(dead_code)]
mod fake;
#[path = "window/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::path::Path;
use std::time::{Duration, Instant};

use egui::{Event, Key, Modifiers, OutputCommand};
use egui_kittest::kittest::Queryable;
use fake::rings;
use image::RgbImage;
use mrimaster::app::Start;
use mrimaster::imaging::{About, Orientation, Patient, Series, Spacing};
use mrimaster::state::{Command, Extent, PathOf, PictureOptions, PictureSize, Sheet};
use mrimaster::ui::ScanPicture;
use mrimaster::worker::job::Request;
use stage::Window;

/// A scan whose file is called like its patient.
fn open(path: &Path) -> Result<Series, String> {
    let name = path.to_string_lossy();
    let patient = Patient { name: Some(name.to_string()), ..Patient::default() };
    let mut series = rings(&name, 3);
    series.format = "DICOM, explicit VR little endian".into();
    series.about = About { patient: Some(patient), study: Some(name.into()), ..About::default() };
    for slice in &mut series.slices {
        let slice = std::sync::Arc::make_mut(slice);
        slice.spacing = Some(Spacing { row_mm: 1.0, column_mm: 1.0, slice_mm: None });
        slice.orientation =
            Some(Orientation { along_row: [1.0, 0.0, 0.0], down_column: [0.0, 1.0, 0.0] });
    }
    Ok(series)
}

fn window(path: &str) -> Window {
    let start = Start { paths: vec![path.into()], ..Start::default() };
    let mut window = Window::stage(start, open, Some);
    window.settle();
    window
}

const BARE: PictureOptions = PictureOptions {
    heatmap: false,
    labels: false,
    measurements: false,
    size: PictureSize::Screen,
};

fn picture(window: &mut Window, options: PictureOptions) -> RgbImage {
    window.app().apply(Command::SetPicture(options));
    let ctx = window.harness.ctx.clone();
    ScanPicture::of(window.app().state(), &ctx).expect("a scan is shown").draw()
}

fn colourful(picture: &RgbImage) -> usize {
    picture.pixels().filter(|p| p.0.iter().max().unwrap() - p.0.iter().min().unwrap() > 40).count()
}

#[test]
fn the_sheet_says_what_a_picture_holds() {
    let mut window = window("scan.dcm");
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::S);
    window.settle();
    assert!(window.shows("Save or copy a picture"));
    for label in ["Heatmap", "Labels and ruler", "Measurements", "Save…", "Copy"] {
        assert!(window.shows(label), "{label}");
    }
    window.click("Labels and ruler");
    window.click("The scan's own pixels");
    let picture = window.app().state().settings.picture;
    assert!(!picture.labels && picture.measurements);
    assert_eq!(picture.size, PictureSize::Scan);
    window.press(Key::Escape);
    assert!(!window.shows("Save or copy a picture"));
}

#[test]
fn a_picture_holds_what_was_asked_for() {
    let mut window = window("scan.dcm");
    let bare = picture(&mut window, BARE);
    assert_eq!(colourful(&bare), 0, "the scan is grey");
    let heat = picture(&mut window, PictureOptions { heatmap: true, ..BARE });
    assert!(colourful(&heat) > 1000, "{}", colourful(&heat));
    assert!(heat.height() > bare.height(), "a line says that it is not for diagnosis");
    let labelled = picture(&mut window, PictureOptions { labels: true, ..BARE });
    let changed = bare.enumerate_pixels().filter(|(x, y, p)| labelled.get_pixel(*x, *y) != *p);
    assert!(changed.count() > 500);
}

#[test]
fn a_picture_has_the_size_of_the_screen_or_of_the_scan() {
    let mut window = window("scan.dcm");
    let screen = picture(&mut window, BARE);
    assert!(screen.width() > 300 && screen.width() < 1280);
    let own = picture(&mut window, PictureOptions { size: PictureSize::Scan, ..BARE });
    assert_eq!(own.dimensions(), (64, 64));
    let twice = picture(&mut window, PictureOptions { size: PictureSize::ScanTwice, ..BARE });
    assert_eq!(twice.dimensions(), (128, 128));

    let mut greys = Vec::new();
    let shown = window.app().state().session.shown().expect("shown");
    let (slice, seen) = shown.slice().zip(shown.window).expect("its pixels are here");
    slice.map_to_grey(seen, false, &mut greys);
    // A grey may be rounded otherwise on its way through the colours of the screen.
    let alike = |drawn: u8, grey: u8| drawn.abs_diff(grey) <= 1;
    assert!(own.pixels().zip(&greys).all(|(p, &grey)| alike(p.0[0], grey)), "pixel by pixel");

    window.app().apply(Command::Invert);
    window.app().apply(Command::FlipHorizontally);
    let turned = picture(&mut window, PictureOptions { size: PictureSize::Scan, ..BARE });
    let mirrored = |x, y| 255 - greys[(y * 64 + 63 - x) as usize];
    assert!(turned.enumerate_pixels().all(|(x, y, p)| alike(p.0[0], mirrored(x, y))));
}

#[test]
fn nobodys_name_is_drawn() {
    let options = PictureOptions { labels: true, heatmap: true, ..BARE };
    let pictures = ["/scans/quixote/QUIXOTE^ALONSO.dcm", "/a/b.dcm"]
        .map(|path| picture(&mut window(path), options));
    assert!(pictures[0] == pictures[1], "the same scan of another person is the same picture");
}

#[test]
fn a_typed_path_gets_the_picture_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = window("scan.dcm");
    window.app().apply(Command::Show(Some(Sheet::EnterPath(PathOf::Picture))));
    window.settle();
    let path = folder.path().join("picture");
    window.harness.get_by_label("File to write").type_text(&path.to_string_lossy());
    window.settle();
    window.click("Write");
    let began = Instant::now();
    while !window.shows("was written.") && began.elapsed() < Duration::from_secs(60) {
        window.harness.run_steps(1);
    }
    let bytes = std::fs::read(path.with_extension("png")).expect("written");
    let said = b"MRIMaster, not for diagnostic use";
    assert!(bytes.windows(said.len()).any(|part| part == said));
    assert!(!bytes.windows(8).any(|part| part == b"scan.dcm"));
    assert!(image::load_from_memory(&bytes).expect("a picture").width() > 300);
}

#[test]
fn the_keys_to_copy_put_the_picture_on_the_clipboard() {
    let mut window = window("scan.dcm");
    window.harness.event(Event::Copy);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        window.harness.run_steps(1);
        let commands = &window.harness.output().platform_output.commands;
        if commands.iter().any(|command| matches!(command, OutputCommand::CopyImage(_))) {
            return;
        }
    }
    panic!("nothing was copied");
}

#[test]
fn a_de_identified_copy_is_asked_for_with_its_extent() {
    let mut window = window("scan.dcm");
    window.app().apply(Command::SaveCopies);
    window.settle();
    assert!(window.shows("Save a de-identified copy") && window.shows("Choose folder…"));
    assert!(window.shows("The whole series, 3 slices"));
    window.click("The slice that is shown");
    window.press(Key::Escape);

    let of = PathOf::Copies(Extent::Series);
    window.app().apply(Command::Show(Some(Sheet::EnterPath(of))));
    window.settle();
    window.harness.get_by_label("Folder to write into").type_text("/out");
    window.settle();
    window.click("Write");
    let asked = window.asked.borrow();
    assert!(asked.iter().any(|request| matches!(
        request,
        Request::Deidentify(task) if task.within == Path::new("/out")
    )));
    drop(asked);
    assert!(window.shows("1 file without the patient's identity in /out/deidentified"));
}
