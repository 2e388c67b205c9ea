//! A chart as SVG: dark on white, for the screen and for paper. Every size is in points of a
//! picture [`WIDTH`] wide.

use std::fmt::Write as _;

use super::chart::{Bar, Chart, Dot, Ink, Mark, Panel, Series, Shape};
use crate::review::markup::escape;
use crate::system::palette;

const WIDTH: f64 = 440.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 16.0;
/// Between the lines of small text.
const LINE: f64 = 16.0;
/// Height of a mark's word.
const WORD: f64 = 13.0;
/// Mean width of a character of small text, rather too much than too little.
const CHARACTER: f64 = 6.1;
const SMALL: f64 = 11.0;
/// Characters of a name in a legend.
const MOST_CHARACTERS: usize = 44;

const TEXT: &str = "#1c2026";
const DIM: &str = "#565f6b";
const GRID: &str = "#e3e7ec";
/// Dashes of classes: they are not told apart by colour alone.
const DASHES: [&str; palette::PLACES] = ["", "8 3", "2 2.5", "8 3 2 3"];

impl Chart {
    /// As a file of its own.
    pub fn svg(&self) -> String {
        self.drawn(r#" xmlns="http://www.w3.org/2000/svg""#)
    }

    /// As an element of a page.
    pub(in crate::review) fn inline_svg(&self) -> String {
        self.drawn("")
    }

    fn drawn(&self, namespace: &str) -> String {
        let mut picture = Picture { y: 0.0, body: String::new() };
        picture.heading(self.name);
        for panel in &self.panels {
            picture.panel(panel);
        }
        picture.note(&self.note);
        let Picture { y: height, body } = picture;
        let label = escape(&self.description());
        format!(
            "<svg{namespace} viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" height=\"{height:.0}\" \
             role=\"img\" aria-label=\"{label}\" font-family=\"system-ui, 'Segoe UI', Helvetica, Arial, \
             sans-serif\" font-size=\"{SMALL}\" fill=\"{TEXT}\" \
             style=\"font-variant-numeric: tabular-nums\">\n\
             <rect width=\"{WIDTH}\" height=\"{height:.0}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
        )
    }
}

/// What is drawn so far; writing into a string cannot fail.
struct Picture {
    /// Where the next thing begins.
    y: f64,
    body: String,
}

/// The area between the axes of a panel.
struct Area<'a> {
    panel: &'a Panel,
    top: f64,
    width: f64,
    height: f64,
}

impl Area<'_> {
    fn x(&self, value: f64) -> f64 {
        let axis = &self.panel.x;
        LEFT + (value - axis.from) / (axis.to - axis.from) * self.width
    }

    fn y(&self, value: f64) -> f64 {
        let axis = &self.panel.y;
        self.top + (1.0 - (value - axis.from) / (axis.to - axis.from)) * self.height
    }
}

impl Picture {
    fn heading(&mut self, name: &str) {
        self.y += 20.0;
        let _ = writeln!(
            self.body,
            "<text x=\"2\" y=\"{}\" font-size=\"14\" font-weight=\"600\">{}</text>",
            self.y,
            escape(name)
        );
    }

    fn panel(&mut self, panel: &Panel) {
        self.y += 8.0;
        if !panel.title.is_empty() {
            self.y += 14.0;
            self.text(LEFT, self.y, "start", TEXT, &panel.title);
        }
        self.legend(&panel.series);
        self.y += WORD * panel.marks.len() as f64;
        let width = WIDTH - LEFT - RIGHT;
        let area = Area { panel, top: self.y + 8.0, width, height: width * panel.aspect };
        self.axes(&area);
        panel.series.iter().for_each(|series| self.series(&area, series));
        panel.marks.iter().enumerate().for_each(|(i, mark)| self.mark(&area, i, mark));
        self.y = area.top + area.height + 38.0;
    }

    /// Names beside samples of their lines, in as many rows as they need.
    fn legend(&mut self, series: &[Series]) {
        let named: Vec<&Series> = series.iter().filter(|series| !series.name.is_empty()).collect();
        let mut x = f64::INFINITY;
        for series in named {
            let name = shortened(&series.name);
            let width = 30.0 + CHARACTER * name.chars().count() as f64 + 12.0;
            if x + width > WIDTH {
                x = LEFT;
                self.y += LINE;
            }
            let (y, stroke) = (self.y - 4.0, stroke(series.ink));
            let _ = writeln!(self.body, "<path d=\"M{x:.1} {y:.1}h24\" fill=\"none\" {stroke}/>");
            self.text(x + 30.0, self.y, "start", TEXT, &name);
            x += width;
        }
    }

    fn axes(&mut self, area: &Area) {
        let Area { panel, top, width, height } = area;
        let bottom = top + height;
        for &tick in &panel.x.ticks {
            let x = area.x(tick);
            let _ =
                writeln!(self.body, "<path d=\"M{x:.1} {top:.1}v{height:.1}\" stroke=\"{GRID}\"/>");
            self.text(x, bottom + 14.0, "middle", DIM, &panel.x.tick(tick));
        }
        for &tick in &panel.y.ticks {
            let y = area.y(tick);
            let _ =
                writeln!(self.body, "<path d=\"M{LEFT} {y:.1}h{width:.1}\" stroke=\"{GRID}\"/>");
            self.text(LEFT - 6.0, y + 4.0, "end", DIM, &panel.y.tick(tick));
        }
        let _ = writeln!(
            self.body,
            "<path d=\"M{LEFT} {top:.1}v{height:.1}h{width:.1}\" fill=\"none\" stroke=\"{DIM}\"/>"
        );
        self.text(LEFT + width / 2.0, bottom + 29.0, "middle", DIM, panel.x.label);
        let (x, y) = (13.0, top + height / 2.0);
        let _ = writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"middle\" fill=\"{DIM}\" \
             transform=\"rotate(-90 {x} {y:.1})\">{}</text>",
            escape(panel.y.label)
        );
    }

    fn series(&mut self, area: &Area, series: &Series) {
        match &series.shape {
            Shape::Line(points) => self.line(area, series.ink, points),
            Shape::Dots(dots) => dots.iter().for_each(|dot| self.dot(area, series.ink, dot)),
            Shape::Bars(bars) => bars.iter().for_each(|bar| self.bar(area, series.ink, bar)),
        }
    }

    fn line(&mut self, area: &Area, ink: Ink, points: &[[f64; 2]]) {
        let Some(([x, y], rest)) = points.split_first() else { return };
        let mut path = format!("M{:.1} {:.1}", area.x(*x), area.y(*y));
        // A line without length is drawn as a dot by its round ends.
        path.push_str("h0");
        for [x, y] in rest {
            let _ = write!(path, "L{:.1} {:.1}", area.x(*x), area.y(*y));
        }
        let stroke = stroke(ink);
        let _ = writeln!(
            self.body,
            "<path d=\"{path}\" fill=\"none\" stroke-linejoin=\"round\" {stroke}/>"
        );
    }

    fn dot(&mut self, area: &Area, ink: Ink, dot: &Dot) {
        let [x, y] = [area.x(dot.at[0]), area.y(dot.at[1])];
        let (color, says) = (color(ink), escape(&dot.says));
        let _ = writeln!(
            self.body,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{color}\"><title>{says}</title></circle>"
        );
    }

    fn bar(&mut self, area: &Area, ink: Ink, bar: &Bar) {
        let [left, right] = [area.x(bar.from) + 0.5, area.x(bar.to) - 0.5];
        let [top, bottom] = [area.y(bar.height), area.y(0.0)];
        if top >= bottom {
            return;
        }
        let (width, height) = ((right - left).max(0.5), bottom - top);
        let (color, says) = (color(ink), escape(&bar.says));
        let _ = writeln!(
            self.body,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             fill=\"{color}\"><title>{says}</title></rect>"
        );
    }

    /// Its word stands above the axes, beside the line on the side that has more room. Those that
    /// are close to each other have rows of their own.
    fn mark(&mut self, area: &Area, place: usize, mark: &Mark) {
        let x = area.x(mark.x);
        let above = WORD * (place + 1) as f64;
        let _ = writeln!(
            self.body,
            "<path d=\"M{x:.1} {:.1}v{:.1}\" stroke=\"{DIM}\" stroke-dasharray=\"3 3\"/>",
            area.top - above,
            area.height + above
        );
        let over_half = x > LEFT + area.width / 2.0;
        let (anchor, shift) = if over_half { ("end", -4.0) } else { ("start", 4.0) };
        self.text(x + shift, area.top - above + 10.0, anchor, TEXT, &mark.says);
    }

    fn note(&mut self, note: &str) {
        self.y += LINE;
        let most = ((WIDTH - 4.0) / CHARACTER * 1.12) as usize;
        for line in wrapped(note, most) {
            self.text(2.0, self.y, "start", DIM, &line);
            self.y += LINE - 2.0;
        }
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, fill: &str, text: &str) {
        let text = escape(text);
        let _ = writeln!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{fill}\">{text}</text>"
        );
    }
}

fn color(ink: Ink) -> String {
    match ink {
        Ink::Class(place) => {
            let [red, green, blue] = palette::color(place);
            format!("#{red:02x}{green:02x}{blue:02x}")
        }
        Ink::Main => "#1f55c9".into(),
        Ink::Aside => "#8a94a1".into(),
        Ink::Wrong => "#b82323".into(),
        Ink::Reference => "#a9b1bb".into(),
    }
}

/// Attributes of a line.
fn stroke(ink: Ink) -> String {
    let (width, dashes) = match ink {
        Ink::Class(place) => (2.2, DASHES[place % DASHES.len()]),
        Ink::Aside => (1.6, "6 3"),
        Ink::Reference => (1.2, "2 3"),
        Ink::Main | Ink::Wrong => (2.0, ""),
    };
    let dashes = match dashes {
        "" => String::from(" stroke-linecap=\"round\""),
        dashes => format!(" stroke-dasharray=\"{dashes}\""),
    };
    format!("stroke=\"{}\" stroke-width=\"{width}\"{dashes}", color(ink))
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// Lines of at most `most` characters, broken between words.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::figure::chart::Axis;

    fn chart(name: &str, shape: Shape) -> Chart {
        Chart {
            name: "Test",
            panels: vec![Panel {
                title: "A <title>".into(),
                x: Axis::share("x & x"),
                y: Axis::count("y", 10),
                aspect: 0.5,
                series: vec![Series { name: name.into(), ink: Ink::Main, shape }],
                marks: vec![Mark { x: 0.25, says: "here".into() }],
            }],
            note: String::new(),
        }
    }

    #[test]
    fn names_are_text_and_no_markup() {
        let drawn = chart("<script>\"", Shape::Line(vec![[0.0, 0.0], [1.0, 10.0]])).svg();
        assert!(!drawn.contains("<script>") && drawn.contains("&lt;script&gt;&quot;"), "{drawn}");
        assert!(drawn.contains("A &lt;title&gt;") && drawn.contains("x &amp; x"));
        assert!(drawn.starts_with("<svg xmlns="));
    }

    #[test]
    fn nothing_on_a_page_refers_to_elsewhere() {
        let drawn = chart("a", Shape::Line(vec![[0.5, 5.0]])).inline_svg();
        assert!(!drawn.contains("http") && !drawn.contains("href"), "{drawn}");
    }

    #[test]
    fn values_lie_where_the_axes_say() {
        let drawn = chart("a", Shape::Line(vec![[0.0, 0.0], [1.0, 10.0]])).svg();
        let (left, right) = (LEFT, WIDTH - RIGHT);
        let line = drawn.split("d=\"").find(|path| path.contains("h0L")).expect("the line");
        assert!(line.starts_with(&format!("M{left:.1} ")), "{line}");
        assert!(line.contains(&format!("h0L{right:.1} ")), "{line}");
        // The area is 370 × 185.
        let drawn = chart(
            "a",
            Shape::Bars(vec![Bar { from: 0.0, to: 0.1, height: 5.0, says: "5 & more".into() }]),
        )
        .svg();
        assert!(drawn.contains("height=\"92.5\"") && drawn.contains("5 &amp; more"), "{drawn}");
    }

    #[test]
    fn long_texts_are_broken_or_cut() {
        assert_eq!(wrapped("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(shortened(&"ä".repeat(50)).chars().count(), MOST_CHARACTERS + 1);
    }
}
