//! What panes side by side have in common: going through one goes through the others.

use super::open_series::OpenSeries;
use super::session::Session;
use crate::imaging::Header;
use crate::imaging::vector::dot;

/// Directions closer than this, as a cosine, are the same.
const PARALLEL: f32 = 0.98;

impl Session {
    /// The series on the screen other than one.
    pub(super) fn others_on_screen(
        &mut self,
        number: u64,
    ) -> impl Iterator<Item = &mut OpenSeries> {
        let grid = &self.grid;
        let other = move |open: &&mut OpenSeries| open.number != number && grid.shows(open.number);
        self.series.iter_mut().filter(other)
    }

    /// Goes on in the other panes after the active one has left slice `before`: to the same place in
    /// the patient where both series know it, else by as many slices.
    pub(super) fn scroll_along(&mut self, before: usize) {
        let Some(active) = self.shown() else { return };
        let (number, header) = (active.number, active.header().clone());
        let study = active.series.about.study_uid.clone();
        let by = active.slice as isize - before as isize;
        for other in self.others_on_screen(number) {
            let same_patient = study.is_some() && other.series.about.study_uid == study;
            let placed = if same_patient { nearest(other, &header) } else { None };
            let last = other.series.slices.len() - 1;
            other.slice = placed.unwrap_or(other.slice.saturating_add_signed(by)).min(last);
        }
    }
}

/// The slice of a series that is nearest to a slice of another, where both say where they lie and are
/// parallel.
fn nearest(series: &OpenSeries, to: &Header) -> Option<usize> {
    let normal = to.orientation?.normal();
    let along = |header: &Header| {
        let parallel = dot(header.orientation?.normal(), normal).abs() > PARALLEL;
        header.position.filter(|_| parallel).map(|position| dot(position, normal))
    };
    let wanted = along(to)?;
    let distance = |header: &Header| along(header).map(|at| (at - wanted).abs());
    let distances = series.series.slices.iter().map(|leaf| distance(&leaf.header));
    let distances: Vec<f32> = distances.collect::<Option<_>>()?;
    (0..distances.len()).min_by(|&a, &b| distances[a].total_cmp(&distances[b]))
}
