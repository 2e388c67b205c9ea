//! Numbers as people read them.

use crate::measure::Unit;

/// What maps are measured in: a cell is one value of the map at its layer's own resolution.
pub const EVIDENCE_UNIT: &str = "logit/cell";

/// A value in three digits: "0.312", "12.4", "873", "4.1e-5".
pub fn three_digits(value: f32) -> String {
    let size = value.abs();
    match size {
        0.0 => "0".to_owned(),
        _ if !(1e-3..1e6).contains(&size) => format!("{value:.1e}"),
        _ if size < 0.1 => format!("{value:.4}"),
        _ if size < 1.0 => format!("{value:.3}"),
        _ if size < 10.0 => format!("{value:.2}"),
        _ if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// A stored or modality value: whole numbers without a decimal point.
pub fn value(value: f32) -> String {
    if value.fract() == 0.0 && value.abs() < 1e7 {
        format!("{value:.0}")
    } else {
        three_digits(value)
    }
}

/// How strong the evidence of a layer is: the largest value of its map.
pub fn strength(raw_max: f32) -> String {
    if raw_max > 0.0 {
        format!("max {} {EVIDENCE_UNIT}", three_digits(raw_max))
    } else {
        "no positive evidence".to_owned()
    }
}

/// A probability in three digits; never a bare 0 or 1, which nothing here can know.
pub fn probability(p: f32) -> String {
    match p {
        p if p < 0.0005 => "<0.001".to_owned(),
        p if p >= 0.9995 => ">0.999".to_owned(),
        p => format!("{p:.3}"),
    }
}

/// A duration: "84 ms", "1.2 s".
pub fn duration(time: std::time::Duration) -> String {
    match time.as_secs_f32() {
        s if s < 0.01 => format!("{:.1} ms", s * 1e3),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s => format!("{s:.1} s"),
    }
}

/// A length: "42.3 mm", "105.2 px".
pub fn length(length: f64, unit: Unit) -> String {
    format!("{length:.1} {}", unit.name())
}

/// An area: "12.3 mm²", "1205 px²".
pub fn area(area: f64, unit: Unit) -> String {
    let digits = if area < 1000.0 { 1 } else { 0 };
    format!("{area:.digits$} {}", unit.squared())
}

/// An angle in degrees; without one, what is missing.
pub fn angle(degrees: Option<f64>) -> String {
    degrees.map_or("no angle".to_owned(), |degrees| format!("{degrees:.1}°"))
}

/// A number and a word that follows it: "1 notice", "2 notices".
pub fn count(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// A text of at most `length` characters, its middle left out.
pub fn elide(text: &str, length: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= length || length < 3 {
        return text.to_owned();
    }
    let tail = (length - 1) * 2 / 3;
    let head = length - 1 - tail;
    chars[..head].iter().chain(&['…']).chain(&chars[chars.len() - tail..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let read: Vec<String> = [0.0, 0.31249, 0.0123, 5.678, 41.23, 1234.5, 4.12e-5, -0.5, 3e9]
            .into_iter()
            .map(three_digits)
            .collect();
        assert_eq!(
            read,
            ["0", "0.312", "0.0123", "5.68", "41.2", "1234", "4.1e-5", "-0.500", "3.0e9"]
        );
        let read = [0.0, 0.0004, 0.25, 0.9994, 0.9996, 1.0].map(probability);
        assert_eq!(read, ["<0.001", "<0.001", "0.250", "0.999", ">0.999", ">0.999"]);
        assert_eq!(value(173.0), "173");
        assert_eq!(value(-12.5), "-12.5");
        assert_eq!(duration(std::time::Duration::from_millis(84)), "84 ms");
        assert_eq!(length(42.345, Unit::Millimetres), "42.3 mm");
        assert_eq!(area(12.34, Unit::Pixels), "12.3 px²");
        assert_eq!(area(1234.5, Unit::Millimetres), "1234 mm²");
        assert_eq!(angle(Some(89.96)), "90.0°");
        assert_eq!(strength(0.0123), "max 0.0123 logit/cell");
        assert_eq!(strength(0.0), "no positive evidence");
        assert_eq!(count(1, "notice"), "1 notice");
        assert_eq!(count(0, "notice"), "0 notices");
    }

    #[test]
    fn the_end_of_a_name_says_more_than_its_middle() {
        assert_eq!(elide("short", 9), "short");
        assert_eq!(elide("features.2.0.block.1.0", 10), "fea…ck.1.0");
    }
}
