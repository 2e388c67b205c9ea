//! What a spreadsheet does to a table.

/// A text that stays a text. A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or
/// a line end for a formula: such a text is preceded by an apostrophe, which it hides.
pub(crate) fn no_formula(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(no_formula(text), format!("'{text}"));
        }
        assert_eq!(no_formula("a = b"), "a = b");
    }
}
