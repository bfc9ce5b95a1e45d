# The programs of ci/peers/ that CMake builds, to compare with. A peer that is not installed is left out: only ci/bench
# has a use for it, and says so.

# Their fibers are unknown to the sanitizers.
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  return()
endif()

set(taskleak_saved_boost_static "${Boost_USE_STATIC_LIBS}")
set(Boost_USE_STATIC_LIBS "${TASKLEAK_BOOST_STATIC}")
find_package(boost_fiber "${Boost_VERSION}" EXACT QUIET CONFIG)
set(Boost_USE_STATIC_LIBS "${taskleak_saved_boost_static}")
if(TARGET Boost::fiber)
  add_executable(taskleak-boost-fiber-benchmarks ci/peers/boost_fiber_benchmark.cc
                                                 ci/peers/boost_fiber_pool_benchmark.cc)
  taskleak_own(taskleak-boost-fiber-benchmarks)
  target_link_libraries(taskleak-boost-fiber-benchmarks PRIVATE Boost::fiber benchmark::benchmark
                                                                benchmark::benchmark_main)
  add_test(NAME benchmarks.boost_fiber COMMAND taskleak-boost-fiber-benchmarks --benchmark_min_time=0.001)
  set_tests_properties(benchmarks.boost_fiber PROPERTIES LABELS benchmark TIMEOUT 300)
endif()
