//! What the program knows: no egui, no tch. [`update`] is the only place that changes it.

pub mod command;
pub mod export;
pub mod load;
pub mod notices;
pub mod review;
pub mod session;
pub mod settings;
pub mod turn;
pub mod update;
pub mod view;

pub use command::Command;
pub use export::{Copying, Extent, PictureOptions, PictureSize};
pub use load::Load;
pub use notices::{Level, Notice, Notices};
pub use review::Review;
pub use session::{OpenSeries, PathOf, Room, Session, Sheet};
pub use settings::{ColorMap, Dock, Overlay, Scale, Settings, Share, ThemeChoice};
pub use turn::Turn;
pub use update::State;
pub use view::View;
