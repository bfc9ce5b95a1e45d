# Every *_test.cc and *_benchmark.cc of the tree, the downstream consumers, and the README.

include(GoogleTest)

# taskleak_tests(<folder> [libraries]): one executable, <folder>_tests, and one ctest test for each TEST in it.
function(taskleak_tests folder)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*_test.cc"
       "${PROJECT_SOURCE_DIR}/${folder}/*/testing.cc")
  # Those that wrap the platform's calls, and those that run the command: executables of their own.
  list(FILTER tests EXCLUDE REGEX "/threads/|/command/")
  if(NOT tests)
    return()
  endif()
  if(NOT folder MATCHES "src|scenarios") # Those of src are there; what scenarios do is code under test.
    list(APPEND tests "${PROJECT_SOURCE_DIR}/src/runtime/testing.cc"
         "${PROJECT_SOURCE_DIR}/src/runtime/native/testing.cc")
  endif()
  set(target ${folder}_tests)
  add_executable(${target} ${tests})
  taskleak_own(${target})
  target_compile_definitions(${target} PRIVATE TASKLEAK_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                               TASKLEAK_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${target} PRIVATE GTest::gmock nlohmann_json::nlohmann_json)
  foreach(library taskleak taskleak_symbolize taskleak_fuzz taskleak_harness ${ARGN})
    if(TARGET ${library})
      target_link_libraries(${target} PRIVATE ${library})
    endif()
  endforeach()
  if(TARGET taskleak_gtest_main)
    target_link_libraries(${target} PRIVATE taskleak_gtest_main)
  else()
    target_link_libraries(${target} PRIVATE GTest::gtest_main)
  endif()
  # One label only: CMake 3.25 keeps the first of several. PRE_TEST: listing the tests of a sanitized build is slow,
  # and a build that cannot list them should still have been built.
  gtest_discover_tests(
    ${target}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 300 LABELS ${folder})
endfunction()

# What its test measures is what our extra counters are worth, alone.
if(TASKLEAK_LIBFUZZER)
  set_source_files_properties("${PROJECT_SOURCE_DIR}/harness/gtest/feedback_test.cc"
                              PROPERTIES COMPILE_OPTIONS -fno-sanitize=fuzzer-no-link)
endif()

# Programs that know nothing of taskleak, each compiled once: as it is, for the preload, and linked with taskleak.
# taskleak_program(<name> <objects> [libraries])
function(taskleak_program name objects)
  add_executable(program_${name} $<TARGET_OBJECTS:${objects}>)
  target_link_libraries(program_${name} PRIVATE Threads::Threads ${ARGN})
  set_target_properties(program_${name} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY
                                                   "${PROJECT_BINARY_DIR}/programs")
endfunction()

file(GLOB programs CONFIGURE_DEPENDS harness/threads/programs/*.cc)
foreach(source ${programs})
  cmake_path(GET source STEM program)
  set(objects program_${program}_objects)
  add_library(${objects} OBJECT "${source}")
  taskleak_own(${objects})
  taskleak_program(${program} ${objects})
  taskleak_program(${program}_linked ${objects} taskleak_native taskleak_exit_judge)
  list(APPEND program_targets program_${program} program_${program}_linked)
  if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize") # Neither compiler links a sanitizer statically.
    taskleak_program(${program}_static ${objects} taskleak_native_static -static)
    list(APPEND program_targets program_${program}_static)
  endif()
endforeach()

# Suites of GoogleTest's that know nothing of taskleak, each as it is, and without its symbols.
file(GLOB suites CONFIGURE_DEPENDS harness/threads/suites/*.cc)
foreach(source ${suites})
  cmake_path(GET source STEM suite)
  foreach(target ${suite} ${suite}_stripped)
    add_executable(${target} "${source}")
    taskleak_own(${target})
    target_link_libraries(${target} PRIVATE GTest::gtest_main)
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/programs")
    list(APPEND program_targets ${target})
  endforeach()
  target_link_options(${suite}_stripped PRIVATE LINKER:--strip-all)
endforeach()

# An executable of its own: it wraps nothing and links nothing of taskleak.
file(GLOB tests CONFIGURE_DEPENDS harness/threads/*.cc)
add_executable(programs_tests ${tests})
taskleak_own(programs_tests)
target_compile_definitions(programs_tests PRIVATE TASKLEAK_PROGRAMS="${PROJECT_BINARY_DIR}/programs"
                                                  TASKLEAK_PRELOAD="$<TARGET_FILE:taskleak_preload>")
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  target_compile_definitions(programs_tests PRIVATE TASKLEAK_STATIC_PROGRAMS=1)
endif()
target_link_libraries(programs_tests PRIVATE GTest::gtest_main)
add_dependencies(programs_tests taskleak_preload ${program_targets})
gtest_discover_tests(
  programs_tests
  DISCOVERY_MODE PRE_TEST
  DISCOVERY_TIMEOUT 60
  PROPERTIES TIMEOUT 300 LABELS threads)

# The command: its parts, and itself on these programs.
if(TARGET taskleak_command)
  file(GLOB tests CONFIGURE_DEPENDS harness/command/*_test.cc)
  add_executable(command_tests ${tests} harness/command/testing.cc)
  taskleak_own(command_tests)
  target_compile_definitions(
    command_tests
    PRIVATE TASKLEAK_PROGRAMS="${PROJECT_BINARY_DIR}/programs"
            TASKLEAK_PRELOAD="$<TARGET_FILE:taskleak_preload>"
            TASKLEAK_COMMAND="$<TARGET_FILE:taskleak_executable>"
            TASKLEAK_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(command_tests PRIVATE taskleak_command GTest::gmock GTest::gtest_main
                                              nlohmann_json::nlohmann_json)
  add_dependencies(command_tests taskleak_executable taskleak_preload ${program_targets})
  gtest_discover_tests(
    command_tests
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 300 LABELS command)
endif()

taskleak_tests(src taskleak_model)
taskleak_tests(fuzz)
taskleak_tests(harness taskleak_cli)
taskleak_tests(scenarios taskleak_scenarios)

# The wrapped calls, and what they see of threads that know nothing of taskleak.
file(GLOB_RECURSE tests CONFIGURE_DEPENDS src/threads/*_test.cc)
add_executable(threads_tests ${tests})
taskleak_own(threads_tests)
target_link_libraries(threads_tests PRIVATE taskleak_native taskleak GTest::gtest_main)
# So that the tests can name the functions in a stack without debug info.
set_target_properties(threads_tests PROPERTIES ENABLE_EXPORTS ON)
target_compile_definitions(threads_tests PRIVATE TASKLEAK_PRELOAD="$<TARGET_FILE:taskleak_preload>")
add_dependencies(threads_tests taskleak_preload)
gtest_discover_tests(
  threads_tests
  DISCOVERY_MODE PRE_TEST
  DISCOVERY_TIMEOUT 60
  PROPERTIES TIMEOUT 300 LABELS threads)

# The parsers' fuzz targets, with the parsers compiled anew: libFuzzer is to see into these, which taskleak_fuzz keeps
# from it. Without libFuzzer each runs on what is kept in corpus/ and on neighbours of it.
file(GLOB targets CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/fuzz/targets/*_target.cc")
file(GLOB parsers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/fuzz/schedule*.cc" "${PROJECT_SOURCE_DIR}/fuzz/kept*.cc"
     "${PROJECT_SOURCE_DIR}/fuzz/script*.cc")
list(FILTER parsers EXCLUDE REGEX "(_test|_benchmark)\\.cc$")
foreach(source ${targets})
  cmake_path(GET source STEM name)
  add_executable(fuzz_${name} "${source}" ${parsers})
  taskleak_own(fuzz_${name})
  target_include_directories(fuzz_${name} PRIVATE "${PROJECT_SOURCE_DIR}/fuzz")
  target_link_libraries(fuzz_${name} PRIVATE taskleak ${TASKLEAK_ABSL})
  if(TASKLEAK_LIBFUZZER)
    string(REPLACE "fuzzer_no_main" "fuzzer" library "${TASKLEAK_LIBFUZZER}")
    target_link_libraries(fuzz_${name} PRIVATE "${library}")
    add_test(NAME fuzz.${name} COMMAND fuzz_${name} -runs=20000 -seed=1 -verbosity=0)
  else()
    target_sources(fuzz_${name} PRIVATE "${PROJECT_SOURCE_DIR}/fuzz/targets/seeds_main.cc")
    add_test(NAME fuzz.${name} COMMAND fuzz_${name} "${PROJECT_SOURCE_DIR}/corpus")
  endif()
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endforeach()

file(GLOB_RECURSE benchmarks CONFIGURE_DEPENDS src/*_benchmark.cc fuzz/*_benchmark.cc harness/*_benchmark.cc
     scenarios/*_benchmark.cc)
# With and without the wrapped calls: two executables of one source.
file(GLOB threads_benchmark CONFIGURE_DEPENDS src/threads/*_benchmark.cc)
list(REMOVE_ITEM benchmarks ${threads_benchmark})
foreach(target threads-benchmark threads-benchmark-untracked)
  add_executable(${target} ${threads_benchmark})
  taskleak_own(${target})
  target_link_libraries(${target} PRIVATE benchmark::benchmark benchmark::benchmark_main)
  add_test(NAME benchmarks.${target} COMMAND ${target} --benchmark_min_time=0.001)
  set_tests_properties(benchmarks.${target} PROPERTIES LABELS benchmark TIMEOUT 300)
endforeach()
target_link_libraries(threads-benchmark PRIVATE taskleak_native)
if(benchmarks)
  add_executable(taskleak-benchmarks ${benchmarks})
  taskleak_own(taskleak-benchmarks)
  foreach(library taskleak taskleak_symbolize taskleak_fuzz taskleak_harness taskleak_scenarios)
    if(TARGET ${library})
      target_link_libraries(taskleak-benchmarks PRIVATE ${library})
    endif()
  endforeach()
  target_link_libraries(taskleak-benchmarks PRIVATE benchmark::benchmark benchmark::benchmark_main)
  # For a moment only, so that they cannot rot. Google Benchmark 1.7 takes a plain number, and 1.8 still does.
  add_test(NAME benchmarks COMMAND taskleak-benchmarks --benchmark_min_time=0.001)
  set_tests_properties(benchmarks PROPERTIES LABELS benchmark TIMEOUT 300)
  include(cmake/TaskleakPeers.cmake)

  # The table of ci/bench. Sanitizers change the sizes that some benchmarks have in their names.
  find_package(Python3 QUIET COMPONENTS Interpreter)
  if(Python3_Interpreter_FOUND AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    add_test(NAME benchmarks.table COMMAND Python3::Interpreter -B "${PROJECT_SOURCE_DIR}/ci/peers/compare_test.py")
    set(environment "TASKLEAK_BENCHMARKS=$<TARGET_FILE:taskleak-benchmarks>")
    if(TARGET taskleak-boost-fiber-benchmarks)
      list(APPEND environment "BOOST_FIBER_BENCHMARKS=$<TARGET_FILE:taskleak-boost-fiber-benchmarks>")
    endif()
    set_tests_properties(benchmarks.table PROPERTIES LABELS benchmark TIMEOUT 300 ENVIRONMENT "${environment}")
  endif()
endif()

# Below this line everything uses the harness as somebody else would.
if(NOT TARGET taskleak_harness)
  return()
endif()

# A race between two tasks of the simulator is found where ThreadSanitizer is.
if("${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize=[a-z,]*thread")
  add_test(NAME scenarios.race COMMAND "${CMAKE_COMMAND}" "-DCATALOGUE=$<TARGET_FILE:taskleak-catalogue>" -P
                                       "${PROJECT_SOURCE_DIR}/ci/race.cmake")
  set_tests_properties(scenarios.race PROPERTIES LABELS scenarios TIMEOUT 120)
endif()

# A project outside the tree, built against an installed copy with this build's compiler and flags.
if(TASKLEAK_INSTALL)
  add_test(
    NAME consumer.find_package
    COMMAND
      "${CMAKE_COMMAND}" "-DBUILD=${PROJECT_BINARY_DIR}" "-DCONSUMER=${PROJECT_SOURCE_DIR}/ci/consumers/find_package"
      "-DSCRATCH=${PROJECT_BINARY_DIR}/consumers/find_package" "-DGENERATOR=${CMAKE_GENERATOR}"
      "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DFLAGS=${CMAKE_CXX_FLAGS}" "-DBUILD_TYPE=${CMAKE_BUILD_TYPE}" -P
      "${PROJECT_SOURCE_DIR}/ci/consumers/find_package.cmake")
  set_tests_properties(consumer.find_package PROPERTIES LABELS consumer TIMEOUT 600)
endif()

# The README's code: it is what the file says, it compiles, and it finds what the README says it finds.
add_executable(readme_example ci/readme/example.cc)
taskleak_own(readme_example)
target_link_libraries(readme_example PRIVATE taskleak_harness GTest::gtest_main)
add_test(NAME readme.example COMMAND "${CMAKE_COMMAND}" "-DEXAMPLE=$<TARGET_FILE:readme_example>" -P
                                     "${PROJECT_SOURCE_DIR}/ci/readme/finds_the_leak.cmake")
add_executable(readme_fuzz_example ci/readme/fuzz_example.cc)
taskleak_own(readme_fuzz_example)
target_link_libraries(readme_fuzz_example PRIVATE taskleak_gtest_main)
add_test(NAME readme.fuzz_example COMMAND "${CMAKE_COMMAND}" "-DEXAMPLE=$<TARGET_FILE:readme_fuzz_example>" -P
                                          "${PROJECT_SOURCE_DIR}/ci/readme/finds_the_leak.cmake")
add_test(NAME readme.code COMMAND "${CMAKE_COMMAND}" "-DROOT=${PROJECT_SOURCE_DIR}" -P
                                  "${PROJECT_SOURCE_DIR}/ci/readme/matches.cmake")
set_tests_properties(readme.example readme.fuzz_example readme.code PROPERTIES LABELS readme TIMEOUT 60)
