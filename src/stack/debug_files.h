// Where the debug info of a module lies that does not carry it itself.

#ifndef TASKLEAK_SRC_STACK_DEBUG_FILES_H_
#define TASKLEAK_SRC_STACK_DEBUG_FILES_H_

#include <elfutils/libdwfl.h>

namespace taskleak::internal {

// A Dwfl_Callbacks::find_debuginfo.
// Where separate debug info lies, by build id and then by debug link. dwfl_standard_find_debuginfo
// would also load libdebuginfod, with libcurl and some twenty more libraries, into the user's
// process and ask servers on the network.
int FindDebugInfo(Dwfl_Module* module, void** user_data, const char* name, Dwarf_Addr base,
                  const char* file_name, const char* link, GElf_Word crc, char** result);

}  // namespace taskleak::internal

#endif  // TASKLEAK_SRC_STACK_DEBUG_FILES_H_
