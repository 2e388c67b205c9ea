//! What a model card keeps of a training scan: enough to recognise it and its copies in anybody's
//! test set, too little to see anything of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::perceptual::{Bits, distance, mirrored};

/// Bits of 256 in which the heads of two copies differ at most.
pub const HEAD_SAME: u32 = 22;
/// Bits of 256 in which the whole frames of two copies differ at most.
pub const FRAME_SAME: u32 = 14;

/// A scan in 162 characters: 32 hexadecimal digits of its pixels, and after a dot each 64 of the
/// signs of the 256 lowest frequencies of its head and of its whole frame. A flat scan has the
/// first alone; hashes without the frame are read too.
///
/// The frame recognises what was resized or encoded again, where the outline of a head on a grey
/// background may be found a line beside; the head what was brightened, darkened or padded. Of what
/// was cropped, half is missed: only [`Fingerprint::compare`](super::Fingerprint::compare), which
/// needs both scans, finds that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ScanHash {
    pub(super) pixels: u128,
    pub(super) head: Option<Bits>,
    pub(super) frame: Option<Bits>,
}

impl ScanHash {
    /// The hash of the pixels alone, as [`pixels_hash`](super::pixels_hash) gives it.
    pub fn pixels(&self) -> String {
        format!("{:032x}", self.pixels)
    }

    /// Whether two scans are the same: by their pixels, or as they are or mirrored by at most
    /// [`HEAD_SAME`] bits of their heads or [`FRAME_SAME`] of their frames.
    pub fn matches(&self, other: &Self) -> bool {
        let near = |own: Option<Bits>, other: Option<Bits>, bits: u32| {
            own.zip(other).is_some_and(|(own, other)| {
                distance(&own, &other) <= bits || distance(&mirrored(own), &other) <= bits
            })
        };
        self.pixels == other.pixels
            || near(self.head, other.head, HEAD_SAME)
            || near(self.frame, other.frame, FRAME_SAME)
    }
}

impl fmt::Display for ScanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.pixels)?;
        for bits in self.head.iter().chain(&self.frame) {
            f.write_str(".")?;
            bits.iter().try_for_each(|word| write!(f, "{word:016x}"))?;
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
        let fail = || ScanHashError(text.chars().take(180).collect());
        let number = |part: &str| {
            let digits = part.len() == 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            digits.then(|| u128::from_str_radix(part, 16).ok()).flatten().ok_or_else(fail)
        };
        let bits = |part: &str| {
            let (high, low) = part.split_at_checked(32).ok_or_else(fail)?;
            let words = |number: u128| [(number >> 64) as u64, number as u64];
            let ([a, b], [c, d]) = (words(number(high)?), words(number(low)?));
            Ok([a, b, c, d])
        };
        let mut parts = text.split('.');
        let hash = Self {
            pixels: number(parts.next().unwrap_or_default())?,
            head: parts.next().map(bits).transpose()?,
            frame: parts.next().map(bits).transpose()?,
        };
        if parts.next().is_some() { Err(fail()) } else { Ok(hash) }
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
        let bits = Some([1, u64::MAX, 0, 77]);
        for (head, frame) in [(None, None), (bits, None), (bits, Some([5; 4]))] {
            let hash = ScanHash { pixels: 0xfeed, head, frame };
            let text = serde_json::to_string(&hash).expect("JSON");
            assert!(text.len() <= 164, "{text}");
            assert_eq!(serde_json::from_str::<ScanHash>(&text).expect("a hash"), hash);
        }
        let earlier = format!("{:032x}.{:064x}", 0xfeed, 7);
        let hash: ScanHash = earlier.parse().expect("a hash without a frame");
        assert_eq!((hash.pixels, hash.head, hash.frame), (0xfeed, Some([0, 0, 0, 7]), None));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let (pixels, bits) = ("0".repeat(32), "0".repeat(64));
        for text in [
            "",
            "zz",
            &format!("{pixels}."),
            &format!("{pixels}.{}", "é".repeat(32)),
            &format!("{pixels}.+{}", "0".repeat(63)),
            &format!("{pixels}.{bits}."),
            &format!("{pixels}.{bits}.{bits}.{bits}"),
        ] {
            assert!(text.parse::<ScanHash>().is_err(), "{text}");
        }
    }

    #[test]
    fn heads_and_frames_match_up_to_their_thresholds_and_mirrored() {
        let head = |pixels, head| ScanHash { pixels, head: Some(head), frame: None };
        let one = head(1, [0, 0, 0, 0]);
        assert!(one.matches(&head(2, [(1 << HEAD_SAME) - 1, 0, 0, 0])));
        assert!(!one.matches(&head(2, [(1 << (HEAD_SAME + 1)) - 1, 0, 0, 0])));
        assert!(one.matches(&head(2, mirrored([0; 4]))));
        assert!(!ScanHash { pixels: 1, head: None, frame: None }.matches(&head(2, [0; 4])));
        assert!(ScanHash { pixels: 2, head: None, frame: None }.matches(&head(2, [0; 4])));

        let framed = |head, frame| ScanHash { frame: Some(frame), ..head };
        let far = head(2, [0x0F0F_3333_0F0F_3333; 4]);
        assert!(!one.matches(&far));
        let one = framed(one, [0; 4]);
        assert!(one.matches(&framed(far, [(1 << FRAME_SAME) - 1, 0, 0, 0])));
        assert!(one.matches(&framed(far, mirrored([0; 4]))));
        assert!(!one.matches(&framed(far, [(1 << (FRAME_SAME + 1)) - 1, 0, 0, 0])));
    }
}
