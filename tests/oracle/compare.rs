//! Every way in which a report differs from the judgement.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::judge::{AccountView, Commands, Finding, Judgement, ServerView, SpnView};
use crate::model::fold;

/// The differences of the report itself, without the text of the commands.
pub(crate) fn differences(expected: &Judgement, exit: Option<i32>, report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    note(&mut found, "exit code", &Some(expected.exit), &exit);
    note(&mut found, "schema_version", &Some(1), &report["schema_version"].as_i64());
    note(&mut found, "verdict", &expected.verdict, &text(&report["verdict"]).as_str());
    let problems = report["problems"].as_array().map(|problems| !problems.is_empty());
    note(&mut found, "problems", &Some(expected.verdict == "incomplete"), &problems);
    compare_servers(&mut found, expected, report);
    compare_summary(&mut found, expected, report);
    compare_findings(&mut found, expected, report);
    compare_order(&mut found, report);
    found
}

fn note<T: PartialEq + std::fmt::Debug>(found: &mut Vec<String>, what: &str, expected: &T, got: &T) {
    if expected != got {
        found.push(format!("{what}:\n    expected {expected:?}\n    got      {got:?}"));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn texts(value: &Value) -> BTreeSet<String> {
    items(value).iter().map(text).collect()
}

fn folded_texts(value: &Value) -> BTreeSet<String> {
    items(value).iter().map(|item| fold(&text(item))).collect()
}

fn compare_servers(found: &mut Vec<String>, expected: &Judgement, report: &Value) {
    let servers: BTreeMap<String, &Value> = items(&report["servers"]).iter().map(|s| (text(&s["name"]), s)).collect();
    let wanted: BTreeSet<&String> = expected.servers.keys().collect();
    note(found, "servers", &wanted, &servers.keys().collect());
    for (name, view) in &expected.servers {
        if let Some(server) = servers.get(name) {
            compare_server(found, name, view, server);
        }
    }
}

fn compare_server(found: &mut Vec<String>, name: &str, view: &ServerView, server: &Value) {
    note(found, &format!("{name}: skipped"), &view.skipped, &server["skipped"].is_string());
    note(found, &format!("{name}: account"), &view.account, &account(&server["account"]));
    if !view.skipped {
        let wanted = view.endpoints.iter().map(|(endpoint, required)| (endpoint.clone(), Some(*required))).collect();
        note(found, &format!("{name}: endpoints"), &wanted, &endpoints(server));
    }
    let spns: BTreeMap<String, SpnViewOwned> = items(&server["spns"]).iter().map(spn).collect();
    let wanted: BTreeMap<String, SpnViewOwned> =
        view.spns.iter().map(|(spn, view)| (spn.clone(), view.into())).collect();
    for spn in wanted.keys().chain(spns.keys()).collect::<BTreeSet<_>>() {
        note(found, &format!("{name}: {spn}"), &wanted.get(spn), &spns.get(spn));
    }
}

fn account(value: &Value) -> Option<AccountView> {
    (!value.is_null()).then(|| AccountView {
        dn: fold(&text(&value["dn"])),
        sam: value["sam_account_name"].as_str().map(str::to_owned),
        domain: fold(&text(&value["domain"])),
        enabled: value["enabled"].as_bool(),
    })
}

fn endpoints(server: &Value) -> BTreeMap<String, Option<bool>> {
    let pair = |endpoint: &Value| (text(&endpoint["name"]), endpoint["required"].as_bool());
    items(&server["endpoints"]).iter().map(pair).collect()
}

#[derive(Debug, PartialEq, Eq)]
struct SpnViewOwned {
    status: String,
    needed_by: BTreeSet<String>,
    holders: BTreeSet<String>,
}

impl From<&SpnView> for SpnViewOwned {
    fn from(view: &SpnView) -> Self {
        Self { status: view.status.to_owned(), needed_by: view.needed_by.clone(), holders: view.holders.clone() }
    }
}

fn spn(value: &Value) -> (String, SpnViewOwned) {
    let view = SpnViewOwned {
        status: text(&value["status"]),
        needed_by: texts(&value["needed_by"]),
        holders: folded_texts(&value["holders"]),
    };
    (fold(&text(&value["spn"])), view)
}

fn compare_summary(found: &mut Vec<String>, expected: &Judgement, report: &Value) {
    let summary = &report["summary"];
    for (name, count) in &expected.summary {
        let got = summary[*name].as_u64().and_then(|count| usize::try_from(count).ok());
        note(found, &format!("summary: {name}"), &Some(*count), &got);
    }
    let listed: usize = items(&report["servers"]).iter().map(|server| items(&server["endpoints"]).len()).sum();
    note(found, "summary: endpoints", &u64::try_from(listed).ok(), &summary["endpoints"].as_u64());
}

/// Code, servers and SPN: what makes a finding one finding. Orphans have no server that could be
/// named, so it is the endpoints that tell theirs apart.
type Key = (String, BTreeSet<String>, Option<String>, BTreeSet<String>);

const ORPHAN: &str = "orphan-endpoint";

fn key_of(finding: &Value) -> Key {
    let code = text(&finding["code"]);
    let endpoints = if code == ORPHAN { texts(&finding["endpoints"]) } else { BTreeSet::new() };
    (code, texts(&finding["servers"]), finding["spn"].as_str().map(fold), endpoints)
}

fn key(finding: &Finding) -> Key {
    let endpoints = if finding.code == ORPHAN { finding.endpoints.clone() } else { BTreeSet::new() };
    (finding.code.to_owned(), finding.servers.clone(), finding.spn.clone(), endpoints)
}

fn compare_findings(found: &mut Vec<String>, expected: &Judgement, report: &Value) {
    let got: Vec<(Key, &Value)> = items(&report["findings"]).iter().map(|f| (key_of(f), f)).collect();
    let wanted: BTreeMap<Key, &Finding> = expected.findings.iter().map(|finding| (key(finding), finding)).collect();
    for (key, _) in got.iter().filter(|(key, _)| !wanted.contains_key(key)) {
        found.push(format!("unexpected finding {key:?}"));
    }
    for (key, finding) in &wanted {
        let same: Vec<&Value> = got.iter().filter(|(other, _)| other == key).map(|(_, value)| *value).collect();
        match same[..] {
            [one] => compare_finding(found, finding, one),
            _ => found.push(format!("finding {key:?} is there {} times", same.len())),
        }
    }
}

fn compare_finding(found: &mut Vec<String>, expected: &Finding, got: &Value) {
    let name = format!("{} {:?} {:?}", expected.code, expected.servers, expected.spn);
    note(found, &format!("{name}: severity"), &expected.severity, &text(&got["severity"]).as_str());
    note(found, &format!("{name}: endpoints"), &expected.endpoints, &texts(&got["endpoints"]));
    note(found, &format!("{name}: holders"), &expected.holders, &folded_texts(&got["holders"]));
}

/// The differences of the commands in a report of one dialect.
pub(crate) fn command_differences(
    expected: &Judgement,
    commands: impl Fn(&Finding) -> &Commands,
    report: &Value,
) -> Vec<String> {
    let mut found = Vec::new();
    for finding in &expected.findings {
        let wanted = key(finding);
        let got = items(&report["findings"]).iter().find(|other| key_of(other) == wanted);
        let runs = got.map(runs).unwrap_or_default();
        if got.is_some() && !agree(commands(finding), &runs) {
            let name = format!("{} {:?} {:?}", finding.code, finding.servers, finding.spn);
            found.push(format!("{name}: commands:\n    expected {:?}\n    got      {runs:?}", commands(finding)));
        }
    }
    found
}

fn runs(finding: &Value) -> Vec<String> {
    items(&finding["remedy"]["commands"]).iter().map(|command| text(&command["run"])).collect()
}

/// The same commands in any order, except that what deletes comes before what adds.
fn agree(expected: &Commands, runs: &[String]) -> bool {
    let each_wanted = expected.iter().all(|spellings| runs.iter().filter(|run| spellings.contains(*run)).count() == 1);
    let deletes: Vec<bool> = runs.iter().map(|run| run.contains(" -D ")).collect();
    each_wanted && expected.len() == runs.len() && deletes.is_sorted_by(|a, b| a >= b)
}

/// Findings come by severity, those of one code together, and lists of holders are sorted.
fn compare_order(found: &mut Vec<String>, report: &Value) {
    let rank = |finding: &Value| ["error", "warning", "info"].iter().position(|s| *s == text(&finding["severity"]));
    let findings = items(&report["findings"]);
    if !findings.is_sorted_by_key(rank) {
        found.push("findings are not ordered by severity".to_owned());
    }
    let mut groups: Vec<(String, String)> = findings.iter().map(|f| (text(&f["severity"]), text(&f["code"]))).collect();
    groups.dedup();
    if groups.iter().collect::<BTreeSet<_>>().len() != groups.len() {
        found.push("findings of one code are not together".to_owned());
    }
    let folded = |finding: &Value| items(&finding["holders"]).iter().map(|h| fold(&text(h))).collect::<Vec<_>>();
    let exact = |finding: &Value| items(&finding["holders"]).iter().map(text).collect::<Vec<_>>();
    if findings.iter().any(|finding| !folded(finding).is_sorted() && !exact(finding).is_sorted()) {
        found.push("holders are not sorted".to_owned());
    }
}
