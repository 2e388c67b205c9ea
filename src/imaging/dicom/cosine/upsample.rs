//! Components of fewer samples than the picture has pixels, as libjpeg's `jdsample.c` fills them:
//! by a triangle filter where they have half the columns, or half the columns and rows, else by
//! repeating them.

/// A plane of `size`, columns and rows, from one of `width` columns, whose factors `[most, own]`
/// say how many samples of the finest component stand for how many of its own.
pub(super) fn upsampled(
    plane: Vec<u16>,
    width: usize,
    across: [usize; 2],
    down: [usize; 2],
    size: [usize; 2],
) -> Vec<u16> {
    let half = |[most, own]: [usize; 2]| most == 2 * own;
    let [columns, rows] = size;
    // Narrower planes are repeated even there.
    let filtered = half(across) && width > 2;
    if filtered && down[0] == down[1] {
        return plane.chunks_exact(width).flat_map(|row| wider(row, columns)).collect();
    }
    let lines = plane.len() / width.max(1);
    let line = |y: usize| &plane[y * width..][..width];
    if filtered && half(down) {
        let filled = |y: usize| {
            let near = y / 2;
            // Even rows lie nearer to the line above, odd ones to the line below.
            let far = if y % 2 == 0 { near.saturating_sub(1) } else { (near + 1).min(lines - 1) };
            let sums = line(near).iter().zip(line(far));
            let sums: Vec<u32> = sums.map(|(&n, &f)| 3 * u32::from(n) + u32::from(f)).collect();
            wider_sums(&sums, columns)
        };
        return (0..rows).flat_map(filled).collect();
    }
    if across[0] == across[1] && down[0] == down[1] {
        return plane;
    }
    let at = |at: usize, [most, own]: [usize; 2]| at * own / most;
    (0..rows)
        .flat_map(|y| (0..columns).map(move |x| (at(x, across), at(y, down))))
        .map(|(x, y)| line(y.min(lines - 1))[x.min(width - 1)])
        .collect()
}

/// A row of twice the samples, or of `columns`.
fn wider(row: &[u16], columns: usize) -> Vec<u16> {
    let last = row.len() - 1;
    let at = |x: usize| u32::from(row[x]);
    let mix = |x: usize| match (x / 2, x % 2) {
        (0, 0) => row[0],
        (n, 1) if n == last => row[last],
        (n, 0) => ((3 * at(n) + at(n - 1) + 1) >> 2) as u16,
        (n, _) => ((3 * at(n) + at(n + 1) + 2) >> 2) as u16,
    };
    (0..columns).map(mix).collect()
}

/// The same of sums, each of four samples.
fn wider_sums(sums: &[u32], columns: usize) -> Vec<u16> {
    let last = sums.len() - 1;
    let mix = |x: usize| match (x / 2, x % 2) {
        (0, 0) => (4 * sums[0] + 8) >> 4,
        (n, 1) if n == last => (4 * sums[last] + 7) >> 4,
        (n, 0) => (3 * sums[n] + sums[n - 1] + 8) >> 4,
        (n, _) => (3 * sums[n] + sums[n + 1] + 7) >> 4,
    };
    (0..columns).map(|x| mix(x) as u16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_columns_are_filled_by_a_triangle() {
        let wide = upsampled(vec![0, 8, 16], 3, [2, 1], [1, 1], [6, 1]);
        assert_eq!(wide, [0, 2, 6, 10, 14, 16]);
        assert_eq!(upsampled(vec![0, 8, 16], 3, [2, 1], [1, 1], [5, 1]), [0, 2, 6, 10, 14]);
    }

    #[test]
    fn an_even_plane_stays_even_however_it_is_filled() {
        for (across, down) in
            [([2, 1], [2, 1]), ([1, 1], [2, 1]), ([4, 1], [1, 1]), ([3, 2], [1, 1])]
        {
            let size = [4 * across[0] / across[1], 2 * down[0] / down[1]];
            let filled = upsampled(vec![9; 8], 4, across, down, size);
            assert_eq!(filled, vec![9; size[0] * size[1]], "{across:?} {down:?}");
        }
    }

    #[test]
    fn narrow_planes_are_repeated() {
        assert_eq!(upsampled(vec![1, 2], 2, [2, 1], [1, 1], [4, 1]), [1, 1, 2, 2]);
    }
}
