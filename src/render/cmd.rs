//! The setspn commands as a batch file.
//!
//! `cmd.exe` reads a comment before it passes over it: `%` and `^` mean something there too, and bytes outside ASCII are read in whatever
//! code page the console has. So comments are reduced to characters that mean themselves everywhere.

use std::io::{self, Write};

use super::words::{count, sentence, verdict};
use crate::report::{Command, Finding, Remedy, Report};

/// Writes the commands that can be run as they are, in order, or what takes them back; what needs a decision stands there as a comment.
pub(super) fn write(report: &Report, undo: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut script = Script(out);
    script.line("@echo off")?;
    let (word, rest) = verdict(report);
    script.comment(&format!("spn-doctor: {word}: {rest}"))?;
    let what = if undo { "undoes the changes of the script without --undo" } else { "changes service principal names" };
    script.comment(&format!("This script {what}. Run it from an elevated prompt. It stops at the first failure."))?;
    for problem in &report.problems {
        script.comment(&format!("Not read: {}: {}", problem.place, problem.what.replace('\n', " ")))?;
    }
    let mut ready: Vec<(&Finding, &Command)> = report.ready().collect();
    if undo {
        ready.reverse();
    }
    let mut steps = 0;
    for (finding, command) in ready {
        script.line("")?;
        script.comment(&format!("{}: {}", finding.id, sentence(&finding.message)))?;
        if let Some(why) = command.undo_refused.filter(|_| undo) {
            script.comment(&format!("Not run, {why}: {}", command.undo))?;
        } else {
            steps += 1;
            script.step(if undo { &command.undo } else { &command.run })?;
        }
    }
    if !undo {
        report
            .findings
            .iter()
            .filter(|finding| finding.ready().is_none())
            .try_for_each(|finding| script.undecided(finding))?;
    }
    script.line("")?;
    script.end(report, undo, steps)?;
    if steps == 0 {
        return Ok(());
    }
    script.line("")?;
    script.line(":failed")?;
    script.line("echo Stopped: the last command failed. The commands after it were not run. 1>&2")?;
    script.line("exit /b 1")
}

struct Script<'a>(&'a mut dyn Write);

impl Script<'_> {
    fn line(&mut self, line: &str) -> io::Result<()> {
        write!(self.0, "{line}\r\n")
    }

    fn comment(&mut self, text: &str) -> io::Result<()> {
        const MOST: usize = 1000;
        let plain = |c: char| if c.is_ascii_alphanumeric() || " -_.,:;/\\$()[]'=+@#*?".contains(c) { c } else { '?' };
        let text: String = text.chars().take(MOST).map(plain).collect();
        self.line(&format!("rem {text}"))
    }

    /// One command, which ends the script if it fails.
    fn step(&mut self, command: &str) -> io::Result<()> {
        self.line(&format!("echo {command}"))?;
        self.line(command)?;
        self.line("if errorlevel 1 goto failed")?;
        // A program that crashed ends with a negative code.
        self.line("if not errorlevel 0 goto failed")
    }

    /// What the script comes to where nothing failed.
    fn end(&mut self, report: &Report, undo: bool, steps: usize) -> io::Result<()> {
        if !report.problems.is_empty() {
            self.line("echo INCOMPLETE: not everything could be read, so nothing was changed. 1>&2")?;
            return self.line("exit /b 2");
        }
        if undo && steps == 0 {
            self.line("echo Nothing to undo. Write the undo script before you run the changes. 1>&2")?;
            return self.line("exit /b 1");
        }
        let undecided = report.findings.iter().filter(|finding| finding.needs_decision()).count();
        if !undo && undecided > 0 {
            self.line(&format!("echo Not changed: {}. See the comments in this script.", count(undecided, "finding")))?;
        }
        self.line(&format!("echo Done: {}.", count(steps, "command")))?;
        self.line("exit /b 0")
    }

    /// A finding that is left alone, and why; commands that depend on the decision are shown, not run.
    fn undecided(&mut self, finding: &Finding) -> io::Result<()> {
        self.line("")?;
        let heading = if finding.exception.is_some() { "Accepted" } else { "Needs a decision" };
        self.comment(&format!("{heading}: {}: {}", finding.id, sentence(&finding.message)))?;
        match (&finding.exception, finding.remedies.first()) {
            (Some(exception), _) => self.comment(&format!("  Because: {}", exception.reason)),
            (None, Some(remedy)) => self.remedy(remedy),
            (None, None) => Ok(()),
        }
    }

    fn remedy(&mut self, remedy: &Remedy) -> io::Result<()> {
        self.comment(&format!("  {}", sentence(&remedy.title)))?;
        let reason = remedy.confirm.as_deref().into_iter().chain(remedy.advice.lines());
        reason.filter(|line| !line.is_empty()).try_for_each(|line| self.comment(&format!("  {line}")))?;
        remedy.commands.iter().try_for_each(|command| self.comment(&format!("    {}", command.run)))
    }
}
