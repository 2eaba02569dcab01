//! How the program says that there is no answer.

use std::io::Write as _;

use spn_doctor::directory::text::printable;
use spn_doctor::trouble::Trouble;

/// The exit code: the answer could not be established.
pub(crate) const UNKNOWN: u8 = 2;

/// `error: what: cause: cause`, and a hint where there is one. Nobody reads it when standard output is closed early.
pub(crate) fn tell(error: &anyhow::Error) {
    if error.chain().filter_map(|cause| cause.downcast_ref()).any(is_closed_early) {
        return;
    }
    let mut stderr = anstream::stderr();
    let _ = writeln!(stderr, "error: {}", in_words(error));
    if let Some(hint) = hint(error) {
        let _ = writeln!(stderr, "hint: {hint}");
    }
}

/// What to do about it.
pub(crate) fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| cause.downcast_ref::<Trouble>()?.advice()).map(printable)
}

/// What went wrong, and the chain of its causes.
pub(crate) fn in_words(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error.chain().map(|cause| printable(&cause.to_string())).collect();
    causes.join(": ")
}

fn is_closed_early(error: &std::io::Error) -> bool {
    /// A pipe that nobody holds any more, which the standard library does not know under that name.
    const PIPE_NOT_CONNECTED: i32 = 233;
    error.kind() == std::io::ErrorKind::BrokenPipe || cfg!(windows) && error.raw_os_error() == Some(PIPE_NOT_CONNECTED)
}
