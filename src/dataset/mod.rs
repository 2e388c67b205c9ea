//! Labelled scans: folders of them, and synthetic ones.

pub mod phantom;
