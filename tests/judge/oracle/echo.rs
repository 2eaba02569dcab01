//! A judgement as the report that would agree with it: shows that the comparison is satisfied by
//! it and by nothing else.

use serde_json::{Value, json};

use crate::judge::oracle::compare;
use crate::judge::oracle::entries::fold;
use crate::judge::oracle::generate::organisation;
use crate::judge::oracle::judge::{EndpointView, Judgement, ServerView};
use crate::judge::oracle::remedy::{Command, Kinds};
use crate::judge::oracle::verdict::Finding;

pub(crate) fn report(judgement: &Judgement) -> Value {
    let servers: Vec<Value> = judgement.servers.iter().map(|(name, view)| server(name, view)).collect();
    let endpoints: usize = judgement.servers.values().map(|view| view.endpoints.len()).sum();
    let mut summary = json!(judgement.summary);
    summary["endpoints"] = json!(endpoints);
    let problem = |words: &Vec<String>| json!({ "what": words.first(), "where": "", "fix": [] });
    json!({
        "schema_version": 2,
        "verdict": judgement.verdict,
        "summary": summary,
        "servers": servers,
        "findings": findings(judgement),
        "problems": judgement.gaps.iter().map(|gap| problem(&gap.words)).collect::<Vec<_>>(),
    })
}

fn server(name: &str, view: &ServerView) -> Value {
    let account = view.account.as_ref().map(|account| {
        json!({
            "dn": account.dn, "sam_account_name": account.sam, "domain": account.domain,
            "enabled": account.enabled, "marks": account.marks,
        })
    });
    let spns = view.spns.iter().map(|(spn, view)| {
        json!({
            "spn": spn, "status": view.status, "needed_as": view.needed_as, "needed_by": view.needed_by,
            "holders": view.holders,
        })
    });
    json!({
        "name": name,
        "fqdn": view.fqdn,
        "skipped": view.skipped.then_some("a reason"),
        "worst": view.worst,
        "account": account,
        "endpoints": view.endpoints.iter().map(endpoint).collect::<Vec<_>>(),
        "spns": spns.collect::<Vec<_>>(),
    })
}

fn endpoint((name, view): (&String, &EndpointView)) -> Value {
    let reason = (!view.required).then_some("a reason");
    json!({ "name": name, "kind": view.kind, "fqdn": view.fqdn, "required": view.required, "reason": reason })
}

fn findings(judgement: &Judgement) -> Vec<Value> {
    let mut findings: Vec<&Finding> = judgement.findings.iter().collect();
    let servers = |f: &Finding| f.servers.iter().map(|server| fold(server)).collect::<Vec<_>>();
    findings.sort_by_key(|f| (std::cmp::Reverse(f.severity), f.code, servers(f), f.spn.clone()));
    findings.into_iter().map(finding).collect()
}

fn finding(finding: &Finding) -> Value {
    let servers: Vec<String> = finding.servers.iter().map(|server| fold(server)).collect();
    let spn = finding.spn.clone().unwrap_or_default();
    json!({
        "id": format!("{}/{}/{spn}", finding.code, servers.join("+")),
        "code": finding.code,
        "severity": finding.severity.word(),
        "servers": finding.servers,
        "endpoints": finding.endpoints,
        "spn": finding.spn,
        "holders": finding.holders,
        "remedies": remedies(finding),
    })
}

fn remedies(finding: &Finding) -> Vec<Value> {
    let ready: Vec<&Command> = finding.cure.ready.iter().flatten().collect();
    let fallback = if ready.is_empty() { "decide" } else { "setspn" };
    let kinds = match &finding.cure.kinds {
        Kinds::Exactly(kinds) => kinds.clone(),
        Kinds::First(kind) => vec![*kind],
        Kinds::Any => vec![fallback],
    };
    let remedy = |kind: &str| {
        let runs = kind == "setspn" && !ready.is_empty();
        let commands: Vec<Value> = if runs { ready.iter().map(|one| command(one)).collect() } else { Vec::new() };
        json!({ "kind": kind, "confirm": (!runs).then_some("make sure"), "commands": commands })
    };
    kinds.into_iter().map(remedy).collect()
}

fn command(command: &Command) -> Value {
    let written = |add: bool| {
        let user = if command.user { "-U " } else { "" };
        let action = if add { "-F -S" } else { "-D" };
        format!("setspn {user}{action} {} {}", command.spn, command.account)
    };
    json!({
        "action": if command.add { "add" } else { "delete" }, "spn": command.spn, "account": command.account,
        "run": written(command.add), "undo": written(!command.add),
    })
}

fn judgements() -> impl Iterator<Item = Judgement> {
    let judged = (0..100).map(|seed| crate::judge::oracle::judged(&organisation(seed)));
    judged.filter(|judgement| !judgement.gaps.iter().any(|gap| gap.blinding))
}

fn differences(judgement: &Judgement, report: &Value) -> Vec<String> {
    compare::differences(judgement, judgement.exit, report)
}

#[test]
fn a_report_that_echoes_the_oracle_differs_in_nothing() {
    for judgement in judgements() {
        assert_eq!(differences(&judgement, &report(&judgement)), Vec::<String>::new());
    }
}

#[test]
fn any_changed_value_of_a_report_is_noticed() {
    for judgement in judgements().take(40) {
        let original = report(&judgement);
        for pointer in leaves(&original, "") {
            let mut changed = original.clone();
            *changed.pointer_mut(&pointer).expect("it is there") = json!("Changed");
            let noticed = !differences(&judgement, &changed).is_empty();
            assert!(noticed || ignored(&original, &pointer), "{pointer} is not compared");
        }
    }
}

/// The wording of reasons and problems is the program's own affair, and so is what the promise
/// leaves open.
fn ignored(report: &Value, pointer: &str) -> bool {
    let worded = ["/skipped", "/reason", "/confirm"].iter().any(|field| pointer.ends_with(field));
    let reason = worded && report.pointer(pointer).is_some_and(Value::is_string);
    let open = ["/marks/", "/required", "/reason", "/confirm", "/kind"].iter().any(|field| pointer.contains(field));
    let skipped = pointer.ends_with("/account");
    reason || open || skipped || pointer.starts_with("/problems/")
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
