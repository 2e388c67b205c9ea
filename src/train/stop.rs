//! Ctrl+C ends training between two steps; what was finished is kept and can be resumed.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Listens from now on. A second Ctrl+C ends the program at once.
pub(super) fn listen() {
    static LISTENS: Once = Once::new();
    LISTENS.call_once(|| {
        let heard = || {
            if ASKED.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        };
        if let Err(error) = ctrlc::set_handler(heard) {
            log::warn!("Ctrl+C cannot be listened to: {error}");
        }
    });
}

/// Whether training is to end.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
