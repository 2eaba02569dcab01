//! What a shell needs to complete a command line, from the same flags as the help.

use std::io::{self, Write};

use clap::CommandFactory as _;
use clap_complete::aot::{Bash, Fish, Generator, PowerShell, Zsh};

use super::arguments::{Cli, Shell};

/// Writes the script that the shell reads when it starts.
pub(crate) fn write(shell: Shell, out: &mut dyn Write) -> io::Result<()> {
    match shell {
        Shell::Bash => out.write_all(bash()?.as_bytes()),
        Shell::Zsh => generate(&Zsh, out),
        Shell::Fish => generate(&Fish, out),
        Shell::PowerShell => generate(&PowerShell, out),
    }
}

fn generate(shell: &impl Generator, out: &mut dyn Write) -> io::Result<()> {
    let mut program = Cli::command();
    program.set_bin_name(env!("CARGO_PKG_NAME"));
    program.build();
    shell.try_generate(&program, out)
}

/// In a script for a program with a hyphen in its name, clap looks for a command under one label and has it under another
/// (clap issue 6421); then no flag of a command would be completed. Where that is mended, this replaces nothing.
fn bash() -> io::Result<String> {
    let mut script = Vec::new();
    generate(&Bash, &mut script)?;
    let script = String::from_utf8(script).map_err(io::Error::other)?;
    Ok(script.replace("spn__subcmd__doctor", "spn__doctor"))
}
