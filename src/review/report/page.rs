//! A page that is written from above. Its text is escaped here, so that nobody forgets it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::review::figure::chart::Chart;
use crate::review::markup::escape;

/// The page so far; writing into a string cannot fail.
#[derive(Debug, Default)]
pub(super) struct Page {
    body: String,
}

impl Page {
    pub fn title(&mut self, text: &str) {
        self.element("h1", "", text);
    }

    /// Begins a part of the page.
    pub fn section(&mut self, title: &str) {
        self.element("h2", "", title);
    }

    pub fn subsection(&mut self, title: &str) {
        self.element("h3", "", title);
    }

    pub fn paragraph(&mut self, text: &str) {
        self.element("p", "", text);
    }

    /// A paragraph that must not be missed.
    pub fn warning(&mut self, text: &str) {
        self.element("p", "warning", text);
    }

    pub fn note(&mut self, text: &str) {
        self.element("p", "note", text);
    }

    /// Names and what they mean; what is empty is left out.
    pub fn terms(&mut self, terms: &[(&str, String)]) {
        self.open("dl", "");
        for (term, meaning) in terms.iter().filter(|(_, meaning)| !meaning.is_empty()) {
            self.element("dt", "", term);
            self.element("dd", "", meaning);
        }
        self.close("dl");
    }

    /// A table; those of class "numbers" have numbers in all columns but the first, and stand on
    /// one sheet of paper unless they are "long", too.
    pub fn table(
        &mut self,
        class: &str,
        head: &[&str],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) {
        self.open("table", class);
        self.body.push_str("<thead><tr>");
        head.iter().for_each(|name| self.element("th", "", name));
        self.body.push_str("</tr></thead><tbody>\n");
        for row in rows {
            self.body.push_str("<tr>");
            row.iter().for_each(|cell| self.element("td", "", cell));
            self.body.push_str("</tr>\n");
        }
        self.body.push_str("</tbody>");
        self.close("table");
    }

    /// An element that holds `text`; no class where it is empty.
    pub fn element(&mut self, name: &str, class: &str, text: &str) {
        let class = attribute("class", class);
        let _ = write!(self.body, "<{name}{class}>{}</{name}>", escape(text));
    }

    /// The same with a colour behind it.
    pub fn shaded(&mut self, text: &str, below: &str, [red, green, blue]: [u8; 3], alpha: f64) {
        let _ = write!(
            self.body,
            "<td style=\"background:rgba({red},{green},{blue},{alpha:.2})\">{}<small>{}</small></td>",
            escape(text),
            escape(below)
        );
    }

    pub fn open(&mut self, name: &str, class: &str) {
        let _ = write!(self.body, "<{name}{}>", attribute("class", class));
    }

    pub fn close(&mut self, name: &str) {
        let _ = writeln!(self.body, "</{name}>");
    }

    pub fn chart(&mut self, chart: &Chart) {
        self.open("figure", "chart");
        self.body.push_str(&chart.inline_svg());
        self.close("figure");
    }

    /// A PNG with words below it.
    pub fn picture(&mut self, png: &[u8], caption: &str) {
        self.open("figure", "");
        let (caption, data) = (escape(caption), STANDARD.encode(png));
        let _ = write!(
            self.body,
            "<img alt=\"{caption}\" src=\"data:image/png;base64,{data}\"><figcaption>{caption}</figcaption>"
        );
        self.close("figure");
    }

    /// The whole page.
    pub fn finish(self, title: &str) -> String {
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
            escape(title),
            include_str!("style.css"),
            self.body
        )
    }
}

fn attribute(name: &str, value: &str) -> String {
    if value.is_empty() { String::new() } else { format!(" {name}=\"{}\"", escape(value)) }
}
