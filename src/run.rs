//! The commands: what is read, judged and printed, in this order.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};

use spn_doctor::checks;
use spn_doctor::input::recording;
use spn_doctor::model::directory::Directory;
use spn_doctor::model::text::printable;
use spn_doctor::output::{self, json, manual, table};
use spn_doctor::report::{Report, Source, Verdict};

use crate::cli::{Check, Cli, Command, Format};

/// What the user can do about an error.
#[derive(Debug)]
pub(crate) struct Hint(pub(crate) String);

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs a command; the exit code is 0 or 1, or 2 where the report itself says that it is incomplete.
pub(crate) fn run(cli: &Cli) -> Result<u8> {
    match &cli.command {
        Command::Check(flags) => check(flags),
        Command::Explain { code } => explain(code.as_deref()),
        Command::Schema => print(|out| out.write_all(output::SCHEMA.as_bytes())).map(|()| 0),
    }
}

fn check(flags: &Check) -> Result<u8> {
    let reading = recording::read(&flags.from).map_err(|error| {
        error.context(Hint(
            "a recording is LDIF as ldifde, ldapsearch or ldbsearch export it; see `spn-doctor check --help`"
                .to_owned(),
        ))
    })?;
    let files = flags.from.iter().map(|path| path.display().to_string()).collect();
    let directory = Directory::new(&reading);
    let mut report = Report::new(&directory, Source::Ldif { files }, flags.dialect());
    if !flags.only.is_empty() {
        let known = || report.servers.iter().map(|server| printable(&server.name)).collect::<Vec<_>>().join(", ");
        let hint = Hint(format!("the Exchange servers here are: {}", known()));
        report.restrict_to(&flags.only).context(hint)?;
    }
    write(&report, flags)?;
    let found = flags.fail_on().is_some_and(|least| report.worst().is_some_and(|worst| worst <= least));
    Ok(match report.verdict {
        Verdict::Incomplete => 2,
        Verdict::Healthy | Verdict::Findings => u8::from(found),
    })
}

fn write(report: &Report, flags: &Check) -> Result<()> {
    let write = |out: &mut dyn Write| match flags.format {
        Format::Table => table::write(report, out),
        Format::Json => json::write(report, out),
    };
    match &flags.output {
        None => print(write),
        Some(path) => write_file(path, write),
    }
}

/// Prints to standard output, in colour where a terminal shows it.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).context("the result cannot be written to standard output")
}

/// Writes a file whole or not at all: beside its place first, then moved there.
fn write_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let name = || format!("{} cannot be written", printable(&path.display().to_string()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".spn-doctor-").tempfile_in(folder).with_context(name)?;
    let mut out = io::BufWriter::new(anstream::StripStream::new(file.as_file_mut()));
    write(&mut out).and_then(|()| out.flush()).with_context(name)?;
    drop(out);
    file.as_file().sync_all().with_context(name)?;
    file.persist(path).with_context(name)?;
    Ok(())
}

fn explain(code: Option<&str>) -> Result<u8> {
    let Some(code) = code else {
        return print(manual::write_list).map(|()| 0);
    };
    let check = checks::named(code).with_context(|| format!("there is no finding code {}", printable(code)));
    let check = check.context(Hint("`spn-doctor explain` lists all codes".to_owned()))?;
    print(|out| manual::write(check, out)).map(|()| 0)
}
