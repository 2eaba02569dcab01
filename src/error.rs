//! How the program says that there is no answer.

use std::io::Write as _;

use spn_doctor::model::text::printable;
use spn_doctor::trouble::Trouble;

/// The exit code: the answer could not be established.
pub(crate) const UNKNOWN: u8 = 2;

/// `error: what: cause: cause`, and a hint where there is one. Nobody reads it when standard output is closed early.
pub(crate) fn tell(error: &anyhow::Error) {
    if error.chain().filter_map(|cause| cause.downcast_ref()).any(is_closed_early) {
        return;
    }
    let causes: Vec<String> = error.chain().map(|cause| printable(&cause.to_string())).collect();
    let mut stderr = anstream::stderr();
    let _ = writeln!(stderr, "error: {}", causes.join(": "));
    let hint = error.chain().find_map(|cause| cause.downcast_ref::<Trouble>()?.advice());
    if let Some(hint) = hint {
        let _ = writeln!(stderr, "hint: {}", printable(hint));
    }
}

fn is_closed_early(error: &std::io::Error) -> bool {
    /// A pipe that nobody holds any more, which the standard library does not know under that name.
    const PIPE_NOT_CONNECTED: i32 = 233;
    error.kind() == std::io::ErrorKind::BrokenPipe || cfg!(windows) && error.raw_os_error() == Some(PIPE_NOT_CONNECTED)
}
