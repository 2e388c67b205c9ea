//! A whole demo study: class folders of PNGs, a DICOM series, a NIfTI volume, and the truth.

use std::path::{Path, PathBuf};

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg32;

use super::truth::{ScanTruth, StudyTruth};
use super::write::{MARK, WriteError, write_dicom, write_nifti, write_png, write_whole};
use super::{Artefacts, LesionKind, Phantom, Plane, View};
use crate::imaging::Slice;

/// Options of `mrimaster phantom`.
#[derive(Clone, Debug, clap::Args)]
pub struct PhantomArgs {
    /// Folder to write to; it is made if need be
    pub dir: PathBuf,
    /// Number of pictures, spread evenly over the four classes and the three planes
    #[arg(long, default_value_t = 40)]
    pub count: usize,
    /// The same seed makes the same study
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write into a folder that is not empty
    #[arg(long)]
    pub overwrite: bool,
}

/// Writes a study into a folder, and returns what `truth.json` says:
///
/// - `glioma_tumor/`, `meningioma_tumor/`, `no_tumor/`, `pituitary_tumor/`: `count` PNGs in all;
/// - `dicom/`: an axial T1c series with a glioma on the patient's left;
/// - `nifti/`: a volume with a meningioma on the patient's left;
/// - `truth.json`: a [`StudyTruth`].
///
/// # Errors
/// If a file cannot be written; files that were written before it stay, `truth.json` comes last.
pub fn write_study(dir: &Path, count: usize, seed: u64) -> Result<StudyTruth, WriteError> {
    let mut scans = Vec::with_capacity(count + 2);
    for index in 0..count {
        scans.push(write_picture(dir, index, seed)?);
    }
    scans.push(write_series(dir, seed)?);
    scans.push(write_volume(dir, seed)?);
    let truth = StudyTruth { note: MARK.to_owned(), seed, scans };
    let path = dir.join("truth.json");
    let json = serde_json::to_vec_pretty(&truth).map_err(|e| WriteError::new(&path, e))?;
    write_whole(&path, &json)?;
    Ok(truth)
}

/// The phantom, the view and the file of a study's picture, counted from 0: a single picture can be
/// made again without its study, at any size.
pub fn study_picture(seed: u64, index: usize) -> (Phantom, View, String) {
    let (phantom, kind, _, view) = picture(index, seed);
    let file = format!(
        "{}/synthetic-{}-{:04}-{}.png",
        kind.folder(),
        kind.name(),
        index / 4 + 1,
        view.plane.name()
    );
    (phantom, view, file)
}

/// The picture with an index: classes take turns, and within a class the planes do.
fn picture(index: usize, seed: u64) -> (Phantom, LesionKind, u64, View) {
    let kind = LesionKind::ALL[index % 4];
    let plane = Plane::ALL[(index / 4 + index % 4) % 3];
    let person = seed.wrapping_mul(1_000_003).wrapping_add(index as u64 + 10);
    let phantom = Phantom::new(person, kind);

    let mut rng = Pcg32::seed_from_u64(person ^ 0x0071_c7ed);
    let mut vary = |low: f32, high: f32| low + (high - low) * rng.random::<f32>();
    let offset = match phantom.lesion() {
        Some(lesion) => {
            let reach = 0.3 * lesion.radii_mm[plane.axis()];
            lesion.centre_mm[plane.axis()] + vary(-reach, reach)
        }
        None => match plane {
            Plane::Axial => vary(-20.0, 45.0),
            Plane::Coronal => vary(-35.0, 45.0),
            Plane::Sagittal => vary(-40.0, 40.0),
        },
    };
    let matrix = [240, 256, 288, 320][(vary(0.0, 3.999)) as usize];
    let mut view = View::new(plane, offset, matrix);
    view.spacing_mm = vary(228.0, 252.0) / matrix as f32;
    view.artefacts = Artefacts {
        noise: vary(0.008, 0.02),
        bias: vary(0.05, 0.2),
        ghost: vary(-0.02, 0.012).max(0.0),
    };
    (phantom, kind, person, view)
}

fn write_picture(dir: &Path, index: usize, seed: u64) -> Result<ScanTruth, WriteError> {
    let (_, kind, person, _) = picture(index, seed);
    let (phantom, view, file) = study_picture(seed, index);
    let slice = phantom.slice(&view);
    write_png(&dir.join(&file), &slice)?;
    let slices = vec![phantom.slice_truth(&view, &slice, &file, 0)];
    Ok(ScanTruth { seed: person, kind, plane: view.plane, lesion: phantom.lesion(), slices })
}

fn write_series(dir: &Path, seed: u64) -> Result<ScanTruth, WriteError> {
    let kind = LesionKind::Glioma;
    let person = seed.wrapping_mul(1_000_003).wrapping_add(1);
    let phantom = Phantom::with_side(person, kind, super::Side::Left);
    let mut view = View::new(Plane::Axial, -48.0, 256);
    view.slice_spacing_mm = Some(5.5);
    let (views, slices) = stack(&phantom, view, 24);
    write_dicom(&dir.join("dicom"), &slices, view.contrast.name(), person)?;
    let truths = views.iter().zip(&slices).enumerate().map(|(i, (view, slice))| {
        phantom.slice_truth(view, slice, &format!("dicom/{:04}.dcm", i + 1), 0)
    });
    let slices = truths.collect();
    Ok(ScanTruth { seed: person, kind, plane: view.plane, lesion: phantom.lesion(), slices })
}

fn write_volume(dir: &Path, seed: u64) -> Result<ScanTruth, WriteError> {
    let kind = LesionKind::Meningioma;
    let person = seed.wrapping_mul(1_000_003).wrapping_add(2);
    let phantom = Phantom::with_side(person, kind, super::Side::Left);
    let mut view = View::new(Plane::Axial, -62.0, 160);
    view.slice_spacing_mm = Some(4.0);
    let (views, slices) = stack(&phantom, view, 40);
    let file = "nifti/synthetic-meningioma.nii.gz";
    write_nifti(&dir.join(file), &slices)?;
    let truths = views.iter().zip(&slices).enumerate();
    let slices =
        truths.map(|(i, (view, slice))| phantom.slice_truth(view, slice, file, i)).collect();
    Ok(ScanTruth { seed: person, kind, plane: view.plane, lesion: phantom.lesion(), slices })
}

/// Parallel slices from the first view on.
fn stack(phantom: &Phantom, first: View, count: usize) -> (Vec<View>, Vec<Slice>) {
    let views = first.stack(count);
    let slices = views.iter().map(|view| phantom.slice(view)).collect();
    (views, slices)
}
