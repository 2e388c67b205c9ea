//! Pixels to probabilities. tch starts here.

pub mod card;
pub mod prediction;
