//! Measurements as a table.

use super::scale::Scale;
use super::shape::Shape;
use super::values::Values;
use crate::imaging::Slice;
use crate::system::spreadsheet::no_formula;

/// One measurement.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The series as people know it.
    pub series: &'a str,
    /// From 1.
    pub slice: usize,
    pub shape: &'a Shape,
    pub scale: Scale,
    /// The pixels of the slice, where they can be read.
    pub pixels: Option<&'a Slice>,
}

const COLUMNS: [&str; 12] = [
    "series",
    "slice",
    "kind",
    "length",
    "angle_degrees",
    "area",
    "unit",
    "pixels",
    "mean",
    "sd",
    "min",
    "max",
];

/// A line for each measurement. `unit` is that of lengths, its square that of areas: "mm" as the file
/// says, "mm by hand" where a person calibrated, "px" where nobody knows.
///
/// # Errors
/// Those of the writer; there are none in memory.
pub fn csv(rows: &[Row]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for row in rows {
        let (mut length, mut angle, mut region) = (None, None, None);
        let mut statistics = None;
        match Values::of(row.shape, row.scale, row.pixels) {
            Values::Length(found) => length = Some(found),
            Values::Angle(found) => angle = found,
            Values::Region { area, statistics: found } => {
                region = Some(area);
                statistics = found;
            }
        }
        let number = |number: Option<f64>| number.map_or(String::new(), |n| format!("{n:.4}"));
        let value = |value: Option<f32>| value.map_or(String::new(), |v| v.to_string());
        let unit = match row.scale {
            Scale::ByHand(_) => "mm by hand",
            scale => scale.unit().name(),
        };
        writer.write_record([
            no_formula(row.series),
            row.slice.to_string(),
            row.shape.kind.name().to_lowercase(),
            number(length),
            number(angle),
            number(region),
            unit.to_owned(),
            statistics.map_or(String::new(), |found| found.count.to_string()),
            number(statistics.map(|found| found.mean)),
            number(statistics.map(|found| found.sd)),
            value(statistics.map(|found| found.min)),
            value(statistics.map(|found| found.max)),
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{Depth, Spacing};
    use crate::measure::Kind;

    #[test]
    fn every_value_has_its_column_and_unit() {
        let slice = Slice::new(4, 4, (0..16).map(|v| v as f32).collect(), Depth::Wide);
        let spacing = Some(Spacing { row_mm: 2.0, column_mm: 1.0, slice_mm: None });
        let shape = |kind, points: &[[f32; 2]]| Shape { kind, points: points.to_vec() };
        let shapes = [
            shape(Kind::Length, &[[0.0, 0.0], [3.0, 2.0]]),
            shape(Kind::Angle, &[[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]),
            shape(Kind::Rectangle, &[[0.0, 0.0], [2.0, 1.0]]),
        ];
        let scales = [Scale::of(spacing, None), Scale::Unknown, Scale::of(spacing, Some(3.0))];
        let rows: Vec<Row> = shapes
            .iter()
            .zip(scales)
            .map(|(shape, scale)| Row {
                series: "=T1, axial",
                slice: 7,
                shape,
                scale,
                pixels: Some(&slice),
            })
            .collect();
        let table = String::from_utf8(csv(&rows).unwrap()).unwrap();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], COLUMNS.join(","));
        let begin = "\"'=T1, axial\",7,";
        assert_eq!(lines[1], format!("{begin}length,5.0000,,,mm,,,,,"));
        assert_eq!(lines[2], format!("{begin}angle,,90.0000,,px,,,,,"));
        let region = "rectangle,,,36.0000,mm by hand,2,0.5000,0.5000,0,1";
        assert_eq!(lines[3], format!("{begin}{region}"));
    }
}
