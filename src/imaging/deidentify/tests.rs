use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use dicom_core::dictionary::{DataDictionaryEntry, VirtualVr};
use dicom_core::smallvec::smallvec;
use dicom_core::value::PixelFragmentSequence;
use dicom_dictionary_std::uids;
use dicom_object::{DefaultDicomObject, from_reader};

use super::*;
use crate::imaging::open;

/// What identifies somebody, and must not be found again. Every planted value holds one of these.
const PLANTED: [&[u8]; 4] = [b"Quixote", b"1.3.6.1.4.1.99999", b"19770707", b"070707"];

fn planted(vr: VR, number: usize) -> Option<PrimitiveValue> {
    Some(PrimitiveValue::from(match vr {
        VR::DA => "19770707".to_owned(),
        VR::DT => "19770707070707".to_owned(),
        VR::TM => "070707".to_owned(),
        VR::UI => format!("1.3.6.1.4.1.99999.{number}"),
        VR::AE | VR::CS | VR::LO | VR::LT | VR::PN | VR::SH | VR::ST | VR::UC | VR::UR | VR::UT => {
            format!("Quixote{number}")
        }
        VR::OB => return Some(PrimitiveValue::U8(b"Quixote.".as_slice().into())),
        _ => return None,
    }))
}

/// Every attribute of the table with a value that identifies somebody.
fn identity() -> Vec<InMemElement> {
    let elements = table::rows().enumerate().filter_map(|(number, row)| {
        let digits = u32::from_str_radix(&row.tag.replace('x', "0"), 16).expect("hexadecimal");
        let tag = Tag((digits >> 16) as u16, digits as u16);
        let vr = match StandardDataDictionary.by_tag(tag)?.vr() {
            VirtualVr::Exact(vr) => vr,
            _ => VR::OB,
        };
        let value = planted(vr, number)?;
        // Groups 0 and 2 do not belong into a data set.
        (tag.group() >= 4).then(|| DataElement::new(tag, vr, value))
    });
    elements.collect()
}

const PIXELS: [u16; 6] = [0, 1, 0x0DFF, 7, 4095, 65535];

/// An image of 3×2 pixels.
fn image(instance: &str) -> InMemDicomObject {
    let text = |tag, vr, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
    let number = |tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    InMemDicomObject::from_element_iter([
        text(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 100"),
        text(tags::SOP_CLASS_UID, VR::UI, uids::MR_IMAGE_STORAGE),
        text(tags::SOP_INSTANCE_UID, VR::UI, instance),
        text(tags::STUDY_INSTANCE_UID, VR::UI, "1.3.6.1.4.1.99999.1"),
        text(tags::SERIES_INSTANCE_UID, VR::UI, "1.3.6.1.4.1.99999.2"),
        text(tags::FRAME_OF_REFERENCE_UID, VR::UI, "1.3.6.1.4.1.99999.3"),
        text(tags::PATIENT_NAME, VR::PN, "Quixote^Alonso"),
        text(tags::MODALITY, VR::CS, "MR"),
        text(tags::MANUFACTURER, VR::LO, "Søren & Co"),
        text(tags::PIXEL_SPACING, VR::DS, "0.5\\0.75"),
        number(tags::SAMPLES_PER_PIXEL, 1),
        number(tags::ROWS, 2),
        number(tags::COLUMNS, 3),
        number(tags::BITS_ALLOCATED, 16),
        number(tags::BITS_STORED, 16),
        number(tags::HIGH_BIT, 15),
        number(tags::PIXEL_REPRESENTATION, 0),
        text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
        DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(PIXELS.as_slice().into())),
    ])
}

/// A file of it whose head identifies somebody, too.
fn write(path: &Path, object: InMemDicomObject, syntax: &str) {
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(syntax)
        .source_application_entity_title("Quixote")
        .private_information_creator_uid("1.3.6.1.4.1.99999.4")
        .private_information(b"Quixote.".to_vec());
    let mut bytes = Vec::new();
    object.with_meta(meta).expect("whole").write_all(&mut bytes).expect("written");
    bytes[..7].copy_from_slice(b"Quixote");
    std::fs::File::create(path).and_then(|mut file| file.write_all(&bytes)).expect("written");
}

fn copy_of(object: InMemDicomObject, syntax: &str, pseudonyms: &Pseudonyms) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scan.dcm");
    write(&path, object, syntax);
    copy(&Source::file(&path), pseudonyms).expect("copied")
}

fn read(bytes: &[u8]) -> DefaultDicomObject {
    from_reader(bytes).expect("a DICOM file")
}

fn assert_nobody(bytes: &[u8]) {
    for word in PLANTED {
        let found = bytes.windows(word.len()).position(|part| part.eq_ignore_ascii_case(word));
        let word = String::from_utf8_lossy(word);
        assert_eq!(found, None, "{word} is still there");
    }
}

#[test]
fn nothing_planted_is_found_again_wherever_it_stood() {
    let identity = identity();
    assert!(identity.len() > 500, "{}", identity.len());
    let nested = InMemDicomObject::from_element_iter(identity.clone());
    let deeper = InMemDicomObject::from_element_iter([sequence(
        tags::REFERENCED_IMAGE_SEQUENCE,
        vec![nested.clone()],
    )]);
    let text = |tag, vr, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
    let mut object = image("1.3.6.1.4.1.99999.10");
    for element in identity.into_iter().chain([
        // Kept, and cleaned inside.
        sequence(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![nested, deeper]),
        // Private, and its creator.
        text(Tag(0x0019, 0x0010), VR::LO, "Quixote"),
        text(Tag(0x0019, 0x1001), VR::LT, "Quixote"),
        // Of a standard group, and in no dictionary.
        text(Tag(0x0010, 0x7777), VR::LO, "Quixote"),
        // A name, a date and a station that the table does not list.
        text(tags::EVALUATOR_NAME, VR::PN, "Quixote"),
        text(tags::EXPIRY_DATE, VR::DA, "19770707"),
        text(tags::DATE_OF_GAIN_CALIBRATION, VR::DA, "19770707"),
        // A UID of the scanner's in an attribute that the table does not list.
        text(Tag(0x0008, 0x010C), VR::UI, "1.3.6.1.4.1.99999.11"),
        // Curves and overlays.
        text(Tag(0x5002, 0x2500), VR::LO, "Quixote"),
        text(Tag(0x6004, 0x0022), VR::LO, "Quixote"),
        DataElement::new(
            Tag(0x6004, 0x3000),
            VR::OB,
            PrimitiveValue::U8(b"Quixote.".as_slice().into()),
        ),
    ]) {
        object.put(element);
    }
    for syntax in
        [uids::EXPLICIT_VR_LITTLE_ENDIAN, uids::IMPLICIT_VR_LITTLE_ENDIAN, "1.2.840.10008.1.2.2"]
    {
        let bytes = copy_of(object.clone(), syntax, &Pseudonyms::random());
        assert_nobody(&bytes);
        let copy = read(&bytes);
        assert!(copy.tags().all(|tag| tag.group() % 2 == 0 && tag.group() < 0x7FE1));
        let inside = copy.element(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE).expect("kept");
        assert_eq!(inside.items().map(<[_]>::len), Some(2));
    }
}

#[test]
fn a_copy_says_what_was_done_to_it() {
    let copy = read(&copy_of(
        image("1.3.6.1.4.1.99999.10"),
        uids::EXPLICIT_VR_LITTLE_ENDIAN,
        &Pseudonyms::random(),
    ));
    let text = |tag| copy.element(tag).expect("there").to_str().expect("text").into_owned();
    assert_eq!(text(tags::PATIENT_IDENTITY_REMOVED), "YES");
    assert_eq!(text(tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED), "REMOVED");
    assert!(text(tags::DEIDENTIFICATION_METHOD).contains("Basic Application Level"));
    let method = copy.element(tags::DEIDENTIFICATION_METHOD_CODE_SEQUENCE).expect("there");
    let code = method.items().expect("items")[0].element(tags::CODE_VALUE).expect("there");
    assert_eq!(code.to_str().expect("text"), "113100");
    assert_eq!(text(tags::PATIENT_NAME), "");
    assert_eq!(text(tags::MANUFACTURER), "Søren & Co", "decoded and encoded again");
    assert_eq!(text(tags::PIXEL_SPACING), "0.5\\0.75");

    let meta = copy.meta();
    assert_eq!(meta.media_storage_sop_instance_uid(), text(tags::SOP_INSTANCE_UID));
    assert_eq!(meta.media_storage_sop_class_uid(), uids::MR_IMAGE_STORAGE);
    assert_eq!(meta.source_application_entity_title(), None);
    assert_eq!(meta.private_information_creator_uid(), None);
}

#[test]
fn copies_of_one_export_go_on_referring_to_each_other_and_to_no_other() {
    let refer = |to: &str| {
        let to =
            DataElement::new(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, PrimitiveValue::from(to));
        let item = InMemDicomObject::from_element_iter([to]);
        sequence(tags::REFERENCED_IMAGE_SEQUENCE, vec![item])
    };
    let (first, second) = ("1.3.6.1.4.1.99999.21", "1.3.6.1.4.1.99999.22");
    let mut referring = image(second);
    referring.put(refer(first));
    let pseudonyms = Pseudonyms::random();
    let copies = [image(first), referring.clone()]
        .map(|object| read(&copy_of(object, uids::EXPLICIT_VR_LITTLE_ENDIAN, &pseudonyms)));
    let uid = |copy: &DefaultDicomObject, tag| {
        let uid = copy.element(tag).expect("there").to_str().expect("text").into_owned();
        assert!(uid.starts_with("2.25.") && uid.len() <= 44, "{uid}");
        uid
    };
    for tag in [tags::STUDY_INSTANCE_UID, tags::SERIES_INSTANCE_UID, tags::FRAME_OF_REFERENCE_UID] {
        assert_eq!(uid(&copies[0], tag), uid(&copies[1], tag));
    }
    let instances = copies.each_ref().map(|copy| uid(copy, tags::SOP_INSTANCE_UID));
    assert_ne!(instances[0], instances[1]);
    let items = copies[1].element(tags::REFERENCED_IMAGE_SEQUENCE).expect("kept");
    let referred = items.items().expect("items")[0].element(tags::REFERENCED_SOP_INSTANCE_UID);
    assert_eq!(referred.expect("there").to_str().expect("text"), instances[0]);

    let other = read(&copy_of(referring, uids::EXPLICIT_VR_LITTLE_ENDIAN, &Pseudonyms::random()));
    let all: HashSet<String> = [&copies[0], &copies[1], &other]
        .map(|copy| uid(copy, tags::SOP_INSTANCE_UID))
        .into_iter()
        .collect();
    assert_eq!(all.len(), 3, "another export has other names");
}

#[test]
fn pixels_stay_as_they_are() {
    let syntaxes = [
        uids::EXPLICIT_VR_LITTLE_ENDIAN,
        uids::IMPLICIT_VR_LITTLE_ENDIAN,
        "1.2.840.10008.1.2.2",
        uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    ];
    for syntax in syntaxes {
        let bytes = copy_of(image("1.3.6.1.4.1.99999.31"), syntax, &Pseudonyms::random());
        assert_eq!(read(&bytes).meta().transfer_syntax(), syntax);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("copy.dcm");
        std::fs::write(&path, &bytes).expect("written");
        let series = open(&path).expect("opened");
        assert_eq!(series.slices[0].stored, PIXELS.map(f32::from), "{syntax}");
    }

    let mut encapsulated = image("1.3.6.1.4.1.99999.32");
    let fragments: [Vec<u8>; 2] = [b"\xFF\xD8 a JPEG, more or less \xFF\xD9".to_vec(), vec![7; 4]];
    encapsulated.put(DataElement::new(
        tags::PIXEL_DATA,
        VR::OB,
        Value::PixelSequence(PixelFragmentSequence::new(smallvec![0_u32], fragments.to_vec())),
    ));
    let copy = read(&copy_of(encapsulated, uids::JPEG_BASELINE8_BIT, &Pseudonyms::random()));
    let pixels = copy.element(tags::PIXEL_DATA).expect("there");
    assert_eq!(pixels.fragments(), Some(fragments.as_slice()));
    assert_eq!(pixels.offset_table(), Some([0].as_slice()));
}

#[test]
fn what_has_text_in_its_pixels_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("burned.dcm");
    let mut object = image("1.3.6.1.4.1.99999.41");
    object.put(DataElement::new(tags::BURNED_IN_ANNOTATION, VR::CS, PrimitiveValue::from("YES")));
    write(&path, object, uids::EXPLICIT_VR_LITTLE_ENDIAN);
    let refused = copy(&Source::file(&path), &Pseudonyms::random()).expect_err("refused");
    let sentence = refused.to_string();
    assert!(sentence.contains("burned.dcm") && sentence.contains("burned into"), "{sentence}");
    assert_eq!(sentence.lines().count(), 1);
}
