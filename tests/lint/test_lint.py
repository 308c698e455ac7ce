#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each lint rule is shown to find what it bans and to leave alone what it allows."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]
import layers  # noqa: E402
import run_all  # noqa: E402
import tidy  # noqa: E402
from sources import blank  # noqa: E402

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"

# rule: (a line that breaks it, where it does, a line that is fine there, a place where the bad line is at home or None)
CASES = {
    "thread": ("std::thread t(run);", "userspace/proxy/a.cc", "std::this_thread::get_id();", "userspace/daemon/a.cc"),
    "system-clock": ("auto t = std::chrono::system_clock::now();", "userspace/plan/a.cc", "steady_clock::now();", "userspace/telemetry/a.cc"),
    "getenv": ('const char* p = getenv("HOME");', "userspace/ctl/a.cc", 'auto p = "getenv(HOME)";', "tests/unit/ctl/a_test.cc"),
    "std-regex": ("std::regex r(text);", "tests/unit/base/a_test.cc", "RE2 r(text);", None),
    "iostream": ("#include <iostream>", "userspace/ctl/a.cc", "#include <ostream>", None),
    "rand": ("int n = rand() % 6;", "userspace/upstream/a.cc", "rng.operand(3);", "userspace/base/rng.cc"),
    "strerror": ("text += strerror(errno);", "userspace/io/a.cc", "text += error.text;", "userspace/base/result.cc"),
    "raw-new": ("auto* p = new Session(loop);", "userspace/proxy/a.cc", "auto p = std::make_unique<Session>(loop);  // a new session", "userspace/io/a.cc"),
    "raw-delete": ("delete session;", "userspace/proxy/a.cc", "Session(const Session&) = delete;", "userspace/io/a.cc"),
    "throw": ("throw std::runtime_error(text);", "userspace/config/a.cc", "catch (const YAML::Exception& e) {", "tests/unit/config/a_test.cc"),
    "copy-all-capture": ("auto f = [=] { run(); };", "userspace/io/a.cc", "auto f = [this, n = a[i]] { run(n); };", None),
    "friend": ("friend class Tester;", "userspace/http/a.h", 'say("friend");', None),
    "detach": ("worker.detach();", "userspace/daemon/a.cc", "bpf_link__detach(link);", None),
    "sleep": ("std::this_thread::sleep_for(1ms);", "tests/component/a_test.cc", "asleep(now);", None),
    "marker": ("// TODO: later", "bpf/a.bpf.c", "// all done", None),
    "for-now": ("// good enough for now", "userspace/io/a.cc", "// good enough: the kernel orders these", None),
    "std-function": ("std::function<void()> done;", "userspace/proxy/a.h", "loop.post(std::function<void()>(run));", "userspace/io/a.h"),
    "singleton": ("class A : std::enable_shared_from_this<A> {};", "userspace/plan/a.h", "std::shared_ptr<const A> a;", None),
    "using-namespace": ("using namespace YAML;", "userspace/config/a.h", "using namespace std::chrono_literals;", None),
}


def broken(path: str, line: str) -> set[str]:
    return {finding.text.split(":")[0] for finding in tidy.scan(path, SPDX + line + "\n")}


class TidyRules(unittest.TestCase):
    def test_every_rule_has_a_case(self):
        self.assertEqual({rule.name for rule in tidy.RULES}, set(CASES))

    def test_every_rule_finds_what_it_bans(self):
        for name, (bad, where, _, _) in CASES.items():
            with self.subTest(name):
                self.assertEqual(broken(where, bad), {name})

    def test_every_rule_leaves_alone_what_it_allows(self):
        for name, (_, where, good, _) in CASES.items():
            with self.subTest(name):
                self.assertEqual(broken(where, good), set())

    def test_the_home_of_a_symbol_may_use_it(self):
        for name, (bad, _, _, home) in CASES.items():
            if home:
                with self.subTest(name):
                    self.assertEqual(broken(home, bad), set())

    def test_a_missing_licence_line_is_found(self):
        self.assertEqual(tidy.scan("userspace/io/a.cc", "int x;\n")[0].text.split(":")[0], "spdx")

    def test_a_script_may_have_its_interpreter_first(self):
        self.assertEqual(tidy.scan("tests/a.py", "#!/usr/bin/env python3\n# SPDX-License-Identifier: Apache-2.0\n"), [])

    def test_comments_and_literals_do_not_count_as_code(self):
        for text in ("// throw it away", "/* throw\n it */", 'say("throw");', 'R"x(throw)x";', r'say("a\"throw");'):
            with self.subTest(text):
                self.assertEqual(broken("userspace/io/a.cc", text), set())

    def test_code_after_a_digit_separator_counts(self):
        self.assertEqual(broken("userspace/plan/a.cc", "int n = 10'000; throw n; int m = 20'000;"), {"throw"})

    def test_blanking_keeps_lines_and_columns(self):
        text = 'a("b\\"c"); /* d\ne */ f();  // g\n'
        self.assertEqual([len(line) for line in blank(text).split("\n")], [len(line) for line in text.split("\n")])


TABLE = """# comment
base 1:           | spdlog
io   2: base      | uv
http 2: base      | llhttp
top  3: base io http |
"""


class LayerRules(unittest.TestCase):
    def setUp(self):
        self.layers, self.findings = layers.parse(TABLE)

    def complaints(self, folder, line, test=False):
        return [f.text for f in layers.check_includes(f"userspace/{folder}/a.cc", line + "\n", folder, self.layers, test)]

    def test_the_table_is_read(self):
        self.assertEqual(self.findings, [])
        self.assertEqual(self.layers["top"].below, {"base", "io", "http"})

    def test_a_row_that_names_an_equal_rank_is_found(self):
        _, findings = layers.parse("a 1: |\nb 2: a c |\nc 2: a |\n")
        self.assertIn("whose rank is not lower", findings[0].text)

    def test_a_row_that_names_an_unknown_folder_is_found(self):
        _, findings = layers.parse("a 1: nowhere |\n")
        self.assertIn("which has no row", findings[0].text)

    def test_a_malformed_row_is_found(self):
        _, findings = layers.parse("a one\n")
        self.assertIn("not of the form", findings[0].text)

    def test_lower_and_own_folders_are_fine(self):
        for line in ('#include "base/ip.h"', '#include "io/loop.h"', "#include <uv.h>", "#include <vector>", "#include <sys/socket.h>", "#include <fmt/core.h>"):
            with self.subTest(line):
                self.assertEqual(self.complaints("io", line), [])

    def test_an_upward_include_is_found(self):
        self.assertIn("higher or equal rank", self.complaints("io", '#include "top/run.h"')[0])

    def test_folders_of_one_rank_do_not_see_each_other(self):
        self.assertIn("higher or equal rank", self.complaints("io", '#include "http/path.h"')[0])

    def test_a_foreign_library_is_found(self):
        self.assertIn("not its to touch", self.complaints("http", "#include <uv.h>")[0])
        self.assertIn("not its to touch", self.complaints("http", '#include "arrive.skel.h"')[0])

    def test_an_unknown_header_is_found(self):
        self.assertIn("no header that layers.py knows", self.complaints("io", "#include <boost/asio.hpp>")[0])

    def test_a_bare_name_in_quotes_is_found(self):
        self.assertIn("names no folder", self.complaints("io", '#include "loop.h"')[0])

    def test_a_test_may_use_doctest_and_support(self):
        for line in ("#include <doctest/doctest.h>", '#include "support/manual_clock.h"'):
            with self.subTest(line):
                self.assertEqual(self.complaints("io", line, test=True), [])
                self.assertNotEqual(self.complaints("io", line), [])

    def test_orphans_and_long_files_and_folders_without_a_row_are_found(self):
        with tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch)
            for name, text in {"userspace/LAYERS": TABLE, "userspace/io/loop.h": SPDX, "tests/unit/io/loop_test.cc": SPDX, "tests/unit/io/loop_many_test.cc": SPDX, "userspace/io/read_gate.cc": SPDX, "tests/unit/io/gate_test.cc": SPDX,
                               "tests/unit/io/gone_test.cc": SPDX, "userspace/io/long.cc": SPDX + "\n" * 400, "userspace/stray/a.cc": SPDX}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            found = {(f.path, f.text.split(";")[0].split(" has")[0]) for f in layers.check(root)}
        self.assertEqual(found, {("tests/unit/io/gone_test.cc", "no unit in userspace/ or bpf/lib bears this test's name"),
                                 ("userspace/io/long.cc", "401 lines"), ("userspace/stray/a.cc", "folder stray")})


class Runner(unittest.TestCase):
    def count(self, *lines):
        count = run_all.Count()
        for line in lines:
            count.read(line)
        return count.passed, count.failed, count.skipped

    def test_closing_lines_are_read(self):
        self.assertEqual(self.count("12 passed, 3 failed"), (12, 3, 0))
        self.assertEqual(self.count("e2e: 12 passed, 3 failed, 1 skipped"), (12, 3, 1))
        self.assertEqual(self.count("\x1b[32m[doctest] test cases: 30 | 29 passed | 1 failed | 0 skipped\x1b[0m"), (29, 1, 0))
        self.assertEqual(self.count("Ran 5 tests in 0.1s", "", "OK"), (5, 0, 0))
        self.assertEqual(self.count("Ran 5 tests in 0.1s", "", "FAILED (failures=1, errors=2, skipped=1)"), (1, 3, 1))
        self.assertEqual(self.count("I said 12 passed, 3 failed once"), (0, 0, 0))

    def run_suite(self, command, timeout=20, by_code=False):
        count, trouble = run_all.run_suite(command, timeout, by_code)
        return count.passed, count.failed, trouble

    def test_a_suite_that_dies_or_runs_nothing_or_hangs_is_a_failure(self):
        self.assertEqual(self.run_suite("echo 2 passed, 0 failed"), (2, 0, ""))
        self.assertEqual(self.run_suite("echo 2 passed, 0 failed; exit 9"), (2, 1, "exited with 9 though no test failed"))
        self.assertEqual(self.run_suite("true"), (0, 1, "ran no test"))
        self.assertEqual(self.run_suite("echo 2 passed, 0 failed; sleep 60", timeout=0.3), (2, 1, "was stopped after 0 s"))

    def test_a_suite_may_be_judged_by_its_exit_code_alone(self):
        self.assertEqual(self.run_suite("true", by_code=True), (1, 0, ""))
        self.assertEqual(self.run_suite("echo 7 passed, 0 failed; exit 3", by_code=True), (0, 1, "exited with 3"))


if __name__ == "__main__":
    unittest.main()
