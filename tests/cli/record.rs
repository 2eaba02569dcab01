//! `spn-doctor record`: what it writes is replayed with the same result, with or without names, and never when it is not whole.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::program;
use crate::support::program::{Run, check, fixtures, lab, run, run_in, run_with_input, text};
use crate::support::promised;
use serde_json::Value;
use spn_doctor::directory::schema::Purpose;
use spn_doctor::input::recording;

/// Records recordings anew, into a folder.
fn record(folder: &Path, from: &[PathBuf], more: &[&str]) -> PathBuf {
    let output = folder.join("recording.ldif");
    let mut arguments: Vec<PathBuf> = ["record", "-o"].map(PathBuf::from).to_vec();
    arguments.push(output.clone());
    arguments.extend(more.iter().map(PathBuf::from));
    arguments.push(PathBuf::from("--from"));
    arguments.extend(from.iter().cloned());
    let run = run(arguments);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    output
}

/// Every recording that is whole.
fn cases() -> Vec<Vec<PathBuf>> {
    let mut cases: Vec<Vec<PathBuf>> =
        ["codes", "clean"].into_iter().flat_map(fixtures).map(|fixture| vec![fixture]).collect();
    cases.push(lab("ldapsearch").to_vec());
    cases.extend(program::cases().into_iter().map(|case| case.files).filter(|files| check(files).code != 2));
    cases
}

#[test]
fn a_recording_is_replayed_with_the_same_result() {
    let folder = tempfile::tempdir().unwrap();
    for case in cases() {
        let before = check(&case);
        let after = check([record(folder.path(), &case, &[])]);
        assert_eq!(after.code, before.code);
        for part in ["verdict", "summary", "servers", "findings", "problems"] {
            assert_eq!(after.report()[part], before.report()[part], "{part} of {case:?}");
        }
    }
}

/// What is recorded are the accounts that matter; that there were others is still known when it is replayed.
#[test]
fn a_server_without_an_account_is_replayed_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case.ldif");
    let records = text("fixtures/kb914137.ldif");
    let others = records.split("\n\n").filter(|record| !record.contains("sAMAccountName: EX01$"));
    fs::write(&case, others.collect::<Vec<_>>().join("\n\n") + "\n").unwrap();
    let before = check([&case]);
    assert_eq!((before.code, before.codes()), (1, vec!["no-computer-account".to_owned()]));
    let after = check([record(folder.path(), &[case], &[])]);
    assert_eq!((after.code, &after.report()["findings"]), (1, &before.report()["findings"]));
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_a_recording() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = record(folder.path(), &[PathBuf::from("fixtures/clean/2019.ldif")], &[]);
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Codes and severities of the findings, and the status of every SPN.
fn outline(report: &Value) -> Vec<String> {
    let findings = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| format!("{} {}", finding["severity"], finding["code"]));
    let spns = report["servers"].as_array().unwrap().iter().flat_map(|server| server["spns"].as_array().unwrap());
    let mut outline: Vec<String> = findings.chain(spns.map(|spn| spn["status"].to_string())).collect();
    outline.sort();
    outline
}

/// What is wrong with the redacted recording of a case: it is judged differently, or was refused without the rule that stood in the way.
fn redaction_fault(folder: &Path, case: &[PathBuf]) -> Option<String> {
    let output = folder.join("redacted.ldif");
    let words = ["record", "--redact", "-o", output.to_str().unwrap(), "--from"].map(PathBuf::from);
    let written = run(words.iter().chain(case));
    if written.code != 0 {
        return Some(format!("{case:?}: {}", written.stderr));
    }
    let (before, after) = (check(case), check([&output]));
    let is_same = after.code == before.code && outline(&after.report()) == outline(&before.report());
    (!is_same).then(|| format!("{case:?}: {:?} instead of {:?}", outline(&after.report()), outline(&before.report())))
}

#[test]
fn a_redacted_recording_comes_to_the_same_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let faults: Vec<String> = cases().iter().filter_map(|case| redaction_fault(folder.path(), case)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_range_that_was_cut_off_is_so_in_a_redacted_recording() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("redacted.ldif");
    let cut_off = [PathBuf::from("fixtures/odd/ranges-cut-off.ldif")];
    let words = ["record", "--redact", "-o", output.to_str().unwrap(), "--from"].map(PathBuf::from);
    let written = run(words.iter().chain(&cut_off));
    assert!(written.code == 2 && written.stderr.starts_with("not read: "), "{}", written.stderr);
    let (before, after) = (check(&cut_off), check([&output]));
    assert_eq!((before.code, after.code), (2, 2));
    assert_eq!(outline(&after.report()), outline(&before.report()));
    let problems = |run: &Run| run.report()["problems"].as_array().map(Vec::len);
    assert_eq!(problems(&after), problems(&before));
}

#[test]
fn a_redacted_recording_has_no_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = record(folder.path(), &lab("ldapsearch"), &["--redact"]);
    let redacted = fs::read_to_string(&path).unwrap().replace("\n ", "").to_lowercase();
    let report = check(lab("ldapsearch")).stdout.to_lowercase();
    let names = [
        "contoso",
        "ex2003a",
        "ex19b",
        "svc-relay",
        "svc-fax",
        "oldapp",
        "mail.",
        "gateway.",
        "zuerich",
        "zürich",
        "büro",
        "192.0.2.25",
        "außenstelle",
        "scan",
    ];
    for name in names {
        assert!(report.contains(name), "{name} should be in the original");
        assert!(!redacted.contains(name), "{name} is still there");
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD_NO_PAD, name);
        assert!(!redacted.contains(&encoded.to_lowercase()[..encoded.len() - 2]), "{name} is still there in base64");
    }
    let labels: BTreeSet<&str> =
        redacted.lines().filter_map(|line| line.strip_prefix("networkaddress: ncacn_ip_tcp:")).collect();
    assert!(labels.len() > 10, "servers are still told apart");
}

#[test]
fn a_recording_that_is_cut_or_damaged_is_never_a_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let whole = record(folder.path(), &[PathBuf::from("fixtures/kb914137.ldif")], &[]);
    let bytes = fs::read(&whole).unwrap();
    let damaged = folder.path().join("damaged.ldif");
    let code = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        check([&damaged]).code
    };
    assert_eq!(code(&bytes), 1);
    for end in (0..bytes.len() - 1).step_by(97) {
        assert_eq!(code(&bytes[..end]), 2, "cut at {end}");
        assert_eq!(code(&bytes[end + 1..]), 2, "cut up to {end}");
    }
}

/// A healthy organisation as small as can be.
const SMALL: &str = "\
dn: CN=A,CN=Partitions,CN=Configuration,DC=a,DC=b
objectClass: crossRef
nCName: DC=a,DC=b
nETBIOSName: A
systemFlags: 3

dn: CN=EX01,CN=Servers,CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=a,DC=b
objectClass: msExchExchangeServer
networkAddress: ncacn_ip_tcp:ex01.a.b
versionNumber: 7638

dn: CN=1,CN=SMTP,CN=EX01,CN=Servers,CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=a,DC=b
objectClass: protocolCfgSMTPServer
adminDisplayName: Zürich
msExchSmtpFullyQualifiedDomainName: ex01.a.b
msExchAuthenticationFlags: 7
msExchServerAutoStart: TRUE

dn: CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,DC=a,DC=b
objectClass: nTDSService
sPNMappings: host=http

dn: CN=krbtgt,DC=a,DC=b
objectClass: user
sAMAccountName: krbtgt
userAccountControl: 514
servicePrincipalName: kadmin/changepw

dn: CN=DC1,DC=a,DC=b
objectClass: computer
sAMAccountName: DC1$
userAccountControl: 532480
dNSHostName: dc1.a.b
servicePrincipalName: ldap/dc1.a.b

dn: CN=EX01,DC=a,DC=b
objectClass: computer
sAMAccountName: EX01$
userAccountControl: 4096
dNSHostName: ex01.a.b
servicePrincipalName: HOST/ex01.a.b
servicePrincipalName: SMTPSVC/EX01
servicePrincipalName: SMTPSVC/ex01.a.b
";

/// The pieces of a file without one of them, with one of them twice, and with two that stand side by side the other way round.
fn disorders(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut disorders = Vec::new();
    for at in 0..pieces.len() {
        let (before, after) = (pieces[..at].concat(), pieces[at + 1..].concat());
        disorders.push([&before[..], &after].concat());
        disorders.push([&before[..], pieces[at], pieces[at], &after].concat());
        if let Some(next) = pieces.get(at + 1) {
            let rest = pieces[at + 2..].concat();
            disorders.push([&before[..], next, pieces[at], &rest].concat());
        }
    }
    disorders
}

/// Cut at every byte, before it and behind it; every byte lost, doubled, and with each of its bits the other way; lines and
/// records missing, doubled and swapped.
fn damages(whole: &[u8]) -> Vec<Vec<u8>> {
    let mut damages = Vec::new();
    for at in 0..whole.len() {
        let (before, after) = (&whole[..at], &whole[at + 1..]);
        damages.extend([before.to_vec(), after.to_vec(), [before, after].concat()]);
        damages.push([before, &whole[at..=at], &whole[at..]].concat());
        damages.extend((0..8).map(|bit| [before, &[whole[at] ^ 1 << bit], after].concat()));
    }
    damages.extend(disorders(&whole.split_inclusive(|byte| *byte == b'\n').collect::<Vec<_>>()));
    let text = std::str::from_utf8(whole).unwrap();
    damages.extend(disorders(&text.split_inclusive("\n\n").map(str::as_bytes).collect::<Vec<_>>()));
    damages
}

/// The lines, whatever ends them: other ends, and empty lines at the end, are no damage.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> =
        bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

#[test]
fn no_single_damage_of_a_recording_goes_unnoticed() {
    let folder = tempfile::tempdir().unwrap();
    let small = folder.path().join("small.ldif");
    fs::write(&small, SMALL).unwrap();
    assert_eq!(check([&small]).code, 0);
    let whole = fs::read(record(folder.path(), &[small], &[])).unwrap();
    let damaged = folder.path().join("damaged.ldif");
    let is_whole = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        recording::read(std::slice::from_ref(&damaged), Purpose::Check).is_ok_and(|reading| reading.gaps.is_empty())
    };
    assert!(is_whole(&whole));
    let mut tried = 0;
    for bytes in damages(&whole).iter().filter(|bytes| lines(bytes) != lines(&whole)) {
        assert!(!is_whole(bytes), "{}", String::from_utf8_lossy(bytes));
        tried += 1;
    }
    println!("{tried} damaged recordings");
    promised::at_least("damaged recordings", tried, false);
}

#[test]
fn an_incomplete_recording_says_so_when_made_and_when_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("recording.ldif");
    let made = run(["record", "-o", output.to_str().unwrap(), "--from", "fixtures/odd/ranges-cut-off.ldif"]);
    assert_eq!(made.code, 2);
    let replayed = check([&output]);
    assert_eq!(replayed.code, 2);
    assert_eq!(replayed.report()["findings"], check(["fixtures/odd/ranges-cut-off.ldif"]).report()["findings"]);
}

#[test]
fn a_recording_can_be_piped_into_a_check() {
    let folder = tempfile::tempdir().unwrap();
    for (from, code) in [("fixtures/kb914137.ldif", 0), ("fixtures/odd/ranges-cut-off.ldif", 2)] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(from);
        let recorded = run_in(&folder, ["record", "-o", "-", "--from", from.to_str().unwrap()], b"");
        assert_eq!(recorded.code, code);
        assert_eq!(recorded.stderr.contains("not read: "), code == 2, "{}", recorded.stderr);
        let replayed = run_with_input(["check", "--format", "json", "--from", "-"], recorded.stdout.as_bytes());
        assert_eq!(replayed.code, check([&from]).code);
        assert_eq!(replayed.report()["findings"], check([&from]).report()["findings"]);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn ldif_tools_take_a_recording_for_plain_ldif() {
    let folder = tempfile::tempdir().unwrap();
    let recording = text(record(folder.path(), &lab("ldapsearch"), &[]));
    for record in recording.split("\n\n").filter(|record| record.contains("dn:")) {
        let mut lines = record.lines().filter(|line| !line.starts_with('#'));
        assert!(lines.next().unwrap().starts_with("dn:"), "{record}");
        assert!(lines.all(|line| {
            line.starts_with(' ')
                || line
                    .split_once(':')
                    .is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        }));
    }
}
