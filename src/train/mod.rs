//! Labelled scans to checkpoints: [`data`] reads and splits them, [`augment`] varies them,
//! `feed` brings them to the network, [`run`](mod@run) is the loop, `finish` measures what came
//! out and writes its card. `resume` keeps what a stopped run needs to go on; [`runs`] lists those of a
//! folder.

pub mod augment;
pub mod data;
mod feed;
mod figures;
mod finish;
pub mod history;
mod init;
pub mod optimizer;
mod options;
mod reliability;
mod resume;
pub mod run;
pub mod runs;
pub mod schedule;
mod stop;

pub use data::Protocol;
pub use options::Options;
pub use run::run;
