//! Measurements on a slice: shapes, what they come to, and where they are kept. No tch, no egui.
//!
//! | file | holds |
//! | --- | --- |
//! | [`shape`] | lengths, angles, rectangles and ellipses in pixels, and what a hand does to them |
//! | [`scale`] | how large a pixel is: as the file says, calibrated by hand, or unknown |
//! | [`values`] | what a shape comes to: a length, an angle, an area and its statistics |
//! | [`kept`] | the measurements of a series, and one change to them |
//! | [`store`] | the same on disk |
//! | [`table`] | the same as CSV |

pub mod kept;
pub mod scale;
pub mod shape;
pub mod store;
pub mod table;
pub mod values;

pub use kept::{Address, Change, Kept};
pub use scale::{Scale, Unit};
pub use shape::{Kind, Point, Shape};
pub use values::{Statistics, Values};
