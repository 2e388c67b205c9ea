//! Phantoms: the same for a seed, true to their truth, and the same head in every file format.

use std::path::{Path, PathBuf};

use mrimaster::dataset::phantom::*;
use mrimaster::imaging::{Depth, Slice};

/// A small slice without artefacts through the middle of the tumour.
fn through_lesion(phantom: &Phantom, plane: Plane, matrix: usize) -> (View, Slice) {
    let centre = phantom.lesion().expect("it has a tumour").centre_mm;
    let axis = match plane {
        Plane::Sagittal => 0,
        Plane::Coronal => 1,
        Plane::Axial => 2,
    };
    let mut view = View::new(plane, centre[axis], matrix);
    view.artefacts = Artefacts::NONE;
    (view, phantom.slice(&view))
}

/// The stored value at a place of the patient that lies in the slice's plane.
fn value_at(slice: &Slice, patient: [f32; 3]) -> f32 {
    let (position, spacing) = (slice.position.unwrap(), slice.spacing.unwrap());
    let axes = slice.orientation.unwrap();
    let along = |way: [f32; 3], mm: f32| {
        let steps: f32 = (0..3).map(|i| (patient[i] - position[i]) * way[i]).sum::<f32>() / mm;
        steps.round() as usize
    };
    let x = along(axes.along_row, spacing.column_mm);
    let y = along(axes.down_column, spacing.row_mm);
    slice.stored_at(x, y).expect("inside the slice")
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo")
}

#[test]
fn a_seed_stands_for_one_head_and_another_seed_for_another() {
    let view = View::new(Plane::Axial, 10.0, 48);
    let slice = |seed| Phantom::new(seed, LesionKind::Glioma).slice(&view);
    assert_eq!(slice(5), slice(5));
    assert_ne!(slice(5).stored, slice(6).stored);
}

#[test]
fn a_slice_carries_its_place_and_stays_in_twelve_bits() {
    for plane in Plane::ALL {
        let view = View { spacing_mm: 4.0, ..View::new(plane, 12.5, 48) };
        let slice = Phantom::new(2, LesionKind::None).slice(&view);
        assert_eq!(slice.depth, Depth::Wide);
        assert_eq!(slice.orientation.unwrap().plane(), Some(plane.name()));
        assert_eq!(slice.spacing.unwrap().row_mm, 4.0);
        assert!(slice.position.unwrap().contains(&12.5));
        assert!(slice.stored.iter().all(|v| (0.0..=4095.0).contains(v) && v.fract() == 0.0));
        assert!(slice.window.is_some());
    }
}

#[test]
fn a_glioma_has_a_bright_rim_and_a_dark_middle() {
    for seed in 0..4 {
        let phantom = Phantom::new(seed, LesionKind::Glioma);
        let (view, slice) = through_lesion(&phantom, Plane::Axial, 96);
        let mask = phantom.lesion_mask(&view);
        let centre = value_at(&slice, phantom.lesion().unwrap().centre_mm);
        let inside =
            |i: usize| mask[i] && mask[i - 1] && mask[i + 1] && mask[i - 96] && mask[i + 96];
        let rim: Vec<f32> =
            (0..mask.len()).filter(|&i| mask[i] && !inside(i)).map(|i| slice.stored[i]).collect();
        let rim = rim.iter().sum::<f32>() / rim.len() as f32;
        assert!(rim > 1.4 * centre, "seed {seed}: rim {rim}, centre {centre}");
    }
}

#[test]
fn a_meningioma_is_bright_throughout_and_touches_the_skull() {
    for seed in 0..4 {
        let phantom = Phantom::new(seed, LesionKind::Meningioma);
        let truth = phantom.lesion().unwrap();
        let (_, slice) = through_lesion(&phantom, Plane::Coronal, 96);
        assert!(value_at(&slice, truth.centre_mm) > 1600.0, "seed {seed}");
        // Outwards from the middle the tumour ends within a radius: the inner table cuts it.
        let length = truth.centre_mm.iter().map(|v| v * v).sum::<f32>().sqrt();
        let out = truth.centre_mm.map(|v| v / length);
        let at = |mm: f32| std::array::from_fn(|i| truth.centre_mm[i] + mm * out[i]);
        let radius = truth.radii_mm.iter().copied().fold(f32::INFINITY, f32::min);
        assert!(phantom.in_lesion(at(0.0)) && phantom.in_lesion(at(-0.6 * radius)));
        assert!(!phantom.in_lesion(at(0.95 * radius)), "seed {seed}: it grows through the skull");
    }
}

#[test]
fn a_pituitary_tumour_lies_in_the_midline_low_in_the_head() {
    for seed in 0..4 {
        let truth = Phantom::new(seed, LesionKind::Pituitary).lesion().unwrap();
        assert_eq!(truth.side, Side::Midline);
        assert!(truth.centre_mm[0].abs() < 9.0, "{truth:?}");
        assert!((-40.0..-10.0).contains(&truth.centre_mm[2]), "{truth:?}");
    }
    assert!(Phantom::new(1, LesionKind::None).lesion().is_none());
}

#[test]
fn the_box_is_the_smallest_around_the_mask_and_left_is_left() {
    for (side, sign) in [(Side::Left, 1.0), (Side::Right, -1.0)] {
        let phantom = Phantom::with_side(9, LesionKind::Glioma, side);
        assert!(phantom.lesion().unwrap().centre_mm[0] * sign > 10.0);
        let (view, _) = through_lesion(&phantom, Plane::Axial, 64);
        let found = phantom.lesion_box(&view).unwrap();
        let mask = phantom.lesion_mask(&view);
        let hits = mask.iter().filter(|hit| **hit).count();
        let boxed = (found.y..found.y + found.height)
            .flat_map(|y| (found.x..found.x + found.width).map(move |x| y * 64 + x))
            .filter(|&i| mask[i])
            .count();
        assert_eq!(hits, boxed);
        // An axial slice shows the patient's left on the right.
        assert_eq!(found.x + found.width / 2 > 32, side == Side::Left);
    }
}

#[test]
fn a_study_is_spread_over_the_classes_and_every_format_shows_the_tumour_on_the_left() {
    let folder = tempfile::tempdir().unwrap();
    let phantom = Phantom::with_side(4, LesionKind::Meningioma, Side::Left);
    let centre = phantom.lesion().unwrap().centre_mm;
    let mut first = View::new(Plane::Axial, centre[2] - 8.0, 40);
    (first.slice_spacing_mm, first.artefacts) = (Some(8.0), Artefacts::NONE);
    let slices: Vec<Slice> = first.stack(3).iter().map(|view| phantom.slice(view)).collect();
    let mirrored = [-centre[0], centre[1], centre[2]];
    assert!(value_at(&slices[1], centre) > 1.3 * value_at(&slices[1], mirrored));

    // DICOM: the values and the place of the slice.
    let files = write_dicom(folder.path(), &slices, "T1", 4).unwrap();
    let mut uids = Vec::new();
    for (file, slice) in files.iter().zip(&slices) {
        let object = dicom_object::open_file(file).unwrap();
        let text =
            |name: &str| object.element_by_name(name).unwrap().to_str().unwrap().into_owned();
        let numbers =
            |name: &str| object.element_by_name(name).unwrap().to_multi_float32().unwrap();
        let position = numbers("ImagePositionPatient");
        for (read, written) in position.iter().zip(slice.position.unwrap()) {
            assert!((read - written).abs() < 1e-3);
        }
        assert_eq!(numbers("ImageOrientationPatient"), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!(numbers("PixelSpacing"), [6.0, 6.0]);
        let pixels = object.element_by_name("PixelData").unwrap().to_multi_int::<u16>().unwrap();
        assert!(pixels.iter().zip(&slice.stored).all(|(&p, &s)| f32::from(p) == s));
        assert_eq!(text("PatientName"), "SYNTHETIC^PHANTOM");
        assert!(text("ImageComments").contains("synthetic"));
        uids.push((text("SeriesInstanceUID"), text("SOPInstanceUID")));
    }
    assert!(uids.iter().all(|(series, _)| *series == uids[0].0 && series.starts_with("2.25.")));
    assert_ne!(uids[0].1, uids[1].1);

    // NIfTI: the world's +x is the patient's right, +y the front.
    let path = folder.path().join("head.nii.gz");
    write_nifti(&path, &slices).unwrap();
    let object = nifti::ReaderOptions::new().read_file(&path).unwrap();
    let header = nifti::NiftiObject::header(&object);
    assert!(header.descrip.starts_with(MARK.as_bytes()));
    assert!(header.qform_code > 0 && header.sform_code > 0);
    let voxel =
        |row: [f32; 4], world: f32| ((world - row[3]) / row[..3].iter().sum::<f32>()).round();
    let x = voxel(header.srow_x, -centre[0]) as u16;
    let y = voxel(header.srow_y, -centre[1]) as u16;
    let z = voxel(header.srow_z, centre[2]) as u16;
    let volume = nifti::NiftiObject::volume(&object);
    let bright = nifti::RandomAccessNiftiVolume::get_f32(volume, &[x, y, z]).unwrap();
    assert_eq!(bright, value_at(&slices[1], centre));

    assert!(write_nifti(&folder.path().join("empty.nii.gz"), &[]).is_err());
    assert!(!folder.path().join("empty.nii.gz").exists());
}

#[test]
fn the_demo_study_is_what_the_generator_makes() {
    let text =
        std::fs::read_to_string(demo().join("truth.json")).expect("assets/demo is committed");
    let truth: StudyTruth = serde_json::from_str(&text).unwrap();
    assert_eq!(truth.note, MARK);
    // Two copies lie in a wrong folder, for a review to find.
    let astray = [
        (
            "meningioma_tumor/synthetic-meningioma-0002-sagittal.png",
            "glioma_tumor/synthetic-glioma-0003-sagittal.png",
        ),
        (
            "pituitary_tumor/synthetic-pituitary-0001-axial.png",
            "no_tumor/synthetic-healthy-0003-axial.png",
        ),
    ];
    for (right, wrong) in astray {
        let read = |name| std::fs::read(demo().join(name)).unwrap();
        assert!(read(right) == read(wrong), "{wrong}");
    }
    for kind in LesionKind::ALL {
        let folder = std::fs::read_dir(demo().join(kind.folder())).unwrap();
        let copies = astray.iter().filter(|(_, wrong)| wrong.starts_with(kind.folder())).count();
        assert_eq!(folder.count(), 2 + copies, "{}", kind.folder());
    }
    for scan in &truth.scans {
        for slice in &scan.slices {
            assert!(demo().join(&slice.file).is_file(), "{}", slice.file);
        }
    }
    // The whole study again takes long; its smallest parts are made anew and compared.
    let (phantom, view, file) = study_picture(truth.seed, 0);
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("again.png");
    write_png(&again, &phantom.slice(&view)).unwrap();
    let committed = image::open(demo().join(&file)).unwrap().to_luma8();
    assert_eq!(image::open(&again).unwrap().to_luma8(), committed);
    assert_eq!(phantom.lesion(), truth.scans[0].lesion);
    assert_eq!(phantom.lesion_box(&view), truth.scans[0].slices[0].lesion_box);
    let bytes = std::fs::read(demo().join(&file)).unwrap();
    let said = bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes());
    assert!(said, "the picture says that it is synthetic");
}

#[test]
fn the_readers_know_every_file_of_the_demo_study_as_synthetic() {
    let truth = std::fs::read(demo().join("truth.json")).unwrap();
    let truth: StudyTruth = serde_json::from_slice(&truth).unwrap();
    for scan in &truth.scans {
        let known = &scan.slices[0];
        let series = mrimaster::imaging::open(&demo().join(&known.file)).unwrap();
        assert!(series.synthetic, "{}", known.file);
        let slice = &series.slices[0];
        assert_eq!((slice.width, slice.height), (known.columns, known.rows));
        // A PNG keeps no position; where a format does, it is the one that was meant.
        if let Some(position) = slice.position {
            for (read, meant) in position.iter().zip(known.position_mm) {
                assert!((read - meant).abs() < 1e-3, "{}: {position:?}", known.file);
            }
        }
    }
}
