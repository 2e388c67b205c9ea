//! Folders of labelled scans, and how they are split without leaks. No tch, no egui.

pub mod folder;
pub mod split;
pub mod twins;
