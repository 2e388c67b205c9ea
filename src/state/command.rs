//! Everything a person can ask of the window, in one table: menu, tooltips, keys and the help
//! sheet all read it.

use std::path::PathBuf;

use super::cine::CineSettings;
use super::export::{Extent, PictureOptions};
use super::measuring::Measurement;
use super::review::{Filter, Order, Selection};
use super::session::{PathOf, Room, Sheet};
use super::settings::{Dock, Links, Overlay, Share};
use super::shortcut::{Shortcut, ctrl, ctrl_shift, key, shift};
use super::view::View;
use crate::evaluate::parts::Without;
use crate::imaging::Window;
use crate::measure::{Address, Point, Shape};
use crate::model::prediction::{DeviceChoice, TapPoint};
use crate::review::figure::Figure;
use crate::worker::job::{ExportKind, TestSource};

/// Writes the commands without a value and their table from one list, so that none is missing in it.
macro_rules! commands {
    (
        by menu: {
            $($menu:ident { $($name:ident: $text:literal, $tooltip:literal, [$($key:expr),*];)* })*
        }
        carrying a value: { $($(#[$doc:meta])* $carrying:ident($($value:ty),*),)* }
    ) => {
        /// Something a person asks of the window.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Command {
            $($(#[doc = $tooltip] $name,)*)*
            $($(#[$doc])* $carrying($($value),*),)*
        }

        /// The commands that carry no value, in the order of the menus.
        pub static TABLE: &[Entry] = &[
            $($(Entry {
                id: stringify!($name),
                command: Command::$name,
                name: $text,
                tooltip: $tooltip,
                shortcuts: &[$($key),*],
                menu: Menu::$menu,
            },)*)*
        ];
    };
}

commands! {
    by menu: {
        File {
            ChooseFiles: "Open…", "Choose scans to open: JPEG, PNG, TIFF, BMP, DICOM, NIfTI", [ctrl("O")];
            EnterPath: "Open path…", "Open a scan by its path, where no file dialog is at hand", [ctrl("L")];
            OpenDemo: "Open the demo study", "Synthetic scans that come with the program", [ctrl("D")];
            ShowTags: "File header…", "Everything the file says beside its pixels: DICOM tags, fields of NIfTI", [ctrl("I")];
            SavePicture: "Save picture…", "Write the scan as it is shown as a PNG file that does not say who it is", [ctrl("S")];
            CopyPicture: "Copy picture", "Put the scan as it is shown on the clipboard, without what identifies the patient", [ctrl("C")];
            SaveCopies: "Save de-identified copy…", "Copy the DICOM files of this series without what identifies the patient", [];
            StopCopying: "Stop copying", "Leave off writing de-identified copies; those that are done stay", [];
            CloseSeries: "Close", "Close the series that is shown", [ctrl("W")];
            Quit: "Quit", "Leave the program", [ctrl("Q")];
        }
        Review {
            ChooseTestSet: "Test set…", "Choose a folder of labelled scans, a folder for each class, and ask the model about each", [ctrl("E")];
            ReviewDemo: "Review the demo set", "The labelled synthetic scans that come with the program", [];
            ToggleRoom: "Reading or review", "Change between the scan and the test set", [key("M")];
            NextCase: "Next case", "Go to the next case of the list", [key("N")];
            PreviousCase: "Previous case", "Go to the case before in the list", [key("B")];
            NextMistake: "Next mistake", "Go to the next wrong answer of the list", [key("J")];
            PreviousMistake: "Previous mistake", "Go to the wrong answer before in the list", [key("K")];
            ExplainTruth: "True or predicted class", "Change between the maps of the predicted and of the true class", [key("T")];
            OtherModel: "Other model", "Show the scan under the model that is compared, or under the first again", [key("X")];
            Agree: "Agree with the label", "Say that the label of this case is right, or take that back", [key("Y")];
            Dispute: "Label looks wrong", "Say that the label of this case looks wrong, or take that back", [key("W")];
            Unsure: "Unsure of the label", "Say that you are not sure of the label, or take that back", [key("U")];
            StopEvaluating: "Stop evaluating", "Leave off asking the model; what is done is kept", [];
            GoOnEvaluating: "Go on evaluating", "Ask the model about the scans that lack an answer", [];
            EvaluateAnew: "Evaluate again", "Throw the kept answers away and ask about every scan; your words stay", [];
            ExportTable: "Export as CSV…", "One row for each case, with your words", [];
            ExportReport: "Export as HTML…", "One page with matrices, figures, the first cases of the list, and the model's card", [];
            ExportFigure: "Save the figure as SVG…", "The figure that is shown, as a picture that stays sharp at any size", [];
            ChoosePatients: "Patients table…", "Choose the table that says which person each scan of the test set shows", [];
            ChooseIndex: "Index table…", "Choose the table of the scans' indices, for a table of patients by index", [];
            FindTestSet: "Test set was moved…", "Choose the place where the folder of this review is now; answers and words are taken along", [];
            CloseReview: "Close the review", "Put the test set away; answers and words are kept", [];
        }
        View {
            PreviousSlice: "Previous slice", "Go one slice back", [key("Up")];
            NextSlice: "Next slice", "Go one slice on", [key("Down")];
            ToggleCine: "Cine", "Go through the slices by themselves, or stop", [key("C")];
            FirstSlice: "First slice", "Go to the first slice", [key("Home")];
            LastSlice: "Last slice", "Go to the last slice", [key("End")];
            OnePane: "One pane", "Show one series", [];
            TwoPanes: "Two panes", "Show two series side by side", [];
            FourPanes: "Four panes", "Show four series, two by two", [];
            NinePanes: "Nine panes", "Show nine series, three by three", [];
            TogglePlanes: "Three planes", "Show axial, coronal and sagittal planes of the series, linked by a cross", [key("O")];
            PreviousSeries: "Previous series", "Show the series above in the list", [key("PageUp")];
            NextSeries: "Next series", "Show the series below in the list", [key("PageDown")];
            ZoomIn: "Zoom in", "Enlarge the scan", [key("Plus")];
            ZoomOut: "Zoom out", "Make the scan smaller", [key("Minus")];
            Fit: "Fit", "Show the whole scan", [key("Equals")];
            ActualSize: "Actual size", "One pixel of the scan on one pixel of the screen", [key("0")];
            FlipHorizontally: "Flip left and right", "Mirror the scan; the letters at its edges go along", [key("H")];
            FlipVertically: "Flip top and bottom", "Turn the scan upside down by mirroring it", [key("V")];
            RotateRight: "Rotate right", "Turn the scan a quarter clockwise", [key("R")];
            RotateLeft: "Rotate left", "Turn the scan a quarter counter-clockwise", [key("L")];
            Invert: "Invert", "Swap black and white", [key("I")];
            ToggleNeurological: "Neurological display", "The patient's right on the right of axial and coronal slices, or on the left as radiologists have it", [shift("N")];
            TogglePatientText: "Patient text", "Write the patient's name and dates on the scan, or leave them out", [shift("T")];
            ResetView: "Reset", "First window, whole scan, neither inverted nor turned", [key("Backspace")];
        }
        Window {
            FirstWindow: "As opened", "The file's own window, else the 2nd to 98th percentile", [key("1")];
            PercentileWindow: "2nd to 98th percentile", "Leave out the darkest and brightest 2 % of the pixels", [key("2")];
            FullWindow: "Whole range", "From the smallest to the largest value", [key("3")];
            BrightWindow: "Bright tissue", "More contrast where the scan is bright: from the median to the 99.5th percentile", [key("4")];
            DarkWindow: "Dark tissue", "More contrast where the scan is dark: up to the 85th percentile", [key("5")];
            EnterWindow: "Exact window…", "Type the width and the centre of the window", [shift("W")];
        }
        Measure {
            MeasureLength: "Length", "Draw a length: drag, or click at both ends", [key("D")];
            MeasureAngle: "Angle", "Draw an angle: click at an end, at the corner, at the other end", [key("A")];
            MeasureRectangle: "Rectangle", "Draw a rectangle: area, mean, SD, smallest and largest value", [key("Q")];
            MeasureEllipse: "Ellipse", "Draw an ellipse: area, mean, SD, smallest and largest value", [key("E")];
            DeleteMeasurement: "Delete the measurement", "Take the selected measurement away", [key("Delete")];
            Calibrate: "Calibrate…", "Say how long the selected length is, for the whole series", [];
            ExportMeasurements: "Export measurements as CSV…", "One row for each measurement on the open series", [];
            Undo: "Undo", "Take the last measurement, verdict or comment back", [ctrl("Z")];
            Redo: "Redo", "Do again what was taken back", [ctrl("Y")];
        }
        Evidence {
            ToggleOverlay: "Heatmap", "Show or hide the map of the chosen layer on the scan", [key("G")];
            PreviousLayer: "Previous layer", "Choose the layer before", [key("[")];
            NextLayer: "Next layer", "Choose the layer after", [key("]")];
            TogglePin: "Pin the layer", "Keep the chosen layer beside the scan to compare, or take it away", [key("P")];
            UnpinAll: "Unpin all", "Take every pinned layer away", [shift("P")];
        }
        Panels {
            ToggleDocks: "Scan alone", "Hide or show everything beside the scan", [key("F")];
            ToggleSeries: "Series", "Hide or show the list of series", [ctrl("1")];
            ToggleInspector: "Probabilities", "Hide or show probabilities and overlay controls", [ctrl("2")];
            ToggleLayers: "Layers", "Hide or show the strip of layers", [ctrl("3")];
            EnlargeInterface: "Larger interface", "Make everything in the window larger", [ctrl("Plus"), ctrl("Equals")];
            ShrinkInterface: "Smaller interface", "Make everything in the window smaller", [ctrl("Minus")];
            ResetInterface: "Interface at 100 %", "Everything in the window at its usual size", [ctrl("0")];
            ToggleTheme: "Light or dark", "Change between the light and the dark theme", [ctrl("T")];
        }
        Help {
            ShowPalette: "Command palette…", "Find a command, a series, a model or a file by a part of its name", [ctrl_shift("P"), ctrl("K")];
            ShowKeys: "Keys and mouse", "Every shortcut on one sheet, to look up and to change", [key("F1"), key("Questionmark")];
            ShowNotices: "Notices", "What the program had to say since it started", [ctrl("N")];
            ShowLeftOut: "Files left out", "Files of opened folders and archives that are not shown, and why", [];
            ShowAbout: "About", "What this program is and what it is not", [];
            Cancel: "Cancel", "Close what is open on top, or stop waiting for files", [key("Escape")];
        }
    }
    carrying a value: {
        /// Open these files.
        Open(Vec<PathBuf>),
        /// Show an open series, by its number.
        SelectSeries(u64),
        /// Close a series, by its number.
        CloseSeriesNumbered(u64),
        /// Show a slice of the current series, from 0.
        SelectSlice(usize),
        /// Rows and columns of panes, each 1..=3.
        SetGrid(usize, usize),
        /// Go through this column and row of this slice, in three planes.
        SetCross([usize; 3]),
        /// Zoom and pan of a plane across the slices: through the row (0) or the column (1).
        SetPlaneView(usize, View),
        /// Make a pane the one that keys and lists are for; counted row by row.
        ActivatePane(usize),
        /// The next slice of the series that is gone through by itself.
        CineStep(),
        /// How fast it goes, and what happens at the last slice.
        SetCine(CineSettings),
        /// Whether every slice of a series is classified.
        ClassifyWhole(bool),
        /// What panes side by side have in common.
        SetLinks(Links),
        /// Window the current series.
        SetWindow(Window),
        /// Zoom and pan of the current series.
        SetView(View),
        /// Put the map of a layer over the scan.
        SelectLayer(String),
        /// Pin a layer, or unpin it.
        TogglePinOf(String),
        /// The class to explain; `None` follows the prediction.
        ExplainClass(Option<usize>),
        /// Where activations are taken.
        SetTap(TapPoint),
        /// The checkpoint to classify with.
        SelectModel(PathBuf),
        /// The device to classify on.
        SelectDevice(DeviceChoice),
        /// How maps look.
        SetOverlay(Overlay),
        /// Review the scans of this folder.
        Review(TestSource),
        /// The folder of the review was moved to this place.
        ReviewMoved(PathBuf),
        /// The table that says whom the scans under review show; none is known without.
        SetPatients(Option<PathBuf>),
        /// The table of the indices of the scans under review.
        SetIndex(Option<PathBuf>),
        /// Go to a room.
        Enter(Room),
        /// Ask a second model about the same scans, or forget it.
        CompareWith(Option<PathBuf>),
        /// List a part of the matrix.
        Select(Selection),
        /// Narrow the list down.
        SetFilter(Filter),
        /// Put the list in order.
        SetOrder(Order),
        /// Which cases do not count.
        SetWithout(Without),
        /// Mark a case in the list.
        ChooseCase(String),
        /// Read a case.
        OpenCase(String),
        /// Comment on the chosen case.
        Comment(String),
        /// Place a point of what is drawn on this slice.
        PlacePoint(Address, Point),
        /// The point that is not placed yet goes here.
        LeadPoint(Point),
        /// Select a measurement, or none.
        SelectMeasurement(Option<Measurement>),
        /// The selected measurement looks like this while it is held.
        Reshape(Shape),
        /// Let go of the selected measurement.
        LetGo(),
        /// Take a measurement away.
        DeleteMeasurementOf(Measurement),
        /// The selected length is this long, mm; `None` forgets what was said.
        CalibrateTo(Option<f32>),
        /// Write the measurements on the open series to this file.
        WriteMeasurements(PathBuf),
        /// What the shares in the matrix are of.
        SetShare(Share),
        /// Show a figure below the matrix.
        ShowFigure(Figure),
        /// These cases are in sight: small pictures of them are wanted.
        LookAt(Vec<String>),
        /// Write the evaluation to this file.
        Export(ExportKind, PathBuf),
        /// Ask for a path with the desktop's dialog.
        ChoosePlace(PathOf),
        /// What pictures of the scan hold.
        SetPicture(PictureOptions),
        /// Write a picture of the scan to this file.
        WritePicture(PathBuf),
        /// Write de-identified copies of the series that is shown into a folder of their own in this one.
        WriteCopies(Extent, PathBuf),
        /// Take a toast down.
        DismissNotice(u64),
        /// Forget all notices.
        ClearNotices(),
        /// Put a sheet over the window, or none.
        Show(Option<Sheet>),
        /// Give the command with this id these shortcuts, whatever had them.
        SetShortcuts(&'static str, Vec<Shortcut>),
        /// Put every shortcut back to what it was at first.
        ResetShortcuts(),
        /// A dock was resized, in points.
        ResizeDock(Dock, f32),
        /// The window was resized, in points.
        ResizeWindow([f32; 2]),
    }
}

/// A command as people see it.
pub struct Entry {
    /// What the settings call it: the variant's name, which never changes.
    pub id: &'static str,
    pub command: Command,
    pub name: &'static str,
    pub tooltip: &'static str,
    /// As long as nobody changes them: see [`super::keymap::Keymap`].
    pub shortcuts: &'static [Shortcut],
    pub menu: Menu,
}

/// The menus, from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    File,
    Review,
    View,
    Window,
    Measure,
    Evidence,
    Panels,
    Help,
}

impl Menu {
    /// From left to right.
    pub const ALL: [Self; 8] = [
        Self::File,
        Self::Review,
        Self::View,
        Self::Window,
        Self::Measure,
        Self::Evidence,
        Self::Panels,
        Self::Help,
    ];

    /// As it is written in the menu bar.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Review => "Review",
            Self::View => "View",
            Self::Window => "Window",
            Self::Measure => "Measure",
            Self::Evidence => "Evidence",
            Self::Panels => "Panels",
            Self::Help => "Help",
        }
    }
}

impl Command {
    /// Its line in the table; `None` for commands that carry a value.
    pub fn entry(&self) -> Option<&'static Entry> {
        TABLE.iter().find(|entry| entry.command == *self)
    }
}

impl Entry {
    /// The line of the table with this id.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        TABLE.iter().find(|entry| entry.id == id)
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_shortcuts_clash() {
        let mut seen = HashSet::new();
        for entry in TABLE {
            for shortcut in entry.shortcuts {
                let written = Shortcut::parse(&shortcut.text());
                assert_eq!(written.as_ref(), Some(shortcut), "“{}” has no key", entry.name);
                assert!(seen.insert(shortcut), "{shortcut} of “{}” is taken", entry.name);
            }
        }
    }

    #[test]
    fn every_command_has_its_own_name_and_says_what_it_does() {
        let mut names = HashSet::new();
        for entry in TABLE {
            assert!(names.insert(entry.name), "two commands are called “{}”", entry.name);
            assert!(entry.tooltip.len() > 8, "“{}” does not say what it does", entry.name);
            assert_eq!(entry.command.entry().map(|found| found.name), Some(entry.name));
        }
    }

    #[test]
    fn every_menu_holds_something() {
        for menu in Menu::ALL {
            assert!(TABLE.iter().any(|entry| entry.menu == menu), "{menu:?} is empty");
        }
    }
}
