//! Whether two scans are the same one, and how they differ.

use std::fmt;

use serde::Serialize;

use super::align::{Placement, Plane, Pyramid};
use super::fingerprint::Fingerprint;
use super::picture::Picture;

/// Correlation of the fine detail of two heads, laid over each other, from which on their scans
/// are the same one.
pub const SAME: f32 = 0.92;

/// Correlation of the heads at half the size below which their detail need not be looked at.
const ALIKE: f32 = 0.90;
/// What two copies show of each other at least, as a share of the head.
const OVERLAP: f32 = 0.65;

/// What two scans have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Their files, byte for byte.
    File,
    /// Their size and every pixel.
    Pixels,
    /// The picture: one was made from the other, or both from a third.
    Near,
}

impl Kind {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Pixels => "pixels",
            Self::Near => "near",
        }
    }
}

/// How one copy was made from the other. Where nothing of this holds and the pixels differ, it was
/// encoded again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct How {
    pub mirrored: bool,
    /// Cropped or padded: their frames end at different places of the picture.
    pub cropped: bool,
    /// Their pixels are of different sizes.
    pub resized: bool,
    /// Brighter, darker, or of other contrast.
    pub brightness: bool,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            (self.mirrored, "mirrored"),
            (self.cropped, "cropped or padded"),
            (self.resized, "resized"),
            (self.brightness, "brighter or darker"),
        ];
        let words: Vec<&str> = words.iter().filter(|(holds, _)| *holds).map(|(_, w)| *w).collect();
        f.write_str(if words.is_empty() { "the same" } else { "" })?;
        f.write_str(&words.join(", "))
    }
}

/// Two scans that are the same one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Match {
    pub kind: Kind,
    /// Correlation of the fine detail, [`SAME`]..=1; 1 where the pixels are the same.
    pub similarity: f32,
    pub how: How,
}

impl Fingerprint {
    /// What makes two scans the same one; `None` where they are not.
    pub fn compare(&self, other: &Self) -> Option<Match> {
        self.identical(other).or_else(|| {
            let found = [false, true].into_iter().filter_map(|turned| self.likeness(other, turned));
            let (similarity, how) = found.max_by(|a, b| a.0.total_cmp(&b.0))?;
            (similarity >= SAME).then_some(Match { kind: Kind::Near, similarity, how })
        })
    }

    /// The match of identical files or pixels.
    pub(super) fn identical(&self, other: &Self) -> Option<Match> {
        let same_file = self.file.is_some() && self.file == other.file;
        (self.pixels == other.pixels).then_some(Match {
            kind: if same_file { Kind::File } else { Kind::Pixels },
            similarity: 1.0,
            how: How::default(),
        })
    }

    /// Similarity of two heads, and how one came from the other; `None` where they do not fit.
    pub(super) fn likeness(&self, other: &Self, mirrored: bool) -> Option<(f32, How)> {
        let (one, other) = (&self.head.as_ref()?.picture, &other.head.as_ref()?.picture);
        let turned = |plane: Plane| if mirrored { plane.mirrored() } else { plane };
        let (a, b) = (turned(grey(one)), grey(other));
        let (small_a, small_b) = (Pyramid::new(&a), Pyramid::new(&b));
        let placement = small_a.align(&small_b)?;
        let (alike, overlap) = small_a.half.correlation(&small_b.half, placement);
        if alike < ALIKE || overlap < OVERLAP {
            return None;
        }
        let (a, b) = (turned(detail(one)), detail(other));
        let placement = a.align(&b, placement, 3)?;
        let (similarity, overlap) = a.correlation(&b, placement);
        (overlap >= OVERLAP).then(|| (similarity, how(one, other, placement, mirrored)))
    }
}

fn grey(picture: &Picture) -> Plane {
    Plane::new(picture.grey.iter().map(|&value| f32::from(value)))
}

fn detail(picture: &Picture) -> Plane {
    Plane::new(picture.detail.iter().map(|&value| f32::from(value)))
}

/// How the frame, the size and the brightness of two copies differ.
fn how(one: &Picture, other: &Picture, placement: Placement, mirrored: bool) -> How {
    /// Of the frame's side.
    const CROPPED: f32 = 0.025;
    const RESIZED: f32 = 0.02;
    /// Of the range of the brighter scan.
    const BRIGHTNESS: f32 = 0.06;

    let mut how = How { mirrored, ..How::default() };
    let sides = |picture: &Picture| {
        let (head, [width, height]) = (picture.head, picture.frame.map(|side| side as f32));
        [(head.left, head.right, width), (head.top, head.bottom, height)]
    };
    for (axis, ((low, high, side), (other_low, other_high, other_side))) in
        sides(one).into_iter().zip(sides(other)).enumerate()
    {
        let (low, high) =
            if mirrored && axis == 0 { (side - high, side - low) } else { (low, high) };
        let scale = placement.scale[axis] * (other_high - other_low) / (high - low);
        let middle =
            (other_low + other_high) / 2.0 + placement.shift[axis] * (other_high - other_low);
        // Where the edges of the one frame lie in the other.
        let (start, end) =
            (middle - (low + high) / 2.0 * scale, middle + (side - (low + high) / 2.0) * scale);
        how.cropped |= start.abs().max((end - other_side).abs()) > CROPPED * other_side;
        how.resized |= (scale - 1.0).abs() > RESIZED;
    }
    let range = (one.tones[2] - one.tones[0]).max(other.tones[2] - other.tones[0]);
    how.brightness =
        one.tones.iter().zip(other.tones).any(|(a, b)| (a - b).abs() > BRIGHTNESS * range);
    how
}
