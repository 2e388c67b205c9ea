//! Three planes of one volume: what a stack of parallel slices looks like from the side.

use super::series::{Header, Orientation, Outline, Rescale, Slice, Spacing};
use super::vector::{cross, dot};

/// Cosine above which two directions are the same.
const PARALLEL: f32 = 0.999;
/// By how much, of the usual step, the distance of two slices may differ from it.
const UNEVEN: f32 = 0.1;

/// A stack of parallel slices of one size at even distances: voxels in three directions.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// Columns, rows and slices.
    size: [usize; 3],
    /// Along a row, down a column, from slice to slice, mm; 1 each where nothing is known.
    step: [f32; 3],
    /// Unit vectors along the same in the patient, where they are known.
    directions: Option<[[f32; 3]; 3]>,
    /// Of the first slice.
    header: Header,
}

/// A plane across the slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cut {
    /// Through this row of every slice.
    Row(usize),
    /// Through this column of every slice.
    Column(usize),
}

impl Cut {
    /// The axis of the volume that it follows within a slice.
    fn along(self) -> usize {
        match self {
            Self::Row(_) => 0,
            Self::Column(_) => 1,
        }
    }
}

/// Which axis of the volume goes to the right on the screen and which one down, and which way round.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Layout {
    axes: [usize; 2],
    flipped: [bool; 2],
}

impl Volume {
    /// The volume of a series.
    ///
    /// # Errors
    /// Why it is none: the end of a sentence that begins with the series' name.
    pub fn of(series: &Outline) -> Result<Self, &'static str> {
        let headers: Vec<&Header> = series.slices.iter().map(|leaf| &leaf.header).collect();
        let [first, .., last] = headers.as_slice() else {
            return Err("has one slice only");
        };
        if headers.iter().any(|h| (h.width, h.height) != (first.width, first.height)) {
            return Err("has slices of different sizes");
        }
        let in_plane = first.spacing.map_or([1.0, 1.0], |s| [s.column_mm, s.row_mm]);
        let size = [first.width, first.height, headers.len()];
        let (directions, step) = match first.orientation {
            Some(orientation) => {
                let normal = orientation.normal();
                let parallel =
                    |h: &&Header| h.orientation.is_some_and(|o| dot(o.normal(), normal) > PARALLEL);
                if !headers.iter().all(parallel) {
                    return Err("has slices that are not parallel");
                }
                let (through, step) = match steps(&headers)? {
                    Some(step) => {
                        let ahead = dot(difference(last, first).unwrap_or(normal), normal);
                        (normal.map(|x| x * ahead.signum()), Some(step))
                    }
                    None => (normal, first.spacing.and_then(|spacing| spacing.slice_mm)),
                };
                let Orientation { along_row, down_column } = orientation;
                (Some([along_row, down_column, through]), step)
            }
            None => (None, first.spacing.and_then(|spacing| spacing.slice_mm)),
        };
        let step = [in_plane[0], in_plane[1], step.unwrap_or(in_plane[0])];
        Ok(Self { size, step, directions, header: (*first).clone() })
    }

    /// Columns, rows and slices.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// The header of a cut, as the readers write it: with spacing and orientation where the slices
    /// have them. Modality values take the place of stored ones.
    pub fn header(&self, cut: Cut) -> Header {
        let Layout { axes, flipped } = self.layout(cut);
        let direction = |i: usize| {
            let sign = if flipped[i] { -1.0 } else { 1.0 };
            self.directions.map(|directions| directions[axes[i]].map(|x| x * sign))
        };
        let across = if cut.along() == 0 { 1 } else { 0 };
        Header {
            width: self.size[axes[0]],
            height: self.size[axes[1]],
            identity: String::new(),
            rescale: Rescale::IDENTITY,
            spacing: Some(Spacing {
                row_mm: self.step[axes[1]],
                column_mm: self.step[axes[0]],
                slice_mm: Some(self.step[across]),
            })
            .filter(|_| self.header.spacing.is_some()),
            orientation: direction(0)
                .zip(direction(1))
                .map(|(along_row, down_column)| Orientation { along_row, down_column }),
            position: None,
            ..self.header.clone()
        }
    }

    /// The pixels of a cut: modality values, 0 for slices that `slice` does not give.
    pub fn pixels<'a>(&self, cut: Cut, slice: impl Fn(usize) -> Option<&'a Slice>) -> Vec<f32> {
        let Layout { axes, flipped } = self.layout(cut);
        let [width, height] = axes.map(|axis| self.size[axis]);
        let mut values = vec![0.0; width * height];
        let upright = axes[1] == 2;
        for number in 0..self.size[2] {
            let Some(slice) = slice(number) else { continue };
            let line = match cut {
                Cut::Row(row) => {
                    let row = row.min(self.size[1] - 1);
                    &slice.stored[row * self.size[0]..(row + 1) * self.size[0]]
                }
                Cut::Column(column) => &slice.stored[column.min(self.size[0] - 1)..],
            };
            let (length, every) = match cut {
                Cut::Row(_) => (self.size[0], 1),
                Cut::Column(_) => (self.size[1], self.size[0]),
            };
            let (through, within) = if upright { (1, 0) } else { (0, 1) };
            let at = if flipped[through] { self.size[2] - 1 - number } else { number };
            for (i, &stored) in line.iter().step_by(every).take(length).enumerate() {
                let i = if flipped[within] { length - 1 - i } else { i };
                let index = if upright { at * width + i } else { i * width + at };
                values[index] = slice.rescale.apply(stored);
            }
        }
        values
    }

    /// The voxel (column, row, slice) at a place of a cut, in pixel edges; inside the volume.
    pub fn voxel(&self, cut: Cut, [x, y]: [f32; 2]) -> [usize; 3] {
        let Layout { axes, flipped } = self.layout(cut);
        let mut voxel = match cut {
            Cut::Row(row) => [0, row, 0],
            Cut::Column(column) => [column, 0, 0],
        };
        for (i, at) in [x, y].into_iter().enumerate() {
            let last = self.size[axes[i]] - 1;
            let index = (at.max(0.0) as usize).min(last);
            voxel[axes[i]] = if flipped[i] { last - index } else { index };
        }
        [0, 1, 2].map(|axis| voxel[axis].min(self.size[axis] - 1))
    }

    /// The place of a voxel's centre on a cut, in pixel edges.
    pub fn place(&self, cut: Cut, voxel: [usize; 3]) -> [f32; 2] {
        let Layout { axes, flipped } = self.layout(cut);
        [0, 1].map(|i| {
            let (index, size) = (voxel[axes[i]] as f32 + 0.5, self.size[axes[i]] as f32);
            if flipped[i] { size - index } else { index }
        })
    }

    /// As radiologists look at it: the head on top, the patient's right on the left, the nose to the
    /// left of a sagittal plane.
    fn layout(&self, cut: Cut) -> Layout {
        let along = cut.along();
        let Some(directions) = self.directions else {
            return Layout { axes: [along, 2], flipped: [false, false] };
        };
        let across = cross(directions[along], directions[2]);
        let facing = (0..3).max_by(|&a, &b| across[a].abs().total_cmp(&across[b].abs()));
        // To the right and down, in the patient: left, posterior, head.
        let (right, down) = match facing {
            Some(2) => ((0, 1.0), (1, 1.0)),
            Some(1) => ((0, 1.0), (2, -1.0)),
            _ => ((1, 1.0), (2, -1.0)),
        };
        let more_to_the_right = directions[along][right.0].abs() >= directions[2][right.0].abs();
        let axes = if more_to_the_right { [along, 2] } else { [2, along] };
        let against = |axis: usize, (to, sign): (usize, f32)| directions[axis][to] * sign < 0.0;
        Layout { axes, flipped: [against(axes[0], right), against(axes[1], down)] }
    }
}

/// The distance of neighbours along the normal; `None` where positions are not known.
fn steps(headers: &[&Header]) -> Result<Option<f32>, &'static str> {
    let normal = headers[0].orientation.map(|o| o.normal()).unwrap_or_default();
    let mut distances = Vec::new();
    for pair in headers.windows(2) {
        let Some(step) = difference(pair[1], pair[0]) else { return Ok(None) };
        let along = dot(step, normal).abs();
        let aside = (dot(step, step) - along * along).max(0.0).sqrt();
        if along < 1e-3 {
            return Err("has several images at one place");
        }
        if aside > 0.1 * along.max(1.0) {
            return Err("has slices that are shifted against each other");
        }
        distances.push(along);
    }
    let mut sorted = distances.clone();
    sorted.sort_by(f32::total_cmp);
    let usual = sorted[sorted.len() / 2];
    match distances.iter().all(|step| (step - usual).abs() <= UNEVEN * usual) {
        true => Ok(Some(usual)),
        false => Err("has slices at uneven distances"),
    }
}

fn difference(a: &Header, b: &Header) -> Option<[f32; 3]> {
    let (a, b) = (a.position?, b.position?);
    Some([0, 1, 2].map(|i| a[i] - b[i]))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::imaging::{About, Depth, Series};

    /// 4 columns, 3 rows, 5 slices; the value of a voxel tells its place. `bottom_up`: from the feet
    /// to the head.
    fn axial(bottom_up: bool) -> Series {
        let slice = |k: usize| {
            let value = |i: usize| (100 * k + 10 * (i / 4) + i % 4) as f32;
            let z = if bottom_up { 2.0 * k as f32 } else { -2.0 * k as f32 };
            let header = Header {
                spacing: Some(Spacing { row_mm: 1.5, column_mm: 0.5, slice_mm: None }),
                orientation: Some(Orientation {
                    along_row: [1.0, 0.0, 0.0],
                    down_column: [0.0, 1.0, 0.0],
                }),
                position: Some([0.0, 0.0, z]),
                rescale: Rescale { slope: 2.0, intercept: 1.0 },
                ..Header::new(4, 3, Depth::Wide)
            };
            Arc::new(Slice::of(header, (0..12).map(value).collect()))
        };
        Series {
            path: "a.nii".into(),
            format: "NIfTI-1".into(),
            description: None,
            about: About::default(),
            synthetic: false,
            slices: (0..5).map(slice).collect(),
            notes: vec![],
        }
    }

    fn cut(series: &Series, cut: Cut) -> (Header, Vec<f32>) {
        let volume = Volume::of(&series.outline()).expect("a volume");
        let pixels = volume.pixels(cut, |i| series.slices.get(i).map(Arc::as_ref));
        (volume.header(cut), pixels)
    }

    #[test]
    fn the_head_is_on_top_whichever_way_the_slices_were_numbered() {
        for bottom_up in [true, false] {
            let series = axial(bottom_up);
            let (header, pixels) = cut(&series, Cut::Row(1));
            assert_eq!((header.width, header.height), (4, 5));
            let letters = header.orientation.unwrap().edge_letters();
            assert_eq!(letters, ["R", "L", "H", "F"].map(String::from), "coronal");
            let spacing = header.spacing.unwrap();
            assert_eq!([spacing.column_mm, spacing.row_mm], [0.5, 2.0]);
            let top = if bottom_up { 4 } else { 0 };
            let value = |k: usize, x: usize| ((100 * k + 10 + x) * 2 + 1) as f32;
            assert_eq!(pixels[..4], [0, 1, 2, 3].map(|x| value(top, x)));

            let (header, pixels) = cut(&series, Cut::Column(3));
            assert_eq!((header.width, header.height), (3, 5));
            let letters = header.orientation.unwrap().edge_letters();
            assert_eq!(letters, ["A", "P", "H", "F"].map(String::from), "sagittal");
            assert_eq!(pixels[..3], [0, 1, 2].map(|y| ((100 * top + 10 * y + 3) * 2 + 1) as f32));
        }
    }

    #[test]
    fn a_sagittal_stack_gives_axial_and_coronal_planes_the_right_way_round() {
        let mut series = axial(true);
        for (k, slice) in series.slices.iter_mut().enumerate() {
            let slice = Arc::make_mut(slice);
            // Along a row to the back, down a column to the feet, from right to left.
            slice.orientation =
                Some(Orientation { along_row: [0.0, 1.0, 0.0], down_column: [0.0, 0.0, -1.0] });
            slice.position = Some([2.0 * k as f32, 0.0, 0.0]);
        }
        let (header, pixels) = cut(&series, Cut::Row(0));
        assert_eq!(header.orientation.unwrap().plane(), Some("axial"));
        let letters = header.orientation.unwrap().edge_letters();
        assert_eq!(letters, ["R", "L", "A", "P"].map(String::from));
        assert_eq!((header.width, header.height), (5, 4), "slices across, rows' pixels down");
        assert_eq!(pixels[..5], [0, 1, 2, 3, 4].map(|k| (100 * k * 2 + 1) as f32));

        let (header, _) = cut(&series, Cut::Column(0));
        let letters = header.orientation.unwrap().edge_letters();
        assert_eq!(letters, ["R", "L", "H", "F"].map(String::from), "coronal");
    }

    #[test]
    fn places_and_voxels_lead_to_each_other() {
        for series in [axial(true), axial(false)] {
            let volume = Volume::of(&series.outline()).unwrap();
            for here in [Cut::Row(2), Cut::Column(1)] {
                let (header, pixels) = cut(&series, here);
                for y in 0..header.height {
                    for x in 0..header.width {
                        let at = [x as f32 + 0.5, y as f32 + 0.5];
                        let [i, j, k] = volume.voxel(here, at);
                        assert_eq!(volume.place(here, [i, j, k]), at);
                        let stored = series.slices[k].stored_at(i, j).unwrap();
                        assert_eq!(pixels[y * header.width + x], stored * 2.0 + 1.0);
                    }
                }
            }
            assert_eq!(volume.voxel(Cut::Row(99), [-5.0, 1e9])[1], 2, "inside, whatever is asked");
        }
    }

    #[test]
    fn what_is_no_volume_says_why() {
        let changed = |change: &dyn Fn(usize, &mut Slice)| {
            let mut series = axial(true);
            for (k, slice) in series.slices.iter_mut().enumerate() {
                change(k, Arc::make_mut(slice));
            }
            Volume::of(&series.outline()).map(|_| ())
        };
        assert_eq!(changed(&|_, _| {}), Ok(()));
        let at = |z: f32| Some([0.0, 0.0, z]);
        let uneven = changed(&|k, slice| slice.position = at((k * k) as f32));
        assert_eq!(uneven, Err("has slices at uneven distances"));
        let twice = changed(&|k, slice| slice.position = at((k / 2) as f32));
        assert_eq!(twice, Err("has several images at one place"));
        let sheared = changed(&|k, slice| slice.position = Some([k as f32, 0.0, k as f32]));
        assert_eq!(sheared, Err("has slices that are shifted against each other"));
        let wider = changed(&|k, slice| {
            if k == 2 {
                *slice = Slice::new(6, 2, vec![0.0; 12], Depth::Wide);
            }
        });
        assert_eq!(wider, Err("has slices of different sizes"));
        let mut one = axial(true);
        one.slices.truncate(1);
        assert_eq!(Volume::of(&one.outline()).map(|_| ()), Err("has one slice only"));
    }

    #[test]
    fn slices_that_are_not_here_yet_are_black() {
        let series = axial(true);
        let volume = Volume::of(&series.outline()).unwrap();
        let only = |k: usize| (k == 4).then(|| series.slices[4].as_ref());
        let pixels = volume.pixels(Cut::Row(0), only);
        assert!(pixels[..4].iter().all(|&v| v > 0.0) && pixels[4..].iter().all(|&v| v == 0.0));
    }
}
