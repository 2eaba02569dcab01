//! The printed schema describes every report, and would notice a change of its shape.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::support::program;
use crate::support::program::{check, fixtures, lab, run};
use serde_json::{Value, json};

fn validator() -> jsonschema::Validator {
    let printed = run(["schema"]);
    assert_eq!(printed.code, 0);
    jsonschema::validator_for(&serde_json::from_str(&printed.stdout).unwrap()).unwrap()
}

/// What every recording of the fixtures comes to, and where there is no answer, why.
fn reports() -> Vec<(String, Value)> {
    let single = ["codes", "clean", "odd"].into_iter().flat_map(fixtures).map(|path| vec![path]);
    let mut recordings: Vec<Vec<PathBuf>> = single.collect();
    recordings.extend([vec!["fixtures/kb914137.ldif".into()], lab("ldbsearch").to_vec()]);
    recordings.extend([vec!["no such file".into()], vec!["fixtures".into()]]);
    recordings.extend(program::cases().into_iter().map(|case| case.files));
    let mut reports: Vec<(String, Value)> =
        recordings.iter().map(|files| (format!("{files:?}"), check(files).report())).collect();
    let unknown = run(["check", "--format", "json", "--from", "fixtures/clean/2019.ldif", "--only", "nobody"]);
    reports.push(("an unknown server".to_owned(), unknown.report()));
    let closed =
        ["check", "--format", "json", "--auth", "anonymous", "--insecure-plaintext", "--server", "127.0.0.1:1"];
    reports.push(("a connection that is refused".to_owned(), run(closed).report()));
    reports
}

#[test]
fn every_report_is_valid() {
    let validator = validator();
    let reports = reports();
    assert!(reports.len() > 200);
    for (name, report) in reports {
        let errors: Vec<String> =
            validator.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

/// Between them these have every field that there is: of both kinds of command, and what stands only where something was not read.
const RICH: [&[&str]; 4] = [
    &["fixtures/lab/ldbsearch-configuration.ldif", "fixtures/lab/ldbsearch-domain.ldif"],
    &["fixtures/lab/ldbsearch-configuration.ldif"],
    &["fixtures/codes/exchange-auth-fqdn.ldif"],
    &["fixtures/codes/endpoint-disagrees.ldif"],
];

#[test]
fn a_renamed_removed_or_mistyped_field_is_noticed_everywhere() {
    let validator = validator();
    let mut tried = BTreeSet::new();
    for files in RICH {
        let report = check(files).report();
        for pointer in fields(&report, "") {
            assert_noticed(&validator, &report, &pointer);
            tried.insert(without_indices(&pointer));
        }
    }
    for pointer in fields(&compared(), "") {
        assert_noticed(&validator, &compared(), &pointer);
        tried.insert(without_indices(&pointer));
    }
    let names: BTreeSet<&str> = tried.iter().filter_map(|field| field.rsplit('/').next()).collect();
    let schema: Value = serde_json::from_str(&run(["schema"]).stdout).unwrap();
    let untried: BTreeSet<String> =
        properties(&schema).into_iter().filter(|name| !names.contains(name.as_str())).collect();
    // Only the report on a live directory has it.
    assert_eq!(untried, BTreeSet::from(["forest".to_owned()]));
}

/// A report with a baseline, an exception, and one that matches nothing.
fn compared() -> Value {
    let files = tempfile::tempdir().unwrap();
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let mut baseline = check(["fixtures/kb914137.ldif"]).report();
    baseline["findings"][0]["id"] = "gone".into();
    std::fs::write(path("baseline"), baseline.to_string()).unwrap();
    let one =
        |more: &str| format!("[[exception]]\ncode = \"missing-spn\"\nreason = \"x\"\nuntil = 2999-12-31\n{more}\n");
    std::fs::write(path("exceptions"), one("spn = \"*/mail.*\"") + &one("server = \"none\"")).unwrap();
    let flags = ["--baseline", &path("baseline"), "--exceptions", &path("exceptions"), "--only", "EX01"];
    let check = ["check", "--format", "json", "--from", "fixtures/kb914137.ldif"];
    run(check.iter().copied().chain(flags)).report()
}

/// The names of all fields that a schema describes.
fn properties(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(object) => {
            let own = object.get("properties").and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys());
            own.cloned().chain(object.values().flat_map(properties)).collect()
        }
        Value::Array(items) => items.iter().flat_map(properties).collect(),
        _ => Vec::new(),
    }
}

fn assert_noticed(validator: &jsonschema::Validator, report: &Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let mut renamed = report.clone();
    let object = renamed.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    let value = object.remove(name).unwrap();
    // These are there only if somebody asked for them.
    let is_asked_for = ["/baseline", "/warnings", "/only"].contains(&pointer)
        || ["exception", "change", "undo_refused", "proof"].contains(&name);
    assert_eq!(is_asked_for, validator.is_valid(&renamed), "{pointer} may be removed");
    renamed.pointer_mut(parent).unwrap()[format!("{name}_")] = value;
    assert!(!validator.is_valid(&renamed), "{pointer} may be renamed");
    let mut mistyped = report.clone();
    *mistyped.pointer_mut(pointer).unwrap() = json!([[7.5]]);
    assert!(!validator.is_valid(&mistyped), "{pointer} may have another type");
}

/// The field wherever it stands: `/findings/3/code` is `/findings/code`.
fn without_indices(pointer: &str) -> String {
    let names = pointer.split('/').filter(|part| part.parse::<usize>().is_err());
    names.collect::<Vec<_>>().join("/")
}

/// One pointer for every kind of field: of every array only the elements that have a field of their own kind first.
fn fields(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Object(object) => object
            .iter()
            .flat_map(|(name, value)| {
                let pointer = format!("{at}/{name}");
                let below = fields(value, &pointer);
                std::iter::once(pointer).chain(below)
            })
            .collect(),
        Value::Array(items) => {
            let all = items.iter().enumerate().flat_map(|(index, item)| fields(item, &format!("{at}/{index}")));
            let mut seen = BTreeSet::new();
            all.filter(|pointer| seen.insert(kind(pointer, value, at))).collect()
        }
        _ => Vec::new(),
    }
}

/// What tells a field below an array from others: its name, and beside which fields it stands. A command of setspn has others than one
/// of Exchange.
fn kind(pointer: &str, array: &Value, at: &str) -> String {
    let below = &pointer[at.len()..];
    let parent = array.pointer(below.rsplit_once('/').unwrap().0).and_then(Value::as_object);
    let beside = parent.map(|object| object.keys().cloned().collect::<Vec<_>>().join(","));
    format!("{} {}", without_indices(below), beside.unwrap_or_default())
}
