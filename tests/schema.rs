//! The printed schema describes every report, and would notice a change of its shape.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests stop at the first surprise")]

mod common;

use common::{check, fixtures, lab, run};
use serde_json::{Value, json};

fn validator() -> jsonschema::Validator {
    let printed = run(["schema"]);
    assert_eq!(printed.code, 0);
    jsonschema::validator_for(&serde_json::from_str(&printed.stdout).unwrap()).unwrap()
}

fn reports() -> Vec<Value> {
    let mut reports: Vec<Value> = fixtures("codes").iter().map(|fixture| check([fixture]).report()).collect();
    reports.extend(
        ["fixtures/clean.ldif", "fixtures/kb914137.ldif", "fixtures/odd/cut-off.ldif"]
            .map(|fixture| check([fixture]).report()),
    );
    reports.push(check(lab("ldapsearch")).report());
    reports
}

#[test]
fn every_report_is_valid() {
    let validator = validator();
    for report in reports() {
        let errors: Vec<String> =
            validator.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn a_renamed_removed_or_mistyped_field_is_noticed_everywhere() {
    let validator = validator();
    let report = check(lab("ldapsearch")).report();
    let mut tried = 0;
    for pointer in fields(&report, "") {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut renamed = report.clone();
        let object = renamed.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        let value = object.remove(name).unwrap();
        assert!(!validator.is_valid(&renamed), "{pointer} may be removed");
        renamed.pointer_mut(parent).unwrap()[format!("{name}_")] = value;
        assert!(!validator.is_valid(&renamed), "{pointer} may be renamed");
        let mut mistyped = report.clone();
        *mistyped.pointer_mut(&pointer).unwrap() = json!([[7.5]]);
        assert!(!validator.is_valid(&mistyped), "{pointer} may have another type");
        tried += 1;
    }
    assert!(tried > 60, "only {tried} fields were tried");
}

/// One pointer for every kind of field: of every array only the first element that has each.
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
            let richest = items.iter().enumerate().max_by_key(|(_, item)| fields(item, "").len());
            richest.map_or_else(Vec::new, |(index, item)| fields(item, &format!("{at}/{index}")))
        }
        _ => Vec::new(),
    }
}
