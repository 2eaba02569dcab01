//! The changes of Exchange's configuration as a script for the Exchange Management Shell.
//!
//! Directory values are written by others: in comments no line ends, and within single quotes every character that PowerShell takes for a
//! quote is doubled (`about_Quoting_Rules`).

use std::io::{self, Write};

use super::words::{sentence, verdict};
use crate::directory::text::printable;
use crate::report::{Command, Finding, Remedy, Report};

/// Writes the `Set-…` commands, or what takes them back. Each asks first, in the words of the finding: none is to be run unasked.
pub(super) fn write(report: &Report, undo: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut script = Script(out);
    // Without the mark, Windows PowerShell reads the names of connectors in the system's code page.
    write!(script.0, "\u{feff}")?;
    let (word, rest) = verdict(report);
    script.comment(&format!("spn-doctor: {word}: {rest}"))?;
    script.comment(
        "Run it in the Exchange Management Shell. It asks before each change; -WhatIf only shows what it would do.",
    )?;
    for problem in &report.problems {
        script.comment(&format!("Not read: {}: {}", problem.place, problem.what))?;
    }
    script.line("[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]")?;
    script.line("param()")?;
    script.line("$ErrorActionPreference = 'Stop'")?;
    let (here, elsewhere): (Vec<&Finding>, Vec<&Finding>) =
        report.findings.iter().partition(|finding| finding.exception.is_none() && changes(finding).is_some());
    let mut steps: Vec<(&Finding, &Remedy, &Command)> = here
        .into_iter()
        .filter_map(|finding| Some((finding, changes(finding)?)))
        .flat_map(|(finding, remedy)| remedy.commands.iter().map(move |command| (finding, remedy, command)))
        .collect();
    if undo {
        steps.reverse();
    }
    for (finding, remedy, command) in steps {
        // What to make sure of before a change says nothing of its way back.
        match (undo, &remedy.confirm) {
            (false, Some(confirm)) => script.step(finding, confirm, &command.run)?,
            (false, None) => script.step(finding, "Run this command?", &command.run)?,
            (true, _) => script.step(finding, "Undo the change?", &command.undo)?,
        }
    }
    if undo {
        return Ok(());
    }
    elsewhere.into_iter().try_for_each(|finding| script.elsewhere(finding))
}

/// What of a finding is to be done in the Exchange Management Shell.
fn changes(finding: &Finding) -> Option<&Remedy> {
    finding.remedies.iter().find(|remedy| remedy.kind == "exchange" && !remedy.commands.is_empty())
}

struct Script<'a>(&'a mut dyn Write);

impl Script<'_> {
    fn line(&mut self, line: &str) -> io::Result<()> {
        write!(self.0, "{line}\r\n")
    }

    fn comment(&mut self, text: &str) -> io::Result<()> {
        text.lines().try_for_each(|line| self.line(format!("# {}", printable(line)).trim_end()))
    }

    fn step(&mut self, finding: &Finding, question: &str, command: &str) -> io::Result<()> {
        self.line("")?;
        self.comment(&format!("{}: {}", finding.id, sentence(&finding.message)))?;
        self.line(&format!(
            "if ($PSCmdlet.ShouldProcess({}, {}, {})) {{",
            literal(command),
            literal(&format!("{question} {command}")),
            literal(finding.code)
        ))?;
        self.line(&format!("    {command}"))?;
        self.line("}")
    }

    /// A finding that is put right in another way, or left as it is.
    fn elsewhere(&mut self, finding: &Finding) -> io::Result<()> {
        self.line("")?;
        self.comment(&format!("Not for this script: {}: {}", finding.id, sentence(&finding.message)))?;
        match (&finding.exception, finding.remedies.first()) {
            (Some(exception), _) => self.comment(&format!("  Accepted: {}", exception.reason)),
            (None, Some(remedy)) => self.comment(&format!("  {}", sentence(&remedy.title))),
            (None, None) => Ok(()),
        }
    }
}

/// A text between single quotes.
fn literal(text: &str) -> String {
    let mut literal = String::from("'");
    for character in printable(text).chars() {
        literal.push(character);
        if matches!(character, '\'' | '\u{2018}'..='\u{201b}') {
            literal.push(character);
        }
    }
    literal + "'"
}
