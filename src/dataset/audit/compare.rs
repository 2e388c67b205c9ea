//! Whether two scans are the same one, and how they differ.

use std::fmt;

use serde::Serialize;

use super::align::{Placement, Plane};
use super::fingerprint::{Fingerprint, Head};
use super::perceptual::{VIEWS, WHOLES};
use super::picture::Picture;
use super::resample::Rect;

/// Correlation of the fine detail of two heads, laid over each other, from which on their scans
/// are the same one.
pub const SAME: f32 = 0.92;

/// Correlation of two heads at a quarter of their size where the search begins below which they are
/// not laid over each other.
const BEGIN: f32 = 0.45;
/// Steps of the search, at a quarter of the size, then twice at half of it, and the correlation
/// after each below which it ends. Of copies, fewer than 2 in 1000 are lost by any of them; of
/// candidates, one in seven passes the first.
const STEPS: [usize; 3] = [3, 2, 2];
const ALIKE: [f32; 3] = [0.70, 0.80, 0.90];
/// What two copies show of each other at least, as a share of the smaller head.
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
        // Laying the one over the other may succeed where the other way round it does not.
        self.identical(other)
            .or_else(|| self.near(other, u64::BITS))
            .or_else(|| other.near(self, u64::BITS))
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

    /// The match of two pictures, where views of them differ in at most `candidate` bits.
    pub(super) fn near(&self, other: &Self, candidate: u32) -> Option<Match> {
        let (similarity, how) = self.likeness(other, candidate)?;
        (similarity >= SAME).then_some(Match { kind: Kind::Near, similarity, how })
    }

    /// Similarity of two heads, and how one came from the other; `None` where they do not fit.
    pub(super) fn likeness(&self, other: &Self, candidate: u32) -> Option<(f32, How)> {
        let (one, other) = (self.head.as_ref()?, other.head.as_ref()?);
        let mut best: Option<(f32, How)> = None;
        for mirrored in [false, true] {
            for start in starts(one, other, mirrored, candidate) {
                let found = one.likeness(other, start, mirrored);
                let better = |best: &(f32, How)| found.is_some_and(|found| found.0 > best.0);
                if best.as_ref().is_none_or(better) {
                    best = found.or(best);
                }
                if best.is_some_and(|(similarity, _)| similarity >= SAME) {
                    return best;
                }
            }
        }
        best
    }
}

/// Where to begin laying one head over another: with their most similar views on each other.
fn starts(one: &Head, other: &Head, in_mirror: bool, candidate: u32) -> Vec<Placement> {
    /// Views of the same place give about the same start; more than these found nothing more.
    const STARTS: usize = 3;

    let mut alike = Vec::new();
    for i in 0..VIEWS {
        let others = if i < WHOLES { VIEWS } else { WHOLES };
        alike.extend((0..others).filter_map(|j| {
            let bits = one.views.distance(i, &other.views, j, in_mirror);
            (bits <= candidate).then_some((bits, i, j))
        }));
    }
    alike.sort_unstable();
    alike.truncate(STARTS);
    let turned = |rect: Rect| if in_mirror { rect.mirrored() } else { rect };
    let start = |&(_, i, j): &(u32, usize, usize)| {
        let (head, view) = (turned(one.picture.head), turned(one.views.rects[i]));
        Placement::of(head, view, other.views.rects[j], other.picture.head)
    };
    alike.iter().map(start).collect()
}

impl Head {
    /// [`Fingerprint::likeness`] from one start.
    fn likeness(&self, other: &Self, start: Placement, mirrored: bool) -> Option<(f32, How)> {
        let mut placement = start;
        let coarse = &self.coarse[usize::from(mirrored)];
        if coarse[0].correlation(&other.coarse[0][0], start).0 < BEGIN {
            return None;
        }
        // At a quarter of the size, then in two goes at half of it.
        for (pass, level) in [0, 1, 1].into_iter().enumerate() {
            let (a, b) = (&coarse[level], &other.coarse[0][level]);
            placement = a.align(b, placement, STEPS[pass])?;
            let (alike, overlap) = a.correlation(b, placement);
            if alike < ALIKE[pass] || overlap < OVERLAP * placement.room() {
                return None;
            }
        }
        let (one, other) = (&self.picture, &other.picture);
        let (a, b) = (plane(&one.detail, mirrored), plane(&other.detail, false));
        let placement = a.align(&b, placement, 3)?;
        let (similarity, overlap) = a.correlation(&b, placement);
        (overlap >= OVERLAP * placement.room())
            .then(|| (similarity, how(one, other, placement, mirrored)))
    }
}

fn plane(values: &[i8], mirrored: bool) -> Plane {
    let plane = Plane::new(values.iter().map(|&value| value.into()));
    if mirrored { plane.mirrored() } else { plane }
}

/// How the frame, the size and the brightness of two copies differ.
fn how(one: &Picture, other: &Picture, placement: Placement, mirrored: bool) -> How {
    /// Of the frame's side.
    const CROPPED: f32 = 0.025;
    const RESIZED: f32 = 0.02;
    /// Of the range of the brighter scan.
    const BRIGHTNESS: f32 = 0.06;

    let mut how = How { mirrored, ..How::default() };
    let head = if mirrored { one.head.mirrored() } else { one.head };
    // Where the edges of the one frame lie in the other.
    let frame = placement.frame(head, other.head);
    let edges = [frame.left, frame.top, frame.right - 1.0, frame.bottom - 1.0];
    how.cropped = edges.iter().any(|edge| edge.abs() > CROPPED);
    let sides = [frame.right - frame.left, frame.bottom - frame.top];
    for (axis, side) in sides.into_iter().enumerate() {
        let scale = side * other.size[axis] as f32 / one.size[axis] as f32;
        how.resized |= (scale - 1.0).abs() > RESIZED;
    }
    let (one, other) = (one.tones.values, other.tones.values);
    let range = (one[2] - one[0]).max(other[2] - other[0]);
    how.brightness = one.iter().zip(other).any(|(a, b)| (a - b).abs() > BRIGHTNESS * range);
    how
}
