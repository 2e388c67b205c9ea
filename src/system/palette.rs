//! The colours of classes, one for each everywhere: in the window, in figures and in reports.

/// Okabe and Ito's, told apart by colour-blind readers: orange, sky blue, bluish green, reddish
/// purple. As red, green, blue.
const OKABE_ITO: [[u8; 3]; PLACES] =
    [[0xe6, 0x9f, 0x00], [0x56, 0xb4, 0xe9], [0x00, 0x9e, 0x73], [0xcc, 0x79, 0xa7]];
/// How many colours there are.
pub const PLACES: usize = 4;
const KNOWN: [&str; PLACES] = ["glioma", "meningioma", "no tumour", "pituitary"];

/// Where a class stands in the palette, whatever order a model has its classes in; those that are
/// not known take turns by their index.
pub fn place(class: &str, index: usize) -> usize {
    KNOWN.iter().position(|known| *known == class).unwrap_or(index) % PLACES
}

/// The colour of a place, as red, green, blue.
pub fn color(place: usize) -> [u8; 3] {
    OKABE_ITO[place % PLACES]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_keeps_its_colour_in_any_order() {
        assert_eq!(place("pituitary", 0), place("pituitary", 2));
        let all: std::collections::BTreeSet<_> =
            KNOWN.iter().map(|class| color(place(class, 0))).collect();
        assert_eq!(all.len(), PLACES);
        assert_eq!((place("cyst", 1), place("cyst", 5)), (1, 1));
    }
}
