//! What is new since an earlier report, and what is gone.

use std::collections::{HashMap, HashSet};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{Report, SCHEMA_VERSION};
use crate::directory::text::{fold, printable};
use crate::trouble::Trouble;

/// What changed since the baseline.
#[derive(Clone, Debug, Serialize)]
pub struct Changes {
    /// How many findings are new.
    pub new: usize,
    /// How many are more severe than they were.
    pub worse: usize,
    /// How many are as they were, or less severe.
    pub unchanged: usize,
    /// The ids of those that are gone. While not everything could be read, nobody knows of any.
    pub gone: Vec<String>,
}

/// An earlier report, as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub struct Baseline {
    schema_version: u32,
    findings: Vec<Known>,
}

#[derive(Clone, Debug, Deserialize)]
struct Known {
    id: String,
    severity: Severity,
    servers: Vec<String>,
    /// Whether it was accepted then.
    #[serde(default)]
    exception: Option<IgnoredAny>,
}

/// From the mildest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Info,
    Warning,
    Error,
}

impl Baseline {
    /// Reads a report of `--format json`. The error names the line and the field.
    pub fn parse(text: &str) -> Result<Self, Trouble> {
        const HINT: &str = "name a report that `spn-doctor check --format json` wrote";
        if !text.trim_start().starts_with('{') {
            return Err(Trouble::new("line 1: this is not a report of spn-doctor").hint(HINT));
        }
        let parsed: Result<Self, _> = serde_json::from_str(text);
        match parsed {
            Ok(baseline) if baseline.schema_version == SCHEMA_VERSION => Ok(baseline),
            Ok(other) => {
                let what = format!("`schema_version` is {}, and must be {SCHEMA_VERSION}", other.schema_version);
                Err(Trouble::new(what).hint("write the baseline again with this version"))
            }
            Err(error) => {
                let (line, text) = (error.line(), error.to_string());
                let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
                Err(Trouble::new(format!("line {line}: {}", printable(what))).hint(HINT))
            }
        }
    }

    /// Says of each finding whether it is new, and which are gone. Where the report is of some servers only, those of others are not missed.
    pub fn compare(&self, report: &mut Report, of_some: bool) {
        let known: HashMap<String, (Severity, bool)> =
            self.findings.iter().map(|known| (fold(&known.id), (known.severity, known.exception.is_some()))).collect();
        for finding in &mut report.findings {
            let now = match finding.severity {
                "error" => Severity::Error,
                "warning" => Severity::Warning,
                _ => Severity::Info,
            };
            finding.change = Some(match known.get(&finding.id) {
                None => "new",
                // Nobody accepts it any more.
                Some((_, true)) if finding.exception.is_none() => "new",
                Some((before, _)) if now > *before => "worse",
                Some(_) => "unchanged",
            });
        }
        let is = |change| report.findings.iter().filter(|finding| finding.change == Some(change)).count();
        report.baseline = Some(Changes {
            new: is("new"),
            worse: is("worse"),
            unchanged: is("unchanged"),
            gone: self.gone(report, of_some),
        });
    }

    fn gone(&self, report: &Report, of_some: bool) -> Vec<String> {
        if !report.problems.is_empty() {
            return Vec::new();
        }
        let present: HashSet<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
        let is_asked_for = |known: &&Known| {
            !of_some
                || known.servers.iter().any(|server| report.servers.iter().any(|one| fold(&one.name) == fold(server)))
        };
        let gone =
            self.findings.iter().filter(|known| !present.contains(fold(&known.id).as_str())).filter(is_asked_for);
        gone.map(|known| printable(&known.id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_is_told_with_its_line() {
        for (text, told) in [
            ("", "line 1: this is not a report"),
            ("[]", "line 1: this is not a report"),
            ("{\n\"schema_version\": 2\n}", "line 3: missing field `findings`"),
            ("{\n\"schema_version\": 2,\n\"findings\": [{\"id\": 1}]}", "line 3: invalid type: integer `1`"),
            ("{\"schema_version\": 1, \"findings\": []}", "`schema_version` is 1"),
        ] {
            let error = Baseline::parse(text).unwrap_err();
            assert!(error.what().starts_with(told), "{text}: {}", error.what());
        }
    }
}
