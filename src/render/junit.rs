//! The report as `JUnit` XML, for CI systems: a suite for each server, in it a case for the server itself and one for each SPN it requires.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::words::sentence;
use crate::directory::text::{fold, printable, printable_lines};
use crate::report::{FailOn, Finding, Report, Server};

/// One test case: what it is called, and what is wrong with it.
struct Case<'a> {
    name: &'a str,
    findings: Vec<&'a Finding>,
    /// Why nothing can be said of it, if nothing can.
    skipped: Option<&'a str>,
}

/// Writes the suites. A finding that makes the run fail is a failure, another is output; what could not be read is an error.
pub(super) fn write(report: &Report, fail_on: FailOn, out: &mut dyn Write) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(&mut *out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let fails = |finding: &Finding| finding.fails(fail_on);
    let suites: Vec<(&str, Vec<Case<'_>>)> = suites(report);
    let tests = suites.iter().map(|(_, cases)| cases.len()).sum::<usize>() + 1;
    let failures =
        suites.iter().flat_map(|(_, cases)| cases).filter(|case| case.findings.iter().any(|one| fails(one))).count();
    let errors = usize::from(!report.problems.is_empty());
    let root = xml.create_element("testsuites").with_attributes([
        ("name", "spn-doctor"),
        ("tests", tests.to_string().as_str()),
        ("failures", failures.to_string().as_str()),
        ("errors", errors.to_string().as_str()),
    ]);
    root.write_inner_content(|xml| {
        write_reading(report, xml)?;
        suites.iter().try_for_each(|(name, cases)| write_suite(name, cases, &fails, xml))
    })?;
    writeln!(out)
}

/// The servers, and behind them what concerns none.
fn suites(report: &Report) -> Vec<(&str, Vec<Case<'_>>)> {
    let mut by_server: HashMap<String, Vec<&Finding>> = HashMap::new();
    for finding in &report.findings {
        // Two servers may have one name.
        for server in finding.servers.iter().map(|server| fold(server)).collect::<BTreeSet<_>>() {
            by_server.entry(server).or_default().push(finding);
        }
    }
    let unread = (!report.problems.is_empty()).then_some("not everything could be read");
    let of_server = |server: &Server| by_server.get(&fold(&server.name)).cloned().unwrap_or_default();
    let mut suites: Vec<(&str, Vec<Case<'_>>)> =
        report.servers.iter().map(|server| (server.name.as_str(), cases(server, of_server(server), unread))).collect();
    let of_none: Vec<&Finding> = report.findings.iter().filter(|finding| finding.servers.is_empty()).collect();
    if !of_none.is_empty() {
        suites.push(("organization", vec![Case { name: "organization", findings: of_none, skipped: None }]));
    }
    suites
}

/// `unread` is why nothing can be said where nothing was found, if it is so.
fn cases<'a>(server: &'a Server, mut rest: Vec<&'a Finding>, unread: Option<&'a str>) -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    for spn in &server.spns {
        let is_of_spn = |finding: &&Finding| finding.spn.as_deref().is_some_and(|of| fold(of) == fold(&spn.spn));
        let (findings, others) = rest.into_iter().partition(is_of_spn);
        rest = others;
        let skipped = (spn.status == "unresolved").then_some("the account of the server could not be determined");
        cases.push(Case { name: &spn.spn, findings, skipped: skipped.or(unread) });
    }
    cases.insert(0, Case { name: &server.name, findings: rest, skipped: server.skipped.as_deref().or(unread) });
    cases
}

/// Whether everything was read is a case of its own.
fn write_reading<W: Write>(report: &Report, xml: &mut Writer<W>) -> io::Result<()> {
    let errors = if report.problems.is_empty() { "0" } else { "1" };
    let suite = xml.create_element("testsuite").with_attributes([
        ("name", "reading"),
        ("tests", "1"),
        ("failures", "0"),
        ("errors", errors),
    ]);
    suite.write_inner_content(|xml| {
        let case = xml
            .create_element("testcase")
            .with_attributes([("classname", "spn-doctor.reading"), ("name", "everything was read")]);
        if report.problems.is_empty() {
            case.write_empty()?;
            return Ok(());
        }
        let problem = |problem: &crate::report::Problem| format!("{}: {}", problem.place, problem.what);
        let text: Vec<String> = report.problems.iter().map(problem).collect();
        case.write_inner_content(|xml| {
            let error = xml
                .create_element("error")
                .with_attributes([("type", "incomplete"), ("message", "not everything could be read")]);
            error.write_text_content(BytesText::new(&legal(&printable_lines(&text.join("\n")))))?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn write_suite<W: Write>(
    name: &str,
    cases: &[Case<'_>],
    fails: &impl Fn(&Finding) -> bool,
    xml: &mut Writer<W>,
) -> io::Result<()> {
    let failures = cases.iter().filter(|case| case.findings.iter().any(|finding| fails(finding))).count();
    let skipped = cases.iter().filter(|case| is_skipped(case, fails)).count();
    let name = legal(&printable(name));
    let suite = xml.create_element("testsuite").with_attributes([
        ("name", name.as_str()),
        ("tests", cases.len().to_string().as_str()),
        ("failures", failures.to_string().as_str()),
        ("errors", "0"),
        ("skipped", skipped.to_string().as_str()),
    ]);
    suite.write_inner_content(|xml| cases.iter().try_for_each(|case| write_case(&name, case, fails, xml)))?;
    Ok(())
}

/// Whether nothing can be said of a case; what fails is known all the same.
fn is_skipped(case: &Case<'_>, fails: &impl Fn(&Finding) -> bool) -> bool {
    case.skipped.is_some() && !case.findings.iter().any(|finding| fails(finding))
}

fn write_case<W: Write>(
    suite: &str,
    case: &Case<'_>,
    fails: &impl Fn(&Finding) -> bool,
    xml: &mut Writer<W>,
) -> io::Result<()> {
    let class = format!("spn-doctor.{suite}");
    let name = legal(&printable(case.name));
    let element =
        xml.create_element("testcase").with_attributes([("classname", class.as_str()), ("name", name.as_str())]);
    let skipped = case.skipped.filter(|_| is_skipped(case, fails));
    if case.findings.is_empty() && skipped.is_none() {
        element.write_empty()?;
        return Ok(());
    }
    let (failing, others): (Vec<&Finding>, Vec<&Finding>) = case.findings.iter().copied().partition(|one| fails(one));
    element.write_inner_content(|xml| {
        if let Some(why) = skipped {
            let why = legal(&printable(why));
            xml.create_element("skipped").with_attributes([("message", why.as_str())]).write_empty()?;
        }
        // Most programs read the first failure of a case and no other.
        if !failing.is_empty() {
            let [codes, messages] =
                [|finding: &Finding| finding.code.to_owned(), |finding: &Finding| printable(&finding.message)]
                    .map(|part| failing.iter().map(|finding| part(finding)).collect::<Vec<_>>().join("; "));
            let failure = xml
                .create_element("failure")
                .with_attributes([("type", codes.as_str()), ("message", legal(&messages).as_str())]);
            failure.write_text_content(BytesText::new(&all_described(&failing)))?;
        }
        if !others.is_empty() {
            xml.create_element("system-out").write_text_content(BytesText::new(&all_described(&others)))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn all_described(findings: &[&Finding]) -> String {
    legal(&findings.iter().map(|finding| described(finding)).collect::<Vec<_>>().join("\n\n"))
}

/// A finding in words, with what to run, or why it is accepted.
fn described(finding: &Finding) -> String {
    let what = format!("{} {}: {}\n{}", finding.severity, finding.code, sentence(&finding.message), finding.why);
    let mut lines = vec![what];
    if let Some(exception) = &finding.exception {
        return printable_lines(&lines.join("\n")) + "\nAccepted: " + &printable(&exception.reason);
    }
    for remedy in finding.remedies.iter().take(1) {
        lines.push(sentence(&remedy.title));
        lines.extend(remedy.confirm.iter().map(|confirm| format!("First: {confirm}")));
        lines.extend(remedy.commands.iter().map(|command| format!("  {}", command.run)));
    }
    printable_lines(&lines.join("\n"))
}

/// Without what XML 1.0 does not allow even when it is escaped.
fn legal(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '\u{fffe}' | '\u{ffff}') || (c < ' ' && !"\t\n\r".contains(c)) { '?' } else { c })
        .collect()
}
