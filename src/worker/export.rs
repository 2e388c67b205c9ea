//! Files for others: a table of cases, and a page with the chosen ones under their maps. The maps
//! are made on the thread that owns the model; a reader's classification goes between two cases.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use image::{DynamicImage, GrayImage};

use super::analyst::Analyst;
use super::figures::measure;
use super::job::{Export, ExportKind, Response};
use crate::evaluate::metrics::Answer;
use crate::evaluate::report::Case;
use crate::evaluate::test_set::file_sha256;
use crate::explain::overlay::{greys, overlay, png};
use crate::imaging;
use crate::review::figure::{TrainingRun, svg};
use crate::review::report::{Pictured, Report, html};
use crate::review::table;
use crate::system::files::write_whole;

/// Cases that are shown with their maps, at most.
const MOST_CASES: usize = 24;

/// Writes the file, whole or not at all.
///
/// # Errors
/// A sentence for people.
pub(super) fn export(job: &Export, analyst: &mut Analyst) -> Result<PathBuf, String> {
    let bytes = match job.kind {
        ExportKind::Csv => table::csv(&job.evaluation, &job.words)
            .map_err(|error| format!("the table cannot be made ({error}); rename its scans"))?,
        ExportKind::Html => page(job, analyst)?,
        ExportKind::Figure(figure) => analyst.meanwhile(|| {
            let (figures, curves) = measure(&job.evaluation, job.without);
            let model = job.checkpoint.name();
            let run = TrainingRun { model: &model, epochs: &job.history };
            let picture = svg(figure, &figures, &curves, &[run]);
            picture.map(String::into_bytes).ok_or_else(|| figure.without_data().to_owned())
        })??,
    };
    write_whole(&job.to, &bytes).map_err(|error| {
        format!(
            "{}: it cannot be written ({error}); make room or choose another folder",
            job.to.display()
        )
    })?;
    Ok(job.to.clone())
}

fn page(job: &Export, analyst: &mut Analyst) -> Result<Vec<u8>, String> {
    let mut pictured = Vec::new();
    for name in job.cases.iter().take(MOST_CASES) {
        let cases = &job.evaluation.cases;
        let Some(case) = cases.iter().find(|case| case.path == *name) else { continue };
        match pictures(job, case, analyst) {
            Ok(pictures) => pictured.push(pictures),
            // The page is worth having without it.
            Err(message) => analyst.outbox.send(Response::Notice { message }),
        }
        analyst.let_readers_through(Duration::ZERO);
        if analyst.desk.closed() {
            return Err("the program was closed".into());
        }
    }
    analyst.meanwhile(|| {
        let (figures, curves) = measure(&job.evaluation, job.without);
        let report = Report {
            evaluation: &job.evaluation,
            without: job.without,
            figures: &figures,
            curves: &curves,
            other: job.other.as_deref(),
            words: &job.words,
            card: &job.checkpoint.card,
            history: &job.history,
            cases: &pictured,
            written: SystemTime::now(),
        };
        html(&report).into_bytes()
    })
}

/// A case with its maps in the last layer: for the class that was predicted, and for the true one.
fn pictures(job: &Export, case: &Case, analyst: &mut Analyst) -> Result<Pictured, String> {
    let path = job.root.join(&case.path);
    let series = imaging::open(&path).map_err(|error| error.to_string())?;
    if file_sha256(&path).ok().as_ref() != Some(&case.sha256) {
        return Err(format!(
            "{}: it has changed and is not shown; evaluate it again",
            path.display()
        ));
    }
    let slice = &series.slices[series.slices.len() / 2];
    let Answer { truth, predicted, .. } = case.answer;
    let mut classes = vec![predicted];
    classes.extend((truth != predicted).then_some(truth));
    let maps = analyst.maps(slice, &job.checkpoint.path, job.device, &classes, job.tap)?;
    let greys = greys(slice);
    let fail = |error: image::ImageError| format!("{}: {error}", path.display());
    let mut layer = String::new();
    let mut pictures = Vec::new();
    for evidence in &maps {
        let map = evidence.maps.last().ok_or("the model has no layer to show")?;
        layer.clone_from(&map.layer.name);
        pictures.push(png(&overlay(slice, &greys, map, evidence)).map_err(fail)?);
    }
    let (width, height) = (slice.width as u32, slice.height as u32);
    let scan = GrayImage::from_raw(width, height, greys).unwrap_or_default();
    let scan = png(&DynamicImage::from(scan).into_rgb8()).map_err(fail)?;
    let mut pictures = pictures.into_iter();
    let predicted = pictures.next().unwrap_or_default();
    Ok(Pictured { name: case.path.clone(), layer, scan, predicted, truth: pictures.next() })
}
