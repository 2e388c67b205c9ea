//! Values that are no numbers, as floating-point files use them for "outside".

use super::error::Refusal;

/// Replaces NaN and infinities by the smallest finite value, and says so in a note.
///
/// # Errors
/// If no value is finite.
pub(crate) fn make_finite(values: &mut [f32]) -> Result<Option<String>, Refusal> {
    let (mut lowest, mut finite) = (f32::INFINITY, 0);
    for value in values.iter().filter(|value| value.is_finite()) {
        lowest = lowest.min(*value);
        finite += 1;
    }
    if finite == 0 {
        return Err(Refusal::damaged("none of its values is a number"));
    }
    let replaced = values.len() - finite;
    if replaced == 0 {
        return Ok(None);
    }
    values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = lowest);
    Ok(Some(format!(
        "{replaced} of {} values are not numbers; they are shown as the smallest one.",
        values.len()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_becomes_the_smallest_value() {
        let mut values = [f32::NAN, 3.0, f32::INFINITY, -2.0, f32::NEG_INFINITY];
        let note = make_finite(&mut values).unwrap().unwrap();
        assert_eq!(values, [-2.0, 3.0, -2.0, -2.0, -2.0]);
        assert!(note.starts_with("3 of 5"));
        assert!(make_finite(&mut [1.0, 2.0]).unwrap().is_none());
        assert!(make_finite(&mut [f32::NAN; 4]).is_err());
    }
}
