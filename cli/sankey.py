"""A Sankey diagram as SVG: nodes in columns by how far money has come, bands as wide as the sums.

Bands that lead back to an earlier column (money returned, cycles) are drawn dashed below the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape as escaped
from xml.sax.saxutils import quoteattr

from rich.cells import cell_len, set_cell_size

WIDTH, COLUMN, BAR, GAP, MARGIN, TITLE = 1_200, 190, 14, 14, 24, 56
#: Height that the tallest column has for its bars, in pixels; the least a bar or band is high.
TALL, LEAST = 560, 1.0
#: Width of a letter, of which a Chinese character has two, and height that two lines need, in pixels.
_CELL, _TWO_LINES = 7, 32
_SWEEPS = 6
#: Colours that are told apart by most eyes, also where colours are not (Okabe and Ito 2008); what is spent and held apart.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7f7f7f")


def escape(text: str) -> str:
    """Text as XML may hold it: without the control characters that it has no way to write."""
    return escaped("".join(c if c.isprintable() else " " for c in text))


@dataclass(frozen=True, slots=True)
class Node:
    """`column` from 0; `label` as it is written, `value` as it is written behind it."""

    id: str
    label: str
    value: str
    column: int


@dataclass(frozen=True, slots=True)
class Band:
    """`amount` in any unit, above 0; `value` as it is written."""

    start: str
    end: str
    amount: int
    value: str


@dataclass(slots=True)
class _Bar:
    node: Node
    size: int
    y: float = 0.0
    height: float = 0.0
    out: float = 0.0
    into: float = 0.0


def drawn(title: str, note: str, nodes: Sequence[Node], bands: Sequence[Band]) -> str:
    """The SVG document. Bands of nodes that are not given are left out; so are nodes without bands."""
    nodes = sorted(nodes, key=lambda node: (node.column, node.id))
    known = {node.id for node in nodes}
    bands = sorted(
        (band for band in bands if band.amount > 0 and band.start in known and band.end in known),
        key=lambda band: (band.start, band.end),
    )
    met = {id_ for band in bands for id_ in (band.start, band.end)}
    bars = {node.id: _Bar(node, _size(node.id, bands)) for node in nodes if node.id in met}
    columns = _placed(bars, bands)
    deepest = max((bar.y + bar.height for bar in bars.values()), default=float(TITLE))
    back = [band for band in bands if _is_back(bars, band)]
    height = round(deepest + MARGIN + (40 if back else 0))
    width = max(WIDTH, MARGIN * 2 + len(columns) * COLUMN)
    step = (width - 2 * MARGIN - COLUMN) / max(1, len(columns) - 1) if len(columns) > 1 else 0.0
    at = {column: MARGIN + n * step for n, column in enumerate(columns)}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="system-ui, sans-serif" font-size="12" role="img">',
        f"<title>{escape(title)}</title><desc>{escape(note)}</desc>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="24" font-size="16" font-weight="600">{escape(title)}</text>',
        f'<text x="{MARGIN}" y="42" fill="#555">{escape(note)}</text>',
        *_bands(bars, bands, at, height),
        *_bars(bars, at, width - MARGIN),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _size(id_: str, bands: Iterable[Band]) -> int:
    into = sum(band.amount for band in bands if band.end == id_)
    out = sum(band.amount for band in bands if band.start == id_)
    return max(into, out)


def _placed(bars: dict[str, _Bar], bands: Sequence[Band]) -> list[int]:
    """Gives bars their places, so that few bands cross; returns the columns that there are."""
    columns = sorted({bar.node.column for bar in bars.values()})
    stacks = {
        column: sorted((b for b in bars.values() if b.node.column == column), key=lambda b: (-b.size, b.node.id))
        for column in columns
    }
    most = max((sum(bar.size for bar in stack) for stack in stacks.values()), default=1)
    gaps = max((len(stack) - 1 for stack in stacks.values()), default=0) * GAP
    scale = max(TALL - gaps, TALL / 3) / most
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            if sweep:
                stacks[column].sort(key=lambda bar: (_pull(bar, bars, bands), bar.node.id))
            y = float(TITLE)
            for bar in stacks[column]:
                bar.y, bar.height = y, max(LEAST, bar.size * scale)
                y += bar.height + GAP
    return columns


def _pull(bar: _Bar, bars: dict[str, _Bar], bands: Iterable[Band]) -> float:
    """The middle of what the bar is bound to, weighed by the sums."""
    total = weight = 0.0
    for band in bands:
        other = band.end if band.start == bar.node.id else band.start if band.end == bar.node.id else None
        if other is not None and other != bar.node.id:
            total += band.amount * (bars[other].y + bars[other].height / 2)
            weight += band.amount
    return total / weight if weight else bar.y


def _is_back(bars: dict[str, _Bar], band: Band) -> bool:
    return bars[band.end].node.column <= bars[band.start].node.column


def _bands(bars: dict[str, _Bar], bands: Sequence[Band], at: dict[int, float], height: int) -> Iterable[str]:
    def order(band: Band) -> tuple[float, float, str, str]:
        return (bars[band.start].y, bars[band.end].y, band.start, band.end)

    for band in sorted(bands, key=order):
        start, end = bars[band.start], bars[band.end]
        wide = max(LEAST, band.amount * start.height / start.size)
        x1, x2 = at[start.node.column] + BAR, at[end.node.column]
        y1, y2 = start.y + start.out + wide / 2, end.y + end.into + wide / 2
        start.out += wide
        end.into += wide
        said = quoteattr(f"{start.node.label} → {end.node.label}: {band.value}", {c: " " for c in map(chr, range(32))})
        colour = _COLOURS[start.node.column % len(_COLOURS)]
        if _is_back(bars, band):
            low = height - MARGIN
            path = f"M{x1:.1f} {y1:.1f} C{x1 + 60:.1f} {low} {x2 - 60:.1f} {low} {x2:.1f} {y2:.1f}"
            style = f'fill="none" stroke="{colour}" stroke-opacity="0.45" stroke-dasharray="6 4" stroke-width="2"'
        else:  # an area: a broad line that is steep would stick out at its ends
            bend, top, end_top = (x1 + x2) / 2, y1 - wide / 2, y2 - wide / 2
            path = (
                f"M{x1:.1f} {top:.1f} C{bend:.1f} {top:.1f} {bend:.1f} {end_top:.1f} {x2:.1f} {end_top:.1f} v{wide:.1f} "
                f"C{bend:.1f} {end_top + wide:.1f} {bend:.1f} {top + wide:.1f} {x1:.1f} {top + wide:.1f} Z"
            )
            style = f'fill="{colour}" fill-opacity="0.45"'
        yield (f'<path d="{path}" {style} aria-label={said}><title>{escape(said[1:-1])}</title></path>')


def _cut(text: str, room: float) -> str:
    """The text, or as much of its beginning as there is room for; `room` in pixels."""
    cells = int(room / _CELL)
    return text if cell_len(text) <= cells else f"{set_cell_size(text, cells - 1).rstrip()}…"


def _written(bar: _Bar, x: float, room: float) -> str:
    """Label and value: in two lines where the bar is high enough, else in one, in which the label gives way."""
    middle = bar.y + bar.height / 2
    label, value = bar.node.label, bar.node.value
    if bar.height + GAP >= _TWO_LINES:
        lines = (
            f'<tspan x="{x:.1f}" y="{middle - 2:.1f}">{escape(_cut(label, room))}</tspan>'
            f'<tspan x="{x:.1f}" y="{middle + 13:.1f}" fill="#555">{escape(value)}</tspan>'
        )
    else:
        short = escape(_cut(label, room - (cell_len(value) + 1) * _CELL))
        lines = f'<tspan x="{x:.1f}" y="{middle + 4:.1f}">{short}</tspan> <tspan fill="#555">{escape(value)}</tspan>'
    whole = f"<title>{escape(f'{label} {value}')}</title>"
    return f'<text paint-order="stroke" stroke="#fff" stroke-width="3">{whole}{lines}</text>'


def _bars(bars: dict[str, _Bar], at: dict[int, float], edge: float) -> Iterable[str]:
    """Labels keep to what is between their column and the next, or the edge."""
    nexts = dict(pairwise([*sorted(at.values()), edge]))
    for bar in bars.values():
        x = at[bar.node.column]
        colour = _COLOURS[bar.node.column % len(_COLOURS)]
        yield f'<rect x="{x:.1f}" y="{bar.y:.1f}" width="{BAR}" height="{bar.height:.1f}" fill="{colour}"/>'
        yield _written(bar, x + BAR + 6, nexts[x] - x - BAR - 12)
