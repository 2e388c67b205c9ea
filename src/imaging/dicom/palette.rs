//! Pixels that are numbers of colours, PS3.3 C.7.6.3.1.5 and C.7.9.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::tables::{Descriptor, MAX_ENTRIES, Table, words};
use crate::imaging::error::Refusal;
use crate::imaging::luminance::{Grey, grey};

/// The colours that pixels stand for.
pub(super) struct Palette {
    /// Red, green and blue.
    tables: [Table; 3],
}

/// Descriptor, data and segmented data of each colour.
const TAGS: [[Tag; 3]; 3] = [
    [
        tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        tags::SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    ],
    [
        tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        tags::SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    ],
    [
        tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        tags::SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    ],
];

impl Palette {
    /// `signed` as the pixels are.
    pub fn read(object: &InMemDicomObject, signed: bool) -> Result<Self, Refusal> {
        let table = |[descriptor, data, segments]: [Tag; 3]| {
            Table::read(object, descriptor, data, signed).or_else(|| {
                let descriptor = Descriptor::read(object, descriptor, signed)?;
                let bytes = object.get(segments)?.value().to_bytes().ok()?;
                let data: Vec<u16> = match descriptor.bits {
                    8 => bytes.iter().map(|&byte| byte.into()).collect(),
                    _ => words(&bytes).collect(),
                };
                Table::of(&descriptor, expand(&data, descriptor.bits)?)
            })
        };
        let [red, green, blue] = TAGS.map(table);
        match (red, green, blue) {
            (Some(red), Some(green), Some(blue)) => Ok(Self { tables: [red, green, blue] }),
            _ => Err(Refusal::damaged(
                "this is a DICOM image in palette colours whose palette is missing or broken",
            )),
        }
    }

    /// Whether colours have eight bits.
    pub fn is_eight_bit(&self) -> bool {
        self.bits() == 8
    }

    fn bits(&self) -> u32 {
        self.tables.iter().map(|table| table.bits).max().unwrap_or(16)
    }

    /// The luminance of what the pixels stand for.
    pub fn luminance(&self, pixels: &[f32]) -> Grey {
        let colours = pixels.iter().flat_map(|&pixel| self.tables.each_ref().map(|t| t.at(pixel)));
        grey(&colours.collect::<Vec<u16>>(), 3, (1 << self.bits()) - 1)
    }
}

/// The table that segments describe, PS3.3 C.7.9.2; `None` where they are broken.
fn expand(segments: &[u16], bits: u32) -> Option<Vec<u16>> {
    let mut table = Vec::new();
    let mut at = 0;
    while at + 1 < segments.len() && table.len() < MAX_ENTRIES {
        at = match segments[at] {
            // Padding.
            0 if segments[at + 1] == 0 => at + 2,
            2 => {
                // Offsets count bytes, in two numbers with the lower one first.
                let (count, low, high) =
                    (segments[at + 1], *segments.get(at + 2)?, *segments.get(at + 3)?);
                let (low, high) = (usize::from(low), usize::from(high));
                let mut copied = match bits {
                    8 => {
                        // Four bytes hold the offset where entries are bytes.
                        let [third, fourth] = *segments.get(at + 4..at + 6)?.first_chunk()?;
                        low | high << 8 | usize::from(third) << 16 | usize::from(fourth) << 24
                    }
                    _ => (low | high << 16) / 2,
                };
                for _ in 0..count {
                    // A segment that refers to others again would have no end.
                    copied =
                        Some(copied).filter(|&at| segments.get(at).is_some_and(|&op| op < 2))?;
                    copied = append(segments, copied, &mut table)?;
                }
                at + if bits == 8 { 6 } else { 4 }
            }
            _ => append(segments, at, &mut table)?,
        };
    }
    Some(table)
}

/// Appends a segment of values, or of a line from the last value, and tells where the next begins.
fn append(segments: &[u16], at: usize, table: &mut Vec<u16>) -> Option<usize> {
    let [kind, length] = *segments.get(at..at + 2)?.first_chunk()?;
    let length = usize::from(length);
    // Without an entry each, their repetitions would have no end.
    if length == 0 || table.len() + length > MAX_ENTRIES {
        return None;
    }
    match kind {
        0 => {
            table.extend(segments.get(at + 2..at + 2 + length)?);
            Some(at + 2 + length)
        }
        1 => {
            let (start, end) = (f64::from(*table.last()?), f64::from(*segments.get(at + 2)?));
            let step = (end - start) / length as f64;
            table.extend((1..=length).map(|n| (start + step * n as f64).round_ties_even() as u16));
            Some(at + 3)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_values_lines_and_repetitions() {
        let segments = [0, 2, 10, 20, 1, 4, 40, 2, 1, 0, 0];
        assert_eq!(expand(&segments, 16).unwrap(), [10, 20, 25, 30, 35, 40, 10, 20]);
        let bytes = [0, 1, 7, 2, 1, 0, 0, 0, 0];
        assert_eq!(expand(&bytes, 8).unwrap(), [7, 7]);
    }

    #[test]
    fn broken_segments_are_no_table() {
        assert_eq!(expand(&[0, 5, 1], 16), None);
        assert_eq!(expand(&[1, 5, 1], 16), None, "a line from nowhere");
        assert_eq!(expand(&[0, 1, 9, 2, 1, 6, 0], 16), None, "a repetition of itself");
        assert_eq!(expand(&[7, 1, 1], 16), None);
    }
}
