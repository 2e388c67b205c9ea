//! The elements of a DICOM file, sequences nested.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::header::Header;
use dicom_core::value::{PrimitiveValue, Value};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use super::{TagLine, Tags, bytes, shortened};
use crate::imaging::dicom::Elements;
use crate::imaging::error::Refusal;

/// Values of one element that are written out.
const MAX_VALUES: usize = 64;

/// Every element, those of the meta group first.
pub(super) fn read(content: &[u8]) -> Result<Tags, Refusal> {
    let Elements { meta, before_pixels, pixels } = Elements::of(content)?;
    let mut tags = Tags::default();
    meta.iter().for_each(|meta| object(meta, 0, &mut tags));
    object(&before_pixels, 0, &mut tags);
    if let Some(pixels) = pixels {
        tags.add(TagLine {
            depth: 0,
            tag: pixels.tag.to_string(),
            name: name(&before_pixels, pixels.tag),
            vr: pixels.vr.map(|vr| vr.to_string().to_owned()).unwrap_or_default(),
            value: pixels.length.map_or_else(|| "in fragments".to_owned(), bytes),
        });
    }
    Ok(tags)
}

fn object(object_: &InMemDicomObject, depth: usize, tags: &mut Tags) {
    for element in object_.iter() {
        if tags.cut {
            return;
        }
        tags.add(TagLine {
            depth,
            tag: element.tag().to_string(),
            name: name(object_, element.tag()),
            vr: element.vr().to_string().to_owned(),
            value: value(element),
        });
        for (number, item) in element.items().unwrap_or_default().iter().enumerate() {
            tags.add(TagLine {
                depth: depth + 1,
                tag: format!("item {}", number + 1),
                ..TagLine::default()
            });
            object(item, depth + 2, tags);
        }
    }
}

/// What an element is called; for a private one, whose it is, PS3.5 section 7.8.1.
fn name(object: &InMemDicomObject, tag: Tag) -> String {
    let Tag(group, element) = tag;
    if group % 2 == 0 {
        let entry = StandardDataDictionary.by_tag(tag);
        return entry.map_or_else(|| "Unknown".to_owned(), |entry| in_words(entry.alias()));
    }
    if (0x0010..0x0100).contains(&element) {
        return "Private creator".to_owned();
    }
    let creator = object.get(Tag(group, element >> 8)).and_then(|creator| creator.to_str().ok());
    match creator.as_deref().map(shortened) {
        Some(creator) if !creator.is_empty() => format!("Private, {creator}"),
        _ => "Private".to_owned(),
    }
}

/// "PatientName" as "Patient Name", "SOPInstanceUID" as "SOP Instance UID".
fn in_words(keyword: &str) -> String {
    let chars: Vec<char> = keyword.chars().collect();
    let mut words = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let after_small = i > 0 && !chars[i - 1].is_uppercase();
        let before_small = chars.get(i + 1).is_some_and(|next| next.is_lowercase());
        if i > 0 && c.is_uppercase() && (after_small || before_small) {
            words.push(' ');
        }
        words.push(c);
    }
    words
}

fn value(element: &InMemElement) -> String {
    match element.value() {
        Value::Sequence(sequence) => match sequence.items().len() {
            1 => "1 item".to_owned(),
            items => format!("{items} items"),
        },
        Value::PixelSequence(sequence) => {
            let length = sequence.fragments().iter().map(Vec::len).sum();
            format!("{} in {} fragments", bytes(length), sequence.fragments().len())
        }
        Value::Primitive(value) => primitive(value, element.vr()),
    }
}

fn primitive(value: &PrimitiveValue, vr: VR) -> String {
    let binary = matches!(vr, VR::OB | VR::OD | VR::OF | VR::OL | VR::OV | VR::OW | VR::UN);
    if binary || matches!(value, PrimitiveValue::U8(_)) {
        return match value.calculate_byte_len() {
            0 => String::new(),
            length => bytes(length),
        };
    }
    let count = value.multiplicity() as usize;
    let mut values = value.clone();
    values.truncate(MAX_VALUES);
    let mut text = shortened(&values.to_multi_str().join("\\"));
    if count > MAX_VALUES {
        text += &format!("… ({count} values)");
    }
    text
}

#[cfg(test)]
mod tests {
    use dicom_core::{DataElement, dicom_value};
    use dicom_dictionary_std::tags as names;

    use super::*;

    fn lines(object_: &InMemDicomObject) -> Vec<(usize, String, String, String)> {
        let mut tags = Tags::default();
        object(object_, 0, &mut tags);
        let line = |line: TagLine| (line.depth, line.tag, line.name, line.value);
        tags.lines.into_iter().map(line).collect()
    }

    fn line(depth: usize, tag: &str, name: &str, value: &str) -> (usize, String, String, String) {
        (depth, tag.to_owned(), name.to_owned(), value.to_owned())
    }

    #[test]
    fn sequences_nest_and_private_elements_name_their_creator() {
        let inner = InMemDicomObject::from_element_iter([DataElement::new(
            names::CODE_VALUE,
            VR::SH,
            "T-A0100",
        )]);
        let sequence = dicom_core::value::DataSetSequence::from(vec![inner]);
        let object = InMemDicomObject::from_element_iter([
            DataElement::new(names::PATIENT_NAME, VR::PN, "Made^Up "),
            DataElement::new(names::ANATOMIC_REGION_SEQUENCE, VR::SQ, sequence),
            DataElement::new(Tag(0x0019, 0x0010), VR::LO, "ACME 1.0"),
            DataElement::new(Tag(0x0019, 0x1002), VR::UN, dicom_value!(U8, [1, 2, 3])),
            DataElement::new(Tag(0x0021, 0x1002), VR::DS, "1.5"),
        ]);
        assert_eq!(
            lines(&object),
            [
                line(0, "(0008,2218)", "Anatomic Region Sequence", "1 item"),
                line(1, "item 1", "", ""),
                line(2, "(0008,0100)", "Code Value", "T-A0100"),
                line(0, "(0010,0010)", "Patient Name", "Made^Up"),
                line(0, "(0019,0010)", "Private creator", "ACME 1.0"),
                line(0, "(0019,1002)", "Private, ACME 1.0", "3 bytes"),
                line(0, "(0021,1002)", "Private", "1.5"),
            ]
        );
    }

    #[test]
    fn many_values_are_counted() {
        let values: Vec<u16> = (0..5000).collect();
        let element = DataElement::new(names::LUT_DATA, VR::US, PrimitiveValue::U16(values.into()));
        let object = InMemDicomObject::from_element_iter([element]);
        let value = &lines(&object)[0].3;
        assert!(value.starts_with("0\\1\\2") && value.ends_with("(5000 values)"), "{value}");
    }

    #[test]
    fn keywords_are_read_as_words() {
        for (keyword, words) in [
            ("PatientName", "Patient Name"),
            ("SOPInstanceUID", "SOP Instance UID"),
            ("PatientID", "Patient ID"),
            ("MRAcquisitionType", "MR Acquisition Type"),
        ] {
            assert_eq!(in_words(keyword), words);
        }
    }
}
