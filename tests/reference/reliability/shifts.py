"""Kinds of shift made of scans, greys 0..1 [n, 1, s, s]: what `src/train/shifted` does, in PyTorch."""

import math

import torch
import torch.nn.functional as F


def levels(x):
    """Brings quantiles to 0 and 1, as preprocessing does to whatever file comes in."""
    flat = x.flatten(1)
    low = flat.quantile(0.005, 1).view(-1, 1, 1, 1)
    high = flat.quantile(0.995, 1).view(-1, 1, 1, 1)
    return ((x - low) / (high - low).clamp_min(1e-6)).clamp(0, 1)


def uniform(x, low, high, g):
    return low + (high - low) * torch.rand(len(x), 1, 1, 1, generator=g)


def affine(x, scale, angle=None, dx=None, dy=None, mirror=None, padding="zeros"):
    """Shows 1/scale of the frame... scale below 1 zooms in; angle in degrees; dx, dy in half sides."""
    n = len(x)
    zero = torch.zeros(n)
    angle = torch.deg2rad(angle) if angle is not None else zero
    sx = scale * (mirror if mirror is not None else 1)
    m = torch.stack([
        torch.stack([angle.cos() * sx, -angle.sin() * scale, dx if dx is not None else zero], 1),
        torch.stack([angle.sin() * sx, angle.cos() * scale, dy if dy is not None else zero], 1)], 1)
    return F.grid_sample(x, F.affine_grid(m, x.shape, align_corners=False), mode="bilinear",
                         padding_mode=padding, align_corners=False)


def u(n, low, high, g):
    return low + (high - low) * torch.rand(n, generator=g)


def blur(x, sigma):
    reach = max(1, int(3 * sigma))
    k = torch.exp(-0.5 * (torch.arange(-reach, reach + 1.0) / sigma) ** 2)
    k = k / k.sum()
    return F.conv2d(F.conv2d(x, k.view(1, 1, 1, -1), padding=(0, reach)), k.view(1, 1, -1, 1), padding=(reach, 0))


def same(x, g):
    """Little variation: still a scan like those trained on."""
    n = len(x)
    mirror = torch.where(torch.rand(n, generator=g) < 0.5, -1.0, 1.0)
    x = affine(x, u(n, 0.92, 1.08, g), u(n, -10, 10, g), u(n, -.05, .05, g), u(n, -.05, .05, g), mirror)
    x = x.pow(torch.exp(uniform(x, -.25, .25, g)))
    some = (torch.rand(n, 1, 1, 1, generator=g) < .3)
    x = torch.where(some, blur(x, .7), x)
    return levels((x + uniform(x, 0, .02, g) * torch.randn(x.shape, generator=g)).clamp(0, 1))


def inverted(x, g):
    """White for black, margins included."""
    return levels(1 - affine(x, u(len(x), 1.0, 1.35, g)))


def quarter(x, g):
    k = torch.rand(len(x), generator=g) < .5
    return torch.where(k.view(-1, 1, 1, 1), x.rot90(1, [2, 3]), x.rot90(3, [2, 3]))


def upside_down(x, g):
    k = torch.rand(len(x), generator=g) < .5
    return torch.where(k.view(-1, 1, 1, 1), x.flip(2), x.rot90(2, [2, 3]))


AIR = 0.08


def tissue_inverted(x, g):
    """Bright tissue dark, dark tissue bright, air as it is: like T2 from T1."""
    y = (1 + AIR - x).clamp(0, 1).pow(torch.exp(uniform(x, -.3, .5, g)))
    return levels(torch.where(x > AIR, y, x))


def curve(x, points):
    """Straight pieces through points [n, k], from 0 to 1."""
    n, k = points.shape
    along = x.clamp(0, 1).flatten(1) * (k - 1)
    lower = along.floor().clamp_max(k - 2)
    i = lower.long()
    a, b = points.gather(1, i), points.gather(1, i + 1)
    return (a + (b - a) * (along - lower)).view_as(x)


def other_curve(x, g):
    """Fluid bright and the brightest tissue dark: a curve that rises and falls (FLAIR and PD contrast)."""
    n = len(x)
    top = u(n, .15, .4, g)
    p = torch.stack([torch.zeros(n), u(n, .7, 1, g), u(n, .4, .9, g), u(n, .25, .6, g), u(n, .1, .45, g), u(n, 0, .3, g)], 1)
    q = torch.stack([torch.zeros(n), u(n, 0, .3, g), u(n, .7, 1, g), u(n, .2, .5, g), u(n, 0.5, 1, g), u(n, 0, .3, g)], 1)
    pick = (torch.rand(n, 1, generator=g) < .5)
    return levels(curve(x, torch.where(pick, p, q)))


def thick(x, g):
    """Another plane cut out of a stack of thick slices: 18 to 30 rows across the head."""
    s = x.shape[2]
    out = []
    for scan in x:
        rows = int(torch.randint(18, 31, (1,), generator=g))
        mode = "nearest" if torch.rand(1, generator=g) < .5 else "bilinear"
        scan = F.interpolate(F.interpolate(scan[None], (rows, s), mode="area"), (s, s), mode=mode,
                             **({"align_corners": False} if mode == "bilinear" else {}))[0]
        # The stack seldom covers the head.
        stretch = float(u(1, .6, .95, g))
        scan = affine(scan[None].transpose(2, 3) if torch.rand(1, generator=g) < .3 else scan[None], torch.tensor([1.0]))[0]
        h = int(s * stretch)
        y = F.interpolate(scan[None], (h, s), mode="bilinear", antialias=True, align_corners=False)[0]
        top = (s - h) // 2
        out.append(F.pad(y, (0, 0, top, s - h - top)))
    return levels(torch.stack(out))


def zoomed(x, g):
    """A part of a third to a half of the side."""
    n = len(x)
    part = u(n, .3, .5, g)
    room = (1 - part) * .6
    return levels(affine(x, part, None, (2 * torch.rand(n, generator=g) - 1) * room, (2 * torch.rand(n, generator=g) - 1) * room))


def cut_off(x, g):
    """Half of the head outside of the frame, or the head small in it."""
    n = len(x)
    s = u(n, .9, 1.1, g)
    away = torch.rand(n, generator=g) * 2 * math.pi
    far = u(n, .7, 1.0, g)
    a = affine(x, s, None, far * away.cos(), far * away.sin())
    small = affine(x, u(n, 1.8, 3, g), None, u(n, -.5, .5, g), u(n, -.5, .5, g))
    return levels(torch.where((torch.rand(n, 1, 1, 1, generator=g) < .5), a, small))


def noise(x, g):
    """Noise of several grains, as of an empty coil."""
    n, s = len(x), x.shape[2]
    out = []
    for _ in range(n):
        cells = int(torch.randint(4, s, (1,), generator=g)) if torch.rand(1, generator=g) < .6 else s
        kind = int(torch.randint(0, 2, (1,), generator=g))
        y = torch.rand(1, 1, cells, cells, generator=g) if kind else torch.randn(1, 2, cells, cells, generator=g).norm(dim=1, keepdim=True)
        out.append(F.interpolate(y, (s, s), mode="bicubic" if cells < s else "nearest")[0])
    return levels(torch.stack(out))


def blank(x, g):
    """A phantom's disc, a slope, nothing with a speck: no head."""
    n, s = len(x), x.shape[2]
    yy, xx = torch.meshgrid(torch.linspace(-1, 1, s), torch.linspace(-1, 1, s), indexing="ij")
    out = []
    for i in range(n):
        r = torch.rand(8, generator=g)
        kind = int(r[0] * 4)
        if kind == 0:  # a bottle
            y = (((xx - r[1] * .4 + .2) / (.4 + .5 * r[3])) ** 2 + ((yy - r[2] * .4 + .2) / (.4 + .5 * r[4])) ** 2 < 1).float() * (.5 + .5 * r[5]) * (1 + .3 * (xx * (r[6] - .5) + yy * (r[7] - .5)))
        elif kind == 1:  # a slope
            y = .5 + .5 * (xx * (r[1] - .5) + yy * (r[2] - .5)) / .7
        elif kind == 2:  # specks
            y = torch.zeros(s, s)
            for _ in range(int(1 + r[1] * 6)):
                q = torch.rand(3, generator=g)
                y = y + torch.exp(-((xx - q[0] * 2 + 1) ** 2 + (yy - q[1] * 2 + 1) ** 2) / (.002 + .03 * q[2]))
        else:  # the air beside a head
            y = .05 * (torch.randn(s, s, generator=g) ** 2 + torch.randn(s, s, generator=g) ** 2).sqrt() + torch.exp(-((xx - (r[1] * 2 - 1) * 1.2) ** 2 + (yy - (1.2 if r[2] < .5 else -1.2)) ** 2) / .2)
        y = y + .01 * torch.randn(s, s, generator=g).abs()
        out.append(y[None])
    return levels(torch.stack(out))


def drawn(x, g):
    """Text, charts, checkers, screens: no MRI."""
    n, s = len(x), x.shape[2]
    yy, xx = torch.meshgrid(torch.arange(s).float(), torch.arange(s).float(), indexing="ij")
    out = []
    for _ in range(n):
        r = torch.rand(10, generator=g)
        kind = int(r[0] * 4)
        y = torch.full((s, s), 0.0)
        if kind == 0:  # lines of text
            h = int(5 + r[1] * 14)
            for top in range(int(r[2] * h), s - h, int(h * 1.6) + 1):
                left = int(r[3] * s * .15)
                while left < s * (.6 + .4 * float(torch.rand(1, generator=g))):
                    q = torch.rand(4, generator=g)
                    w = max(2, int(h * (.3 + .4 * q[0])))
                    if q[1] > .15:
                        t = max(1, h // 6)
                        y[top:top + h, left:left + t] = 1
                        if q[2] > .4: y[top:top + t, left:left + w] = 1
                        if q[3] > .4: y[top + h // 2:top + h // 2 + t, left:left + w] = 1
                        if q[2] < .7: y[top + h - t:top + h, left:left + w] = 1
                        if q[3] < .5: y[top:top + h, left + w - t:left + w] = 1
                    left += w + max(2, h // 5)
        elif kind == 1:  # a checker or stripes
            a = 4 + r[1] * 40
            ang = float(r[2] * math.pi)
            p, q = xx * math.cos(ang) + yy * math.sin(ang), -xx * math.sin(ang) + yy * math.cos(ang)
            y = ((p / a).floor() + ((q / a).floor() if r[3] < .6 else 0)) % 2
        elif kind == 2:  # a chart
            m = int(r[1] * 20 + 10)
            y[s - m, m:] = 1; y[:s - m, m] = 1
            if r[2] < .5:
                bars = int(3 + r[3] * 9); w = (s - m) // bars
                for b in range(bars):
                    q = torch.rand(2, generator=g)
                    y[int(s - m - q[0] * (s - 2 * m)):s - m, m + b * w + 2:m + b * w + 2 + int(w * .7)] = .3 + .7 * q[1]
            else:
                for _ in range(3):
                    v = torch.randn(s - m, generator=g).cumsum(0); v = (v - v.min()) / (v.max() - v.min() + 1e-6)
                    for c in range(s - m):
                        yv = int((1 - v[c]) * (s - m - 3)); y[yv:yv + 2, m + c] = 1
        else:  # windows of a screen
            for _ in range(int(3 + r[1] * 12)):
                q = torch.rand(5, generator=g)
                l, t = int(q[0] * s * .8), int(q[1] * s * .8)
                y[t:t + int(8 + q[2] * s * .6), l:l + int(8 + q[3] * s * .6)] = q[4]
        if torch.rand(1, generator=g) < .6: y = 1 - y
        out.append(y[None])
    return levels(torch.stack(out))


def leaves(x, g):
    """Discs and squares that hide each other, with shading and grain: the statistics of photographs
    (Lee, Mumford and Huang 2001)."""
    n, s = len(x), x.shape[2]
    yy, xx = torch.meshgrid(torch.linspace(0, 1, s), torch.linspace(0, 1, s), indexing="ij")
    out = []
    for _ in range(n):
        grain = torch.rand(1, 1, 12, 12, generator=g)
        y = F.interpolate(grain, (s, s), mode="bicubic")[0, 0] * .6 + .2
        count = int(30 + 200 * torch.rand(1, generator=g))
        for q in torch.rand(count, 9, generator=g):
            # Radii by the inverse cube: many small ones.
            radius = .02 / float((1 - .994 * q[2]).sqrt())
            dx, dy = xx - q[0] * 1.2 + .1, yy - q[1] * 1.2 + .1
            a = q[3] * math.pi
            p, r = dx * a.cos() + dy * a.sin(), (-dx * a.sin() + dy * a.cos()) * (.4 + 1.2 * q[4])
            inside = (p * p + r * r < radius ** 2) if q[5] < .6 else ((p.abs() < radius) & (r.abs() < radius))
            shade = q[6] + (p * (q[7] - .5) + r * (q[8] - .5)) * .8 / radius * .3
            y = torch.where(inside, shade, y)
        y = y + .06 * torch.rand(1, generator=g) * torch.randn(s, s, generator=g)
        if torch.rand(1, generator=g) < .5:
            y = blur(y[None, None], .8)[0, 0]
        out.append(y.clamp(0, 1)[None])
    return levels(torch.stack(out))


# Kind, reason.
KINDS = {
    "inverted": (inverted, "inverted"),
    "turned by a quarter": (quarter, "turned"),
    "upside down": (upside_down, "turned"),
    "tissue inverted": (tissue_inverted, "other weighting"),
    "other contrast": (other_curve, "other weighting"),
    "reformatted from thick slices": (thick, "other plane"),
    "zoomed": (zoomed, "other field of view"),
    "cut off or small": (cut_off, "other field of view"),
    "noise": (noise, "no head"),
    "blank": (blank, "no head"),
    "drawn": (drawn, "no MRI"),
    "leaves": (leaves, "no MRI"),
}
