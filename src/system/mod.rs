//! What every layer may need of the machine: files written whole and kept, panics caught,
//! names in order, and the folders that come with the program.

pub mod caught;
pub mod files;
pub(crate) mod kept;
pub mod names;
pub mod palette;
pub mod shipped;
pub(crate) mod spreadsheet;
