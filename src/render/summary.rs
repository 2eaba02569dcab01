//! The report in one line.

use std::io::{self, Write};

use super::words::{count, verdict};
use crate::directory::text::printable;
use crate::report::Report;

/// Writes the verdict and what can be done about it; where not everything was read, what comes first of that.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let (word, rest) = verdict(report);
    let mut parts = vec![format!("{word}: {rest}")];
    if report.summary.ready > 0 {
        parts.push(format!("{} ready to run", count(report.summary.ready, "command")));
    }
    if let Some(problem) = report.problems.first() {
        let first = problem.what.lines().next().unwrap_or_default();
        parts.push(format!("{}, first {}: {first}", count(report.problems.len(), "problem"), problem.place));
    }
    writeln!(out, "{}", printable(&parts.join("; ")))
}
