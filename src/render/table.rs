//! The report for an administrator in a hurry: the verdict, what to do, then what was looked at.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use tabled::builder::Builder;
use tabled::settings::{Padding, Style as Grid};

use super::wrap::prose;
use crate::directory::text::{is_command, printable, quoted, shown};
use crate::report::{Finding, Remedy, Report, Server, ServerEndpoint, Summary, Verdict};

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();

/// Writes the report. Colours are ANSI sequences; who calls strips them where they do not belong.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_verdict(report, out)?;
    if !report.problems.is_empty() {
        write_problems(report, out)?;
    }
    for finding in &report.findings {
        write_finding(finding, out)?;
    }
    for server in &report.servers {
        write_server(server, out)?;
    }
    Ok(())
}

fn write_verdict(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let summary = &report.summary;
    let registered = format!("{} of {} required SPNs are registered", summary.registered, summary.required);
    let (style, word, rest) = match report.verdict {
        Verdict::Healthy => {
            (GOOD, "HEALTHY", format!("{registered}, on {}", count(summary.servers, "Exchange server")))
        }
        Verdict::Findings => (found_style(summary), "FINDINGS", format!("{}; {registered}", found(summary))),
        Verdict::Incomplete => (BAD, "INCOMPLETE", format!("not everything could be read; so far {}", found(summary))),
    };
    writeln!(out, "{}: {rest}", paint(style, word))
}

fn found(summary: &Summary) -> String {
    let counts = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.infos, "info")];
    let counts: Vec<_> =
        counts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| count(*number, what)).collect();
    if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") }
}

fn found_style(summary: &Summary) -> Style {
    match (summary.errors, summary.warnings) {
        (1.., _) => BAD,
        (0, 1..) => DOUBTFUL,
        (0, 0) => GOOD,
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
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
        write!(out, "\n{}", prose("What follows rests on what was read. Read the rest before running a command.", ""))?;
    }
    Ok(())
}

/// What was recorded as a problem may have been written by anybody: a line that could be taken for a command stands in quotation marks.
fn line_of_a_problem(line: &str) -> String {
    let is_prose = !line.starts_with(' ') && !is_command(line);
    if is_prose { line.to_owned() } else { quoted(line.trim()) }
}

/// The same of a command that gets what is missing: one of those that we print is shown as a command, anything else in quotation marks.
fn line_of_a_fix(command: &str) -> String {
    const TOOLS: [&str; 3] = ["ldifde ", "ldapsearch ", "dsacls "];
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

fn write_finding(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let style = match finding.severity {
        "error" => BAD,
        "warning" => DOUBTFUL,
        _ => BOLD,
    };
    let spn = finding.spn.as_deref().map(shown).unwrap_or_default();
    let heading = format!("{} {}  {spn}", paint(style, finding.severity), paint(BOLD, finding.code));
    writeln!(out, "\n{}", heading.trim_end())?;
    write!(out, "{}", prose(&place(finding), "  "))?;
    write!(out, "{}", prose(&sentence(&finding.message), "  "))?;
    write!(out, "{}", prose(&finding.why, "  "))?;
    for (number, remedy) in finding.remedies.iter().enumerate() {
        write_remedy(number, remedy, out)?;
    }
    Ok(())
}

/// Which servers and endpoints a finding concerns.
fn place(finding: &Finding) -> String {
    let list = |what: &str, names: &[String]| match names {
        [] => None,
        [name] => Some(format!("{what} {}", shown(name))),
        names => Some(format!("{what}s {}", names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", "))),
    };
    let parts = [list("server", &finding.servers), list("endpoint", &finding.endpoints)];
    sentence(&parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// The first remedy is the preferred one.
fn write_remedy(number: usize, remedy: &Remedy, out: &mut dyn Write) -> io::Result<()> {
    let or = if number == 0 { "" } else { "Otherwise: " };
    write!(out, "{}", prose(&paint(BOLD, &format!("{or}{}", remedy.title)), "  "))?;
    if let Some(confirm) = &remedy.confirm {
        write!(out, "{}", prose(&format!("First: {confirm}"), "    "))?;
    }
    write!(out, "{}", prose(&remedy.advice, "    "))?;
    write_commands(out, "Run:", remedy.commands.iter().map(|command| command.run.as_str()))?;
    write_commands(out, "Verify:", remedy.verify.as_deref())?;
    write_commands(out, "Undo:", remedy.commands.iter().rev().map(|command| command.undo.as_str()))
}

/// Commands, each whole on a line of its own, ready to copy.
fn write_commands<'a>(
    out: &mut dyn Write,
    heading: &str,
    commands: impl IntoIterator<Item = &'a str>,
) -> io::Result<()> {
    let mut commands = commands.into_iter().peekable();
    if commands.peek().is_some() {
        writeln!(out, "    {heading}")?;
    }
    commands.try_for_each(|command| writeln!(out, "      {command}"))
}

fn write_server(server: &Server, out: &mut dyn Write) -> io::Result<()> {
    let product = server.product.as_deref().map_or_else(|| "Exchange Server".to_owned(), printable);
    let fqdn = server.fqdn.as_deref().unwrap_or("FQDN unknown");
    writeln!(out, "\n{}  {fqdn}, {product}", paint(BOLD, &shown(&server.name)))?;
    if let Some(reason) = &server.skipped {
        write!(out, "{}", prose(&format!("Not judged: {reason}."), "  "))?;
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
        (Some(reason), _) => format!("{name}: nothing required, {reason}."),
        (None, Some(fqdn)) => format!("{name} announces {}", shown(fqdn)),
        (None, None) => format!("{name} announces the server's FQDN, which is not known."),
    }
}

fn write_spns(server: &Server, out: &mut dyn Write) -> io::Result<()> {
    if server.spns.is_empty() {
        return Ok(());
    }
    let mut rows = Builder::new();
    for spn in &server.spns {
        rows.push_record([spn.status.to_owned(), shown(&spn.spn)]);
    }
    let mut table = rows.build();
    table.with(Grid::empty()).with(Padding::new(2, 0, 0, 0));
    for (line, spn) in table.to_string().lines().zip(&server.spns) {
        let style = if spn.status == "registered" { GOOD } else { BAD };
        writeln!(out, "{}", line.replacen(spn.status, &paint(style, spn.status), 1).trim_end())?;
    }
    Ok(())
}

/// The text with a full stop behind, and a capital in front unless it begins with a name.
fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let is_plain = word.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut sentence = text.to_owned();
    if let Some(first) = sentence.get_mut(..1).filter(|_| is_plain) {
        first.make_ascii_uppercase();
    }
    if !text.is_empty() && !text.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
