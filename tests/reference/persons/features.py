"""The features of src/dataset/persons, written a second time: numpy in place of Rust.

shape(picture) and style(...) are what `fit.py` fits on and what `make_expected.py` writes down for the
test of the Rust side.
"""

import numpy as np

SIDE, FRAME, FREQUENCIES, BANDS, LINES, LONGEST = 32, 128, 20, 16, 128, 2048
SIGNAL, CONTENT, BINS = 0.12, 0.03, 1024


def taps(length, side):
    """The triangle filter of audit/resample.rs over a whole line, as a matrix."""
    scale = length / side
    reach = max(scale, 1.0)
    matrix = np.zeros((side, length))
    for i in range(side):
        centre = (i + 0.5) * scale - 0.5
        first = int(np.clip(np.ceil(centre - reach), 0, length - 1))
        last = int(np.clip(np.floor(centre + reach), 0, length - 1))
        at = np.arange(first, max(last, first) + 1)
        weights = np.maximum(1.0 - np.abs(at - centre) / reach, 1e-6)
        matrix[i, at] = weights / weights.sum()
    return matrix


_TAPS = {}


def resample(values, side=FRAME):
    """A picture as side × side values."""
    for length in values.shape:
        if length not in _TAPS:
            _TAPS[length] = taps(length, side)
    return _TAPS[values.shape[0]] @ values @ _TAPS[values.shape[1]].T


def levelled(frame):
    """Brightness 0..=1, the middle of the signal at half: Tones of audit/picture.rs."""
    low, high = frame.min(), frame.max()
    if not high - low > 1e-3:
        return None
    bins = np.minimum(((frame - low) * ((BINS - 1) / (high - low))).astype(int), BINS - 1)
    up_to = np.cumsum(np.bincount(bins.ravel(), minlength=BINS))

    def quantile(start, share):
        before = 0 if start == 0 else up_to[start - 1]
        wanted = before + np.ceil(share * (up_to[-1] - before))
        return max(int(np.searchsorted(up_to, wanted, side="left")), start)

    dark, bright = quantile(0, 0.01), quantile(0, 0.99)
    if bright <= dark:
        return None
    gamma = 1.0
    for _ in range(5):
        begin = dark + SIGNAL ** (1 / gamma) * (bright - dark)
        middle = quantile(min(int(np.ceil(begin)), bright), 0.5)
        share = np.clip((middle - dark) / (bright - dark), 0.02, 0.98)
        gamma = np.clip(np.log(0.5) / np.log(share), 0.2, 5.0)
    value = lambda at: low + at / (BINS - 1) * (high - low)
    dark, bright = value(dark), value(bright)
    steps = np.floor(np.clip((frame - dark) * 512 / (bright - dark), 0, 512) + 0.5)
    return (steps / 512) ** gamma


def head(picture):
    """Left, top, right, bottom of the signal, in shares of the frame."""
    signal = picture > SIGNAL

    def extent(counts):
        enough = np.flatnonzero(counts > CONTENT * FRAME)
        return None if enough.size == 0 else (enough[0] / FRAME, (enough[-1] + 1) / FRAME)

    columns, rows = extent(signal.sum(0)), extent(signal.sum(1))
    return None if columns is None or rows is None else (columns[0], rows[0], columns[1], rows[1])


def basis():
    k, x = np.mgrid[:FREQUENCIES, :SIDE]
    scale = np.where(k == 0, 1.0, 2.0) / SIDE
    return np.sqrt(scale) * np.cos(np.pi / SIDE * (x + 0.5) * k)


def shape(picture):
    step = picture.shape[0] // SIDE
    small = picture.reshape(SIDE, step, SIDE, step).sum((1, 3))
    small = small - small.mean()
    small /= max(np.linalg.norm(small), 1e-6)
    return (basis() @ small @ basis().T).ravel()


def bands(values):
    """Rows of `values` are the lines."""
    lines, length = values.shape
    used = min(length, LONGEST)
    start = (length - used) // 2
    count = min(lines, LINES) // 2 * 2
    at = np.arange(count) * lines // count
    power = (np.abs(np.fft.rfft(values[at, start : start + used], axis=1)) ** 2).mean(0) / used
    edge = lambda band: int((len(power) - 1) / 64 * 64 ** (band / BANDS))
    result = []
    for band in range(BANDS):
        first = min(max(edge(band), 1), len(power) - 1)
        last = min(max(edge(band + 1), first + 1), len(power))
        result.append(np.log(power[first:last].mean() + 1e-3))
    return result


def style(values, frame, picture, rectangle):
    """All of an 8-bit scan."""
    inside = np.sort(frame[picture > SIGNAL])
    shares = 0.02 + 0.96 * np.arange(25) / 24
    result = list(np.log(np.maximum(inside[np.round(shares * (inside.size - 1)).astype(int)], 0) + 2))
    down, across = max(values.shape[0] // 16, 1), max(values.shape[1] // 16, 1)
    corners = np.concatenate(
        [values[y, x].ravel() for y in (slice(down), slice(-down, None)) for x in (slice(across), slice(-across, None))]
    )
    result += [np.log(corners.mean() + 0.1), np.log(corners.std() + 0.1), inside.size / frame.size]
    left, top, right, bottom = rectangle
    result += [left, top, right, bottom, right - left, bottom - top]
    return np.array(result + bands(values) + bands(values.T))


def features(values):
    """Shape and style of a grey scan of 8 bits, or None."""
    values = values.astype(np.float64)
    frame = resample(values)
    picture = levelled(frame)
    rectangle = None if picture is None else head(picture)
    if rectangle is None or min(values.shape) < 16:
        return None
    return shape(picture), style(values, frame, picture, rectangle)
