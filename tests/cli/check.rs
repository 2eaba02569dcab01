//! `spn-doctor check` on recordings, as its users run it.

use std::collections::BTreeSet;
use std::fs;

use crate::support::program;

#[cfg(unix)]
use std::io::Write as _;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::support::program::{Run, check, commands, fixtures, lab, list, run, run_in, run_with_input, text};
use serde_json::Value;

const KB: &str = "fixtures/kb914137.ldif";
const CLEAN: &str = "fixtures/clean/2019.ldif";

#[test]
fn a_healthy_organisation_is_visibly_healthy() {
    let run = run(["check", "--from", CLEAN]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stdout.starts_with("HEALTHY: 4 of 4 required SPNs are registered, on 2 Exchange servers\n"),
        "{}",
        run.stdout
    );
    assert_eq!(run.stdout.matches("  2 of 2 SPNs registered\n").count(), 2, "{}", run.stdout);
    assert_eq!(run.stderr, "");
    let all = program::run(["check", "--all", "--from", CLEAN]).stdout;
    assert_eq!(all.matches("  registered  SMTPSVC/").count(), 4, "{all}");
}

#[test]
fn the_case_of_the_kb_is_found_and_put_right() {
    let run = check([KB]);
    assert_eq!(run.code, 1);
    let report = run.report();
    assert_eq!(report["verdict"], "findings");
    for (name, finding) in ["mail.contoso.com", "relay.contoso.com"].into_iter().zip(list(&report["findings"])) {
        let [add, registry] = finding["remedies"].as_array().unwrap().as_slice() else { panic!("{finding}") };
        assert_eq!((&add["kind"], &add["confirm"]), (&"setspn".into(), &Value::Null));
        let [command] = add["commands"].as_array().unwrap().as_slice() else { panic!("{add}") };
        assert_eq!(command["run"], format!(r"setspn -F -S SMTPSVC/{name} CONTOSO\EX01$"));
        assert_eq!(command["undo"], format!(r"setspn -D SMTPSVC/{name} CONTOSO\EX01$"));
        assert_eq!(registry["kind"], "registry");
        let advice = registry["advice"].as_str().unwrap();
        assert!(advice.contains("BackConnectionHostNames") && advice.contains("Keep the lines that are already there"));
        assert!(advice.contains("only helps connections that the server makes to itself"), "{advice}");
    }
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
        [("duplicate-spn", [1, 1, 1, 0]), ("malformed-spn", [0, 1, 1, 0]), ("unused-spn", [0, 0, 1, 0])]
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
        ("fixtures/lab/ldbsearch-domain.ldif", "ldifde -f configuration.ldf"),
        ("fixtures/lab/ldbsearch-configuration.ldif", "krbtgt was not read"),
    ] {
        let run = run(["check", "--fail-on", "never", "--from", fixture]);
        assert_eq!(run.code, 2, "{fixture}");
        assert!(run.stdout.starts_with("INCOMPLETE"), "{fixture}: {}", run.stdout);
        let words: Vec<&str> = run.stdout.split_whitespace().collect();
        assert!(words.join(" ").contains(told), "{fixture}: {}", run.stdout);
    }
    assert!(!check(["fixtures/odd/ranges-cut-off.ldif"]).codes().is_empty());
}

/// Whatever was not read might speak against every command.
#[test]
fn while_data_is_incomplete_no_remedy_is_ready() {
    let mut offered = 0;
    let mut cases: Vec<Vec<PathBuf>> = fixtures("odd").into_iter().map(|path| vec![path]).collect();
    cases.extend(program::cases().into_iter().map(|case| case.files));
    let reports = cases.into_iter().map(|files| check(files).report());
    for report in reports.filter(|report| report["verdict"] == "incomplete") {
        for remedy in list(&report["findings"]).flat_map(|finding| list(&finding["remedies"])) {
            if list(&remedy["commands"]).next().is_some() {
                let confirm = remedy["confirm"].as_str().unwrap_or_default();
                assert!(confirm.starts_with("Not all data was read. Read what is missing"), "{remedy}");
                offered += 1;
            }
        }
    }
    assert!(offered > 10, "only {offered} remedies were looked at");
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

/// The case of the KB, in which all objects of a class are deleted.
fn with_deleted(class: &str) -> Run {
    let alive = format!("objectClass: {class}\n");
    let deleted = text(KB).replace(&alive, &format!("{alive}isDeleted: TRUE\n"));
    run_with_input(["check", "--format", "json", "--from", "-"], deleted.as_bytes())
}

/// What is left of a deleted object is no server and no account: a recording in which there is nothing else is not whole.
#[test]
fn deleted_servers_or_accounts_alone_are_no_directory() {
    for class in ["msExchExchangeServer", "user", "computer"] {
        let run = with_deleted(class);
        assert_eq!((run.code, run.report()["verdict"].as_str()), (2, Some("incomplete")), "{class}");
    }
}

#[test]
fn a_server_whose_account_was_deleted_has_none() {
    let account = "dn: CN=EX01,CN=Computers,DC=contoso,DC=com\n";
    let kb = text(KB);
    assert!(kb.contains(account));
    let deleted = kb.replace(account, &format!("{account}isDeleted: TRUE\n"));
    let run = run_with_input(["check", "--format", "json", "--from", "-"], deleted.as_bytes());
    assert_eq!((run.code, run.codes()), (1, vec!["no-computer-account".to_owned()]));
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
    let expected = check(lab("ldbsearch")).report();
    for tool in ["ldapsearch", "ldapsearch-full"] {
        let report = check(lab(tool)).report();
        for part in ["verdict", "summary", "servers", "findings", "problems"] {
            assert_eq!(report[part], expected[part], "{tool} {part}");
        }
    }
}

/// Any entry, though nobody would miss it otherwise.
#[test]
fn an_entry_that_was_lost_from_the_middle_is_missed_by_the_count_in_the_trailer() {
    for tool in ["ldbsearch", "ldapsearch-full"] {
        let files = lab(tool);
        let whole = text(&files[0]);
        let records: Vec<&str> = whole.split_inclusive("\n\n").collect();
        let is_whole = |record: &&&str| record.contains("dn: ") && !record.contains("records");
        let lost = records.iter().rfind(is_whole).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let cut = folder.path().join("cut.ldif");
        fs::write(&cut, whole.replace(lost, "")).unwrap();
        let run = check([&cut, &files[1]]);
        assert_eq!(run.code, 2, "{tool}");
        let report = run.report();
        let problems: Vec<&Value> =
            list(&report["problems"]).filter(|problem| is_count(problem["what"].as_str().unwrap())).collect();
        assert_eq!(problems.len(), 1, "{tool}: {}", report["problems"]);
        assert_eq!(problems[0]["where"].as_str(), cut.to_str(), "{tool}");
        assert!(list(&problems[0]["fix"]).count() > 0, "{tool}");
    }
}

/// Whether a problem says that there is one entry less than there was.
fn is_count(what: &str) -> bool {
    let numbers: Vec<u64> = what.split([' ', ':']).filter_map(|word| word.parse().ok()).collect();
    what.contains("the file holds") && numbers.len() == 2 && numbers[0] == numbers[1] + 1
}

/// What the organisation of the lab says of its findings: code and SPN, severity, and whether a setspn remedy is ready. An error is one
/// of which nothing else is said.
fn built_with() -> BTreeSet<(String, String, bool)> {
    let organisation = text("tests/lab/organisation.toml");
    let mut expected = BTreeSet::new();
    let mut in_list = false;
    for line in organisation.lines() {
        in_list |= line.starts_with("expect = [");
        let (listed, said) = line.split_once('#').unwrap_or((line, ""));
        let severity = ["warning", "info"].into_iter().find(|word| said.contains(word)).unwrap_or("error");
        let findings = listed.split('"').skip(1).step_by(2).filter(|_| in_list);
        expected.extend(findings.map(|finding| (finding.to_owned(), severity.to_owned(), said.contains("ready"))));
        in_list &= !listed.contains(']');
    }
    expected
}

#[test]
fn the_lab_has_just_the_problems_that_it_was_built_with() {
    let expected = built_with();
    assert!(expected.len() > 30, "{expected:?}");
    let report = check(lab("ldbsearch")).report();
    let is_ready = |remedy: &Value| remedy["kind"] == "setspn" && program::is_ready(remedy);
    let found = list(&report["findings"]).map(|finding| {
        let words = [&finding["code"], &finding["spn"]].map(|part| part.as_str().unwrap_or_default());
        let ready = list(&finding["remedies"]).any(is_ready);
        (words.join(" ").trim().to_owned(), finding["severity"].as_str().unwrap().to_owned(), ready)
    });
    assert_eq!(found.collect::<BTreeSet<_>>(), expected);
}

/// The report on some servers of the lab.
fn only(names: &[&str]) -> Run {
    let [configuration, domain] = lab("ldbsearch").map(|path| path.display().to_string());
    let mut arguments = vec!["check", "--format", "json", "--from", &configuration, &domain, "--only"];
    arguments.extend(names);
    run(arguments)
}

fn names_of_servers(report: &Value) -> Vec<&str> {
    list(&report["servers"]).map(|server| server["name"].as_str().unwrap()).collect()
}

#[test]
fn only_some_servers_can_be_reported() {
    let one = only(&["ex19a"]).report();
    assert_eq!(one["summary"]["servers"], 1);
    assert!(list(&one["findings"]).all(|finding| finding["servers"].to_string().contains("EX19A")));
    assert_eq!(only(&["EX19C,ex13a"]).code, 0);
}

#[test]
fn servers_can_be_named_by_netbios_name_fqdn_or_pattern() {
    let whole = check(lab("ldbsearch")).report();
    let all = names_of_servers(&whole);
    let like = |starts: &[&str]| -> Vec<&str> {
        all.iter().copied().filter(|name| starts.iter().any(|start| name.starts_with(start))).collect()
    };
    for (names, expected) in [
        (&["ex19a.CONTOSO.test"][..], like(&["EX19A"])),
        (&["ex19*"], like(&["EX19"])),
        (&["*19c"], like(&["EX19C"])),
        (&["ex*9a.contoso.test", "EX19C"], like(&["EX19A", "EX19C"])),
        (&["*2003*,ex19b.contoso.*"], like(&["EX2003", "EX19B"])),
        (&["*"], all.clone()),
    ] {
        let run = only(names);
        assert!(run.code < 2 && !expected.is_empty(), "{names:?}: {}", run.stderr);
        assert_eq!(names_of_servers(&run.report()), expected, "{names:?}");
    }
    assert!(all.len() > 20);
    // What concerns no server, such as an orphan, concerns none of those that were asked for either.
    let concerning: Vec<&Value> =
        list(&whole["findings"]).filter(|one| list(&one["servers"]).next().is_some()).collect();
    assert_eq!(list(&only(&["*"]).report()["findings"]).collect::<Vec<_>>(), concerning);
}

#[test]
fn an_unknown_server_is_no_answer() {
    for names in [&["EX99"][..], &["ex19a", "EX99"], &["nobody*"], &["ex99.contoso.test"], &["EX19?"]] {
        let unknown = only(names);
        assert_eq!(unknown.code, 2, "{names:?}");
        let told = format!("error: no Exchange server is called {}\nhint: ", names.last().unwrap());
        assert!(unknown.stderr.starts_with(&told), "{}", unknown.stderr);
        let report = unknown.report();
        assert_eq!((report["verdict"].as_str(), report["findings"].to_string().as_str()), (Some("incomplete"), "[]"));
        assert!(report["problems"][0]["what"].as_str().unwrap().contains(names.last().unwrap()), "{report}");
    }
}

#[test]
fn the_old_setspn_gets_commands_that_it_knows() {
    let run = run(["check", "--setspn", "2003", "--format", "json", "--from", "fixtures/codes/misplaced-spn.ldif"]);
    let report = run.report();
    let remedy = &report["findings"][0]["remedies"][0];
    let own = "SMTPSVC/nwx01.northwindtraders.com";
    assert_eq!(commands(remedy, "run"), [format!("setspn -D {own} OLDX"), format!("setspn -A {own} NWX01")]);
    assert_eq!(commands(remedy, "undo"), [format!("setspn -A {own} OLDX"), format!("setspn -D {own} NWX01")]);
    assert_eq!(remedy["verify"], "setspn -L NWX01");
}

/// The table of every recording there is, with the report as JSON.
static TABLES: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
    let single = |folder| fixtures(folder).into_iter().map(|path| vec![path]);
    let mut recordings: Vec<Vec<PathBuf>> = single("codes").chain(single("clean")).collect();
    recordings.extend([vec![kb()], lab("ldbsearch").to_vec(), vec!["fixtures/odd/ranges-cut-off.ldif".into()]]);
    recordings.extend(program::cases().into_iter().map(|case| case.files));
    let table = |files: &[PathBuf]| run(["check", "--all", "--from"].map(PathBuf::from).iter().chain(files)).stdout;
    let reports = recordings.iter().map(|files| (table(files), check(files).report()));
    reports.filter(|(table, _)| !table.is_empty()).collect()
});

/// Whether a line is one to be copied.
fn is_command(line: &str) -> bool {
    const TOOLS: [&str; 6] =
        ["setspn ", "Set-ReceiveConnector ", "Set-SendConnector ", "reg query ", "ldifde ", "ldapsearch "];
    line.starts_with("    ") && TOOLS.iter().any(|tool| line.trim_start().starts_with(tool))
}

/// Whether a line has no place where it could be wrapped: it is one name, or a heading and one name.
fn is_one_name(line: &str) -> bool {
    let line = line.trim_start();
    let name = line.rsplit_once("  ").map_or(line, |(_, name)| name);
    let quoted = name.split('“').skip(1).filter_map(|rest| rest.split('”').next());
    name.matches(' ').count() == quoted.map(|text| text.matches(' ').count()).sum::<usize>()
}

/// Commands are to be copied, and no name is ever cut.
#[test]
fn only_commands_and_names_are_longer_than_80_columns_in_the_table() {
    let [configuration, domain] = lab("ldbsearch");
    let short = run([Path::new("check"), Path::new("--from"), &configuration, &domain]).stdout;
    let tables = TABLES.iter().map(|(table, _)| table.as_str()).chain([short.as_str()]);
    for line in tables.flat_map(str::lines).filter(|line| line.chars().count() > 80) {
        assert!(is_command(line) || is_one_name(line), "{line}");
    }
}

#[test]
fn the_table_has_every_finding_command_and_undo() {
    let mut seen = 0;
    for (table, report) in TABLES.iter() {
        let lines: Vec<&str> = table.lines().map(str::trim).collect();
        for finding in list(&report["findings"]) {
            let [severity, code] = ["severity", "code"].map(|part| finding[part].as_str().unwrap());
            let heading = format!("{severity}  {code}");
            let spn = finding["spn"].as_str().unwrap_or_default();
            // A long name stands on a line of its own.
            let is_row = |lines: &[&str]| lines[0].starts_with(&heading) && lines.iter().any(|line| line.contains(spn));
            assert!(lines.windows(2).any(is_row), "{heading} {spn}");
            for remedy in list(&finding["remedies"]) {
                let verify = remedy["verify"].as_str().map(ToOwned::to_owned);
                for command in ["run", "undo"].iter().flat_map(|part| commands(remedy, part)).chain(verify) {
                    assert!(lines.contains(&command.as_str()), "{command} is no line of {table}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 300, "only {seen} commands were looked for");
}

/// The words of a text, one space between them, however it was wrapped.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What has to be made sure of stands above the commands that it is about; above ready ones stands nothing of the kind.
#[test]
fn the_table_says_before_a_command_what_to_make_sure_of_first() {
    let (mut ready, mut doubtful) = (0, 0);
    for (table, report) in TABLES.iter() {
        let lines: Vec<&str> = table.lines().collect();
        for remedy in list(&report["findings"]).flat_map(|finding| list(&finding["remedies"])) {
            let [title, advice] = ["title", "advice"].map(|part| words(remedy[part].as_str().unwrap()));
            let confirm = remedy["confirm"].as_str().map(|confirm| format!("First: {}", words(confirm)));
            let meant = words(&format!("{title} {} {advice}", confirm.as_deref().unwrap_or_default()));
            for command in commands(remedy, "run") {
                let shown = above(&lines, &command);
                assert!(
                    shown.iter().any(|above| above.ends_with(&meant)),
                    "{meant}\nis not above {command}:\n{shown:?}"
                );
                *if confirm.is_some() { &mut doubtful } else { &mut ready } += 1;
            }
        }
    }
    assert!(ready > 20 && doubtful > 20, "{ready} ready, {doubtful} not");
}

/// What stands above a command, wherever that is, without the other commands between.
fn above(lines: &[&str], command: &str) -> Vec<String> {
    let places = lines.iter().enumerate().filter(|(_, line)| line.trim() == command).map(|(number, _)| number);
    let words_above = |place: usize| {
        let text: Vec<&str> = lines[..place].iter().rev().skip_while(|line| is_command(line)).copied().collect();
        words(&text.into_iter().rev().collect::<Vec<_>>().join(" "))
    };
    places.map(words_above).collect()
}

#[test]
fn nothing_acts_on_the_terminal_in_any_format() {
    let [configuration, domain] = lab("ldbsearch").map(|path| path.display().to_string());
    for format in ["table", "json", "summary", "cmd", "exchange", "csv", "junit", "markdown", "html"] {
        let run = run(["check", "--format", format, "--from", &configuration, &domain]
            .into_iter()
            .chain((format == "table").then_some("--all")));
        let has_names = ["table", "json"].contains(&format);
        assert!(
            !has_names || run.stdout.contains("[31mred"),
            "the lab has a connector with an escape sequence in its name"
        );
        assert!(!run.stdout.contains('\u{1b}'));
    }
}

/// Recordings that are none: which line is at fault, and what is said of it.
const BAD_INPUT: [(&str, &str, &str, &str); 6] = [
    ("delete.ldf", "dn: CN=a\nchangetype: delete\n", ":2: ", "this is a list of changes"),
    ("replace.ldf", "dn: CN=a\nchangetype: modify\nreplace: cn\ncn: b\n-\n", ":", "this is a list of changes"),
    ("base64.ldif", "dn: CN=a\ncn:: !\n", ":2: ", "broken base64"),
    ("words.ldif", "dn: CN=a\ncn: a\nwords\n", ":3: ", "this is not LDIF"),
    ("url.ldif", "dn: CN=a\njpegPhoto:< file:///etc/passwd\n", ":2: ", "values in other files"),
    ("dn.ldif", "\ndn: words\n", ":2: ", "this is no distinguished name"),
];

#[test]
fn bad_input_ends_in_one_error_with_file_line_and_cause() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content, line, told) in BAD_INPUT {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let table = run(["check", "--from", path.to_str().unwrap()]);
        assert_eq!((table.code, table.stdout.as_str()), (2, ""));
        let expected = format!("error: {}{line}", path.display());
        assert!(table.stderr.starts_with(&expected), "{} is not {expected}", table.stderr);
        assert!(table.stderr.contains(told), "{} is not {told}", table.stderr);
        assert_eq!(table.stderr.lines().count(), 2, "one error, one hint: {}", table.stderr);
        assert_unjudged(&check([&path]), told);
    }
    let missing = check(["no such file"]);
    assert!(missing.stderr.starts_with("error: no such file cannot be opened"), "{}", missing.stderr);
    assert_unjudged(&missing, "cannot be opened");
    assert_unjudged(&check(["fixtures"]), "");
}

/// A document for whoever parses it: there is no answer, and why. schema.rs holds such documents against the schema.
fn assert_unjudged(run: &Run, why: &str) {
    let report = run.report();
    assert_eq!((run.code, report["verdict"].as_str()), (2, Some("incomplete")));
    for part in ["servers", "findings"] {
        assert_eq!(list(&report[part]).count(), 0, "{report}");
    }
    let [problem] = report["problems"].as_array().unwrap().as_slice() else { panic!("{report}") };
    let told = problem["what"].as_str().unwrap();
    assert!(told.contains(why) && !told.is_empty(), "{why} is not in {told}");
    assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
}

#[test]
fn wrong_usage_is_exit_code_2_and_no_document() {
    for arguments in [
        &["check", "--nonsense"][..],
        &["check", "--format", "json", "--nonsense"],
        &["check", "--format", "json", "--from"],
        &["check", "--format", "json", "--from", CLEAN, "--fail-on", "nothing"],
        &["check", "--format", "json", "--from", CLEAN, "--server", "dc1"],
        &["nonsense"],
        &["check", "--from", CLEAN, "--format", "xml"],
        &["explain", "nonsense"],
    ] {
        let run = run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}");
        assert!(run.stderr.starts_with("error: ") && run.stdout.is_empty(), "{arguments:?}: {}", run.stderr);
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
    // An answer that could not be established is a report as well.
    assert_eq!(to(&path, "fixtures/odd/changes.ldf").code, 2);
    let report: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(report["verdict"], "incomplete");
    let table = run(["check", "-o", path.to_str().unwrap(), "--from", "fixtures/odd/changes.ldf"]);
    assert_eq!(table.code, 2);
    assert!(fs::read_to_string(&path).unwrap().contains("\"incomplete\""), "the old report is still there");
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
            "no/report cannot be written: the folder no does not exist\nhint: create it first, or choose another file with --output\n",
        ),
        (
            "no/such/report",
            "no/such/report cannot be written: the folder no/such does not exist\nhint: create it first, or choose another file with --output\n",
        ),
        ("reports", "reports cannot be written: it is a folder\nhint: give the name of a file in it\n"),
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

/// The case of the KB as it is given, judged from standard input.
fn judged(ldif: &str) -> Run {
    run_with_input(["check", "--format", "json", "--from", "-"], ldif.as_bytes())
}

fn incomplete_because(ldif: &str, told: &str) {
    let run = judged(ldif);
    assert_eq!((run.code, run.report()["verdict"].as_str()), (2, Some("incomplete")), "{told}");
    assert!(run.report()["problems"].to_string().contains(told), "{}", run.report()["problems"]);
    let findings = run.report()["findings"].to_string();
    assert!(!findings.contains("\"confirm\":null,\"kind\":\"setspn\""), "nothing is ready: {findings}");
}

#[test]
fn a_file_that_ends_within_a_line_is_not_whole() {
    let whole = text(KB);
    let whole = whole.trim_end();
    for cut in [whole.len(), whole.len() - 3] {
        incomplete_because(&whole[..cut], "ends within a line");
    }
    assert_eq!(judged(&format!("{whole}\n# a comment")).code, 1, "a comment may end as it likes");
}

/// `copy a+b c` of cmd.exe joins files so.
#[test]
fn the_end_of_file_of_cmd_at_the_end_changes_nothing() {
    let ldif = text(CLEAN);
    let run = run_with_input(["check", "--format", "json", "--from", "-"], format!("{ldif}\u{1a}").as_bytes());
    assert_eq!((run.code, run.stdout), (0, judged(&ldif).stdout));
    // Within a line it is no line end.
    incomplete_because(&format!("{}\u{1a}", ldif.trim_end()), "ends within a line");
}

#[test]
fn a_file_without_anything_is_called_empty() {
    for nothing in ["", "\r\n\r\n", "# only\n  a comment\n"] {
        incomplete_because(nothing, "this file is empty");
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.ldf");
        fs::write(&empty, nothing).unwrap();
        let told = |other: &str| {
            let run = check([Path::new(other), &empty]);
            (run.code, run.report()["problems"].to_string().contains("this file is empty"))
        };
        // Where nothing is missing, nothing is missing in it.
        assert_eq!(told(CLEAN), (0, false));
        assert_eq!(told("fixtures/lab/ldapsearch-domain.ldif"), (2, true));
    }
}

#[test]
fn an_export_in_which_no_computer_says_its_dns_name_is_not_whole() {
    let without: Vec<String> =
        text(KB).lines().filter(|line| !line.starts_with("dNSHostName:")).map(ToOwned::to_owned).collect();
    incomplete_because(&(without.join("\n") + "\n"), "dNSHostName");
}

#[test]
fn a_domain_of_two_netbios_names_has_none() {
    let second = "\ndn: CN=OTHER,CN=Partitions,CN=Configuration,DC=contoso,DC=com\nobjectClass: crossRef\n\
                  nCName: DC=contoso,DC=com\nnETBIOSName: OTHER\nsystemFlags: 3\n";
    let ldif = text(KB) + second;
    incomplete_because(&ldif, "another NetBIOS name");
    assert!(!judged(&ldif).stdout.contains("setspn -F -S"));
}

#[test]
fn the_copy_of_a_server_that_replication_left_over_changes_nothing() {
    let original = text(KB);
    let server = original.split("\n\n").find(|record| record.contains("dn: CN=EX01,CN=Servers,")).unwrap();
    let copy = server
        .replace("dn: CN=EX01,CN=Servers,", "dn: CN=EX01\\0ACNF:5d0c7a0e-0000-4000-8000-000000000001,CN=Servers,");
    let report = judged(&format!("{original}\n{copy}\n")).report();
    assert_eq!(report["findings"], check([KB]).report()["findings"]);
    assert_eq!(report["servers"].as_array().unwrap().iter().filter(|server| server["skipped"].is_string()).count(), 1);
}

#[test]
fn standard_input_cannot_be_read_twice() {
    let run = run_with_input(["check", "--from", "-", "-"], text(KB).as_bytes());
    assert_eq!(run.code, 2);
    assert!(run.stderr.starts_with("error: standard input can be read only once"), "{}", run.stderr);
}

#[test]
fn a_flag_that_no_report_heeds_is_refused() {
    for (words, hint) in [
        (&["--undo"][..], "--format cmd"),
        (&["--undo", "--format", "json"], "--format cmd"),
        (&["--all", "--format", "cmd"], "leave it out"),
    ] {
        let run = run(["check", "--from", "fixtures/kb914137.ldif"].into_iter().chain(words.iter().copied()));
        assert!(run.code == 2 && run.stdout.is_empty() && run.stderr.contains(hint), "{words:?}: {}", run.stderr);
    }
}
