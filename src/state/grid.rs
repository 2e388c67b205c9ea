//! Which series are on the screen side by side.

/// Rows and columns of panes, each of which shows an open series or is empty. No series is in two of
/// them: how it is looked at belongs to the series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    rows: usize,
    columns: usize,
    /// Row by row; `rows × columns` numbers of open series.
    cells: Vec<Option<u64>>,
    /// The pane that keys and lists are for.
    active: usize,
}

impl Default for Grid {
    fn default() -> Self {
        Self { rows: 1, columns: 1, cells: vec![None], active: 0 }
    }
}

impl Grid {
    /// Most rows, and most columns.
    pub const MOST: usize = 3;

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Row by row.
    pub fn cells(&self) -> &[Option<u64>] {
        &self.cells
    }

    /// The pane that keys and lists are for.
    pub fn active(&self) -> usize {
        self.active
    }

    /// The series in the active pane.
    pub fn current(&self) -> Option<u64> {
        self.cells[self.active]
    }

    /// Whether a series is on the screen.
    pub fn shows(&self, number: u64) -> bool {
        self.cells.contains(&Some(number))
    }

    /// The series on the screen, that of the active pane first.
    pub fn shown(&self) -> impl Iterator<Item = u64> {
        let others = self.cells.iter().enumerate().filter(|(cell, _)| *cell != self.active);
        self.current().into_iter().chain(others.filter_map(|(_, number)| *number))
    }

    /// Makes a pane the active one.
    pub(super) fn activate(&mut self, cell: usize) {
        if cell < self.cells.len() {
            self.active = cell;
        }
    }

    /// Shows a series: in the active pane, unless it is in another, which becomes the active one.
    pub(super) fn show(&mut self, number: u64) {
        match self.cells.iter().position(|cell| *cell == Some(number)) {
            Some(cell) => self.active = cell,
            None => self.cells[self.active] = Some(number),
        }
    }

    /// Fills an empty pane, if there is one: the active one, else the first.
    pub(super) fn fill(&mut self, number: u64) {
        let first = self.cells.iter().position(Option::is_none);
        let empty = if self.current().is_none() { Some(self.active) } else { first };
        if let Some(cell) = empty.filter(|_| !self.shows(number)) {
            self.cells[cell] = Some(number);
        }
    }

    /// Puts another series, or none, in the place of one.
    pub(super) fn replace(&mut self, number: u64, by: Option<u64>) {
        let by = by.filter(|by| !self.shows(*by));
        for cell in self.cells.iter_mut().filter(|cell| **cell == Some(number)) {
            *cell = by;
        }
    }

    /// Other numbers of rows and columns, each 1..=[`Self::MOST`]. What is shown stays, the active
    /// series for sure; new panes take the first of `open` that are not shown.
    pub(super) fn resize(&mut self, rows: usize, columns: usize, open: impl Iterator<Item = u64>) {
        (self.rows, self.columns) = (rows.clamp(1, Self::MOST), columns.clamp(1, Self::MOST));
        let room = self.rows * self.columns;
        let current = self.current();
        let mut shown: Vec<u64> = self.cells.iter().flatten().copied().collect();
        if let Some(at) = shown.iter().position(|number| Some(*number) == current)
            && at >= room
        {
            let number = shown.remove(at);
            shown.insert(0, number);
        }
        let new: Vec<u64> = open.filter(|number| !shown.contains(number)).collect();
        let numbers = shown.into_iter().chain(new).map(Some).chain(std::iter::repeat(None));
        self.cells = numbers.take(room).collect();
        let active = self.cells.iter().position(|cell| cell.is_some() && *cell == current);
        self.active = active.unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: usize, columns: usize, open: &[u64]) -> Grid {
        let mut grid = Grid::default();
        if let Some(&first) = open.first() {
            grid.show(first);
        }
        grid.resize(rows, columns, open.iter().copied());
        grid
    }

    #[test]
    fn a_larger_grid_takes_in_what_is_open() {
        let grid = grid(2, 2, &[4, 5, 6]);
        assert_eq!(grid.cells(), [Some(4), Some(5), Some(6), None]);
        assert_eq!(grid.current(), Some(4));
    }

    #[test]
    fn a_smaller_grid_keeps_the_active_series() {
        let mut grid = grid(2, 2, &[1, 2, 3, 4]);
        grid.activate(3);
        grid.resize(1, 2, [1, 2, 3, 4].into_iter());
        assert_eq!(grid.cells(), [Some(4), Some(1)]);
        assert_eq!(grid.current(), Some(4));
        grid.resize(9, 0, [].into_iter());
        assert_eq!((grid.rows(), grid.columns()), (3, 1), "within 1 to 3");
    }

    #[test]
    fn a_series_is_never_in_two_panes() {
        let mut grid = grid(1, 2, &[1, 2]);
        grid.show(2);
        assert_eq!((grid.active(), grid.cells()), (1, [Some(1), Some(2)].as_slice()));
        grid.show(3);
        assert_eq!(grid.cells(), [Some(1), Some(3)]);
        grid.replace(3, Some(1));
        assert_eq!(grid.cells(), [Some(1), None], "1 is on the screen already");
        grid.fill(1);
        grid.fill(7);
        assert_eq!(grid.cells(), [Some(1), Some(7)]);
    }

    #[test]
    fn the_active_series_is_the_first_of_the_shown() {
        let mut grid = grid(1, 3, &[1, 2, 3]);
        grid.activate(2);
        assert_eq!(grid.shown().collect::<Vec<_>>(), [3, 1, 2]);
        grid.activate(9);
        assert_eq!(grid.active(), 2);
    }
}
