// The files in which an exploration is reported: the same options for all verbs that do.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "launcher/explore/results.hpp"

namespace detsim {

struct ReportFiles {
  std::string json, junit, markdown, html;
  bool any() const { return !json.empty() || !junit.empty() || !markdown.empty() || !html.empty(); }
};

/// --json, --junit, --markdown, --html.
void add_report_options(CLI::App& app, ReportFiles& files);
/// False: one could not be written, which was said. `program` is argv[0].
bool write_reports(const ReportFiles& files, const Results& results, const std::string& program);

}  // namespace detsim
