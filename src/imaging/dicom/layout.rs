//! Walks the elements of a DICOM file (PS3.5 section 7) before they are parsed: the parser
//! allocates what a length promises and descends as deep as sequences nest, so both are checked
//! against the file first.

use std::ops::Range;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry, VirtualVr};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags, uids};

use crate::imaging::error::Refusal;

/// Sequences nest a handful deep in real files.
const MAX_DEPTH: usize = 64;

const UNDEFINED: u32 = u32::MAX;
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);

/// The elements that hold pixels, PS3.3 C.7.6.3 and C.7.6.24.
const PIXELS: [Tag; 3] = [tags::PIXEL_DATA, tags::FLOAT_PIXEL_DATA, tags::DOUBLE_FLOAT_PIXEL_DATA];

/// Explicit VR Big Endian, which is retired and still found.
const BIG_ENDIAN_UID: &str = "1.2.840.10008.1.2.2";

/// How elements are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoding {
    pub explicit_vr: bool,
    pub big_endian: bool,
}

impl Encoding {
    pub const EXPLICIT: Self = Self { explicit_vr: true, big_endian: false };
    pub const IMPLICIT: Self = Self { explicit_vr: false, big_endian: false };
    pub const BIG_ENDIAN: Self = Self { explicit_vr: true, big_endian: true };

    pub fn of_transfer_syntax(uid: &str) -> Self {
        match uid {
            uids::IMPLICIT_VR_LITTLE_ENDIAN => Self::IMPLICIT,
            BIG_ENDIAN_UID => Self::BIG_ENDIAN,
            _ => Self::EXPLICIT,
        }
    }

    /// The transfer syntax that is this encoding and nothing more.
    pub fn transfer_syntax(self) -> &'static str {
        match self {
            Self::IMPLICIT => uids::IMPLICIT_VR_LITTLE_ENDIAN,
            Self::BIG_ENDIAN => BIG_ENDIAN_UID,
            _ => uids::EXPLICIT_VR_LITTLE_ENDIAN,
        }
    }
}

/// The header of an element.
struct Element {
    tag: Tag,
    /// `None` for implicit VR, and for the delimiters of items.
    vr: Option<VR>,
    length: u32,
    /// Where the value begins.
    value: usize,
}

fn element(bytes: &[u8], at: usize, encoding: Encoding) -> Option<Element> {
    let two = |at: usize| -> Option<u16> {
        let pair = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(if encoding.big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    };
    let four = |at: usize| -> Option<u32> {
        let word = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if encoding.big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
    };
    let tag = Tag(two(at)?, two(at + 2)?);
    if !encoding.explicit_vr || tag.group() == 0xFFFE {
        return Some(Element { tag, vr: None, length: four(at + 4)?, value: at + 8 });
    }
    let vr = VR::from_binary(bytes.get(at + 4..at + 6)?.try_into().ok()?).unwrap_or(VR::UN);
    Some(match vr {
        VR::OB
        | VR::OD
        | VR::OF
        | VR::OL
        | VR::OV
        | VR::OW
        | VR::SQ
        | VR::SV
        | VR::UC
        | VR::UN
        | VR::UR
        | VR::UT
        | VR::UV => Element { tag, vr: Some(vr), length: four(at + 8)?, value: at + 12 },
        _ => Element { tag, vr: Some(vr), length: two(at + 6)?.into(), value: at + 8 },
    })
}

/// What the file meta group (PS3.10 section 7.1) says, and where the data set begins.
pub(super) struct Meta {
    pub transfer_syntax: Option<String>,
    pub data_set: usize,
}

/// Reads group 2, which is always explicit VR little endian, from `start`.
pub(super) fn read_meta(bytes: &[u8], start: usize) -> Meta {
    let mut meta = Meta { transfer_syntax: None, data_set: start };
    while let Some(element) = element(bytes, meta.data_set, Encoding::EXPLICIT) {
        let end = element.value.saturating_add(element.length as usize);
        let Some(value) = bytes.get(element.value..end).filter(|_| element.tag.group() == 2) else {
            break;
        };
        if element.tag == tags::TRANSFER_SYNTAX_UID {
            let uid = String::from_utf8_lossy(value);
            meta.transfer_syntax = Some(uid.trim_matches(['\0', ' ']).to_owned());
        }
        meta.data_set = end;
    }
    meta
}

/// Whether an element of group 8 stands at `at`, as at the start of a data set without a preamble,
/// and how it is written.
pub(super) fn guess_encoding(bytes: &[u8], at: usize) -> Option<Encoding> {
    [Encoding::BIG_ENDIAN, Encoding::EXPLICIT, Encoding::IMPLICIT].into_iter().find(|&encoding| {
        element(bytes, at, encoding).is_some_and(|element| {
            let known = StandardDataDictionary.by_tag(element.tag).is_some();
            let vr_fits = !encoding.explicit_vr || bytes[at + 4..at + 6].is_ascii_uppercase_pair();
            let fits = element.length as usize <= bytes.len() - at;
            element.tag.group() == 8 && known && vr_fits && fits
        })
    })
}

trait UppercasePair {
    fn is_ascii_uppercase_pair(&self) -> bool;
}

impl UppercasePair for [u8] {
    fn is_ascii_uppercase_pair(&self) -> bool {
        self.iter().all(u8::is_ascii_uppercase)
    }
}

enum Inside {
    Elements,
    Items,
    Fragments,
}

struct Level {
    inside: Inside,
    /// `None` where a delimiter ends it.
    end: Option<usize>,
    encoding: Encoding,
}

/// The element of a data set that holds its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PixelElement {
    pub tag: Tag,
    pub vr: Option<VR>,
    /// Where the element begins.
    pub start: usize,
    /// Where its value begins.
    pub value: usize,
    /// Bytes of the value; `None` where it is in fragments.
    pub length: Option<usize>,
}

/// What a walk through a data set comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walk {
    /// The pixels: what follows them says nothing of the image.
    Pixels(PixelElement),
    /// The end of a data set without pixels.
    End,
    /// The end of the bytes, where more would be needed to tell.
    Cut,
}

/// Checks, up to its pixels, that every length of a data set lies in it and that it nests no deeper
/// than [`MAX_DEPTH`]. `whole` says whether these are all its bytes.
pub(super) fn walk(data_set: &[u8], encoding: Encoding, whole: bool) -> Result<Walk, Refusal> {
    let cut = |tag| if whole { Err(cut_short(tag)) } else { Ok(Walk::Cut) };
    let mut levels = vec![Level { inside: Inside::Elements, end: None, encoding }];
    let mut at = 0;
    loop {
        while levels.len() > 1 && levels.last().is_some_and(|l| l.end.is_some_and(|end| at >= end))
        {
            levels.pop();
        }
        let Some(level) = levels.last().filter(|_| at < data_set.len()) else {
            return Ok(if whole { Walk::End } else { Walk::Cut });
        };
        if levels.len() > MAX_DEPTH {
            return Err(Refusal::damaged("this is a DICOM file whose sequences nest without end"));
        }
        let encoding = level.encoding;
        let start = at;
        let Some(Element { tag, vr, length, value }) = element(data_set, at, encoding) else {
            return match whole && levels.len() == 1 {
                // A few bytes of padding are no element; inside a sequence they are a cut.
                true => Ok(Walk::End),
                false => cut(Tag(0, 0)),
            };
        };
        let open = |inside, encoding| Level {
            inside,
            end: (length != UNDEFINED).then(|| value.saturating_add(length as usize)),
            encoding,
        };
        let fits = length == UNDEFINED
            || data_set.len().checked_sub(value).is_some_and(|rest| length as usize <= rest);
        if levels.len() == 1 && PIXELS.contains(&tag) {
            let length = (length != UNDEFINED).then_some(length as usize);
            return match fits || !whole {
                true => Ok(Walk::Pixels(PixelElement { tag, vr, start, value, length })),
                false => Err(cut_short(tag)),
            };
        }
        if !fits {
            return cut(tag);
        }
        at = value;
        match level.inside {
            _ if tag == ITEM_END || tag == SEQUENCE_END => {
                if levels.len() > 1 {
                    levels.pop();
                }
            }
            Inside::Fragments if tag == ITEM && length != UNDEFINED => at += length as usize,
            Inside::Items if tag == ITEM => levels.push(open(Inside::Elements, encoding)),
            Inside::Fragments | Inside::Items => {
                return Err(Refusal::damaged(format!(
                    "this is a DICOM file with {tag} where no element can be"
                )));
            }
            Inside::Elements if is_sequence(tag, vr) => levels.push(open(Inside::Items, encoding)),
            Inside::Elements if length != UNDEFINED => at += length as usize,
            Inside::Elements if tag == tags::PIXEL_DATA || matches!(vr, Some(VR::OB | VR::OW)) => {
                levels.push(open(Inside::Fragments, encoding));
            }
            // Of undefined length, and unknown: a sequence in implicit VR (PS3.5 section 6.2.2).
            Inside::Elements => {
                let implicit = vr == Some(VR::UN);
                let explicit_vr = encoding.explicit_vr && !implicit;
                levels.push(open(Inside::Items, Encoding { explicit_vr, ..encoding }));
            }
        }
    }
}

/// The fragments of encapsulated pixels (PS3.5 A.4), which begin at `at` with a table of offsets,
/// as they lie in `data_set`; the first is that table.
pub(super) fn fragments(data_set: &[u8], mut at: usize) -> Result<Vec<Range<usize>>, Refusal> {
    let mut fragments = Vec::new();
    // Without its delimiter the sequence ends with the file: nothing is lost.
    while let Some(Element { tag: ITEM, length, value, .. }) =
        element(data_set, at, Encoding::EXPLICIT)
    {
        let end = value.saturating_add(length as usize);
        if length == UNDEFINED || end > data_set.len() {
            return Err(cut_short(tags::PIXEL_DATA));
        }
        fragments.push(value..end);
        at = end;
    }
    Ok(fragments)
}

fn is_sequence(tag: Tag, vr: Option<VR>) -> bool {
    vr.map_or_else(
        || {
            StandardDataDictionary
                .by_tag(tag)
                .is_some_and(|entry| entry.vr() == VirtualVr::Exact(VR::SQ))
        },
        |vr| vr == VR::SQ,
    )
}

/// Why a file is refused that ends amid an element.
pub(super) fn cut_short(tag: Tag) -> Refusal {
    if PIXELS.contains(&tag) {
        return Refusal::damaged("this is a DICOM file that ends before its last pixel");
    }
    Refusal::damaged(format!(
        "this is a DICOM file in which element {tag} reaches past the end of the file"
    ))
}
