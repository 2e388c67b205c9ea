//! The desktop's dialogs to choose files and folders, on a thread: the window goes on meanwhile.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use crate::state::PathOf;
use crate::worker::job::ExportKind;

/// The dialog, open or not, and what it asks for.
#[derive(Default)]
pub(super) struct FileDialog(Option<(PathOf, Receiver<Answer>)>);

/// What came of a dialog.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The files that were chosen; none where it was cancelled.
    Chosen(Vec<PathBuf>),
    /// The desktop has no dialog.
    Missing,
}

impl FileDialog {
    /// Opens the dialog, unless one is open.
    pub fn open(&mut self, ctx: &egui::Context, of: PathOf) {
        if self.0.is_some() {
            return;
        }
        let (sender, receiver) = channel();
        self.0 = Some((of, receiver));
        let ctx = ctx.clone();
        let work = move || {
            let began = Instant::now();
            let files = ask(of);
            // The window may be gone by now.
            _ = sender.send(understand(files, began.elapsed()));
            ctx.request_repaint();
        };
        // Without a thread the sender is gone, and the answer is that there is no dialog.
        _ = std::thread::Builder::new().name("file dialog".into()).spawn(work);
    }

    /// The answer, once, when it is there, and what was asked for.
    pub fn answer(&mut self) -> Option<(PathOf, Answer)> {
        let (of, receiver) = self.0.as_ref()?;
        let of = *of;
        let answer = match receiver.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Answer::Missing,
        };
        self.0 = None;
        Some((of, answer))
    }
}

/// The paths a person chooses; none where there is no dialog, or it was cancelled.
fn ask(of: PathOf) -> Vec<PathBuf> {
    let dialog = rfd::FileDialog::new();
    let one = |path: Option<PathBuf>| path.into_iter().collect();
    match of {
        PathOf::Scan => dialog.set_title("Open scans").pick_files().unwrap_or_default(),
        PathOf::TestSet => one(dialog.set_title("Open a test set").pick_folder()),
        PathOf::MovedTestSet => one(dialog.set_title("Where the test set is now").pick_folder()),
        PathOf::Patients => {
            one(dialog.set_title("Open a patients table").add_filter("CSV", &["csv"]).pick_file())
        }
        PathOf::Index => {
            one(dialog.set_title("Open an index table").add_filter("CSV", &["csv"]).pick_file())
        }
        PathOf::Export(ExportKind::Csv) => {
            one(dialog.set_title("Export as CSV").set_file_name("cases.csv").save_file())
        }
        PathOf::Export(ExportKind::Html) => {
            one(dialog.set_title("Export as HTML").set_file_name("report.html").save_file())
        }
        PathOf::Measurements => {
            let dialog = dialog.set_title("Export measurements as CSV");
            one(dialog.set_file_name("measurements.csv").save_file())
        }
        PathOf::Export(ExportKind::Figure(figure)) => {
            let name = format!("{}.svg", figure.name().to_lowercase().replace(' ', "-"));
            one(dialog.set_title("Save the figure as SVG").set_file_name(name).save_file())
        }
        PathOf::Picture => one(dialog
            .set_title("Save the picture as PNG")
            .add_filter("PNG", &["png"])
            .set_file_name("scan.png")
            .save_file()),
        PathOf::Copies(_) => {
            one(dialog.set_title("Folder for the de-identified copy").pick_folder())
        }
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
        let mut dialog = FileDialog(Some((PathOf::TestSet, channel().1)));
        assert_eq!(dialog.answer(), Some((PathOf::TestSet, Answer::Missing)));
        assert_eq!(dialog.answer(), None);
    }
}
