//! What several tests share.
#![allow(dead_code)] // each test uses its own part

pub mod bench;
pub mod checkpoint;
pub mod formula;
