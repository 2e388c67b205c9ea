//! One reader.
