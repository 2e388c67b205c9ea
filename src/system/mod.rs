//! What every layer may need of the machine: files written whole, and the folders that come with
//! the program.

pub mod files;
pub mod shipped;
