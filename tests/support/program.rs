//! The program from outside.

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
    check_with(&[], files)
}

/// The same with more flags.
pub(crate) fn check_with<P: AsRef<Path>>(flags: &[&str], files: impl IntoIterator<Item = P>) -> Run {
    let arguments = ["check", "--format", "json"].iter().chain(flags).chain(&["--from"]).map(PathBuf::from);
    run(arguments.chain(files.into_iter().map(|file| file.as_ref().to_owned())))
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

/// A field case of `fixtures/cases`.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) files: Vec<PathBuf>,
}

/// The field cases, by name.
pub(crate) fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let case = |folder: &PathBuf| {
        let case: Value = serde_json::from_str(&text(folder.join("case.json"))).unwrap();
        let files = list(&case["files"]).map(|file| folder.join(file.as_str().unwrap())).collect();
        Case { name: folder.file_name().unwrap().to_string_lossy().into_owned(), files }
    };
    folders.iter().map(case).collect()
}

/// The items of an array; none of anything else.
pub(crate) fn list(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// What a remedy runs, or its undo, in the order of the report.
pub(crate) fn commands(remedy: &Value, part: &str) -> Vec<String> {
    list(&remedy["commands"]).map(|command| command[part].as_str().unwrap().to_owned()).collect()
}

/// Whether a remedy may be run unasked.
pub(crate) fn is_ready(remedy: &Value) -> bool {
    remedy["confirm"].is_null() && list(&remedy["commands"]).next().is_some()
}

pub(crate) fn text(fixture: impl AsRef<Path>) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture)).unwrap()
}
