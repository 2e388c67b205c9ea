//! A head with one bright spot: to its left, in front and above its middle, however it was scanned.

use std::path::Path;
use std::sync::Arc;

use mrimaster::imaging::planes::{Cut, Volume};
use mrimaster::imaging::{
    About, Depth, Header, Orientation, Series, Slice, Spacing, Window as Greys,
};

/// Where the spot is, mm from the middle of the head; to the left, to the back, to the head.
pub const SPOT: [f32; 3] = [12.5, -12.5, 13.5];

const LEFT: [f32; 3] = [1.0, 0.0, 0.0];
const RIGHT: [f32; 3] = [-1.0, 0.0, 0.0];
const BACK: [f32; 3] = [0.0, 1.0, 0.0];
const HEAD: [f32; 3] = [0.0, 0.0, 1.0];
const FEET: [f32; 3] = [0.0, 0.0, -1.0];

/// How a scan is acquired: along its rows, down its columns, from slice to slice.
struct Acquired {
    name: &'static str,
    ways: [[f32; 3]; 3],
    size: [usize; 3],
    mm: [f32; 3],
}

const AXIAL: Acquired =
    Acquired { name: "upwards", ways: [LEFT, BACK, HEAD], size: [64, 48, 20], mm: [1.0, 1.0, 3.0] };
const SAGITTAL: Acquired = Acquired {
    name: "sagittal",
    ways: [BACK, FEET, LEFT],
    size: [48, 60, 32],
    mm: [1.0, 1.0, 2.0],
};

const WAYS: [Acquired; 6] = [
    AXIAL,
    Acquired { name: "downwards", ways: [LEFT, BACK, FEET], ..AXIAL },
    Acquired { name: "mirrored", ways: [RIGHT, BACK, HEAD], ..AXIAL },
    SAGITTAL,
    Acquired { name: "leftmost_first", ways: [BACK, FEET, RIGHT], ..SAGITTAL },
    Acquired { name: "coronal", ways: [LEFT, FEET, BACK], size: [64, 60, 24], mm: [1.0, 1.0, 2.0] },
];

/// Names of files for every way the head is scanned.
pub fn names() -> impl Iterator<Item = &'static str> {
    WAYS.iter().map(|acquired| acquired.name)
}

/// The head as the file's name says that it was scanned.
pub fn scanned(path: &Path) -> Result<Series, String> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let acquired = WAYS.iter().find(|acquired| acquired.name == name);
    let Acquired { ways, size, mm, .. } =
        acquired.ok_or(format!("{name}: nobody is scanned so"))?;
    // From the middle of the head, in steps along the three ways.
    let place = |steps: [usize; 3]| -> [f32; 3] {
        let along: [f32; 3] =
            std::array::from_fn(|i| (steps[i] as f32 - (size[i] - 1) as f32 / 2.0) * mm[i]);
        std::array::from_fn(|axis| (0..3).map(|i| along[i] * ways[i][axis]).sum())
    };
    let slice = |number: usize| {
        let header = Header {
            orientation: Some(Orientation { along_row: ways[0], down_column: ways[1] }),
            position: Some(place([0, 0, number])),
            spacing: Some(Spacing { row_mm: mm[1], column_mm: mm[0], slice_mm: Some(mm[2]) }),
            window: Some(Greys { center: 500.0, width: 1000.0 }),
            ..Header::new(size[0], size[1], Depth::Wide)
        };
        let value = |i: usize| tissue(place([i % size[0], i / size[0], number]));
        Arc::new(Slice::of(header, (0..size[0] * size[1]).map(value).collect()))
    };
    Ok(Series {
        path: path.into(),
        format: "DICOM".into(),
        description: None,
        about: About::default(),
        synthetic: false,
        slices: (0..size[2]).map(slice).collect(),
        notes: vec![],
    })
}

fn tissue(at: [f32; 3]) -> f32 {
    let distance = |to: [f32; 3]| (0..3).map(|i| (at[i] - to[i]).powi(2)).sum::<f32>().sqrt();
    match (distance(SPOT), distance([0.0; 3])) {
        (..6.0, _) => 1000.0,
        (_, ..28.0) => 200.0,
        _ => 0.0,
    }
}

/// A plane through the brightest place of a scan.
#[derive(Debug)]
pub struct Face {
    pub plane: &'static str,
    /// At the left, right, top and bottom edge.
    pub letters: [String; 4],
    /// Those of the edges to the side of which the brightest place lies: left or right, top or
    /// bottom.
    pub near: [String; 2],
}

impl Face {
    fn of(header: &Header, values: &[f32]) -> Self {
        let orientation = header.orientation.expect("it says where it lies");
        let letters = orientation.edge_letters();
        let [x, y] = brightest(header.width, values);
        let side = |at: f32, size: usize, first: usize| {
            letters[if at < size as f32 / 2.0 { first } else { first + 1 }].clone()
        };
        Self {
            plane: orientation.plane().expect("it is not oblique"),
            near: [side(x, header.width, 0), side(y, header.height, 2)],
            letters,
        }
    }
}

/// The planes of a scan through its brightest place: its own, and the two across.
pub fn faces(series: &Series) -> [Face; 3] {
    let [column, row, number] = brightest_voxel(series);
    let volume = Volume::of(&series.outline()).expect("a volume");
    let across = |cut: Cut| {
        let values = volume.pixels(cut, |i| series.slices.get(i).map(Arc::as_ref));
        Face::of(&volume.header(cut), &values)
    };
    let own = &series.slices[number];
    [Face::of(own, &own.stored), across(Cut::Row(row)), across(Cut::Column(column))]
}

/// Column, row and slice in the middle of the largest values of a scan.
pub fn brightest_voxel(series: &Series) -> [usize; 3] {
    let values = || series.slices.iter().flat_map(|slice| &slice.stored);
    let top = values().copied().fold(f32::MIN, f32::max);
    let bright = |slice: &Slice| slice.stored.iter().filter(|value| **value == top).count();
    let number = (0..series.slices.len()).max_by_key(|&i| bright(&series.slices[i]));
    let number = number.expect("a series has slices");
    let slice = &series.slices[number];
    let [column, row] = brightest(slice.width, &slice.stored).map(|at| at as usize);
    [column, row, number]
}

/// The middle of the largest values, in pixel edges.
fn brightest(width: usize, values: &[f32]) -> [f32; 2] {
    let top = values.iter().copied().fold(f32::MIN, f32::max);
    let there: Vec<usize> = (0..values.len()).filter(|&i| values[i] == top).collect();
    let mean = |of: &dyn Fn(usize) -> usize| {
        there.iter().map(|&i| of(i) as f32 + 0.5).sum::<f32>() / there.len() as f32
    };
    [mean(&|i| i % width), mean(&|i| i / width)]
}
