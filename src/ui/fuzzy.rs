//! How well what was typed fits a name.

/// How well `query` fits `name`, the better the higher; `None` where one of its words is neither
/// in the name, as a whole or letter by letter, nor as a whole in `more`.
pub fn score(query: &str, name: &str, more: &str) -> Option<i32> {
    let (name, more) = (name.to_lowercase(), more.to_lowercase());
    let words = query.to_lowercase();
    words.split_whitespace().map(|word| word_score(word, &name, &more)).sum()
}

fn word_score(word: &str, name: &str, more: &str) -> Option<i32> {
    let starts =
        |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|w| w.starts_with(word));
    match () {
        () if name.starts_with(word) => Some(100),
        () if starts(name) => Some(80),
        () if name.contains(word) => Some(60),
        () if starts(more) => Some(40),
        () => letters(word, name).or_else(|| more.contains(word).then_some(10)),
    }
}

/// The letters of a word one after another in a name, with few others between them.
fn letters(word: &str, name: &str) -> Option<i32> {
    let mut rest = name.chars();
    let mut between = 0;
    for (index, letter) in word.chars().enumerate() {
        let passed = rest.by_ref().position(|c| c == letter)?;
        if index > 0 {
            between += i32::try_from(passed).unwrap_or(i32::MAX / 2);
        }
    }
    Some((30 - between).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_match_comes_first() {
        let names = ["Rotate right", "Whole range", "Previous layer", "Actual size", "Layers"];
        let best = |query: &str| {
            let best = names.iter().max_by_key(|name| score(query, name, ""));
            best.copied().filter(|name| score(query, name, "").is_some())
        };
        assert_eq!(best("lay"), Some("Layers"), "its beginning");
        assert_eq!(best("prev lay"), Some("Previous layer"), "both words");
        assert_eq!(best("rr"), Some("Rotate right"), "letter by letter");
        assert_eq!(best("SIZE"), Some("Actual size"));
        assert_eq!(best("xylophone"), None);
    }

    #[test]
    fn what_stands_beside_the_name_counts_less() {
        let of_name = score("mirror", "Mirror", "");
        let beside = score("mirror", "Flip left and right", "Mirror the scan");
        assert!(of_name > beside && beside.is_some());
        assert_eq!(
            score("mrr", "Flip", "Mirror the scan"),
            None,
            "letters of a sentence are chance"
        );
        assert_eq!(score("", "Flip", ""), Some(0), "nothing typed fits all");
    }
}
