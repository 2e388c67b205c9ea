//! Table E.1-1 of PS3.15, as `tests/reference/make_table_e1_1.py` writes it.

use std::collections::HashMap;
use std::sync::LazyLock;

use dicom_core::Tag;

/// What becomes of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// X: it is not there any more.
    Remove,
    /// Z: it is there without a value.
    Empty,
    /// D: a value that says nothing takes the place of its own. U: another UID does.
    Replace,
    /// U*: the items stay, with other UIDs, and are cleaned like everything else.
    Clean,
}

impl Action {
    /// Where the table leaves a choice, that the attribute may need a value decides: the result is
    /// valid whatever the attribute's type is in the object at hand.
    fn named(action: &str) -> Self {
        match action {
            "X" => Self::Remove,
            "Z" | "X/Z" => Self::Empty,
            "X/Z/U*" => Self::Clean,
            // D, U, X/D, Z/D, X/Z/D
            _ => Self::Replace,
        }
    }
}

/// One line of the table.
pub(super) struct Row {
    /// Eight hexadecimal digits; `x` stands for any.
    pub tag: &'static str,
    pub action: Action,
    #[cfg_attr(not(test), expect(dead_code, reason = "for people, and the test"))]
    pub keyword: &'static str,
}

pub(super) fn rows() -> impl Iterator<Item = Row> {
    let lines = include_str!("table_e1_1.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        Row { tag: cell(), action: Action::named(cell()), keyword: cell() }
    })
}

/// What the table says of an attribute, if it names it.
pub(super) fn action(tag: Tag) -> Option<Action> {
    static TABLE: LazyLock<Table> = LazyLock::new(Table::read);
    TABLE.action(tag)
}

struct Table {
    exact: HashMap<Tag, Action>,
    /// The digits that count, what they are, and the action.
    repeating: Vec<(u32, u32, Action)>,
}

impl Table {
    fn read() -> Self {
        let mut table = Self { exact: HashMap::new(), repeating: Vec::new() };
        for Row { tag, action, .. } in rows() {
            let digits = |read: fn(char) -> u32| tag.chars().fold(0, |all, c| all << 4 | read(c));
            let number = digits(|c| c.to_digit(16).unwrap_or(0));
            let mask = digits(|c| if c == 'x' { 0 } else { 0xF });
            if mask == u32::MAX {
                table.exact.insert(Tag((number >> 16) as u16, number as u16), action);
            } else {
                table.repeating.push((mask, number, action));
            }
        }
        table
    }

    fn action(&self, tag: Tag) -> Option<Action> {
        let number = u32::from(tag.group()) << 16 | u32::from(tag.element());
        self.exact.get(&tag).copied().or_else(|| {
            let found = self.repeating.iter().find(|(mask, digits, _)| number & mask == *digits);
            found.map(|(.., action)| *action)
        })
    }
}

#[cfg(test)]
mod tests {
    use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
    use dicom_dictionary_std::{StandardDataDictionary, tags};

    use super::*;

    #[test]
    fn every_keyword_of_the_table_is_the_dictionarys() {
        let mut known = 0;
        for row in rows().filter(|row| !row.tag.contains('x')) {
            let number = u32::from_str_radix(row.tag, 16).expect("hexadecimal");
            let tag = Tag((number >> 16) as u16, number as u16);
            // The table may be of a later edition than the dictionary.
            if let Some(entry) = StandardDataDictionary.by_tag(tag) {
                assert!(entry.alias().eq_ignore_ascii_case(row.keyword), "{tag} {}", row.keyword);
                known += 1;
            }
        }
        assert!(known > 600, "{known}");
    }

    #[test]
    fn the_table_says_what_the_standard_says() {
        for (tag, expected) in [
            (tags::PATIENT_NAME, Action::Empty),
            (tags::PATIENT_ID, Action::Replace),
            (tags::PATIENT_BIRTH_DATE, Action::Empty),
            (tags::PATIENT_AGE, Action::Remove),
            (tags::OTHER_PATIENT_NAMES, Action::Remove),
            (tags::STUDY_DATE, Action::Empty),
            (tags::SERIES_DATE, Action::Replace),
            (tags::ACCESSION_NUMBER, Action::Empty),
            (tags::INSTITUTION_NAME, Action::Replace),
            (tags::STUDY_DESCRIPTION, Action::Remove),
            (tags::SERIES_DESCRIPTION, Action::Remove),
            (tags::PROTOCOL_NAME, Action::Replace),
            (tags::STUDY_INSTANCE_UID, Action::Replace),
            (tags::SOP_INSTANCE_UID, Action::Replace),
            (tags::FRAME_OF_REFERENCE_UID, Action::Replace),
            (tags::REFERENCED_IMAGE_SEQUENCE, Action::Clean),
            (tags::REQUEST_ATTRIBUTES_SEQUENCE, Action::Remove),
            (tags::ICON_IMAGE_SEQUENCE, Action::Remove),
            (tags::GRAPHIC_ANNOTATION_SEQUENCE, Action::Replace),
            (Tag(0x5004, 0x3000), Action::Remove),
            (Tag(0x6002, 0x3000), Action::Remove),
            (Tag(0x6002, 0x4000), Action::Remove),
        ] {
            assert_eq!(action(tag), Some(expected), "{tag}");
        }
        for tag in [tags::MODALITY, tags::ROWS, tags::PIXEL_DATA, tags::IMAGE_POSITION_PATIENT] {
            assert_eq!(action(tag), None, "{tag}");
        }
    }
}
