//! Labelled scans to checkpoints: [`data`] reads and splits them, [`augment`] varies them,
//! [`run`](mod@run) is the loop.

pub mod augment;
pub mod data;
pub mod history;
pub mod run;

pub use data::Protocol;
pub use run::{Options, run};
