// What symbolize.cc asks of one module's debug info and symbol table, indexed so that each answer
// is a binary search.
//
// libdw's own answers are not used where they are incomplete (dwarf_addrdie knows only units listed
// in .debug_aranges, which clang does not write) or linear in the size of the program
// (dwarf_getscopes in a unit, dwfl_module_addrinfo in the symbol table). Units are indexed when an
// address falls into them, so a large program costs what is asked of it.
//
// Not thread-safe: Symbolizer holds its lock. Valid as long as the Dwfl_Module.

#ifndef TASKLEAK_SRC_STACK_MODULE_INDEX_H_
#define TASKLEAK_SRC_STACK_MODULE_INDEX_H_

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace taskleak::internal {

// [low, high) and what lies there. Ranges may nest; of those that hold an address, the one that
// starts last is meant.
template <class T>
class RangeMap {
 public:
  void Add(Dwarf_Addr low, Dwarf_Addr high, T value);
  void Sort();
  const T* Find(Dwarf_Addr address) const;

 private:
  struct Range {
    Dwarf_Addr low;
    Dwarf_Addr high;
    Dwarf_Addr highest;  // the greatest `high` up to and including this range: where a search
                         // backwards may stop
    std::size_t order;   // in which it was added
    T value;
  };
  std::vector<Range> ranges_;
};

class ModuleIndex {
 public:
  // One frame as the debug info has it. The names live as long as the module.
  struct Function {
    Dwarf_Die die;             // a subprogram or an inlined subroutine
    const char* linkage_name;  // null if none is recorded
    const char*
        call_file;  // where it was inlined into the next function; null and 0 for a subprogram
    int call_line;
  };
  struct Location {
    std::vector<Function>
        functions;     // innermost first; empty if the address lies in no known function
    const char* file;  // of the address itself, in the innermost function; null if unknown
    int line;
  };

  explicit ModuleIndex(Dwfl_Module* module);

  // `address` is one of the running process, inside the instruction that is meant.
  Location Locate(Dwarf_Addr address);

  // The linkage name of the symbol that covers `address`; null if there is none.
  const char* Symbol(Dwarf_Addr address);

  // "user::Pool::Run(…)" from the scopes that a function was written in: for functions without a
  // linkage name.
  std::string QualifiedName(Dwarf_Die die);

  // The load address less the one in the file; the path of the file.
  Dwarf_Addr bias() const { return bias_; }
  const char* path() const { return path_; }

 private:
  // The functions and named scopes of one compilation unit, in the order of their entries in the
  // debug info.
  struct Unit {
    struct Scope {
      const void* entry;
      std::uint32_t parent;  // index of the enclosing scope; the unit itself is 0
    };
    RangeMap<Dwarf_Die> functions;
    std::vector<Scope> scopes;
  };
  struct Symbols {
    RangeMap<const char*> sized;
    RangeMap<const char*> sizeless;  // assembler labels; each reaches to the next symbol
  };

  void IndexUnits();
  const Unit& UnitOf(Dwarf_Die unit);
  static void Walk(Dwarf_Die* parent, std::uint32_t scope, Unit* unit);
  void FindLine(Dwarf_Die* unit, Dwarf_Die* innermost, Dwarf_Addr address, Location* location);
  void IndexSymbols();

  Dwfl_Module* const module_;
  const char* path_ = "";
  Dwarf_Addr bias_ = 0;
  Dwarf* dwarf_ = nullptr;
  Dwarf_Addr dwarf_bias_ = 0;
  RangeMap<Dwarf_Die> units_;
  std::unordered_map<const void*, std::unique_ptr<Unit>> unit_indexes_;
  std::unique_ptr<Symbols> symbols_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_SRC_STACK_MODULE_INDEX_H_
