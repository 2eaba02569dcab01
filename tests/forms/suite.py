#!/usr/bin/env python3
"""Every form of a report, read by the parser of whoever gets it, says what the JSON says: started by tests/forms/verify."""

import concurrent.futures
import csv
import functools
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import junitparser
import tree_sitter
import tree_sitter_powershell
from markdown_it import MarkdownIt

from organisations import ROOT, every

FOLDER = Path(tempfile.mkdtemp(dir=os.environ["SCRATCH"]))
SEVERITIES = ["error", "warning", "info"]
TEXTS = ["json", "csv", "junit", "markdown", "cmd", "exchange", "html"]


def run(name, flags, files):
    """All forms of one report, by their names; the scripts' way back and JUnit's of every --fail-on beside them."""
    out = FOLDER / name
    out.mkdir()

    def check(kind, *more, forms=()):
        outputs = [part for form in forms for part in ("-o", f"{form}={out / (form + kind)}")]
        command = [os.environ["PROGRAM"], "check", *flags, *more, *outputs, "--from", *files]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120)
        return done.returncode, {form + kind: (out / (form + kind)).read_bytes().decode() for form in forms}

    texts = check("", forms=TEXTS)[1] | check("-undo", "--undo", forms=["cmd", "exchange"])[1]
    codes = {}
    # To --fail-on all names are the same.
    for least in [*SEVERITIES, "never"] if not flags and "cases" not in files[0] else ["error"]:
        codes[least], junit = check(f"-{least}", "--fail-on", least, forms=["junit"])
        texts |= junit
    return json.loads(texts["json"]), texts, codes


with concurrent.futures.ThreadPoolExecutor() as pool:
    MADE = {name: pool.submit(run, name, *made) for name, made in every(FOLDER).items()}
REPORTS = {name: made.result() for name, made in MADE.items()}


def read(text):
    """With what was written out as `\\u{…}` as it was, so that both sides compare."""
    return re.sub(r"\\u\{([0-9a-f]{1,6})\}", lambda match: chr(int(match[1], 16)), text)


def open_findings(report):
    return [finding for finding in report["findings"] if "exception" not in finding]


def is_ready(remedy):
    return remedy["confirm"] is None and remedy["commands"]


def key(finding):
    return finding["severity"], finding["code"], read(", ".join(finding["servers"])), read(finding["spn"] or "")


def of_each(test):
    """A test of one report and its forms becomes one of all."""

    @functools.wraps(test)
    def tests(self):
        for name, made in REPORTS.items():
            with self.subTest(name):
                test(self, *made)

    return tests


class Case(unittest.TestCase):
    maxDiff = 3000


class All(Case):
    def test_the_organisations_try_every_verdict_and_code(self):
        self.assertEqual({report["verdict"] for report, _, _ in REPORTS.values()}, {"healthy", "findings", "incomplete"})
        codes = {finding["code"] for report, _, _ in REPORTS.values() for finding in report["findings"]}
        self.assertEqual(codes, {file.stem for file in (ROOT / "fixtures/codes").iterdir()})
        self.assertGreater(sum("exception" in finding for report, _, _ in REPORTS.values() for finding in report["findings"]), 50)

    @of_each
    def test_nothing_invisible_is_in_any_form(self, _report, texts, _codes):
        for form, text in texts.items():
            text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\n", "")
            self.assertNotRegex(text, "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]", form)


class Csv(Case):
    @of_each
    def test_the_rows_say_what_the_json_says(self, report, texts, _codes):
        self.assertEqual(texts["csv"][0], "\ufeff")
        rows = list(csv.DictReader(io.StringIO(texts["csv"][1:], newline=""), strict=True))
        plain = [{name: read(re.sub(r"(?:^|(?<=;))(\s*)'(?=\s*[-=+@＝＋－＠])", r"\1", field)) for name, field in row.items()} for row in rows]
        spns = [(read(server["name"]), read(spn["spn"]), spn["status"]) for server in report["servers"] for spn in server["spns"]]
        self.assertEqual([(row["server"], row["spn"], row["status"]) for row in plain][: len(spns)], spns)
        self.assertEqual(sum(row["status"] == "incomplete" for row in rows), len(report["problems"]))
        for finding in report["findings"]:
            severity, code, servers, spn = key(finding)
            reason = read(finding.get("exception", {}).get("reason", ""))
            for server in servers.split(", ") if len(finding["servers"]) > 1 else [servers]:
                told = [row for row in plain if code in row["code"].split("; ") and severity in row["severity"] and row["spn"].lower() == spn.lower()
                        and server in row["server"] and read(finding["message"]) in row["message"] and reason in row["accepted"]]
                self.assertTrue(told, (server, finding["id"]))
        told = {code for row in rows for code in row["code"].split("; ") if code}
        self.assertEqual(told, {finding["code"] for finding in report["findings"]})

    @of_each
    def test_no_field_is_a_formula_wherever_the_spreadsheet_splits(self, _report, texts, _codes):
        for separator in ",;\t":
            for row in csv.reader(io.StringIO(texts["csv"][1:], newline=""), delimiter=separator):
                for field in row:
                    self.assertNotRegex(field, r"\A[\s\"]*[-=+@\t\r＝＋－＠]", separator)


class Junit(Case):
    @of_each
    def test_counts_are_those_of_the_elements(self, _report, texts, _codes):
        for form in (form for form in texts if form.startswith("junit")):
            root = ElementTree.fromstring(texts[form])
            for suite in [root, *root]:
                counted = {"tests": "testcase", "failures": "failure", "errors": "error"}
                self.assertEqual({name: int(suite.get(name)) for name in counted}, {name: len(list(suite.iter(tag))) for name, tag in counted.items()})
            for case in root.iter("testcase"):
                self.assertLessEqual(len(case), 2)
                self.assertEqual(len({child.tag for child in case}), len(case), "programs read the first of each kind only")
            for suite in root:
                names = [(case.get("classname"), case.get("name")) for case in suite]
                self.assertEqual(len(set(names)), len(names), "a case is known by its name")

    @of_each
    def test_failures_are_what_makes_the_run_fail(self, report, texts, codes):
        for least in codes:
            failing = SEVERITIES[: SEVERITIES.index(least) + 1] if least != "never" else []
            root = ElementTree.fromstring(texts[f"junit-{least}"])
            told = {"failure": "", "system-out": ""}
            for tag in told:
                told[tag] = "\n".join(read(element.text) for element in root.iter(tag))
            for finding in report["findings"]:
                fails = "exception" not in finding and finding["severity"] in failing
                words = f"{finding['severity']} {finding['code']}: "
                self.assertIn(words, told["failure" if fails else "system-out"], least)
                # Letters that start a sentence, and characters that XML does not have, aside.
                self.assertIn(re.sub(r"[\ufffe\uffff]", "?", read(finding["message"]))[1:], re.sub(r"[\ufffe\uffff]", "?", told["failure" if fails else "system-out"]))
            self.assertEqual(len(list(root.iter("error"))), int(bool(report["problems"])))
            wanted = 2 if report["problems"] else int(any(True for _ in root.iter("failure")))
            self.assertEqual(codes[least], wanted, least)

    @of_each
    def test_accepted_findings_say_why(self, report, texts, _codes):
        output = "\n".join(read(element.text) for element in ElementTree.fromstring(texts["junit"]).iter("system-out"))
        for finding in report["findings"]:
            if "exception" in finding:
                self.assertIn(re.sub(r"\s+", " ", "Accepted: " + read(finding["exception"]["reason"])).strip(), re.sub(r"\s+", " ", output))

    @of_each
    def test_junitparser_reads_the_same_counts(self, _report, texts, _codes):
        suites = junitparser.JUnitXml.fromstring(texts["junit"].encode())
        counts = suites.tests, suites.failures, suites.errors
        suites.update_statistics()
        self.assertEqual((suites.tests, suites.failures, suites.errors), counts)


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# What a forge makes a link, a mention, a reference, a picture or a formula of, wherever it stands outside of code.
ACTIVE = re.compile(r"@\w|#\d|://|www\.|\$|:\w+:|\bGH-\d")


def texts_of(tokens):
    """The text of inline tokens, code among it."""
    return "".join(token.content for token in tokens if token.type in ("text", "code_inline", "text_special"))


class Markdown(Case):
    def tokens(self, text):
        return MARKDOWN.parse(text)

    @of_each
    def test_nothing_is_markup_but_ours(self, _report, texts, _codes):
        allowed = {"text", "text_special", "code_inline", "strong_open", "strong_close"}
        for token in self.tokens(texts["markdown"]):
            self.assertNotIn(token.type, ("html_block", "code_block", "hr", "blockquote_open"))
            for child in token.children or []:
                self.assertIn(child.type, allowed, token.content)
                if child.type != "code_inline":
                    self.assertNotRegex(child.content, ACTIVE)

    @of_each
    def test_tables_hold_the_findings_and_the_servers(self, report, texts, _codes):
        rows, row, cell = [], None, None
        for token in self.tokens(texts["markdown"]):
            if token.type == "tr_open":
                row = []
            elif token.type == "inline" and row is not None:
                row.append(read(texts_of(token.children)))
            elif token.type == "tr_close":
                rows.append(row)
                row = None
        findings = Counter(tuple(row[:4]) for row in rows if len(row) == 5 and row[0] in SEVERITIES)
        # Cells are trimmed.
        self.assertEqual(findings, Counter(tuple(part.strip(" ") for part in key(finding)) for finding in report["findings"]))
        servers = [row[0] for row in rows if len(row) == 4 and row[0] != "server"]
        self.assertEqual(servers, [read(server["name"]).strip(" ") for server in report["servers"]])
        self.assertEqual([row[4] for row in rows if len(row) == 5 and "misplaced-spn" in row and "exception" in row], [])

    @of_each
    def test_blocks_of_code_hold_the_commands_and_nothing_else(self, report, texts, _codes):
        fences = [token.content for token in self.tokens(texts["markdown"]) if token.type == "fence"]
        lines = Counter(line for fence in fences for line in fence.splitlines())
        remedies = [remedy for finding in open_findings(report) for remedy in finding["remedies"]]
        commands = [command[way] for remedy in remedies for command in remedy["commands"] for way in ("run", "undo")]
        fixes = {fix for problem in report["problems"] for fix in problem["fix"]}
        examples = {line.strip() for remedy in remedies for line in remedy["advice"].splitlines() if line.startswith(" ")}
        told = {read(line) for line in lines} - {read(line) for line in fixes | examples}
        self.assertEqual(told, {read(line) for line in commands})
        for fix in fixes | examples:
            self.assertIn(read(fix), {read(line) for line in lines})


LANGUAGE = tree_sitter.Language(tree_sitter_powershell.language())


class Exchange(Case):
    def commands(self, text):
        """The commands of a script: each stands in the block of an `if` that asks, with what it asks."""
        tree = tree_sitter.Parser(LANGUAGE).parse(text.encode())
        self.assertFalse(tree.root_node.has_error, text)
        found, statements = [], []

        def visit(node, inside):
            if node.type == "if_statement":
                inside = node
                statements.append(node)
            if node.type == "command":
                found.append((node.text.decode(), inside))
            for child in node.children:
                visit(child, inside)

        visit(tree.root_node, None)
        self.assertEqual(len(found), len(statements), "each has its own")
        return found

    @of_each
    def test_every_command_asks_first_for_itself(self, report, texts, _codes):
        wanted = {"exchange": [], "exchange-undo": []}
        for finding in open_findings(report):
            for remedy in [remedy for remedy in finding["remedies"] if remedy["kind"] == "exchange" and remedy["commands"]][:1]:
                wanted["exchange"] += [command["run"] for command in remedy["commands"]]
                wanted["exchange-undo"] += [command["undo"] for command in remedy["commands"]]
        wanted["exchange-undo"].reverse()
        for form, commands in wanted.items():
            self.assertEqual(texts[form][0], "\ufeff")
            found = self.commands(texts[form][1:])
            self.assertEqual([command for command, _ in found], commands)
            for command, statement in found:
                asks = statement.children_by_field_name("condition") or [child for child in statement.children if child.type == "pipeline"]
                self.assertTrue(asks[0].text.startswith(b"$PSCmdlet.ShouldProcess("))
                strings = re.findall(r"'((?:[^'\u2018-\u201b]|['\u2018-\u201b]{2})*)'(?=[,)])", asks[0].text.decode().removeprefix("$PSCmdlet.ShouldProcess"))
                strings = [re.sub(r"(['\u2018-\u201b])\1", r"\1", string) for string in strings]
                self.assertEqual(strings[0], command)
                self.assertTrue(strings[1].endswith(" " + command))
                self.assertEqual(strings[1].startswith("Undo the change?"), form == "exchange-undo")
                self.assertEqual(len(strings), 3)

    @of_each
    def test_every_line_is_a_comment_a_command_or_ours(self, _report, texts, _codes):
        ours = r"\Z|# |#\Z|\[CmdletBinding\(|param\(\)\Z|\$ErrorActionPreference = 'Stop'\Z|if \(\$PSCmdlet\.ShouldProcess\('|    Set-(Receive|Send)Connector -Identity '|\}\Z"
        for form in ("exchange", "exchange-undo"):
            for line in texts[form][1:].split("\r\n"):
                self.assertRegex(line, rf"\A(?:{ours})")
                self.assertNotRegex(line, r"(?i)\A# ?(requires|sig #)")


class Cmd(Case):
    @of_each
    def test_what_is_run_are_the_ready_commands_in_order(self, report, texts, _codes):
        ready = [next(iter([remedy for remedy in finding["remedies"] if is_ready(remedy)]), None) for finding in open_findings(report)]
        commands = {command["run"]: command for remedy in ready if remedy for command in remedy["commands"]}.values()
        self.assertEqual(report["summary"]["ready"], len(commands))
        # What a domain controller refuses is not tried.
        undo = [command["undo"] for command in reversed(commands) if "undo_refused" not in command]
        for form, commands in (("cmd", [command["run"] for command in commands]), ("cmd-undo", undo)):
            lines = texts[form].split("\r\n")
            self.assertTrue(all(line.isascii() and len(line) < 8000 for line in lines))
            self.assertEqual([line for line in lines if line.startswith("setspn")], commands)
            comments = [line for line in lines if line.startswith("rem")]
            for line in comments:
                self.assertRegex(line, r"\Arem [\w .,:;/\\$()\[\]'=+@#*?-]*\Z")
                self.assertNotRegex(line, r"\Arem\s+/\?", "that prints the help of rem")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
