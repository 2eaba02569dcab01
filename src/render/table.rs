//! The report for an administrator in a hurry: the verdict, what is wrong and what to run, which servers are fine, the verdict again.

use std::io::{self, Write};

use anstyle::Style;
use tabled::builder::Builder;
use tabled::settings::{Padding, Style as Grid};
use textwrap::core::display_width;

use super::groups::{Course, Group, Way, groups};
use super::paint::{BAD, BOLD, DOUBTFUL, GOOD, paint};
use super::proof;
use super::words::{changed, count, reason, sentence, verdict};
use super::wrap::{WIDTH, prose, row};
use crate::directory::text::{is_command, printable, quoted, shown};
use crate::report::{Finding, Remedy, Report, Server, ServerEndpoint, Verdict};
use crate::why::answer::Verdict as Answered;

/// Writes the report, with everything that is known if `all` is set. Colours are ANSI sequences; who calls strips them where they do not
/// belong.
pub(super) fn write(report: &Report, all: bool, out: &mut dyn Write) -> io::Result<()> {
    write_verdict(report, out)?;
    if !report.problems.is_empty() {
        write_problems(report, out)?;
    }
    let (accepted, open): (Vec<_>, Vec<_>) = groups(report).into_iter().partition(Group::is_accepted);
    for group in &open {
        write_group(group, all, out)?;
    }
    write_accepted(&accepted, out)?;
    write_changes(report, out)?;
    write_warnings(report, out)?;
    if all {
        report.servers.iter().try_for_each(|server| write_server(server, out))?;
    } else {
        write_servers(report, out)?;
    }
    proof::write(report, out)?;
    write_end(report, all, out)
}

fn write_verdict(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let (word, rest) = verdict(report);
    write!(out, "{}", prose(&format!("{}: {rest}", paint(style(report), word)), ""))
}

/// A headline in the colour of its verdict.
pub(super) fn headline(verdict: Answered, text: &str) -> String {
    let style = match verdict {
        Answered::NamesAreFine => GOOD,
        Answered::CauseFound | Answered::NotEstablished => BAD,
    };
    let (word, rest) = text.split_once(':').unwrap_or((text, ""));
    prose(&format!("{}:{rest}", paint(style, word)), "")
}

fn style(report: &Report) -> Style {
    match (report.verdict, report.summary.errors, report.summary.warnings) {
        (Verdict::Incomplete, ..) | (Verdict::Findings, 1.., _) => BAD,
        (Verdict::Findings, 0, 1..) => DOUBTFUL,
        (Verdict::Findings, 0, 0) | (Verdict::Healthy, ..) => GOOD,
    }
}

fn write_problems(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", paint(BAD, "NOT READ"))?;
    for problem in &report.problems {
        let what: Vec<String> = problem.what.lines().map(line_of_a_problem).collect();
        write!(out, "{}", prose(&format!("{}: {}", shown(&problem.place), what.join("\n")), "  "))?;
        for command in &problem.fix {
            writeln!(out, "    {}", line_of_a_fix(command))?;
        }
    }
    if report.findings.iter().any(|finding| finding.remedies.iter().any(|remedy| !remedy.commands.is_empty())) {
        write!(
            out,
            "\n{}",
            prose(
                "The rest of this report is based on what was read. Provide what is missing before you run any command.",
                ""
            )
        )?;
    }
    Ok(())
}

/// What was recorded as a problem may have been written by anybody: a line that could be taken for a command stands in quotation marks.
pub(super) fn line_of_a_problem(line: &str) -> String {
    let is_prose = !line.starts_with(' ') && !is_command(line);
    if is_prose { line.to_owned() } else { quoted(line.trim()) }
}

/// The same of a command that gets what is missing: one of those that we print is shown as a command, anything else in quotation marks.
fn line_of_a_fix(command: &str) -> String {
    const TOOLS: [&str; 7] =
        ["ldifde ", "ldapsearch ", "dsacls ", "nltest ", "nslookup ", "spn-doctor check ", "setspn -F -X"];
    let is_ours = TOOLS.iter().any(|tool| command.starts_with(tool)) && is_plain(command);
    if is_ours { command.to_owned() } else { quoted(command) }
}

/// Whether a command is one line of plain words and of strings in double quotes, in which no shell finds anything; its output may go to
/// one file. `%` has no meaning where `ldapsearch` is.
fn is_plain(command: &str) -> bool {
    let has_meaning = if command.starts_with("ldapsearch ") { "$`!\\" } else { "$`!%^" };
    let is_word = |c: char| c.is_ascii_alphanumeric() || " -_.:/=>".contains(c);
    let is_text = |c: char| (c.is_ascii_graphic() || c == ' ') && !has_meaning.contains(c);
    let mut parts = command.split('"').enumerate();
    command.matches('"').count().is_multiple_of(2)
        && command.matches('>').count() <= 1
        && parts.all(|(number, part)| part.chars().all(|c| if number % 2 == 0 { is_word(c) } else { is_text(c) }))
}

/// One cause: who has it, why it matters, and what to do, once.
pub(super) fn write_group(group: &Group<'_>, all: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    write!(out, "{}", prose(&paint(BOLD, &sentence(group.title())), ""))?;
    write_rows(group, all, out)?;
    write!(out, "{}", prose(group.why(), "  "))?;
    let courses = group.courses();
    courses.iter().try_for_each(|course| write_course(course, courses.len() > 1, all, out))
}

/// What to do about findings that are put right in the same way; `named` if others of the group are not.
fn write_course(course: &Course<'_>, named: bool, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let servers = if named { format!("{}: ", servers(course)) } else { String::new() };
    for (number, way) in course.ways().iter().enumerate() {
        match (number, all) {
            (0, _) => write_way(&servers, way, all, out)?,
            (_, true) => write_way("Or: ", way, all, out)?,
            (_, false) => {
                let or = format!("Or: {}", way.words.title);
                write!(out, "{}", prose(&or, "  "))?;
            }
        }
    }
    Ok(())
}

/// The servers that findings name, each once.
fn servers(course: &Course<'_>) -> String {
    let mut names: Vec<String> = course.findings.iter().flat_map(|finding| finding.servers.clone()).collect();
    names.dedup();
    self::names(&names)
}

/// A line a finding, and below it what is known of this one alone.
fn write_rows(group: &Group<'_>, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let style = severity_style(group.severity());
    let severity = paint(style, group.severity());
    let servers: Vec<String> = group.findings.iter().map(|finding| names(&finding.servers)).collect();
    let column =
        servers.iter().map(|names| display_width(names)).filter(|width| *width <= 20).max().unwrap_or_default();
    for (finding, servers) in group.findings.iter().zip(servers) {
        let new = match finding.change {
            Some("new") => "  (new)",
            Some("worse") => "  (worse)",
            _ => "",
        };
        let spn = finding.spn.as_deref().map(shown).unwrap_or_default();
        let gap = " ".repeat(column.saturating_sub(display_width(&servers)));
        let row = format!("{severity}  {}  {servers}{gap}  {spn}{new}", group.code());
        let row = row.trim_end();
        if display_width(row) + 2 <= WIDTH {
            writeln!(out, "  {row}")?;
        } else {
            write!(out, "{}", prose(&format!("{severity}  {}  {servers}  {spn}{new}", group.code()), "  "))?;
        }
        // Whoever loses the name stands in the command below.
        let deletes = |remedy: &Remedy| remedy.commands.iter().any(|command| command.action == Some("delete"));
        let is_told = !all && finding.remedies.first().is_some_and(deletes);
        for line in finding.evidence.iter().filter(|_| !is_told) {
            write!(out, "{}", prose(&sentence(line), "      "))?;
        }
    }
    Ok(())
}

fn names(names: &[String]) -> String {
    names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ")
}

fn severity_style(severity: &str) -> Style {
    match severity {
        "error" => BAD,
        "warning" => DOUBTFUL,
        _ => BOLD,
    }
}

fn write_way(heading: &str, way: &Way<'_>, all: bool, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{}", prose(&paint(BOLD, &format!("{heading}{}", way.words.title)), "  "))?;
    if let Some(confirm) = &way.words.confirm {
        write!(out, "{}", prose(&format!("First: {confirm}"), "    "))?;
    }
    // What can be run needs no more words, unless a part of it has to be done by hand.
    if all || way.run().next().is_none() || way.words.kind == "exchange" {
        write!(out, "{}", prose(&way.words.advice, "    "))?;
    }
    write_commands(out, "", way.run())?;
    let undo = way.undo_refused().map_or_else(|| "Undo:".to_owned(), |why| format!("Undo (may fail: {why}):"));
    write_commands(out, &undo, way.undo())?;
    if all { write_commands(out, "Verify:", way.verify()) } else { Ok(()) }
}

/// Commands, each whole on a line of its own, ready to copy.
fn write_commands<'a>(
    out: &mut dyn Write,
    heading: &str,
    commands: impl IntoIterator<Item = &'a str>,
) -> io::Result<()> {
    let mut commands = commands.into_iter().peekable();
    if commands.peek().is_some() && !heading.is_empty() {
        writeln!(out, "    {heading}")?;
    }
    commands.try_for_each(|command| writeln!(out, "      {command}"))
}

/// What somebody decided to leave as it is.
fn write_accepted(groups: &[Group<'_>], out: &mut dyn Write) -> io::Result<()> {
    let findings: Vec<&Finding> = groups.iter().flat_map(|group| group.findings.iter().copied()).collect();
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint(BOLD, "Accepted exceptions"))?;
    for finding in findings {
        let spn = finding.spn.as_deref().map(shown).unwrap_or_default();
        let row = format!("{}  {}  {}  {spn}", finding.severity, finding.code, names(&finding.servers));
        write!(out, "{}", prose(row.trim_end(), "  "))?;
        if let Some(exception) = &finding.exception {
            write!(out, "{}", prose(&reason(exception), "      "))?;
        }
    }
    Ok(())
}

/// What changed since the baseline; the new findings are marked where they stand.
fn write_changes(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Some(changes) = &report.baseline else { return Ok(()) };
    writeln!(out, "\n{}", paint(BOLD, "Since the baseline"))?;
    writeln!(out, "  {}.", changed(changes))?;
    changes.gone.iter().try_for_each(|id| write!(out, "{}", prose(&format!("gone: {}", shown(id)), "  ")))
}

/// What of the exceptions no longer holds.
fn write_warnings(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if !report.warnings.is_empty() {
        writeln!(out, "\n{}", paint(DOUBTFUL, "Warnings"))?;
    }
    report.warnings.iter().try_for_each(|warning| write!(out, "{}", prose(&printable(warning), "  ")))
}

/// A line for each server that no finding names.
fn write_servers(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let fine: Vec<&Server> = report.servers.iter().filter(|server| server.worst.is_none()).collect();
    if fine.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint(BOLD, "Servers without findings"))?;
    let mut rows = Builder::new();
    for server in fine {
        rows.push_record([shown(&server.name), product(server), state(server)]);
    }
    let mut table = rows.build();
    table.with(Grid::empty()).with(Padding::new(2, 0, 0, 0));
    table.to_string().lines().try_for_each(|line| {
        let line = line.trim_end();
        if display_width(line) <= WIDTH { writeln!(out, "{line}") } else { write!(out, "{}", row(line.trim())) }
    })
}

fn product(server: &Server) -> String {
    server.product.as_deref().map_or_else(|| "Exchange Server".to_owned(), printable)
}

fn state(server: &Server) -> String {
    if let Some(reason) = &server.skipped {
        return format!("not checked: {}", printable(reason));
    }
    let registered = server.spns.iter().filter(|spn| spn.status == "registered").count();
    match server.spns.len() {
        0 => "no SPN required".to_owned(),
        all => format!("{registered} of {} registered", count(all, "SPN")),
    }
}

fn write_server(server: &Server, out: &mut dyn Write) -> io::Result<()> {
    let fqdn = server.fqdn.as_deref().unwrap_or("FQDN unknown");
    writeln!(out)?;
    write!(out, "{}", prose(&format!("{}  {fqdn}, {}", paint(BOLD, &shown(&server.name)), product(server)), ""))?;
    if let Some(reason) = &server.skipped {
        write!(out, "{}", prose(&format!("Not checked: {reason}."), "  "))?;
    } else {
        write!(out, "{}", prose(&account(server), "  "))?;
    }
    for endpoint in &server.endpoints {
        write!(out, "{}", prose(&describe(endpoint), "  "))?;
    }
    write_spns(server, out)
}

fn account(server: &Server) -> String {
    match &server.account {
        None => "Account: not determined.".to_owned(),
        Some(account) => {
            let name = account.sam_account_name.as_deref().unwrap_or(&account.dn);
            let disabled = if account.enabled { "" } else { ", disabled" };
            format!("Account: {} in {}{disabled}.", shown(name), shown(&account.domain))
        }
    }
}

fn describe(endpoint: &ServerEndpoint) -> String {
    let name = shown(&endpoint.name);
    match (endpoint.reason, &endpoint.fqdn) {
        (Some(reason), _) => format!("{name} requires no SPN: {reason}."),
        (None, Some(fqdn)) => format!("{name} announces {}", shown(fqdn)),
        (None, None) => format!("{name} announces the FQDN of the server, which is unknown."),
    }
}

fn write_spns(server: &Server, out: &mut dyn Write) -> io::Result<()> {
    for spn in &server.spns {
        let style = if spn.status == "registered" { GOOD } else { BAD };
        let gap = " ".repeat("unresolved".len().saturating_sub(spn.status.len()));
        writeln!(out, "  {}{gap}  {}", paint(style, spn.status), shown(&spn.spn))?;
    }
    Ok(())
}

/// The verdict again, for whoever sees the end of a long report first, and how to go on.
fn write_end(report: &Report, all: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    if !report.findings.is_empty() || !report.problems.is_empty() {
        write_verdict(report, out)?;
    }
    next_steps(report, all).iter().try_for_each(|step| write!(out, "{}", prose(step, "")))
}

fn next_steps(report: &Report, all: bool) -> Vec<String> {
    const ELSE: &str = "If mail still queues with 454 4.7.0, look for another cause: clocks that differ by more than five minutes, an SPN that has not replicated yet, a blocked port (88 for Kerberos), or no common encryption type. `spn-doctor why NAME` checks these for a server or SPN, `spn-doctor why --event FILE` for the text of an event or queue.";
    let mut steps = Vec::new();
    match report.summary.ready {
        0 => {}
        1 => steps.push(
            "1 command is ready to run. --format cmd writes it as a script. Write the undo script (--undo) before you run it.".to_owned(),
        ),
        ready => steps.push(format!(
            "{ready} commands are ready to run. --format cmd writes them as a script. Write the undo script (--undo) before you run them."
        )),
    }
    let undecided = report.findings.iter().filter(|finding| finding.needs_decision()).count();
    if undecided > 0 && report.problems.is_empty() {
        let verb = if undecided == 1 { "needs" } else { "need" };
        steps.push(format!("{} {verb} a decision first.", count(undecided, "finding")));
    }
    if let Some(finding) = report.findings.first() {
        let details = if all { "" } else { " --all shows everything that was checked." };
        steps.push(format!(
            "`spn-doctor explain {}` explains this finding, `spn-doctor why NAME` checks one server or SPN.{details}",
            finding.code
        ));
    }
    if report.verdict == Verdict::Healthy {
        steps.push(ELSE.to_owned());
    }
    steps
}
