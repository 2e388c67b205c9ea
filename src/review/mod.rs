//! What a reader makes of an evaluation, and how both are kept and handed on.
//!
//! | file | holds |
//! | --- | --- |
//! | [`word`] | the reader's word on a case: whether its label is right, and a comment |
//! | [`figure`] | what is drawn of an evaluation, and as SVG |
//! | [`report`](mod@report) | all of it on one page |
//! | [`table`] | the cases with the reader's words, as CSV |
//! | [`store`] | the folder of a review, and the evaluations kept in it |
//! | [`word_file`] | the words kept in it |
//! | [`manifest`] | what tells that the scans have changed since |

pub mod figure;
pub mod manifest;
mod markup;
pub mod report;
pub mod store;
pub mod table;
pub mod word;
pub mod word_file;
