//! A DICOM series: MR Image Storage (PS3.3 A.4), one file a slice, explicit VR little endian.

use std::path::{Path, PathBuf};

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg32;

use super::{MARK, WriteError, write_whole};
use crate::imaging::{Slice, VoiFunction};

/// Writes slices as `0001.dcm`, `0002.dcm`… in a folder: one series of one study, its UIDs drawn
/// from the seed. Returns the files in the order of the slices.
///
/// Stored values must be whole numbers 0..=4095, as [`super::super::Phantom::slice`] makes them.
pub fn write_dicom(
    folder: &Path,
    slices: &[Slice],
    description: &str,
    seed: u64,
) -> Result<Vec<PathBuf>, WriteError> {
    let mut files = Vec::with_capacity(slices.len());
    for (index, slice) in slices.iter().enumerate() {
        let path = folder.join(format!("{:04}.dcm", index + 1));
        let bytes =
            encode(slice, index, description, seed).map_err(|e| WriteError::new(&path, e))?;
        write_whole(&path, &bytes)?;
        files.push(path);
    }
    Ok(files)
}

fn encode(
    slice: &Slice,
    index: usize,
    description: &str,
    seed: u64,
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let instance = uid(seed, 3 + index as u64);
    let mut object = InMemDicomObject::new_empty();
    for (tag, vr, value) in header(slice, index, description, seed, &instance) {
        object.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
    }
    let numbers = [
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::ROWS, u16::try_from(slice.height)?),
        (tags::COLUMNS, u16::try_from(slice.width)?),
        (tags::BITS_ALLOCATED, 16),
        (tags::BITS_STORED, 12),
        (tags::HIGH_BIT, 11),
        (tags::PIXEL_REPRESENTATION, 0),
    ];
    for (tag, value) in numbers {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    let pixels: Vec<u16> = slice.stored.iter().map(|&v| v.clamp(0.0, 4095.0) as u16).collect();
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(pixels.into())));

    let file = object.with_meta(
        FileMetaTableBuilder::new()
            .media_storage_sop_class_uid(uids::MR_IMAGE_STORAGE)
            .media_storage_sop_instance_uid(instance)
            .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN),
    )?;
    let mut bytes = Vec::new();
    file.write_all(&mut bytes)?;
    Ok(bytes)
}

/// Everything that is text: patient to window, in the order of the information entities.
fn header(
    slice: &Slice,
    index: usize,
    description: &str,
    seed: u64,
    instance: &str,
) -> Vec<(Tag, VR, String)> {
    use VR::*;
    let text = |value: &str| value.to_owned();
    let mut elements = vec![
        (tags::PATIENT_NAME, PN, text("SYNTHETIC^PHANTOM")),
        (tags::PATIENT_ID, LO, text("SYNTHETIC")),
        (tags::PATIENT_BIRTH_DATE, DA, text("")),
        (tags::PATIENT_SEX, CS, text("")),
        (tags::PATIENT_COMMENTS, LT, format!("{MARK}: not a patient")),
        (tags::STUDY_INSTANCE_UID, UI, uid(seed, 0)),
        (tags::STUDY_DATE, DA, text("")),
        (tags::STUDY_TIME, TM, text("")),
        (tags::STUDY_ID, SH, text("SYNTHETIC")),
        (tags::STUDY_DESCRIPTION, LO, text(MARK)),
        (tags::ACCESSION_NUMBER, SH, text("")),
        (tags::REFERRING_PHYSICIAN_NAME, PN, text("")),
        (tags::SERIES_INSTANCE_UID, UI, uid(seed, 1)),
        (tags::SERIES_NUMBER, IS, text("1")),
        (tags::SERIES_DESCRIPTION, LO, format!("{description}, synthetic")),
        (tags::MODALITY, CS, text("MR")),
        (tags::BODY_PART_EXAMINED, CS, text("BRAIN")),
        (tags::PATIENT_POSITION, CS, text("HFS")),
        (tags::FRAME_OF_REFERENCE_UID, UI, uid(seed, 2)),
        (tags::POSITION_REFERENCE_INDICATOR, LO, text("")),
        (tags::MANUFACTURER, LO, text("MRIMaster phantom")),
        (tags::SOFTWARE_VERSIONS, LO, format!("MRIMaster {}", env!("CARGO_PKG_VERSION"))),
        (tags::SOP_CLASS_UID, UI, text(uids::MR_IMAGE_STORAGE)),
        (tags::SOP_INSTANCE_UID, UI, text(instance)),
        (tags::INSTANCE_NUMBER, IS, (index + 1).to_string()),
        (tags::IMAGE_TYPE, CS, text("DERIVED\\SECONDARY\\OTHER")),
        (tags::IMAGE_COMMENTS, LT, text(MARK)),
        (tags::BURNED_IN_ANNOTATION, CS, text("NO")),
        (tags::SCANNING_SEQUENCE, CS, text("RM")),
        (tags::SEQUENCE_VARIANT, CS, text("NONE")),
        (tags::SCAN_OPTIONS, CS, text("")),
        (tags::MR_ACQUISITION_TYPE, CS, text("2D")),
        (tags::ECHO_TIME, DS, text("")),
        (tags::ECHO_TRAIN_LENGTH, IS, text("")),
        (tags::PHOTOMETRIC_INTERPRETATION, CS, text("MONOCHROME2")),
    ];
    if let Some(spacing) = slice.spacing {
        elements.push((tags::PIXEL_SPACING, DS, numbers(&[spacing.row_mm, spacing.column_mm])));
        if let Some(apart) = spacing.slice_mm {
            elements.push((tags::SPACING_BETWEEN_SLICES, DS, numbers(&[apart])));
            elements.push((tags::SLICE_THICKNESS, DS, numbers(&[apart])));
        }
    }
    if let Some(orientation) = slice.orientation {
        let six = [orientation.along_row, orientation.down_column].concat();
        elements.push((tags::IMAGE_ORIENTATION_PATIENT, DS, numbers(&six)));
    }
    if let Some(position) = slice.position {
        elements.push((tags::IMAGE_POSITION_PATIENT, DS, numbers(&position)));
    }
    if let Some(window) = slice.window {
        elements.push((tags::WINDOW_CENTER, DS, numbers(&[window.center])));
        elements.push((tags::WINDOW_WIDTH, DS, numbers(&[window.width])));
        if slice.voi == VoiFunction::LinearExact {
            elements.push((tags::VOILUT_FUNCTION, CS, text("LINEAR_EXACT")));
        }
    }
    elements
}

/// Decimal strings of at most 16 characters (PS3.5 6.2), joined by backslashes.
fn numbers(values: &[f32]) -> String {
    values.iter().map(|v| format!("{}", (v * 1e4).round() / 1e4)).collect::<Vec<_>>().join("\\")
}

/// A UID under 2.25 (PS3.5 B.2), always the same for a seed and a purpose.
fn uid(seed: u64, purpose: u64) -> String {
    let mut rng =
        Pcg32::seed_from_u64(seed.rotate_left(20) ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    // The version and variant bits of a random UUID (RFC 9562).
    let bits = (rng.random::<u128>() & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    format!("2.25.{bits}")
}
