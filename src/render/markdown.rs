//! The report as Markdown (GitHub's), for a ticket or the summary page of a CI job.

use std::io::{self, Write};

use super::groups::{Group, Way, groups};
use super::words::{changed, reason, sentence, verdict};
use crate::directory::text::printable;
use crate::report::{Finding, Report};

/// Writes the report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let (word, rest) = verdict(report);
    writeln!(out, "## spn-doctor: {word}\n\n{}", escaped(&sentence(&rest)))?;
    if !report.problems.is_empty() {
        writeln!(out, "\n### Not read\n")?;
        for problem in &report.problems {
            writeln!(out, "- **{}**: {}", escaped(&problem.place), escaped(&problem.what.replace('\n', " ")))?;
            write_code(out, problem.fix.iter().map(String::as_str))?;
        }
    }
    for group in groups(report) {
        write_group(&group, out)?;
    }
    write_changes(report, out)?;
    write_servers(report, out)
}

/// What changed since the baseline, and what of the exceptions no longer holds.
fn write_changes(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if let Some(changes) = &report.baseline {
        writeln!(out, "\n### Since the baseline\n\n{}", changed(changes))?;
        write_list(&changes.gone, "gone: ", out)?;
    }
    if !report.warnings.is_empty() {
        writeln!(out, "\n### Warnings")?;
    }
    write_list(&report.warnings, "", out)
}

fn write_list(items: &[String], before: &str, out: &mut dyn Write) -> io::Result<()> {
    if !items.is_empty() {
        writeln!(out)?;
    }
    items.iter().try_for_each(|item| writeln!(out, "- {before}{}", escaped(item)))
}

fn write_group(group: &Group<'_>, out: &mut dyn Write) -> io::Result<()> {
    let accepted = if group.is_accepted() { " (accepted)" } else { "" };
    writeln!(out, "\n### {}{accepted}\n", escaped(&sentence(group.title())))?;
    writeln!(out, "| severity | code | servers | SPN | evidence |\n|---|---|---|---|---|")?;
    for finding in &group.findings {
        write_row(finding, out)?;
    }
    writeln!(out, "\n{}", escaped(group.why()))?;
    if group.is_accepted() {
        return Ok(());
    }
    let courses = group.courses();
    for course in &courses {
        let servers: Vec<&str> =
            course.findings.iter().flat_map(|finding| &finding.servers).map(String::as_str).collect();
        let servers = if courses.len() > 1 { format!("{}: ", servers.join(", ")) } else { String::new() };
        for (number, way) in course.ways().iter().enumerate() {
            write_way(if number == 0 { &servers } else { "Or: " }, way, out)?;
        }
    }
    Ok(())
}

fn write_row(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let exception = finding.exception.as_ref().map(reason);
    let change = finding.change.filter(|change| *change != "unchanged");
    let evidence = change.into_iter().chain(finding.evidence.iter().map(String::as_str));
    let evidence: Vec<&str> = evidence.chain(exception.as_deref()).collect();
    let cells = [
        finding.severity,
        finding.code,
        &finding.servers.join(", "),
        finding.spn.as_deref().unwrap_or_default(),
        &evidence.join("; "),
    ];
    writeln!(out, "| {} |", cells.map(escaped).join(" | "))
}

fn write_way(heading: &str, way: &Way<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n**{}{}**", escaped(heading), escaped(&sentence(&way.words.title)))?;
    if let Some(confirm) = &way.words.confirm {
        writeln!(out, "\nFirst: {}", escaped(confirm))?;
    }
    for line in way.words.advice.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix(' ') {
            Some(example) => write_code(out, std::iter::once(example.trim()))?,
            None => writeln!(out, "\n{}", escaped(line))?,
        }
    }
    write_code(out, way.run())?;
    if way.run().next().is_some() {
        writeln!(out, "\nUndo:")?;
        write_code(out, way.undo())?;
        if let Some(why) = way.undo_refused() {
            writeln!(out, "\n{}", escaped(&sentence(&format!("the undo may fail: {why}"))))?;
        }
    }
    Ok(())
}

fn write_servers(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.servers.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### Servers\n\n| server | product | SPNs registered | worst finding |\n|---|---|---|---|")?;
    for server in &report.servers {
        let registered = server.spns.iter().filter(|spn| spn.status == "registered").count();
        let state = match &server.skipped {
            Some(reason) => format!("not checked: {reason}"),
            None => format!("{registered} of {}", server.spns.len()),
        };
        let cells =
            [&server.name, server.product.as_deref().unwrap_or_default(), &state, server.worst.unwrap_or("none")];
        writeln!(out, "| {} |", cells.map(escaped).join(" | "))?;
    }
    Ok(())
}

/// Commands to copy, in a block whose fence is longer than any row of backticks in it.
fn write_code<'a>(out: &mut dyn Write, commands: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let commands: Vec<String> = commands.map(printable).collect();
    if commands.is_empty() {
        return Ok(());
    }
    let text = commands.join("\n");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    writeln!(out, "\n{fence}\n{text}\n{fence}")
}

/// A text that means itself: no markup, no row of a table.
fn escaped(text: &str) -> String {
    printable(text).split_inclusive(SEPARATORS).map(escaped_word).collect()
}

/// What ends a word; within code, these would be read all the same.
const SEPARATORS: [char; 3] = [' ', '|', '`'];

/// What a forge would make a link, a mention, a reference or a formula of stands as code: it looks for them in the finished text, where
/// nothing is escaped any more, but never in code.
fn escaped_word(word: &str) -> String {
    let (word, separator) = match word.strip_suffix(SEPARATORS) {
        Some(bare) => word.split_at(bare.len()),
        None => (word, ""),
    };
    let word = if is_active(word) { format!("`{word}`") } else { plain(word) };
    word + &plain(separator)
}

fn is_active(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    word.contains(['@', '#', '$'])
        || ["://", "www.", "gh-"].iter().any(|start| lower.contains(start))
        || word.matches(':').count() > 1
}

fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            character if character.is_ascii_punctuation() && !".,;:-/()'\"%?=".contains(character) => {
                plain.extend(['\\', character]);
            }
            character => plain.push(character),
        }
    }
    plain
}
