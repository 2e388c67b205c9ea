//! The window: reads the state, emits commands, changes nothing itself.

pub mod colormap;
mod empty;
mod export_sheets;
mod format;
pub mod icon;
mod keys;
mod layer_strip;
mod layout;
mod menu;
mod notifications;
pub mod offscreen;
mod overlay_controls;
mod panes;
mod probabilities;
mod reliability;
mod review;
mod scan_labels;
mod scan_picture;
mod series_curve;
mod series_list;
mod sheets;
mod shrunk;
mod slice_view;
mod status_bar;
mod strength_plot;
pub mod textures;
pub mod theme;
mod toolbar;

pub use layout::show;
pub use scan_picture::ScanPicture;
pub use sheets::command_for;

use crate::state::{Command, State};
use textures::{Shown, Textures};

/// What every part of the window draws from and speaks into.
pub struct Screen<'a> {
    pub state: &'a State,
    pub textures: &'a mut Textures,
    /// Whether texts, letters, ruler and colour bar stand on the scan.
    pub labels: bool,
    /// Whether what was measured is drawn on it.
    pub measurements: bool,
    /// What was asked for in this frame; applied after it was drawn.
    pub commands: Vec<Command>,
}

impl<'a> Screen<'a> {
    /// A frame over a state.
    pub fn new(state: &'a State, textures: &'a mut Textures) -> Self {
        Self { state, textures, labels: true, measurements: true, commands: Vec::new() }
    }

    fn ask(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// The evidence on the screen, if there is any.
    fn shown(&self) -> Option<Shown<'a>> {
        Shown::of(self.state)
    }

    /// A button for a command of the table: its name, its tooltip with the shortcut.
    fn button(&mut self, ui: &mut egui::Ui, command: Command) -> egui::Response {
        let entry = command.entry().expect("buttons are made for commands of the table");
        let response = ui.button(entry.name).on_hover_text(entry.hover());
        if response.clicked() {
            self.ask(command);
        }
        response
    }
}
