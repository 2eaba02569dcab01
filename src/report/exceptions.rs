//! Findings that somebody decided to leave as they are.

use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::Value;
use toml::value::Datetime;

use super::only::is_like;
use super::{Exception, Finding, Report};
use crate::directory::text::{clipped, fold, quoted};
use crate::judge::checks;
use crate::trouble::Trouble;

/// What somebody decided to leave as it is, from a file of TOML.
#[derive(Clone, Debug)]
pub struct Exceptions {
    rules: Vec<Rule>,
}

/// One exception: which findings it is for, and why.
#[derive(Clone, Debug)]
struct Rule {
    /// The line of the file that it begins in.
    line: usize,
    findings: Findings,
    accepted: Exception,
}

#[derive(Clone, Debug)]
enum Findings {
    /// The one of this id, in lower case.
    Id(String),
    /// Those of a code; of servers and SPNs only if they are like these patterns.
    Like { code: String, server: Option<String>, spn: Option<String> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    exception: Vec<Spanned<Written>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: Option<Spanned<String>>,
    code: Option<Spanned<String>>,
    server: Option<Spanned<String>>,
    spn: Option<Spanned<String>>,
    reason: Spanned<String>,
    until: Option<Spanned<Value>>,
}

impl Exceptions {
    /// Reads the text of a file. The error names the line and the key.
    pub fn parse(text: &str) -> Result<Self, Trouble> {
        let file: File = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, &span));
            trouble(line, error.message())
        })?;
        let rules = file.exception.into_iter().map(|written| rule(text, written)).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// Marks the findings that are accepted on a day (`2026-11-26`). What no longer matches or has expired is told, by its line.
    pub fn apply(&self, report: &mut Report, today: &str) -> Vec<(usize, String)> {
        let mut told = Vec::new();
        let fqdns: HashMap<String, String> =
            report.servers.iter().filter_map(|server| Some((fold(&server.name), server.fqdn.clone()?))).collect();
        for rule in &self.rules {
            let matching = report.findings.iter_mut().filter(|finding| rule.findings.include(finding, &fqdns));
            if let Some(until) = rule.accepted.until.as_deref().filter(|until| *until < today) {
                told.push((rule.line, format!("this exception expired on {until}")));
            } else if matching.map(|finding| finding.exception = Some(rule.accepted.clone())).count() == 0 {
                // What was not read may be what it is for.
                let is_known = report.problems.is_empty();
                told.extend(is_known.then(|| (rule.line, "this exception matches no finding".to_owned())));
            }
        }
        report.conclude();
        told
    }
}

impl Findings {
    /// `fqdns` are those of the servers, by their names in lower case.
    fn include(&self, finding: &Finding, fqdns: &HashMap<String, String>) -> bool {
        match self {
            Self::Id(id) => finding.id == *id,
            Self::Like { code, server, spn } => {
                let has_server = |pattern: &String| {
                    let is_it = |server: &String| {
                        is_like(pattern, server) || fqdns.get(&fold(server)).is_some_and(|fqdn| is_like(pattern, fqdn))
                    };
                    !finding.servers.is_empty() && finding.servers.iter().all(is_it)
                };
                let has_spn = |pattern: &String| finding.spn.as_deref().is_some_and(|spn| is_like(pattern, spn));
                finding.code == code && server.as_ref().is_none_or(has_server) && spn.as_ref().is_none_or(has_spn)
            }
        }
    }
}

fn rule(text: &str, written: Spanned<Written>) -> Result<Rule, Trouble> {
    let line = line_of(text, &written.span());
    let written = written.into_inner();
    let reason = written.reason.get_ref().trim();
    if reason.is_empty() {
        return Err(trouble(
            line_of(text, &written.reason.span()),
            "`reason` is empty: say why the finding is accepted",
        ));
    }
    let accepted = Exception {
        reason: reason.split_whitespace().collect::<Vec<_>>().join(" "),
        until: written.until.as_ref().map(|until| day(text, until)).transpose()?,
    };
    let findings = match (&written.id, &written.code) {
        (Some(id), None) if written.server.is_none() && written.spn.is_none() => Findings::Id(fold(id.get_ref())),
        (Some(id), _) => {
            return Err(trouble(
                line_of(text, &id.span()),
                "`id` names one finding, so `code`, `server` and `spn` do not go with it",
            ));
        }
        (None, Some(code)) => {
            let check = checks::named(code.get_ref()).ok_or_else(|| {
                let code_in_words = quoted(&clipped(code.get_ref(), 80));
                trouble(line_of(text, &code.span()), &format!("`code` {code_in_words} is not a finding code"))
                    .hint("`spn-doctor explain` lists all codes")
            })?;
            let inner = |pattern: Option<Spanned<String>>| pattern.map(Spanned::into_inner);
            Findings::Like { code: check.code.to_owned(), server: inner(written.server), spn: inner(written.spn) }
        }
        (None, None) => return Err(trouble(line, "`id` or `code` is missing: it says which findings are accepted")),
    };
    Ok(Rule { line, findings, accepted })
}

/// `2027-01-31`; no time of day.
fn day(text: &str, until: &Spanned<Value>) -> Result<String, Trouble> {
    if let Value::Datetime(Datetime { date: Some(date), time: None, offset: None }) = until.get_ref() {
        return Ok(date.to_string());
    }
    let what = "`until` must be a date without quotation marks or a time, such as 2027-01-31";
    Err(trouble(line_of(text, &until.span()), what))
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
}

fn trouble(line: usize, what: &str) -> Trouble {
    let what = what.lines().collect::<Vec<_>>().join(" ");
    Trouble::new(format!("line {line}: {}", crate::directory::text::printable(&what)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_key() {
        for (text, told) in [
            ("[[exception]]\ncode = \"missing-spn\"\n", "line 1: missing field `reason`"),
            ("[[exception]]\nreason = \"x\"\n", "line 1: `id` or `code` is missing"),
            ("[[exception]]\nreason = \" \"\ncode = \"missing-spn\"\n", "line 2: `reason` is empty"),
            ("[[exception]]\nreason = \"x\"\ncode = \"missing\"\n", "line 3: `code` “missing” is not a finding code"),
            ("[[exception]]\nreason = \"x\"\nid = \"a\"\ncode = \"missing-spn\"\n", "line 3: `id` names one finding"),
            ("[[exception]]\nreason = \"x\"\nserv = \"a\"\n", "line 3: unknown field `serv`"),
            ("[[exceptions]]\nreason = \"x\"\n", "line 1: unknown field `exceptions`"),
            ("[[exception]]\nreason = \"x\"\ncode = \"missing-spn\"\nuntil = \"soon\"\n", "line 4: `until` must"),
            (
                "[[exception]]\nreason = \"x\"\ncode = \"missing-spn\"\nuntil = 2027-01-31T00:00:00\n",
                "line 4: `until` must",
            ),
            ("[[exception]\n", "line 1: "),
        ] {
            let error = Exceptions::parse(text).unwrap_err();
            assert!(error.what().starts_with(told), "{text}: {}", error.what());
        }
    }
}
