# What taskleak is built from. A package that is missing is told in one sentence that names the mend.

list(APPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")

# taskleak_require(<package> <packages of the distribution> [arguments of find_package])
macro(taskleak_require package distribution)
  find_package(${package} QUIET ${ARGN})
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "taskleak needs ${package}, which was not found: run ci/deps, or apt-get install "
                        "${distribution}.")
  endif()
endmacro()

set(THREADS_PREFER_PTHREAD_FLAG ON)
taskleak_require(Threads libc6-dev)

# The static library where there is one: what is exported then runs on a machine without Boost. 1.74 is Debian 12's
# oldest. Nobody's own choice of Boost_USE_STATIC_LIBS is changed by ours.
set(taskleak_saved_boost_static "${Boost_USE_STATIC_LIBS}")
set(TASKLEAK_BOOST_STATIC ON)
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.74 QUIET CONFIG COMPONENTS context)
if(NOT Boost_FOUND)
  set(TASKLEAK_BOOST_STATIC OFF)
  set(Boost_USE_STATIC_LIBS OFF)
  taskleak_require(Boost "libboost-context1.81-dev (on Ubuntu 24.04: libboost-context-dev)" 1.74 CONFIG COMPONENTS
                   context)
endif()
set(Boost_USE_STATIC_LIBS "${taskleak_saved_boost_static}")

taskleak_require(Libdw "libdw-dev libelf-dev" MODULE)
taskleak_require(GTest "libgtest-dev libgmock-dev" CONFIG)
taskleak_require(absl libabsl-dev CONFIG)
# For fuzz and harness, in their .cc files only: distributions build Abseil with different options.
set(TASKLEAK_ABSL absl::strings absl::str_format absl::flat_hash_map)
taskleak_require(nlohmann_json nlohmann-json3-dev CONFIG)

if(TASKLEAK_BUILD_TESTS OR TASKLEAK_BUILD_COMMAND)
  taskleak_require(CLI11 libcli11-dev CONFIG)
endif()
if(TASKLEAK_BUILD_TESTS)
  taskleak_require(benchmark libbenchmark-dev CONFIG)
endif()

# libFuzzer's library without a main, of the very compiler: TASKLEAK_LIBFUZZER is its path where CMAKE_CXX_FLAGS ask for
# its instrumentation, else empty.
set(TASKLEAK_LIBFUZZER "")
if("${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize=[a-z,-]*fuzzer-no-link")
  execute_process(
    COMMAND "${CMAKE_CXX_COMPILER}" "-print-file-name=libclang_rt.fuzzer_no_main-${CMAKE_SYSTEM_PROCESSOR}.a"
    OUTPUT_VARIABLE TASKLEAK_LIBFUZZER
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT EXISTS "${TASKLEAK_LIBFUZZER}")
    message(FATAL_ERROR "-fsanitize=fuzzer-no-link needs clang's libFuzzer, which was not found: apt-get install "
                        "libclang-rt-19-dev, or the package of that name for your version of clang.")
  endif()
endif()
