//! The review of an evaluation.

pub mod figures;
mod plot;
