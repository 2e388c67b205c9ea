//! How large a pixel is.

use crate::imaging::Spacing;

use super::shape::{Kind, Shape};
use super::values::distance;

/// The size of a pixel, and how it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// Nobody says; pixels are taken for square.
    Unknown,
    /// As the file says: PS3.3 10.7.1.3, or a NIfTI header's.
    FromFile(PixelSize),
    /// A person said how long something is.
    ByHand(PixelSize),
}

/// The distance of neighbouring pixels' centres, mm, above zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelSize {
    /// Between columns: along the image.
    pub across: f64,
    /// Between rows: down the image.
    pub down: f64,
}

/// What lengths are given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Millimetres,
    Pixels,
}

impl Unit {
    /// "mm" or "px".
    pub fn name(self) -> &'static str {
        match self {
            Self::Millimetres => "mm",
            Self::Pixels => "px",
        }
    }

    /// "mm²" or "px²".
    pub fn squared(self) -> &'static str {
        match self {
            Self::Millimetres => "mm²",
            Self::Pixels => "px²",
        }
    }
}

impl Scale {
    /// By the file's spacing, or by a person's word on the width of a pixel in mm, which comes
    /// first. The proportion of a pixel is always the file's.
    pub fn of(spacing: Option<Spacing>, by_hand: Option<f32>) -> Self {
        let is_size = |mm: f32| mm.is_finite() && mm > 0.0;
        let spacing = spacing.filter(|s| is_size(s.row_mm) && is_size(s.column_mm));
        let size = spacing.map(|s| PixelSize { across: s.column_mm.into(), down: s.row_mm.into() });
        match (by_hand.filter(|mm| is_size(*mm)), size) {
            (Some(mm), size) => {
                let proportion = size.map_or(1.0, |size| size.down / size.across);
                let across = f64::from(mm);
                Self::ByHand(PixelSize { across, down: across * proportion })
            }
            (None, Some(size)) => Self::FromFile(size),
            (None, None) => Self::Unknown,
        }
    }

    /// What lengths are given in: millimetres only where they are known.
    pub fn unit(self) -> Unit {
        if self == Self::Unknown { Unit::Pixels } else { Unit::Millimetres }
    }

    /// A pixel's size in [`Self::unit`].
    pub fn pixel(self) -> PixelSize {
        match self {
            Self::Unknown => PixelSize { across: 1.0, down: 1.0 },
            Self::FromFile(size) | Self::ByHand(size) => size,
        }
    }

    /// The width of a pixel in mm under which a length comes to `mm`; `None` where that is no
    /// size a pixel has.
    pub fn calibrated(self, length: &Shape, mm: f32) -> Option<f32> {
        let &[a, b] = length.points.as_slice() else { return None };
        let is_length = length.kind == Kind::Length;
        let columns = distance(a, b, self.pixel()) / self.pixel().across;
        let width = (f64::from(mm) / columns) as f32;
        (is_length && width.is_finite() && (1e-6..1e6).contains(&width)).then_some(width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Values;

    fn spacing(row_mm: f32, column_mm: f32) -> Option<Spacing> {
        Some(Spacing { row_mm, column_mm, slice_mm: None })
    }

    #[test]
    fn millimetres_only_where_they_are_known() {
        assert_eq!(Scale::of(None, None).unit(), Unit::Pixels);
        assert_eq!(Scale::of(spacing(0.5, 0.5), None).unit(), Unit::Millimetres);
        for broken in [spacing(0.0, 1.0), spacing(1.0, f32::NAN), spacing(-1.0, 1.0)] {
            assert_eq!(Scale::of(broken, None), Scale::Unknown);
        }
        assert_eq!(Scale::of(None, Some(f32::INFINITY)), Scale::Unknown);
    }

    #[test]
    fn a_length_that_a_person_knows_calibrates_in_every_direction() {
        let line = |b| Shape { kind: Kind::Length, points: vec![[0.0, 0.0], b] };
        let length = |scale: Scale, line: &Shape| match Values::of(line, scale, None) {
            Values::Length(length) => length,
            other => panic!("{other:?}"),
        };
        for spacing in [None, spacing(2.0, 1.0), spacing(0.5, 0.7)] {
            let drawn = line([30.0, 40.0]);
            let width = Scale::of(spacing, None).calibrated(&drawn, 80.0);
            let scale = Scale::of(spacing, width);
            assert!(matches!(scale, Scale::ByHand(_)));
            assert!((length(scale, &drawn) - 80.0).abs() < 1e-4);
            let pixel = scale.pixel();
            let proportion = spacing.map_or(1.0, |s| s.row_mm / s.column_mm);
            assert!((pixel.down / pixel.across - f64::from(proportion)).abs() < 1e-6);
        }
        assert_eq!(Scale::Unknown.calibrated(&line([0.0, 0.0]), 10.0), None, "no length at all");
        assert_eq!(Scale::Unknown.calibrated(&line([1.0, 0.0]), -10.0), None);
    }
}
