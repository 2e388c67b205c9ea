//! De-identified copies of DICOM files: the Basic Application Level Confidentiality Profile of PS3.15
//! Annex E, with none of its options.
//!
//! What the profile's table E.1-1 names is treated as it says (`table`), in nested sequences too. What
//! it does not name and still may tell who it was is removed: private attributes, names, dates and
//! titles of machines the table does not know, and values whose kind is unknown. Pixels stay as they
//! are, byte by byte: whatever is burned into them stays as well.

mod pseudonyms;
mod table;

#[cfg(test)]
mod tests;

use dicom_core::dictionary::DataDictionary;
use dicom_core::value::{DataSetSequence, Value};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use dicom_object::mem::InMemElement;
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

pub use pseudonyms::Pseudonyms;

use self::table::{Action, action};
use super::dicom;
use super::error::{OpenError, Refusal};
use super::source::Source;
use crate::system::caught::caught;

/// The bytes of a de-identified copy of a DICOM file, in its own transfer syntax. Files that are copied
/// with the same `pseudonyms` go on referring to each other.
///
/// # Errors
/// One sentence that names the file, what was found and what would work: among others, a file that says
/// of itself that something is written in its pixels is not copied.
pub fn copy(source: &Source, pseudonyms: &Pseudonyms) -> Result<Vec<u8>, OpenError> {
    let copied = |bytes: Vec<u8>| {
        caught(|| copied(&bytes, pseudonyms)).unwrap_or_else(|_| {
            Err(Refusal::damaged("its content is broken and cannot be copied safely"))
        })
    };
    source.load().and_then(copied).map_err(|refusal| refusal.of(source.path()))
}

fn copied(bytes: &[u8], pseudonyms: &Pseudonyms) -> Result<Vec<u8>, Refusal> {
    let (object, syntax) = dicom::parse(bytes)?;
    let says = |tag, word: &str| {
        object.get(tag).and_then(|e| e.to_str().ok()).is_some_and(|said| said.trim() == word)
    };
    if says(tags::BURNED_IN_ANNOTATION, "YES") {
        return Err(Refusal::new(
            "it says that text is burned into its pixels, where a name may stand",
            "save a picture of a part without text",
        ));
    }
    let unwritable =
        |error: &dyn std::error::Error| Refusal::damaged(format!("it cannot be copied ({error})"));
    let meta = FileMetaTableBuilder::new().transfer_syntax(syntax.uid());
    let file =
        deidentified(object, pseudonyms).with_meta(meta).map_err(|error| unwritable(&error))?;
    let mut copy = Vec::with_capacity(bytes.len());
    file.write_all(&mut copy).map_err(|error| unwritable(&error))?;
    Ok(copy)
}

/// The data set after the profile, with the attributes that say so (PS3.15 E.1.1, E.3.6).
fn deidentified(object: InMemDicomObject, pseudonyms: &Pseudonyms) -> InMemDicomObject {
    let text = |tag, vr, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
    let method = InMemDicomObject::from_element_iter([
        text(tags::CODE_VALUE, VR::SH, "113100"),
        text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, "DCM"),
        text(tags::CODE_MEANING, VR::LO, "Basic Application Confidentiality Profile"),
    ]);
    let mut object = cleaned(object, pseudonyms);
    for element in [
        text(tags::PATIENT_IDENTITY_REMOVED, VR::CS, "YES"),
        text(tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED, VR::CS, "REMOVED"),
        text(
            tags::DEIDENTIFICATION_METHOD,
            VR::LO,
            concat!(
                "PS3.15 Basic Application Level Profile\\MRIMaster ",
                env!("CARGO_PKG_VERSION")
            ),
        ),
    ] {
        object.put(element);
    }
    object.put(sequence(tags::DEIDENTIFICATION_METHOD_CODE_SEQUENCE, vec![method]));
    object
}

fn cleaned(object: InMemDicomObject, pseudonyms: &Pseudonyms) -> InMemDicomObject {
    let elements = object.into_iter().filter_map(|element| clean(element, pseudonyms));
    InMemDicomObject::from_element_iter(elements)
}

/// The element as it is copied, if it is.
fn clean(element: InMemElement, pseudonyms: &Pseudonyms) -> Option<InMemElement> {
    let (tag, vr) = (element.header().tag, element.vr());
    if !is_understood(tag, vr) {
        return None;
    }
    match action(tag) {
        Some(Action::Remove) => None,
        Some(Action::Empty) => Some(empty(tag, vr)),
        Some(Action::Replace) => Some(replaced(&element, pseudonyms)),
        Some(Action::Clean) => Some(kept(element, pseudonyms)),
        // Of machines, people and times that the table does not know.
        None if matches!(vr, VR::AE | VR::DA | VR::DT | VR::PN | VR::TM) => None,
        None => Some(kept(element, pseudonyms)),
    }
}

/// Whether it is known what an attribute holds.
fn is_understood(tag: Tag, vr: VR) -> bool {
    let private = tag.group() % 2 == 1;
    // Of messages, of the file meta group, and lengths of groups that are no longer what they were.
    let of_the_file = tag.group() < 8 || tag.element() == 0;
    // With the pixels of an overlay goes what describes them.
    let overlay = (0x6000..=0x60FF).contains(&tag.group());
    let unknown = StandardDataDictionary.by_tag(tag).is_none() && action(tag).is_none();
    let unread = vr == VR::UN && tag != tags::PIXEL_DATA;
    !(private || of_the_file || overlay || unknown || unread)
}

/// The element with the UIDs in it, and everything in its items, replaced.
fn kept(element: InMemElement, pseudonyms: &Pseudonyms) -> InMemElement {
    let (tag, vr) = (element.header().tag, element.vr());
    match (vr, element.into_value()) {
        (_, Value::Sequence(items)) => {
            let items = items.into_items().into_iter().map(|item| cleaned(item, pseudonyms));
            sequence(tag, items.collect())
        }
        (VR::SQ, _) => empty(tag, vr),
        (VR::UI, Value::Primitive(uids)) => renamed(tag, &uids, pseudonyms),
        // Texts were decoded by what stood here, and are written so that they can be read anywhere.
        (_, Value::Primitive(_)) if tag == tags::SPECIFIC_CHARACTER_SET => {
            DataElement::new(tag, vr, PrimitiveValue::from("ISO_IR 192"))
        }
        (_, value) => DataElement::new(tag, vr, value),
    }
}

fn sequence(tag: Tag, items: Vec<InMemDicomObject>) -> InMemElement {
    let items = DataSetSequence::new(items, dicom_core::Length::UNDEFINED);
    DataElement::new(tag, VR::SQ, Value::Sequence(items))
}

fn empty(tag: Tag, vr: VR) -> InMemElement {
    if vr == VR::SQ { sequence(tag, Vec::new()) } else { DataElement::empty(tag, vr) }
}

/// UIDs of the standard itself (PS3.6 Annex A) name kinds of things, not things.
fn renamed(tag: Tag, uids: &PrimitiveValue, pseudonyms: &Pseudonyms) -> InMemElement {
    const STANDARD: &str = "1.2.840.10008.";
    let name = |uid: &str| match uid.trim_matches(['\0', ' ']) {
        "" => String::new(),
        uid if uid.starts_with(STANDARD) => uid.to_owned(),
        uid => pseudonyms.uid(uid),
    };
    let uids: Vec<String> = uids.to_multi_str().iter().map(|uid| name(uid)).collect();
    DataElement::new(tag, VR::UI, PrimitiveValue::from(uids.join("\\")))
}

/// A value that says nothing, and may stand wherever one has to (PS3.5 6.2).
fn replaced(element: &InMemElement, pseudonyms: &Pseudonyms) -> InMemElement {
    let (tag, vr) = (element.header().tag, element.vr());
    let text = match vr {
        VR::DA => "19000101".to_owned(),
        VR::DT => "19000101000000".to_owned(),
        VR::TM => "000000".to_owned(),
        VR::AS => "000D".to_owned(),
        VR::AE | VR::CS | VR::LO | VR::LT | VR::PN | VR::SH | VR::ST | VR::UC | VR::UR | VR::UT => {
            pseudonyms.word(&element.to_str().unwrap_or_default())
        }
        VR::UI => {
            return match element.value().primitive() {
                Some(uids) => renamed(tag, uids, pseudonyms),
                None => empty(tag, vr),
            };
        }
        _ => return empty(tag, vr),
    };
    DataElement::new(tag, vr, PrimitiveValue::from(text))
}
