//! The cases as a table, with the reader's words.

use super::word::{Verdict, Words};
use crate::evaluate::report::Evaluation;
use crate::system::spreadsheet::no_formula;

/// The columns of `results.csv`, then "verdict" and "comment".
///
/// # Errors
/// Those of the writer; there are none in memory.
pub fn csv(evaluation: &Evaluation, words: &Words) -> Result<Vec<u8>, csv::Error> {
    evaluation.table_with(&["verdict", "comment"], &|case| {
        let word = case.and_then(|case| words.on(case, &evaluation.classes));
        let verdict = word.and_then(|word| word.verdict).map_or("", Verdict::name);
        vec![verdict.into(), word.map_or(String::new(), |word| no_formula(&word.comment))]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::report::Unreadable;
    use crate::evaluate::report::tests::evaluation;
    use crate::review::word::Word;

    #[test]
    fn words_follow_the_columns_of_the_results() {
        let mut evaluation = evaluation("m", &[(1, 0.9, None), (0, 0.8, None)]);
        evaluation.cases[0].sha256 = "aa".into();
        evaluation.cases[1].sha256 = "bb".into();
        evaluation.unreadable.push(Unreadable {
            path: "folder/zz.png".into(),
            sha256: None,
            truth: 0,
            reason: "it is no picture".into(),
        });
        let word =
            Word { verdict: Some(Verdict::LabelWrong), comment: "extra-axial, \"dural\"".into() };
        let words = [(Words::key("bb", "well"), word)].into_iter().collect();
        let table = String::from_utf8(csv(&evaluation, &words).expect("a table")).expect("UTF-8");
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[0].ends_with(",unreadable,verdict,comment"), "{}", lines[0]);
        assert!(lines[1].ends_with(",,,"), "{}", lines[1]);
        assert!(
            lines[2].ends_with(",Label looks wrong,\"extra-axial, \"\"dural\"\"\""),
            "{}",
            lines[2]
        );
        assert!(lines[3].ends_with(",it is no picture,,"), "{}", lines[3]);
    }
}
