//! Measurements against numpy's by the figures in `tests/reference`, against the lengths of a phantom,
//! and over a restart of the program.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use mrimaster::imaging::{Depth, Rescale, Slice, Spacing};
use mrimaster::measure::{Kind, Point, Scale, Shape, Unit, Values};
use mrimaster::state::{Command, State};
use mrimaster::worker::job::{Request, Response};
use mrimaster::worker::{Workers, start};

#[derive(serde::Deserialize)]
struct Figures {
    width: usize,
    height: usize,
    slope: f32,
    intercept: f32,
    row_mm: f32,
    column_mm: f32,
    stored: Vec<f32>,
    shapes: Vec<Figure>,
}

/// A shape and what numpy makes of it.
#[derive(serde::Deserialize)]
struct Figure {
    kind: Kind,
    points: Vec<Point>,
    length: Option<f64>,
    degrees: Option<f64>,
    area: Option<f64>,
    count: Option<usize>,
    mean: Option<f64>,
    sd: Option<f64>,
    min: Option<f32>,
    max: Option<f32>,
}

#[test]
fn every_value_is_numpys() {
    let figures = include_str!("reference/figures/measurements.json");
    let figures: Figures = serde_json::from_str(figures).expect("figures");
    let mut slice = Slice::new(figures.width, figures.height, figures.stored, Depth::Wide);
    slice.rescale = Rescale::new(figures.slope, figures.intercept);
    let (row_mm, column_mm) = (figures.row_mm, figures.column_mm);
    slice.spacing = Some(Spacing { row_mm, column_mm, slice_mm: None });
    let scale = Scale::of(slice.spacing, None);
    assert_eq!(scale.unit(), Unit::Millimetres);
    let near = |found: f64, wanted: Option<f64>| {
        let wanted = wanted.expect("a figure");
        assert!((found - wanted).abs() <= wanted.abs() * 1e-9 + 1e-7, "{found} for {wanted}");
    };
    for figure in figures.shapes {
        let shape = Shape { kind: figure.kind, points: figure.points };
        match Values::of(&shape, scale, Some(&slice)) {
            Values::Length(length) => near(length, figure.length),
            Values::Angle(degrees) => near(degrees.expect("legs"), figure.degrees),
            Values::Region { area, statistics } => {
                near(area, figure.area);
                assert_eq!(statistics.map_or(0, |found| found.count), figure.count.unwrap());
                let Some(found) = statistics else { continue };
                near(found.mean, figure.mean);
                near(found.sd, figure.sd);
                assert_eq!((Some(found.min), Some(found.max)), (figure.min, figure.max));
            }
        }
    }
}

/// A disc of 100 mm across on pixels of this size, in the middle of its slice.
fn disc(row_mm: f32, column_mm: f32) -> Slice {
    let (width, height) = ((120.0 / column_mm) as usize, (120.0 / row_mm) as usize);
    let inside = |i: usize| {
        let x = ((i % width) as f32 + 0.5) * column_mm - 60.0;
        let y = ((i / width) as f32 + 0.5) * row_mm - 60.0;
        x.hypot(y) < 50.0
    };
    let stored = (0..width * height).map(|i| f32::from(u8::from(inside(i)))).collect();
    let mut slice = Slice::new(width, height, stored, Depth::Wide);
    slice.spacing = Some(Spacing { row_mm, column_mm, slice_mm: None });
    slice
}

/// Where a value changes along a row or a column, in pixels from its begin: the first and the last
/// place.
fn edges(values: impl Iterator<Item = f32>) -> [f32; 2] {
    let inside: Vec<usize> =
        values.enumerate().filter(|(_, value)| *value > 0.5).map(|(i, _)| i).collect();
    [inside[0] as f32, inside[inside.len() - 1] as f32 + 1.0]
}

#[test]
fn a_disc_is_as_wide_as_it_is_high_whatever_its_pixels() {
    for (row_mm, column_mm) in [(0.1, 0.1), (0.1, 0.05), (0.04, 0.1)] {
        let slice = disc(row_mm, column_mm);
        let scale = Scale::of(slice.spacing, None);
        let (x, y) = (slice.width / 2, slice.height / 2);
        let [left, right] = edges((0..slice.width).map(|x| slice.stored_at(x, y).unwrap()));
        let [top, bottom] = edges((0..slice.height).map(|y| slice.stored_at(x, y).unwrap()));
        let (x, y) = (x as f32, y as f32);
        for (a, b) in [([left, y], [right, y]), ([x, top], [x, bottom])] {
            let line = Shape { kind: Kind::Length, points: vec![a, b] };
            let Values::Length(mm) = Values::of(&line, scale, None) else { panic!("a length") };
            assert!((mm - 100.0).abs() <= 0.1, "{mm} mm on pixels of {row_mm} by {column_mm} mm");
        }
        let around = Shape { kind: Kind::Ellipse, points: vec![[left, top], [right, bottom]] };
        let Values::Region { area, statistics } = Values::of(&around, scale, Some(&slice)) else {
            panic!("a region")
        };
        assert!((area - 2500.0 * std::f64::consts::PI).abs() < 20.0, "{area} mm²");
        assert!(statistics.unwrap().mean > 0.995, "the ellipse lies on the disc");
    }
}

/// The program without its window.
struct Program {
    state: State,
    workers: Workers,
    woken: Receiver<()>,
}

impl Program {
    fn start(data: &Path) -> Self {
        let (wake, woken) = channel();
        let workers = start(data.to_owned(), move || wake.send(()).unwrap_or(()));
        Self { state: State::default(), workers, woken }
    }

    fn apply(&mut self, command: Command) {
        let requests = self.state.apply(command);
        requests.into_iter().for_each(|request| self.workers.send(request));
    }

    /// Opens a scan and waits until it is there with its measurements.
    fn open(&mut self, path: PathBuf) {
        self.apply(Command::Open(vec![path]));
        while !(self.state.session.is_settled() && self.state.session.shown().is_some()) {
            self.woken.recv_timeout(Duration::from_secs(60)).expect("an answer");
            while let Some(response) = self.workers.try_recv() {
                let requests = self.state.receive(response);
                requests.into_iter().for_each(|request: Request| self.workers.send(request));
            }
        }
    }

    fn shapes(&self) -> Vec<Shape> {
        let open = self.state.session.shown().expect("a series");
        self.state.session.measuring.on(&open.address(open.slice)).to_vec()
    }
}

#[test]
fn measurements_and_their_calibration_are_there_after_a_restart_and_not_beside_the_scan() {
    let (data, scans) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let scan = scans.path().join("Doe^Jane.png");
    image::GrayImage::from_fn(64, 48, |x, y| image::Luma([(x * 3 + y) as u8]))
        .save(&scan)
        .expect("written");
    let points = [[3.25, 4.5], [40.0, 30.125]];

    let mut program = Program::start(data.path());
    program.open(scan.clone());
    program.apply(Command::MeasureLength);
    let open = program.state.session.shown().unwrap();
    let address = open.address(open.slice);
    for point in points {
        program.apply(Command::PlacePoint(address.clone(), point));
    }
    program.apply(Command::CalibrateTo(Some(25.0)));
    drop(program);

    let mut program = Program::start(data.path());
    program.open(scan.clone());
    let shape = Shape { kind: Kind::Length, points: points.to_vec() };
    assert_eq!(program.shapes(), [shape.clone()]);
    let open = program.state.session.shown().unwrap();
    let scale = program.state.session.scale(open, open.slice);
    let Values::Length(mm) = Values::of(&shape, scale, None) else { panic!("a length") };
    assert!(matches!(scale, Scale::ByHand(_)) && (mm - 25.0).abs() < 1e-4, "{mm}");
    drop(program);

    assert_eq!(std::fs::read_dir(scans.path()).unwrap().count(), 1, "nothing beside the scan");
    let mut files = 0;
    for entry in std::fs::read_dir(data.path().join("measurements")).unwrap().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(!text.contains("Doe") && !name.contains("Doe"), "{name}: {text}");
        files += usize::from(name.ends_with(".json"));
    }
    assert_eq!(files, 1);
}

#[test]
fn a_broken_file_of_measurements_is_put_aside_with_one_notice() {
    let (data, scans) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let scan = scans.path().join("scan.png");
    image::GrayImage::new(16, 16).save(&scan).expect("written");
    let draw = |program: &mut Program| {
        program.apply(Command::MeasureLength);
        let open = program.state.session.shown().unwrap();
        let address = open.address(open.slice);
        program.apply(Command::PlacePoint(address.clone(), [1.0, 1.0]));
        program.apply(Command::PlacePoint(address, [5.0, 5.0]));
    };
    let mut program = Program::start(data.path());
    program.open(scan.clone());
    draw(&mut program);
    drop(program);
    let folder = data.path().join("measurements");
    let json = std::fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "json"))
        .expect("it was kept");
    std::fs::write(&json, "{ half").unwrap();

    let mut program = Program::start(data.path());
    program.open(scan);
    assert!(program.shapes().is_empty());
    let said = program.state.notices.history().iter();
    assert_eq!(said.filter(|notice| notice.message.contains("put aside")).count(), 1);
    draw(&mut program);
    drop(program);
    assert!(std::fs::read_to_string(&json).unwrap().contains("length"), "it goes on");
    assert_eq!(std::fs::read_to_string(json.with_extension("json.broken")).unwrap(), "{ half");
}

#[test]
fn measurements_are_written_as_a_table() {
    let (data, scans) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let scan = scans.path().join("scan.png");
    image::GrayImage::from_pixel(16, 16, image::Luma([7])).save(&scan).expect("written");
    let mut program = Program::start(data.path());
    program.open(scan);
    program.apply(Command::MeasureRectangle);
    let open = program.state.session.shown().unwrap();
    let address = open.address(open.slice);
    program.apply(Command::PlacePoint(address.clone(), [1.0, 1.0]));
    program.apply(Command::PlacePoint(address, [5.0, 4.0]));
    let table = data.path().join("measurements.csv");
    program.apply(Command::WriteMeasurements(table.clone()));
    drop(program);
    let table = std::fs::read_to_string(table).expect("it was written");
    let row = table.lines().nth(1).expect("a row");
    assert_eq!(row, "scan.png,1,rectangle,,,12.0000,px,12,7.0000,0.0000,7,7");
}

#[test]
fn what_one_window_keeps_another_gets_with_its_next_change() {
    let data = tempfile::tempdir().unwrap();
    let (first, second) = (Program::start(data.path()), Program::start(data.path()));
    let change = |x: f32| mrimaster::measure::Change::Shape {
        slice: "1.2.3".into(),
        before: None,
        after: Some(Shape { kind: Kind::Length, points: vec![[0.0, 0.0], [x, x]] }),
    };
    let keep = |program: &Program, x: f32| {
        let home = "1.2".to_owned();
        program.workers.send(Request::KeepMeasurements { id: 1, home, change: change(x) });
        program.woken.recv_timeout(Duration::from_secs(60)).expect("an answer");
        match program.workers.try_recv() {
            Some(Response::MeasurementsKept { result: Ok(kept), .. }) => Arc::new(kept),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(keep(&first, 1.0).on("1.2.3").len(), 1);
    assert_eq!(keep(&second, 2.0).on("1.2.3").len(), 2);
    assert_eq!(keep(&first, 3.0).on("1.2.3").len(), 3);
}
