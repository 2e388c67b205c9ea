//! The command line: the viewer, and the same work without a window.

mod audit;
mod calibrate;
mod evaluate;
mod heatmaps;
mod models;
mod npy;
mod phantom;
mod predict;
mod runs;
mod screenshots;
mod viewer;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::dataset::phantom::PhantomArgs;
use crate::train;

/// Shows what an MRI classifier looked at, layer by layer. Not for diagnostic use.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    viewer: viewer::Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Class probabilities of scans, and the maps of every layer
    Predict(predict::Options),
    /// How good a model is on a folder of labelled scans, and whether it has seen them before
    Evaluate(evaluate::Options),
    /// Fit a model's probabilities to 50 or more labelled scans of your own
    Calibrate(calibrate::Options),
    /// The checkpoints that are here, with their cards
    Models,
    /// Make synthetic scans: a phantom of the head with and without tumours
    Phantom(PhantomArgs),
    /// Find copies, leaks and contradictory labels in data sets
    Audit(audit::Options),
    /// Train a network on a folder of labelled scans
    Train(train::Options),
    /// Training runs in a folder, side by side
    Runs(runs::Options),
    /// Draw every screen into pictures, in two sizes, at two scales and in both themes
    Screenshots(screenshots::Options),
}

/// Does what the command line asks for.
pub fn run() -> ExitCode {
    // Quiet unless RUST_LOG asks; nothing that is logged names a file or a patient.
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("off")).init();
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Some(Command::Predict(options)) => return predict::run(&options),
        Some(Command::Evaluate(options)) => evaluate::run(&options),
        Some(Command::Calibrate(options)) => calibrate::run(&options),
        Some(Command::Models) => models::run(),
        Some(Command::Phantom(options)) => phantom::run(&options),
        Some(Command::Audit(options)) => audit::run(&options),
        Some(Command::Train(options)) => train::run(&options),
        Some(Command::Runs(options)) => runs::run(&options),
        Some(Command::Screenshots(options)) => screenshots::run(&options),
        None => viewer::run(arguments.viewer),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough.
        Err(error) if closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

/// Whether standard output was closed by its reader.
fn closed(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// An error and its causes on one line.
fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").lines().collect::<Vec<_>>().join(" ")
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
}
