"""Runs one benchmark of one program once, and repetitions of several in turn."""

import json
import os
import re
import statistics
import subprocess
import time
from dataclasses import dataclass, field

from rows import UNITS

LIMIT_SECONDS = 120  # For one repetition; a program that hangs must not hang the table.


class NotMeasured(Exception):
    """Why there is no figure: a sentence without its full stop."""


class Program:
    """A program that measures the benchmark it is told and prints JSON."""

    def __init__(self, name, path, environment=None):
        self.name = name
        self.path = path
        self.environment = environment or {}
        self.version = None

    def result(self, benchmark, seconds):
        if not os.access(self.path, os.X_OK):
            raise NotMeasured(f"{self.name} was not found")
        try:
            done = subprocess.run(
                [self.path, *self.arguments(benchmark, seconds)], capture_output=True, text=True,
                timeout=LIMIT_SECONDS, check=False, stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment})
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"{self.name} did not end within {LIMIT_SECONDS} s") from None
        except OSError as error:
            raise NotMeasured(f"{self.name} cannot be run: {error.strerror}") from None
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise NotMeasured(f"{self.name} ended with {done.returncode}: {last}")
        try:
            return self.parse(json.loads(done.stdout or "{}"))
        except (ValueError, KeyError, IndexError):
            raise NotMeasured(f"{self.name} has no benchmark {benchmark}") from None


class GoogleBenchmark(Program):
    def arguments(self, benchmark, seconds):
        # A plain number of seconds is what every version takes.
        return [f"--benchmark_filter=^{re.escape(benchmark)}$", "--benchmark_format=json",
                f"--benchmark_min_time={seconds}"]

    def parse(self, document):
        result = document["benchmarks"][0]
        if result.get("error_occurred") or result.get("skipped"):
            text = result.get("error_message") or result.get("skip_message") or "skipped"
            raise NotMeasured(text)
        return result


class GoProgram(Program):
    def arguments(self, benchmark, seconds):
        return [f"-min-time={seconds}s", benchmark]

    def parse(self, document):
        self.version = document.get("version")
        return document


@dataclass
class Cell:
    """What one program measured for one row: figures, or why there are none."""

    program: Program
    benchmark: str
    figures: list[float] = field(default_factory=list)
    why_not: str | None = None

    def measure(self, unit, seconds):
        if self.why_not is not None:
            return
        try:
            self.figures.append(UNITS[unit].figure(self.program.result(self.benchmark, seconds)))
        except NotMeasured as reason:
            self.why_not = str(reason)
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            self.why_not = f"{self.program.name} gave no {UNITS[unit].field} for {self.benchmark}"

    @property
    def median(self):
        return statistics.median(self.figures) if self.why_not is None and self.figures else None

    @property
    def noise(self):
        """Half the range, as a part of the median."""
        return (max(self.figures) - min(self.figures)) / 2 / self.median


def measure_in_turn(cells, unit, repetitions, seconds, until=None):
    """Ours, the first peer, the second, ours, … so that what slows the machine slows all of them.

    `until` is a time.monotonic() after which only what has begun is finished; each is measured once.
    """
    for repetition in range(repetitions):
        if repetition > 0 and until is not None and time.monotonic() >= until:
            return
        for cell in cells:
            cell.measure(unit, seconds)
