# Runs EXAMPLE, the README's test, which must fail as a test does, with the report of one leaked task.

execute_process(COMMAND "${EXAMPLE}" RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
message("${text}")
if(NOT result EQUAL 1)
  message(FATAL_ERROR "The README's example ended with ${result}; a failed GoogleTest ends with 1.")
endif()
if(NOT text MATCHES "SUMMARY: taskleak: 1 task blocked in chan send")
  message(FATAL_ERROR "The README's example failed without the report that the README promises.")
endif()
