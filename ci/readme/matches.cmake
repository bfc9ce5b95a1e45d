# The code blocks of the README are the marked lines of files that CI compiles: changed in one place, they must be
# changed in the other.

file(READ "${ROOT}/README.md" readme)
foreach(path ci/readme/example.cc ci/readme/fuzz_example.cc ci/consumers/find_package/CMakeLists.txt)
  file(READ "${ROOT}/${path}" text)
  if(NOT text MATCHES "README: begin\n(.*)\n[^\n]*README: end")
    message(FATAL_ERROR "${path} has no lines between 'README: begin' and 'README: end'.")
  endif()
  set(block "${CMAKE_MATCH_1}")
  string(FIND "${readme}" "\n${block}\n```\n" position)
  if(position EQUAL -1)
    message(FATAL_ERROR "README.md has no code block that equals the marked lines of ${path}. They are:\n${block}")
  endif()
endforeach()
