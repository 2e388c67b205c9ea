//! Why: saliency maps of every convolutional layer, made by [`grad_cam`] and brought to the scan's
//! own pixels by [`upsample`]; [`overlay`] lays them over it.
//!
//! A class-activation map is not a causal explanation, a localisation score or a proof of
//! correctness, and its extent is not a tumour's size.

pub mod grad_cam;
pub mod overlay;
pub mod upsample;
