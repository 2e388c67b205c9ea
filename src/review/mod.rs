//! What a reader makes of an evaluation, and how both are kept and handed on.
//!
//! | file | holds |
//! | --- | --- |
//! | [`word`] | the reader's word on a case: whether its label is right, and a comment |

pub mod figure;
pub mod word;
