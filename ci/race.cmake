# Runs the catalogue's race under ThreadSanitizer: reported with its line, the same at a replay; the twin is silent.
# cmake -DCATALOGUE=… -P race.cmake

function(run expected variant)
  execute_process(
    COMMAND "${CATALOGUE}" "race/plain_counter/${variant}" ${ARGN}
    RESULT_VARIABLE code
    OUTPUT_VARIABLE text
    ERROR_VARIABLE text)
  if(NOT code EQUAL expected)
    message(FATAL_ERROR "race/plain_counter/${variant} ${ARGN} ended with ${code}, not ${expected}:\n${text}")
  endif()
  string(REGEX MATCHALL "plain_counter\\.cc:[0-9]+" places "${text}")
  set(places "${places}" PARENT_SCOPE)
endfunction()

run(66 unlocked)
if(NOT places)
  message(FATAL_ERROR "ThreadSanitizer's report names no line of plain_counter.cc")
endif()
# The canonical schedule, with which the exhaustive search begins, twice.
run(66 unlocked --schedules 1 --strategy exhaustive)
set(first "${places}")
run(66 unlocked --schedules 1 --strategy exhaustive)
if(NOT "${places}" STREQUAL "${first}")
  message(FATAL_ERROR "the same schedule gave two reports: ${first} and ${places}")
endif()
run(0 locked)
