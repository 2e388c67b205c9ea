//! Fits an out-of-distribution reference to features of training scans and shifted copies.

use tch::{Device, Kind, TchError, Tensor};

use crate::reliability::ReliabilityError;
use crate::reliability::ood::{
    IN_DISTRIBUTION_SHARE, MOST_SD, Matrix, OodReference, Parts, Reason, Scales,
};

/// Directions that features are projected on.
const DIRECTIONS: i64 = 96;
/// Variances below this share of their mean are raised by it.
const RIDGE: f64 = 0.05;
/// Steps of the classifier's training, all scans at once.
const STEPS: usize = 400;
/// Weight of the classifier's squared weights.
const DECAY: f64 = 1e-4;

/// Why a reference cannot be fitted.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    #[error(transparent)]
    Torch(#[from] TchError),
    #[error(transparent)]
    Reliability(#[from] ReliabilityError),
    #[error("there are no scans to fit an out-of-distribution reference to")]
    NoScans,
}

/// Fits a reference.
///
/// All features are `[scans, features]`: of `training` scans (their varied copies among them), of
/// `shifted` copies of training scans, and of `validation` scans, which set the threshold.
///
/// # Errors
/// No scans, or libtorch fails.
pub fn fit(
    training: &Tensor,
    shifted: &[(Reason, &Tensor)],
    validation: &Tensor,
) -> Result<OodReference, FitError> {
    if training.size()[0] < 2 || validation.size()[0] == 0 || shifted.is_empty() {
        return Err(FitError::NoScans);
    }
    tch::no_grad(|| {
        let mean = training.f_mean_dim([0i64].as_slice(), true, Kind::Float)?;
        let sd = training.f_std_dim([0i64].as_slice(), false, true)?;
        // A feature that hardly varies among the training scans says nothing at a thousand SD.
        let floor = sd.f_mean(Kind::Float)?.f_double_value(&[])? * 1e-2 + 1e-6;
        let scale = sd.f_clamp_min(floor)?;
        let limit = f64::from(MOST_SD);
        let standard = |features: &Tensor| -> Result<Tensor, TchError> {
            features.f_sub(&mean)?.f_div(&scale)?.f_clamp(-limit, limit)
        };
        let usual = standard(training)?;
        let others = shifted.iter().map(|(_, features)| standard(features));
        let others = others.collect::<Result<Vec<_>, _>>()?;

        let rows: Vec<&Tensor> = std::iter::once(&usual).chain(&others).collect();
        let basis = directions(&Tensor::f_cat(&rows, 0)?)?;
        // Turned so that the training scans do not correlate in them.
        let seen = usual.f_matmul(&basis.f_transpose(0, 1)?)?;
        let (_, turn) = covariance(&seen)?.f_linalg_eigh("L")?;
        let basis = turn.f_transpose(0, 1)?.f_matmul(&basis)?;
        let basis = basis.f_to_kind(Kind::Half)?.f_to_kind(Kind::Float)?;
        let project = |standard: &Tensor| standard.f_matmul(&basis.f_transpose(0, 1)?);

        let seen = project(&usual)?;
        let centre = seen.f_mean_dim([0i64].as_slice(), true, Kind::Float)?;
        let variance = seen.f_var_dim([0i64].as_slice(), false, true)?;
        let ridge = variance.f_mean(Kind::Float)?.f_double_value(&[])? * RIDGE;
        let precision = variance.f_add_scalar(ridge.max(1e-12))?.f_reciprocal()?;
        let white = |standard: &Tensor| -> Result<Tensor, TchError> {
            project(standard)?.f_sub(&centre)?.f_mul(&precision.f_sqrt()?)
        };
        let mut samples = vec![white(&usual)?];
        let mut labels = vec![Reason::ALL.len() as i64; usual.size()[0] as usize];
        for ((reason, _), standard) in shifted.iter().zip(&others) {
            samples.push(white(standard)?);
            let row = Reason::ALL.iter().position(|other| other == reason).unwrap_or(0) as i64;
            labels.extend(std::iter::repeat_n(row, standard.size()[0] as usize));
        }
        let classifier = classifier(&Tensor::f_cat(&samples, 0)?, &Tensor::f_from_slice(&labels)?)?;
        // On projected features as they are: the whitening goes into the weights.
        let weights = classifier.weights.f_mul(&precision.f_sqrt()?)?;
        let constant = classifier.constant.f_sub(&weights.f_matmul(&centre.f_transpose(0, 1)?)?)?;
        let mut reference = OodReference {
            mean: values(&mean)?,
            scale: values(&scale)?,
            basis: matrix(&basis)?,
            centre: values(&centre)?,
            precision: values(&precision)?,
            classifier: matrix(&Tensor::f_cat(&[weights, constant], 1)?)?,
            scales: Scales::NONE,
        };
        let parts = Vec::<Vec<f32>>::try_from(validation)?
            .iter()
            .map(|row| reference.parts(row))
            .collect::<Result<Vec<Parts>, _>>()?;
        reference.scales = Scales::fit(&parts, IN_DISTRIBUTION_SHARE);
        Ok(reference)
    })
}

/// The scores of scans `[scans, features]`.
///
/// # Errors
/// Features of another network.
pub fn scores(
    reference: &OodReference,
    features: &Tensor,
) -> Result<Vec<crate::reliability::ood::OodScore>, FitError> {
    let rows = Vec::<Vec<f32>>::try_from(features)?;
    Ok(rows.iter().map(|row| reference.score(row)).collect::<Result<_, _>>()?)
}

/// The orthonormal directions in which rows reach farthest from zero, `[directions, features]`, by
/// subspace iteration (Halko et al., arXiv 0909.4061): there are thousands of features, and their
/// full decomposition takes a minute.
fn directions(rows: &Tensor) -> Result<Tensor, TchError> {
    const ITERATIONS: usize = 20;
    /// Directions that are followed beside those wanted, so that these converge.
    const SPARE: i64 = 32;
    let features = rows.size()[1];
    let some = DIRECTIONS.min(features);
    let wide = (some + SPARE).min(features);
    let squares = rows.f_transpose(0, 1)?.f_matmul(rows)?;
    // Any start that leans on no direction; always the same.
    let start = Tensor::f_arange(features * wide, (Kind::Double, Device::Cpu))?;
    let start = start.f_square()?.f_mul_scalar(0.754_877_666)?.f_sin()?;
    let mut basis = start.f_to_kind(Kind::Float)?.f_view([features, wide])?;
    for _ in 0..ITERATIONS {
        basis = Tensor::f_linalg_qr(&squares.f_matmul(&basis)?, "reduced")?.0;
    }
    let small = basis.f_transpose(0, 1)?.f_matmul(&squares.f_matmul(&basis)?)?;
    // In rising order.
    let (_, turn) = small.f_to_kind(Kind::Double)?.f_linalg_eigh("L")?;
    let last = turn.f_narrow(1, wide - some, some)?.f_to_kind(Kind::Float)?;
    basis.f_matmul(&last)?.f_transpose(0, 1)?.f_contiguous()
}

fn covariance(rows: &Tensor) -> Result<Tensor, TchError> {
    let centred = rows.f_sub(&rows.f_mean_dim([0i64].as_slice(), true, Kind::Float)?)?;
    centred.f_transpose(0, 1)?.f_matmul(&centred)?.f_div_scalar(rows.size()[0] as f64)
}

/// A linear classifier.
struct Linear {
    /// `[reasons + 1, directions]`.
    weights: Tensor,
    /// `[reasons + 1, 1]`.
    constant: Tensor,
}

/// Multinomial logistic regression on all samples at once, the training scans weighing as much as all
/// copies together, by gradient descent with Nesterov's momentum.
fn classifier(samples: &Tensor, labels: &Tensor) -> Result<Linear, TchError> {
    let rows = Reason::ALL.len() as i64 + 1;
    let one_hot = labels.f_one_hot(rows)?.f_to_kind(Kind::Float)?;
    let counts = one_hot.f_sum_dim_intlist([0i64].as_slice(), true, Kind::Float)?;
    let kinds = counts.f_narrow(1, 0, rows - 1)?.f_gt(0.0)?.f_sum(Kind::Float)?;
    // Each row of the classifier has a share of the whole weight: half for the training scans.
    let kinds = kinds.f_double_value(&[])?.max(1.0);
    let share = Tensor::f_full([1, rows], 0.5 / kinds, (Kind::Float, Device::Cpu))?;
    let _ = share.f_narrow(1, rows - 1, 1)?.f_fill_(0.5)?;
    let weight = one_hot.f_matmul(&share.f_div(&counts.f_clamp_min(1.0)?)?.f_transpose(0, 1)?)?;
    let most = samples.f_square()?.f_sum_dim_intlist([1i64].as_slice(), false, Kind::Float)?;
    let most = most.f_mean(Kind::Float)?.f_double_value(&[])?;
    // The loss is smooth to a quarter of the mean squared length, with some room.
    let rate = 2.0 / (most + 1.0);
    let mut weights = Tensor::f_zeros([rows, samples.size()[1]], (Kind::Float, Device::Cpu))?;
    let mut constant = Tensor::f_zeros([rows, 1], (Kind::Float, Device::Cpu))?;
    let (mut last_weights, mut last_constant) = (weights.copy(), constant.copy());
    for step in 0..STEPS {
        let momentum = step as f64 / (step + 3) as f64;
        let ahead = |now: &Tensor, last: &Tensor| -> Result<Tensor, TchError> {
            now.f_add(&now.f_sub(last)?.f_mul_scalar(momentum)?)
        };
        let (at, constant_at) =
            (ahead(&weights, &last_weights)?, ahead(&constant, &last_constant)?);
        let logits = samples.f_matmul(&at.f_transpose(0, 1)?)?;
        let logits = logits.f_add(&constant_at.f_transpose(0, 1)?)?;
        let error = logits.f_softmax(1, Kind::Float)?.f_sub(&one_hot)?.f_mul(&weight)?;
        let slope = error.f_transpose(0, 1)?.f_matmul(samples)?.f_add(&at.f_mul_scalar(DECAY)?)?;
        let constant_slope = error.f_sum_dim_intlist([0i64].as_slice(), true, Kind::Float)?;
        let constant_slope = constant_slope.f_transpose(0, 1)?;
        (last_weights, last_constant) = (weights, constant);
        weights = at.f_sub(&slope.f_mul_scalar(rate)?)?;
        constant = constant_at.f_sub(&constant_slope.f_mul_scalar(rate)?)?;
    }
    Ok(Linear { weights, constant })
}

fn values(tensor: &Tensor) -> Result<Vec<f32>, TchError> {
    Vec::<f32>::try_from(tensor.f_contiguous()?.f_view([-1])?)
}

fn matrix(tensor: &Tensor) -> Result<Matrix, FitError> {
    let columns = tensor.size()[1] as usize;
    Matrix::new(columns, values(tensor)?).ok_or(FitError::NoScans)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scans around one place in 40 features, moved by `shift` in the direction `axis`.
    fn scans(count: i64, axis: i64, shift: f64) -> Tensor {
        let noise = Tensor::randn([count, 40], (Kind::Float, Device::Cpu));
        let mut moved = noise.narrow(1, axis, 1);
        moved += shift;
        noise
    }

    #[test]
    fn known_kinds_are_found_with_their_reason_and_unknown_ones_without_it() {
        tch::manual_seed(1);
        let (turned, inverted) = (scans(200, 3, 6.0), scans(200, 8, 6.0));
        let shifted = [(Reason::Turned, &turned), (Reason::Inverted, &inverted)];
        let reference = fit(&scans(800, 0, 0.0), &shifted, &scans(300, 0, 0.0)).expect("fitted");
        let of = |features: &Tensor| scores(&reference, features).expect("scored");
        let share = |found: &[crate::reliability::ood::OodScore], reason: Option<Reason>| {
            let right = found.iter().filter(|s| s.out_of_distribution() && s.reason == reason);
            right.count() as f64 / found.len() as f64
        };
        let near = of(&scans(1000, 0, 0.0));
        let outside = near.iter().filter(|score| score.out_of_distribution()).count();
        assert!(outside < 100, "{outside} of 1000");
        assert!(share(&of(&scans(200, 3, 6.0)), Some(Reason::Turned)) > 0.95);
        assert!(share(&of(&scans(200, 8, 6.0)), Some(Reason::Inverted)) > 0.95);
        let unknown = of(&scans(200, 20, 30.0));
        let found = unknown.iter().filter(|score| score.out_of_distribution()).count();
        // One of forty features, as far out as any can count.
        assert!(found > 160, "{found} of 200");
        assert!(share(&unknown, None) > 0.5);
    }

    #[test]
    fn a_reference_comes_back_as_it_was_written() {
        tch::manual_seed(2);
        let turned = scans(100, 3, 6.0);
        let shifted = [(Reason::Turned, &turned)];
        let reference = fit(&scans(300, 0, 0.0), &shifted, &scans(100, 0, 0.0)).expect("fitted");
        let tensors = crate::model::ood_tensors::tensors(&reference).expect("tensors");
        let read = crate::model::ood_tensors::reference(tensors.into_iter().collect());
        assert_eq!(read.expect("read"), reference);
    }

    #[test]
    fn features_that_are_not_finite_are_infinitely_far() {
        tch::manual_seed(3);
        let turned = scans(100, 3, 6.0);
        let reference = fit(&scans(300, 0, 0.0), &[(Reason::Turned, &turned)], &scans(100, 0, 0.0))
            .expect("fitted");
        let score = reference.score(&[f32::NAN; 40]).expect("as many");
        assert!(score.score.is_infinite() && score.out_of_distribution());
        assert!(reference.score(&[0.0; 39]).is_err());
        let none = Tensor::zeros([0, 40], (Kind::Float, Device::Cpu));
        assert!(fit(&none, &[(Reason::Turned, &turned)], &turned).is_err());
    }
}
