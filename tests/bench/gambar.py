"""A plot of cost against size as SVG, by hand: logarithmic axes, one line a contestant."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.bench.banding import Catatan

_LEBAR, _TINGGI, _TEPI = 720, 420, 60
_WARNA = ("#1b6ca8", "#58a4d6", "#c0392b", "#7f8c8d", "#8e6c3a", "#5d7f3c", "#7d5ba6")


def plot(made: Sequence[Catatan], path: Path) -> None:
    """Write the plot of every measurement that has a time."""
    by_name: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for m in made:
        if m.detik:
            by_name[m.pelomba].append((m.baris, m.detik))
    points = [p for series in by_name.values() for p in series]
    x_range = min(x for x, _ in points), max(x for x, _ in points)
    y_range = min(y for _, y in points), max(y for _, y in points)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x = _share(point[0], x_range) * (_LEBAR - 3 * _TEPI) + _TEPI
        y = _TINGGI - _TEPI - _share(point[1], y_range) * (_TINGGI - 2 * _TEPI)
        return round(x, 1), round(y, 1)

    parts = [_text(_TEPI, 24, "Detik menurut baris sesisi (kedua sumbu logaritmik)", size=15)]
    for rows in sorted({x for x, _ in points}):
        x, _ = place((rows, y_range[0]))
        parts += [_line(x, _TEPI, x, _TINGGI - _TEPI), _text(x - 12, _TINGGI - 36, _short(rows))]
    for seconds in (1, 2, 5, 10, 20, 50, 100, 200, 500):
        if y_range[0] <= seconds <= y_range[1]:
            _, y = place((x_range[0], seconds))
            parts += [_line(_TEPI, y, _LEBAR - 2 * _TEPI, y), _text(24, y + 4, str(seconds))]
    for colour, (name, series) in zip(_WARNA, by_name.items(), strict=False):
        placed = [place(p) for p in sorted(series)]
        way = " ".join(f"{x},{y}" for x, y in placed)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>' for x, y in placed]
        x, y = placed[-1]
        parts.append(_text(x + 8, y + 4, name, colour=colour))
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEBAR} {_TINGGI}">'
    back = f'<rect width="{_LEBAR}" height="{_TINGGI}" fill="#ffffff"/>'
    path.write_text("\n".join([frame, back, *parts, "</svg>"]) + "\n", encoding="utf-8")


def _share(value: float, within: tuple[float, float]) -> float:
    low, high = math.log(within[0]), math.log(within[1])
    return (math.log(value) - low) / ((high - low) or 1)


def _short(rows: float) -> str:
    return f"{rows / 1e6:g} jt"


def _text(x: float, y: float, text: str, *, colour: str = "#333333", size: int = 12) -> str:
    style = f'font-family="sans-serif" font-size="{size}" fill="{colour}"'
    return f'<text x="{x}" y="{y}" {style}>{text}</text>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#dddddd"/>'
