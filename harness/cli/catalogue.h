// The command behind ci/fuzz: runs the catalogue.
#ifndef TASKLEAK_HARNESS_CLI_CATALOGUE_H_
#define TASKLEAK_HARNESS_CLI_CATALOGUE_H_

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "taskleak/scenario.h"

namespace taskleak::internal {

struct CatalogueOptions {
  std::vector<std::string> selectors;  // Names, folders, globs; empty: everything.
  std::optional<double> seconds;       // For each variant.
  std::optional<std::uint64_t> schedules;
  std::uint64_t seed = 1;
  std::optional<Strategy> strategy;  // Instead of the variant's own.
  std::string replay;                // A token, for the one variant selected.
  bool terminal = false;             // Progress is drawn over itself.
  int width = 100;                   // Of the terminal.
  bool check_determinism = false;
  std::string corpus = "corpus";  // Where schedules are kept.
};

struct SelectedVariant {
  const Scenario* scenario;
  const Variant* variant;
  std::string full_name() const { return scenario->name + "/" + variant->name; }
};

// What the selectors name, in the catalogue's order, each variant once. `exact`: one selector,
// which names one variant in full. Throws UsageError, with suggestions, for a selector that names
// nothing.
struct Selection {
  std::vector<SelectedVariant> variants;
  bool exact = false;
};
Selection Select(const std::vector<Scenario>& all, const std::vector<std::string>& selectors);

// "--list".
void ListCatalogue(const std::vector<Scenario>& all, const std::vector<std::string>& selectors,
                   std::ostream& out);

// Runs what is selected and judges it: 0 when every leaky variant was caught and every fixed one
// held, 1 when not. One variant named exactly is judged as a test would be: 1 when it fails.
int RunCatalogue(const std::vector<Scenario>& all, const CatalogueOptions& options,
                 std::ostream& out, std::ostream& progress);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_CLI_CATALOGUE_H_
