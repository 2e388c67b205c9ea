//! Keeps a reader's words.

use std::path::PathBuf;

use super::Outbox;
use super::job::{RequestId, Response};
use crate::review::word::Word;
use crate::review::word_file;
use crate::system::caught::caught;

/// A word to be kept.
#[derive(Debug)]
pub(super) struct Task {
    pub id: RequestId,
    pub home: PathBuf,
    pub key: String,
    pub word: Word,
}

/// Keeps a word and answers.
pub(super) fn keep(Task { id, home, key, word }: Task, outbox: &Outbox) {
    let kept = caught(|| word_file::keep(&home, &key, &word));
    let result = kept.unwrap_or_else(|panic| Err(format!("the word was not kept: {panic}")));
    let result = result.map(|(words, trouble)| {
        if let Some(message) = trouble {
            outbox.send(Response::Notice { message });
        }
        words
    });
    outbox.send(Response::WordKept { id, result });
}
