//! Files to pixels. No tch, no egui.
//!
//! [`open()`] recognises a file by its content and hands it to one reader each for DICOM, NIfTI-1,
//! TIFF and the other pictures; every reader makes a [`Series`]. [`lut`] maps a slice to greys,
//! [`deidentify`] copies a DICOM file without what identifies anybody.

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
mod tiff;

pub use error::OpenError;
pub(crate) use luminance::COLOUR_NOTE;
pub use open::{Found, find_each, open, open_all, open_each, read_slice};
pub use series::{
    About, Depth, Header, Leaf, Orientation, Outline, Patient, Place, Rescale, SYNTHETIC_MARK,
    Series, Slice, Spacing, Timing, VoiFunction, Window,
};
pub use source::Source;
