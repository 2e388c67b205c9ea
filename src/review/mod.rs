//! What a reader makes of an evaluation, and how both are kept and handed on.
//!
//! | file | holds |
//! | --- | --- |
//! | [`word`] | the reader's word on a case: whether its label is right, and a comment |
//! | [`figure`] | what is drawn of an evaluation, and as SVG |
//! | [`report`](mod@report) | all of it on one page |
//! | [`table`] | the cases with the reader's words, as CSV |

pub mod figure;
mod markup;
pub mod report;
pub mod table;
pub mod word;
