//! DICOM files by their headers, and their pixels frame by frame: `fixtures/readers`, made by
//! `reference/make_reader_fixtures.py`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mrimaster::imaging::{
    Found, NamedWindow, OpenError, Outline, Timing, Window, find_each, open, read_slice,
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/readers")
}

fn fixture(name: &str) -> PathBuf {
    fixtures().join(name)
}

/// The last that is handed over of each series, and the files that are left out.
fn found(paths: &[PathBuf]) -> (Vec<Arc<Outline>>, Vec<OpenError>) {
    let (mut outlines, mut left_out): (Vec<Arc<Outline>>, _) = (Vec::new(), Vec::new());
    find_each(paths, &|| false, &mut |found| match found.unwrap() {
        Found::Outline(outline) => {
            outlines.retain(|other| other.about.series_uid != outline.about.series_uid);
            outlines.push(outline);
        }
        Found::Whole(series) => panic!("{} came with its pixels", series.path.display()),
        Found::LeftOut(error) => left_out.push(error),
    });
    (outlines, left_out)
}

fn outline(path: &Path) -> Arc<Outline> {
    let (mut outlines, left_out) = found(&[path.to_owned()]);
    assert_eq!((outlines.len(), left_out.len()), (1, 0), "{}", path.display());
    outlines.remove(0)
}

#[test]
fn headers_alone_say_what_the_whole_file_says_and_every_frame_can_be_read() {
    let entries = std::fs::read_dir(fixtures()).unwrap().flatten().map(|entry| entry.path());
    let paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "dcm")).collect();
    assert!(paths.len() > 60, "the fixtures are there");
    for path in paths {
        let name = path.display();
        let (whole, outline) = (open(&path).unwrap(), outline(&path));
        assert_eq!(outline.about, whole.about, "{name}");
        assert_eq!(outline.format, whole.format, "{name}");
        assert_eq!(outline.slices.len(), whole.slices.len(), "{name}");
        for (leaf, slice) in outline.slices.iter().zip(&whole.slices) {
            assert_eq!(leaf.header, slice.header, "{name}");
            assert!(!leaf.identity.is_empty(), "{name}");
            let read = read_slice(leaf.place.as_ref().unwrap()).unwrap();
            assert_eq!(read.stored, slice.stored, "{name}");
        }
    }
}

#[test]
fn files_of_one_series_are_one_outline_and_copies_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy of b.dcm");
    std::fs::copy(fixture("series/b.dcm"), &copy).unwrap();
    let mut paths = ["a", "b", "c", "d"].map(|n| fixture(&format!("series/{n}.dcm"))).to_vec();
    paths.push(copy);
    let (outlines, left_out) = found(&paths);
    let [series] = outlines.as_slice() else { panic!("{} series", outlines.len()) };
    let heights: Vec<f32> = series.slices.iter().map(|s| s.position.unwrap()[2]).collect();
    assert_eq!(heights, [0.0, 5.5, 11.0, 16.5]);
    assert!(series.slices.iter().all(|leaf| leaf.spacing.unwrap().slice_mm == Some(5.5)));
    let [error] = left_out.as_slice() else { panic!("{left_out:?}") };
    let error = error.to_string();
    assert!(error.contains("copy of b.dcm") && error.contains("same image as b.dcm"), "{error}");
}

#[test]
fn frames_are_told_apart_by_their_numbers() {
    let enhanced = outline(&fixture("enhanced.dcm"));
    let (first, last) = (&enhanced.slices[0].identity, &enhanced.slices[2].identity);
    assert_eq!(first.strip_suffix("#1").unwrap(), last.strip_suffix("#3").unwrap());
    let single = outline(&fixture("explicit_u16.dcm"));
    assert!(!single.slices[0].identity.contains('#'));
}

#[test]
fn a_file_without_a_number_of_its_own_is_told_by_its_content() {
    let whole = std::fs::read(fixture("explicit_u16.dcm")).unwrap();
    let at = whole.windows(4).position(|w| w == [8, 0, 0x18, 0]).unwrap();
    let length = usize::from(whole[at + 6]);
    let mut nameless = whole.clone();
    nameless[at + 8..at + 8 + length].fill(0);
    let mut other = nameless.clone();
    *other.last_mut().unwrap() ^= 1;
    let folder = tempfile::tempdir().unwrap();
    let identity = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        outline(&path).slices[0].identity.clone()
    };
    let first = identity("a.dcm", &nameless);
    assert_eq!(first, identity("b.dcm", &nameless), "wherever it lies");
    assert_ne!(first, identity("c.dcm", &other));
}

#[test]
fn what_a_file_says_of_its_series_is_kept_and_its_patient_stays_out_of_what_is_printed() {
    let outline = outline(&fixture("about.dcm"));
    let about = &outline.about;
    assert_eq!(about.study.as_deref(), Some("Head, 2021-03-04"));
    assert_eq!((about.series_number, about.modality.as_deref()), (Some(7), Some("MR")));
    assert_eq!(about.body_part.as_deref(), Some("BRAIN"));
    let timing = Timing { repetition: Some(2500.0), echo: Some(90.5), inversion: None };
    assert_eq!(about.timing, timing);
    let patient = about.patient.as_ref().unwrap();
    assert_eq!(patient.name.as_deref(), Some("Formula^Only"));
    assert_eq!(patient.study_date.as_deref(), Some("2021-03-04 10:11"));
    let printed = format!("{outline:?}");
    for private in ["Formula", "1970", "Nowhere"] {
        assert!(!printed.contains(private), "{private}");
    }
    let named = |name: &str, center, width| NamedWindow {
        name: Some(name.to_owned()),
        window: Window { center, width },
    };
    assert_eq!(
        outline.slices[0].windows,
        [named("BRAIN", 40.0, 80.0), named("BONE", 300.0, 1500.0)]
    );
}

/// PS3.3 C.11.2.1.1: the table's entries are (4095 (i / 999)²), from stored value 500 on.
#[test]
fn a_voi_table_is_followed_first_and_left_with_another_window() {
    let series = open(&fixture("voi_lut.dcm")).unwrap();
    let slice = &series.slices[0];
    let window = slice.first_window();
    let mut greys = Vec::new();
    slice.map_to_grey(window, false, &mut greys);
    for (&stored, &grey) in slice.stored.iter().zip(&greys) {
        let exact = ((f64::from(stored) - 500.0).clamp(0.0, 999.0) / 999.0).powi(2) * 255.0;
        assert!((f64::from(grey) - exact).abs() <= 0.55, "{stored}: {grey}, and exactly {exact}");
    }
    assert_eq!(slice.window, Some(Window { center: 600.0, width: 1600.0 }), "is a preset");
    let mut linear = Vec::new();
    slice.map_to_grey(slice.window.unwrap(), false, &mut linear);
    assert_ne!(greys, linear);

    let frames = open(&fixture("enhanced_voi_lut.dcm")).unwrap();
    let firsts: Vec<f32> =
        frames.slices.iter().map(|slice| slice.voi_lut.as_ref().unwrap().first).collect();
    assert_eq!(firsts, [0.0, 100.0, 200.0], "each frame has its own");
}

#[test]
fn a_header_longer_than_what_is_read_at_first() {
    let whole = std::fs::read(fixture("explicit_u16.dcm")).unwrap();
    let pixels = whole.windows(4).position(|w| w == [0xE0, 0x7F, 0x10, 0]).unwrap();
    let private = 300_000u32;
    let mut long = whole[..pixels].to_vec();
    long.extend([0x53, 0, 0x10, 0x10, b'O', b'B', 0, 0]);
    long.extend(private.to_le_bytes());
    long.resize(long.len() + private as usize, 7);
    long.extend(&whole[pixels..]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.dcm");
    std::fs::write(&path, &long).unwrap();
    let place = outline(&path).slices[0].place.clone().unwrap();
    let short = open(&fixture("explicit_u16.dcm")).unwrap();
    assert_eq!(read_slice(&place).unwrap().stored, short.slices[0].stored);

    std::fs::write(&path, &long[..long.len() - 10]).unwrap();
    find_each(&[path], &|| false, &mut |found| {
        let error = found.expect_err("it is cut").to_string();
        assert!(error.contains("ends before its last pixel"), "{error}");
    });
}

#[test]
fn a_file_that_is_written_anew_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames.dcm");
    for name in ["explicit_frames.dcm", "rle_frames.dcm", "jpeg50_fragments.dcm"] {
        std::fs::copy(fixture(name), &path).unwrap();
        let whole = open(&path).unwrap();
        for (leaf, slice) in outline(&path).slices.iter().zip(&whole.slices) {
            let read = read_slice(leaf.place.as_ref().unwrap()).unwrap();
            assert_eq!(read.stored, slice.stored, "{name}");
        }
    }
}

#[test]
fn objects_without_an_image_in_a_folder_are_left_out_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["refused/report.dcm", "refused/frames.dcm", "explicit_u8.dcm"] {
        std::fs::copy(fixture(name), folder.path().join(name.replace("refused/", ""))).unwrap();
    }
    let (outlines, left_out) = found(&[folder.path().to_owned()]);
    assert_eq!(outlines.len(), 1);
    let mut reasons: Vec<String> = left_out.iter().map(ToString::to_string).collect();
    reasons.sort();
    assert!(reasons[0].contains("1000 frames"), "{reasons:?}");
    assert!(reasons[1].contains("a structured report"), "{reasons:?}");
}
