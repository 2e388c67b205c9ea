//! What can be done now, and why the rest cannot.

use super::State;
use super::command::{Command, Entry, Menu};

impl State {
    /// Why a command of the table would do nothing now, in a few words for people.
    pub fn unavailable(&self, entry: &Entry) -> Option<&'static str> {
        let session = &self.session;
        let unless = |there: bool, why| (!there).then_some(why);
        match (&entry.command, entry.menu) {
            (
                Command::ChooseTestSet
                | Command::ReviewDemo
                | Command::FindTestSet
                | Command::ChoosePatients
                | Command::ChooseIndex
                | Command::ToggleRoom,
                _,
            ) => None,
            (_, Menu::Review) => unless(session.review.is_some(), "no test set is open"),
            (Command::ToggleNeurological | Command::TogglePatientText, _) => None,
            (
                Command::CloseSeries
                | Command::ShowTags
                | Command::SavePicture
                | Command::CopyPicture
                | Command::SaveCopies
                | Command::MeasureLength
                | Command::MeasureAngle
                | Command::MeasureRectangle
                | Command::MeasureEllipse,
                _,
            )
            | (_, Menu::View | Menu::Window) => {
                unless(session.shown().is_some(), "no scan is open")
            }
            (Command::ToggleOverlay, _) => None,
            (Command::UnpinAll, _) => unless(!session.pins.is_empty(), "no layer is pinned"),
            (_, Menu::Evidence) => unless(!session.layers().is_empty(), "there is no model"),
            _ => None,
        }
    }
}
