//! The report as JSON.

use std::io::{self, Write};

use crate::model::text::printable_json;
use crate::report::Report;

/// Writes the report and a line feed. A terminal may be shown it too: nothing in it acts there.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let json = serde_json::to_string_pretty(report)?;
    writeln!(out, "{}", printable_json(&json))
}
