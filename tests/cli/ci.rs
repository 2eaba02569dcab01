//! What a CI job asks of `check`: what is new since a baseline, what is accepted, and a report that stays the same.

use std::path::{Path, PathBuf};

use crate::support::program;
use crate::support::program::{list, run};
use serde_json::Value;

const KB: &str = "fixtures/kb914137.ldif";
const MAIL: &str = "missing-spn/ex01/smtpsvc/mail.contoso.com";
const RELAY: &str = "missing-spn/ex01/smtpsvc/relay.contoso.com";

/// A folder with a file in it.
fn folder(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

/// Runs `check` on the case of the KB with flags before `--from`.
fn check(flags: &[&str]) -> program::Run {
    run(["check"].iter().chain(flags).chain(&["--from", KB]))
}

fn json(flags: &[&str]) -> (i32, Value) {
    let run = check(&[&["--format", "json"], flags].concat());
    (run.code, run.report())
}

/// The field of each finding, by its id.
fn of_findings<'a>(report: &'a Value, field: &str) -> Vec<(&'a str, &'a Value)> {
    list(&report["findings"]).map(|finding| (finding["id"].as_str().unwrap(), &finding[field])).collect()
}

/// The report of the KB case with some findings changed.
fn baseline(change: impl Fn(&mut Vec<Value>)) -> (tempfile::TempDir, PathBuf) {
    let (_, mut report) = json(&[]);
    change(report["findings"].as_array_mut().unwrap());
    folder("baseline.json", &report.to_string())
}

#[test]
fn what_is_new_worse_gone_and_unchanged_is_told() {
    let (_folder, path) = baseline(|findings| {
        findings[0]["severity"] = "warning".into();
        findings[1]["id"] = "missing-spn/ex01/smtpsvc/gone.contoso.com".into();
    });
    let path = path.to_str().unwrap();
    let (code, report) = json(&["--baseline", path, "--fail-on", "new"]);
    assert_eq!(code, 1);
    assert_eq!(of_findings(&report, "change"), [(MAIL, &"worse".into()), (RELAY, &"new".into())]);
    let changes = serde_json::json!({"new": 1, "worse": 1, "unchanged": 0, "gone": ["missing-spn/ex01/smtpsvc/gone.contoso.com"]});
    assert_eq!(report["baseline"], changes);
    let table = check(&["--baseline", path]).stdout;
    assert!(
        table.contains("relay.contoso.com  (new)\n") && table.contains("1 new, 1 worse, 1 gone, 0 unchanged."),
        "{table}"
    );
}

#[test]
fn what_was_there_before_is_not_new() {
    let (_folder, path) = baseline(|_| {});
    for (fail_on, code) in [("new", 0), ("error", 1), ("never", 0)] {
        assert_eq!(json(&["--baseline", path.to_str().unwrap(), "--fail-on", fail_on]).0, code, "{fail_on}");
    }
}

#[test]
fn findings_of_other_servers_are_not_gone_where_some_are_asked_for() {
    let (_folder, path) = baseline(|findings| {
        let mut other = findings[0].clone();
        other["id"] = "missing-spn/ex02/smtpsvc/ex02.contoso.com".into();
        other["servers"] = serde_json::json!(["EX02"]);
        findings.push(other);
    });
    let path = path.to_str().unwrap();
    assert_eq!(list(&json(&["--baseline", path]).1["baseline"]["gone"]).len(), 1);
    assert_eq!(list(&json(&["--baseline", path, "--only", "EX01"]).1["baseline"]["gone"]).len(), 0);
}

#[test]
fn an_accepted_finding_is_shown_with_its_reason_and_does_not_count() {
    let text = format!(
        "[[exception]]\nid = \"{MAIL}\"\nreason = \"the relay moves in May\"\nuntil = 2999-01-31\n\n[[exception]]\ncode = \"missing-spn\"\nserver = \"ex*\"\nspn = \"SMTPSVC/relay.*\"\nreason = \"never used\"\n"
    );
    let (_folder, path) = folder("accepted.toml", &text);
    let flags = ["--exceptions", path.to_str().unwrap()];
    let (code, report) = json(&flags);
    assert_eq!(code, 0);
    let [first, second] =
        [(MAIL, "the relay moves in May", Value::from("2999-01-31")), (RELAY, "never used", Value::Null)]
            .map(|(id, reason, until)| (id, serde_json::json!({"reason": reason, "until": until})));
    assert_eq!(of_findings(&report, "exception"), [(first.0, &first.1), (second.0, &second.1)]);
    let summary = &report["summary"];
    assert_eq!((&summary["errors"], &summary["accepted"], &summary["ready"]), (&0.into(), &2.into(), &0.into()));
    assert_eq!((&report["verdict"], &report["warnings"]), (&"findings".into(), &Value::Null));
    let table = check(&flags).stdout;
    assert!(
        table.contains("Accepted exceptions\n")
            && table.contains("Accepted until 2999-01-31: the relay moves in May\n"),
        "{table}"
    );
    let script = check(&[&["--format", "cmd"], &flags[..]].concat()).stdout;
    assert!(script.contains("rem Accepted: ") && !script.lines().any(|line| line.starts_with("setspn")), "{script}");
}

#[test]
fn an_exception_for_one_server_is_none_for_a_name_that_another_shares() {
    let (_folder, path) =
        folder("accepted.toml", "[[exception]]\ncode = \"shared-fqdn\"\nserver = \"EX01\"\nreason = \"x\"\n");
    let run = run([
        "check",
        "--format",
        "json",
        "--exceptions",
        path.to_str().unwrap(),
        "--from",
        "fixtures/codes/shared-fqdn.ldif",
    ]);
    assert!(list(&run.report()["findings"]).all(|finding| finding["exception"].is_null()), "{}", run.stdout);
    assert!(run.stderr.contains("matches no finding"), "{}", run.stderr);
}

#[test]
fn an_exception_that_has_expired_or_matches_nothing_is_a_warning() {
    let text = format!(
        "[[exception]]\nid = \"{MAIL}\"\nreason = \"x\"\nuntil = 2026-01-31\n\n[[exception]]\ncode = \"unused-spn\"\nreason = \"x\"\n"
    );
    let (_folder, path) = folder("accepted.toml", &text);
    let flags = ["--exceptions", path.to_str().unwrap()];
    let run = check(&[&["--format", "json"], &flags[..]].concat());
    assert_eq!(run.code, 1);
    let path = path.display();
    let told = [
        format!("{path}:1: this exception expired on 2026-01-31"),
        format!("{path}:6: this exception matches no finding"),
    ];
    assert_eq!(run.report()["warnings"], serde_json::json!(told));
    assert_eq!(run.stderr, told.map(|line| format!("warning: {line}\n")).concat());
}

#[test]
fn a_file_that_is_missing_or_wrong_is_named_with_its_line_and_the_report_says_so_too() {
    let (_folder, wrong) = folder("wrong", "[[exception]]\nreason = \"x\"\nkode = \"y\"\n");
    let wrong = wrong.to_str().unwrap();
    for (flag, path, told) in [
        ("--exceptions", "missing.toml", "error: missing.toml: No such file"),
        ("--exceptions", wrong, "line 3: unknown field `kode`"),
        ("--baseline", "missing.json", "error: missing.json: No such file"),
        ("--baseline", wrong, "line 1: "),
    ] {
        let run = check(&["--format", "json", flag, path]);
        assert_eq!((run.code, run.report()["verdict"].as_str()), (2, Some("incomplete")), "{flag} {path}");
        assert!(run.stderr.contains(told) && run.stderr.contains(path), "{}", run.stderr);
    }
    assert_eq!(check(&["--fail-on", "new"]).code, 2, "without a baseline nothing is new");
}

#[test]
fn a_stable_report_is_the_same_from_another_folder() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(KB)).unwrap();
    let (_one, first) = folder("forest.ldif", &text);
    let (_two, second) = folder("forest.ldif", &text);
    for format in ["json", "table", "csv", "junit", "markdown", "html", "cmd", "exchange", "summary"] {
        let [first, second] = [&first, &second]
            .map(|path| run(["check", "--stable", "--format", format, "--from", path.to_str().unwrap()]).stdout);
        assert_eq!(first, second, "{format}");
        assert!(!first.contains(env!("CARGO_PKG_VERSION")) || format != "json", "{first}");
    }
}

#[test]
fn several_reports_are_written_in_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let outputs = ["json", "junit", "markdown", "html", "csv", "cmd", "exchange", "summary", "table"];
    let flags: Vec<String> = outputs
        .iter()
        .flat_map(|format| ["--output".to_owned(), format!("{format}={}", folder.path().join(format).display())])
        .collect();
    let run = check(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(run.code, 1);
    assert!(run.stdout.starts_with("FINDINGS: "), "the table still goes to standard output");
    for format in outputs {
        let alone = check(&["--format", format]).stdout;
        assert_eq!(std::fs::read_to_string(folder.path().join(format)).unwrap(), alone, "{format}");
    }
}

#[test]
fn the_exit_code_is_the_same_whatever_the_form() {
    for (files, code) in
        [(KB, 1), ("fixtures/clean/2019.ldif", 0), ("fixtures/odd/cut-off.ldif", 2), ("missing.ldif", 2)]
    {
        for format in ["table", "json", "summary", "cmd", "exchange", "csv", "junit", "markdown", "html"] {
            let run = run(["check", "--format", format, "--from", files]);
            assert_eq!(run.code, code, "{format} {files}");
            assert!(format == "table" || !run.stdout.is_empty(), "{format} {files}");
        }
    }
}

#[test]
fn no_report_overwrites_another_or_what_the_run_reads() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(KB)).unwrap();
    let (folder, recording) = folder("forest.ldif", &text);
    let recording = recording.to_str().unwrap();
    let other = folder.path().join("report").display().to_string();
    let dotted = folder.path().join("./report").display().to_string();
    for (outputs, told) in [
        (vec![recording.to_owned()], "would be overwritten"),
        (vec![format!("json={recording}")], "would be overwritten"),
        (vec![format!("json={other}"), format!("csv={dotted}")], "would be overwritten"),
        (vec!["json=-".to_owned(), "-".to_owned()], "only one report can go to standard output"),
        (vec!["jsn=x".to_owned()], "`jsn` is not a format"),
        (vec!["json=".to_owned()], "the file name is missing"),
    ] {
        let flags = outputs.iter().flat_map(|output| ["--output", output.as_str()]);
        let run = run(["check"].into_iter().chain(flags).chain(["--from", recording]));
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{outputs:?}: {}", run.stderr);
        assert!(run.stderr.contains(told), "{outputs:?}: {}", run.stderr);
    }
    assert_eq!(std::fs::read_to_string(recording).unwrap(), text);
    assert!(!Path::new(&other).exists());
}

#[test]
fn a_form_can_be_named_in_any_case_and_take_the_place_of_the_table() {
    let report: Value = serde_json::from_str(&check(&["--output", "JSON=-"]).stdout).unwrap();
    assert_eq!(report["verdict"], "findings");
}

#[test]
fn a_finding_that_nobody_accepts_any_more_is_new() {
    let accepted = |until: &str| format!("[[exception]]\ncode = \"missing-spn\"\nreason = \"x\"\nuntil = {until}\n");
    let (_one, valid) = folder("valid.toml", &accepted("2999-12-31"));
    let (_two, expired) = folder("expired.toml", &accepted("2020-12-31"));
    let (_, report) = json(&["--exceptions", valid.to_str().unwrap()]);
    let (_three, baseline) = folder("baseline.json", &report.to_string());
    for (exceptions, code) in [(valid, 0), (expired, 1)] {
        let flags = ["--baseline", baseline.to_str().unwrap(), "--exceptions", exceptions.to_str().unwrap()];
        assert_eq!(json(&[&flags[..], &["--fail-on", "new"]].concat()).0, code);
    }
}

#[test]
fn a_report_of_some_servers_says_so() {
    let (_, report) = json(&["--only", "ex*"]);
    assert_eq!(report["only"], serde_json::json!(["ex*"]));
    for format in ["table", "summary", "markdown", "html", "cmd"] {
        let text = check(&["--only", "ex*", "--format", format]).stdout;
        assert!(text.contains("only ex*") || text.contains("only ex\\*"), "{format}: {text}");
    }
}

#[test]
fn an_undo_script_leaves_out_what_is_refused_and_fails_where_there_is_nothing_to_undo() {
    let [configuration, domain] = program::lab("ldbsearch").map(|path| path.display().to_string());
    let script = run(["check", "--format", "cmd", "--undo", "--from", &configuration, &domain]).stdout;
    let restored = r"setspn -F -S SMTPSVC/EX13D CONTOSO\OLDMAIL2$";
    assert!(script.contains(&format!("restore a duplicate: {restored}\r\n")), "{script}");
    assert!(!script.lines().any(|line| line == restored), "{script}");
    let nothing = run(["check", "--format", "cmd", "--undo", "--from", "fixtures/clean/2019.ldif"]).stdout;
    assert!(nothing.ends_with("exit /b 1\r\n"), "{nothing}");
}

#[test]
fn a_script_of_incomplete_data_changes_nothing_and_fails() {
    let script = run(["check", "--format", "cmd", "--from", "fixtures/odd/ranges-cut-off.ldif"]).stdout;
    assert!(script.ends_with("exit /b 2\r\n") && script.contains("echo INCOMPLETE"), "{script}");
    assert!(!script.lines().any(|line| line.starts_with("setspn")), "{script}");
}

#[test]
fn what_could_not_be_judged_is_skipped_in_junit() {
    let [configuration, domain] = program::lab("ldbsearch").map(|path| path.display().to_string());
    let from = ["--from", &configuration, &domain];
    let report = run(["check", "--format", "json"].iter().chain(&from)).report();
    let skipped = list(&report["servers"]).filter(|server| !server["skipped"].is_null()).count();
    let unresolved = report["summary"]["unresolved"].as_u64().unwrap();
    let junit = run(["check", "--format", "junit"].iter().chain(&from)).stdout;
    assert_eq!(junit.matches("<skipped message=").count() as u64, skipped as u64 + unresolved, "{junit}");
}
