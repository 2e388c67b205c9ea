//! Pixels to probabilities. tch starts here.

mod activation;
pub mod calibration;
pub mod card;
pub mod checkpoint;
pub mod classifier;
mod conv;
mod conv_unit;
pub mod device;
mod efficientnet;
pub mod familiarity;
mod folded;
pub mod network;
pub mod ood_tensors;
pub mod prediction;
pub mod preprocess;
mod small_cnn;
pub mod stage_features;
mod taps;
mod vgg16;

pub use vgg16::VggHead;
