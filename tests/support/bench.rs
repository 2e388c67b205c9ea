//! The worker threads, held still after each answer until the test goes on.

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use mrimaster::model::prediction::DeviceChoice;
use mrimaster::worker::job::{
    Evaluate, EvaluateFailed, Evaluated, Mode, OpenedReview, Request, Response, TestSource,
};
use mrimaster::worker::{Workers, start};

pub struct Bench {
    // Goes before the workers: a thread that waits to wake somebody is let go.
    woken: Receiver<()>,
    workers: Workers,
}

impl Bench {
    /// Reviews are kept below `data`.
    pub fn start(data: &Path) -> Self {
        // No room: whoever answers waits in `wake`.
        let (wake, woken) = sync_channel(0);
        let workers = start(data.to_owned(), move || wake.send(()).unwrap_or(()));
        Self { woken, workers }
    }

    pub fn send(&self, request: Request) {
        self.workers.send(request);
    }

    /// The next answer. Whoever gave it waits.
    pub fn held(&self) -> Response {
        let began = Instant::now();
        loop {
            if let Some(response) = self.workers.try_recv() {
                return response;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "no answer");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.woken.recv_timeout(Duration::from_secs(60)).expect("the window is woken");
    }

    pub fn next(&self) -> Response {
        let response = self.held();
        self.go_on();
        response
    }

    /// The end of an evaluation, and all that was heard on the way.
    pub fn evaluated(&self) -> (Result<Evaluated, EvaluateFailed>, Vec<Response>) {
        let mut heard = Vec::new();
        loop {
            match self.next() {
                Response::Evaluated { result, .. } => return (result, heard),
                other => heard.push(other),
            }
        }
    }

    /// Asks for an evaluation and waits for its end.
    pub fn evaluate(
        &self,
        request: Evaluate,
    ) -> (Result<Evaluated, EvaluateFailed>, Vec<Response>) {
        self.send(Request::Evaluate(request));
        self.evaluated()
    }

    /// The review that was opened, of what was heard.
    pub fn opened(heard: &[Response]) -> &OpenedReview {
        let opened = heard.iter().find_map(|response| match response {
            Response::ReviewOpened { review, .. } => Some(review.as_ref()),
            _ => None,
        });
        opened.expect("a review was opened")
    }
}

/// A request to go on with what is kept.
pub fn evaluate(id: u64, folder: &Path, checkpoint: &Path) -> Evaluate {
    Evaluate {
        id,
        source: TestSource::Folder(folder.to_owned()),
        tables: Default::default(),
        moved_from: None,
        checkpoint: checkpoint.to_owned(),
        device: DeviceChoice::Cpu,
        mode: Mode::GoOn,
    }
}
