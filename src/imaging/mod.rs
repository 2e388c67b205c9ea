//! Files to pixels. No tch, no egui.
//!
//! [`open()`] recognises a file by its content and hands it to one reader each for DICOM, NIfTI,
//! TIFF and the other pictures; every reader makes a [`Series`]. Folders, archives and DICOMDIRs are
//! gone through by [`find_each`]. [`lut`] maps a slice to greys, [`deidentify`] copies a DICOM file
//! without what identifies anybody.

mod archive;
pub mod deidentify;
mod dicom;
mod error;
mod finite;
mod jpeg;
mod luminance;
pub mod lut;
mod nifti;
mod open;
pub mod planes;
mod raster;
mod room;
mod sequence;
pub mod series;
mod source;
mod stack;
mod tags;
mod tiff;
pub(crate) mod vector;
mod walk;

pub use error::OpenError;
pub(crate) use luminance::COLOUR_NOTE;
pub use open::{Found, files_of, find_each, open, open_all, open_each, open_source, read_slice};
pub use series::{
    About, Depth, Header, Leaf, NamedWindow, Orientation, Outline, Patient, Place, Rescale,
    SYNTHETIC_MARK, Series, Slice, Spacing, Timing, VoiFunction, VoiLut, Window,
};
pub use source::Source;
pub use tags::{TagLine, Tags, read_tags};
