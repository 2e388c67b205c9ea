//! Files to pixels. No tch, no egui.

pub mod dicom;
pub mod lut;
pub mod nifti;
pub mod open;
pub mod raster;
pub mod series;

pub use open::{OpenError, open, open_all};
pub use series::{Depth, Orientation, Rescale, Series, Slice, Spacing, VoiFunction, Window};
