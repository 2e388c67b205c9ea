//! Which scans probably show the same person, where no table of patients exists: neighbouring
//! slices of one head, and slices of one examination in other planes.
//!
//! A kind of its own beside duplicates ([`super::audit`]): two scans of one person are two scans.
//! Every answer is a probability, estimated on scans whose persons are known, and none of it
//! identifies anybody: scans are compared with each other and with nothing else.
//!
//! What a scan looks like is reduced to an [`Appearance`] when its file is read. [`links`] gives
//! pairs for a reader, precise ones; [`groups`] gives larger sets for a split, where a person on
//! both sides costs more than two persons in one group. How well both do is in `docs/PERSONS.md`;
//! how the parameters were fitted, in `tests/reference/persons`.
//!
//! | file | holds |
//! | --- | --- |
//! | `shape` | the low frequencies of a scan's picture |
//! | `spectrum` | the noise and the sharpness of a scan |
//! | `style` | how a scan was acquired: intensities, frame, spectrum |
//! | `metric` | the fitted parameters, and projection by them |
//! | `appearance` | what is compared |
//! | `pairs` | the nearest scans of each scan, and the probability of a pair |
//! | `link` | pairs that probably show one person |
//! | `group` | sets of scans for a split |

mod appearance;
mod group;
mod link;
mod metric;
mod pairs;
mod shape;
mod spectrum;
mod style;

pub use appearance::Appearance;
pub(crate) use appearance::Levelled;
#[cfg(test)]
pub(crate) use appearance::raw;
pub use group::{Grouping, groups};
pub use link::{LINKED, PersonLink, links};
