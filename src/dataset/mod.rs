//! Labelled scans: folders of them, how they are split without leaks, and synthetic ones. No tch,
//! no egui.

pub mod folder;
pub mod phantom;
pub mod split;
pub mod twins;
