//! The one place that knows how the program is started.

use std::path::PathBuf;
use std::process::Command;

/// What the program came to.
pub(crate) struct Answer {
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

pub(crate) fn check(files: &[PathBuf], more: &[&str]) -> Answer {
    let output = Command::new(env!("CARGO_BIN_EXE_spn-doctor"))
        .args(["check", "--format", "json"])
        .args(more)
        .arg("--from")
        .args(files)
        .output()
        .expect("the program starts");
    Answer {
        exit: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
