//! What the benches of frames share.

use std::time::Instant;

/// Durations of frames, told in milliseconds.
#[derive(Default)]
pub struct Frames(Vec<f64>);

impl Frames {
    pub fn time(&mut self, work: impl FnOnce()) {
        let began = Instant::now();
        work();
        self.0.push(began.elapsed().as_secs_f64() * 1e3);
    }

    /// Tells how long they took, and how many took longer than `limit` milliseconds.
    pub fn tell(mut self, what: &str, limit: f64) {
        self.0.sort_by(f64::total_cmp);
        let Some(last) = self.0.len().checked_sub(1) else { return };
        let at = |share: f64| self.0[(last as f64 * share) as usize];
        let late = self.0.iter().filter(|&&time| time > limit).count();
        println!(
            "{what}: {} frames, median {:.1} ms, 99 % within {:.1} ms, longest {:.1} ms, {late} above {limit} ms",
            self.0.len(),
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}
