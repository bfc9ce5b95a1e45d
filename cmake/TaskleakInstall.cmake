# What find_package(taskleak) reads.

include(CMakePackageConfigHelpers)

set(directory "${CMAKE_INSTALL_LIBDIR}/cmake/taskleak")
configure_package_config_file(cmake/taskleakConfig.cmake.in "${PROJECT_BINARY_DIR}/taskleakConfig.cmake"
                              INSTALL_DESTINATION "${directory}")
# Before 1.0 a minor version may break its users.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/taskleakConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(
  FILES "${PROJECT_BINARY_DIR}/taskleakConfig.cmake" "${PROJECT_BINARY_DIR}/taskleakConfigVersion.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/FindLibdw.cmake"
  DESTINATION "${directory}")
install(
  EXPORT taskleakTargets
  NAMESPACE taskleak::
  DESTINATION "${directory}")
