//! The viewer itself, in a window or drawn into a file.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::models;
use crate::app::{self, Start};
use crate::dataset::patients::PatientTables;
use crate::model::prediction::DeviceChoice;
use crate::review::store::data_folder;
use crate::system::files::write_whole;
use crate::worker;
use crate::worker::job::TestSource;

/// How long a picture waits for the maps of its scan.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the viewer is opened with.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Scans to open: JPEG, PNG, TIFF, BMP, DICOM, NIfTI; folders, zip archives and DICOMDIRs of such
    pub paths: Vec<PathBuf>,
    /// Open the built-in demo study: synthetic scans
    #[arg(long)]
    demo: bool,
    /// Review a test set, a folder of labelled scans: its confusion matrix and its cases; `demo` is
    /// the built-in one
    #[arg(long, value_name = "DIR|demo")]
    review: Option<PathBuf>,
    #[command(flatten)]
    tables: PatientTables,
    /// A model's name (`mrimaster models` lists them) or a .safetensors file
    #[arg(long, value_name = "NAME|FILE")]
    model: Option<String>,
    #[arg(long, value_enum)]
    device: Option<DeviceChoice>,
    /// Draw the window into this picture, without a display, and exit
    #[arg(long, value_name = "FILE.png")]
    screenshot: Option<PathBuf>,
    /// Open a real window for the picture, on a display
    #[arg(long, requires = "screenshot")]
    in_window: bool,
    /// Size of the picture, in points
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1280x720", value_parser = parse_size)]
    size: (u32, u32),
    /// Pixels of the picture for each point
    #[arg(long, default_value_t = 1.0, value_parser = parse_scale, conflicts_with = "in_window")]
    scale: f32,
}

/// Opens the window, or draws it.
///
/// # Errors
/// Where there is no display, or the picture cannot be written or lacks something.
pub(super) fn run(options: Options) -> anyhow::Result<()> {
    let model = match options.model.as_deref() {
        // It may be chosen for good in the window, and the next run may start in another folder.
        Some(model) => Some(std::path::absolute(models::find(Some(model))?.path)?),
        None => None,
    };
    let review = match options.review {
        Some(demo) if demo.as_os_str() == "demo" => Some(TestSource::Demo),
        // It is kept for the next run, which may start in another folder.
        Some(folder) => Some(TestSource::Folder(std::path::absolute(folder)?)),
        None => None,
    };
    let start = Start {
        paths: options.paths,
        demo: options.demo,
        review,
        tables: options.tables.absolute(),
        model,
        device: options.device,
        settings: app::settings_file(),
    };
    match options.screenshot {
        None => {
            app::run(start, |wake| Box::new(worker::start(data_folder(), wake))).map_err(|error| {
                log::info!("{error}");
                anyhow::anyhow!(
                    "no window can be opened here; --screenshot FILE.png draws it without a display"
                )
            })
        }
        Some(file) => {
            let same = |path: &PathBuf| path.canonicalize().ok() == file.canonicalize().ok();
            ensure!(
                !(file.exists() && start.paths.iter().any(same)),
                "{}: the picture would take the place of the scan; give it another name",
                file.display()
            );
            // A picture must not depend on what the last reader had chosen.
            let start = Start { settings: None, ..start };
            let size = [options.size.0, options.size.1];
            let picture = if options.in_window {
                app::photograph(
                    start,
                    |wake| Box::new(worker::start(data_folder(), wake)),
                    size,
                    PATIENCE,
                )
                .ok()
                .flatten()
                .context("no window can be opened; leave --in-window out")?
            } else {
                let workers = Box::new(worker::start(data_folder(), || {}));
                let pixels = size.map(|side| (side as f32 * options.scale).round() as u32);
                app::screenshot(start, workers, pixels, options.scale, PATIENCE)
            };
            let mut png = std::io::Cursor::new(Vec::new());
            picture.image.write_to(&mut png, image::ImageFormat::Png)?;
            write_whole(&file, png.get_ref())
                .with_context(|| format!("{}: the picture cannot be written", file.display()))?;
            picture.errors.iter().for_each(|error| eprintln!("{}", error.replace('\n', " ")));
            ensure!(
                picture.settled,
                "{}: the picture was taken after {} s, before everything was there",
                file.display(),
                PATIENCE.as_secs()
            );
            ensure!(
                picture.errors.is_empty(),
                "{}: the picture does not show all that was asked for",
                file.display()
            );
            Ok(())
        }
    }
}

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let parse = || {
        let (width, height) = text.split_once('x')?;
        Some((width.parse().ok()?, height.parse().ok()?))
    };
    parse().filter(|&(w, h)| (320..=8192).contains(&w) && (240..=8192).contains(&h)).ok_or_else(
        || "it needs a width of 320 to 8192 and a height of 240 to 8192, such as 1280x720".into(),
    )
}

fn parse_scale(text: &str) -> Result<f32, String> {
    let scale = text.parse().ok().filter(|scale| (0.5..=4.0).contains(scale));
    scale.ok_or_else(|| "it needs a number from 0.5 to 4".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_a_scan_that_cannot_be_opened_is_written_and_is_a_failure() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("picture.png");
        let options = Options {
            paths: vec![folder.path().join("missing.png")],
            demo: false,
            review: None,
            tables: PatientTables::default(),
            model: None,
            device: None,
            screenshot: Some(file.clone()),
            in_window: false,
            size: (640, 480),
            scale: 1.0,
        };
        let error = run(options).expect_err("there is no such scan").to_string();
        assert!(error.contains("picture.png"), "{error}");
        assert!(image::open(&file).is_ok(), "the picture was not written");
    }

    #[test]
    fn a_scan_is_not_written_over_by_its_picture() {
        let folder = tempfile::tempdir().expect("a folder");
        let scan = folder.path().join("scan.png");
        image::GrayImage::new(40, 40).save(&scan).expect("written");
        let before = std::fs::read(&scan).expect("read");
        let options = Options {
            paths: vec![scan.clone()],
            demo: false,
            review: None,
            tables: PatientTables::default(),
            model: None,
            device: None,
            screenshot: Some(scan.clone()),
            in_window: false,
            size: (640, 480),
            scale: 1.0,
        };
        run(options).expect_err("it is refused");
        assert_eq!(std::fs::read(&scan).expect("read"), before);
    }

    #[test]
    fn a_real_window_has_its_own_scale() {
        use clap::Parser;
        let parse = |more: &[&str]| {
            let common = ["mrimaster", "--screenshot", "a.png", "--in-window"];
            super::super::Arguments::try_parse_from(common.iter().chain(more))
        };
        assert!(parse(&[]).is_ok());
        assert!(parse(&["--scale", "2"]).is_err(), "it would be ignored");
    }

    #[test]
    fn sizes_are_checked() {
        assert_eq!(parse_size("1920x1080"), Ok((1920, 1080)));
        assert!(parse_size("0x1080").is_err() && parse_size("wide").is_err());
    }
}
