//! Counts of cases by truth and prediction.

use super::Review;
use crate::evaluate::report::Case;
use crate::review::word::{Verdict, Word};

/// A confusion matrix: rows are truth, columns predictions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix {
    classes: usize,
    cells: Vec<Cell>,
}

/// What is known of the cases of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub cases: usize,
    /// Those the reader said something about.
    pub reviewed: usize,
    /// Those whose label looks wrong to the reader.
    pub disputed: usize,
}

impl Cell {
    /// Counts a case, and what was said about it.
    pub(super) fn add(&mut self, word: Option<&Word>) {
        let word = word.filter(|word| !word.is_empty());
        self.cases += 1;
        self.reviewed += usize::from(word.is_some());
        let wrong = word.is_some_and(|word| word.verdict == Some(Verdict::LabelWrong));
        self.disputed += usize::from(wrong);
    }
}

impl std::ops::Add for Cell {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            cases: self.cases + other.cases,
            reviewed: self.reviewed + other.reviewed,
            disputed: self.disputed + other.disputed,
        }
    }
}

impl Matrix {
    /// An empty one.
    pub fn new(classes: usize) -> Self {
        Self { classes, cells: vec![Cell::default(); classes * classes] }
    }

    /// Counts a case, and what was said about it.
    pub fn add(&mut self, case: &Case, word: Option<&Word>) {
        let (truth, predicted) = (case.answer.truth, case.answer.predicted);
        if truth < self.classes && predicted < self.classes {
            self.cells[truth * self.classes + predicted].add(word);
        }
    }

    /// Rows, and columns.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// One cell.
    pub fn cell(&self, truth: usize, predicted: usize) -> Cell {
        self.cells[truth * self.classes + predicted]
    }

    /// All cases of a true class.
    pub fn row(&self, truth: usize) -> Cell {
        (0..self.classes)
            .map(|predicted| self.cell(truth, predicted))
            .fold(Cell::default(), |a, b| a + b)
    }

    /// All cases of a predicted class.
    pub fn column(&self, predicted: usize) -> Cell {
        (0..self.classes)
            .map(|truth| self.cell(truth, predicted))
            .fold(Cell::default(), |a, b| a + b)
    }

    /// All cases.
    pub fn all(&self) -> Cell {
        self.cells.iter().copied().fold(Cell::default(), |a, b| a + b)
    }

    /// Everything off the diagonal.
    pub fn wrong(&self) -> Cell {
        let off = (0..self.classes).flat_map(|t| (0..self.classes).map(move |p| (t, p)));
        off.filter(|(t, p)| t != p)
            .map(|(t, p)| self.cell(t, p))
            .fold(Cell::default(), |a, b| a + b)
    }

    /// Cases on the diagonal.
    pub fn right(&self) -> usize {
        (0..self.classes).map(|class| self.cell(class, class).cases).sum()
    }

    /// Share of right answers, 0..=1; `None` of no cases.
    pub fn accuracy(&self) -> Option<f64> {
        let all = self.all().cases;
        (all > 0).then(|| self.right() as f64 / all as f64)
    }
}

impl Review {
    /// The matrix of the cases that count.
    pub(super) fn count(&self) -> Matrix {
        self.count_of(self.classes().len(), self.cases())
    }

    /// The matrix of those of `cases` that count.
    pub(in crate::state) fn count_of(&self, classes: usize, cases: &[Case]) -> Matrix {
        let mut matrix = Matrix::new(classes);
        for case in cases.iter().filter(|case| self.without.counts(case)) {
            matrix.add(case, self.word(case));
        }
        matrix
    }
}
