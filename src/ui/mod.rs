//! The window: reads the state, emits commands, changes nothing itself.

mod calibration;
pub mod colormap;
mod command_palette;
mod empty;
mod export_sheets;
mod format;
mod fuzzy;
pub mod icon;
mod key_sheet;
mod keys;
mod layer_strip;
mod layout;
mod measurement_list;
mod measurements;
mod menu;
mod notifications;
pub mod offscreen;
mod overlay_controls;
mod panes;
mod patient_text;
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
mod still_plot;
mod strength_plot;
mod tag_sheet;
pub mod textures;
pub mod theme;
mod toolbar;
mod window_entry;

pub use layout::show;
pub use scan_picture::ScanPicture;
pub use sheets::command_for;

use crate::state::{Command, OpenSeries, State, Turn};
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

    /// What hovering over a control for a command of the table says: what it does, and its key.
    fn hover(&self, command: &Command) -> String {
        command.entry().map(|entry| self.state.keymap.hover(entry)).unwrap_or_default()
    }

    /// The key of a command as it is read; empty where it has none.
    fn shortcut(&self, command: &Command) -> String {
        self.state.keymap.first(command).map(|shortcut| shortcut.to_string()).unwrap_or_default()
    }

    /// How a series lies on the screen.
    fn turn(&self, open: &OpenSeries) -> Turn {
        open.turn.shown(open.header(), self.state.settings.neurological)
    }

    /// What can be dropped, and the key that chooses it.
    fn invitation(&self, drop: &str, choose: &Command) -> String {
        match self.shortcut(choose) {
            key if key.is_empty() => drop.to_owned(),
            key => format!("{drop}, or press {key}"),
        }
    }

    /// A button for a command of the table: its name, its tooltip with the shortcut.
    fn button(&mut self, ui: &mut egui::Ui, command: Command) -> egui::Response {
        let entry = command.entry().expect("buttons are made for commands of the table");
        let response = ui.button(entry.name).on_hover_text(self.hover(&command));
        if response.clicked() {
            self.ask(command);
        }
        response
    }
}
