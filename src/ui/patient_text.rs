//! Whose scan it is, as it is written on the scan where a person asks for it.

use crate::imaging::Patient;

/// Who it is, what else is known of the person, and when and where the study was made; a line for
/// each of which anything is known.
pub fn lines(patient: &Patient) -> Vec<String> {
    let who = [patient.name.as_deref().map(name), patient.id.clone()];
    let born = patient.birth_date.as_deref().map(|born| format!("born {}", date(born)));
    let person = [born, patient.sex.as_deref().map(sex)];
    let study = [patient.study_date.as_deref().map(date), patient.institution.clone()];
    let lines = [who, person, study].map(|known| known.into_iter().flatten().collect::<Vec<_>>());
    lines.iter().filter(|known| !known.is_empty()).map(|known| known.join(" · ")).collect()
}

/// Family and given name of a PN, PS3.5 section 6.2.1.
fn name(name: &str) -> String {
    let first = name.split('=').find(|group| !group.trim().is_empty()).unwrap_or_default();
    let parts: Vec<&str> =
        first.split('^').map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

/// A DA, PS3.5 section 6.2, with hyphens; what else is written stays as it is.
fn date(text: &str) -> String {
    match (text.get(..8), text.get(8..)) {
        (Some(day), Some(rest)) if day.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{}-{}-{}{rest}", &day[..4], &day[4..6], &day[6..])
        }
        _ => text.to_owned(),
    }
}

/// PS3.3 C.7.1.1: M, F, O.
fn sex(sex: &str) -> String {
    match sex {
        "F" => "female".to_owned(),
        "M" => "male".to_owned(),
        "O" => "other".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_written_and_nothing_else() {
        let patient = Patient {
            name: Some("Made^Up^^Dr=".into()),
            id: Some("P-7".into()),
            birth_date: Some("19700131".into()),
            sex: Some("F".into()),
            study_date: Some("20240229 1403".into()),
            institution: Some("Nowhere General".into()),
        };
        let expected =
            ["Made, Up, Dr · P-7", "born 1970-01-31 · female", "2024-02-29 1403 · Nowhere General"];
        assert_eq!(lines(&patient), expected);
        let patient = Patient { sex: Some("M".into()), ..Patient::default() };
        assert_eq!(lines(&patient), ["male"]);
        assert!(lines(&Patient::default()).is_empty());
        assert_eq!(date("äöü1970ß"), "äöü1970ß");
    }
}
