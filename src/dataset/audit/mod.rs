//! Which scans are the same scan: identical, resized, re-encoded, cropped or padded, brightened or
//! darkened, mirrored. Neighbouring slices of one patient are not.
//!
//! Two steps. A perceptual hash of the head ([`Fingerprint`]) proposes candidates, a comparison of
//! a few words for each pair; each candidate is then laid over the other to a fraction of a pixel
//! and compared in its fine detail, which a copy keeps and the next slice does not have. They are
//! the same scan from a correlation of [`SAME`] = 0.92 on.
//!
//! On 4,800 copies of 800 scans drawn at random, each changed in one or two of those ways by up to a
//! tenth cropped, a fifth padded, half the size, JPEG quality 50 or gamma 1.4, the search found
//! 99.5 %; of 5,726 pairs of neighbouring slices of one patient it called none the same.
//!
//! | file | holds |
//! | --- | --- |
//! | `resample` | the shrinking filter |
//! | `picture` | the head of a scan at one size and brightness |
//! | `align` | laying one head over another |
//! | `perceptual` | the hash that proposes candidates |
//! | `candidates` | which of many scans to compare |
//! | `fingerprint` | what is kept of a scan |
//! | `compare` | whether two scans are the same, and how they differ |
//! | `search` | pairs, twins and groups among many scans |
//! | `scan_hash` | what a model card keeps of a training scan |
//! | `reading` | each file read once |
//! | `persons` | scans that probably show one person, which are no duplicates |
//! | `patients` | persons on both sides, by a table |
//! | `report` | the audit of a whole data set |

mod align;
mod candidates;
mod compare;
mod fingerprint;
mod patients;
mod perceptual;
mod persons;
mod picture;
mod reading;
mod report;
mod resample;
mod scan_hash;
mod search;

pub use compare::{How, Kind, Match, SAME};
pub use fingerprint::{Fingerprint, pixels_hash};
pub use patients::KnownPersons;
pub use persons::{ProbableGroup, ProbablePair, ProbablePersons};
pub use report::{
    Audit, ClassOf, Count, Group, Leak, Link, Member, Side, Size, Spent, Unreadable, audit, find,
};
pub use scan_hash::{FRAME_SAME, HEAD_SAME, ScanHash, ScanHashError};
pub(crate) use search::join;
pub use search::{Pair, Search, Twin, groups, pairs, twins};
