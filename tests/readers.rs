//! What the readers make of the files in `fixtures/readers`, against what pydicom, nibabel, Pillow
//! and tifffile find in them (`reference/make_reader_fixtures.py`).

#[path = "support/volume.rs"]
mod volume;

use std::cell::Cell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use mrimaster::imaging::{Depth, Series, Slice, VoiFunction, open, open_all, open_each};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    files: Vec<File>,
    volumes: Vec<Volume>,
    refused: Vec<Refused>,
    pictures: HashMap<String, Vec<f32>>,
}

/// A picture, or the frames of one file. `None` where nothing is expected of an attribute.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    file: String,
    width: usize,
    height: usize,
    /// Largest difference, where a lossy codec may round otherwise.
    tolerance: f32,
    /// Keys of `pictures`.
    slices: Vec<String>,
    format: Option<String>,
    depth: Option<String>,
    note: Option<String>,
    #[serde(default)]
    inverted: bool,
    #[serde(default)]
    synthetic: bool,
    voi: Option<String>,
    #[serde(default, with = "said")]
    window: Option<Option<[f32; 2]>>,
    windows: Option<Vec<[f32; 2]>>,
    rescale: Option<[f32; 2]>,
    rescales: Option<Vec<[f32; 2]>>,
    #[serde(default, with = "said")]
    spacing: Option<Option<[f32; 3]>>,
    orientation: Option<[f32; 6]>,
    position: Option<[f32; 3]>,
    positions: Option<Vec<[f32; 3]>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Volume {
    file: String,
    /// Voxels along the axes of the file.
    shape: [usize; 3],
    /// Scaled values, first axis fastest.
    values: String,
    /// Voxel to patient, mm, nibabel's axes (right, anterior, superior).
    affine: Option<[[f64; 4]; 4]>,
    depth: Option<String>,
    note: Option<String>,
    rescale: Option<[f32; 2]>,
    window: Option<[f32; 2]>,
    plane: Option<String>,
    letters: Option<String>,
    #[serde(default)]
    synthetic: bool,
}

#[derive(Deserialize)]
struct Refused {
    file: String,
    words: Vec<String>,
}

/// Tells "must be absent" (null) from "nothing said".
mod said {
    use serde::{Deserialize, Deserializer};

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        T::deserialize(from).map(Some)
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/readers").join(name)
}

fn expected() -> Expected {
    let text = std::fs::read_to_string(fixture("expected.json")).expect("expected.json is there");
    serde_json::from_str(&text).expect("expected.json is as described here")
}

fn opened(name: &str) -> Series {
    open(&fixture(name)).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn assert_close(name: &str, what: &str, ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len(), "{name}: number of {what}");
    let worst = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst <= tolerance, "{name}: {what} differ by {worst}, {ours:.6?} and {theirs:.6?}");
}

fn assert_depth(name: &str, slice: &Slice, depth: Option<&str>) {
    if let Some(depth) = depth {
        let expected = if depth == "eight" { Depth::EightBit } else { Depth::Wide };
        assert_eq!(slice.depth, expected, "{name}: depth");
    }
}

fn assert_note(name: &str, series: &Series, note: Option<&str>) {
    match note {
        Some(note) => {
            assert!(
                series.notes.iter().any(|said| said.contains(note)),
                "{name}: {:?}",
                series.notes
            );
        }
        None => assert!(series.notes.is_empty(), "{name}: {:?}", series.notes),
    }
}

#[test]
fn pictures_and_dicom_files_hold_the_values_that_other_readers_find() {
    let expected = expected();
    for file in &expected.files {
        let name = &file.file;
        let series = opened(name);
        assert_eq!(series.slices.len(), file.slices.len(), "{name}: slices");
        assert_eq!(series.synthetic, file.synthetic, "{name}: synthetic");
        assert_note(name, &series, file.note.as_deref());
        if let Some(format) = &file.format {
            assert!(series.format.starts_with(format), "{name}: {}", series.format);
        }
        for (number, (slice, picture)) in series.slices.iter().zip(&file.slices).enumerate() {
            assert_eq!((slice.width, slice.height), (file.width, file.height), "{name}: size");
            let values = &expected.pictures[picture];
            assert_close(name, "values", &slice.stored, values, file.tolerance);
            assert_depth(name, slice, file.depth.as_deref());
            assert_eq!(slice.inverted, file.inverted, "{name}: inverted");
            assert_attributes(file, slice, number);
        }
    }
}

fn assert_attributes(file: &File, slice: &Slice, number: usize) {
    let name = &file.file;
    if let Some(voi) = &file.voi {
        let voi_is = match slice.voi {
            VoiFunction::Linear => "Linear",
            VoiFunction::LinearExact => "LinearExact",
            VoiFunction::Sigmoid => "Sigmoid",
        };
        assert_eq!(voi_is, voi, "{name}");
    }
    let window = slice.window.map(|w| [w.center, w.width]);
    if let Some(expected) = file.window {
        assert_eq!(window, expected, "{name}: window");
    }
    if let Some(windows) = &file.windows {
        assert_eq!(window, Some(windows[number]), "{name}: window of frame {number}");
    }
    let rescale = [slice.rescale.slope, slice.rescale.intercept];
    let of_frames = file.rescales.as_ref().map(|rescales| rescales[number]);
    assert_eq!(rescale, of_frames.or(file.rescale).unwrap_or([1.0, 0.0]), "{name}: rescale");
    if let Some(expected) = file.spacing {
        let spacing = slice.spacing.map(|s| [s.row_mm, s.column_mm, s.slice_mm.unwrap_or(0.0)]);
        assert_eq!(spacing, expected, "{name}: spacing");
    }
    if let Some(expected) = file.orientation {
        let o = slice.orientation.unwrap_or_else(|| panic!("{name}: no orientation"));
        assert_eq!([o.along_row, o.down_column].concat(), expected, "{name}: orientation");
    }
    let of_frames = file.positions.as_ref().map(|positions| positions[number]);
    if let Some(expected) = of_frames.or(file.position) {
        assert_eq!(slice.position, Some(expected), "{name}: position");
    }
}

#[test]
fn volumes_hold_nibabels_values_where_nibabel_puts_them() {
    let expected = expected();
    for volume in &expected.volumes {
        let name = &volume.file;
        let series = opened(name);
        assert_eq!(series.synthetic, volume.synthetic, "{name}: synthetic");
        assert_note(name, &series, volume.note.as_deref());
        let values = &expected.pictures[&volume.values];
        assert_depth(name, &series.slices[0], volume.depth.as_deref());
        if let Some(rescale) = volume.rescale {
            let ours = series.slices[0].rescale;
            assert_eq!([ours.slope, ours.intercept], rescale, "{name}: rescale");
        }
        let window = series.slices[0].window.map(|w| [w.center, w.width]);
        assert_eq!(window, volume.window, "{name}: window");
        match &volume.affine {
            Some(affine) => assert_lies(name, &series, volume, values, affine),
            None => {
                let slice = &series.slices[0];
                assert_eq!(slice.orientation, None, "{name}");
                assert!(slice.spacing.is_some(), "{name}");
                assert_eq!(slice.stored_at(0, slice.height - 1), Some(values[0]), "{name}");
            }
        }
    }
}

fn assert_lies(
    name: &str,
    series: &Series,
    volume: &Volume,
    values: &[f32],
    affine: &[[f64; 4]; 4],
) {
    let theirs = volume::Volume { shape: volume.shape, affine, values };
    theirs
        .is_shown_by(series, |slice, stored| slice.rescale.apply(stored))
        .unwrap_or_else(|difference| panic!("{name}: {difference}"));
    let orientation = series.slices[0].orientation.unwrap();
    if let Some(plane) = &volume.plane {
        assert_eq!(orientation.plane(), Some(plane.as_str()), "{name}: plane");
    }
    if let Some(letters) = &volume.letters {
        assert_eq!(&orientation.edge_letters().concat(), letters, "{name}: letters");
    }
    if orientation.plane() == Some("axial") {
        let heights: Vec<f32> = series.slices.iter().map(|s| s.position.unwrap()[2]).collect();
        assert!(heights.is_sorted(), "{name}: from the feet up, {heights:?}");
    }
}

#[test]
fn files_that_hold_no_picture_are_refused_by_name_and_reason() {
    for Refused { file, words } in expected().refused {
        let error = open(&fixture(&file)).expect_err(&file).to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        for word in words.iter().chain([&file]) {
            assert!(error.contains(word), "{word:?} is not in: {error}");
        }
    }
}

#[test]
fn files_of_one_series_become_one_in_the_order_of_their_places() {
    let paths: Vec<PathBuf> =
        ["series/a.dcm", "grey.png", "series/b.dcm", "series/c.dcm", "gone.dcm", "series/d.dcm"]
            .map(fixture)
            .to_vec();
    let results = open_all(&paths);
    assert_eq!(results.len(), 3, "a picture, an error, a series");
    let series = results[2].as_ref().unwrap();
    let heights: Vec<f32> = series.slices.iter().map(|s| s.position.unwrap()[2]).collect();
    assert_eq!(heights, [0.0, 5.5, 11.0, 16.5]);
    assert_eq!(series.slices[0].spacing.unwrap().slice_mm, Some(5.5));
    assert_eq!(series.path, paths[0]);
    assert_eq!(series.description.as_deref(), Some("wave"));
    assert_eq!(results[0].as_ref().unwrap().format, "PNG");
    assert!(results[1].as_ref().unwrap_err().to_string().contains("gone.dcm"));
}

#[test]
fn pictures_are_handed_over_in_their_order_and_before_all_are_read() {
    let mut paths: Vec<PathBuf> =
        ["explicit_u8.dcm", "grey.png", "gone.png", "i2.nii", "grey.tif"].map(fixture).to_vec();
    let folder = tempfile::tempdir().unwrap();
    // Written only when the first picture has come, and far behind it.
    let late = folder.path().join("late.png");
    paths.extend(std::iter::repeat_n(fixture("grey.bmp"), 16));
    paths.push(late.clone());
    let mut came = Vec::new();
    open_each(&paths, &|| false, &mut |result| {
        if came.is_empty() {
            std::fs::copy(fixture("grey.png"), &late).unwrap();
        }
        came.push(result.map_or_else(|error| (error.path, false), |series| (series.path, true)));
    });
    paths.rotate_left(1);
    let expected: Vec<_> = paths.into_iter().map(|path| (path.clone(), path.is_file())).collect();
    assert_eq!(came, expected, "in order, the late picture too, and the DICOM file last");
}

#[test]
fn nothing_is_handed_over_once_it_is_to_stop() {
    let paths: Vec<PathBuf> =
        std::iter::once("explicit_u8.dcm").chain(["grey.png"; 40]).map(fixture).collect();
    let (came, asked) = (Cell::new(0), Cell::new(0));
    let stop = || {
        asked.set(asked.get() + 1);
        came.get() == 3
    };
    open_each(&paths, &stop, &mut |_| came.set(came.get() + 1));
    assert_eq!(came.get(), 3);
    assert!(asked.get() < paths.len(), "asked {} times: it reads on", asked.get());
    open_each(&paths, &|| true, &mut |_| panic!("it was to stop before the first file"));
}

/// Numbers that are no counts have no half pixels.
#[test]
fn floating_point_pages_are_windowed_exactly() {
    assert_eq!(opened("float.tif").slices[0].voi, VoiFunction::LinearExact);
    assert_eq!(opened("grey16_big.tif").slices[0].voi, VoiFunction::Linear);
}

#[test]
fn a_name_says_nothing_of_the_content() {
    let folder = tempfile::tempdir().unwrap();
    let renamed = [
        ("grey.png", "Ärzte (3) [x] image(12).dcm"),
        ("explicit_u16.dcm", "no extension"),
        ("i2.nii.gz", "scan.jpg"),
    ];
    for (name, other) in renamed {
        let path = folder.path().join(other);
        std::fs::copy(fixture(name), &path).unwrap();
        let (one, two) = (opened(name), open(&path).unwrap_or_else(|error| panic!("{error}")));
        assert_eq!(one.slices, two.slices, "{name}");
    }
}

#[test]
fn no_series_tells_the_name_or_number_of_a_patient() {
    let series = opened("explicit_u16.dcm");
    let shown = format!("{:?} {:?} {:?}", series.description, series.format, series.notes);
    assert!(!shown.contains("Formula"), "{shown}");
}
