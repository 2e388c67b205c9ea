//! What the program has to say without stopping anyone: toasts first, then a history.

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    /// In a word, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "Note",
            Self::Warning => "Warning",
            Self::Error => "Error",
        }
    }
}

/// One sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Rises by one with each notice.
    pub id: u64,
    pub level: Level,
    pub message: String,
    /// How often it was said in a row.
    pub count: usize,
    /// Whether it still floats over the window as a toast.
    pub floating: bool,
}

/// Every notice of this run, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    history: Vec<Notice>,
    next: u64,
}

/// Notices kept; the oldest go first.
const KEPT: usize = 200;

impl Notices {
    /// Says something. The same thing said again in a row is counted, not repeated.
    pub(super) fn say(&mut self, level: Level, message: impl Into<String>) {
        let message = message.into();
        let id = self.next;
        self.next += 1;
        match self.history.last_mut() {
            Some(last) if last.level == level && last.message == message => {
                last.id = id;
                last.count += 1;
                last.floating = true;
            }
            _ => self.history.push(Notice { id, level, message, count: 1, floating: true }),
        }
        if self.history.len() > KEPT {
            self.history.remove(0);
        }
    }

    /// Takes a toast down; the notice stays in the history.
    pub(super) fn dismiss(&mut self, id: u64) {
        if let Some(notice) = self.history.iter_mut().find(|notice| notice.id == id) {
            notice.floating = false;
        }
    }

    /// All of them, the oldest first.
    pub fn history(&self) -> &[Notice] {
        &self.history
    }

    /// Those that float, the newest first.
    pub fn toasts(&self) -> impl Iterator<Item = &Notice> {
        self.history.iter().rev().filter(|notice| notice.floating)
    }

    /// Empties the history.
    pub(super) fn clear(&mut self) {
        self.history.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dismissed_toast_stays_in_the_history() {
        let mut notices = Notices::default();
        notices.say(Level::Error, "a.dcm: empty");
        let id = notices.toasts().next().unwrap().id;
        notices.dismiss(id);
        assert_eq!(notices.toasts().count(), 0);
        assert_eq!(notices.history().len(), 1);
    }

    #[test]
    fn the_same_thing_twice_is_one_notice_counted_twice() {
        let mut notices = Notices::default();
        notices.say(Level::Info, "once");
        notices.say(Level::Info, "once");
        notices.say(Level::Warning, "once");
        let counts: Vec<usize> = notices.history().iter().map(|notice| notice.count).collect();
        assert_eq!(counts, [2, 1]);
    }

    #[test]
    fn the_history_does_not_grow_without_end() {
        let mut notices = Notices::default();
        (0..KEPT + 10).for_each(|i| notices.say(Level::Info, i.to_string()));
        assert_eq!(notices.history().len(), KEPT);
        assert_eq!(notices.history()[0].message, "10");
    }
}
