//! Names, in the order of people.

use std::cmp::Ordering;

/// Names with numbers in them as people sort them: image(9) before image(10).
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        match (digits(a), digits(b)) {
            (0, _) | (_, 0) => match (a.chars().next(), b.chars().next()) {
                (Some(x), Some(y)) if x == y => {
                    (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
                }
                (x, y) => return x.cmp(&y),
            },
            (n, m) => {
                let (x, y) = (a[..n].trim_start_matches('0'), b[..m].trim_start_matches('0'));
                let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y)).then(n.cmp(&m));
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (&a[n..], &b[m..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_sorted_as_numbers() {
        let mut names = ["image(10).jpg", "image(9).jpg", "image(009).jpg", "a", "image", "Ä2"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "image", "image(9).jpg", "image(009).jpg", "image(10).jpg", "Ä2"]);
    }
}
