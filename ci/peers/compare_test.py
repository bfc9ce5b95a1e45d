"""Tests of the table, with programs that pretend to measure, and one run of the real one.

CMake sets TASKLEAK_BENCHMARKS, and BOOST_FIBER_BENCHMARKS where Boost.Fiber is, to the real programs.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from rows import BENCHMARKS

HERE = Path(__file__).resolve().parent
NAMES = [benchmark.name for benchmark in BENCHMARKS]
PROGRAMS = {"ours": "release/taskleak-benchmarks", "go": "peers/taskleak-go-benchmarks",
            "boost-fiber": "release/taskleak-boost-fiber-benchmarks"}


class Fixture(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.json = self.scratch / "rows.json"
        self.log = self.scratch / "log"

    def pretend(self, program, script):
        """Makes a program of shell commands, which writes its own name to the log when it is run."""
        path = self.scratch / PROGRAMS[program]
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\necho {program} >>'{self.log}'\n{script}\n")
        path.chmod(0o755)

    def pretend_result(self, program, *results):
        """As pretend: prints the results in turn, then the last of them again and again."""
        lines = []
        for i, result in enumerate(results):
            text = json.dumps(result if program == "go" else {"benchmarks": [result]})
            last = i + 1 == len(results)
            lines.append(f"[ $n -{'ge' if last else 'eq'} {i + 1} ] && echo '{text}'")
        count = f"n=$(grep -cx {program} '{self.log}')"
        self.pretend(program, "\n".join([count, *lines, "exit 0"]))

    def ci_bench(self, *arguments):
        return subprocess.run(
            [sys.executable, "-B", HERE / "compare.py", "--build", self.scratch, *arguments],
            capture_output=True, text=True, timeout=240, check=False)

    def rows(self, *arguments):
        self.done = self.ci_bench("--quick", "--json", self.json, *arguments)
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        return json.loads(self.json.read_text())

    def runs(self):
        return self.log.read_text().split() if self.log.exists() else []


class TableTest(Fixture):
    def assert_refused(self, done, code, *words):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(self.runs(), [])

    def test_ratio_of_the_medians_measured_in_turn(self):
        self.pretend_result("ours", *({"items_per_second": rate} for rate in (1e7, 4e7, 2e7)))
        self.pretend_result("go", {"items_per_second": 5e6})
        self.assertEqual(self.rows("--only", "select_ping_pong"), [
            {"benchmark": "select_ping_pong", "peer": "Go", "ours": 50, "theirs": 200, "unit": "ns",
             "ratio": 4}])
        self.assertEqual(self.runs(), ["ours", "go"] * 3)
        self.assertRegex(self.done.stdout, r"select_ping_pong +Go +50 +200 +ns +4\.00")

    def test_of_rates_more_is_better(self):
        self.pretend_result("ours", {"items_per_second": 300})
        self.pretend_result("go", {"items_per_second": 100})
        row, = self.rows("--only", "context_pool_schedules")
        self.assertEqual((row["ours"], row["theirs"], row["ratio"]), (300, 100, 3))

    def test_says_whether_a_goal_is_met(self):
        self.pretend_result("ours", {"items_per_second": 1e7})
        self.pretend_result("go", {"items_per_second": 9e6})
        self.rows("--only", "spawn_end", "--only", "ping_pong")
        self.assertRegex(self.done.stdout, r"ping_pong +Go .*>= 4, missed")
        self.assertRegex(self.done.stdout, r"spawn_end +Go .*>= 1, met")

    def test_goes_on_without_a_peer_and_says_so(self):
        self.pretend_result("ours", {"items_per_second": 1e7})
        rows = self.rows("--only", "ping_pong")
        self.assertEqual([(row["peer"], row["ours"], row["theirs"], row["ratio"]) for row in rows],
                         [("Go", 100, None, None), ("Boost.Fiber", 100, None, None)])
        self.assertIn("Go was not found.", self.done.stdout)
        self.assertIn("Boost.Fiber was not found.", self.done.stdout)

    def test_goes_on_when_ours_is_skipped(self):
        self.pretend_result("ours", {"error_occurred": True, "error_message": "not yet there"})
        self.pretend_result("go", {"items_per_second": 1e7})
        row, = self.rows("--only", "select_ping_pong")
        self.assertEqual((row["ours"], row["theirs"], row["ratio"]), (None, 100, None))
        self.assertRegex(self.done.stdout, r"select_ping_pong +Go +not measured +100 ")
        self.assertIn("not yet there.", self.done.stdout)

    def test_goes_on_when_a_peer_breaks(self):
        self.pretend_result("ours", {"items_per_second": 1e7})
        self.pretend("go", "echo 'out of luck' >&2; exit 3")
        row, = self.rows("--only", "select_ping_pong")
        self.assertEqual((row["ours"], row["theirs"]), (100, None))
        self.assertIn("Go ended with 3: out of luck.", self.done.stdout)
        self.assertEqual(self.runs().count("go"), 1)

    def test_every_row_has_its_fields(self):
        rows = self.rows()
        self.assertEqual(list(dict.fromkeys(row["benchmark"] for row in rows)), NAMES)
        for row in rows:
            self.assertEqual(list(row), ["benchmark", "peer", "ours", "theirs", "unit", "ratio"])
            self.assertIn(row["unit"], ("ns", "schedules/s", "bytes"))

    def test_interrupted_it_tells_what_it_has(self):
        self.pretend_result("ours", {"items_per_second": 1e7})
        self.pretend("go", f"""[ $(grep -cx go '{self.log}') -le 3 ] || {{ kill -INT $PPID; exec sleep 60; }}
                               echo '{{"items_per_second": 5e6}}'""")
        done = self.ci_bench("--quick", "--json", self.json, "--only", "select_ping_pong",
                             "--only", "context_pool_schedules")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual([row["ratio"] for row in json.loads(self.json.read_text())], [2])
        self.assertRegex(done.stdout, r"select_ping_pong +Go +100 +200 ")
        self.assertIn("1 of 2 benchmarks were measured.", done.stdout)

    def test_refuses_an_unknown_name_and_lists_the_names(self):
        self.assert_refused(self.ci_bench("--only", "pingpong"), 2, "'pingpong'", *NAMES)

    def test_refuses_wrong_arguments(self):
        self.assert_refused(self.ci_bench("--slow"), 2, "--slow")
        self.assert_refused(self.ci_bench("--json"), 2, "--json")
        self.assert_refused(self.ci_bench("ping_pong"), 2, "ping_pong")

    def test_refuses_a_file_that_cannot_be_written_before_it_measures(self):
        self.pretend_result("ours", {"items_per_second": 1e7})
        path = str(self.scratch / "missing" / "rows.json")
        self.assert_refused(self.ci_bench("--json", path), 1, path)

    def test_check_leaves_no_file(self):
        self.assertEqual(self.ci_bench("--check", "--json", self.json).returncode, 0)
        self.assertFalse(self.json.exists())


class RealProgramsTest(Fixture):
    """That the names in rows.py are those of the programs, and that a real result is understood."""

    def wanted(self, program):
        names = {peer.benchmark for b in BENCHMARKS for peer in b.peers if peer.program == program}
        return names | {b.ours for b in BENCHMARKS if program == "ours"}

    def assert_has(self, path, program):
        listed = subprocess.run([path, "--benchmark_list_tests"], capture_output=True, text=True,
                                check=True).stdout.split()
        self.assertEqual(self.wanted(program) - set(listed), set())

    @unittest.skipUnless("TASKLEAK_BENCHMARKS" in os.environ, "not told where it is")
    def test_names_of_ours(self):
        self.assert_has(os.environ["TASKLEAK_BENCHMARKS"], "ours")

    @unittest.skipUnless("BOOST_FIBER_BENCHMARKS" in os.environ, "there is no Boost.Fiber")
    def test_names_of_boost_fiber(self):
        self.assert_has(os.environ["BOOST_FIBER_BENCHMARKS"], "boost-fiber")

    def test_names_of_go(self):
        text = (HERE / "go" / "main.go").read_text()
        listed = set(re.findall(r'^\t"(\w+)":', text, re.MULTILINE))
        self.assertEqual(self.wanted("go") | self.wanted("go-all-cores"), listed)

    @unittest.skipUnless("TASKLEAK_BENCHMARKS" in os.environ, "not told where it is")
    def test_measures_ours(self):
        (self.scratch / "release").mkdir()
        (self.scratch / PROGRAMS["ours"]).symlink_to(
            Path(os.environ["TASKLEAK_BENCHMARKS"]).absolute())
        for row in self.rows("--only", "spawn_end"):
            self.assertGreater(row["ours"], 0)
            self.assertEqual((row["unit"], row["theirs"], row["ratio"]), ("ns", None, None))


if __name__ == "__main__":
    unittest.main()
