//! The measurements of a series as they are kept, and one change to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::shape::Shape;
use crate::imaging::{Header, Series};

/// Where the measurements of a slice are kept. They follow the image wherever its file lies, and
/// nothing in it names a patient.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// What they are kept with: the Series Instance UID, else the file's own identity.
    pub home: String,
    /// [`Header::identity`] of the slice, else its place in its file.
    pub slice: String,
}

impl Address {
    /// Of a slice of a series, from 0, with its header.
    pub fn of<S>(series: &Series<S>, slice: usize, header: &Header) -> Self {
        let identity = match header.identity.as_str() {
            // A path may hold a name.
            "" => format!("path-{}#{slice}", digest(&series.path.to_string_lossy())),
            identity => identity.to_owned(),
        };
        // The frames of a file share the part before its mark.
        let file = identity.split('#').next().unwrap_or_default();
        let home = series.about.series_uid.as_deref().filter(|uid| !uid.is_empty());
        Self { home: home.unwrap_or(file).to_owned(), slice: identity }
    }
}

/// What was measured on one series, or on one file that belongs to none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kept {
    /// The width of a pixel in mm, where a person calibrated it.
    pub mm_per_pixel: Option<f32>,
    /// By [`Address::slice`], in the order in which they were drawn; no two are the same.
    pub slices: BTreeMap<String, Vec<Shape>>,
}

/// Something a person did to measurements; what was there before, and what is there now.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A shape was drawn (it was not there before), changed or deleted (it is not there after).
    Shape { slice: String, before: Option<Shape>, after: Option<Shape> },
    /// The width of a pixel in mm, by hand.
    Calibration { before: Option<f32>, after: Option<f32> },
}

impl Change {
    /// What takes it back.
    pub fn reversed(self) -> Self {
        match self {
            Self::Shape { slice, before, after } => {
                Self::Shape { slice, before: after, after: before }
            }
            Self::Calibration { before, after } => {
                Self::Calibration { before: after, after: before }
            }
        }
    }
}

impl Kept {
    /// The shapes on a slice.
    pub fn on(&self, slice: &str) -> &[Shape] {
        self.slices.get(slice).map_or(&[], Vec::as_slice)
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.mm_per_pixel.is_none() && self.slices.is_empty()
    }

    /// Whether every shape has its points, and the calibration is a size.
    pub fn is_sound(&self) -> bool {
        self.slices.values().flatten().all(Shape::is_whole)
            && self.mm_per_pixel.is_none_or(|mm| mm.is_finite() && mm > 0.0)
    }

    /// Makes a change. What another window did to other shapes stays.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Calibration { after, .. } => self.mm_per_pixel = *after,
            Change::Shape { slice, before, after } => {
                let shapes = self.slices.entry(slice.clone()).or_default();
                let place = shapes.iter().position(|shape| Some(shape) == before.as_ref());
                match (place, after) {
                    (_, Some(after)) if shapes.contains(after) => {
                        _ = place.map(|place| shapes.remove(place))
                    }
                    (Some(place), Some(after)) => shapes[place] = after.clone(),
                    (Some(place), None) => _ = shapes.remove(place),
                    (None, after) => shapes.extend(after.clone()),
                }
                if shapes.is_empty() {
                    self.slices.remove(slice);
                }
            }
        }
    }
}

/// Tells texts apart without holding them.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{About, Depth};
    use crate::measure::{Kind, Point};

    fn line(to: Point) -> Shape {
        Shape { kind: Kind::Length, points: vec![[0.0, 0.0], to] }
    }

    fn change(before: Option<Shape>, after: Option<Shape>) -> Change {
        Change::Shape { slice: "1.2.3".into(), before, after }
    }

    #[test]
    fn every_change_is_taken_back_by_its_reverse() {
        let mut kept = Kept::default();
        let changes = [
            change(None, Some(line([1.0, 1.0]))),
            change(None, Some(line([2.0, 2.0]))),
            change(Some(line([1.0, 1.0])), Some(line([3.0, 3.0]))),
            Change::Calibration { before: None, after: Some(0.5) },
            change(Some(line([2.0, 2.0])), None),
        ];
        let mut stages = vec![kept.clone()];
        for step in &changes {
            kept.apply(step);
            stages.push(kept.clone());
        }
        assert_eq!(kept.on("1.2.3"), [line([3.0, 3.0])]);
        for (step, before) in changes.into_iter().rev().zip(stages.iter().rev().skip(1)) {
            kept.apply(&step.reversed());
            assert_eq!(kept, *before);
        }
        assert!(kept.is_empty());
    }

    #[test]
    fn a_shape_is_there_once_and_one_that_is_gone_comes_back_when_it_is_moved() {
        let mut kept = Kept::default();
        kept.apply(&change(None, Some(line([1.0, 1.0]))));
        kept.apply(&change(None, Some(line([1.0, 1.0]))));
        assert_eq!(kept.on("1.2.3").len(), 1);
        kept.apply(&change(Some(line([9.0, 9.0])), Some(line([2.0, 2.0]))));
        assert_eq!(kept.on("1.2.3").len(), 2, "another window had deleted it");
    }

    #[test]
    fn measurements_are_kept_by_the_image_and_never_by_a_path() {
        let mut series = Series::<()> {
            path: "/scans/Doe^Jane/1.dcm".into(),
            format: String::new(),
            description: None,
            about: About::default(),
            synthetic: false,
            slices: vec![],
            notes: vec![],
        };
        let mut header = Header::new(4, 4, Depth::Wide);
        let unnamed = Address::of(&series, 2, &header);
        assert!(!format!("{unnamed:?}").contains("Doe"));
        assert_ne!(unnamed, Address::of(&series, 3, &header));
        assert_eq!(unnamed.home, Address::of(&series, 3, &header).home);

        header.identity = "abc#7".into();
        let frame = Address::of(&series, 0, &header);
        assert_eq!((frame.home.as_str(), frame.slice.as_str()), ("abc", "abc#7"));
        series.about.series_uid = Some("1.2".into());
        assert_eq!(Address::of(&series, 0, &header).home, "1.2");
    }
}
