//! What is compared of a scan.

use super::metric::METRIC;
use super::shape::shape;
use super::style::style;
use crate::imaging::Slice;

/// A scan as a square whose brightness no longer depends on its window.
pub(crate) struct Levelled<'a> {
    pub slice: &'a Slice,
    /// Side of the square; a multiple of 32.
    pub side: usize,
    /// The whole scan at that size, stored values.
    pub frame: &'a [f32],
    /// The same, brightness 0..=1.
    pub levelled: &'a [f32],
    /// The head: left, top, right, bottom, in shares of width and height.
    pub head: [f32; 4],
}

/// What a scan looks like and how it was acquired, as two unit vectors: 112 numbers in all.
///
/// Scans of one person have large cosines; see [`super::links`]. Nothing of the picture can be seen
/// in it.
#[derive(Clone, Debug)]
pub struct Appearance {
    pub(super) shape: Vec<f32>,
    pub(super) style: Vec<f32>,
}

impl Appearance {
    /// The appearance of a scan; `None` where a side has fewer than 16 pixels or nothing is bright.
    pub(crate) fn of(scan: &Levelled) -> Option<Self> {
        let (shape, style) = raw(scan)?;
        Some(Self {
            style: METRIC.project_style(&style, &shape),
            shape: METRIC.project_shape(&shape),
        })
    }
}

/// Brightness from which a pixel belongs to the head.
const SIGNAL: f32 = 0.12;

/// Shape and style before projection.
pub(crate) fn raw(scan: &Levelled) -> Option<(Vec<f32>, Vec<f32>)> {
    let signal: Vec<bool> = scan.levelled.iter().map(|&value| value > SIGNAL).collect();
    let style = style(scan.slice, scan.frame, &signal, scan.head)?;
    Some((shape(scan.levelled, scan.side), style))
}
