//! The program: parse, run, print the chain of causes, return the exit code.

mod cli;

use std::ffi::OsString;
use std::io::Write as _;
use std::panic;
use std::process::ExitCode;

use clap::Parser as _;

use cli::arguments::Cli;
use cli::{error, interrupt, run};

use spn_doctor::directory::text::{is_invisible, printable_lines};

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
            error::tell(&error);
            ExitCode::from(error::UNKNOWN)
        }
    }
}

/// The command line. What clap says of a wrong one quotes it, and where that would act on the terminal it is said without colours.
fn parse() -> Cli {
    let acts = |argument: OsString| argument.to_string_lossy().contains(is_invisible);
    Cli::try_parse().unwrap_or_else(|error| {
        if std::env::args_os().any(acts) {
            let _ = write!(anstream::stderr(), "{}", printable_lines(&error.render().to_string()));
            std::process::exit(error.exit_code())
        }
        error.exit()
    })
}
