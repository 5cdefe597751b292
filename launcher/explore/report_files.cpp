#include "launcher/explore/report_files.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "launcher/explore/failure_directory.hpp"
#include "launcher/explore/page.hpp"
#include "launcher/say.hpp"

namespace detsim {

void add_report_options(CLI::App& app, ReportFiles& files) {
  app.add_option("--json", files.json, "Write what was found to this file, for programs")
      ->type_name("FILE");
  app.add_option("--junit", files.junit, "The same as JUnit XML")->type_name("FILE");
  app.add_option("--markdown", files.markdown, "The same as Markdown")->type_name("FILE");
  app.add_option("--html", files.html, "The same as one page for a browser")->type_name("FILE");
}

bool write_reports(const ReportFiles& files, const Results& results, const std::string& program) {
  bool written = true;
  const auto write = [&](const std::string& path, const auto& text) {
    if (path.empty() || write_file(path, text())) return;
    say(fmt::format("cannot write '{}'", path));
    written = false;
  };
  write(files.json, [&] {
    return json_of(results.options, results.done, program)
               .dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
           "\n";
  });
  write(files.junit, [&] { return junit_text(results.options, results.done, program); });
  write(files.markdown, [&] { return markdown_text(results.done, program); });
  write(files.html, [&] { return page_text(results, program); });
  return written;
}

}  // namespace detsim
