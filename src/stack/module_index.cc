#include "src/stack/module_index.h"

#include <dwarf.h>

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <string_view>
#include <tuple>
#include <utility>

namespace taskleak::internal {
namespace {

// Linkers write 0 or 1 for the addresses of functions that they dropped.
constexpr Dwarf_Addr kDroppedByLinker = 1;

// Calls f(low, high) for each range of addresses of `die`.
template <class F>
void ForEachRange(Dwarf_Die* die, F f) {
  Dwarf_Addr base = 0;
  Dwarf_Addr low = 0;
  Dwarf_Addr high = 0;
  std::ptrdiff_t offset = 0;
  while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0) {
    if (low > kDroppedByLinker && low < high) f(low, high);
  }
}

template <class F>
void ForEachChild(Dwarf_Die* parent, F f) {
  Dwarf_Die child;
  if (dwarf_child(parent, &child) != 0) return;
  do {
    f(&child);
  } while (dwarf_siblingof(&child, &child) == 0);
}

// Attributes of an inlined or out-of-line copy stand with the declaration it refers to, hence
// `integrate`.
const char* StringAttribute(Dwarf_Die* die, unsigned name) {
  Dwarf_Attribute attribute;
  return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

const char* LinkageName(Dwarf_Die* die) {
  const char* name = StringAttribute(die, DW_AT_linkage_name);
  return name != nullptr ? name : StringAttribute(die, DW_AT_MIPS_linkage_name);
}

// The entry that the source declares: what the copies refer to, through however many steps.
Dwarf_Die Declaration(Dwarf_Die die) {
  for (int steps = 0; steps < 16; ++steps) {  // broken debug info may hold a cycle
    Dwarf_Attribute attribute;
    Dwarf_Die next;
    if (dwarf_attr(&die, DW_AT_abstract_origin, &attribute) == nullptr &&
        dwarf_attr(&die, DW_AT_specification, &attribute) == nullptr) {
      break;
    }
    if (dwarf_formref_die(&attribute, &next) == nullptr) break;
    die = next;
  }
  return die;
}

bool IsType(int tag) {
  return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

bool HasParameters(Dwarf_Die* function) {
  bool result = false;
  ForEachChild(function, [&](Dwarf_Die* child) {
    result = result || (dwarf_tag(child) == DW_TAG_formal_parameter &&
                        !dwarf_hasattr_integrate(child, DW_AT_artificial));  // `this`
  });
  return result;
}

// Appends the subroutines inlined at `address` below `scope` to `chain`, outermost first.
bool CollectInlined(Dwarf_Die* scope, Dwarf_Addr address, std::vector<Dwarf_Die>* chain) {
  Dwarf_Die child;
  if (dwarf_child(scope, &child) != 0) return false;
  do {
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_inlined_subroutine && dwarf_haspc(&child, address) > 0) {
      chain->push_back(child);
      CollectInlined(&child, address, chain);
      return true;
    }
    const bool block =
        tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
    // A block whose code was merged into its parent's has no addresses of its own.
    if (block && (dwarf_haspc(&child, address) > 0 ||
                  (!dwarf_hasattr(&child, DW_AT_low_pc) && !dwarf_hasattr(&child, DW_AT_ranges)))) {
      if (CollectInlined(&child, address, chain)) return true;
    }
  } while (dwarf_siblingof(&child, &child) == 0);
  return false;
}

void ReadCallSite(Dwarf_Die* inlined, ModuleIndex::Function* function) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &value) == 0) {
    function->call_line = static_cast<int>(value);
  }
  if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &value) != 0) return;
  // The table's index base differs between DWARF 4 and 5; libdw's table is built so that the number
  // fits in both.
  Dwarf_Die unit;
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (dwarf_diecu(inlined, &unit, nullptr, nullptr) != nullptr &&
      dwarf_getsrcfiles(&unit, &files, &count) == 0 && value < count) {
    function->call_file = dwarf_filesrc(files, value, nullptr, nullptr);
  }
}

}  // namespace

template <class T>
void RangeMap<T>::Add(Dwarf_Addr low, Dwarf_Addr high, T value) {
  ranges_.push_back({low, high, high, ranges_.size(), std::move(value)});
}

template <class T>
void RangeMap<T>::Sort() {
  // Of ranges that start together the smaller comes later, and so is found first; of equals, the
  // one that was added last.
  std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) {
    return std::tie(a.low, b.high, a.order) < std::tie(b.low, a.high, b.order);
  });
  Dwarf_Addr highest = 0;
  for (Range& range : ranges_) range.highest = highest = std::max(highest, range.high);
}

template <class T>
const T* RangeMap<T>::Find(Dwarf_Addr address) const {
  auto it = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                             [](Dwarf_Addr a, const Range& range) { return a < range.low; });
  while (it != ranges_.begin()) {
    --it;
    if (address < it->high) return &it->value;
    if (address >= it->highest) break;
  }
  return nullptr;
}

ModuleIndex::ModuleIndex(Dwfl_Module* module) : module_(module) {
  Dwarf_Addr start = 0;
  const char* main_file = nullptr;
  GElf_Addr elf_bias = 0;
  const bool has_elf = dwfl_module_getelf(module, &elf_bias) != nullptr;
  const char* name =
      dwfl_module_info(module, nullptr, &start, nullptr, nullptr, nullptr, &main_file, nullptr);
  // The name is the path that is mapped; the file opened for it may be /proc/self/exe.
  path_ = name != nullptr ? name : main_file != nullptr ? main_file : "";
  bias_ = has_elf ? elf_bias : start;
  dwarf_ = dwfl_module_getdwarf(module, &dwarf_bias_);
  if (dwarf_ != nullptr) IndexUnits();
}

void ModuleIndex::IndexUnits() {
  Dwarf_Addr bias = 0;
  for (Dwarf_Die* unit = nullptr; (unit = dwfl_module_nextcu(module_, unit, &bias)) != nullptr;) {
    ForEachRange(unit, [&](Dwarf_Addr low, Dwarf_Addr high) { units_.Add(low, high, *unit); });
  }
  units_.Sort();
}

void ModuleIndex::Walk(Dwarf_Die* parent, std::uint32_t scope, Unit* unit) {
  ForEachChild(parent, [&](Dwarf_Die* child) {
    const int tag = dwarf_tag(child);
    const bool function = tag == DW_TAG_subprogram;
    std::uint32_t inner = scope;
    if (function || tag == DW_TAG_namespace || IsType(tag)) {
      inner = static_cast<std::uint32_t>(unit->scopes.size());
      unit->scopes.push_back({child->addr, scope});
    } else if (tag != DW_TAG_lexical_block && tag != DW_TAG_module) {
      return;  // no function is declared within
    }
    if (function) {
      ForEachRange(
          child, [&](Dwarf_Addr low, Dwarf_Addr high) { unit->functions.Add(low, high, *child); });
    }
    Walk(child, inner, unit);
  });
}

const ModuleIndex::Unit& ModuleIndex::UnitOf(Dwarf_Die unit) {
  std::unique_ptr<Unit>& index = unit_indexes_[unit.addr];
  if (index == nullptr) {
    index = std::make_unique<Unit>();
    index->scopes.push_back({unit.addr, 0});
    Walk(&unit, 0, index.get());
    index->functions.Sort();
  }
  return *index;
}

ModuleIndex::Location ModuleIndex::Locate(Dwarf_Addr address) {
  Location location = {{}, nullptr, 0};
  address -= dwarf_bias_;
  const Dwarf_Die* found = units_.Find(address);
  if (found == nullptr) return location;
  Dwarf_Die unit = *found;

  // With -gsplit-dwarf the unit is a skeleton: it has the lines, and its other half in a .dwo file
  // has the functions.
  Dwarf_Die split;
  std::uint8_t type = 0;
  const bool is_split =
      dwarf_cu_info(unit.cu, nullptr, &type, nullptr, &split, nullptr, nullptr, nullptr) == 0 &&
      type == DW_UT_skeleton && dwarf_tag(&split) == DW_TAG_compile_unit;
  const Dwarf_Die* const function = UnitOf(is_split ? split : unit).functions.Find(address);
  if (function == nullptr) {
    FindLine(&unit, nullptr, address, &location);
    return location;
  }
  std::vector<Dwarf_Die> chain = {*function};
  CollectInlined(&chain.front(), address, &chain);
  FindLine(&unit, &chain.back(), address, &location);
  for (Dwarf_Die& die : std::views::reverse(chain)) {
    Function& entry = location.functions.emplace_back(Function{die, LinkageName(&die), nullptr, 0});
    ReadCallSite(&die, &entry);
  }
  return location;
}

void ModuleIndex::FindLine(Dwarf_Die* unit, Dwarf_Die* innermost, Dwarf_Addr address,
                           Location* location) {
  Dwarf_Lines* lines = nullptr;
  std::size_t count = 0;
  if (dwarf_getsrclines(unit, &lines, &count) != 0) return;
  const auto address_of = [&](std::size_t i) {
    Dwarf_Addr result = 0;
    dwarf_lineaddr(dwarf_onesrcline(lines, i), &result);
    return result;
  };
  std::size_t low = 0;  // in the end, the number of lines at or before the address
  for (std::size_t high = count; low < high;) {
    const std::size_t middle = low + (high - low) / 2;
    if (address_of(middle) <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  // Line 0 is code that the compiler made up. What came just before it in the same function is the
  // best answer.
  for (; low > 0; --low) {
    Dwarf_Line* const line = dwarf_onesrcline(lines, low - 1);
    bool ends = true;
    if (dwarf_lineendsequence(line, &ends) != 0 || ends) return;
    if (location->file != nullptr &&
        (innermost == nullptr || dwarf_haspc(innermost, address_of(low - 1)) <= 0)) {
      return;
    }
    location->file = dwarf_linesrc(line, nullptr, nullptr);
    dwarf_lineno(line, &location->line);
    if (location->file == nullptr || location->line != 0) return;
  }
}

std::string ModuleIndex::QualifiedName(Dwarf_Die die) {
  die = Declaration(die);
  const char* const given = StringAttribute(&die, DW_AT_name);
  std::string name = given != nullptr ? given : "";
  const int tag = dwarf_tag(&die);
  if (tag == DW_TAG_subprogram) name += HasParameters(&die) ? "(…)" : "()";
  if (name.empty() && IsType(tag)) name = "{unnamed}";

  Dwarf_Die unit_die;
  if (dwarf_diecu(&die, &unit_die, nullptr, nullptr) == nullptr) return name;
  const Unit& unit = UnitOf(unit_die);
  const auto scope =
      std::lower_bound(unit.scopes.begin(), unit.scopes.end(), die.addr,
                       [](const Unit::Scope& a, const void* entry) { return a.entry < entry; });
  if (scope == unit.scopes.end() || scope->entry != die.addr || scope->parent == 0) return name;
  Dwarf_Die parent;
  if (dwarf_die_addr_die(dwarf_cu_getdwarf(unit_die.cu),
                         const_cast<void*>(unit.scopes[scope->parent].entry), &parent) == nullptr) {
    return name;
  }
  std::string prefix = QualifiedName(parent);
  if (name.empty()) return prefix;  // an anonymous namespace
  constexpr std::string_view kUnnamed = "{unnamed}";
  if (name.starts_with("operator()") && prefix.ends_with(kUnnamed)) {  // gcc's lambdas
    prefix.replace(prefix.size() - kUnnamed.size(), kUnnamed.size(), "{lambda}");
    return prefix;
  }
  return prefix.empty() ? name : prefix + "::" + name;
}

void ModuleIndex::IndexSymbols() {
  struct Entry {
    Dwarf_Addr address;
    Dwarf_Addr size;
    const char* name;
    bool global;
  };
  std::vector<Entry> entries;
  const int count = dwfl_module_getsymtab(module_);
  for (int i = 1; i < count; ++i) {  // symbol 0 is no symbol
    GElf_Sym symbol;
    GElf_Addr address = 0;
    const char* const name =
        dwfl_module_getsym_info(module_, i, &symbol, &address, nullptr, nullptr, nullptr);
    const int type = GELF_ST_TYPE(symbol.st_info);
    if (name == nullptr || symbol.st_shndx == SHN_UNDEF || name[0] == '\0' || name[0] == '$' ||
        (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)) {
      continue;
    }
    entries.push_back({address, symbol.st_size, name, GELF_ST_BIND(symbol.st_info) == STB_GLOBAL});
  }
  // RangeMap prefers what is added last among equals; a global alias is the name that people know.
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.address, a.global) < std::tie(b.address, b.global);
  });
  symbols_ = std::make_unique<Symbols>();
  Dwarf_Addr next = ~Dwarf_Addr{0};
  for (std::size_t i = entries.size(); i-- > 0;) {
    if (i + 1 < entries.size() && entries[i + 1].address != entries[i].address) {
      next = entries[i + 1].address;
    }
    if (entries[i].size == 0) symbols_->sizeless.Add(entries[i].address, next, entries[i].name);
  }
  for (const Entry& entry : entries) {
    if (entry.size != 0) symbols_->sized.Add(entry.address, entry.address + entry.size, entry.name);
  }
  symbols_->sized.Sort();
  symbols_->sizeless.Sort();
}

const char* ModuleIndex::Symbol(Dwarf_Addr address) {
  if (symbols_ == nullptr) IndexSymbols();
  const char* const* name = symbols_->sized.Find(address);
  if (name == nullptr) name = symbols_->sizeless.Find(address);
  return name != nullptr ? *name : nullptr;
}

}  // namespace taskleak::internal
