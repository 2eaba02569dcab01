//! Words that several formats have in common.

use crate::directory::text::printable;
use crate::report::baseline::Changes;
use crate::report::{Exception, Report, Summary, Verdict};

/// The verdict in a word, and what it comes to.
pub(super) fn verdict(report: &Report) -> (&'static str, String) {
    let summary = &report.summary;
    let only = if report.only.is_empty() { String::new() } else { format!(" (only {})", report.only.join(", ")) };
    let registered = format!("{} of {} required SPNs are registered{only}", summary.registered, summary.required);
    match report.verdict {
        Verdict::Healthy => ("HEALTHY", format!("{registered}, on {}", count(summary.servers, "Exchange server"))),
        Verdict::Findings => ("FINDINGS", format!("{}; {registered}", found(summary))),
        Verdict::Incomplete => {
            ("INCOMPLETE", format!("not everything could be read; {} in what was read{only}", found(summary)))
        }
    }
}

fn found(summary: &Summary) -> String {
    let counts = [
        (summary.errors, "error"),
        (summary.warnings, "warning"),
        (summary.infos, "info"),
        (summary.accepted, "accepted exception"),
    ];
    let counts: Vec<_> =
        counts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| count(*number, what)).collect();
    if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") }
}

/// Why a finding is accepted, and until when.
pub(super) fn reason(exception: &Exception) -> String {
    let until = exception.until.as_ref().map_or_else(String::new, |until| format!(" until {until}"));
    format!("Accepted{until}: {}", printable(&exception.reason))
}

/// How many findings are new since the baseline, and how many are not.
pub(super) fn changed(changes: &Changes) -> String {
    let (new, worse, gone, unchanged) = (changes.new, changes.worse, changes.gone.len(), changes.unchanged);
    format!("{new} new, {worse} worse, {gone} gone, {unchanged} unchanged")
}

/// A number of things.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The text with a full stop behind, and a capital in front unless it begins with a name.
pub(super) fn sentence(text: &str) -> String {
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
