//! Files for others: a table of cases, and a page with the chosen ones under their maps. The maps
//! are made on the thread that owns the model; a reader's classification goes between two cases.

use std::path::PathBuf;
use std::time::Duration;

use super::analyst::Analyst;
use super::job::{Export, ExportKind};
use crate::evaluate::report::Case;
use crate::evaluate::test_set::file_sha256;
use crate::explain::overlay::{greys, overlay, png};
use crate::imaging;
use crate::model::prediction::Evidence;
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
    let mut shown = Vec::new();
    for name in job.cases.iter().take(MOST_CASES) {
        let Some(case) = job.evaluation.cases.iter().find(|case| case.path == *name) else {
            continue;
        };
        shown.push((case, pictures(job, case, analyst)));
        analyst.let_readers_through(Duration::ZERO);
        if analyst.desk.closed() {
            return Err("the program was closed".into());
        }
    }
    let _ = shown;
    Err("a page cannot be exported in this build".into())
}

/// A scan and its maps as PNG files.
#[derive(Debug)]
struct Pictures {
    scan: Vec<u8>,
    /// The last layer's map for each class that is explained.
    maps: Vec<(usize, Vec<u8>)>,
    /// That layer's name.
    layer: String,
}

/// A case as a reader sees it: for the class that was predicted, and for the true one.
fn pictures(job: &Export, case: &Case, analyst: &mut Analyst) -> Result<Pictures, String> {
    let path = job.root.join(&case.path);
    let series = imaging::open(&path).map_err(|error| error.to_string())?;
    if file_sha256(&path).ok().as_ref() != Some(&case.sha256) {
        return Err(format!("{}: it has changed since it was evaluated", path.display()));
    }
    let slice = &series.slices[series.slices.len() / 2];
    let answer = &case.answer;
    let mut classes = vec![answer.predicted];
    classes.extend((answer.truth != answer.predicted).then_some(answer.truth));
    let maps = analyst.maps(slice, &job.checkpoint.path, job.device, &classes, job.tap)?;
    let greys = greys(slice);
    let unwritable = |error: image::ImageError| format!("{}: {error}", path.display());
    let over = |evidence: &Evidence| {
        let map = evidence.maps.last().ok_or_else(|| "the model has no layers".to_owned())?;
        png(&overlay(slice, &greys, map, evidence)).map_err(unwritable)
    };
    let mut pictures = Vec::new();
    for evidence in &maps {
        pictures.push((evidence.class, over(evidence)?));
    }
    let (width, height) = (slice.width as u32, slice.height as u32);
    let grey = image::GrayImage::from_raw(width, height, greys).unwrap_or_default();
    let scan = png(&image::DynamicImage::ImageLuma8(grey).into_rgb8()).map_err(unwritable)?;
    let last = maps.first().and_then(|evidence| evidence.maps.last());
    let layer = last.map(|map| map.layer.name.clone()).unwrap_or_default();
    Ok(Pictures { scan, maps: pictures, layer })
}
