//! The thread that makes figures and curves of those cases of an evaluation that count.

use std::sync::Arc;

use super::job::{RequestId, Response};
use super::slot::Slot;
use super::{Outbox, background};
use crate::evaluate::bootstrap::Bootstrap;
use crate::evaluate::curves::Curves;
use crate::evaluate::metrics::{Answer, Figures, figures};
use crate::evaluate::parts::Without;
use crate::evaluate::report::Evaluation;
use crate::system::caught::caught;

/// Cases to be measured.
#[derive(Debug)]
pub(super) struct Task {
    pub id: RequestId,
    pub evaluation: Arc<Evaluation>,
    pub without: Without,
}

/// Starts the thread; it ends when the slot is closed.
pub(super) fn spawn(tasks: Arc<Slot<Task>>, outbox: Outbox) {
    super::thread("figures", move || {
        while let Some(Task { id, evaluation, without }) = tasks.take() {
            let measured = caught(|| background::run(|| measure(&evaluation, without)));
            outbox.send(match measured {
                Ok((figures, curves)) => Response::Figures { id, figures, curves },
                Err(panic) => {
                    Response::Notice { message: format!("the figures could not be made: {panic}") }
                }
            });
        }
    });
}

/// Figures and curves of the cases that count.
pub(super) fn measure(evaluation: &Evaluation, without: Without) -> (Arc<Figures>, Arc<Curves>) {
    let cases = evaluation.cases.iter().filter(|case| without.counts(case));
    let answers: Vec<&Answer> = cases.map(|case| &case.answer).collect();
    let figures = figures(&answers, &evaluation.classes, Bootstrap::default());
    (Arc::new(figures), Arc::new(Curves::of(&answers, &evaluation.classes)))
}
