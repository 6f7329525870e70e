"""A plot of cost as SVG, by hand: logarithmic axes, one line a series."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_LEBAR, _TINGGI, _TEPI = 720, 420, 60
_BARIS_NAMA = 13  # names of lines that end together stand one below the other
_WARNA = ("#1b6ca8", "#58a4d6", "#c0392b", "#7f8c8d", "#8e6c3a", "#5d7f3c", "#7d5ba6")


Titik = tuple[float, float]


def plot(
    series: Mapping[str, Sequence[Titik]], title: str, unit: Callable[[float], str], path: Path
) -> None:
    """Write seconds against what `unit` names; a series of one point gets no line."""
    points = [p for placed in series.values() for p in placed]
    x_range = min(x for x, _ in points), max(x for x, _ in points)
    y_range = min(y for _, y in points), max(y for _, y in points)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x = _share(point[0], x_range) * (_LEBAR - 3 * _TEPI) + _TEPI
        y = _TINGGI - _TEPI - _share(point[1], y_range) * (_TINGGI - 2 * _TEPI)
        return round(x, 1), round(y, 1)

    parts = [_text(_TEPI, 24, f"{title} (kedua sumbu logaritmik)", size=15)]
    for at in sorted({x for x, _ in points}):
        x, _ = place((at, y_range[0]))
        parts += [_line(x, _TEPI, x, _TINGGI - _TEPI), _text(x - 12, _TINGGI - 36, unit(at))]
    for seconds in (f * 10.0**power for power in range(-2, 3) for f in (1, 2, 5)):
        if y_range[0] <= seconds <= y_range[1]:
            _, y = place((x_range[0], seconds))
            parts += [_line(_TEPI, y, _LEBAR - 2 * _TEPI, y), _text(24, y + 4, f"{seconds:g}")]
    names: list[tuple[float, float, str, str]] = []
    for colour, (name, found) in zip(_WARNA, series.items(), strict=False):
        placed = [place(p) for p in sorted(found)]
        way = " ".join(f"{x},{y}" for x, y in placed)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>' for x, y in placed]
        names.append((placed[-1][1], placed[-1][0], name, colour))
    below = 0.0
    for y, x, name, colour in sorted(names):
        below = max(y, below + _BARIS_NAMA)
        parts.append(_text(x + 8, below + 4, name, colour=colour))
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEBAR} {_TINGGI}">'
    back = f'<rect width="{_LEBAR}" height="{_TINGGI}" fill="#ffffff"/>'
    path.write_text("\n".join([frame, back, *parts, "</svg>"]) + "\n", encoding="utf-8")


def _share(value: float, within: tuple[float, float]) -> float:
    low, high = math.log(within[0]), math.log(within[1])
    return (math.log(value) - low) / ((high - low) or 1)


def _text(x: float, y: float, text: str, *, colour: str = "#333333", size: int = 12) -> str:
    style = f'font-family="sans-serif" font-size="{size}" fill="{colour}"'
    return f'<text x="{x}" y="{y}" {style}>{text}</text>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#dddddd"/>'
