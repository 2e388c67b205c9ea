//! Labelled scans: folders of them, which of them are copies of each other or neighbours in one
//! patient, how they are split without leaks, and synthetic ones. No tch, no egui.

pub mod audit;
pub mod folder;
pub mod neighbours;
pub mod patients;
pub mod phantom;
pub mod split;
pub mod split_file;
