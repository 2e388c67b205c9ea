//! MRIMaster: a desktop viewer that shows radiologists what an MRI classifier looked at.
//!
//! Data flows one way, and each module imports only those above it in this list:
//!
//! | module | turns | into |
//! | --- | --- | --- |
//! | [`system`] | | what every layer may need of the machine |
//! | [`imaging`] | files | pixels: series of slices with stored values |
//! | [`measure`] | shapes on slices | lengths, angles, areas and their statistics |
//! | [`dataset`] | folders | labelled scans; synthetic scans |
//! | [`reliability`] | answers of known correctness | what a number is worth: calibration, sets, distance |
//! | [`model`] | slices | tensors, logits, probabilities |
//! | [`explain`] | activations and gradients | saliency maps of every layer |
//! | [`evaluate`] | labelled scans and a model's answers | figures with intervals |
//! | [`train`] | labelled scans | checkpoints |
//! | [`review`] | evaluations and a reader's words | what is kept and handed on |
//! | [`worker`] | requests | responses, on threads of their own |
//! | [`state`] | commands and responses | what the program knows |
//! | [`ui`] | state | a window |
//! | [`app`], [`cli`] | | the two faces of the program |

pub mod app;
pub mod cli;
pub mod dataset;
pub mod evaluate;
pub mod explain;
pub mod imaging;
pub mod measure;
pub mod model;
pub mod reliability;
pub mod review;
pub mod state;
pub mod system;
pub mod train;
pub mod ui;
pub mod worker;
