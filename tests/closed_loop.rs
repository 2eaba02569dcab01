//! The whole program against the lab's domain controller: the commands of its report carried out, and taken back. See `tests/lab/verify`.
#![cfg(feature = "kerberos")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests stop at the first surprise")]

mod common;

use std::env;
use std::process::Command;

use common::{check, feed, run};
use serde_json::Value;

fn lab(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: this runs within the lab"))
}

/// What the live directory looks like now.
fn live(more: &[&str]) -> Value {
    let run = run(["check", "--format", "json"].iter().chain(more));
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    run.report()
}

fn ldap(program: &str, arguments: &[&str], input: &str) -> (bool, String) {
    let uri = format!("ldap://{}", lab("LAB_HOST"));
    let mut command = Command::new(program);
    let output = feed(command.args(["-Q", "-Y", "GSSAPI", "-H", &uri]).args(arguments), input.as_bytes());
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// Does what setspn would: one LDAP modification.
fn setspn(command: &str) {
    let words: Vec<&str> = command.split(' ').collect();
    let (switches, [spn, account]) = words.split_last_chunk::<2>().unwrap();
    let change = match switches.last() {
        Some(&"-S") => "add",
        Some(&"-D") => "delete",
        other => panic!("{other:?} in {command}"),
    };
    let (domain, name) = account.split_once('\\').unwrap();
    assert_eq!((switches[0], domain), ("setspn", lab("LAB_DOMAIN").as_str()));
    let filter = format!("(sAMAccountName={name})");
    let (_, found) = ldap("ldapsearch", &["-LLL", "-o", "ldif-wrap=no", "-b", &lab("LAB_BASE_DN"), &filter, "dn"], "");
    let dn = found.lines().find(|line| line.starts_with("dn:")).unwrap_or_else(|| panic!("{command}: no such account"));
    let modification =
        format!("{dn}\nchangetype: modify\n{change}: servicePrincipalName\nservicePrincipalName: {spn}\n");
    let (done, said) = ldap("ldapmodify", &[], &modification);
    match change {
        _ if done => {}
        // The directory refuses a duplicate; only replication makes one, below these checks.
        "add" if said.contains("Constraint violation") => below_the_checks(&modification),
        // Samba, unlike Windows, holds a value against its duplicate even when it is the one to be deleted, but takes the rest as a whole.
        "delete" if said.contains("Constraint violation") => keep_the_others(dn, spn),
        _ => panic!("{command}: {said}"),
    }
}

fn keep_the_others(dn: &str, deleted: &str) {
    let base = dn.strip_prefix("dn: ").unwrap();
    let (_, held) =
        ldap("ldapsearch", &["-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", base, "servicePrincipalName"], "");
    let values = held.lines().filter(|line| line.starts_with("servicePrincipalName: "));
    let (gone, kept): (Vec<&str>, Vec<&str>) = values.partition(|line| line.ends_with(&format!(": {deleted}")));
    assert_eq!(gone.len(), 1, "{held}");
    let modification = format!("{dn}\nchangetype: modify\nreplace: servicePrincipalName\n{}\n", kept.join("\n"));
    let (done, said) = ldap("ldapmodify", &[], &modification);
    assert!(done, "{modification}{said}");
}

fn below_the_checks(modification: &str) {
    let partition = format!("{}/dc/private/sam.ldb.d/{}.ldb", lab("LAB_DIR"), lab("LAB_BASE_DN").to_uppercase());
    let output = feed(Command::new("ldbmodify").args(["-H", &partition]), modification.as_bytes());
    assert!(output.status.success(), "{modification}{}", String::from_utf8_lossy(&output.stderr));
}

fn key(finding: &Value) -> String {
    format!("{} {} {}", finding["code"], finding["servers"], finding["spn"])
}

fn keys(report: &Value) -> Vec<String> {
    report["findings"].as_array().unwrap().iter().map(key).collect()
}

#[test]
#[ignore = "needs the lab"]
fn the_commands_of_the_report_put_right_what_they_say_and_their_undo_brings_it_back() {
    let before = live(&[]);
    let cured: Vec<&Value> = before["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| !finding["remedy"]["commands"].as_array().unwrap().is_empty())
        .collect();
    assert!(cured.len() >= 6, "the lab has findings with commands");
    let commands: Vec<&Value> =
        cured.iter().flat_map(|finding| finding["remedy"]["commands"].as_array().unwrap()).collect();
    for command in &commands {
        setspn(command["run"].as_str().unwrap());
    }
    let after = live(&[]);
    let mut expected = keys(&before);
    expected.retain(|kept| !cured.iter().any(|finding| key(finding) == *kept));
    assert_eq!(keys(&after), expected, "those findings are gone, no other is, and none is new");
    for command in commands.iter().rev() {
        setspn(command["undo"].as_str().unwrap());
    }
    assert_eq!(live(&[]), before, "the directory is as it was");
}

#[test]
#[ignore = "needs the lab"]
fn a_recording_of_the_live_directory_is_replayed_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forest.ldif");
    let recorded = run(["record", "-o", path.to_str().unwrap()]);
    assert_eq!((recorded.code, recorded.stderr.as_str()), (0, ""));
    let (live, replayed) = (live(&[]), check([&path]).report());
    for part in ["verdict", "summary", "servers", "findings", "problems"] {
        assert_eq!(live[part].to_string(), replayed[part].to_string(), "{part}");
    }
    let (accepted, said) = ldap("ldapadd", &["-n", "-f", path.to_str().unwrap()], "");
    assert!(accepted && said.contains("!adding new entry"), "ldapadd would take it: {said}");
    let redacted = run(["record", "--redact", "-o", path.to_str().unwrap()]);
    assert_eq!(redacted.code, 0, "{}", redacted.stderr);
    assert_eq!(check([&path]).codes(), codes(&live));
}

fn codes(report: &Value) -> Vec<String> {
    let codes = report["findings"].as_array().unwrap().iter();
    codes.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "needs the lab"]
fn the_lab_has_the_same_findings_live_as_recorded() {
    let recorded = check(common::lab("ldapsearch")).report();
    let live = live(&[]);
    assert_eq!(live["findings"], recorded["findings"]);
    assert_eq!(live["servers"], recorded["servers"]);
}

#[test]
#[ignore = "needs the lab"]
fn every_way_in_gives_the_same_report() {
    let (user, password, ca) =
        (format!("{}@{}", lab("LAB_READER"), lab("LAB_DNS_DOMAIN")), lab("LAB_READER_PASSWORD_FILE"), lab("LAB_CA"));
    let simple = ["--user", &user, "--password-file", &password, "--ca-file", &ca];
    let host = lab("LAB_HOST");
    let expected = live(&[]);
    for more in [
        &["--page-size", "1"][..],
        &["--ldaps", "--ca-file", &ca],
        &["--starttls", "--ca-file", &ca],
        &simple,
        &[&simple[..], &["--starttls", "--server", &host]].concat(),
        &["--server", "nosuch.invalid", "--server", &host, "--verbose"],
    ] {
        let run = run(["check", "--format", "json"].iter().chain(more));
        assert_eq!(run.code, 1, "{more:?}: {}", run.stderr);
        assert_eq!(run.report()["findings"], expected["findings"], "{more:?}");
        assert_eq!(run.report()["servers"], expected["servers"], "{more:?}");
    }
}

#[test]
#[ignore = "needs the lab"]
fn whatever_fails_is_exit_code_2_with_one_error_and_a_hint_and_no_password() {
    let (user, password, ca, host) = (
        format!("{}@{}", lab("LAB_READER"), lab("LAB_DNS_DOMAIN")),
        lab("LAB_READER_PASSWORD_FILE"),
        lab("LAB_CA"),
        lab("LAB_HOST"),
    );
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong");
    std::fs::write(&wrong, "S3cret-but-wrong\n").unwrap();
    let wrong = wrong.to_str().unwrap();
    for (arguments, told) in [
        (&["--user", &user, "--password-file", wrong, "--ca-file", &ca][..], "user name or the password is wrong"),
        (&["--user", &user, "--password-file", &password], "an issuer that is not trusted"),
        (
            &["--server", "127.0.0.2", "--user", &user, "--password-file", &password, "--ca-file", &ca],
            "nothing listens",
        ),
        (&["--server", "nosuch.invalid"], "is not known"),
        (&["--server", &format!("{host}:1389")], "nothing listens on port 1389"),
        (
            &["--server", &host, "--user", &user, "--password-file", &password, "--insecure-plaintext"],
            "refuses a bind without encryption",
        ),
        (&["--server", &host, "--auth", "anonymous"], "certificate"),
        (&["--domain", "nosuch.invalid"], "DNS"),
        (&["--user", &user, "--password-file", "/nonexistent"], "password file"),
        (&["--auth", "simple"], "needs a user"),
    ] {
        let run = run(["check", "-v"].iter().chain(arguments));
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}");
        let errors = run.stderr.lines().filter(|line| line.starts_with("error: ")).count();
        let hints = run.stderr.lines().filter(|line| line.starts_with("hint: ")).count();
        assert!(errors == 1 && hints <= 1 && run.stderr.contains(told), "{arguments:?}: {}", run.stderr);
        assert!(!run.stderr.contains("S3cret"), "{}", run.stderr);
    }
}

#[test]
#[ignore = "needs the lab"]
fn an_account_that_lost_its_last_name_is_not_taken_for_one_whose_names_are_hidden() {
    let account = format!("CN=EX10C,CN=Computers,{}", lab("LAB_BASE_DN"));
    let made = format!(
        "dn: {account}\nobjectClass: computer\nsAMAccountName: EX10C$\nuserAccountControl: 4096\nservicePrincipalName: HOST/EX10C\n"
    );
    assert!(ldap("ldapadd", &[], &made).0);
    let emptied = format!("dn: {account}\nchangetype: modify\ndelete: servicePrincipalName\n");
    assert!(ldap("ldapmodify", &[], &emptied).0);
    let report = live(&["--only", "EX10C"]);
    assert!(ldap("ldapdelete", &[&account], "").0);
    assert_eq!(report["servers"][0]["spns"][0]["status"], "missing");
    assert_eq!(report["servers"][0]["account"]["dn"], account.as_str());
}

#[test]
#[ignore = "needs the lab"]
fn who_may_not_see_exchange_gets_no_verdict() {
    let user = format!("{}@{}", lab("LAB_STRANGER"), lab("LAB_DNS_DOMAIN"));
    let run = run([
        "check",
        "--user",
        &user,
        "--password-file",
        &lab("LAB_STRANGER_PASSWORD_FILE"),
        "--ca-file",
        &lab("LAB_CA"),
    ]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.starts_with("INCOMPLETE") && run.stdout.contains("View-Only"), "{}", run.stdout);
}

#[test]
#[ignore = "needs the lab"]
fn who_may_not_see_the_names_of_one_account_gets_no_verdict_and_the_right_that_is_missing() {
    let user = format!("{}@{}", lab("LAB_BLIND"), lab("LAB_DNS_DOMAIN"));
    let password = lab("LAB_BLIND_PASSWORD_FILE");
    let run =
        run(["check", "--format", "json", "--user", &user, "--password-file", &password, "--ca-file", &lab("LAB_CA")]);
    assert_eq!(run.code, 2);
    let problems = run.report()["problems"].clone();
    assert_eq!(problems.as_array().unwrap().len(), 1, "{problems}");
    let account = format!("CN={},CN=Computers,{}", lab("LAB_HIDDEN"), lab("LAB_BASE_DN"));
    assert_eq!(problems[0]["where"], account.as_str());
    assert!(problems[0]["what"].as_str().unwrap().contains(&format!("dsacls \"{account}\" /G")), "{problems}");
}

/// Runs a tool on the domain controller's own database, beside the server.
fn offline(program: &str, arguments: &[&str], input: &str) -> String {
    let [database, configuration] =
        ["private/sam.ldb", "etc/smb.conf"].map(|file| format!("{}/dc/{file}", lab("LAB_DIR")));
    let place = ["-H", &database, &format!("--configfile={configuration}")];
    let output = feed(Command::new(program).args(arguments).args(place), input.as_bytes());
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The one problem of a check that came to no verdict: where, and what.
fn only_problem(user: &str, password_file: &str) -> (String, String) {
    let user = format!("{user}@{}", lab("LAB_DNS_DOMAIN"));
    let flags = ["check", "--format", "json", "--user", &user, "--password-file", password_file, "--ca-file"];
    let run = run(flags.into_iter().chain([lab("LAB_CA").as_str()]));
    assert_eq!(run.code, 2);
    let problems = run.report()["problems"].as_array().unwrap().clone();
    assert_eq!(problems.len(), 1, "{problems:?}");
    let text = |name: &str| problems[0][name].as_str().unwrap().to_owned();
    (text("where"), text("what"))
}

#[test]
#[ignore = "needs the lab"]
fn who_may_not_look_into_the_domain_gets_no_verdict_and_the_right_that_is_missing() {
    let (base, folder) = (lab("LAB_BASE_DN"), tempfile::tempdir().unwrap());
    let password = folder.path().join("password");
    std::fs::write(&password, "Throw-away.2003").unwrap();
    offline("samba-tool", &["user", "create", "outsider", "Throw-away.2003"], "");
    let found = offline("ldbsearch", &["(sAMAccountName=outsider)", "objectSid"], "");
    let identifier = found.lines().find_map(|line| line.strip_prefix("objectSid: ")).unwrap();
    for container in ["OU=Domain Controllers", "CN=Computers", "CN=Users"] {
        let place = format!("--objectdn={container},{base}");
        offline("samba-tool", &["dsacl", "set", &place, &format!("--sddl=(D;;LC;;;{identifier})")], "");
    }
    let (place, what) = only_problem("outsider", password.to_str().unwrap());
    offline("samba-tool", &["user", "delete", "outsider"], "");
    assert_eq!(place, base);
    assert!(what.contains("List Contents and Read Property"), "{what}");
    assert!(what.ends_with(&format!("\n  dsacls \"{base}\" /I:T /G \"DOMAIN\\account:LCRP\"")), "{what}");
}

#[test]
#[ignore = "needs the lab"]
fn a_domain_of_the_forest_that_nobody_here_knows_gets_no_verdict() {
    let (base, name) = (lab("LAB_BASE_DN"), lab("LAB_DNS_DOMAIN"));
    let reference = format!("CN=CHILD,CN=Partitions,CN=Configuration,{base}");
    let child = format!(
        "dn: {reference}\nobjectClass: crossRef\ncn: CHILD\nnCName: DC=child,{base}\nnETBIOSName: CHILD\n\
         dnsRoot: child.{name}\nsystemFlags: 3\n"
    );
    offline("ldbadd", &["--relax"], &child);
    let (place, what) = only_problem(&lab("LAB_READER"), &lab("LAB_READER_PASSWORD_FILE"));
    offline("ldbdel", &["--relax", &reference], "");
    assert_eq!(place, format!("DC=child,{base}"));
    assert!(what.starts_with("nothing of this domain was seen on "), "{what}");
}
