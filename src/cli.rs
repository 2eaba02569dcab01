//! Flags become plain settings. The one file that knows clap.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use spn_doctor::finding::Severity;
use spn_doctor::remedy::setspn::Dialect;

/// Finds missing, misplaced and duplicate SMTPSVC service principal names of Exchange servers, and prints the setspn commands that put them right.
#[derive(Debug, Parser)]
#[command(name = "spn-doctor", version, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read a directory, judge it, report
    #[command(
        after_help = "Exit codes: 0 nothing found at or above --fail-on, 1 something found, 2 the answer could not be established."
    )]
    Check(Check),
    /// The manual of one finding code, or the list of all
    Explain {
        /// The code, such as missing-spn; all are listed without
        code: Option<String>,
    },
    /// Print the JSON Schema of the report
    Schema,
}

/// The flags of `check`.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Read recordings (LDIF) instead of a live directory; `-` is standard input
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub(crate) from: Vec<PathBuf>,
    /// What the report looks like
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Write the report to a file, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The least severity that makes the exit code 1
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Report only these Exchange servers (NetBIOS names)
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// The setspn that the commands are for: of Windows Server 2008 and later, or of 2003
    #[arg(long, value_enum, default_value_t, value_name = "VERSION")]
    setspn: Setspn,
}

impl Check {
    /// The least severity that makes the exit code 1; none if nothing does.
    pub(crate) fn fail_on(&self) -> Option<Severity> {
        match self.fail_on {
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Info => Some(Severity::Info),
            FailOn::Never => None,
        }
    }

    /// The dialect of the commands.
    pub(crate) fn dialect(&self) -> Dialect {
        match self.setspn {
            Setspn::Server2008 => Dialect::Server2008,
            Setspn::Server2003 => Dialect::Server2003,
        }
    }
}

/// What the report looks like.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum FailOn {
    #[default]
    Error,
    Warning,
    Info,
    Never,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Setspn {
    #[default]
    #[value(name = "2008")]
    Server2008,
    #[value(name = "2003")]
    Server2003,
}
