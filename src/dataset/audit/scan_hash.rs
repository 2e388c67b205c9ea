//! What a model card keeps of a training scan: enough to recognise it and its copies in anybody's
//! test set, too little to see anything of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::perceptual::{Bits, distance, mirrored};

/// Bits of 256 in which the hashes of two copies differ at most.
pub const HASH_SAME: u32 = 24;

/// A scan in 97 characters: 32 hexadecimal digits of its pixels, a dot, and 64 of the signs of its
/// head's 256 lowest frequencies. A flat scan has the first alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ScanHash {
    pub(super) pixels: u128,
    pub(super) head: Option<Bits>,
}

impl ScanHash {
    /// Whether two scans are the same: by their pixels, or at most [`HASH_SAME`] bits of their
    /// heads apart, as they are or mirrored.
    pub fn matches(&self, other: &Self) -> bool {
        self.pixels == other.pixels || self.distance(other).is_some_and(|bits| bits <= HASH_SAME)
    }

    /// In how many of 256 bits the heads differ; `None` where one scan is flat.
    pub fn distance(&self, other: &Self) -> Option<u32> {
        let (own, other) = (self.head?, other.head?);
        Some(distance(&own, &other).min(distance(&mirrored(own), &other)))
    }
}

impl fmt::Display for ScanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.pixels)?;
        if let Some(head) = self.head {
            f.write_str(".")?;
            head.iter().try_for_each(|word| write!(f, "{word:016x}"))?;
        }
        Ok(())
    }
}

impl From<ScanHash> for String {
    fn from(hash: ScanHash) -> Self {
        hash.to_string()
    }
}

/// A text that is not a [`ScanHash`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not the hash of a scan")]
pub struct ScanHashError(String);

impl FromStr for ScanHash {
    type Err = ScanHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = || ScanHashError(text.chars().take(120).collect());
        let digits = |part: &str, count: usize| {
            part.len() == count && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let (pixels, head) = match text.split_once('.') {
            Some((pixels, head)) => (pixels, Some(head)),
            None => (text, None),
        };
        if !digits(pixels, 32) || head.is_some_and(|head| !digits(head, 64)) {
            return Err(fail());
        }
        let word = |head: &str, i: usize| u64::from_str_radix(&head[16 * i..16 * (i + 1)], 16);
        let head = head
            .map(|head| Ok([word(head, 0)?, word(head, 1)?, word(head, 2)?, word(head, 3)?]))
            .transpose()
            .map_err(|_: std::num::ParseIntError| fail())?;
        Ok(Self { pixels: u128::from_str_radix(pixels, 16).map_err(|_| fail())?, head })
    }
}

impl TryFrom<String> for ScanHash {
    type Error = ScanHashError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_was_written() {
        for head in [None, Some([1, u64::MAX, 0, 77])] {
            let hash = ScanHash { pixels: 0xfeed, head };
            let text = serde_json::to_string(&hash).expect("JSON");
            assert!(text.len() <= 140, "{text}");
            assert_eq!(serde_json::from_str::<ScanHash>(&text).expect("a hash"), hash);
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let pixels = "0".repeat(32);
        for text in ["", "zz", &format!("{pixels}."), &format!("{pixels}.{}", "é".repeat(32))] {
            assert!(text.parse::<ScanHash>().is_err(), "{text}");
        }
    }

    #[test]
    fn heads_match_up_to_the_threshold_and_mirrored() {
        let of = |pixels, head| ScanHash { pixels, head: Some(head) };
        let one = of(1, [0, 0, 0, 0]);
        assert!(one.matches(&of(2, [(1 << HASH_SAME) - 1, 0, 0, 0])));
        assert!(!one.matches(&of(2, [(1 << (HASH_SAME + 1)) - 1, 0, 0, 0])));
        assert!(one.matches(&of(2, mirrored([0; 4]))));
        assert!(!ScanHash { pixels: 1, head: None }.matches(&of(2, [0; 4])));
        assert!(ScanHash { pixels: 2, head: None }.matches(&of(2, [0; 4])));
    }
}
