//! What a file itself says that makes its scan unlike those a network learned from.

use crate::imaging::{About, Timing};
use crate::model::card::{ScansLearned, Weighting};

/// Ways in which a series is unlike the scans that were learned from, as its header tells: each half a
/// sentence. None where the header says nothing of it.
pub fn unlike(about: &About, learned: &ScansLearned) -> Vec<String> {
    let mut ways = Vec::new();
    if let Some(modality) = about.modality.as_deref().filter(|said| *said != learned.modality) {
        ways.push(format!("its modality is {modality}, not {}", learned.modality));
    }
    if let Some(part) = about.body_part.as_deref() {
        let said = part.to_uppercase();
        if !learned.body_parts.iter().any(|word| said.contains(word.as_str())) {
            let known = learned.body_parts.join(" or ");
            ways.push(format!("its body part is {part}, not {known}"));
        }
    }
    // Times mean something else elsewhere.
    let is_mr = about.modality.as_deref().is_none_or(|modality| modality == "MR");
    if let Some(weighting) = weighting(about.timing).filter(|_| is_mr)
        && weighting != learned.weighting
    {
        let (is, was) = (weighting.name(), learned.weighting.name());
        ways.push(format!("its timing is that of {is} images, not of {was}"));
    }
    ways
}

/// How an image was weighted, by the usual bounds of clinical spin and gradient echoes; `None` between
/// them, or where the file does not say.
fn weighting(Timing { repetition, echo, inversion }: Timing) -> Option<Weighting> {
    let (repetition, echo) = (repetition?, echo?);
    match inversion.filter(|&time| time > 0.0) {
        Some(time) if time >= 1500.0 && echo >= 60.0 => Some(Weighting::Flair),
        Some(time) if time < 1300.0 && echo <= 30.0 => Some(Weighting::T1),
        Some(_) => None,
        None if echo >= 60.0 && repetition >= 1500.0 => Some(Weighting::T2),
        None if echo <= 30.0 && repetition <= 900.0 => Some(Weighting::T1),
        None if echo <= 30.0 && repetition >= 1800.0 => Some(Weighting::Density),
        None => None,
    }
}

impl Weighting {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::T1 => "T1-weighted",
            Self::T2 => "T2-weighted",
            Self::Flair => "FLAIR",
            Self::Density => "proton-density-weighted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned() -> ScansLearned {
        let body_parts = ["BRAIN", "HEAD"].map(String::from).to_vec();
        ScansLearned { modality: "MR".into(), body_parts, weighting: Weighting::T1 }
    }

    fn timing(repetition: f32, echo: f32, inversion: Option<f32>) -> Timing {
        Timing { repetition: Some(repetition), echo: Some(echo), inversion }
    }

    #[test]
    fn a_header_that_says_nothing_or_fits_is_not_unlike() {
        assert_eq!(unlike(&About::default(), &learned()), [""; 0]);
        let about = About {
            modality: Some("MR".into()),
            body_part: Some("Brain".into()),
            timing: timing(500.0, 15.0, None),
            ..About::default()
        };
        assert_eq!(unlike(&about, &learned()), [""; 0]);
    }

    #[test]
    fn another_modality_part_or_weighting_is_named() {
        let about = About {
            modality: Some("CT".into()),
            body_part: Some("KNEE".into()),
            timing: timing(4000.0, 100.0, None),
            ..About::default()
        };
        let ways = unlike(&about, &learned());
        assert_eq!(
            ways,
            ["its modality is CT, not MR", "its body part is KNEE, not BRAIN or HEAD"],
            "times of a CT mean nothing"
        );
        let about = About { timing: timing(4000.0, 100.0, None), ..About::default() };
        assert_eq!(
            unlike(&about, &learned()),
            ["its timing is that of T2-weighted images, not of T1-weighted"]
        );
    }

    #[test]
    fn weightings_of_usual_protocols() {
        for (repetition, echo, inversion, expected) in [
            (500.0, 12.0, None, Some(Weighting::T1)),
            (2300.0, 3.0, Some(900.0), Some(Weighting::T1)),
            (4000.0, 100.0, None, Some(Weighting::T2)),
            (9000.0, 120.0, Some(2500.0), Some(Weighting::Flair)),
            (3000.0, 15.0, None, Some(Weighting::Density)),
            (1200.0, 45.0, None, None),
        ] {
            assert_eq!(weighting(timing(repetition, echo, inversion)), expected);
        }
        assert_eq!(weighting(Timing::default()), None);
    }
}
