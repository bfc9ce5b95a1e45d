# elfutils, which ships no package file for CMake: defines Libdw::dw (with libdwfl) and Libdw::elf.

find_path(Libdw_INCLUDE_DIR elfutils/libdwfl.h)
find_library(Libdw_LIBRARY dw)
find_path(Libelf_INCLUDE_DIR libelf.h)
find_library(Libelf_LIBRARY elf)
mark_as_advanced(Libdw_INCLUDE_DIR Libdw_LIBRARY Libelf_INCLUDE_DIR Libelf_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libdw REQUIRED_VARS Libdw_LIBRARY Libdw_INCLUDE_DIR Libelf_LIBRARY Libelf_INCLUDE_DIR)

if(Libdw_FOUND AND NOT TARGET Libdw::dw)
  add_library(Libdw::elf UNKNOWN IMPORTED)
  set_target_properties(Libdw::elf PROPERTIES IMPORTED_LOCATION "${Libelf_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                                                    "${Libelf_INCLUDE_DIR}")
  add_library(Libdw::dw UNKNOWN IMPORTED)
  set_target_properties(
    Libdw::dw PROPERTIES IMPORTED_LOCATION "${Libdw_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${Libdw_INCLUDE_DIR}"
                         INTERFACE_LINK_LIBRARIES Libdw::elf)
endif()
