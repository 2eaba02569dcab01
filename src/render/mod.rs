//! The report becomes text, in the form that its reader needs. Nothing is decided here: a form gets the report and nothing else.

mod cmd;
mod csv;
mod exchange;
mod groups;
mod html;
mod json;
mod junit;
pub mod manual;
mod markdown;
mod paint;
mod proof;
mod summary;
mod table;
pub mod why;
mod words;
mod wrap;

use std::io::{self, Write};

use serde_json::{Map, Value};

use crate::report::{FailOn, Report};

/// The JSON Schema of the report.
pub const SCHEMA: &str = include_str!("schema.json");

/// The JSON Schema of the answers of `why`: what they have in common with reports stands in [`SCHEMA`].
pub fn answer_schema() -> serde_json::Result<String> {
    const SHARED: [(&str, &[&str]); 2] = [
        ("properties", &["schema_version", "tool", "source", "problems"]),
        ("$defs", &["server", "proof", "finding", "remedy", "setspn_command", "exchange_command"]),
    ];
    let report: Value = serde_json::from_str(SCHEMA)?;
    let mut answer: Value = serde_json::from_str(include_str!("answer.schema.json"))?;
    for (section, parts) in SHARED {
        let own =
            answer.as_object_mut().map(|answer| answer.entry(section).or_insert_with(|| Value::Object(Map::new())));
        let (Some(own), Some(shared)) = (own.and_then(Value::as_object_mut), report.get(section)) else { continue };
        own.extend(parts.iter().filter_map(|part| Some(((*part).to_owned(), shared.get(part)?.clone()))));
    }
    serde_json::to_string_pretty(&answer)
}

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For an administrator at a terminal.
    #[default]
    Table,
    /// For programs: everything.
    Json,
    /// One line, for the title of a ticket or a monitoring system.
    Summary,
    /// A batch file of setspn commands, for whoever may write SPNs.
    Cmd,
    /// A PowerShell script, for whoever runs Exchange.
    Exchange,
    /// A row for each required SPN, for a spreadsheet.
    Csv,
    /// A test case for each server and required SPN, for a CI system.
    Junit,
    /// For a ticket, or the summary page of a CI job.
    Markdown,
    /// One page that needs nothing else, to attach to a ticket.
    Html,
}

impl Format {
    /// All of them, the default first.
    pub const ALL: [Self; 9] = [
        Self::Table,
        Self::Json,
        Self::Summary,
        Self::Cmd,
        Self::Exchange,
        Self::Csv,
        Self::Junit,
        Self::Markdown,
        Self::Html,
    ];

    /// The word for it on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Summary => "summary",
            Self::Cmd => "cmd",
            Self::Exchange => "exchange",
            Self::Csv => "csv",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }

    /// Whom it is for, as `--help` says it.
    #[must_use]
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Table => "For people, at a terminal",
            Self::Json => "For programs; contains everything",
            Self::Summary => "One line, for a ticket title or a monitoring system",
            Self::Cmd => "Batch file with the setspn commands that are ready to run",
            Self::Exchange => "PowerShell script with the changes to Exchange",
            Self::Csv => "One row per required SPN, for a spreadsheet",
            Self::Junit => "One test case per server and required SPN, for a CI system",
            Self::Markdown => "For a ticket, or the summary page of a CI job",
            Self::Html => "Self-contained page, to attach to a ticket",
        }
    }
}

/// What may be asked of a form; each heeds what concerns it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The table shows everything that was looked at.
    pub all: bool,
    /// A script takes the changes back.
    pub undo: bool,
    /// What fails a test case.
    pub fail_on: FailOn,
}

/// Writes the report.
pub fn write(report: &Report, format: Format, options: Options, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Table => table::write(report, options.all, out),
        Format::Json => json::write(report, out),
        Format::Summary => summary::write(report, out),
        Format::Cmd => cmd::write(report, options.undo, out),
        Format::Exchange => exchange::write(report, options.undo, out),
        Format::Csv => csv::write(report, out),
        Format::Junit => junit::write(report, options.fail_on, out),
        Format::Markdown => markdown::write(report, out),
        Format::Html => html::write(report, out),
    }
}
