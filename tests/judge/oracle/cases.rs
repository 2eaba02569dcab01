//! The oracle on recordings whose right answer somebody wrote down: each a folder with `case.json`.
//! `SPN_DOCTOR_CASES` names a folder of such folders.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::judge::oracle::gaps::Gap;
use crate::judge::oracle::judge::{Judgement, judge};
use crate::judge::oracle::reader;
use crate::judge::oracle::remedy::Command;

#[test]
#[ignore = "needs a folder of cases in SPN_DOCTOR_CASES"]
fn the_oracle_agrees_with_cases_that_somebody_wrote_down() {
    let folder = std::env::var("SPN_DOCTOR_CASES").expect("SPN_DOCTOR_CASES is set");
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the folder can be read").flatten() {
        let Ok(text) = fs::read_to_string(entry.path().join("case.json")) else { continue };
        let case: Value = serde_json::from_str(&text).expect("case.json is JSON");
        let wrong = wrong(&case, &entry.path());
        count += 1;
        failures.extend(wrong.into_iter().map(|wrong| format!("{}: {wrong}", entry.path().display())));
    }
    println!("{count} cases");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn wrong(case: &Value, folder: &Path) -> Vec<String> {
    let mut entries = Vec::new();
    for file in texts(&case["files"]) {
        entries.extend(reader::read(&fs::read(folder.join(file)).expect("the file is there")));
    }
    let judgement = judge(&entries, &conflicts(&entries));
    let mut wrong = Vec::new();
    if case["exit"].as_i64() != Some(judgement.exit.into()) {
        wrong.push(format!("exit {} {:?}", judgement.exit, judgement.gaps));
    }
    if case["verdict"].as_str().is_some_and(|verdict| verdict != judgement.verdict) {
        wrong.push(format!("verdict {}", judgement.verdict));
    }
    wrong.extend(wrong_findings(case, &judgement));
    wrong.extend(wrong_details(case, &judgement));
    if !wrong.is_empty() {
        wrong.extend(judgement.findings.iter().map(|finding| format!("  has {finding:?}")));
    }
    wrong
}

/// Objects that two exports show with different values.
fn conflicts(entries: &[crate::judge::oracle::entries::Entry]) -> Vec<Gap> {
    let twice = |at: usize| entries[..at].iter().any(|other| other.dn == entries[at].dn && *other != entries[at]);
    (0..entries.len()).filter(|at| twice(*at)).map(|at| Gap::seen(&[&entries[at].dn])).collect()
}

fn is_there(judgement: &Judgement, item: &Value) -> bool {
    let [code, server, spn] = [0, 1, 2].map(|at| item[at].as_str().unwrap_or_default());
    let any = |text: &str| text.is_empty() || text == "*";
    judgement.findings.iter().any(|finding| {
        (any(code) || finding.code == code)
            && (any(server) || finding.servers.contains(server))
            && (any(spn) || finding.spn.as_deref() == Some(spn))
    })
}

fn wrong_findings(case: &Value, judgement: &Judgement) -> Vec<String> {
    let list = |name: &str| case[name].as_array().cloned().unwrap_or_default();
    let missing = list("must").into_iter().filter(|item| !is_there(judgement, item));
    let surplus = list("must_not").into_iter().filter(|item| is_there(judgement, item));
    let missing = missing.map(|item| format!("lacks {item}"));
    missing.chain(surplus.map(|item| format!("must not have {item}"))).collect()
}

fn wrong_details(case: &Value, judgement: &Judgement) -> Vec<String> {
    let mut wrong = Vec::new();
    for (key, status) in case["status"].as_object().into_iter().flatten() {
        let (server, spn) = key.split_once('|').unwrap_or_default();
        let got = judgement.servers.get(server).and_then(|view| view.spns.get(spn)).map(|spn| spn.status.as_str());
        if got != status.as_str() {
            wrong.push(format!("{key} is {got:?}"));
        }
    }
    for (key, severity) in case["severity"].as_object().into_iter().flatten() {
        let parts: Vec<&str> = key.split('|').collect();
        let found = judgement.findings.iter().any(|finding| {
            let spn = finding.spn.clone().unwrap_or_default();
            finding.code == parts[0]
                && finding.servers.contains(parts[1])
                && (parts[2].is_empty() || spn == parts[2])
                && Some(finding.severity.word()) == severity.as_str()
        });
        if !found {
            wrong.push(format!("{key} is not {severity}"));
        }
    }
    let ready = judgement.findings.iter().flat_map(|finding| finding.cure.ready.iter().flatten()).map(spelled);
    let mut ready: Vec<String> = ready.collect();
    let mut expected: Vec<String> = texts(&case["ready"]).into_iter().map(str::to_lowercase).collect();
    ready.sort();
    expected.sort();
    if case["ready"].is_array() && ready != expected {
        wrong.push(format!("ready {ready:?}"));
    }
    wrong
}

fn spelled(command: &Command) -> String {
    let switches = match (command.add, command.user) {
        (true, _) => "-f -s",
        (false, true) => "-u -d",
        (false, false) => "-d",
    };
    format!("setspn {switches} {} {}", command.spn, command.account)
}
