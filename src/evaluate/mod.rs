//! How good a model is on a labelled test set, and how far that figure can be believed.
//!
//! | file | holds |
//! | --- | --- |
//! | [`test_set`] | the scans of a folder and their classes, matched to a model's by name |
//! | [`run`](mod@run) | the model's answer to each of them |
//! | `pipeline`, `reading` | from files to answers, on all cores |
//! | [`copies`] | which of them the model has learned from, and which are copies of each other |
//! | [`metrics`], [`reliability`], [`bootstrap`] | answers to figures with intervals |
//! | [`curves`] | ROC, precision and recall, and how sure right and wrong answers were |
//! | [`compare`] | two models on one test set |
//! | `leak` | how much of the test set the model has learned from, in words |
//! | [`parts`] | figures by what is known of copies, and which cases count |
//! | [`report`] | `evaluation.json` and `results.csv` |
//!
//! Nothing here prints: the command line and the window each show it in their own way.

pub mod bootstrap;
pub mod compare;
pub mod copies;
pub mod curves;
mod leak;
pub mod local;
pub mod metrics;
pub mod parts;
mod pipeline;
mod reading;
pub mod reliability;
pub mod report;
pub mod run;
pub mod test_set;
