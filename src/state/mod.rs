//! What the program knows: no egui, no tch. [`update`] is the only place that changes it.

pub mod cine;
pub mod command;
pub mod export;
pub mod grid;
mod links;
pub mod load;
mod memory;
pub mod notices;
mod open_series;
mod planes;
pub mod profile;
pub mod review;
pub mod session;
pub mod settings;
pub mod turn;
pub mod update;
pub mod view;

pub use cine::{AtTheEnd, Cine, CineSettings};
pub use command::Command;
pub use export::{Copying, Extent, PictureOptions, PictureSize};
pub use grid::Grid;
pub use load::Load;
pub use notices::{Level, Notice, Notices};
pub use open_series::OpenSeries;
pub use planes::Planes;
pub use review::Review;
pub use session::{PathOf, Room, Session, Sheet};
pub use settings::{ColorMap, Dock, Links, Overlay, Scale, Settings, Share, ThemeChoice};
pub use turn::Turn;
pub use update::State;
pub use view::View;
