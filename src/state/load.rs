//! Something that a worker is asked for.

use crate::worker::job::RequestId;

/// How far an answer has come. An answer whose id is not the pending one is dropped.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Load<T> {
    /// Nothing was asked.
    #[default]
    Idle,
    /// Asked, not answered.
    Pending(RequestId),
    /// Answered.
    Ready(T),
    /// Could not be done; a sentence for people.
    Failed(String),
}

impl<T> Load<T> {
    /// The answer, if it is here.
    pub fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the answer with this id is still waited for.
    pub fn awaits(&self, id: RequestId) -> bool {
        matches!(self, Self::Pending(pending) if *pending == id)
    }

    /// Whether any answer is waited for.
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::Pending(_))
    }

    /// Whether nothing more will come by itself.
    pub fn is_settled(&self) -> bool {
        !self.is_pending()
    }
}
