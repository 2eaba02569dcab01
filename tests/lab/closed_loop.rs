//! The whole program against the lab's domain controller: the commands of its report carried out, and taken back. See `tests/lab/verify`.
#![cfg(unix)]

use std::env;
use std::process::Command;

use crate::support::program;
use crate::support::program::{check, feed, run};
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

/// The attributes of all objects below a place that match, as `ldapsearch` shows them.
fn search(base: &str, filter: &str, attribute: &str) -> String {
    let (found, text) = ldap("ldapsearch", &["-LLL", "-o", "ldif-wrap=no", "-b", base, filter, attribute], "");
    assert!(found, "{filter}: {text}");
    text
}

/// Carries out a command, as far as the tests can tell what it would do.
fn carry_out(command: &str) {
    if command.starts_with("setspn ") {
        return setspn(command);
    }
    set_fqdn(command);
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
    let found = search(&lab("LAB_BASE_DN"), &format!("(sAMAccountName={name})"), "dn");
    let accounts: Vec<&str> = found.lines().filter(|line| line.starts_with("dn:")).collect();
    let [dn] = accounts[..] else { panic!("{command}: not one account: {found}") };
    let modification =
        format!("{dn}\nchangetype: modify\n{change}: servicePrincipalName\nservicePrincipalName: {spn}\n");
    let (done, said) = ldap("ldapmodify", &[], &modification);
    match change {
        _ if done => {}
        // The directory refuses a duplicate; only replication makes one, below these checks.
        "add" if said.contains("Constraint violation") => below_the_checks(&modification),
        // Samba, unlike Windows, holds a value against its duplicate even when it is the one to be deleted, but takes the rest as a
        // whole, unless that has another duplicate in it.
        "delete" if said.contains("Constraint violation") => keep_the_others(dn, spn),
        _ => panic!("{command}: {said}"),
    }
}

fn keep_the_others(dn: &str, deleted: &str) {
    let base = dn.strip_prefix("dn: ").unwrap();
    let (_, held) =
        ldap("ldapsearch", &["-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", base, "servicePrincipalName"], "");
    let value = |line: &str| line.strip_prefix("servicePrincipalName: ").map(str::to_owned);
    let values = held.lines().filter_map(value);
    // As the directory compares them; the command may spell it otherwise.
    let (gone, kept): (Vec<String>, Vec<String>) = values.partition(|value| value.eq_ignore_ascii_case(deleted));
    assert_eq!(gone.len(), 1, "{held}");
    let kept: Vec<String> = kept.iter().map(|value| format!("servicePrincipalName: {value}\n")).collect();
    let modification = format!("{dn}\nchangetype: modify\nreplace: servicePrincipalName\n{}", kept.concat());
    let (done, said) = ldap("ldapmodify", &[], &modification);
    assert!(done, "{modification}{said}");
}

fn below_the_checks(modification: &str) {
    let partition = format!("{}/dc/private/sam.ldb.d/{}.ldb", lab("LAB_DIR"), lab("LAB_BASE_DN").to_uppercase());
    let output = feed(Command::new("ldbmodify").args(["-H", &partition]), modification.as_bytes());
    assert!(output.status.success(), "{modification}{}", String::from_utf8_lossy(&output.stderr));
}

/// Does what the cmdlets of Exchange would to the FQDN of a connector: one LDAP modification.
fn set_fqdn(command: &str) {
    let (start, rest) = command.split_once(" -Identity '").unwrap();
    let (identity, fqdn) = rest.split_once("' -Fqdn ").unwrap();
    let (dn, attribute) = match (start, identity.split_once('\\')) {
        ("Set-ReceiveConnector", Some((server, name))) => (
            connector("msExchSmtpReceiveConnector", name, &format!(",CN=Protocols,CN={server},")),
            "msExchSMTPReceiveConnectorFQDN",
        ),
        ("Set-SendConnector", None) => {
            (connector("msExchRoutingSMTPConnector", identity, ",CN=Connections,"), "msExchSMTPSendConnectorFQDN")
        }
        _ => panic!("{command}"),
    };
    let value = match fqdn {
        // The cmdlet refuses this for a receive connector.
        "$null" if start == "Set-SendConnector" => String::new(),
        name => format!("{attribute}: {name}\n"),
    };
    let modification = format!("{dn}\nchangetype: modify\nreplace: {attribute}\n{value}");
    let (done, said) = ldap("ldapmodify", &[], &modification);
    assert!(done, "{command}: {said}");
}

/// The line with the DN of the one connector of this name that lies there.
fn connector(class: &str, name: &str, place: &str) -> String {
    let configuration = format!("CN=Configuration,{}", lab("LAB_BASE_DN"));
    let found = search(&configuration, &format!("(&(objectClass={class})(cn={name}))"), "dn");
    let connectors: Vec<&str> = found.lines().filter(|line| line.contains(place)).collect();
    let [dn] = connectors[..] else { panic!("{name}: {found}") };
    dn.to_owned()
}

fn id(finding: &Value) -> String {
    finding["id"].as_str().unwrap().to_owned()
}

fn ids(report: &Value) -> Vec<String> {
    findings(report).map(id).collect()
}

fn findings(report: &Value) -> impl Iterator<Item = &Value> {
    report["findings"].as_array().unwrap().iter()
}

/// The commands of those remedies of a finding that nobody has to decide about first.
fn ready_commands(finding: &Value) -> Vec<&Value> {
    let remedies = finding["remedies"].as_array().unwrap().iter();
    let ready = remedies.filter(|remedy| remedy["confirm"].is_null());
    ready.flat_map(|remedy| remedy["commands"].as_array().unwrap()).collect()
}

/// What the organisation of the lab is there for: of each finding the code and the SPN, and the server, if it is said of one.
fn expected(object: &toml::Value, kind: &str, found: &mut Vec<(String, Option<String>)>) {
    match object {
        toml::Value::Array(objects) => objects.iter().for_each(|object| expected(object, kind, found)),
        toml::Value::Table(table) => {
            let name = (kind == "server").then(|| table["name"].as_str().unwrap().to_owned());
            let here = table.get("expect").and_then(toml::Value::as_array).into_iter().flatten();
            found.extend(here.map(|finding| (finding.as_str().unwrap().to_owned(), name.clone())));
            table.iter().for_each(|(kind, inner)| expected(inner, kind, found));
        }
        _ => {}
    }
}

#[test]
#[ignore = "needs the lab"]
fn the_lab_has_exactly_the_findings_that_it_is_there_for() {
    let organisation = program::text("tests/lab/organisation.toml");
    let mut expectations = Vec::new();
    expected(&organisation.parse::<toml::Table>().unwrap().into(), "", &mut expectations);
    assert!(expectations.len() >= 40, "{expectations:?}");
    let report = live(&[]);
    let mut left: Vec<&Value> = findings(&report).collect();
    for (expected, server) in expectations {
        let is_it = |finding: &&Value| {
            let spn = finding["spn"].as_str().map_or_else(String::new, |spn| format!(" {spn}"));
            let names: Vec<&str> =
                finding["servers"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            format!("{}{spn}", finding["code"].as_str().unwrap()) == expected
                && server.as_deref().is_none_or(|server| names.contains(&server))
        };
        let place = left.iter().position(is_it).unwrap_or_else(|| panic!("{expected} of {server:?} was not found"));
        left.remove(place);
    }
    assert_eq!(left.into_iter().map(id).collect::<Vec<_>>(), Vec::<String>::new(), "found, and not expected");
}

#[test]
#[ignore = "needs the lab"]
fn the_commands_of_the_report_put_right_what_they_say_and_their_undo_brings_it_back() {
    let before = live(&[]);
    let cured: Vec<&Value> = findings(&before).filter(|finding| !ready_commands(finding).is_empty()).collect();
    let commands: Vec<&Value> = cured.iter().flat_map(|finding| ready_commands(finding)).collect();
    assert_eq!((cured.len(), commands.len()), (10, 14), "{:?}", cured.into_iter().map(id).collect::<Vec<_>>());
    for command in &commands {
        carry_out(command["run"].as_str().unwrap());
    }
    let after = live(&[]);
    let mut expected = ids(&before);
    expected.retain(|kept| !cured.iter().any(|finding| id(finding) == *kept));
    assert_eq!(ids(&after), expected, "those findings are gone, no other is, and none is new");
    for command in commands.iter().rev() {
        carry_out(command["undo"].as_str().unwrap());
    }
    assert_eq!(live(&[]), before, "the directory is as it was");
}

#[test]
#[ignore = "needs the lab"]
fn a_change_of_exchange_puts_right_what_it_says_and_its_undo_brings_it_back() {
    let before = live(&[]);
    for (code, spn) in [
        ("exchange-auth-fqdn", "SMTPSVC/mx.contoso.test"),
        ("foreign-fqdn", "SMTPSVC/ex16a.contoso.test"),
        ("send-connector-fqdn", "SMTPSVC/outgoing.contoso.test"),
    ] {
        let finding = findings(&before).find(|finding| finding["code"] == code && finding["spn"] == spn).unwrap();
        let remedy = &finding["remedies"][0];
        assert_eq!(remedy["kind"], "exchange", "{code}: the preferred cure");
        let commands = remedy["commands"].as_array().unwrap();
        assert!(!commands.is_empty(), "{code}");
        for command in commands {
            carry_out(command["run"].as_str().unwrap());
        }
        let mut expected = ids(&before);
        expected.retain(|kept| *kept != id(finding));
        assert_eq!(ids(&live(&[])), expected, "{code}");
        for command in commands.iter().rev() {
            carry_out(command["undo"].as_str().unwrap());
        }
    }
    assert_eq!(live(&[]), before, "the directory is as it was");
}

/// Where something is missing, and what.
fn missing(report: &Value) -> Vec<String> {
    let problems = report["problems"].as_array().unwrap();
    problems.iter().map(|problem| format!("{}: {}", problem["where"], problem["what"])).collect()
}

/// Each of these sees something else of the directory. What they find, and what they miss, stands in a recording as well.
#[test]
#[ignore = "needs the lab"]
fn a_recording_is_replayed_alike_whoever_made_it_and_whatever_they_may_not_see() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forest.ldif");
    let ca = lab("LAB_CA");
    for (who, code) in [("READER", 1), ("STRANGER", 2), ("BLIND", 2)] {
        let user = format!("{}@{}", lab(&format!("LAB_{who}")), lab("LAB_DNS_DOMAIN"));
        let password = lab(&format!("LAB_{who}_PASSWORD_FILE"));
        let login = ["--user", &user, "--password-file", &password, "--ca-file", &ca];
        let live = run(["check", "--format", "json"].iter().chain(&login));
        let recorded = run(["record", "-o", path.to_str().unwrap()].iter().chain(&login));
        assert_eq!((live.code, recorded.code), (code, if code == 2 { 2 } else { 0 }), "{who}: {}", recorded.stderr);
        let replayed = check([&path]);
        assert_eq!(replayed.code, code, "{who}: {}", replayed.stderr);
        let (live, replayed) = (live.report(), replayed.report());
        for part in ["verdict", "summary", "servers", "findings"] {
            assert_eq!(live[part].to_string(), replayed[part].to_string(), "{who}: {part}");
        }
        // Live, a right is missing; of a file, an export. What is missing is the same.
        assert_eq!(missing(&live), missing(&replayed), "{who}");
        assert_eq!(code == 2, findings(&live).all(|finding| ready_commands(finding).is_empty()), "{who}");
    }
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
}

#[test]
#[ignore = "needs the lab"]
fn a_recording_without_names_is_judged_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.ldif");
    let redacted = run(["record", "--redact", "-o", path.to_str().unwrap()]);
    assert_eq!(redacted.code, 0, "{}", redacted.stderr);
    let (live, redacted) = (live(&[]), check([&path]));
    assert_eq!(redacted.report()["summary"], live["summary"]);
    assert_eq!(redacted.codes(), codes(&live));
    let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
    for name in ["contoso", "ex16", "svc-relay", "zürich", "fabrikam", "192.0.2."] {
        assert!(!text.contains(name), "{name}");
    }
}

fn codes(report: &Value) -> Vec<String> {
    let codes = report["findings"].as_array().unwrap().iter();
    codes.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "needs the lab"]
fn the_lab_has_the_same_findings_live_as_recorded() {
    let recorded = check(program::lab("ldapsearch")).report();
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
        let as_json = program::run(["check", "--format", "json"].iter().chain(arguments));
        if as_json.stdout.is_empty() {
            assert_eq!(told, "needs a user", "only a wrong command line leaves no document");
        } else {
            assert_eq!(
                (as_json.code, &as_json.report()["verdict"]),
                (2, &serde_json::json!("incomplete")),
                "{arguments:?}"
            );
        }
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
    let fix = format!("dsacls \"{account}\" /G \"DOMAIN\\account:RP;servicePrincipalName\"");
    assert_eq!(problems[0]["fix"], serde_json::json!([fix]));
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

/// The one problem of a check that came to no verdict: where, what, and the commands that would put it right, in small letters.
fn only_problem(user: &str, password_file: &str) -> (String, String, String) {
    let user = format!("{user}@{}", lab("LAB_DNS_DOMAIN"));
    let flags = ["check", "--format", "json", "--user", &user, "--password-file", password_file, "--ca-file"];
    let run = run(flags.into_iter().chain([lab("LAB_CA").as_str()]));
    assert_eq!(run.code, 2);
    let problems = run.report()["problems"].as_array().unwrap().clone();
    assert_eq!(problems.len(), 1, "{problems:?}");
    let text = |name: &str| problems[0][name].as_str().unwrap().to_owned();
    let fix = problems[0]["fix"].as_array().unwrap().iter().map(|fix| fix.as_str().unwrap().to_lowercase() + "\n");
    (text("where"), text("what"), fix.collect())
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
    let (place, what, fix) = only_problem("outsider", password.to_str().unwrap());
    offline("samba-tool", &["user", "delete", "outsider"], "");
    assert_eq!(place, lab("LAB_DNS_DOMAIN"));
    assert!(what.starts_with("krbtgt was not read"), "{what}");
    assert_eq!(fix, format!("dsacls \"{base}\" /i:t /g \"domain\\account:lcrp\"\n").to_lowercase());
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
    let (place, what, fix) = only_problem(&lab("LAB_READER"), &lab("LAB_READER_PASSWORD_FILE"));
    offline("ldbdel", &["--relax", &reference], "");
    assert_eq!(place, format!("child.{name}"));
    assert!(what.starts_with("krbtgt was not read"), "{what}");
    assert_eq!(fix, format!("dsacls \"dc=child,{base}\" /i:t /g \"domain\\account:lcrp\"\n").to_lowercase());
}
