#!/usr/bin/env python3
"""What taskleak and its peers say of the programs in harness/threads/programs, as a table in Markdown.

usage: threads.py BUILD [--timeout SECONDS]

BUILD holds the presets' folders: release, asan and tsan, each with its programs/ built (ci/do build PRESET). A program
that is left out of one of them has a dash there, and so has a peer that is not installed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path


def run(command, environment, timeout):
    """Returns the exit code, None where the time was up, and what was written to standard error."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("TASKLEAK_", "LD_PRELOAD"))}
    variables.update(environment)
    try:
        done = subprocess.run(command, env=variables, timeout=timeout, capture_output=True, text=True, errors="replace")
    except subprocess.TimeoutExpired as late:
        return None, (late.stderr or b"").decode(errors="replace")
    return done.returncode, done.stderr


def taskleaks_word(code, text):
    counts = re.search(r"(\d+) proven, (\d+) suspect, (\d+) idle", text)
    if counts is None:
        return "hangs" if code is None else "-"
    words = [f"{n} {word}" for n, word in zip(counts.groups(), ("proven", "suspect", "idle")) if n != "0"]
    return ", ".join(words)


def peers_word(code, text):
    found = re.findall(r"(?:WARNING|ERROR): \w+Sanitizer: ([^(\n]*)", text)
    found += re.findall(r"==\d+== (?=.*(?:Thread #\d+:|Possible data race|lock order))([^\n]*)", text)
    if found:
        return found[0].strip()
    return "hangs" if code is None else "nothing"


def rows(build, timeout):
    """One row for each program: its name, then a word for each column."""
    preload = build / "release/src/libtaskleak_preload.so"
    valgrind = shutil.which("valgrind")
    for source in sorted((Path(__file__).parents[2] / "harness/threads/programs").glob("*.cc")):
        name = source.stem
        row = [name]
        for preset in ("release", "asan", "tsan"):
            for suffix, variables in (("_linked", {}), ("", {"LD_PRELOAD": str(preload)})):
                program = build / preset / "programs" / (name + suffix)
                if not program.exists():
                    row.append("")
                    continue
                variables = {**variables, "ASAN_OPTIONS": "detect_leaks=0"}
                if preset == "tsan":  # There a process is watched for a deadline only.
                    variables["TASKLEAK_DEADLINE"] = "250"
                row.append(taskleaks_word(*run([program], variables, timeout)))
        for preset, variables in (("tsan", {}), ("asan", {"ASAN_OPTIONS": "detect_leaks=1"})):
            program = build / preset / "programs" / name
            row.append(peers_word(*run([program], variables, timeout)) if program.exists() else "")
        command = [valgrind, "--tool=helgrind", "--quiet", build / "release/programs" / name]
        row.append(peers_word(*run(command, {}, timeout)) if valgrind else "")
        yield row


def shorten(row):
    """Six columns of taskleak's become one where they agree."""
    name, *ours = row[:7]
    if len(set(ours)) == 1:
        return [name, ours[0], *row[7:]]
    kinds = ("plain linked", "plain preloaded", "ASan linked", "ASan preloaded", "TSan linked", "TSan preloaded")
    return [name, "; ".join(f"{kind}: {word or 'not built'}" for kind, word in zip(kinds, ours)), *row[7:]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, metavar="BUILD")
    parser.add_argument("--timeout", type=float, default=10)
    arguments = parser.parse_args()
    if not (arguments.build / "release/programs").is_dir():
        sys.exit(f"threads.py: {arguments.build}/release/programs is not there; run ci/do build release first.")
    print("| program | taskleak: plain, ASan, TSan, linked and preloaded | TSan | LSan | Helgrind |")
    print("|---|---|---|---|---|")
    for row in rows(arguments.build.resolve(), arguments.timeout):
        print("| " + " | ".join([f"`{row[0]}`", *(word or "-" for word in shorten(row)[1:])]) + " |", flush=True)


if __name__ == "__main__":
    main()
