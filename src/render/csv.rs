//! The report as comma-separated values (RFC 4180), for a spreadsheet.
//!
//! A spreadsheet takes a field for a formula if it begins with one of `= + - @`, so that such a field gets a `'` in front. In much of
//! Europe it also splits at semicolons, whatever stands in between.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{self, Write};

use crate::directory::text::{fold, printable};
use crate::report::{Finding, Report, RequiredSpn, Server};

const COLUMNS: [&str; 12] = [
    "server",
    "fqdn",
    "account",
    "spn",
    "status",
    "needed_as",
    "needed_by",
    "holders",
    "severity",
    "code",
    "message",
    "accepted",
];

type Row = [String; 12];

/// Writes a row for each required SPN of each server; behind them a row for each finding of servers that do not
/// require its SPN, and for each problem.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    // Without the mark, Excel reads UTF-8 in the system's code page.
    write!(out, "\u{feff}")?;
    let mut out = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    write_row(&mut out, &COLUMNS.map(str::to_owned))?;
    let by_name = by_name(report);
    let mut shown = HashSet::new();
    for server in &report.servers {
        for spn in &server.spns {
            let name = (fold(&server.name), fold(&spn.spn));
            write_row(&mut out, &spn_row(server, spn, by_name.get(&name).map_or(&[], Vec::as_slice)))?;
            shown.insert(name);
        }
    }
    for finding in &report.findings {
        let is_shown = |server: &&String| shown.contains(&(fold(server), spn_of(finding)));
        let others: Vec<&str> = finding.servers.iter().filter(|server| !is_shown(server)).map(String::as_str).collect();
        if finding.servers.is_empty() || !others.is_empty() {
            write_row(&mut out, &finding_row(finding, &others))?;
        }
    }
    for problem in &report.problems {
        let what = format!("{}: {}", problem.place, problem.what.replace('\n', " "));
        write_row(&mut out, &row([(4, "incomplete".to_owned()), (10, what)]))?;
    }
    out.flush()
}

/// The findings by server and SPN, folded.
fn by_name(report: &Report) -> HashMap<(String, String), Vec<&Finding>> {
    let mut by_name: HashMap<_, Vec<&Finding>> = HashMap::new();
    for finding in &report.findings {
        // Two servers may have one name.
        for server in finding.servers.iter().map(|server| fold(server)).collect::<BTreeSet<_>>() {
            by_name.entry((server, spn_of(finding))).or_default().push(finding);
        }
    }
    by_name
}

fn spn_of(finding: &Finding) -> String {
    finding.spn.as_deref().map(fold).unwrap_or_default()
}

fn spn_row(server: &Server, spn: &RequiredSpn, findings: &[&Finding]) -> Row {
    let each = |part: fn(&Finding) -> &str| findings.iter().map(|finding| part(finding)).collect::<Vec<_>>().join("; ");
    let account = server.account.as_ref().map(|account| account.sam_account_name.as_deref().unwrap_or(&account.dn));
    [
        server.name.clone(),
        server.fqdn.clone().unwrap_or_default(),
        account.unwrap_or_default().to_owned(),
        spn.spn.clone(),
        spn.status.to_owned(),
        spn.needed_as.join("; "),
        spn.needed_by.join("; "),
        spn.holders.join("; "),
        each(|finding| finding.severity),
        each(|finding| finding.code),
        each(|finding| &finding.message),
        each(reason),
    ]
}

fn reason(finding: &Finding) -> &str {
    finding.exception.as_ref().map_or("", |exception| &exception.reason)
}

fn finding_row(finding: &Finding, servers: &[&str]) -> Row {
    row([
        (0, servers.join("; ")),
        (3, finding.spn.clone().unwrap_or_default()),
        (6, finding.endpoints.join("; ")),
        (7, finding.holders.join("; ")),
        (8, finding.severity.to_owned()),
        (9, finding.code.to_owned()),
        (10, finding.message.clone()),
        (11, reason(finding).to_owned()),
    ])
}

fn row<const N: usize>(fields: [(usize, String); N]) -> Row {
    let mut row = Row::default();
    for (column, field) in fields {
        if let Some(place) = row.get_mut(column) {
            *place = field;
        }
    }
    row
}

fn write_row(out: &mut ::csv::Writer<impl Write>, row: &Row) -> io::Result<()> {
    Ok(out.write_record(row.iter().map(|field| inert(field)))?)
}

/// A field that no spreadsheet takes for a formula.
fn inert(field: &str) -> String {
    let part = |part: &str| {
        let is_formula = part.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
        if is_formula { format!("'{part}") } else { part.to_owned() }
    };
    printable(field).split(';').map(part).collect::<Vec<_>>().join(";")
}
