//! Whether confidence means what it says: reliability by range of confidence, and how confident
//! right and wrong answers were.

use super::Figure;
use super::chart::{Axis, Bar, Chart, Dot, Ink, Panel, Series, Shape};
use crate::evaluate::curves::{Curves, HISTOGRAM_BINS};
use crate::evaluate::metrics::{Figures, Trust};
use crate::evaluate::reliability::{BINS, ReliabilityBin};

const CONFIDENCE: &str = "Confidence";

pub(super) fn reliability(figures: &Figures) -> Option<Chart> {
    let best = figures.calibrated.as_ref().unwrap_or(&figures.raw);
    let mut series = vec![Series::diagonal("as it should be")];
    if let Some(calibrated) = &figures.calibrated {
        series.push(line("raw", Ink::Aside, &figures.raw));
        series.extend([line("calibrated", Ink::Main, calibrated), dots(Ink::Main, calibrated)]);
    } else {
        series.extend([line("raw", Ink::Main, &figures.raw), dots(Ink::Main, &figures.raw)]);
    }
    let right = Panel {
        title: String::new(),
        x: Axis::share(CONFIDENCE),
        y: Axis::share("Share of right answers"),
        aspect: 0.75,
        series,
        marks: Vec::new(),
    };
    let most = best.bins.iter().map(|bin| bin.scans).max().unwrap_or(0);
    let bars = best.bins.iter().map(|bin| Bar {
        from: bin.from,
        to: bin.to,
        height: bin.scans as f64,
        says: said(bin),
    });
    let kind = if figures.calibrated.is_some() { "Calibrated answers" } else { "Answers" };
    let counts = Panel {
        title: format!("{kind} in each of {BINS} ranges of confidence"),
        x: Axis::share(CONFIDENCE),
        y: Axis::count("Answers", most),
        aspect: 0.3,
        series: vec![Series {
            name: String::new(),
            ink: Ink::Aside,
            shape: Shape::Bars(bars.collect()),
        }],
        marks: Vec::new(),
    };
    let note = "Confidence is the probability of the predicted class. Below the diagonal the model is surer than it is right. Points of few answers say \
                little. The numbers are the expected calibration error with its 95 % interval.";
    (figures.scans > 0).then(|| Chart {
        name: Figure::Reliability.name(),
        panels: vec![right, counts],
        note: note.into(),
    })
}

/// The bins that hold answers.
fn known(trust: &Trust) -> impl Iterator<Item = (&ReliabilityBin, [f64; 2])> {
    trust.bins.iter().filter_map(|bin| {
        Some((bin, [bin.confidence?, bin.right as f64 / bin.scans.max(1) as f64]))
    })
}

fn line(kind: &str, ink: Ink, trust: &Trust) -> Series {
    let error = trust.expected_calibration_error;
    let error = error.map_or(String::new(), |error| format!(", error {}", error.share()));
    Series::line(format!("{kind}{error}"), ink, known(trust).map(|(_, at)| at).collect())
}

fn dots(ink: Ink, trust: &Trust) -> Series {
    let dots = known(trust).map(|(bin, at)| Dot { at, says: said(bin) }).collect();
    Series { name: String::new(), ink, shape: Shape::Dots(dots) }
}

fn said(bin: &ReliabilityBin) -> String {
    let ReliabilityBin { from, to, scans, right, .. } = bin;
    format!("confidence {from:.2} to {to:.2}: {right} of {scans} right")
}

pub(super) fn confidence(figures: &Figures, curves: &Curves) -> Option<Chart> {
    let panel = |what: &str, ink: Ink, bins: &[u64]| {
        let bars = bins.iter().enumerate().map(|(i, &count)| {
            let [from, to] = [i, i + 1].map(|edge| edge as f64 / HISTOGRAM_BINS as f64);
            let says = format!("confidence {from:.2} to {to:.2}: {count} {what}");
            Bar { from, to, height: count as f64, says }
        });
        Panel {
            title: format!("{} {what}", bins.iter().sum::<u64>()),
            x: Axis::share(CONFIDENCE),
            y: Axis::count("Answers", bins.iter().copied().max().unwrap_or(0)),
            aspect: 0.42,
            series: vec![Series { name: String::new(), ink, shape: Shape::Bars(bars.collect()) }],
            marks: Vec::new(),
        }
    };
    let kind = if figures.calibrated.is_some() { "calibrated" } else { "not calibrated" };
    let some = curves.right.iter().chain(&curves.wrong).any(|&count| count > 0);
    some.then(|| Chart {
        name: Figure::Confidence.name(),
        panels: vec![
            panel("right answers", Ink::Main, &curves.right),
            panel("wrong answers", Ink::Wrong, &curves.wrong),
        ],
        note: format!(
            "Confidence is the probability of the predicted class, {kind}. Each panel has a scale of \
             its own."
        ),
    })
}
