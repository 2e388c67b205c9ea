//! Pixels to probabilities. tch starts here.

pub mod calibration;
pub mod card;
pub mod checkpoint;
pub mod classifier;
pub mod device;
mod efficientnet;
pub mod familiarity;
pub mod network;
pub mod ood_tensors;
pub mod prediction;
pub mod preprocess;
mod small_cnn;
pub mod stage_features;
mod vgg16;

pub use vgg16::VggHead;
