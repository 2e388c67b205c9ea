//! DICOMDIR, the index of a disc (PS3.3 annex F, PS3.10 section 8).

use dicom_dictionary_std::{tags, uids};

use super::data_set::DataSet;
use super::is_dicom;
use crate::imaging::error::Refusal;

/// True for a file whose head says that it is a DICOMDIR; `start` is its first kilobytes.
pub(crate) fn is_directory(start: &[u8]) -> bool {
    let class = uids::MEDIA_STORAGE_DIRECTORY_STORAGE.as_bytes();
    is_dicom(start) && start.windows(class.len()).any(|window| window == class)
}

/// The files that the records of a DICOMDIR name, each once and in the order of the records: the
/// parts of a path from the folder of the DICOMDIR on, as the disc writes them.
pub(crate) fn listed_files(bytes: &[u8]) -> Result<Vec<Vec<String>>, Refusal> {
    let data_set = DataSet::whole(bytes)?;
    let records =
        data_set.object.get(tags::DIRECTORY_RECORD_SEQUENCE).and_then(|records| records.items());
    let mut listed = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for record in records.unwrap_or_default() {
        let id = record.get(tags::REFERENCED_FILE_ID).and_then(|id| id.value().to_multi_str().ok());
        let parts: Vec<String> =
            id.iter().flat_map(|id| id.iter()).map(|part| part.trim().to_owned()).collect();
        if !parts.is_empty() && seen.insert(parts.clone()) {
            listed.push(parts);
        }
    }
    Ok(listed)
}
