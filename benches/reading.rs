//! Frames of the reading room over a series of 300 slices of 512×512 pixels in 16 bits: scrolling
//! while it is read and after, and dragging the window; every slice is classified meanwhile. As a real
//! window has them, without the graphics card's part: `cargo bench --bench reading`.

mod common;

use std::time::{Duration, Instant};

use egui::{Event, Modifiers, MouseWheelUnit, PointerButton, Pos2, TouchPhase, pos2, vec2};
use mrimaster::app::{Start, Studio};
use mrimaster::dataset::phantom::write_dicom;
use mrimaster::imaging::{Depth, Header, Orientation, Slice, Spacing};
use mrimaster::model::checkpoint;
use mrimaster::state::Command;

use common::Frames;

const SIZE: [u32; 2] = [1920, 1080];
const SLICES: usize = 300;
const SIDE: usize = 512;
/// The middle of the scan's pane.
const MIDDLE: Pos2 = pos2(850.0, 300.0);

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let (series, data) = (folder.path().join("series"), folder.path().join("data"));
    std::fs::create_dir(&series).expect("a folder");
    let slices: Vec<Slice> = (0..SLICES).map(slice).collect();
    write_dicom(&series, &slices, "made up", 1).expect("slices are written");
    drop(slices);

    let model = checkpoint::list_with(Vec::new()).0;
    let model = model.into_iter().find(|model| model.name() == "small_cnn").map(|m| m.path);
    let workers = Box::new(mrimaster::worker::start(data, || {}));
    let start = Start { paths: vec![series], model, ..Start::default() };
    let began = Instant::now();
    let mut studio = Studio::new(start, workers, SIZE, 1.0);
    while studio.state().session.shown().is_none_or(|open| open.slice().is_none()) {
        studio.frame(Vec::new());
    }
    println!("first picture after {:.0} ms", began.elapsed().as_secs_f64() * 1e3);

    let mut frames = Frames::default();
    while here(&studio) < SLICES && began.elapsed() < Duration::from_secs(60) {
        frames.time(|| studio.frame(vec![Event::PointerMoved(MIDDLE), wheel(-1.0)]));
        std::thread::sleep(Duration::from_millis(4));
    }
    println!("all {SLICES} slices after {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
    frames.tell("scrolling while the series is read", 16.0);

    let mut frames = Frames::default();
    for turn in 0..2 * SLICES {
        let lines = if turn < SLICES { 1.0 } else { -1.0 };
        frames.time(|| studio.frame(vec![Event::PointerMoved(MIDDLE), wheel(lines)]));
    }
    frames.tell("scrolling through what is read", 16.0);

    studio.apply(Command::SelectSlice(SLICES / 2));
    let button = |pressed, pos| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    studio.frame(vec![Event::PointerMoved(MIDDLE), button(true, MIDDLE)]);
    let mut frames = Frames::default();
    for turn in 0..SLICES {
        let at = MIDDLE + vec2((turn % 100) as f32, (turn % 37) as f32);
        frames.time(|| studio.frame(vec![Event::PointerMoved(at)]));
    }
    studio.frame(vec![button(false, MIDDLE)]);
    frames.tell("dragging the window", 16.0);
}

fn here(studio: &Studio) -> usize {
    studio.state().session.shown().map_or(0, |open| open.slices_here())
}

fn wheel(lines: f32) -> Event {
    Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, lines),
        phase: TouchPhase::Move,
        modifiers: Modifiers::NONE,
        source: egui::MouseWheelSource::Wheel,
    }
}

/// A slice that looks like none of the others.
fn slice(number: usize) -> Slice {
    let value = |i: usize| {
        let (x, y) = (i % SIDE, i / SIDE);
        ((x * 7 + y * 13 + number * 29) % 3001) as f32
    };
    let header = Header {
        spacing: Some(Spacing { row_mm: 0.5, column_mm: 0.5, slice_mm: Some(1.0) }),
        orientation: Some(Orientation { along_row: [1.0, 0.0, 0.0], down_column: [0.0, 1.0, 0.0] }),
        position: Some([0.0, 0.0, number as f32]),
        ..Header::new(SIDE, SIDE, Depth::Wide)
    };
    Slice::of(header, (0..SIDE * SIDE).map(value).collect())
}
