//! `spn-doctor check` on recordings, as its users run it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests stop at the first surprise")]

mod common;

use std::collections::BTreeSet;
use std::fs;
#[cfg(unix)]
use std::io::Write as _;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::{Command, Stdio};

use common::{Run, check, fixtures, lab, run, run_in, run_with_input, text};
use serde_json::Value;

const KB: &str = "fixtures/kb914137.ldif";
const CLEAN: &str = "fixtures/clean.ldif";

#[test]
fn a_healthy_organisation_is_visibly_healthy() {
    let run = run(["check", "--from", CLEAN]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stdout.starts_with("HEALTHY: 4 of 4 required SPNs are registered, on 2 Exchange servers\n"),
        "{}",
        run.stdout
    );
    assert_eq!(run.stdout.matches("  registered  SMTPSVC/").count(), 4);
    assert_eq!(run.stderr, "");
}

#[test]
fn the_case_of_the_kb_is_found_and_put_right() {
    let run = check([KB]);
    assert_eq!(run.code, 1);
    let report = run.report();
    assert_eq!(report["verdict"], "findings");
    let commands: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().map(|finding| &finding["remedy"]["commands"][0]).collect();
    assert_eq!(commands[0]["run"], r"setspn -F -S SMTPSVC/mail.contoso.com CONTOSO\EX01$");
    assert_eq!(commands[0]["undo"], r"setspn -D SMTPSVC/mail.contoso.com CONTOSO\EX01$");
    assert_eq!(commands[1]["run"], r"setspn -F -S SMTPSVC/relay.contoso.com CONTOSO\EX01$");
    let alternative = report["findings"][0]["remedy"]["alternative"].as_str().unwrap();
    assert!(alternative.contains("BackConnectionHostNames") && alternative.contains("have to stay"));
}

#[test]
fn every_code_has_a_recording_that_fires_just_that() {
    for fixture in fixtures("codes") {
        let code = fixture.file_stem().unwrap().to_str().unwrap().to_owned();
        assert_eq!(check([&fixture]).codes(), [code]);
    }
}

#[test]
fn the_exit_code_depends_on_the_severity_alone() {
    let fixture = |code: &str| format!("fixtures/codes/{code}.ldif");
    for (code, expected) in
        [("duplicate-spn", [1, 1, 1, 0]), ("unused-spn", [0, 0, 1, 0]), ("disabled-account", [0, 1, 1, 0])]
    {
        for (fail_on, expected) in ["error", "warning", "info", "never"].into_iter().zip(expected) {
            for format in ["table", "json"] {
                let run = run(["check", "--format", format, "--fail-on", fail_on, "--from", &fixture(code)]);
                assert_eq!(run.code, expected, "{code} {fail_on} {format}");
            }
        }
    }
}

#[test]
fn incomplete_data_is_never_a_verdict_but_its_findings_are_shown() {
    for (fixture, told) in [
        ("fixtures/odd/ranges-cut-off.ldif", "read only in part"),
        ("fixtures/odd/cut-off.ldif", "cut off"),
        ("fixtures/lab/ldapsearch-domain.ldif", "ldifde -f configuration.ldf"),
        ("fixtures/lab/ldapsearch-configuration.ldif", "not one computer account"),
    ] {
        let run = run(["check", "--fail-on", "never", "--from", fixture]);
        assert_eq!(run.code, 2, "{fixture}");
        assert!(run.stdout.starts_with("INCOMPLETE"), "{fixture}: {}", run.stdout);
        let words: Vec<&str> = run.stdout.split_whitespace().collect();
        assert!(words.join(" ").contains(told), "{fixture}: {}", run.stdout);
    }
    assert!(!check(["fixtures/odd/ranges-cut-off.ldif"]).codes().is_empty());
}

#[test]
fn however_a_directory_was_recorded_the_report_is_the_same() {
    let expected = check([KB]).report();
    for fixture in ["base64.ldif", "folded.ldif", "ldifde-crlf.ldf", "ranges.ldif"] {
        let report = check([format!("fixtures/odd/{fixture}")]).report();
        assert_eq!(report["servers"], expected["servers"], "{fixture}");
        assert_eq!(report["findings"], expected["findings"], "{fixture}");
    }
    let utf16 = check(["fixtures/odd/ldifde-utf16.ldf"]).report();
    assert_eq!(utf16["findings"], expected["findings"]);
    assert_eq!(utf16["servers"][0]["account"]["dn"], "CN=EX01,OU=Büro,OU=Zürich,DC=contoso,DC=com");
}

#[test]
fn standard_input_is_a_recording_too() {
    let from_file = check([KB]).report();
    let run = run_with_input(["check", "--format", "json", "--from", "-"], text(KB).as_bytes());
    assert_eq!(run.code, 1);
    assert_eq!(run.report()["findings"], from_file["findings"]);
    assert_eq!(run.report()["source"]["files"], serde_json::json!(["-"]));
}

/// The recording, its last entries first, and a crowd that concerns nobody among them.
fn with_a_crowd(recording: &str) -> String {
    let mut entries: Vec<String> = recording.split("\n\n").map(str::to_owned).collect();
    entries.extend((0..40_000).map(|number| {
        let name = format!("user{number:05}");
        format!("dn: CN={name},OU=Users,DC=contoso,DC=com\nobjectClass: top\nobjectClass: user\nsAMAccountName: {name}\nservicePrincipalName: HTTP/{name}\n")
    }));
    let middle = entries.len() / 2;
    entries.rotate_left(middle);
    entries.reverse();
    entries.join("\n\n")
}

#[test]
fn a_crowd_that_concerns_nobody_changes_nothing() {
    let crowd = with_a_crowd(&text(KB));
    let run = run_with_input(["check", "--format", "json", "--from", "-"], crowd.as_bytes());
    let expected = check([KB]).report();
    for part in ["verdict", "summary", "servers", "findings", "problems"] {
        assert_eq!(run.report()[part], expected[part], "{part}");
    }
}

/// What is left of a deleted object is no server and no account: a recording in which there is nothing else is not whole.
#[test]
fn deleted_servers_or_accounts_alone_are_no_directory() {
    for class in ["msExchExchangeServer", "computer"] {
        let alive = format!("objectClass: {class}\n");
        let deleted = text(KB).replace(&alive, &format!("{alive}isDeleted: TRUE\n"));
        let run = run_with_input(["check", "--format", "json", "--from", "-"], deleted.as_bytes());
        assert_eq!((run.code, run.report()["verdict"].as_str()), (2, Some("incomplete")), "{class}");
    }
}

#[test]
#[cfg(unix)]
fn where_no_temporary_file_can_be_made_there_is_no_verdict() {
    let mut crowd = tempfile::NamedTempFile::new().unwrap();
    crowd.write_all(with_a_crowd(&text(KB)).as_bytes()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_spn-doctor"))
        .args(["check", "--from"])
        .arg(crowd.path())
        .env("TMPDIR", "/nonexistent")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(2), Vec::new()));
    assert!(said.starts_with("error: what ") && said.contains("cannot be kept in a temporary file"), "{said}");
    assert!(said.contains("\nhint: ") && said.contains("TMPDIR"), "{said}");
}

#[test]
fn the_lab_is_judged_alike_whichever_tool_recorded_it() {
    let expected = check(lab("ldapsearch")).report();
    for tool in ["ldapsearch-full", "ldbsearch"] {
        let report = check(lab(tool)).report();
        for part in ["verdict", "summary", "servers", "findings", "problems"] {
            assert_eq!(report[part], expected[part], "{tool} {part}");
        }
    }
}

#[test]
fn the_lab_has_just_the_problems_that_it_was_built_with() {
    let organisation: toml::Table = text("tests/lab/organisation.toml").parse().unwrap();
    let mut expected = BTreeSet::from(["orphan-endpoint".to_owned()]);
    collect_expectations(&toml::Value::Table(organisation), &mut expected);
    let report = check(lab("ldapsearch")).report();
    let finding = |finding: &Value| match finding["spn"].as_str() {
        Some(spn) => format!("{} {spn}", finding["code"].as_str().unwrap()),
        None => finding["code"].as_str().unwrap().to_owned(),
    };
    let found: BTreeSet<String> = report["findings"].as_array().unwrap().iter().map(finding).collect();
    assert_eq!(found, expected);
}

fn collect_expectations(value: &toml::Value, expected: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                if key == "expect" {
                    expected.extend(value.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()));
                } else {
                    collect_expectations(value, expected);
                }
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| collect_expectations(item, expected)),
        _ => {}
    }
}

#[test]
fn only_some_servers_can_be_reported() {
    let [configuration, domain] = lab("ldapsearch").map(|path| path.display().to_string());
    let only = |names: &[&str]| {
        let mut arguments = vec!["check", "--format", "json", "--from", &configuration, &domain, "--only"];
        arguments.extend(names);
        run(arguments)
    };
    let one = only(&["ex19a"]).report();
    assert_eq!(one["summary"]["servers"], 1);
    assert!(one["findings"].as_array().unwrap().iter().all(|finding| finding["servers"].to_string().contains("EX19A")));
    assert_eq!(only(&["EX19C,ex13a"]).code, 0);
    let unknown = only(&["EX99"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.starts_with("error: no Exchange server is called EX99\nhint: ") && unknown.stdout.is_empty()
    );
}

#[test]
fn the_old_setspn_gets_commands_that_it_knows() {
    let run = run(["check", "--setspn", "2003", "--format", "json", "--from", "fixtures/codes/misplaced-spn.ldif"]);
    let remedy = &run.report()["findings"][0]["remedy"];
    let lines: Vec<&str> =
        remedy["commands"].as_array().unwrap().iter().map(|command| command["run"].as_str().unwrap()).collect();
    assert_eq!(lines, ["setspn -D SMTPSVC/mail.contoso.com svc-relay", "setspn -A SMTPSVC/mail.contoso.com EX01"]);
    assert_eq!(remedy["verify"], "setspn -L EX01");
}

#[test]
fn the_table_fits_80_columns_without_cutting_a_command_or_an_spn() {
    let [configuration, domain] = lab("ldapsearch").map(|path| path.display().to_string());
    let table = run(["check", "--from", &configuration, &domain]);
    for line in table.stdout.lines() {
        let is_command = ["setspn ", "reg query "].iter().any(|command| line.trim_start().starts_with(command));
        assert!(is_command || line.chars().count() <= 80, "{line}");
    }
    let report = check([&configuration, &domain]).report();
    for finding in report["findings"].as_array().unwrap() {
        let spn = finding["spn"].as_str().into_iter();
        let commands = finding["remedy"]["commands"].as_array().unwrap();
        let commands =
            commands.iter().flat_map(|command| [command["run"].as_str().unwrap(), command["undo"].as_str().unwrap()]);
        for whole in spn.chain(commands) {
            assert!(table.stdout.lines().any(|line| line.contains(whole)), "{whole}");
        }
    }
}

#[test]
fn nothing_acts_on_the_terminal_in_any_format() {
    let [configuration, domain] = lab("ldapsearch").map(|path| path.display().to_string());
    for format in ["table", "json"] {
        let run = run(["check", "--format", format, "--from", &configuration, &domain]);
        assert!(run.stdout.contains("[31mred"), "the lab has a connector with an escape sequence in its name");
        assert!(!run.stdout.contains('\u{1b}'));
    }
}

#[test]
fn bad_input_ends_in_one_error_with_file_line_and_cause() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content, told) in [
        ("modify.ldf", "dn: CN=a\nchangetype: modify\n", ":2: this is a list of changes"),
        ("base64.ldif", "dn: CN=a\ncn:: !\n", ":2: broken base64"),
        ("words.ldif", "dn: CN=a\ncn: a\nwords\n", ":3: this is no LDIF"),
        ("url.ldif", "dn: CN=a\njpegPhoto:< file:///etc/passwd\n", ":2: values in other files"),
        ("dn.ldif", "\ndn: words\n", ":2: this is no distinguished name"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let run = check([&path]);
        assert_eq!(run.code, 2);
        assert_eq!(run.stdout, "");
        let expected = format!("error: {}{told}", path.display());
        assert!(run.stderr.starts_with(&expected), "{} is not {expected}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 2, "one error, one hint: {}", run.stderr);
    }
    let missing = check(["no such file"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.starts_with("error: no such file cannot be opened"), "{}", missing.stderr);
    assert_eq!(check(["fixtures"]).code, 2);
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in [
        &["check", "--nonsense"][..],
        &["nonsense"],
        &["check", "--from", CLEAN, "--format", "xml"],
        &["explain", "nonsense"],
    ] {
        let run = run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}");
        assert!(run.stderr.starts_with("error: ") && run.stdout.is_empty(), "{}", run.stderr);
    }
}

#[test]
fn a_report_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let to = |path: &Path, from: &str| run(["check", "--format", "json", "-o", path.to_str().unwrap(), "--from", from]);
    let written = to(&path, KB);
    assert_eq!((written.code, written.stdout.as_str()), (1, ""));
    assert_eq!(fs::read_to_string(&path).unwrap(), check([KB]).stdout);
    assert_eq!(to(&path, "fixtures/odd/changes.ldf").code, 2);
    assert_eq!(fs::read_to_string(&path).unwrap(), check([KB]).stdout, "the old report is still there");
    let nowhere = to(&folder.path().join("no/report.json"), KB);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.stderr.contains("report.json cannot be written"), "{}", nowhere.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-written is left behind");
}

/// Where the case of the KB is, from everywhere.
fn kb() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(KB)
}

/// Judges the case of the KB in a folder, with the report going there.
fn report_to(folder: &tempfile::TempDir, output: &str) -> Run {
    run_in(folder, ["check", "--format", "json", "-o", output, "--from", kb().to_str().unwrap()], b"")
}

#[test]
fn what_cannot_be_written_is_said_once_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("reports")).unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    for (output, told) in [
        (
            "no/report",
            "no/report cannot be written: the folder no does not exist\nhint: make it first, or name another file with --output\n",
        ),
        (
            "no/such/report",
            "no/such/report cannot be written: the folder no/such does not exist\nhint: make it first, or name another file with --output\n",
        ),
        ("reports", "reports cannot be written: it is a folder\nhint: name a file in it\n"),
    ] {
        for command in ["check", "record"] {
            let run = run_in(&folder, [command, "-o", output, "--from", "no such recording"], b"");
            assert_eq!((run.code, run.stderr), (2, format!("error: {told}")));
        }
    }
    let below_a_file = report_to(&folder, "file/report");
    assert!(!below_a_file.stderr.contains(".spn-doctor-"), "{}", below_a_file.stderr);
    assert!(below_a_file.stderr.starts_with("error: file/report cannot be written: "), "{}", below_a_file.stderr);
    assert_eq!((below_a_file.code, below_a_file.stderr.matches("os error").count()), (2, 1), "{}", below_a_file.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing half-written is left behind");
}

#[cfg(unix)]
#[test]
fn whom_a_report_was_kept_from_does_not_get_to_read_the_next() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    fs::write(&report, "old").unwrap();
    fs::set_permissions(&report, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(report_to(&folder, "report").code, 1);
    assert_eq!(fs::metadata(report).unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_what_it_leads_to_is_replaced() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("reports")).unwrap();
    fs::write(path("reports/today"), "old".repeat(100_000)).unwrap();
    symlink("reports/today", path("latest")).unwrap();
    symlink("latest", path("link")).unwrap();
    symlink("reports/tomorrow", path("next")).unwrap();
    for (link, target) in [("link", "today"), ("next", "tomorrow")] {
        let run = report_to(&folder, link);
        assert_eq!((run.code, run.stderr.as_str()), (1, ""));
        assert!(path(link).is_symlink());
        assert_eq!(fs::read_to_string(path("reports").join(target)).unwrap(), check([kb()]).stdout);
    }
    assert!(path("latest").is_symlink());
    symlink("round", path("round")).unwrap();
    let run = report_to(&folder, "round");
    assert_eq!(run.code, 2);
    assert!(run.stderr.starts_with("error: round cannot be written: "), "{}", run.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5, "nothing half-written is left behind");
    assert_eq!(fs::read_dir(path("reports")).unwrap().count(), 2, "nothing half-written is left behind");
}

#[cfg(unix)]
#[test]
fn a_pipe_with_a_name_is_written_and_stays() {
    use std::os::unix::fs::FileTypeExt as _;
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    let run = report_to(&folder, "pipe");
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    assert_eq!(reader.join().unwrap(), check([kb()]).stdout);
}

/// Never on a device that others need: a node of its own, where one may be made.
#[cfg(unix)]
#[test]
fn a_device_is_written_and_stays() {
    use std::os::unix::fs::FileTypeExt as _;
    let folder = tempfile::tempdir().unwrap();
    let null = folder.path().join("null");
    let made = Command::new("mknod").arg(&null).args(["c", "1", "3"]).stderr(Stdio::null()).status();
    let may_be_opened = || fs::File::options().write(true).open(&null).is_ok();
    if !made.is_ok_and(|status| status.success()) || !may_be_opened() {
        return;
    }
    let run = report_to(&folder, "null");
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert!(fs::symlink_metadata(&null).unwrap().file_type().is_char_device());
}

#[cfg(windows)]
#[test]
fn nul_takes_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let run = report_to(&folder, "NUL");
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_shell_opened_is_written_where_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    // As /dev/stdout is; that itself could be destroyed.
    std::os::unix::fs::symlink("/proc/self/fd/1", folder.path().join("stdout")).unwrap();
    let program = env!("CARGO_BIN_EXE_spn-doctor");
    let wanted = check([kb()]).stdout;
    let framed = format!("before\n{wanted}after\n");
    let shell = |script: &str| {
        let script = script.replace("REPORT", "\"$0\" check --format json --from \"$1\" -o");
        let mut shell = Command::new("bash");
        let output = shell.args(["-c", &script, program]).arg(kb()).current_dir(folder.path()).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{script}");
        let file = fs::read_to_string(folder.path().join("file")).unwrap_or_default();
        let _ = fs::remove_file(folder.path().join("file"));
        (String::from_utf8(output.stdout).unwrap(), file)
    };
    for place in ["stdout", "/dev/fd/1", "/proc/self/fd/1", ">(cat)"] {
        assert_eq!(shell(&format!("REPORT {place} | cat")), (wanted.clone(), String::new()), "{place}");
    }
    for place in ["stdout", "/dev/fd/1"] {
        let script = format!("(echo before; REPORT {place}; echo after) > file");
        assert_eq!(shell(&script), (String::new(), framed.clone()), "{place}");
    }
    assert_eq!(shell("echo before > file; REPORT /dev/fd/3 3>> file; echo after >> file").1, framed);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-written is left behind");
}

#[test]
fn a_hyphen_stands_for_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let run = report_to(&folder, "-");
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert_eq!(run.stdout, check([kb()]).stdout);
    assert_eq!(report_to(&folder, "./-").stdout, "");
    assert_eq!(fs::read_to_string(folder.path().join("-")).unwrap(), run.stdout);
}
