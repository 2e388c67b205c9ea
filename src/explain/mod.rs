//! Activations and gradients to saliency maps of every layer.

pub mod upsample;
