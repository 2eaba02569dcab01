//! The report as one page that needs nothing else: no script, style, font or picture from anywhere.
//!
//! `maud` escapes whatever is not markup of ours; should anything slip through, the page's own policy lets nothing run or load but the
//! script and the style that stand in it, by their digests.

mod picture;

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{SHA256, digest};

use super::groups::{Course, Group, Way, groups};
use super::words::{changed, count, reason, sentence, verdict};
use crate::directory::text::printable;
use crate::report::{Finding, Report, Server, Source, Verdict};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Writes the page.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let (word, rest) = verdict(report);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(policy());
                title { "spn-doctor: " (word) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.verdict.(class(report)) { (word) }
                    h1 { (sentence(&rest)) }
                    p.source { (source(&report.source)) }
                }
                main {
                    (problems(report))
                    (at_a_glance(report))
                    (picture::draw(report))
                    (findings(report))
                    (changes(report))
                    (servers(report))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    writeln!(out, "{}", page.into_string())
}

fn policy() -> String {
    let source = |text: &str| format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())));
    format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; style-src {}; script-src {}",
        source(STYLE),
        source(SCRIPT)
    )
}

fn class(report: &Report) -> &'static str {
    match (report.verdict, report.summary.errors, report.summary.warnings) {
        (Verdict::Incomplete, ..) | (Verdict::Findings, 1.., _) => "error",
        (Verdict::Findings, 0, 1..) => "warning",
        (Verdict::Findings, 0, 0) => "info",
        (Verdict::Healthy, ..) => "fine",
    }
}

fn source(source: &Source) -> String {
    printable(&match source {
        Source::Ldif { files } => format!("Read from {}.", files.join(", ")),
        Source::Ldap { server, forest } => format!("Read from {server}, forest {forest}."),
    })
}

fn problems(report: &Report) -> Markup {
    html! {
        @if !report.problems.is_empty() {
            section aria-labelledby="not-read" {
                h2 #not-read { "Not read" }
                p { "The rest of this report is based on what was read. Read what is missing before you run a command." }
                @for problem in &report.problems {
                    article.group.error {
                        h3 { (printable(&problem.place)) }
                        @for line in problem.what.lines() { p { (printable(line)) } }
                        (commands("To get it", &problem.fix.iter().map(String::as_str).collect::<Vec<_>>()))
                    }
                }
            }
        }
    }
}

/// What stands for a severity beside its colour.
fn symbol(severity: &str) -> &'static str {
    match severity {
        "error" => "✖",
        "warning" => "▲",
        "info" => "●",
        _ => "✔",
    }
}

/// A tile for each server.
fn at_a_glance(report: &Report) -> Markup {
    let state = |server: &Server| match (&server.skipped, server.worst) {
        (Some(_), None) => ("skipped", "–", "not checked"),
        (_, Some(worst)) => (worst, symbol(worst), worst),
        (None, None) => ("fine", "✔", "no finding"),
    };
    html! {
        @if !report.servers.is_empty() {
            section aria-labelledby="glance" {
                h2 #glance { (count(report.servers.len(), "server")) }
                ul.tiles {
                    @for (number, server) in report.servers.iter().enumerate() {
                        @let (class, symbol, words) = state(server);
                        li {
                            a.tile.(class) href={ "#server-" (number) } {
                                span aria-hidden="true" { (symbol) " " }
                                (printable(&server.name))
                                span.unseen { ", " (words) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn findings(report: &Report) -> Markup {
    html! {
        @if !report.findings.is_empty() {
            section aria-labelledby="findings" {
                h2 #findings { "Findings" }
                @for group in groups(report) { (one_cause(&group)) }
            }
        }
    }
}

fn one_cause(group: &Group<'_>) -> Markup {
    let courses = group.courses();
    html! {
        article.group.(if group.is_accepted() { "skipped" } else { group.severity() }) {
            h3 {
                span aria-hidden="true" { (symbol(group.severity())) " " }
                (sentence(group.title()))
                " " small { (group.severity()) ", " code { (group.code()) } @if group.is_accepted() { ", accepted" } }
            }
            ul.rows { @for finding in &group.findings { (row(finding)) } }
            p { (group.why()) }
            @if !group.is_accepted() {
                @for course in &courses { (one_course(course, courses.len() > 1)) }
            }
        }
    }
}

fn row(finding: &Finding) -> Markup {
    html! {
        li {
            @for server in &finding.servers { strong { (printable(server)) } " " }
            @if let Some(spn) = &finding.spn { code { (printable(spn)) } " " }
            @if let Some(change @ ("new" | "worse")) = finding.change { em { (change) } " " }
            @if !finding.endpoints.is_empty() { span.endpoint { (printable(&finding.endpoints.join(", "))) } }
            @for line in &finding.evidence { br; span { (sentence(line)) } }
            @if let Some(exception) = &finding.exception { br; span { (reason(exception)) } }
        }
    }
}

fn one_course(course: &Course<'_>, named: bool) -> Markup {
    html! {
        @for (number, way) in course.ways().iter().enumerate() {
            @if number == 0 {
                (one_way(way, named.then(|| servers_of(course))))
            } @else {
                details { summary { "Or: " (way.words.title) } (one_way(way, None)) }
            }
        }
    }
}

fn servers_of(course: &Course<'_>) -> String {
    let mut names: Vec<&str> =
        course.findings.iter().flat_map(|finding| &finding.servers).map(String::as_str).collect();
    names.dedup();
    printable(&names.join(", "))
}

fn one_way(way: &Way<'_>, servers: Option<String>) -> Markup {
    let lines: Vec<&str> = way.words.advice.lines().filter(|line| !line.is_empty()).collect();
    html! {
        h4 { @if let Some(servers) = servers { (servers) ": " } (way.words.title) }
        @if let Some(confirm) = &way.words.confirm { p.confirm { strong { "First: " } (confirm) } }
        @for line in lines {
            @if let Some(example) = line.strip_prefix(' ') { pre tabindex="0" { code { (example.trim()) } } } @else { p { (line) } }
        }
        (commands("Run", &way.run().collect::<Vec<_>>()))
        @if way.run().next().is_some() {
            details { summary { "Undo and verify" }
                (commands("Undo", &way.undo().collect::<Vec<_>>()))
                @if let Some(why) = way.undo_refused() { p { (sentence(&format!("the undo may fail: {why}"))) } }
                (commands("Verify", &way.verify().collect::<Vec<_>>()))
            }
        }
    }
}

/// Commands, and a button that copies them.
fn commands(label: &str, commands: &[&str]) -> Markup {
    let text: Vec<String> = commands.iter().map(|command| printable(command)).collect();
    html! {
        @if !text.is_empty() {
            figure.commands {
                figcaption { (label) }
                button.copy type="button" hidden { "Copy" }
                pre tabindex="0" { code { (text.join("\n")) } }
            }
        }
    }
}

/// What changed since the baseline, and what of the exceptions no longer holds.
fn changes(report: &Report) -> Markup {
    html! {
        @if let Some(changes) = &report.baseline {
            section aria-labelledby="changes" {
                h2 #changes { "Since the baseline" }
                p { (changed(changes)) }
                ul { @for id in &changes.gone { li { "gone: " (printable(id)) } } }
            }
        }
        @if !report.warnings.is_empty() {
            section aria-labelledby="warnings" {
                h2 #warnings { "Warnings" }
                ul { @for warning in &report.warnings { li { (printable(warning)) } } }
            }
        }
    }
}

fn servers(report: &Report) -> Markup {
    html! {
        @if !report.servers.is_empty() {
            section aria-labelledby="servers" {
                h2 #servers { "Servers and their SPNs" }
                div.wide tabindex="0" role="group" aria-label="Table of servers" {
                    table {
                        thead { tr { th scope="col" { "Server" } th scope="col" { "Account" } th scope="col" { "Required SPNs" } } }
                        tbody { @for (number, server) in report.servers.iter().enumerate() { (one_server(number, server)) } }
                    }
                }
            }
        }
    }
}

fn one_server(number: usize, server: &Server) -> Markup {
    let account = server.account.as_ref().map(|account| account.sam_account_name.as_ref().unwrap_or(&account.dn));
    html! {
        tr id={ "server-" (number) } {
            th scope="row" {
                (printable(&server.name)) br;
                small { (printable(server.fqdn.as_deref().unwrap_or("FQDN unknown"))) br; (printable(server.product.as_deref().unwrap_or("Exchange Server"))) }
            }
            td { (account.map_or_else(|| "not determined".to_owned(), |account| printable(account))) }
            td {
                @if let Some(reason) = &server.skipped { "Not checked: " (printable(reason)) }
                @for spn in &server.spns {
                    div { span.status.(if spn.status == "registered" { "fine" } else { "error" }) { (spn.status) } " " code { (printable(&spn.spn)) } }
                }
            }
        }
    }
}
