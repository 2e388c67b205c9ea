//! Huffman codes and the bits that they are read from, ISO 10918-1, annexes C and F.2.2.

use super::{Broken, CUT, DAMAGED};

/// Coded data between two markers.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// Bits that were taken from the data and not read yet, the next one highest.
    held: u64,
    count: u32,
    /// Zeros among them, which stand for data behind its end.
    made_up: u32,
}

impl<'a> Bits<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, held: 0, count: 0, made_up: 0 }
    }

    /// What follows the coded data: the next marker, where there is one.
    pub fn rest(&self) -> &'a [u8] {
        self.data
    }

    /// Goes behind a restart marker.
    pub fn restart(&mut self) -> Result<(), Broken> {
        match self.data {
            [0xFF, 0xD0..=0xD7, rest @ ..] => *self = Self::new(rest),
            [] => return Err(CUT),
            _ => return Err(DAMAGED),
        }
        Ok(())
    }

    /// Whether more was read than there was.
    pub fn check(&self) -> Result<(), Broken> {
        if self.count < self.made_up { Err(CUT) } else { Ok(()) }
    }

    fn fill(&mut self) {
        while self.count <= 56 {
            let byte = match self.data {
                [0xFF, 0, rest @ ..] => {
                    self.data = rest;
                    0xFF
                }
                // A marker, or the end.
                [0xFF, ..] | [] => {
                    self.made_up += 8;
                    0
                }
                [byte, rest @ ..] => {
                    self.data = rest;
                    *byte
                }
            };
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
        self.made_up = self.made_up.min(1 << 20);
    }

    fn skip(&mut self, bits: u32) {
        self.held <<= bits;
        self.count -= bits;
    }

    /// The next symbol.
    pub fn symbol(&mut self, code: &Huffman) -> Result<u8, Broken> {
        if self.count < 32 {
            self.fill();
        }
        let (length, symbol) = code.lookup[(self.held >> 48) as usize];
        if length == 0 {
            self.check()?;
            return Err(DAMAGED);
        }
        self.skip(length.into());
        Ok(symbol)
    }

    /// A number of `size` bits, 0..=16, as F.2.2.1 extends its sign.
    pub fn number(&mut self, size: u32) -> i32 {
        if size == 0 {
            return 0;
        }
        if self.count < 32 {
            self.fill();
        }
        let value = (self.held >> (64 - size)) as i32;
        self.skip(size);
        if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value }
    }
}

/// A code, looked up by sixteen bits: the length of the symbol that they begin with, and the symbol.
/// Length zero is no symbol.
pub(super) struct Huffman {
    lookup: Vec<(u8, u8)>,
}

impl Huffman {
    /// `counts` of the codes of each length from 1 to 16, and their symbols.
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut lookup = vec![(0, 0); 1 << 16];
        let mut symbols = symbols.iter();
        let mut at = 0;
        for (length, &count) in (1u8..).zip(counts) {
            let span = 1 << (16 - length);
            for &symbol in symbols.by_ref().take(count.into()) {
                lookup.get_mut(at..at + span)?.fill((length, symbol));
                at += span;
            }
        }
        Some(Self { lookup })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 is symbol 5, 10 symbol 6, 110 symbol 7.
    fn code() -> Huffman {
        let mut counts = [0; 16];
        counts[..3].fill(1);
        Huffman::new(&counts, &[5, 6, 7]).unwrap()
    }

    #[test]
    fn symbols_and_numbers_follow_one_another_over_stuffed_bytes() {
        let mut bits = Bits::new(&[0b1011_0111, 0xFF, 0, 0b0100_0000, 0xFF, 0xD9]);
        assert_eq!([(); 2].map(|()| bits.symbol(&code()).unwrap()), [6, 7]);
        assert_eq!(bits.number(3), 7, "111");
        assert_eq!(bits.number(8), 255);
        assert_eq!(bits.number(2), -2, "01");
        assert!(bits.check().is_ok());
        assert_eq!(bits.number(8), -255, "made up in part");
        assert_eq!(bits.check(), Err(CUT));
        assert_eq!(bits.rest(), [0xFF, 0xD9]);
    }

    #[test]
    fn what_is_no_code_is_damage() {
        assert_eq!(Bits::new(&[0xFE; 9]).symbol(&code()), Err(DAMAGED));
        assert!(Huffman::new(&[3; 16], &[0; 48]).is_none(), "more codes than there are");
    }
}
