//! What users read, whole: the help of every command, every manual, the report of every fixture, the examples of the README.
//!
//! `SNAPSHOTS=overwrite cargo test --test suite snapshots` writes `tests/cli/snapshots` anew; the difference in the commit is what changed for users.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::program::{cases, fixtures, lab, run, text};
use snapbox::{Assert, Data};
use spn_doctor::judge::checks;
use spn_doctor::symptoms::{self, Symptom};

#[test]
fn every_command_has_the_help_it_had() {
    let commands = ["", "check", "record", "why", "explain", "schema", "completions", "man"];
    hold("help", commands.map(|command| (if command.is_empty() { "spn-doctor" } else { command }, help(command))));
}

#[test]
fn every_code_has_the_manual_it_had() {
    let manuals = checks::ALL.iter().map(|check| (check.code, run(["explain", check.code]).stdout));
    hold("explain", manuals.chain([("list", run(["explain"]).stdout)]));
}

#[test]
fn every_symptom_has_the_manual_it_had() {
    let name = |symptom: &Symptom| symptom.name().split(", ").next().unwrap().to_owned();
    let names: Vec<String> = symptoms::all().map(name).collect();
    let file = |name: &String| name.replace([' ', '='], "-").replace(['\'', ','], "");
    let files: Vec<String> = names.iter().map(file).collect();
    let manuals = names.iter().map(|name| run(["explain", name]).stdout);
    hold("symptoms", files.iter().map(String::as_str).zip(manuals));
}

#[test]
fn answers_have_the_words_they_had() {
    let [contoso, fabrikam] = ["contoso", "fabrikam"].map(|forest| format!("tests/cli/events/{forest}.ldif"));
    let of_event = |name: &str, ldif: &str| {
        run(["why", "--event", &format!("tests/cli/events/{name}.txt"), "--from", ldif]).stdout
    };
    let duplicate =
        ["why", "KDC event 11 SMTPSVC/nwx01.northwindtraders.com", "--from", "fixtures/codes/duplicate-spn.ldif"];
    hold(
        "why",
        [
            ("missing", run(["why", "SMTPSVC/relay.contoso.com", "--from", "fixtures/kb914137.ldif"]).stdout),
            ("fine", of_event("2017-viewer-en", &contoso)),
            ("fine-2003", of_event("1706-2003", &fabrikam)),
            ("refused", of_event("queue-451-573-fl", &contoso)),
            ("unknown", run(["why", "alias.contoso.com", "--from", &contoso]).stdout),
            ("address", run(["why", "192.168.10.11", "--from", &contoso]).stdout),
            ("duplicate", run(duplicate).stdout),
        ],
    );
}

#[test]
fn every_fixture_has_the_report_it_had() {
    for folder in ["codes", "clean", "odd"] {
        hold(&format!("table/{folder}"), fixtures(folder).iter().map(|file| (name(file), table([file]))));
    }
    hold("table/lab", ["ldapsearch", "ldapsearch-full", "ldbsearch"].map(|tool| (tool, table(lab(tool)))));
    hold("table/cases", cases().into_iter().map(|case| (case.name, table(case.files))));
}

/// The lines between `$ command` and the next one, or the end of the block, are what it prints; `…` stands for any lines.
#[test]
fn the_readme_shows_what_the_program_prints() {
    let readme = text("README.md");
    let blocks: Vec<&str> = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty());
    for example in blocks.iter().flat_map(|block| block.split("$ ").filter(|example| !example.is_empty())) {
        let (command, printed) = example.split_once('\n').unwrap();
        let (_, arguments) = command.split_once(" -- ").or_else(|| command.split_once(' ')).unwrap();
        let mut actual = run(arguments.split(' ')).stdout;
        for part in printed.split("…\n") {
            // What is left out stands on lines of its own, with or without an indent.
            let part = part.trim_end_matches(' ');
            let Some((_, behind)) = actual.split_once(part) else {
                panic!("{command} does not print:\n{part}\nbut:\n{actual}")
            };
            actual = behind.to_owned();
        }
    }
}

fn help(command: &str) -> String {
    run(command.split(' ').filter(|part| !part.is_empty()).chain(["--help"])).stdout
}

/// What `check` prints of recordings, and on which line it ends.
fn table<P: AsRef<Path>>(files: impl IntoIterator<Item = P>) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = files.into_iter().map(|file| file.as_ref().strip_prefix(root).unwrap_or(file.as_ref()).to_owned());
    let run = run(["check", "--from"].map(PathBuf::from).into_iter().chain(files));
    format!("{}{}exit code {}\n", run.stdout, run.stderr, run.code)
}

fn name(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

/// Holds texts against the snapshots of their names in a folder, which has no others.
fn hold<N: AsRef<str>>(folder: &str, texts: impl IntoIterator<Item = (N, String)>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots").join(folder);
    let assert = Assert::new().action_env("SNAPSHOTS");
    let mut known = BTreeSet::new();
    let mut differences = String::new();
    for (name, text) in texts {
        let path = folder.join(format!("{}.txt", name.as_ref()));
        if let Err(error) = assert.try_eq(Some(&name.as_ref()), text.into(), Data::read_from(&path, None).raw()) {
            differences += &error.to_string();
        }
        known.insert(path);
    }
    assert!(differences.is_empty(), "{differences}");
    let found: BTreeSet<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    let odd: Vec<_> = found.symmetric_difference(&known).collect();
    assert!(odd.is_empty(), "missing, or printed by nothing any more: {odd:?}");
}
