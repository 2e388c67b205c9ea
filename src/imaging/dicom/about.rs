//! What a file says of its study, its series and its patient.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::attributes::{FrameAttributes, integer, text};
use crate::imaging::series::{About, Patient, Timing};

pub(super) fn about(object: &InMemDicomObject) -> About {
    let text = |tag| text(object, tag);
    let patient = Patient {
        name: text(tags::PATIENT_NAME),
        id: text(tags::PATIENT_ID),
        birth_date: text(tags::PATIENT_BIRTH_DATE),
        sex: text(tags::PATIENT_SEX),
        study_date: text(tags::STUDY_DATE).map(|date| match text(tags::STUDY_TIME) {
            Some(time) => format!("{} {}", dashed(&date), clock(&time)),
            None => dashed(&date),
        }),
        institution: text(tags::INSTITUTION_NAME),
    };
    let date = text(tags::STUDY_DATE).map(|date| dashed(&date));
    let study: Vec<String> = text(tags::STUDY_DESCRIPTION).into_iter().chain(date).collect();
    About {
        study_uid: text(tags::STUDY_INSTANCE_UID),
        study: (!study.is_empty()).then(|| study.join(", ")),
        series_uid: text(tags::SERIES_INSTANCE_UID),
        series_number: integer(object, tags::SERIES_NUMBER),
        modality: text(tags::MODALITY),
        body_part: text(tags::BODY_PART_EXAMINED),
        timing: timing(object),
        patient: (patient != Patient::default()).then_some(patient),
    }
}

/// PS3.3 C.8.3.1, and of enhanced images C.8.13.5.
fn timing(object: &InMemDicomObject) -> Timing {
    let first = FrameAttributes::new(object, 0);
    let milliseconds = |group: Tag, in_group: Tag, at_root: Tag| {
        let [value] = first.numbers(group, in_group).or_else(|| first.numbers(group, at_root))?;
        (value >= 0.0).then_some(value)
    };
    Timing {
        repetition: milliseconds(
            tags::MR_TIMING_AND_RELATED_PARAMETERS_SEQUENCE,
            tags::REPETITION_TIME,
            tags::REPETITION_TIME,
        ),
        echo: milliseconds(tags::MR_ECHO_SEQUENCE, tags::EFFECTIVE_ECHO_TIME, tags::ECHO_TIME),
        inversion: milliseconds(
            tags::MR_MODIFIER_SEQUENCE,
            tags::INVERSION_TIMES,
            tags::INVERSION_TIME,
        ),
    }
}

/// "20210304" as "2021-03-04"; other texts as they are.
fn dashed(date: &str) -> String {
    match date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) {
        true => format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]),
        false => date.to_owned(),
    }
}

/// "101112.5" as "10:11"; other texts as they are.
fn clock(time: &str) -> String {
    match time.len() >= 4 && time.as_bytes()[..4].iter().all(u8::is_ascii_digit) {
        true => format!("{}:{}", &time[..2], &time[2..4]),
        false => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_written_for_people_where_they_are_dates_and_times() {
        assert_eq!(dashed("20210304"), "2021-03-04");
        assert_eq!(dashed("2021.03.04"), "2021.03.04");
        assert_eq!(clock("101112.25"), "10:11");
        assert_eq!(clock("ü1"), "ü1");
    }
}
