//! Codes, manuals, fixtures, schema and README stay in step.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests stop at the first surprise")]

mod common;

use common::{fixtures, run, text};
use spn_doctor::checks;

#[test]
fn every_code_has_a_recording_a_place_in_the_schema_and_a_row_in_the_readme() {
    let mut codes: Vec<&str> = checks::ALL.iter().map(|check| check.code).collect();
    let schema: serde_json::Value = serde_json::from_str(&run(["schema"]).stdout).unwrap();
    let in_schema = &schema["$defs"]["finding"]["properties"]["code"]["enum"];
    assert_eq!(in_schema, &serde_json::json!(codes));
    let readme = text("README.md");
    let rows: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let rows: Vec<&str> =
        rows.into_iter().filter(|row| row.contains('-') && !row.contains(' ') && !row.starts_with('-')).collect();
    assert_eq!(rows, codes, "the README's table of findings");
    codes.sort_unstable();
    let recordings: Vec<String> =
        fixtures("codes").iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(recordings, codes);
}

#[test]
fn explain_lists_every_code_and_prints_its_whole_manual() {
    let list = run(["explain"]);
    assert_eq!(list.code, 0);
    for check in checks::ALL {
        assert!(list.stdout.contains(&format!("  {} ", check.code)));
        let manual = run(["explain", check.code]);
        assert_eq!(manual.code, 0);
        for heading in [
            "WHAT WAS CHECKED",
            "WHY IT BREAKS MAIL",
            "HOW TO PUT IT RIGHT",
            "WHICH RIGHT THAT NEEDS",
            "WHEN THE FINDING MAY BE WRONG",
            "SYMPTOMS",
            "SOURCES",
        ] {
            assert!(manual.stdout.contains(&format!("\n{heading}\n  ")), "{} has no {heading}", check.code);
        }
        assert!(manual.stdout.lines().all(|line| line.chars().count() <= 80), "{}", manual.stdout);
    }
}

#[test]
fn the_events_of_the_kb_are_found_in_the_manuals() {
    for code in ["missing-spn", "misplaced-spn", "duplicate-spn", "shared-fqdn"] {
        let manual = run(["explain", code]).stdout;
        for symptom in ["1706", "7004", "454 4.7.0"] {
            assert!(manual.contains(symptom), "{code} does not name {symptom}");
        }
    }
}
