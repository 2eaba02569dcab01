//! The program: parse, run, print the chain of causes, return the exit code.

mod cli;
mod completions;
mod destination;
mod interrupt;
mod man;
mod progress;
mod run;

use std::ffi::OsString;
use std::io::Write as _;
use std::panic;
use std::process::ExitCode;

use clap::Parser as _;

use spn_doctor::model::text::{is_invisible, printable, printable_lines};
use spn_doctor::trouble::Trouble;

/// The answer could not be established.
const UNKNOWN: u8 = 2;

fn main() -> ExitCode {
    // A fault of ours is an error like any other: no message of the language's own reaches the user.
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(|| {
        let cli = parse();
        interrupt::watch()?;
        run::run(&cli)
    });
    let outcome = outcome.unwrap_or_else(|_| {
        Err(anyhow::anyhow!("an internal error; please report it with the command line and, if you may, a recording"))
    });
    interrupt::too_late();
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            report(&error);
            ExitCode::from(UNKNOWN)
        }
    }
}

/// The command line. What clap says of a wrong one quotes it, and where that would act on the terminal it is said without colours.
fn parse() -> cli::Cli {
    let acts = |argument: OsString| argument.to_string_lossy().contains(is_invisible);
    cli::Cli::try_parse().unwrap_or_else(|error| {
        if std::env::args_os().any(acts) {
            let _ = write!(anstream::stderr(), "{}", printable_lines(&error.render().to_string()));
            std::process::exit(error.exit_code())
        }
        error.exit()
    })
}

/// `error: what: cause: cause`, and a hint where there is one. Nobody reads it when standard output is closed early.
fn report(error: &anyhow::Error) {
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
