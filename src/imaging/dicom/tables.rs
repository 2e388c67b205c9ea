//! Lookup tables as files write them, PS3.3 C.11.1.1, C.11.2.1.1 and C.7.6.3.1.5.

use std::sync::Arc;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use super::attributes::first_item;
use crate::imaging::series::VoiLut;

/// A table has no more entries than this.
pub(super) const MAX_ENTRIES: usize = 1 << 16;

/// What the descriptor of a table says.
pub(super) struct Descriptor {
    pub entries: usize,
    /// The value that the first entry stands for.
    pub first: i64,
    /// Of an entry.
    pub bits: u32,
}

impl Descriptor {
    /// `signed` as the values are that are looked up: implicit VR does not tell.
    pub fn read(object: &InMemDicomObject, tag: Tag, signed: bool) -> Option<Self> {
        let descriptor = object.get(tag)?.value().to_multi_int::<i64>().ok()?;
        let [entries, first, bits] = descriptor.get(..3)?.try_into().ok()?;
        Some(Self {
            // Zero stands for 65,536, which does not fit its 16 bits.
            entries: if entries == 0 { MAX_ENTRIES } else { entries as usize & 0xFFFF },
            first: if signed { i64::from(first as i16) } else { first },
            bits: bits as u32 & 0xFF,
        })
    }
}

/// A table of numbers.
#[derive(Debug)]
pub(super) struct Table {
    first: i64,
    /// Never empty.
    values: Vec<u16>,
    /// Of an entry.
    pub bits: u32,
}

impl Table {
    pub fn read(
        object: &InMemDicomObject,
        descriptor: Tag,
        data: Tag,
        signed: bool,
    ) -> Option<Self> {
        let descriptor = Descriptor::read(object, descriptor, signed)?;
        let bytes = object.get(data)?.value().to_bytes().ok()?;
        // Entries of eight bits may be written in bytes or in words, whatever their descriptor says.
        let are_bytes = bytes.len() <= descriptor.entries.next_multiple_of(2);
        let mut values: Vec<u16> = match are_bytes {
            true => bytes.iter().map(|&byte| byte.into()).collect(),
            false => words(&bytes).collect(),
        };
        values.truncate(descriptor.entries);
        Self::of(&descriptor, values)
    }

    pub fn of(descriptor: &Descriptor, values: Vec<u16>) -> Option<Self> {
        let widest = 16 - values.iter().max()?.leading_zeros();
        Some(Self {
            first: descriptor.first,
            bits: descriptor.bits.clamp(widest.max(8), 16),
            values,
        })
    }

    /// Values before the first entry are looked up there, and those behind the last at the last.
    pub fn at(&self, value: f32) -> u16 {
        let last = self.values.len() as i64 - 1;
        self.values[(value as i64).saturating_sub(self.first).clamp(0, last) as usize]
    }
}

/// 16-bit numbers as the parser keeps them: in the order of this machine.
pub(super) fn words(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.as_chunks().0.iter().map(|&word| u16::from_ne_bytes(word))
}

/// The modality LUT as a table.
pub(super) fn modality_table(object: &InMemDicomObject, signed: bool) -> Option<Table> {
    let item = first_item(object, tags::MODALITY_LUT_SEQUENCE)?;
    Table::read(item, tags::LUT_DESCRIPTOR, tags::LUT_DATA, signed)
}

/// The first table of a VOI LUT Sequence. `signed` where modality values may be negative.
pub(super) fn voi_table(sequence: &InMemElement, signed: bool) -> Option<Arc<VoiLut>> {
    let item = sequence.items()?.first()?;
    let table = Table::read(item, tags::LUT_DESCRIPTOR, tags::LUT_DATA, signed)?;
    let white = ((1u32 << table.bits) - 1) as f32;
    let greys = table.values.iter().map(|&value| f32::from(value) / white).collect();
    Some(Arc::new(VoiLut { first: table.first as f32, greys }))
}
