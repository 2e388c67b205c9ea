//! The command line: the viewer, and the same work without a window.

mod heatmaps;
mod models;
mod npy;
mod predict;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::train;

/// Shows what an MRI classifier looked at, layer by layer. Not for diagnostic use.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    viewer: Viewer,
}

/// What the viewer is opened with.
#[derive(Debug, clap::Args)]
pub(crate) struct Viewer {
    /// Scans to open: JPEG, PNG, TIFF, BMP, DICOM, NIfTI
    pub paths: Vec<PathBuf>,
    /// Open the built-in demo study: synthetic scans
    #[arg(long)]
    pub demo: bool,
    /// Draw the window into this PNG, without a display, and exit
    #[arg(long, value_name = "FILE.png")]
    pub screenshot: Option<PathBuf>,
    /// Size of the picture, in points
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1280x720", value_parser = parse_size)]
    pub size: (u32, u32),
    /// Pixels of the picture for each point
    #[arg(long, default_value_t = 1.0, value_parser = parse_scale)]
    pub scale: f32,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Class probabilities of scans, and the maps of every layer
    Predict(predict::Options),
    /// The checkpoints that are here, with their cards
    Models,
    /// Train a network on a folder of labelled scans
    Train(train::Options),
}

/// Does what the command line asks for.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Some(Command::Predict(options)) => return predict::run(&options),
        Some(Command::Models) => models::run(),
        Some(Command::Train(options)) => train::run(&options),
        None => crate::app::run(arguments.viewer),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes on one line.
fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").lines().collect::<Vec<_>>().join(" ")
}

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let parse = || {
        let (width, height) = text.split_once('x')?;
        Some((width.parse().ok()?, height.parse().ok()?))
    };
    parse()
        .filter(|&(w, h)| (320..=8192).contains(&w) && (240..=8192).contains(&h))
        .ok_or_else(|| "it needs a width and a height such as 1280x720".into())
}

fn parse_scale(text: &str) -> Result<f32, String> {
    let scale = text.parse().ok().filter(|scale| (0.5..=4.0).contains(scale));
    scale.ok_or_else(|| "it needs a number from 0.5 to 4".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn paths_open_the_viewer_and_words_are_commands() {
        let viewer =
            Arguments::try_parse_from(["mrimaster", "image(12).jpg", "b.dcm"]).expect("ok");
        assert_eq!(viewer.viewer.paths.len(), 2);
        assert!(viewer.command.is_none());
        let predict =
            Arguments::try_parse_from(["mrimaster", "predict", "a.png", "--json"]).expect("ok");
        assert!(matches!(predict.command, Some(Command::Predict(_))));
    }

    #[test]
    fn sizes_are_checked() {
        assert_eq!(parse_size("1920x1080"), Ok((1920, 1080)));
        assert!(parse_size("0x1080").is_err() && parse_size("wide").is_err());
    }
}
