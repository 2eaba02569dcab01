//! A judgement as the report that would agree with it: shows that the comparison is satisfied by
//! it and by nothing else.

use serde_json::{Value, json};

use crate::judge::{Commands, Finding, Judgement, ServerView};
use crate::{compare, generate, judge};

fn report(judgement: &Judgement) -> Value {
    let servers: Vec<Value> = judgement.servers.iter().map(|(name, view)| server(name, view)).collect();
    let endpoints: usize = judgement.servers.values().map(|view| view.endpoints.len()).sum();
    let mut summary = json!(judgement.summary);
    summary["endpoints"] = json!(endpoints);
    let problems = if judgement.exit == 2 { vec![json!({ "what": "", "where": "" })] } else { Vec::new() };
    json!({
        "schema_version": 1,
        "verdict": judgement.verdict,
        "summary": summary,
        "servers": servers,
        "findings": findings(judgement),
        "problems": problems,
    })
}

fn server(name: &str, view: &ServerView) -> Value {
    let account = view.account.as_ref().map(|account| {
        json!({ "dn": account.dn, "sam_account_name": account.sam, "domain": account.domain, "enabled": account.enabled })
    });
    let endpoint = |(name, required): (&String, &bool)| json!({ "name": name, "required": required });
    let spns = view.spns.iter().map(|(spn, view)| {
        json!({ "spn": spn, "status": view.status, "needed_by": view.needed_by, "holders": view.holders })
    });
    json!({
        "name": name,
        "skipped": view.skipped.then_some("a reason"),
        "account": account,
        "endpoints": view.endpoints.iter().map(endpoint).collect::<Vec<_>>(),
        "spns": spns.collect::<Vec<_>>(),
    })
}

fn findings(judgement: &Judgement) -> Vec<Value> {
    let mut findings: Vec<&Finding> = judgement.findings.iter().collect();
    findings.sort_by_key(|finding| (["error", "warning", "info"].map(|s| s != finding.severity), finding.code));
    findings.into_iter().map(finding).collect()
}

fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code,
        "severity": finding.severity,
        "servers": finding.servers,
        "endpoints": finding.endpoints,
        "spn": finding.spn,
        "holders": finding.holders,
        "remedy": { "commands": runs(&finding.commands_2008) },
    })
}

fn runs(commands: &Commands) -> Vec<Value> {
    commands.iter().map(|spellings| json!({ "run": spellings.first() })).collect()
}

fn judgements() -> impl Iterator<Item = Judgement> {
    (0..100).map(|seed| judge::judge(&generate::organisation(seed)))
}

fn all_differences(judgement: &Judgement, report: &Value) -> Vec<String> {
    let mut found = compare::differences(judgement, Some(judgement.exit), report);
    found.extend(compare::command_differences(judgement, |finding| &finding.commands_2008, report));
    found
}

#[test]
fn a_report_that_echoes_the_oracle_differs_in_nothing() {
    for judgement in judgements() {
        assert_eq!(all_differences(&judgement, &report(&judgement)), Vec::<String>::new());
    }
}

#[test]
fn any_changed_value_of_a_report_is_noticed() {
    for judgement in judgements() {
        let original = report(&judgement);
        for pointer in leaves(&original, "") {
            let mut changed = original.clone();
            *changed.pointer_mut(&pointer).expect("it is there") = json!("changed");
            let noticed = !all_differences(&judgement, &changed).is_empty();
            assert!(noticed || ignored(&original, &pointer), "{pointer} is not compared");
        }
    }
}

/// The wording of reasons and problems is the program's own affair.
fn ignored(report: &Value, pointer: &str) -> bool {
    let reason = pointer.ends_with("/skipped") && report.pointer(pointer).is_some_and(Value::is_string);
    reason || pointer.starts_with("/problems/")
}

fn leaves(value: &Value, pointer: &str) -> Vec<String> {
    match value {
        Value::Object(fields) => fields.iter().flat_map(|(key, v)| leaves(v, &format!("{pointer}/{key}"))).collect(),
        Value::Array(values) => {
            values.iter().enumerate().flat_map(|(index, v)| leaves(v, &format!("{pointer}/{index}"))).collect()
        }
        _ => vec![pointer.to_owned()],
    }
}
