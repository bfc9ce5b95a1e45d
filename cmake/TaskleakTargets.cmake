# How our own targets are made. Sources are found by their names, so that adding a file takes no edit here.

# taskleak_sources(<out> <pattern>…): the files of this folder, relative to it, without tests, what only tests use
# (testing.cc), and benchmarks.
function(taskleak_sources out)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" ${ARGN})
  list(FILTER found EXCLUDE REGEX "(_test|_benchmark|/testing)\\.cc$")
  set(${out} "${found}" PARENT_SCOPE)
endfunction()

# What holds for every target of ours and for nobody else's: nothing here is exported.
function(taskleak_own target)
  target_compile_options(
    ${target}
    PRIVATE -Wall
            -Wextra
            $<$<BOOL:${TASKLEAK_WERROR}>:-Werror>
            # Wrong about std::string's operator+ in libstdc++ 12 (GCC bug 105651).
            $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
            # Said once more here for targets that do not link taskleak::taskleak, see src/CMakeLists.txt.
            -fno-omit-frame-pointer
            -fno-optimize-sibling-calls)
  # Private headers are named from the root: "src/runtime/sim/simulator.h".
  target_include_directories(${target} PRIVATE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
endfunction()

# taskleak_library(<target> <name> SOURCES … [PUBLIC_HEADERS …]): a static library that is installed and exported as
# taskleak::<name>. Public headers are found from this folder: "taskleak/chan.h".
function(taskleak_library target name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SOURCES;PUBLIC_HEADERS")
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(taskleak::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  taskleak_own(${target})
  # TSan is to find the races of the code under test. Our own bookkeeping on behalf of its tasks is none; what our
  # operations order is told it (src/runtime/sanitizer.h). TASKLEAK_INSTRUMENT_ITSELF looks for races of our own.
  if("${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize=[a-z,]*thread" AND NOT TASKLEAK_INSTRUMENT_ITSELF)
    target_compile_options(${target} PRIVATE -fno-sanitize=thread)
    target_compile_definitions(${target} PRIVATE TASKLEAK_TSAN=1)
  endif()
  # libFuzzer is to be guided by the code under test, and by what a schedule did (fuzz/coverage.h). Our own undefined
  # behaviour and uses after return are the preset asan's to find: looking for them would cost every run.
  if("${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize=[a-z,-]*fuzzer-no-link")
    target_compile_options(${target} PRIVATE -fno-sanitize=fuzzer-no-link,undefined)
    if("${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize=[a-z,-]*address")
      target_compile_options(${target} PRIVATE -fsanitize-address-use-after-return=never)
    endif()
  endif()
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS "${CMAKE_CURRENT_SOURCE_DIR}" FILES ${arg_PUBLIC_HEADERS})
  if(TASKLEAK_INSTALL)
    install(TARGETS ${target} EXPORT taskleakTargets ARCHIVE FILE_SET HEADERS)
  endif()
  # That each public header stands alone is part of every build that asks for it, not a target that nobody names.
  if(CMAKE_VERIFY_INTERFACE_HEADER_SETS AND arg_PUBLIC_HEADERS)
    add_custom_target(${target}_headers ALL)
    add_dependencies(${target}_headers ${target}_verify_interface_header_sets)
  endif()
endfunction()
