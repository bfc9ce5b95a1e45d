"""Measures taskleak beside its peers and prints one table: what ci/bench runs. ci/do builds first."""

import os
import signal
import sys
import textwrap
import time
from dataclasses import dataclass, field

from measure import Cell, GoogleBenchmark, GoProgram, measure_in_turn
from rows import BENCHMARKS
from table import Row, table, why_not_measured, write_json

REPETITIONS, SECONDS = 7, 0.2
QUICK_REPETITIONS, QUICK_SECONDS, QUICK_LIMIT = 3, 0.03, 45.0


def say(text):
    print(f"ci/bench: {text}", file=sys.stderr, flush=True)


@dataclass
class Arguments:
    json: str | None = None
    only: list[str] = field(default_factory=list)
    quick: bool = False
    list: bool = False
    # From ci/do: the arguments are looked at before anything is built, which is then in `build`.
    check: bool = False
    build: str = "build"


def refuse(sentence):
    say(sentence)
    sys.exit(2)


def parse(argv):
    """By hand, so that what is wrong is said in a sentence."""
    arguments = Arguments()
    rest = list(argv)
    while rest:
        name, given, value = rest.pop(0).partition("=")
        if name in ("--quick", "--list", "--check") and not given:
            setattr(arguments, name[2:], True)
        elif name in ("--json", "--only", "--build"):
            if not given and rest:
                value = rest.pop(0)
            if not value:
                refuse(f"{name} needs a value; ci/bench --help says which.")
            if name == "--only":
                arguments.only.append(value)
            else:
                setattr(arguments, name[2:], value)
        else:
            refuse(f"there is no argument '{name}{given}{value}'; ci/bench --help says which there are.")
    names = [benchmark.name for benchmark in BENCHMARKS]
    for name in arguments.only:
        if name not in names:
            refuse(f"there is no benchmark '{name}'; the benchmarks are {', '.join(names)}.")
    return arguments


def check_can_write(path):
    """Before minutes of measuring. A file that was not there is not left behind."""
    existed = os.path.lexists(path)
    try:
        with open(path, "a", encoding="utf-8"):
            pass
        if not existed:
            os.remove(path)
    except OSError as error:
        say(f"{path} cannot be written: {error.strerror}.")
        sys.exit(1)


def programs(build):
    """By the names that rows.py uses."""
    go = os.path.join(build, "peers", "taskleak-go-benchmarks")
    release = os.path.join(build, "release")
    return {
        "ours": GoogleBenchmark("taskleak", os.path.join(release, "taskleak-benchmarks")),
        "go": GoProgram("Go", go, {"GOMAXPROCS": "1"}),
        "go-all-cores": GoProgram("Go", go, {"GOMAXPROCS": str(os.cpu_count())}),
        "boost-fiber": GoogleBenchmark(
            "Boost.Fiber", os.path.join(release, "taskleak-boost-fiber-benchmarks")),
    }


def measure(wanted, known, quick, rows):
    """Appends to `rows` benchmark by benchmark, so that they are there when it is interrupted."""
    repetitions = QUICK_REPETITIONS if quick else REPETITIONS
    seconds = QUICK_SECONDS if quick else SECONDS
    end = time.monotonic() + QUICK_LIMIT
    for i, benchmark in enumerate(wanted):
        say(f"{i + 1} of {len(wanted)}: {benchmark.name}")
        ours = Cell(known["ours"], benchmark.ours)
        theirs = [Cell(known[peer.program], peer.benchmark) for peer in benchmark.peers]
        now = time.monotonic()
        until = now + (end - now) / (len(wanted) - i) if quick else None
        measure_in_turn([ours, *theirs], benchmark.unit, repetitions, seconds, until)
        for peer, cell in zip(benchmark.peers or (None,), theirs or (None,)):
            rows.append(Row(benchmark.name, benchmark.unit, peer, ours, cell))


def footer(known, load, quick):
    repetitions = QUICK_REPETITIONS if quick else REPETITIONS
    go = known["go"].version
    text = (f"Medians of {'at most ' if quick else ''}{repetitions} interleaved repetitions; a ratio "
            "above 1: taskleak is better by this factor. Processor time of one thread, GOMAXPROCS=1"
            f"{f' ({go})' if go else ''}; the native rows by the wall clock. noise: half the range of "
            f"the repetitions, the worse of the two. Load when it began: {load:.1f} on "
            f"{os.cpu_count()} processors.")
    return textwrap.fill(text, 110)


def interrupt(_signal, _frame):
    raise KeyboardInterrupt


def main(argv):
    arguments = parse(argv)
    if arguments.list:
        print("\n".join(benchmark.name for benchmark in BENCHMARKS))
        return 0
    if arguments.json:
        check_can_write(arguments.json)
    if arguments.check:
        return 0
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    wanted = [b for b in BENCHMARKS if not arguments.only or b.name in arguments.only]
    known = programs(arguments.build)
    load = os.getloadavg()[0]
    rows = []
    interrupted = False
    try:
        measure(wanted, known, arguments.quick, rows)
    except KeyboardInterrupt:
        interrupted = True
    for number in (signal.SIGINT, signal.SIGTERM):  # What was measured is still told.
        signal.signal(number, signal.SIG_IGN)
    status = 1 if interrupted else 0
    if arguments.json:
        try:
            write_json(rows, arguments.json)
        except OSError as error:
            say(f"{arguments.json} cannot be written: {error.strerror}.")
            status = 1
    print(table(rows))
    print("\n" + footer(known, load, arguments.quick))
    for sentence in why_not_measured(rows):
        print(sentence)
    if interrupted:
        measured = len({row.benchmark for row in rows})
        print(f"Stopped before the end: {measured} of {len(wanted)} benchmarks were measured.")
    return status


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # Who read it has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
