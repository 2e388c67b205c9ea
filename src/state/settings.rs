//! What outlives a run: the only persisted struct, one JSON file, written whole or not at all.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cine::CineSettings;
use super::export::PictureOptions;
use super::keymap::ChangedKeys;
use super::review::{Filter, Order, Selection};
use super::session::Room;
use crate::dataset::patients::PatientTables;
use crate::evaluate::parts::Without;
use crate::model::prediction::{DeviceChoice, TapPoint};
use crate::review::figure::Figure;
use crate::system::files::write_whole;
use crate::worker::job::TestSource;

/// What a person set up, kept from run to run. Unknown fields are ignored, missing ones are default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// In points.
    pub window_size: [f32; 2],
    pub theme: ThemeChoice,
    /// How much larger than usual everything is, [`INTERFACE_SCALES`].
    pub interface_scale: f32,
    /// Whether the patient's right is on the right of axial and coronal slices.
    pub neurological: bool,
    /// Whether name and dates of the patient are written on the scan.
    pub patient_text: bool,
    pub docks: Docks,
    pub overlay: Overlay,
    /// What pictures of the scan hold.
    pub picture: PictureOptions,
    /// What panes side by side have in common.
    pub links: Links,
    pub cine: CineSettings,
    /// Whether every slice of a series is classified, not only the one that is looked at.
    pub whole_series: bool,
    /// Room for pixels in memory, MiB. What is far from the slice shown goes first.
    pub memory_mib: u32,
    pub tap: TapPoint,
    /// The checkpoint that was chosen last.
    pub model: Option<PathBuf>,
    /// The device that was chosen last.
    pub device: DeviceChoice,
    /// Files opened last, the newest first.
    pub recent: Vec<PathBuf>,
    /// Test sets opened last, the newest first.
    pub recent_test_sets: Vec<PathBuf>,
    /// The tables of the patients of test sets, by the folder of the test set.
    pub patient_tables: BTreeMap<PathBuf, PatientTables>,
    pub room: Room,
    /// What the shares in the confusion matrix are of.
    pub share: Share,
    /// The figure below the confusion matrix.
    pub figure: Figure,
    /// The review that was open last.
    pub review: Option<ReviewPlace>,
    /// Shortcuts that were changed.
    pub keys: ChangedKeys,
}

/// The sizes that the interface goes through, as browsers do.
pub const INTERFACE_SCALES: [f32; 9] = [0.75, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0];

/// What a cell's share of its cases is taken of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Share {
    /// Of the cases of its true class.
    #[default]
    Rows,
    /// Of the cases of its predicted class.
    Columns,
}

/// Where a review stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewPlace {
    pub source: TestSource,
    pub without: Without,
    pub selection: Selection,
    pub filter: Filter,
    pub order: Order,
    /// The name of the case that was looked at last.
    pub chosen: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window_size: [1440.0, 900.0],
            theme: ThemeChoice::Dark,
            interface_scale: 1.0,
            neurological: false,
            patient_text: false,
            docks: Docks::default(),
            overlay: Overlay::default(),
            picture: PictureOptions::default(),
            links: Links::default(),
            cine: CineSettings::default(),
            whole_series: true,
            memory_mib: 2048,
            tap: TapPoint::default(),
            model: None,
            device: DeviceChoice::default(),
            recent: Vec::new(),
            recent_test_sets: Vec::new(),
            patient_tables: BTreeMap::new(),
            room: Room::default(),
            share: Share::default(),
            figure: Figure::default(),
            review: None,
            keys: ChangedKeys::new(),
        }
    }
}

/// What is done to all panes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Links {
    /// Slices: to the same place in the patient where it is known, else by as many.
    pub scroll: bool,
    /// Zoom and pan.
    pub zoom: bool,
    /// Window centre and width.
    pub window: bool,
}

impl Default for Links {
    fn default() -> Self {
        Self { scroll: true, zoom: true, window: false }
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    #[default]
    Dark,
    Light,
}

/// The docks around the scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dock {
    /// The list of series, on the left.
    Series,
    /// Probabilities and overlay controls, on the right.
    Inspector,
    /// The strip of layers, at the bottom.
    Layers,
}

/// Which docks are shown, and how wide or high they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Docks {
    /// The scan alone: none is shown, whatever the rest says.
    pub hidden: bool,
    pub series: DockPlace,
    pub inspector: DockPlace,
    pub layers: DockPlace,
}

/// One dock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DockPlace {
    pub shown: bool,
    /// Width or height in points; as the window's size suggests where nobody has set it.
    pub size: Option<f32>,
}

impl Default for DockPlace {
    fn default() -> Self {
        Self { shown: true, size: None }
    }
}

impl Docks {
    /// Whether a dock is on the screen.
    pub fn shows(&self, dock: Dock) -> bool {
        !self.hidden && self.place(dock).shown
    }

    /// A dock's place.
    pub fn place(&self, dock: Dock) -> DockPlace {
        match dock {
            Dock::Series => self.series,
            Dock::Inspector => self.inspector,
            Dock::Layers => self.layers,
        }
    }

    /// A dock's place, to change it.
    pub fn place_mut(&mut self, dock: Dock) -> &mut DockPlace {
        match dock {
            Dock::Series => &mut self.series,
            Dock::Inspector => &mut self.inspector,
            Dock::Layers => &mut self.layers,
        }
    }
}

/// How maps look, on the scan and in the strip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overlay {
    /// Whether the chosen layer's map lies over the scan.
    pub on: bool,
    /// 0..=1, the same everywhere the map is shown.
    pub opacity: f32,
    /// 0..=1 of the scale's top: what is below is not shown over the scan.
    pub threshold: f32,
    pub color_map: ColorMap,
    pub scale: Scale,
    /// The top of the absolute scale, in the maps' own unit.
    pub absolute_max: f32,
}

impl Default for Overlay {
    fn default() -> Self {
        Self {
            on: true,
            opacity: 0.5,
            threshold: 0.2,
            color_map: ColorMap::Inferno,
            scale: Scale::PerMap,
            absolute_max: 0.1,
        }
    }
}

/// Perceptually even colour maps that colour-blind readers can order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorMap {
    #[default]
    Inferno,
    Viridis,
    Magma,
    Cividis,
}

impl ColorMap {
    pub const ALL: [Self; 4] = [Self::Inferno, Self::Viridis, Self::Magma, Self::Cividis];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inferno => "Inferno",
            Self::Viridis => "Viridis",
            Self::Magma => "Magma",
            Self::Cividis => "Cividis",
        }
    }
}

/// Which value takes the brightest colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// The largest of the map itself: shows where, not how much.
    #[default]
    PerMap,
    /// The largest of all layers of this scan and class: layers can be compared.
    Shared,
    /// A fixed value: scans can be compared.
    Absolute,
}

impl Scale {
    pub const ALL: [Self; 3] = [Self::PerMap, Self::Shared, Self::Absolute];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::PerMap => "Per map",
            Self::Shared => "Shared",
            Self::Absolute => "Absolute",
        }
    }

    /// What it means, for people.
    pub fn tooltip(self) -> &'static str {
        match self {
            Self::PerMap => "Brightest at the map's own maximum: shows where, not how much",
            Self::Shared => "Brightest at the largest value of all layers: layers can be compared",
            Self::Absolute => "Brightest at a value you set: scans can be compared",
        }
    }
}

impl Overlay {
    /// The value that takes the brightest colour, above zero.
    pub fn scale_max(&self, raw_max: f32, shared_max: f32) -> f32 {
        let top = match self.scale {
            Scale::PerMap => raw_max,
            Scale::Shared => shared_max,
            Scale::Absolute => self.absolute_max,
        };
        top.max(f32::MIN_POSITIVE)
    }

    /// Every number brought into its range, whatever a file said.
    fn sane(mut self) -> Self {
        let default = Self::default();
        let unit = |x: f32, or: f32| if x.is_finite() { x.clamp(0.0, 1.0) } else { or };
        self.opacity = unit(self.opacity, default.opacity);
        self.threshold = unit(self.threshold, default.threshold);
        if !(self.absolute_max.is_finite() && self.absolute_max > 0.0) {
            self.absolute_max = default.absolute_max;
        }
        self
    }
}

impl Settings {
    const RECENT: usize = 12;

    /// Puts a file on top of the recent ones.
    pub fn remember(&mut self, path: &Path) {
        self.recent.retain(|known| known != path);
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(Self::RECENT);
    }

    /// Puts a test set on top of the recent ones.
    pub fn remember_test_set(&mut self, folder: &Path) {
        self.recent_test_sets.retain(|known| known != folder);
        self.recent_test_sets.insert(0, folder.to_owned());
        self.recent_test_sets.truncate(Self::RECENT);
    }

    /// The next larger or smaller size of the interface.
    pub(super) fn scale_interface(&mut self, larger: bool) {
        let now = self.interface_scale;
        let mut scales = INTERFACE_SCALES.into_iter();
        let next = match larger {
            true => scales.find(|&scale| scale > now + 0.01),
            false => scales.rfind(|&scale| scale < now - 0.01),
        };
        self.interface_scale = next.unwrap_or(now);
    }

    /// Reads settings; a file that is not there is the default without a word, a broken one is
    /// the default and a sentence for people.
    pub fn read(path: &Path) -> (Self, Option<String>) {
        match Self::parse(path) {
            Ok(settings) => (settings.sane(), None),
            Err(error) if error.kind() == ErrorKind::NotFound => (Self::default(), None),
            Err(error) => {
                let path = path.display();
                let message = format!(
                    "{path}: the settings could not be read ({error}); the defaults are used"
                );
                (Self::default(), Some(message))
            }
        }
    }

    /// Writes settings whole or not at all, making the folder where it is missing. A file there that
    /// cannot be read, as one of a newer version, is kept beside it as `NAME.json.broken`.
    ///
    /// # Errors
    /// What the file system said.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        if Self::parse(path).is_err_and(|error| error.kind() != ErrorKind::NotFound) {
            std::fs::rename(path, path.with_extension("json.broken"))?;
        }
        write_whole(path, &serde_json::to_vec_pretty(self)?)
    }

    fn parse(path: &Path) -> std::io::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }

    /// Room for pixels in memory, bytes.
    pub fn room(&self) -> u64 {
        u64::from(self.memory_mib) << 20
    }

    fn sane(mut self) -> Self {
        let default = Self::default();
        self.memory_mib = self.memory_mib.clamp(64, 1 << 20);
        let size = |x: f32, or: f32| if x.is_finite() { x.clamp(60.0, 10_000.0) } else { or };
        if let Some(review) = &mut self.review {
            let [low, high] = review.filter.confidence;
            if !(0.0 <= low && low <= high && high <= 1.0) {
                review.filter.confidence = [0.0, 1.0];
            }
        }
        if !self.interface_scale.is_finite() {
            self.interface_scale = default.interface_scale;
        }
        let [smallest, .., largest] = INTERFACE_SCALES;
        self.interface_scale = self.interface_scale.clamp(smallest, largest);
        for (side, or) in self.window_size.iter_mut().zip(default.window_size) {
            *side = size(*side, or);
        }
        for dock in [Dock::Series, Dock::Inspector, Dock::Layers] {
            let place = self.docks.place_mut(dock);
            place.size =
                place.size.filter(|size| size.is_finite()).map(|s| s.clamp(60.0, 10_000.0));
        }
        self.overlay = self.overlay.sane();
        self.cine = self.cine.sane();
        self.recent.truncate(Self::RECENT);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/on/the/way/settings.json");
        let mut settings = Settings { theme: ThemeChoice::Light, ..Settings::default() };
        settings.overlay.color_map = ColorMap::Cividis;
        settings.remember(Path::new("a.dcm"));
        settings.keys.insert("ZoomIn".into(), vec!["Ctrl+Shift+Z".into()]);
        settings.scale_interface(true);
        (settings.neurological, settings.patient_text) = (true, true);
        settings.write(&path).unwrap();
        assert_eq!(Settings::read(&path), (settings, None));
        let left: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "a temporary file stayed behind");
    }

    #[test]
    fn no_file_is_no_trouble_and_a_broken_one_is_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        assert_eq!(Settings::read(&path), (Settings::default(), None));
        std::fs::write(&path, "{ half").unwrap();
        let (settings, notice) = Settings::read(&path);
        assert_eq!(settings, Settings::default());
        assert!(notice.unwrap().contains("settings.json"));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_kept_beside_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let newer = r#"{"theme":"sepia","device":"cpu"}"#;
        std::fs::write(&path, newer).unwrap();
        assert!(Settings::read(&path).1.is_some());
        for _ in 0..2 {
            Settings::default().write(&path).unwrap();
        }
        let kept = std::fs::read_to_string(path.with_extension("json.broken")).unwrap();
        assert_eq!(kept, newer, "the first save overwrote it, or the second did");
        assert_eq!(Settings::read(&path), (Settings::default(), None));
    }

    #[test]
    fn settings_of_another_version_are_read_as_far_as_they_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let text = r#"{"theme":"light","hologram":true,"docks":{"series":{"shown":false}},
                "overlay":{"opacity":7.0,"absolute_max":-1},"interface_scale":40,
                "keys":{"Teleport":["?"]}}"#;
        std::fs::write(&path, text).unwrap();
        let (settings, notice) = Settings::read(&path);
        assert_eq!(notice, None);
        assert_eq!(settings.theme, ThemeChoice::Light);
        assert_eq!(settings.docks.series, DockPlace { shown: false, size: None });
        assert_eq!(settings.overlay.opacity, 1.0);
        assert_eq!(settings.interface_scale, 2.0);
        assert_eq!(settings.overlay.absolute_max, Overlay::default().absolute_max);
    }

    #[test]
    fn the_interface_goes_through_its_sizes_and_stops_at_both_ends() {
        let mut settings = Settings::default();
        settings.scale_interface(true);
        assert_eq!(settings.interface_scale, 1.1);
        (0..20).for_each(|_| settings.scale_interface(true));
        assert_eq!(settings.interface_scale, 2.0);
        (0..20).for_each(|_| settings.scale_interface(false));
        assert_eq!(settings.interface_scale, 0.75);
    }

    #[test]
    fn a_file_opened_again_is_the_newest_and_listed_once() {
        let mut settings = Settings::default();
        (0..20).for_each(|i| settings.remember(Path::new(&format!("{i}.png"))));
        settings.remember(Path::new("15.png"));
        assert_eq!(settings.recent.len(), 12);
        assert_eq!(settings.recent[0], Path::new("15.png"));
        assert_eq!(settings.recent.iter().filter(|path| path.ends_with("15.png")).count(), 1);
    }
}
