//! Synthetic head MRI, wholly our own: a head made of formulas and a seed, no scan was used.
//!
//! The demo study, the tests, and a place to try the viewer without a patient.
//!
//! | file | holds |
//! | --- | --- |
//! | `shapes`, `noise` | signed distances; randomness that is the same everywhere |
//! | `tissue` | the tissue table: how bright each tissue is in each contrast |
//! | `individual` | what differs from head to head |
//! | `brain`, `face`, `lesion` | the anatomy |
//! | `render` | the scanner: a plane through the head, noise, bias field, ghosts |
//! | `truth`, `write`, `study` | what is known, and the files |
//!
//! ```
//! use mrimaster::dataset::phantom::{LesionKind, Phantom, Plane, View};
//!
//! let phantom = Phantom::new(7, LesionKind::Glioma);
//! let through_the_lesion = phantom.lesion().unwrap().centre_mm[2];
//! let slice = phantom.slice(&View::new(Plane::Axial, through_the_lesion, 64));
//! assert_eq!(slice.orientation.unwrap().plane(), Some("axial"));
//! ```

mod brain;
mod face;
mod individual;
mod lesion;
mod noise;
mod render;
mod shapes;
mod study;
mod tissue;
mod truth;
mod write;

use serde::{Deserialize, Serialize};

pub use lesion::{LesionKind, Side};
pub use render::{Artefacts, View};
pub use study::{PhantomArgs, study_picture, write_study};
pub use tissue::Contrast;
pub use truth::{LesionTruth, PixelBox, ScanTruth, SliceTruth, StudyTruth};
pub use write::{MARK, WriteError, write_dicom, write_nifti, write_png};

use individual::Individual;
use lesion::Lesion;
use shapes::Vec3;
use tissue::Point;

/// A plane through the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Plane {
    Axial,
    Coronal,
    Sagittal,
}

impl Plane {
    pub const ALL: [Self; 3] = [Self::Axial, Self::Coronal, Self::Sagittal];

    /// One word for file names.
    pub fn name(self) -> &'static str {
        ["sagittal", "coronal", "axial"][self.axis()]
    }

    /// The patient's axis across the plane: 0 left, 1 posterior, 2 superior.
    pub(crate) fn axis(self) -> usize {
        match self {
            Self::Sagittal => 0,
            Self::Coronal => 1,
            Self::Axial => 2,
        }
    }
}

/// One synthetic person with or without a tumour.
#[derive(Clone, Debug)]
pub struct Phantom {
    person: Individual,
    lesion: Option<Lesion>,
}

impl Phantom {
    /// The person and the tumour that a seed stands for; always the same ones.
    pub fn new(seed: u64, kind: LesionKind) -> Self {
        Self { person: Individual::new(seed), lesion: Lesion::new(kind, seed, None) }
    }

    /// As [`Self::new`], with the tumour on a side of the patient. Those of the pituitary gland
    /// stay in the midline.
    pub fn with_side(seed: u64, kind: LesionKind, side: Side) -> Self {
        Self { person: Individual::new(seed), lesion: Lesion::new(kind, seed, Some(side)) }
    }

    /// Paints one point of the scanner's space.
    fn paint(&self, point: &mut Point, scanner: Vec3) {
        let p = self.person.to_head(scanner);
        let cavity = brain::cavity(p);
        let skin = face::skin(p, cavity, &self.person);
        if skin > 2.0 {
            return;
        }
        if cavity > -2.0 {
            face::paint(point, p, cavity, skin, &self.person);
        }
        if cavity < 2.0 {
            let q = self.lesion.as_ref().map_or(p, |lesion| lesion.displaced(p, cavity));
            brain::paint(point, q, cavity, &self.person);
        }
        if let Some(lesion) = &self.lesion {
            lesion.paint(point, p, cavity);
        }
    }
}
