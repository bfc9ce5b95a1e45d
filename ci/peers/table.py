"""The table and its rows as JSON."""

import json
from dataclasses import dataclass

from measure import Cell
from rows import UNITS, Peer


@dataclass
class Row:
    benchmark: str
    unit: str
    peer: Peer | None  # None: there is nobody to compare with.
    ours: Cell
    theirs: Cell | None

    @property
    def their_median(self):
        return self.theirs.median if self.theirs else None

    @property
    def ratio(self):
        if self.ours.median is None or self.their_median is None:
            return None
        return UNITS[self.unit].ratio(self.ours.median, self.their_median)

    def as_json(self):
        return {"benchmark": self.benchmark, "peer": self.peer.name if self.peer else None,
                "ours": self.ours.median, "theirs": self.their_median, "unit": self.unit,
                "ratio": self.ratio}


def write_json(rows, path):
    with open(path, "w", encoding="utf-8") as out:
        json.dump([row.as_json() for row in rows], out, indent=2)
        out.write("\n")


def _number(value):
    if value is None:
        return "not measured"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _goal(row):
    if row.peer is None or row.peer.goal is None:
        return ""
    verdict = "" if row.ratio is None else ", met" if row.ratio >= row.peer.goal else ", missed"
    return f">= {row.peer.goal:g}{verdict}"


def _noise(row):
    cells = [cell for cell in (row.ours, row.theirs) if cell and cell.median is not None]
    return f"{max(cell.noise for cell in cells):.0%}" if cells else ""


HEAD = ("benchmark", "peer", "ours", "theirs", "unit", "ratio", "goal", "noise")
RIGHT = {"ours", "theirs", "ratio", "noise"}


def table(rows):
    lines = [HEAD]
    for row in rows:
        theirs = _number(row.their_median) if row.peer else ""
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        lines.append((row.benchmark, row.peer.name if row.peer else "", _number(row.ours.median),
                      theirs, row.unit, ratio, _goal(row), _noise(row)))
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    return "\n".join(
        "  ".join(text.rjust(width) if head in RIGHT else text.ljust(width)
                  for text, width, head in zip(line, widths, HEAD)).rstrip()
        for line in lines)


def why_not_measured(rows):
    """A sentence for each reason, with the rows it stands for."""
    reasons = {}
    for row in rows:
        for cell in (row.ours, row.theirs):
            if cell and cell.why_not is not None:
                reasons.setdefault(cell.why_not, {})[row.benchmark] = None
    return [f"Not measured, in {len(names)} of the benchmarks ({', '.join(names)}): {reason}."
            for reason, names in reasons.items()]
