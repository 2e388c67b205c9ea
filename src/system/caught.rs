//! Code of other hands can panic: decoders on broken files, libtorch's wrapper where libtorch fails.
//! A file or a full memory must never end the program.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; the first line of what it said if it panicked. Nothing is printed for that panic;
/// panics anywhere else reach the hook that was there before.
///
/// # Errors
/// The panic's message.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic);
            }
        }));
    });
    let outer = QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(outer);
    result.map_err(|panic| message(panic.as_ref()))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("an unknown fault");
    // tch unwraps its errors: libtorch's message is inside `Torch("…")`, with its lines escaped.
    let text = text.split_once("Torch(\"").map_or(text, |(_, rest)| rest);
    let line = text.split("\\n").next().and_then(|text| text.lines().next()).unwrap_or(text);
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_first_line() {
        assert_eq!(caught(|| 7), Ok(7));
        assert_eq!(caught(|| -> u8 { panic!("not printed\nnor this") }), Err("not printed".into()));
        assert!(!QUIET.get());
    }

    #[test]
    fn libtorchs_page_of_frames_is_cut() {
        let error = TchLike::Torch("out of memory\nException raised from here\nframe #0".into());
        let said = caught(|| panic!("called `Result::unwrap()` on an `Err` value: {error:?}"));
        assert_eq!(said, Err::<(), _>("out of memory".into()));
    }

    #[derive(Debug)]
    enum TchLike {
        #[expect(dead_code, reason = "read by Debug")]
        Torch(String),
    }
}
