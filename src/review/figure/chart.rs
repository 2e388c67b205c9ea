//! A figure before it is drawn.

use crate::system::palette;

/// Panels below each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    pub name: &'static str,
    pub panels: Vec<Panel>,
    /// How it is to be read; sentences for people, or empty.
    pub note: String,
}

/// One pair of axes and what is drawn between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Empty where the chart's name says it.
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    /// Height of the area between the axes, in its widths.
    pub aspect: f64,
    /// The first is drawn first.
    pub series: Vec<Series>,
    pub marks: Vec<Mark>,
}

/// From left to right, or from below.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// With its unit where it has one.
    pub label: &'static str,
    pub from: f64,
    pub to: f64,
    /// Where numbers are written, within `from..=to`.
    pub ticks: Vec<f64>,
    /// Whether only whole numbers have a meaning.
    whole: bool,
}

/// What belongs together and is named in the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Not in the legend where it is empty.
    pub name: String,
    pub ink: Ink,
    pub shape: Shape,
}

/// What a series looks like, by what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// A place of [`palette`].
    Class(usize),
    /// What the panel is about.
    Main,
    /// What it is compared with.
    Aside,
    /// Wrong answers.
    Wrong,
    /// What would be perfect, or chance.
    Reference,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Line(Vec<[f64; 2]>),
    Dots(Vec<Dot>),
    Bars(Vec<Bar>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    pub at: [f64; 2],
    /// What hovering over it says.
    pub says: String,
}

/// From 0 up to `height`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub from: f64,
    pub to: f64,
    pub height: f64,
    /// As [`Dot::says`].
    pub says: String,
}

/// An upright line with a word to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub x: f64,
    pub says: String,
}

impl Chart {
    /// In words, for those who cannot see it.
    pub fn description(&self) -> String {
        let panels = self.panels.iter().map(Panel::description);
        let words: Vec<String> = panels.filter(|words| !words.is_empty()).collect();
        format!("{}: {}", self.name, words.join("; "))
    }
}

impl Panel {
    /// What its title, legend and marks say.
    pub fn description(&self) -> String {
        let mut words = vec![self.title.as_str()];
        words.extend(self.series.iter().map(|series| series.name.as_str()));
        words.extend(self.marks.iter().map(|mark| mark.says.as_str()));
        words.retain(|word| !word.is_empty());
        words.join(", ")
    }
}

impl Ink {
    /// That of a class.
    pub fn of_class(name: &str, index: usize) -> Self {
        Self::Class(palette::place(name, index))
    }
}

impl Series {
    pub(super) fn line(name: impl Into<String>, ink: Ink, points: Vec<[f64; 2]>) -> Self {
        Self { name: name.into(), ink, shape: Shape::Line(points) }
    }

    /// From corner to corner of shares: chance in one figure, perfection in another.
    pub(super) fn diagonal(name: &str) -> Self {
        Self::line(name, Ink::Reference, vec![[0.0, 0.0], [1.0, 1.0]])
    }
}

/// Steps between ticks that a panel has room for.
const STEPS: f64 = 5.0;

impl Axis {
    /// 0..=1.
    pub(super) fn share(label: &'static str) -> Self {
        Self::rising(label, 1.0, false)
    }

    /// From 0 to a round number that is not below `top`.
    pub(super) fn up_to(label: &'static str, top: f64) -> Self {
        Self::rising(label, top, false)
    }

    /// As [`Self::up_to`], for numbers of scans.
    pub(super) fn count(label: &'static str, top: u64) -> Self {
        Self::rising(label, top as f64, true)
    }

    /// From 1 to `last`, or 2 where that is 1.
    pub(super) fn epochs(last: usize) -> Self {
        let to = last.max(2) as f64;
        let step = round_step(to, true);
        let mut ticks: Vec<f64> = multiples(step, to).filter(|&tick| tick >= 1.0).collect();
        if step > 1.0 {
            ticks.insert(0, 1.0);
        }
        Self { label: "Epoch", from: 1.0, to, ticks, whole: true }
    }

    fn rising(label: &'static str, top: f64, whole: bool) -> Self {
        let top = if top > 0.0 && top.is_finite() { top } else { 1.0 };
        let step = round_step(top, whole);
        let to = step * (top / step - 1e-9).ceil();
        Self { label, from: 0.0, to, ticks: multiples(step, to).collect(), whole }
    }

    /// A tick as it is written: "0.2", "40", "2e-4".
    pub fn tick(&self, value: f64) -> String {
        let step = self.ticks.windows(2).last().map_or(1.0, |pair| pair[1] - pair[0]);
        match value {
            _ if self.whole => format!("{value:.0}"),
            0.0 => "0".into(),
            _ if step < 0.999e-3 => scientific(value, 1),
            _ => {
                let decimals = (-step.log10() - 1e-9).ceil().max(0.0) as usize;
                format!("{value:.decimals$}")
            }
        }
    }

    /// A value as hovering says it, three digits where it is no whole number.
    pub fn value(&self, value: f64) -> String {
        match value {
            _ if self.whole => format!("{value:.0}"),
            0.0 => "0".into(),
            _ if value.abs() < 1e-3 => scientific(value, 2),
            _ => format!("{value:.3}"),
        }
    }
}

/// "1.2e-4", and "2e-4" rather than "2.0e-4".
fn scientific(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$e}").replace(".0e", "e").replace(".00e", "e")
}

/// 1, 2 or 5 times a power of ten, so that about [`STEPS`] of them reach `top`.
fn round_step(top: f64, whole: bool) -> f64 {
    let rough = top / STEPS;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|&step| step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    if whole { step.max(1.0) } else { step }
}

fn multiples(step: f64, to: f64) -> impl Iterator<Item = f64> {
    (0..).map(move |i| f64::from(i) * step).take_while(move |&tick| tick <= to + 1e-9 * to.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(axis: &Axis) -> Vec<String> {
        axis.ticks.iter().map(|&tick| axis.tick(tick)).collect()
    }

    #[test]
    fn ticks_are_round_and_reach_the_top() {
        assert_eq!(ticks(&Axis::share("")), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(ticks(&Axis::up_to("", 1e-3)), ["0", "2e-4", "4e-4", "6e-4", "8e-4", "1e-3"]);
        assert_eq!(ticks(&Axis::up_to("", 1.94)), ["0", "0.5", "1.0", "1.5", "2.0"]);
        assert_eq!(ticks(&Axis::count("", 3)), ["0", "1", "2", "3"]);
        assert_eq!(ticks(&Axis::count("", 271)), ["0", "100", "200", "300"]);
        assert_eq!(ticks(&Axis::epochs(23)), ["1", "5", "10", "15", "20"]);
        assert_eq!(ticks(&Axis::epochs(1)), ["1", "2"]);
    }

    #[test]
    fn an_axis_without_data_still_has_a_length() {
        for top in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Axis::up_to("", top).to, 1.0);
        }
        assert_eq!(Axis::count("", 0).to, 1.0);
    }

    #[test]
    fn values_say_what_can_be_known() {
        let share = Axis::share("");
        assert_eq!(share.value(0.83333), "0.833");
        assert_eq!(share.value(0.000_12), "1.20e-4");
        assert_eq!(Axis::count("", 10).value(7.0), "7");
    }
}
