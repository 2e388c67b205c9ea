//! An out-of-distribution reference as tensors of a checkpoint.

use std::collections::BTreeMap;

use tch::{Kind, TchError, Tensor};

use crate::reliability::ReliabilityError;
use crate::reliability::ood::{Matrix, OodReference, PREFIX, Reason, Scales};

const MEAN: &str = "ood.mean";
const SCALE: &str = "ood.scale";
const BASIS: &str = "ood.basis";
const CENTRE: &str = "ood.centre";
const PRECISION: &str = "ood.precision";
const CLASSIFIER: &str = "ood.classifier";
const SCALES: &str = "ood.scales";

/// Whether a tensor of a checkpoint belongs to a reference.
pub fn is_of_reference(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// The tensors of a reference by name: the directions in float16, the rest in float32.
///
/// # Errors
/// Where libtorch is out of memory.
pub fn tensors(reference: &OodReference) -> Result<Vec<(String, Tensor)>, TchError> {
    let vector = |values: &[f32]| Tensor::f_from_slice(values);
    let matrix = |matrix: &Matrix| -> Result<Tensor, TchError> {
        let shape = [matrix.rows() as i64, matrix.columns() as i64];
        Tensor::f_from_slice(matrix.values())?.f_view(shape)
    };
    let Scales { within, outside, log_odds, whole } = reference.scales;
    Ok(vec![
        (MEAN.into(), vector(&reference.mean)?),
        (SCALE.into(), vector(&reference.scale)?),
        (BASIS.into(), matrix(&reference.basis)?.f_to_kind(Kind::Half)?),
        (CENTRE.into(), vector(&reference.centre)?),
        (PRECISION.into(), vector(&reference.precision)?),
        (CLASSIFIER.into(), matrix(&reference.classifier)?),
        (SCALES.into(), vector(&[within, outside, log_odds, whole])?),
    ])
}

/// The reference of a checkpoint's tensors whose names begin with `ood.`, which are finite.
///
/// # Errors
/// Tensors that are missing, unknown, or of shapes that do not fit each other.
pub fn reference(mut tensors: BTreeMap<String, Tensor>) -> Result<OodReference, ReliabilityError> {
    let fail = |reason: String| ReliabilityError::Ood(reason);
    let mut take = |name: &str, dimensions: usize| -> Result<(Vec<usize>, Vec<f32>), _> {
        let tensor = tensors.remove(name).ok_or_else(|| fail(format!("{name} is missing")))?;
        let shape: Vec<usize> = tensor.size().iter().map(|&n| n as usize).collect();
        if shape.len() != dimensions {
            return Err(fail(format!("{name} has the shape {shape:?}")));
        }
        let flat = tensor.f_to_kind(Kind::Float).and_then(|t| t.f_contiguous()?.f_view([-1]));
        let values = flat.and_then(Vec::<f32>::try_from);
        values.map(|values| (shape, values)).map_err(|error| fail(error.to_string()))
    };
    let (_, mean) = take(MEAN, 1)?;
    let (_, scale) = take(SCALE, 1)?;
    let (basis_shape, basis) = take(BASIS, 2)?;
    let (_, centre) = take(CENTRE, 1)?;
    let (_, precision) = take(PRECISION, 1)?;
    let (classifier_shape, classifier) = take(CLASSIFIER, 2)?;
    let (_, scales) = take(SCALES, 1)?;
    if let Some(name) = tensors.keys().next() {
        return Err(fail(format!("{name} is not a part of it")));
    }
    let fit = match (&basis_shape[..], &classifier_shape[..]) {
        (&[directions, features], &[reasons, columns]) => {
            features == mean.len()
                && features == scale.len()
                && directions == centre.len()
                && directions == precision.len()
                && columns == directions + 1
                && reasons == Reason::ALL.len() + 1
        }
        _ => false,
    };
    let positive = |values: &[f32]| values.iter().all(|value| *value > 0.0);
    let matrices = Matrix::new(*basis_shape.last().unwrap_or(&0), basis)
        .zip(Matrix::new(*classifier_shape.last().unwrap_or(&0), classifier));
    match (matrices, &scales[..]) {
        (Some((basis, classifier)), &[within, outside, log_odds, whole])
            if fit && positive(&scale) && positive(&[within, outside, whole]) =>
        {
            let scales = Scales { within, outside, log_odds, whole };
            Ok(OodReference { mean, scale, basis, centre, precision, classifier, scales })
        }
        _ => Err(fail(format!(
            "{BASIS} {basis_shape:?}, {CLASSIFIER} {classifier_shape:?} and the rest do not fit each \
             other"
        ))),
    }
}
