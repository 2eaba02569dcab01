//! The manuals of finding codes and of symptoms as text.

use std::io::{self, Write};

use super::wrap::{prose, row};
use crate::judge::checks::{ALL, Check};
use crate::symptoms::{self, Symptom};

/// The list of all codes and symptoms.
pub fn write_list(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "The findings of `spn-doctor check`. For details, run `spn-doctor explain CODE`.\n")?;
    for check in ALL {
        write!(out, "{}", row(&format!("{:<28} {}", check.code, check.manual.title)))?;
    }
    writeln!(out, "\nSymptoms. For details, run, for example, `spn-doctor explain 2017`.\n")?;
    let events: Vec<String> = symptoms::all().filter(|symptom| symptom.event.is_some()).map(Symptom::name).collect();
    let words = symptoms::all().filter(|symptom| symptom.event.is_none()).map(Symptom::name);
    write!(out, "{}", prose(&format!("Events: {}.", events.join(", ")), "  "))?;
    let words: Vec<String> = words.collect();
    write!(out, "{}", prose(&format!("Replies and status words: {}.", words.join("; ")), "  "))
}

/// The manual of one code.
pub fn write(check: &Check, out: &mut dyn Write) -> io::Result<()> {
    let manual = &check.manual;
    write!(out, "{}", prose(&format!("{}: {}", check.code, manual.title), ""))?;
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
    write_lines("SYMPTOMS", symptoms::of(check.code).map(Symptom::line), out)?;
    write_lines("SOURCES", manual.sources.iter().copied(), out)
}

/// Writes what `explain` prints of a symptom: who reports it, what it means, and the findings and other causes behind it.
pub fn write_symptom(symptom: &Symptom, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{}", prose(&symptom.line(), ""))?;
    for (heading, text) in
        [("WHO REPORTS IT", symptom.seen), ("WHAT IT MEANS", symptom.means), ("WHERE TO LOOK", symptom.whose)]
    {
        write!(out, "\n{heading}\n{}", prose(text, "  "))?;
    }
    if !symptom.findings.is_empty() {
        writeln!(out, "\nFINDINGS THAT CAN CAUSE IT")?;
        for check in ALL.iter().filter(|check| symptom.findings.contains(&check.code)) {
            write!(out, "{}", row(&format!("{:<28} {}", check.code, check.manual.title)))?;
        }
    }
    if !symptom.causes.is_empty() {
        writeln!(out, "\n{}", if symptom.findings.is_empty() { "CAUSES" } else { "OTHER CAUSES" })?;
        for cause in symptom.causes {
            write!(out, "{}", prose(cause.text(), "  "))?;
            writeln!(out, "    {}", cause.check())?;
        }
    }
    write_lines("SOURCES", symptom.sources.iter().copied(), out)
}

fn write_lines(heading: &str, lines: impl Iterator<Item = impl AsRef<str>>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{heading}")?;
    for line in lines {
        write!(out, "{}", prose(line.as_ref(), "  "))?;
    }
    Ok(())
}
