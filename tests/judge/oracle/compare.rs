//! Every way in which a report differs from the judgement.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::judge::oracle::entries::fold;
use crate::judge::oracle::judge::{AccountView, EndpointView, Judgement, ServerView, SpnView};
use crate::judge::oracle::questions::{is_left_out, left_out};
use crate::judge::oracle::remedy::{Command, Kinds};
use crate::judge::oracle::setspn;
use crate::judge::oracle::verdict::Finding;

/// What differs, but for what `SPN_DOCTOR_LEAVE_OUT` leaves out.
pub(crate) fn differences(expected: &Judgement, exit: i32, report: &Value) -> Vec<String> {
    let mut found = all_differences(expected, exit, report);
    found.retain(|difference| !is_left_out(difference));
    found
}

fn all_differences(expected: &Judgement, exit: i32, report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    note(&mut found, "exit code", &expected.exit, &exit);
    note(&mut found, "schema_version", &Some(2), &report["schema_version"].as_i64());
    note(&mut found, "verdict", &expected.verdict, &text(&report["verdict"]).as_str());
    compare_problems(&mut found, expected, report);
    compare_order(&mut found, report);
    compare_ids(&mut found, report);
    if expected.gaps.iter().any(|gap| gap.blinding) {
        return found;
    }
    compare_servers(&mut found, expected, report);
    compare_summary(&mut found, expected, report);
    compare_findings(&mut found, expected, report);
    found
}

fn note<T: PartialEq + std::fmt::Debug>(found: &mut Vec<String>, what: &str, expected: &T, got: &T) {
    if expected != got {
        found.push(format!("{what}:\n    expected {expected:?}\n    got      {got:?}"));
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn texts(value: &Value) -> BTreeSet<String> {
    items(value).iter().map(text).collect()
}

fn folded_texts(value: &Value) -> BTreeSet<String> {
    items(value).iter().map(|item| fold(&text(item))).collect()
}

/// Every gap is named in some problem, and while there is one nothing is ready.
fn compare_problems(found: &mut Vec<String>, expected: &Judgement, report: &Value) {
    let problems: Vec<String> = items(&report["problems"]).iter().map(|problem| fold(&problem.to_string())).collect();
    note(found, "problems", &!expected.gaps.is_empty(), &!problems.is_empty());
    for gap in &expected.gaps {
        let named = |problem: &String| gap.words.is_empty() || gap.words.iter().any(|word| problem.contains(word));
        if !problems.iter().any(named) {
            found.push(format!("no problem says one of {:?}", gap.words));
        }
    }
    let ready = setspn::commands(report).into_iter().any(|(_, _, ready)| ready);
    if ready && !expected.gaps.is_empty() {
        found.push("a command is ready although the answer is incomplete".to_owned());
    }
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
    note(found, &format!("{name}: fqdn"), &view.fqdn, &server["fqdn"].as_str().map(fold));
    note(found, &format!("{name}: worst"), &view.worst, &server["worst"].as_str());
    if !view.skipped || !left_out("account-of-skipped") {
        compare_account(found, name, view, &server["account"]);
    }
    if !view.skipped {
        compare_endpoints(found, name, view, server);
    }
    let spns: BTreeMap<String, SpnView> = items(&server["spns"]).iter().map(spn).collect();
    for spn in view.spns.keys().chain(spns.keys()).collect::<BTreeSet<_>>() {
        note(found, &format!("{name}: {spn}"), &view.spns.get(spn), &spns.get(spn));
    }
}

fn compare_account(found: &mut Vec<String>, name: &str, view: &ServerView, got: &Value) {
    let mut got = account(got);
    let mut wanted = view.account.clone();
    if view.undotted && left_out("undotted-marks") {
        got.iter_mut().chain(&mut wanted).for_each(|account| account.marks.clear());
    }
    note(found, &format!("{name}: account"), &wanted, &got);
}

fn account(value: &Value) -> Option<AccountView> {
    (!value.is_null()).then(|| AccountView {
        dn: fold(&text(&value["dn"])),
        sam: value["sam_account_name"].as_str().map(str::to_owned),
        domain: fold(&text(&value["domain"])),
        enabled: value["enabled"].as_bool(),
        marks: texts(&value["marks"]),
    })
}

fn compare_endpoints(found: &mut Vec<String>, name: &str, view: &ServerView, server: &Value) {
    let got: BTreeMap<String, &Value> = items(&server["endpoints"]).iter().map(|e| (text(&e["name"]), e)).collect();
    let wanted: BTreeSet<&String> = view.endpoints.keys().collect();
    note(found, &format!("{name}: endpoints"), &wanted, &got.keys().collect());
    for (endpoint, view) in &view.endpoints {
        if let Some(got) = got.get(endpoint) {
            compare_endpoint(found, &format!("{name}\\{endpoint}"), view, got);
        }
    }
}

fn compare_endpoint(found: &mut Vec<String>, name: &str, view: &EndpointView, got: &Value) {
    note(found, &format!("{name}: kind"), &Some(view.kind), &got["kind"].as_str());
    note(found, &format!("{name}: fqdn"), &view.fqdn, &got["fqdn"].as_str().map(fold));
    if !(view.invalid && left_out("required-of-invalid")) {
        note(found, &format!("{name}: required"), &Some(view.required), &got["required"].as_bool());
        let reasoned = got["reason"].is_null() == view.required;
        note(found, &format!("{name}: a reason where nothing is required"), &true, &reasoned);
    }
}

fn spn(value: &Value) -> (String, SpnView) {
    let view = SpnView {
        status: text(&value["status"]),
        needed_as: texts(&value["needed_as"]),
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

/// Code, servers and SPN: what makes a finding one finding.
pub(crate) type Key = (String, BTreeSet<String>, Option<String>);

pub(crate) fn key_of(finding: &Value) -> Key {
    (text(&finding["code"]), texts(&finding["servers"]), finding["spn"].as_str().map(fold))
}

fn key(finding: &Finding) -> Key {
    (finding.code.to_owned(), finding.servers.clone(), finding.spn.clone())
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
    note(found, &format!("{name}: severity"), &expected.severity.word(), &text(&got["severity"]).as_str());
    // Orphans have no server that could stand before their names.
    let plain = |name: String| name.rsplit_once('\\').map_or(name.clone(), |(_, own)| own.to_owned());
    let mut endpoints = texts(&got["endpoints"]);
    if expected.code == "orphan-endpoint" {
        endpoints = endpoints.into_iter().map(plain).collect();
    }
    if expected.code != "no-exchange-auth" {
        note(found, &format!("{name}: endpoints"), &expected.endpoints, &endpoints);
    }
    if expected.spn.is_some() {
        note(found, &format!("{name}: holders"), &expected.holders, &folded_texts(&got["holders"]));
    }
    compare_cure(found, &name, expected, got);
}

fn compare_cure(found: &mut Vec<String>, name: &str, expected: &Finding, got: &Value) {
    let mut kinds: Vec<String> = items(&got["remedies"]).iter().map(|remedy| text(&remedy["kind"])).collect();
    kinds.dedup();
    let agree = match &expected.cure.kinds {
        Kinds::Exactly(wanted) => kinds == *wanted,
        Kinds::First(wanted) => kinds.first().is_some_and(|first| first == wanted),
        Kinds::Any => !kinds.is_empty(),
    };
    if !agree {
        found.push(format!(
            "{name}: kinds of remedies:\n    expected {:?}\n    got      {kinds:?}",
            expected.cure.kinds
        ));
    }
    let mut ready = BTreeSet::new();
    for remedy in items(&got["remedies"]) {
        compare_remedy(found, name, remedy, &mut ready);
    }
    if let Some(wanted) = &expected.cure.ready {
        note(found, &format!("{name}: ready commands"), wanted, &ready);
    }
}

/// Collects what is ready; each command has its undo, and deletes come first.
fn compare_remedy(found: &mut Vec<String>, name: &str, remedy: &Value, ready: &mut BTreeSet<Command>) {
    let commands = items(&remedy["commands"]);
    if remedy["kind"] != "setspn" {
        if remedy["confirm"].is_null() && remedy["kind"] == "exchange" {
            found.push(format!("{name}: a change of an FQDN asks for no confirmation"));
        }
        return;
    }
    let mut actions = Vec::new();
    for command in commands {
        let (run, undo) = (setspn::parse(&text(&command["run"])), setspn::parse(&text(&command["undo"])));
        let (Some(run), Some(undo)) = (run, undo) else {
            found.push(format!("{name}: no setspn command: {command}"));
            continue;
        };
        actions.push(run.add);
        let inverse = undo.add != run.add && undo.spn == run.spn && undo.account == run.account;
        let action = if run.add { "add" } else { "delete" };
        let told = command["action"] == action
            && fold(&text(&command["spn"])) == run.spn
            && fold(&text(&command["account"])) == run.account;
        if !inverse || !told {
            found.push(format!("{name}: a command that is not what it says, or not its undo's: {command}"));
        }
        if remedy["confirm"].is_null() {
            ready.insert(run);
        }
    }
    if !actions.is_sorted() {
        found.push(format!("{name}: adds before it deletes"));
    }
}

/// Findings come by severity, code, server and SPN, and lists of holders are sorted.
fn compare_order(found: &mut Vec<String>, report: &Value) {
    let rank = |finding: &Value| ["error", "warning", "info"].iter().position(|s| *s == text(&finding["severity"]));
    let findings = items(&report["findings"]);
    let exact = |finding: &Value| {
        let servers: Vec<String> = items(&finding["servers"]).iter().map(text).collect();
        (rank(finding), text(&finding["code"]), servers, text(&finding["spn"]))
    };
    let folded = |finding: &Value| {
        let (rank, code, servers, spn) = exact(finding);
        (rank, code, servers.iter().map(|server| fold(server)).collect::<Vec<_>>(), fold(&spn))
    };
    if !findings.is_sorted_by_key(folded) && !findings.is_sorted_by_key(exact) {
        found.push("findings are not ordered by severity, code, server and SPN".to_owned());
    }
    let folded = |finding: &Value| items(&finding["holders"]).iter().map(|h| fold(&text(h))).collect::<Vec<_>>();
    let exact = |finding: &Value| items(&finding["holders"]).iter().map(text).collect::<Vec<_>>();
    if findings.iter().any(|finding| !folded(finding).is_sorted() && !exact(finding).is_sorted()) {
        found.push("holders are not sorted".to_owned());
    }
}

/// An id tells a finding from all others and says what it is.
fn compare_ids(found: &mut Vec<String>, report: &Value) {
    let findings = items(&report["findings"]);
    let ids: BTreeSet<String> = findings.iter().map(|finding| text(&finding["id"])).collect();
    note(found, "ids", &findings.len(), &ids.len());
    for finding in findings {
        let id = text(&finding["id"]);
        if id != fold(&id) || !id.starts_with(&text(&finding["code"])) {
            found.push(format!("the id {id:?} is not folded or does not begin with the code"));
        }
    }
}
