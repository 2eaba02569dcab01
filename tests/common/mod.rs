//! The program from outside.

#![allow(dead_code, reason = "every test program uses a part of it")]
#![allow(clippy::expect_used, reason = "tests stop at the first surprise")]

pub(crate) mod promised;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What a run of the program came to.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The JSON report on standard output.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }

    /// The codes of the findings.
    pub(crate) fn codes(&self) -> Vec<String> {
        let report = self.report();
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["code"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Runs the program.
pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    run_with_input(arguments, b"")
}

/// Runs any program with something on standard input.
pub(crate) fn feed(command: &mut Command, input: &[u8]) -> Output {
    let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that fails at once does not read its input.
    let _ = program.stdin.take().unwrap().write_all(input);
    program.wait_with_output().unwrap()
}

/// Runs the program with something on standard input.
pub(crate) fn run_with_input<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>, input: &[u8]) -> Run {
    run_in(env!("CARGO_MANIFEST_DIR"), arguments, input)
}

/// Runs the program in a folder.
pub(crate) fn run_in<S: AsRef<std::ffi::OsStr>>(
    folder: impl AsRef<Path>,
    arguments: impl IntoIterator<Item = S>,
    input: &[u8],
) -> Run {
    let mut program = Command::new(env!("CARGO_BIN_EXE_spn-doctor"));
    let output = feed(program.args(arguments).current_dir(folder), input);
    Run {
        code: output.status.code().expect("the program ends by itself"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs `check --format json --from` on files.
pub(crate) fn check<P: AsRef<Path>>(files: impl IntoIterator<Item = P>) -> Run {
    let mut arguments: Vec<PathBuf> = ["check", "--format", "json", "--from"].map(PathBuf::from).to_vec();
    arguments.extend(files.into_iter().map(|file| file.as_ref().to_owned()));
    run(arguments)
}

/// The files of a folder below `fixtures/`, sorted.
pub(crate) fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let entries = std::fs::read_dir(&folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// The two recordings that one tool made of the lab.
pub(crate) fn lab(tool: &str) -> [PathBuf; 2] {
    ["configuration", "domain"].map(|part| PathBuf::from(format!("fixtures/lab/{tool}-{part}.ldif")))
}

/// The text of a fixture.
pub(crate) fn text(fixture: impl AsRef<Path>) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture)).unwrap()
}
