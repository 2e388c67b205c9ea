//! What the program knows: no egui, no tch. [`update`] is the only place that changes it.

mod available;
pub mod command;
pub mod keymap;
pub mod load;
pub mod notices;
pub mod review;
pub mod session;
pub mod settings;
pub mod shortcut;
pub mod turn;
pub mod update;
pub mod view;

pub use command::Command;
pub use keymap::Keymap;
pub use load::Load;
pub use notices::{Level, Notice, Notices};
pub use review::Review;
pub use session::{OpenSeries, PathOf, Room, Session, Sheet};
pub use settings::{ColorMap, Dock, Overlay, Scale, Settings, Share, ThemeChoice};
pub use shortcut::Shortcut;
pub use turn::Turn;
pub use update::State;
pub use view::View;
