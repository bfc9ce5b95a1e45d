#include "harness/explore/corpus.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "fuzz/kept.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargest = std::uintmax_t{16} << 20;  // No schedule comes near it.

}  // namespace

CorpusFile ReadCorpusFile(const std::string& path, const std::string& body) {
  CorpusFile file;
  file.path = path;
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) throw UsageError("cannot read " + path + ": " + error.message());
  if (size > kLargest)
    throw UsageError(path + " is too large for a schedule; take it out of the corpus");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad())
    throw UsageError("cannot read " + path + ": " + std::strerror(errno));
  if (!path.ends_with(".schedule")) {
    file.schedules.push_back(Schedule::Decode(bytes));
    return file;
  }
  KeptSchedules kept;
  try {
    kept = ReadKept(bytes);
  } catch (const UsageError& refused) {
    throw UsageError(path + ": " + refused.what());
  }
  if (kept.body != body)
    throw UsageError(path + " holds schedules of " + kept.body + ", not of " + body +
                     "; move it to that one's folder");
  file.layout = kept.layout;
  file.schedules = std::move(kept.schedules);
  file.shows = std::move(kept.shows);
  return file;
}

std::vector<CorpusFile> ReadCorpus(const std::string& folder, const std::string& body) {
  std::error_code error;
  std::vector<std::string> names;
  if (!fs::exists(folder, error)) return {};
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (entry->is_regular_file() && !name.starts_with(".") && name != "README.md")
      names.push_back(name);
  }
  if (error) throw UsageError("cannot read the folder " + folder + ": " + error.message());
  std::sort(names.begin(), names.end());
  std::vector<CorpusFile> files;
  files.reserve(names.size());
  for (const std::string& name : names)
    files.push_back(ReadCorpusFile((fs::path(folder) / name).string(), body));
  return files;
}

void WriteCorpus(const std::string& folder, const std::string& body, std::uint64_t layout,
                 const std::vector<Schedule>& schedules, const std::vector<std::string>& shows) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw UsageError("cannot make the folder " + folder + ": " + error.message());
  const std::string path = folder + "/kept.schedule";
  const std::string unfinished = folder + "/.kept.schedule." + std::to_string(getpid());
  errno = 0;
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  out << WriteKept({body, layout, schedules, shows});
  out.close();
  const int reason = errno;
  if (!out) {
    fs::remove(unfinished, error);
    throw UsageError("cannot write " + path + ": " + std::strerror(reason) +
                     "; what was kept there before is unchanged");
  }
  fs::rename(unfinished, path, error);
  if (error) {
    const std::string why = error.message();
    fs::remove(unfinished, error);
    throw UsageError("cannot write " + path + ": " + why);
  }
}

std::string LayoutChanged(const std::string& path, const std::string& mend) {
  return path +
         " was kept for another layout of decisions: the body or its operations have changed "
         "since, "
         "and its schedules may no longer mean what they did; " +
         mend;
}

std::string FindCorpus(const std::string& name) {
  std::error_code error;
  for (fs::path folder = fs::current_path(error); !error; folder = folder.parent_path()) {
    const fs::path corpus = folder / "corpus" / name;
    if (fs::is_directory(corpus, error)) return corpus.string();
    error.clear();
    if (!folder.has_relative_path()) break;
  }
  return "";
}

}  // namespace taskleak::internal
