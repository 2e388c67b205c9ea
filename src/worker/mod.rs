//! Threads that read files and own the model, so that the window never waits.

pub mod job;
