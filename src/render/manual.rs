//! The manual of the finding codes as text.

use std::io::{self, Write};

use super::wrap::prose;
use crate::judge::checks::{ALL, Check};

/// The list of all codes.
pub fn write_list(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "The findings of `spn-doctor check`. For details, run `spn-doctor explain CODE`.\n")?;
    for check in ALL {
        writeln!(out, "  {:<28} {}", check.code, check.manual.title)?;
    }
    Ok(())
}

/// The manual of one code.
pub fn write(check: &Check, out: &mut dyn Write) -> io::Result<()> {
    let manual = &check.manual;
    writeln!(out, "{}", prose(&format!("{}: {}", check.code, manual.title), ""))?;
    let sections = [
        ("WHAT WAS CHECKED", manual.checked),
        ("IMPACT", manual.impact),
        ("HOW TO FIX IT", manual.fix),
        ("REQUIRED PERMISSIONS", manual.permissions),
        ("FALSE POSITIVES", manual.false_positives),
    ];
    for (heading, text) in sections {
        write!(out, "\n{heading}\n{}", prose(text, "  "))?;
    }
    for (heading, lines) in [("SYMPTOMS", manual.symptoms), ("SOURCES", manual.sources)] {
        writeln!(out, "\n{heading}")?;
        for line in lines {
            write!(out, "{}", prose(line, "  "))?;
        }
    }
    Ok(())
}
