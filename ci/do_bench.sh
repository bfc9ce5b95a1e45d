# shellcheck shell=bash
# The verb bench of ci/do, which sources this: what is measured, and beside which peers.
# shellcheck disable=SC2154 # $root and the functions that prepare and build are ci/do's.

bench_usage() {
  cat <<'TEXT'
usage: ci/bench [--only NAME]... [--quick] [--json FILE] [--list]
       ci/bench --benchmark_ARGUMENT...
       ci/bench strategies [--only NAME]... [--quick] [--json FILE]
       ci/bench goker [--quick] [--seconds N] [--out FILE]

Builds the benchmarks (preset release) and their peers, Go's and Boost.Fiber's, measures them in turn, and prints one
table: some five minutes. A peer that cannot be had is named, and the table goes on without it. ci/peers/README.md says
what each row measures. ^C ends it with the rows that were measured so far.

  --only NAME           measure this benchmark only; may be given again
  --quick               fewer and shorter repetitions: under a minute, without the build
  --json FILE           write the rows to FILE too: an array of objects with benchmark, peer, ours, theirs, unit and
                        ratio; null where there is no peer or nothing was measured
  --list                name the benchmarks and end
  --benchmark_ARGUMENT  with arguments of Google Benchmark's, as --benchmark_filter=REGEX or --benchmark_list_tests, it
                        runs taskleak's own benchmarks alone, with these

ci/bench strategies measures something else: after how many schedules each strategy finds the leaks of the catalogue,
with twenty seeds each, in a minute or two. Its --help says more; its JSON has scenario, strategy, seeds, found, median,
max and ms.

ci/bench goker does that for the 47 bugs from the field, proves their fixed twins where it can, and writes the page
scenarios/goker/README.md.

Exit codes: 0 done; 1 interrupted, or FILE could not be written; 2 it could not begin.
TEXT
}

# The table's peers, one function for each: makes it, or says in a sentence that the table goes on without it. All else
# that is said goes to a log.
peer_go() {
  local program=$root/build/peers/taskleak-go-benchmarks
  rm -f "$program"
  if ! command -v go >/dev/null && ! (ensure golang-go) >"$root/build/peers/go.log" 2>&1; then
    echo "ci/do: there is no Go, and golang-go could not be installed (build/peers/go.log says why): the table goes on" \
      "without it." >&2
  # It depends on the standard library only: nothing is to be downloaded, a newer toolchain least of all.
  elif ! (cd "$root/ci/peers/go" && env GOFLAGS=-mod=readonly GOWORK=off GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=0 \
    GOCACHE="$root/build/peers/go-cache" go build -o "$program" .) >"$root/build/peers/go.log" 2>&1; then
    echo "ci/do: Go's benchmarks could not be built (build/peers/go.log says why): the table goes on without Go." >&2
  fi
}

peer_boost_fiber() {
  local target=taskleak-boost-fiber-benchmarks log=build/peers/boost_fiber.log
  if ! grep "$target" "$root/build/release/build.ninja" >/dev/null; then # Else CMake has found it.
    if ! installed boost-fiber && ! (ensure boost-fiber) >"$root/$log" 2>&1; then
      echo "ci/do: Boost.Fiber could not be installed ($log says why): the table goes on without it." >&2
      return
    fi
    (cd "$root" && cmake --preset release) >"$root/$log" 2>&1 || true # If it failed, the build fails too.
  fi
  if ! (cd "$root" && cmake --build --preset release --target "$target") >"$root/$log" 2>&1; then
    rm -f "$root/build/release/$target"
    echo "ci/do: Boost.Fiber's benchmarks could not be built ($log says why): the table goes on without them." >&2
  fi
}

bench_strategies() {
  prepare release
  quiet_build taskleak-catalogue
  exec "$root/build/release/taskleak-catalogue" --strategies "$@"
}

bench_goker() {
  local libfuzzer=()
  prepare release
  quiet_build taskleak-catalogue
  if [[ " $* " != *' --help '* && " $* " != *' -h '* && " $* " != *' --quick '* ]]; then
    if (cd "$root" && cmake --preset fuzz && cmake --build --preset fuzz --target taskleak-catalogue) \
      >"$root/build/goker-libfuzzer.log" 2>&1; then
      libfuzzer=(--libfuzzer "$root/build/fuzz/taskleak-catalogue")
    else
      echo "ci/do: the build with libFuzzer failed (build/goker-libfuzzer.log says why): its column is left out." >&2
    fi
  fi
  exec "$root/build/release/taskleak-catalogue" --goker "${libfuzzer[@]}" "$@"
}

do_bench() {
  local argument raw=0
  case ${1-} in
    strategies | goker)
      local table=$1
      shift
      "bench_$table" "$@"
      ;;
  esac
  if [[ " $* " == *' --help '* || " $* " == *' -h '* ]]; then
    bench_usage
    return
  fi
  for argument in "$@"; do
    [[ $argument != --benchmark_* ]] || ((++raw))
  done
  if ((raw)); then
    ((raw == $#)) || refuse "arguments of Google Benchmark's (--benchmark_...) go with none of the table's: $*."
    prepare release
    quiet_build taskleak-benchmarks
    exec "$root/build/release/taskleak-benchmarks" "$@"
  fi
  command -v python3 >/dev/null || ensure python3
  # Nobody waits for a build to hear that an argument is wrong.
  python3 -B "$root/ci/peers/compare.py" --check "$@" || return
  [[ " $* " != *' --list '* ]] || return 0
  prepare release
  quiet_build taskleak-benchmarks
  mkdir -p "$root/build/peers"
  peer_go
  peer_boost_fiber
  exec python3 -B "$root/ci/peers/compare.py" --build "$root/build" "$@"
}
