//! The desktop's dialog to choose files, on a thread: the window goes on meanwhile.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

/// The dialog, open or not.
#[derive(Default)]
pub(super) struct FileDialog(Option<Receiver<Answer>>);

/// What came of a dialog.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The files that were chosen; none where it was cancelled.
    Chosen(Vec<PathBuf>),
    /// The desktop has no dialog.
    Missing,
}

impl FileDialog {
    /// Opens the dialog, unless it is open.
    pub fn open(&mut self, ctx: &egui::Context) {
        if self.0.is_some() {
            return;
        }
        let (sender, receiver) = channel();
        self.0 = Some(receiver);
        let ctx = ctx.clone();
        let ask = move || {
            let began = Instant::now();
            let files = rfd::FileDialog::new().set_title("Open scans").pick_files();
            // The window may be gone by now.
            _ = sender.send(understand(files.unwrap_or_default(), began.elapsed()));
            ctx.request_repaint();
        };
        // Without a thread the sender is gone, and the answer is that there is no dialog.
        _ = std::thread::Builder::new().name("file dialog".into()).spawn(ask);
    }

    /// The answer, once, when it is there.
    pub fn answer(&mut self) -> Option<Answer> {
        let answer = match self.0.as_ref()?.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Answer::Missing,
        };
        self.0 = None;
        Some(answer)
    }
}

/// A dialog that cannot be opened comes back at once with nothing, and does not say so; a person
/// takes longer to cancel one.
fn understand(files: Vec<PathBuf>, took: Duration) -> Answer {
    const AT_ONCE: Duration = Duration::from_millis(300);
    if files.is_empty() && took < AT_ONCE { Answer::Missing } else { Answer::Chosen(files) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_at_once_is_no_dialog_and_nothing_later_is_a_cancelled_one() {
        let (at_once, later) = (Duration::from_millis(20), Duration::from_secs(2));
        assert_eq!(understand(vec![], at_once), Answer::Missing);
        assert_eq!(understand(vec![], later), Answer::Chosen(vec![]));
        assert_eq!(understand(vec!["a.png".into()], at_once), Answer::Chosen(vec!["a.png".into()]));
    }

    #[test]
    fn a_dialog_whose_thread_is_gone_is_missing() {
        let mut dialog = FileDialog(Some(channel().1));
        assert_eq!(dialog.answer(), Some(Answer::Missing));
        assert_eq!(dialog.answer(), None);
    }
}
