//! The field cases of `fixtures/cases`: the `case.json` of each says what is right, and why. `tests/fixtures/make` writes them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::program::{check, fixtures};
use serde_json::{Map, Value};

/// What a case says against the report: nothing, if it is right.
type Rule = fn(&Value, &Value) -> Vec<String>;

const RULES: [(&str, Rule); 13] = [
    ("verdict", verdict),
    ("must", missing_findings),
    ("only", further_findings),
    ("must_not", forbidden_findings),
    ("severity", severities),
    ("status", statuses),
    ("ready", ready_commands),
    ("offered", offered_commands),
    ("no_command", forbidden_commands),
    ("kinds", kinds_of_remedies),
    ("problems", problems),
    ("servers", skipped_servers_and_accounts),
    ("required", required_endpoints),
];

#[test]
fn every_field_case_is_judged_right() {
    let cases = cases();
    assert!(!cases.is_empty());
    tell_all(cases.iter().map(|folder| complaints_about(folder)));
}

#[test]
fn every_code_has_a_recording_that_fires_it_alone() {
    tell_all(fixtures("codes").iter().map(|path| {
        let (codes, code) = (check([path]).codes(), name_of(path));
        (codes != [code.as_str()]).then(|| format!("{code}: {codes:?}"))
    }));
}

#[test]
fn a_healthy_organisation_of_any_generation_is_healthy() {
    assert_eq!(fixtures("clean").len(), 6);
    tell_all(fixtures("clean").iter().map(|path| {
        let run = check([path]);
        let healthy = run.code == 0 && run.report()["verdict"] == "healthy";
        (!healthy).then(|| format!("{}: exit {}, {:?}", path.display(), run.code, run.codes()))
    }));
}

/// Fails with everything that went wrong, if anything did.
fn tell_all(complaints: impl ExactSizeIterator<Item = Option<String>>) {
    let all = complaints.len();
    let told: Vec<String> = complaints.flatten().collect();
    assert!(told.is_empty(), "{} of {all} are wrong:\n{}", told.len(), told.join("\n"));
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The folders of the cases, sorted.
fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let mut found: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// What is wrong with the answer to a case.
fn complaints_about(folder: &Path) -> Option<String> {
    let case: Value = serde_json::from_str(&fs::read_to_string(folder.join("case.json")).unwrap()).unwrap();
    let run = check(texts(&case["files"]).map(|file| folder.join(file)));
    let mut told: Vec<String> = case["exit"]
        .as_i64()
        .filter(|exit| *exit != i64::from(run.code))
        .map(|exit| format!("exit {} instead of {exit}", run.code))
        .into_iter()
        .collect();
    match serde_json::from_str::<Value>(&run.stdout) {
        Ok(report) => {
            for (rule, judge) in RULES {
                told.extend(judge(&case, &report).into_iter().map(|complaint| format!("{rule}: {complaint}")));
            }
        }
        Err(error) => told.push(format!("no report ({error}): {}{}", run.stdout, run.stderr)),
    }
    let heading = format!("{}: {} ({})", name_of(folder), case["story"], case["why"]);
    (!told.is_empty()).then(|| format!("{heading}\n    {}", told.join("\n    ")))
}

fn verdict(case: &Value, report: &Value) -> Vec<String> {
    let (told, wanted) = (&report["verdict"], &case["verdict"]);
    if told == wanted { Vec::new() } else { vec![format!("{told} instead of {wanted}")] }
}

fn missing_findings(case: &Value, report: &Value) -> Vec<String> {
    let found = |key: &&Value| list(&report["findings"]).any(|finding| is(finding, key));
    list(&case["must"]).filter(|key| !found(key)).map(|key| format!("not found: {key}")).collect()
}

fn further_findings(case: &Value, report: &Value) -> Vec<String> {
    let wanted = |finding: &&Value| list(&case["must"]).any(|key| is(finding, key));
    let only = case["only"] == true;
    list(&report["findings"]).filter(|finding| only && !wanted(finding)).map(short).collect()
}

fn forbidden_findings(case: &Value, report: &Value) -> Vec<String> {
    let forbidden = |finding: &&Value| list(&case["must_not"]).any(|key| is(finding, key));
    list(&report["findings"]).filter(forbidden).map(short).collect()
}

fn severities(case: &Value, report: &Value) -> Vec<String> {
    by_finding(&case["severity"], report, |finding, wanted| {
        (&finding["severity"] != wanted).then(|| finding["severity"].to_string())
    })
}

fn statuses(case: &Value, report: &Value) -> Vec<String> {
    let status = |key: &str| {
        let (server, spn) = key.split_once('|').unwrap();
        let spns = &server_called(report, server)["spns"];
        list(spns).find(|one| same(&one["spn"], spn)).map_or(Value::Null, |one| one["status"].clone())
    };
    differing(&case["status"], status)
}

/// All that is ready to run, and nothing else.
fn ready_commands(case: &Value, report: &Value) -> Vec<String> {
    let Some(wanted) = case["ready"].as_array() else { return Vec::new() };
    let wanted: BTreeSet<String> = wanted.iter().map(folded).collect();
    let ready = commands(report, |remedy| remedy["confirm"].is_null());
    let lacking = wanted.difference(&ready).map(|run| format!("not ready: {run}"));
    let further = ready.difference(&wanted).map(|run| format!("ready all the same: {run}"));
    lacking.chain(further).collect()
}

/// What may be run only after something was made sure.
fn offered_commands(case: &Value, report: &Value) -> Vec<String> {
    let offered = commands(report, |remedy| remedy["confirm"].is_string());
    list(&case["offered"]).map(folded).filter(|run| !offered.contains(run)).collect()
}

fn forbidden_commands(case: &Value, report: &Value) -> Vec<String> {
    let forbidden: Vec<String> = list(&case["no_command"]).map(folded).collect();
    let holds_one = |run: &String| forbidden.iter().any(|part| run.contains(part.as_str()));
    commands(report, |_| true).into_iter().filter(holds_one).collect()
}

/// The kinds of a finding's remedies in their order, each once.
fn kinds_of_remedies(case: &Value, report: &Value) -> Vec<String> {
    by_finding(&case["kinds"], report, |finding, wanted| {
        let mut kinds: Vec<Value> = list(&finding["remedies"]).map(|remedy| remedy["kind"].clone()).collect();
        kinds.dedup();
        (Value::from(kinds.clone()) != *wanted).then(|| format!("{kinds:?} instead of {wanted}"))
    })
}

/// Each word has to be in some problem.
fn problems(case: &Value, report: &Value) -> Vec<String> {
    let told = folded(&report["problems"]);
    let untold = list(&case["problems"]).map(folded).filter(|word| !told.contains(word.as_str()));
    untold.map(|word| format!("nothing about {word} in {told}")).collect()
}

fn skipped_servers_and_accounts(case: &Value, report: &Value) -> Vec<String> {
    let judged = |name: &&Value| !server_called(report, name.as_str().unwrap())["skipped"].is_string();
    let account = |server: &str| {
        let account = &server_called(report, server)["account"];
        Value::from(format!("{}@{}", text(&account["sam_account_name"]), text(&account["domain"])))
    };
    let not_skipped = list(&case["skipped"]).filter(judged).map(|name| format!("{name} is not skipped"));
    not_skipped.chain(differing(&case["account"], account)).collect()
}

fn required_endpoints(case: &Value, report: &Value) -> Vec<String> {
    let required = |key: &str| {
        let (server, endpoint) = key.split_once('\\').unwrap();
        let endpoints = &server_called(report, server)["endpoints"];
        list(endpoints).find(|one| same(&one["name"], endpoint)).map_or(Value::Null, |one| one["required"].clone())
    };
    differing(&case["required"], required)
}

/// What is said of findings, each under its key `code|server|spn`.
fn by_finding(told: &Value, report: &Value, judge: impl Fn(&Value, &Value) -> Option<String>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (key, wanted) in entries(told) {
        let parts = Value::from(key.split('|').collect::<Vec<_>>());
        let found = list(&report["findings"]).filter(|finding| is(finding, &parts));
        complaints.extend(found.filter_map(|finding| judge(finding, wanted)).map(|what| format!("{key}: {what}")));
    }
    complaints
}

/// Where the report has another value than the case under a key.
fn differing(told: &Value, found: impl Fn(&str) -> Value) -> Vec<String> {
    let compared = entries(told).map(|(key, wanted)| (key, wanted, found(key)));
    compared
        .filter(|(_, wanted, found)| *wanted != found)
        .map(|(key, wanted, found)| format!("{key}: {found} instead of {wanted}"))
        .collect()
}

/// Whether a finding is the one that a case names by code, server and SPN: `*` is any, nothing is none.
fn is(finding: &Value, key: &Value) -> bool {
    let [code, server, spn] = [0, 1, 2].map(|part| text(&key[part]));
    let servers = &finding["servers"];
    (code == "*" || finding["code"] == code)
        && match server {
            "*" => true,
            "" => list(servers).next().is_none(),
            name => list(servers).any(|one| same(one, name)),
        }
        && match spn {
            "*" => true,
            "" => finding["spn"].is_null(),
            name => same(&finding["spn"], name),
        }
}

/// What runs in those remedies that are wanted, without case.
fn commands(report: &Value, wanted: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    list(&report["findings"])
        .flat_map(|finding| list(&finding["remedies"]))
        .filter(|remedy| wanted(remedy))
        .flat_map(|remedy| list(&remedy["commands"]))
        .map(|command| folded(&command["run"]))
        .collect()
}

fn server_called<'a>(report: &'a Value, name: &str) -> &'a Value {
    list(&report["servers"]).find(|server| same(&server["name"], name)).unwrap_or(&Value::Null)
}

fn short(finding: &Value) -> String {
    format!("found: {} {} {}", finding["code"], finding["servers"], finding["spn"])
}

fn list(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    list(value).map(text)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn same(value: &Value, other: &str) -> bool {
    text(value).eq_ignore_ascii_case(other)
}

fn folded(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_lowercase()
}
