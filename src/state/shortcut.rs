//! A key and what is held along with it, as the table of commands and the settings write it.

use std::fmt;

/// A key, with or without Ctrl (Command on a Mac) and Shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shortcut {
    pub ctrl: bool,
    /// False for signs and figures: which of them need Shift is the keyboard's matter.
    pub shift: bool,
    /// One of [`KEYS`].
    pub key: &'static str,
}

/// Every key that can be a shortcut, as `egui::Key::from_name` reads it. Not among them: Tab, which
/// goes from control to control.
#[rustfmt::skip]
pub const KEYS: &[&str] = &[
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S",
    "T", "U", "V", "W", "X", "Y", "Z", "Up", "Down", "Left", "Right", "Home", "End", "PageUp",
    "PageDown", "Insert", "Delete", "Backspace", "Enter", "Space", "Escape", "F1", "F2", "F3", "F4",
    "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12", "0", "1", "2", "3", "4", "5", "6", "7", "8",
    "9", "Plus", "Minus", "Equals", "Questionmark", "Exclamationmark", "[", "]", "{", "}", "Comma",
    "Period", "Colon", "Semicolon", "Slash", "Backslash", "Pipe", "Backtick", "Quote",
];

/// Keys that people know by another name.
const SHOWN: [(&str, &str); 16] = [
    ("Plus", "+"),
    ("Minus", "−"),
    ("Equals", "="),
    ("Questionmark", "?"),
    ("Exclamationmark", "!"),
    ("Comma", ","),
    ("Period", "."),
    ("Colon", ":"),
    ("Semicolon", ";"),
    ("Slash", "/"),
    ("Backslash", "\\"),
    ("Pipe", "|"),
    ("Backtick", "`"),
    ("PageUp", "Page up"),
    ("PageDown", "Page down"),
    ("Escape", "Esc"),
];

impl Shortcut {
    /// A key as it was pressed; `None` where `key` is none of [`KEYS`].
    pub fn pressed(ctrl: bool, shift: bool, key: &str) -> Option<Self> {
        let key = *KEYS.iter().find(|known| known.eq_ignore_ascii_case(key))?;
        Some(Self { ctrl, shift: shift && minds_shift(key), key })
    }

    /// Reads "Ctrl+Shift+P", in the words of a file or of the screen.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let mut held = |name: &str| {
            let (start, end) = rest.split_at_checked(name.len())?;
            rest = start.eq_ignore_ascii_case(name).then_some(end)?;
            Some(())
        };
        let ctrl = held("Ctrl+").or_else(|| held("⌘")).is_some();
        let shift = held("Shift+").is_some();
        let shown = SHOWN.iter().find(|(_, shown)| *shown == rest);
        Self::pressed(ctrl, shift, shown.map_or(rest, |(key, _)| key))
    }

    /// As a file writes it, on every system alike.
    pub fn text(&self) -> String {
        self.write("Ctrl+", self.key)
    }

    fn write(&self, ctrl: &str, key: &str) -> String {
        let held = |held: bool, name| if held { name } else { "" };
        format!("{}{}{key}", held(self.ctrl, ctrl), held(self.shift, "Shift+"))
    }
}

/// Whether a key with Shift is another one than without: letters, and keys that write nothing.
fn minds_shift(key: &str) -> bool {
    let sign = SHOWN.iter().any(|(name, shown)| *name == key && shown.chars().count() == 1);
    let letter = key.starts_with(|c: char| c.is_ascii_alphabetic());
    letter && !sign && key != "Quote"
}

/// As people read it.
impl fmt::Display for Shortcut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = SHOWN.iter().find(|(key, _)| *key == self.key);
        let ctrl = if cfg!(target_os = "macos") { "⌘" } else { "Ctrl+" };
        f.write_str(&self.write(ctrl, shown.map_or(self.key, |(_, shown)| shown)))
    }
}

pub(super) const fn key(key: &'static str) -> Shortcut {
    Shortcut { ctrl: false, shift: false, key }
}

pub(super) const fn ctrl(key: &'static str) -> Shortcut {
    Shortcut { ctrl: true, shift: false, key }
}

pub(super) const fn shift(key: &'static str) -> Shortcut {
    Shortcut { ctrl: false, shift: true, key }
}

pub(super) const fn ctrl_shift(key: &'static str) -> Shortcut {
    Shortcut { ctrl: true, shift: true, key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shortcut_is_read_as_it_is_written_and_as_it_is_shown() {
        for &name in KEYS {
            for shortcut in [key(name), ctrl(name)] {
                assert_eq!(Shortcut::parse(&shortcut.text()), Some(shortcut));
                assert_eq!(Shortcut::parse(&shortcut.to_string()), Some(shortcut));
            }
        }
        assert_eq!(ctrl_shift("P").text(), "Ctrl+Shift+P");
        assert_eq!(Shortcut::parse("ctrl+shift+p"), Some(ctrl_shift("P")));
        assert_eq!(Shortcut::parse("Ctrl++"), Some(ctrl("Plus")));
    }

    #[test]
    fn what_is_no_key_is_none() {
        for text in ["", "Ctrl+", "Ctrl", "Shift+Ctrl+P", "Ctrl+Tab", "Hyper+P", "Ctrl+é", "é"] {
            assert_eq!(Shortcut::parse(text), None, "{text}");
        }
    }

    #[test]
    fn shift_is_left_to_the_keyboard_where_a_sign_may_need_it() {
        assert_eq!(Shortcut::pressed(false, true, "Questionmark"), Some(key("Questionmark")));
        assert_eq!(Shortcut::pressed(false, true, "1"), Some(key("1")), "a French keyboard");
        assert_eq!(Shortcut::pressed(false, true, "p"), Some(shift("P")));
        assert_eq!(Shortcut::pressed(false, true, "PageUp"), Some(shift("PageUp")));
    }
}
