//! Which key does what: the table of commands, and over it what a person has changed.

use std::collections::{BTreeMap, HashMap};

use super::command::{Command, Entry, TABLE};
use super::shortcut::Shortcut;

/// Changed shortcuts as the settings keep them: a command's id, and its shortcuts as text.
pub type ChangedKeys = BTreeMap<String, Vec<String>>;

/// The shortcuts of every command of the table. No shortcut belongs to two of them.
#[derive(Clone, Debug)]
pub struct Keymap {
    /// By id.
    shortcuts: HashMap<&'static str, Vec<Shortcut>>,
    commands: HashMap<Shortcut, &'static Entry>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::of(&ChangedKeys::new()).0
    }
}

impl Keymap {
    /// The table's shortcuts and the changed ones, which come first: a key that was given to another
    /// command is taken from the one that had it. Beside it, what of the changes makes no sense and
    /// is left out, each in a few words for people.
    pub fn of(changed: &ChangedKeys) -> (Self, Vec<String>) {
        let mut keymap = Self { shortcuts: HashMap::new(), commands: HashMap::new() };
        let mut left_out: Vec<String> = changed
            .keys()
            .filter(|id| Entry::by_id(id).is_none())
            .map(|id| format!("“{id}” is no command"))
            .collect();
        for entry in TABLE {
            let Some(texts) = changed.get(entry.id) else { continue };
            keymap.shortcuts.insert(entry.id, Vec::new());
            for text in texts {
                match Shortcut::parse(text) {
                    None => left_out.push(format!("“{text}” of “{}” is no key", entry.name)),
                    Some(shortcut) => match keymap.add(entry, shortcut) {
                        Some(other) if other.id != entry.id => left_out.push(format!(
                            "{shortcut} of “{}” is the key of “{}”",
                            entry.name, other.name
                        )),
                        _ => {}
                    },
                }
            }
        }
        for entry in TABLE.iter().filter(|entry| !changed.contains_key(entry.id)) {
            for &shortcut in entry.shortcuts {
                keymap.add(entry, shortcut);
            }
        }
        (keymap, left_out)
    }

    /// Gives a shortcut to a command unless it has one already, which is returned.
    fn add(&mut self, entry: &'static Entry, shortcut: Shortcut) -> Option<&'static Entry> {
        let owner = *self.commands.entry(shortcut).or_insert(entry);
        let shortcuts = self.shortcuts.entry(entry.id).or_default();
        if owner.id == entry.id && !shortcuts.contains(&shortcut) {
            shortcuts.push(shortcut);
            return None;
        }
        Some(owner)
    }

    /// The shortcuts of a command of the table; the first one is shown in menus.
    pub fn shortcuts(&self, entry: &Entry) -> &[Shortcut] {
        self.shortcuts.get(entry.id).map_or(&[], Vec::as_slice)
    }

    /// The first shortcut of a command.
    pub fn first(&self, command: &Command) -> Option<Shortcut> {
        self.shortcuts(command.entry()?).first().copied()
    }

    /// The command that a shortcut stands for.
    pub fn command(&self, shortcut: Shortcut) -> Option<&'static Entry> {
        self.commands.get(&shortcut).copied()
    }

    /// What hovering over a command's control says: what it does, and its key.
    pub fn hover(&self, entry: &Entry) -> String {
        match self.shortcuts(entry).first() {
            Some(shortcut) => format!("{} ({shortcut})", entry.tooltip),
            None => entry.tooltip.to_owned(),
        }
    }
}

/// Gives a command these shortcuts and no others, taking them from the commands that have them.
pub(super) fn give(changed: &mut ChangedKeys, entry: &Entry, shortcuts: &[Shortcut]) {
    let taken =
        |text: &String| Shortcut::parse(text).is_some_and(|known| shortcuts.contains(&known));
    for (_, texts) in changed.iter_mut().filter(|(id, _)| *id != entry.id) {
        texts.retain(|text| !taken(text));
    }
    if shortcuts == entry.shortcuts {
        changed.remove(entry.id);
    } else {
        changed.insert(entry.id.to_owned(), shortcuts.iter().map(Shortcut::text).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(keys: &[(&str, &[&str])]) -> ChangedKeys {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        keys.iter().map(|(id, list)| ((*id).to_owned(), texts(list))).collect()
    }

    fn shown(keymap: &Keymap, id: &str) -> Vec<String> {
        let entry = Entry::by_id(id).unwrap();
        keymap.shortcuts(entry).iter().map(Shortcut::text).collect()
    }

    fn does(keymap: &Keymap, text: &str) -> Option<&'static str> {
        keymap.command(Shortcut::parse(text).unwrap()).map(|entry| entry.id)
    }

    #[test]
    fn without_changes_it_is_the_table() {
        let (keymap, left_out) = Keymap::of(&ChangedKeys::new());
        assert!(left_out.is_empty());
        for entry in TABLE {
            assert_eq!(keymap.shortcuts(entry), entry.shortcuts, "{}", entry.id);
        }
        assert_eq!(keymap.first(&Command::ZoomIn).map(|key| key.text()), Some("Plus".into()));
    }

    #[test]
    fn a_changed_key_takes_the_place_of_the_tables() {
        let (keymap, left_out) = Keymap::of(&changed(&[("ZoomIn", &["Z", "Ctrl+Shift+Z"])]));
        assert!(left_out.is_empty());
        assert_eq!(shown(&keymap, "ZoomIn"), ["Z", "Ctrl+Shift+Z"]);
        assert_eq!(does(&keymap, "Ctrl+Shift+Z"), Some("ZoomIn"));
        assert_eq!(does(&keymap, "Plus"), None);
        let (keymap, _) = Keymap::of(&changed(&[("ZoomIn", &[])]));
        assert!(shown(&keymap, "ZoomIn").is_empty(), "none is a choice, too");
    }

    #[test]
    fn a_key_of_the_table_gives_way_to_a_persons_and_comes_back() {
        let mut keys = changed(&[("ZoomIn", &["Ctrl+Shift+P"])]);
        let (keymap, left_out) = Keymap::of(&keys);
        assert!(left_out.is_empty(), "that is what was asked for");
        assert_eq!(does(&keymap, "Ctrl+Shift+P"), Some("ZoomIn"));
        assert_eq!(shown(&keymap, "ShowPalette"), ["Ctrl+K"]);
        keys.clear();
        assert_eq!(does(&Keymap::of(&keys).0, "Ctrl+Shift+P"), Some("ShowPalette"));
    }

    #[test]
    fn what_makes_no_sense_is_left_out_and_named() {
        let keys = changed(&[
            ("ZoomIn", &["Z", "Hyper+Z", "Z"]),
            ("ZoomOut", &["Z", "Y"]),
            ("Teleport", &["T"]),
        ]);
        let (keymap, left_out) = Keymap::of(&keys);
        assert_eq!(shown(&keymap, "ZoomIn"), ["Z"]);
        assert_eq!(shown(&keymap, "ZoomOut"), ["Y"]);
        assert_eq!(left_out.len(), 3, "{left_out:?}");
        for part in
            ["“Teleport”", "“Hyper+Z” of “Zoom in”", "Z of “Zoom out” is the key of “Zoom in”"]
        {
            assert!(left_out.iter().any(|said| said.contains(part)), "{part}: {left_out:?}");
        }
    }

    #[test]
    fn a_key_that_is_given_is_taken_from_the_other() {
        let entry = |id| Entry::by_id(id).unwrap();
        let z = Shortcut::parse("Z").unwrap();
        let mut keys = changed(&[("ZoomIn", &["Z", "Y"])]);
        give(&mut keys, entry("ZoomOut"), &[z]);
        assert_eq!(keys, changed(&[("ZoomIn", &["Y"]), ("ZoomOut", &["Z"])]));
        give(&mut keys, entry("ZoomOut"), entry("ZoomOut").shortcuts);
        assert_eq!(keys, changed(&[("ZoomIn", &["Y"])]), "as at first: nothing to keep");
    }
}
