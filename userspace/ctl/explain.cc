// SPDX-License-Identifier: Apache-2.0
// The verb explain: one request, or a batch of them.
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ctl/exit_code.h"
#include "ctl/explainer.h"
#include "ctl/explanation_text.h"
#include "ctl/handlers.h"
#include "ctl/inputs.h"
#include "ctl/invocation.h"
#include "ctl/output.h"
#include "ctl/question.h"

namespace sm::ctl {
namespace {

// Questions of one exchange with the daemon, well below kAdminRequestBytesMax.
constexpr std::size_t kChunkBytes = 256 * 1024;
constexpr std::size_t kChunkQuestions = 500;

Result<std::unique_ptr<Explainer>> explainer_for(const Asked& asked, const Invocation& call) {
  if (asked.directories.empty()) {
    return std::unique_ptr<Explainer>(std::make_unique<OnlineExplainer>(call.socket()));
  }
  for (const std::string& directory : asked.directories) {
    std::error_code failed;
    if (!std::filesystem::exists(directory, failed)) {
      return Error{ErrorCode::kNotFound, directory + " does not exist",
                   "name directories (or files) that hold resources"};
    }
  }
  return std::unique_ptr<Explainer>(std::make_unique<OfflineExplainer>(asked.directories));
}

// The error that an answer holds, or nullptr.
const Json* error_in(const Json& answer) {
  const auto found = answer.find("error");
  return answer.is_object() && found != answer.end() ? &*found : nullptr;
}

int explain_single(Explainer& explainer, const Asked& asked, const Invocation& call,
                   Console& console) {
  const Answer answer = explainer.explain(Json::array({asked.question}));
  if (answer.exit_code != kExitDone) {
    return fail(console, call.format, answer.error, answer.exit_code);
  }
  const Json& explanation = answer.result[0];
  if (const Json* error = error_in(explanation)) {
    const std::string text = error->is_string() ? error->get<std::string>() : dump_json(*error);
    return fail(console, call.format, {ErrorCode::kInvalid, text, {}}, kExitFailed);
  }
  if (!print_value(console, call.format, explanation)) {
    console.out(explanation_text(explanation));
  }
  return kExitDone;
}

// Answers lines in their order, in chunks.
class Batch {
 public:
  Batch(Explainer& explainer, Console& console) : x_explainer(explainer), x_console(console) {}

  // What run_explain() returns; the daemon's failure ends the batch.
  Answer run(std::vector<BatchLine> lines) {
    std::size_t bytes = 0;
    for (BatchLine& line : lines) {
      bytes += dump_json(line.question).size();
      x_lines.push_back(std::move(line));
      if (bytes < kChunkBytes && x_lines.size() < kChunkQuestions) continue;
      Answer failed = flush();
      if (failed.exit_code != kExitDone) return failed;
      bytes = 0;
    }
    Answer failed = flush();
    if (failed.exit_code != kExitDone) return failed;
    return {x_bad ? kExitFailed : kExitDone, {}, {}};
  }

 private:
  Answer flush() {
    Json questions = Json::array();
    for (const BatchLine& line : x_lines) {
      if (line.error.empty()) questions.push_back(line.question);
    }
    Answer answer{kExitDone, Json::array(), {}};
    if (!questions.empty()) answer = x_explainer.explain(questions);
    if (answer.exit_code != kExitDone) return answer;
    std::size_t next = 0;
    for (const BatchLine& line : x_lines) {
      Json out{{"id", line.id}};
      if (line.error.empty()) {
        const Json& explanation = answer.result[next++];
        if (explanation.is_object()) out.update(explanation);
        out["id"] = line.id;
      } else {
        out["error"] = line.error;
      }
      x_bad = x_bad || error_in(out) != nullptr;
      x_console.out(dump_json(out) + "\n");
    }
    x_lines.clear();
    return {kExitDone, {}, {}};
  }

  Explainer& x_explainer;
  Console& x_console;
  std::vector<BatchLine> x_lines;
  bool x_bad = false;
};

int explain_batch(Explainer& explainer, const Invocation& call, Console& console) {
  const auto inputs = read_inputs({call.value("--batch")}, console);
  if (!inputs) return fail(console, Format::kTable, inputs.error(), kExitFailed);
  std::vector<BatchLine> lines;
  for (const Input& input : *inputs) {
    for (BatchLine& line : batch_lines(input.text)) lines.push_back(std::move(line));
  }
  const Answer done = Batch(explainer, console).run(std::move(lines));
  if (done.error.text.empty()) return done.exit_code;
  return fail(console, Format::kTable, done.error, done.exit_code);
}

}  // namespace

int run_explain(const Invocation& call, Console& console) {
  const auto asked = asked_by(call);
  if (!asked) return fail(console, Format::kTable, asked.error(), kExitUsage);
  const auto explainer = explainer_for(*asked, call);
  if (!explainer) return fail(console, call.format, explainer.error(), kExitFailed);
  if (call.has("--batch")) return explain_batch(**explainer, call, console);
  return explain_single(**explainer, *asked, call, console);
}

}  // namespace sm::ctl
