//! The commands: what is read, judged and printed, in this order.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};

use spn_doctor::directory::Directory;
use spn_doctor::directory::entry::Reading;
use spn_doctor::directory::gap::Gap;
use spn_doctor::directory::schema::Purpose;
use spn_doctor::directory::text::printable;
use spn_doctor::input::coverage::commands;
use spn_doctor::input::recording;
use spn_doctor::input::recording::redaction::redact;
use spn_doctor::judge::judge;
use spn_doctor::judge::remedy::setspn::Dialect;
use spn_doctor::render::{self, Format};
use spn_doctor::report::baseline::Baseline;
use spn_doctor::report::exceptions::Exceptions;
use spn_doctor::report::{Report, Source, Verdict};
use spn_doctor::trouble::Trouble;

use super::arguments::{self, Check, Cli, Command, Document, Record};
use super::destination::{Destination, Readers, print};
use super::reading::{Asked, Origin, Read, entries, judged, read};
use super::{completions, error, explain, man, wait, why};

/// Runs a command; the exit code is 0 or 1, or 2 where the result itself says that it is incomplete.
pub(crate) fn run(cli: &Cli) -> Result<u8> {
    match &cli.command {
        Command::Check(flags) => check(flags),
        Command::Record(flags) => record(flags),
        Command::Why(flags) => why::why(flags),
        Command::Explain { topic } => explain::explain(topic.as_deref()),
        Command::Schema { of } => schema(*of),
        Command::Completions { shell } => print(&|out| completions::write(*shell, out)).map(|()| 0),
        Command::Man => print(&man::write).map(|()| 0),
    }
}

fn check(flags: &Check) -> Result<u8> {
    let outputs: Vec<(Format, Destination)> = flags
        .outputs()?
        .into_iter()
        .map(|(format, path)| Ok((format, Destination::of(path)?)))
        .collect::<Result<_>>()?;
    let (mut report, error) = match report(flags) {
        Ok(report) => (report, None),
        Err(error) => (unjudged(&flags.directory, &error), Some(error)),
    };
    if flags.stable {
        report.make_stable();
    }
    for (format, output) in &outputs {
        // Whoever passes the report on gets one whenever the program ran at all; whoever reads it here is told once.
        if error.is_none() || *format != Format::Table {
            output.write(Readers::All, &|out| render::write(&report, *format, flags.options(), out))?;
        }
    }
    if let Some(error) = error {
        return Err(error);
    }
    for warning in &report.warnings {
        let _ = writeln!(anstream::stderr(), "warning: {}", printable(warning));
    }
    Ok(match report.verdict {
        Verdict::Incomplete => 2,
        Verdict::Healthy | Verdict::Findings => u8::from(report.fails(flags.fail_on())),
    })
}

/// Reads what files say, then checks, as often as that is wanted.
fn report(flags: &Check) -> Result<Report> {
    // Nobody is to wait for a directory to hear that a file is wrong.
    let exceptions = flags.exceptions.as_deref().map(|path| parsed(path, Exceptions::parse)).transpose()?;
    let baseline = flags.baseline.as_deref().map(|path| parsed(path, Baseline::parse)).transpose()?;
    let origin = Origin::of(&flags.directory)?;
    wait::until(flags.wait, flags.fail_on(), || checked(flags, &origin, exceptions.as_ref(), baseline.as_ref()))
}

/// Reads, judges, and leaves what was asked for.
fn checked(
    flags: &Check,
    origin: &Origin<'_>,
    exceptions: Option<&Exceptions>,
    baseline: Option<&Baseline>,
) -> Result<Report> {
    let Read { directory, source } =
        read(origin, Purpose::Check, Asked { witnesses: &flags.prove.witnesses(), only: &flags.only })?;
    let judgement = judged(&directory, &source);
    let mut report = Report::new(&judgement, source, flags.dialect());
    if let (Some(exceptions), Some(path)) = (exceptions, &flags.exceptions) {
        let told = exceptions.apply(&mut report, &today());
        let name = if flags.stable { path.file_name().map_or(path.as_path(), Path::new) } else { path };
        report.warnings = told.into_iter().map(|(line, what)| format!("{}:{line}: {what}", shown(name))).collect();
    }
    if !flags.only.is_empty() {
        let known: Vec<_> = report.servers.iter().map(|server| printable(&server.name)).collect();
        report.restrict_to(&flags.only).map_err(|unknown| {
            Trouble::new(unknown.to_string())
                .hint(format!("the Exchange servers in this directory are: {}", known.join(", ")))
        })?;
    }
    if let Some(baseline) = baseline {
        baseline.compare(&mut report, !flags.only.is_empty());
    }
    Ok(report)
}

/// What a file says; the error names the file.
fn parsed<T>(path: &Path, parse: impl Fn(&str) -> Result<T, Trouble>) -> Result<T> {
    /// More than any report or list of exceptions has.
    const MOST: u64 = 256 * 1024 * 1024;
    let read = || -> Result<T> {
        let mut text = String::new();
        let read = File::open(path)?.take(MOST + 1).read_to_string(&mut text)?;
        if read as u64 > MOST {
            return Err(Trouble::new("it is longer than 256 MiB").into());
        }
        Ok(parse(text.strip_prefix('\u{feff}').unwrap_or(&text))?)
    };
    read().with_context(|| shown(path))
}

/// The day, as in `2026-11-26`, in UTC.
fn today() -> String {
    let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    now.get(..10).unwrap_or_default().to_owned()
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// The report that says why there is no answer.
fn unjudged(directory: &arguments::Directory, error: &anyhow::Error) -> Report {
    let files: Vec<String> = directory.from.iter().map(|path| path.display().to_string()).collect();
    let server = directory.server.first().or(directory.domain.as_ref()).cloned().unwrap_or_default();
    let place = if files.is_empty() { server.clone() } else { files.join(", ") };
    let source = if files.is_empty() { Source::Ldap { server, forest: String::new() } } else { Source::Ldif { files } };
    let place = if place.is_empty() { "directory".to_owned() } else { place };
    let words = [Some(error::in_words(error)), error::hint(error)].into_iter().flatten();
    let gap = Gap::new(place, words.collect::<Vec<_>>().join("; "));
    let of_domain = directory.domain.iter().flat_map(|domain| commands::other_controllers(domain));
    let of_servers = directory.server.iter().flat_map(|server| commands::again(server));
    Report::unjudged(source, &gap.fixed_by(of_servers.chain(of_domain)))
}

fn record(flags: &Record) -> Result<u8> {
    let output = Destination::of(Some(&flags.output))?;
    let witnesses = flags.prove.witnesses();
    let asked = Asked { witnesses: &witnesses, ..Asked::default() };
    let (mut reading, source) = entries(&Origin::of(&flags.directory)?, Purpose::Why, asked)?;
    // What makes no sense, or only half, is as incomplete as what was not read, and would not be seen any more in the recording.
    reading.gaps = judge(&Directory::new(&reading)).gaps().cloned().collect();
    if flags.redact {
        reading = redacted(&reading)?;
    }
    let header = recording::Header {
        about: about(&source, flags.redact),
        gaps: reading.gaps.clone(),
        testimony: reading.testimony.clone(),
    };
    output.write(Readers::Owner, &|out| recording::write(out, &header, reading.entries()))?;
    for gap in &reading.gaps {
        let _ = writeln!(anstream::stderr(), "not read: {}: {}", printable(&gap.place), printable(&gap.what));
    }
    Ok(if reading.gaps.is_empty() { 0 } else { 2 })
}

/// What a recording says of itself; a redacted one names nobody.
fn about(source: &Source, redacted: bool) -> Vec<String> {
    let mut about = vec![
        format!("tool: {} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        format!("recorded: {}", humantime::format_rfc3339_seconds(std::time::SystemTime::now())),
    ];
    match source {
        _ if redacted => about.push("names were replaced".to_owned()),
        Source::Ldap { server, forest } => about.extend([format!("forest: {forest}"), format!("server: {server}")]),
        Source::Ldif { files } => about.push(format!("from: {}", files.join(", "))),
    }
    about
}

/// The same without names, if it is judged alike.
fn redacted(reading: &Reading) -> Result<Reading> {
    let redacted = redact(reading);
    let (before, after) = (outline(reading), outline(&redacted));
    let Some(difference) = difference(&before, &after) else { return Ok(redacted) };
    let what = format!("replacing the names would change the result of a check ({difference}), so nothing was written");
    Err(Trouble::new(what).hint("record without --redact, and replace the names by hand").into())
}

/// The first thing that two judgements do not have in common.
fn difference(before: &[String], after: &[String]) -> Option<String> {
    let times = |outline: &[String], line: &String| outline.iter().filter(|other| *other == line).count();
    let differs = |line: &&String| times(before, line) != times(after, line);
    let line = before.iter().chain(after).find(differs)?;
    Some(format!("{line}: {} before, {} after", times(before, line), times(after, line)))
}

/// What a judgement comes to, apart from names.
fn outline(reading: &Reading) -> Vec<String> {
    let directory = Directory::new(reading);
    let report = Report::new(&judge(&directory), Source::Ldif { files: Vec::new() }, Dialect::default());
    let findings = report.findings.iter().map(|finding| format!("{} {}", finding.severity, finding.code));
    let spns = report.servers.iter().flat_map(|server| &server.spns).map(|spn| format!("SPN {}", spn.status));
    let gaps = report.problems.iter().map(|_| "problem".to_owned());
    let mut outline: Vec<String> = findings.chain(spns).chain(gaps).collect();
    outline.sort();
    outline
}

fn schema(of: Document) -> Result<u8> {
    let schema = match of {
        Document::Report => render::SCHEMA.to_owned(),
        Document::Answer => render::answer_schema()? + "\n",
    };
    print(&|out| out.write_all(schema.as_bytes())).map(|()| 0)
}
