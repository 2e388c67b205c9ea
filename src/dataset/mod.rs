//! Labelled scans: folders of them, which of them are copies of each other, neighbours in one
//! patient or probably of one person, how they are split without leaks, and synthetic ones. No tch, no egui.

pub mod audit;
pub mod folder;
pub mod neighbours;
pub mod patients;
pub mod persons;
pub mod phantom;
pub mod split;
pub mod split_file;
