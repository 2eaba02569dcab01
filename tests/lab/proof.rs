//! `check --prove` against two real domain controllers; MIT's kvno, asked of one KDC at a time, is the oracle. See `tests/lab/verify`.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::program::{Run, feed, run};
use serde_json::Value;

const SECOND: &str = "dc2";
/// A server of the lab without findings.
const CLEAN: &str = "EX13C";

fn lab(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: this runs within the lab"))
}

fn host(name: &str) -> String {
    format!("{name}.{}", lab("LAB_DNS_DOMAIN"))
}

fn check(more: &[&str]) -> Run {
    let server = lab("LAB_HOST");
    run(["check", "--format", "json", "--server", &server].iter().chain(more))
}

/// Does something with the second domain controller, as `lab other` does.
fn second(verb: &[&str]) {
    let lab_program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/lab");
    let output = Command::new(lab_program).args(["other", &lab("LAB_DIR"), SECOND]).args(verb).output().unwrap();
    assert!(output.status.success(), "{verb:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Changes the database of the first domain controller.
fn change(modification: &str) {
    let database = format!("{}/dc/private/sam.ldb", lab("LAB_DIR"));
    let configuration = format!("--configfile={}/dc/etc/smb.conf", lab("LAB_DIR"));
    let output = feed(Command::new("ldbmodify").args([&configuration, "-H", &database]), modification.as_bytes());
    assert!(output.status.success(), "{modification}{}", String::from_utf8_lossy(&output.stderr));
}

fn set(account: &str, change_of: &str) {
    change(&format!("dn: CN={account},CN=Computers,{}\nchangetype: modify\n{change_of}\n", lab("LAB_BASE_DN")));
}

/// The SPNs of a report with what was said of each, by server and name.
fn proofs(report: &Value) -> BTreeMap<String, Value> {
    let servers = report["servers"].as_array().unwrap().iter();
    let spns = servers.flat_map(|server| server["spns"].as_array().unwrap());
    spns.map(|spn| (spn["spn"].as_str().unwrap().to_owned(), spn["proof"].clone())).collect()
}

fn codes(report: &Value, server: &str) -> Vec<String> {
    let names = |finding: &Value| finding["servers"].as_array().unwrap().iter().any(|name| name == server);
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| names(finding));
    findings.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

/// What MIT's kvno says of a name when it can ask one KDC only: error code, encryption type and key version of the ticket.
fn oracle(folder: &tempfile::TempDir, kdc: &str, spn: &str) -> (i64, Option<i64>, Option<i64>) {
    let path = |name: &str| folder.path().join(name);
    let (configuration, cache) = (path("krb5.conf"), path("cache"));
    let realm = lab("LAB_REALM");
    let text = fs::read_to_string(lab("LAB_KRB5_CONFIG")).unwrap();
    fs::write(&configuration, text.replace("kdc = 127.0.0.1", &format!("kdc = {kdc}"))).unwrap();
    // With a copy each time: a ticket that is kept would answer for the KDC.
    fs::copy(ticket_cache(), &cache).unwrap();
    let tool = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.env("KRB5_CONFIG", &configuration).env("KRB5CCNAME", format!("FILE:{}", cache.display()));
        let output = command.args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let principal = format!("{spn}@{realm}");
    let (issued, said) = tool("kvno", &[&principal]);
    if !issued {
        let code = match &said {
            said if said.contains("not found in Kerberos database") => 7,
            said if said.contains("no support for encryption type") => 14,
            other => panic!("{other}"),
        };
        return (code, None, None);
    }
    let kvno = said.rsplit("kvno = ").next().unwrap().trim().parse().unwrap();
    let (_, list) = tool("klist", &["-e"]);
    let ticket = list.split(&principal).nth(1).unwrap_or_else(|| panic!("{principal}: {list}"));
    let etype =
        match ticket.split("Etype (skey, tkt): ").nth(1).unwrap().lines().next().unwrap().split(", ").last().unwrap() {
            name if name.contains("aes256") => 18,
            name if name.contains("aes128") => 17,
            name if name.contains("arcfour") => 23,
            other => panic!("{other}"),
        };
    (0, Some(etype), Some(kvno))
}

fn ticket_cache() -> PathBuf {
    lab("KRB5CCNAME").trim_start_matches("FILE:").into()
}

/// Servers whose accounts are what they should be in all other ways, each made odd in one.
const KINDS: [(&str, &str); 7] = [
    ("EX16A", "replace: msDS-SupportedEncryptionTypes\nmsDS-SupportedEncryptionTypes: 24"),
    ("EX16B", "replace: msDS-SupportedEncryptionTypes\nmsDS-SupportedEncryptionTypes: 4"),
    ("EX16C", "replace: msDS-SupportedEncryptionTypes\nmsDS-SupportedEncryptionTypes: 8"),
    ("EX16D", "replace: msDS-SupportedEncryptionTypes\nmsDS-SupportedEncryptionTypes: 28"),
    ("EX16F", "replace: msDS-SupportedEncryptionTypes\nmsDS-SupportedEncryptionTypes: 3"),
    ("EX16E", "replace: userAccountControl\nuserAccountControl: 4098"),
    ("EX13A", "replace: accountExpires\naccountExpires: 130000000000000000"),
];

#[test]
#[ignore = "needs the lab with two domain controllers"]
fn every_kdc_answers_as_kvno_says_whatever_the_account() {
    for (account, modification) in KINDS {
        set(account, modification);
    }
    second(&["pull"]);
    let before = fs::read(ticket_cache()).unwrap();
    let started = Instant::now();
    let run = check(&["--prove"]);
    let took = started.elapsed();
    assert_eq!(run.stderr, "");
    let report = run.report();
    assert_eq!(report["verdict"], "findings", "{}", report["problems"]);
    assert_eq!(fs::read(ticket_cache()).unwrap(), before, "the user's tickets were touched");
    let folder = tempfile::tempdir().unwrap();
    let (mut questions, mut kinds) = (0, BTreeMap::<_, usize>::new());
    for (spn, proof) in proofs(&report) {
        for said in proof["kdcs"].as_array().unwrap() {
            let address = if said["server"] == host(SECOND) { "127.0.0.2" } else { "127.0.0.1" };
            let (code, etype, kvno) = oracle(&folder, address, &spn);
            let ours = (said["code"].as_i64(), said["etype"].as_i64(), said["kvno"].as_i64());
            assert_eq!(ours, (Some(code), etype, kvno), "{spn} on {address}: {said}");
            *kinds.entry((code, etype)).or_default() += 1;
            questions += 1;
        }
    }
    println!("{questions} questions in {took:?}, all as kvno says: {kinds:?}");
    assert!(questions > 120 && kinds.len() >= 5, "{kinds:?}");
    // DES is all that this account may use, and nobody issues that any more.
    assert!(codes(&report, "EX16F").contains(&"kdc-disagrees".to_owned()));
    // A ticket does not prove that an account is healthy: the finding stays.
    assert!(codes(&report, "EX16E").contains(&"disabled-account".to_owned()));
    for (account, modification) in KINDS {
        let attribute = modification.split(['\n', ' ']).nth(1).unwrap();
        let value = match attribute {
            "userAccountControl" => "\nuserAccountControl: 4096",
            "accountExpires" => "\naccountExpires: 9223372036854775807",
            _ => "",
        };
        set(account, &format!("replace: {attribute}{value}"));
    }
    second(&["pull"]);
}

#[test]
#[ignore = "needs the lab with two domain controllers"]
fn a_change_that_has_not_replicated_is_named_and_waited_for() {
    let spn = "SMTPSVC/ex13c.".to_owned() + &lab("LAB_DNS_DOMAIN");
    set(CLEAN, &format!("delete: servicePrincipalName\nservicePrincipalName: {spn}"));
    second(&["pull"]);
    // Both agree that it is missing.
    let only = ["--prove", "--only", CLEAN];
    let report = check(&only).report();
    assert!(codes(&report, CLEAN).contains(&"missing-spn".to_owned()), "{report}");
    assert!(!codes(&report, CLEAN).contains(&"not-replicated".to_owned()), "{report}");
    assert!(proofs(&report)[&spn]["kdcs"].as_array().unwrap().iter().all(|kdc| kdc["agrees"] == true));
    // Now the first one has it, the second has not.
    set(CLEAN, &format!("add: servicePrincipalName\nservicePrincipalName: {spn}"));
    let report = check(&only).report();
    assert_eq!(codes(&report, CLEAN), ["not-replicated"], "{report}");
    let finding = &report["findings"][0];
    assert!(finding["message"].as_str().unwrap().starts_with(&host(SECOND)), "{finding}");
    assert!(finding["evidence"].to_string().contains("the last change was made at 20"), "{finding}");
    let proof = &proofs(&report)[&spn];
    assert_eq!(proof["controllers"][1]["result"], "differs");
    assert_eq!(proof["kdcs"][1]["result"], "unknown-principal");
    // Whoever waits is told once it came.
    let waiting = thread::spawn(|| check(&["--prove", "--only", CLEAN, "--wait", "60s"]));
    thread::sleep(Duration::from_secs(5));
    second(&["pull"]);
    let run = waiting.join().unwrap();
    assert_eq!((run.code, run.report()["verdict"].as_str()), (0, Some("healthy")), "{}", run.stdout);
    assert!(run.stderr.contains("waiting: 1 "), "{}", run.stderr);
    // And whoever waits in vain, when the time is up.
    set(CLEAN, &format!("delete: servicePrincipalName\nservicePrincipalName: {spn}"));
    let started = Instant::now();
    let run = check(&["--prove", "--only", CLEAN, "--wait", "3s"]);
    assert!(run.code == 1 && started.elapsed() < Duration::from_secs(30));
    set(CLEAN, &format!("add: servicePrincipalName\nservicePrincipalName: {spn}"));
    second(&["pull"]);
}

#[test]
#[ignore = "needs the lab with two domain controllers"]
fn a_clock_that_is_wrong_is_named() {
    second(&["start", "420"]);
    let run = check(&["--prove", "--only", CLEAN]);
    second(&["start"]);
    let report = run.report();
    assert_eq!((run.code, report["verdict"].as_str()), (2, Some("incomplete")));
    assert_eq!(codes(&report, CLEAN), ["clock-skew"], "{report}");
    let finding = &report["findings"][0];
    assert!(
        // To the second, as the time is told in whole seconds.
        ["6m 59s", "7m", "7m 1s"].iter().any(|ahead| {
            finding["message"] == format!("the clock of {} is {ahead} ahead of the others", host(SECOND))
        }),
        "{finding}"
    );
    assert_eq!(finding["severity"], "error");
}

#[test]
#[ignore = "needs the lab with two domain controllers"]
fn a_controller_that_is_killed_makes_the_answer_incomplete_and_the_others_words_stay() {
    second(&["kill"]);
    let run = check(&["--prove", "--only", CLEAN]);
    let report = run.report();
    assert_eq!((run.code, report["verdict"].as_str()), (2, Some("incomplete")));
    assert!(report["problems"].as_array().unwrap().iter().all(|problem| problem["where"] == host(SECOND)));
    let proof = proofs(&report).into_values().next().unwrap();
    let results =
        |of: &str| proof[of].as_array().unwrap().iter().map(|said| said["result"].clone()).collect::<Vec<_>>();
    assert_eq!(
        (results("kdcs"), results("controllers")),
        (vec!["issued".into(), "unheard".into()], vec!["same".into(), "unheard".into()])
    );
    // Amid the run.
    second(&["start"]);
    let running = thread::spawn(|| check(&["--prove"]));
    thread::sleep(Duration::from_millis(2500));
    second(&["kill"]);
    let run = running.join().unwrap();
    second(&["start"]);
    assert!(run.code == 2 && run.report()["problems"].to_string().contains(&host(SECOND)), "{}", run.stdout);
}

#[test]
#[ignore = "needs the lab with two domain controllers"]
fn a_recording_keeps_what_the_witnesses_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let recorded = run(["record", "--server", &lab("LAB_HOST"), "--prove", "-o", &path("plain")]);
    assert_eq!((recorded.code, recorded.stderr.as_str()), (0, ""));
    let live = check(&["--prove"]).report();
    let replayed = run(["check", "--format", "json", "--from", &path("plain")]).report();
    for part in ["verdict", "summary", "servers", "findings", "problems"] {
        assert_eq!(live[part], replayed[part], "{part}");
    }
    let redacted = run(["record", "--prove", "--redact", "--server", &lab("LAB_HOST"), "-o", &path("redacted")]);
    assert_eq!(redacted.code, 0, "{}", redacted.stderr);
    let text = fs::read_to_string(path("redacted")).unwrap().to_lowercase();
    assert!(text.contains("# witness: ") && !text.contains("contoso") && !text.contains("ex13c"));
    let alike = run(["check", "--format", "json", "--from", &path("redacted")]).report();
    assert_eq!(alike["summary"], live["summary"]);
}

/// SSSD's daemon that keeps tickets.
struct Kcm(Child);

impl Kcm {
    const SOCKET: &str = "/var/run/.heim_org.h5l.kcm-socket";

    fn start() -> Self {
        let mut command = Command::new("/usr/libexec/sssd/sssd_kcm");
        let daemon =
            command.args(["--uid", "0", "--gid", "0", "--logger=stderr"]).stderr(Stdio::null()).spawn().unwrap();
        let started = Instant::now();
        while !Path::new(Self::SOCKET).exists() {
            assert!(started.elapsed() < Duration::from_secs(10), "the daemon does not start");
            thread::sleep(Duration::from_millis(50));
        }
        Self(daemon)
    }
}

impl Drop for Kcm {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        let _ = fs::remove_file(Self::SOCKET);
    }
}

#[test]
#[ignore = "needs the lab with two domain controllers"]
fn everybody_who_may_ask_gets_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let reader = format!("{}@{}", lab("LAB_READER"), lab("LAB_DNS_DOMAIN"));
    let (realm, passwords) = (lab("LAB_REALM"), lab("LAB_READER_PASSWORD_FILE"));
    let principal = format!("{}@{realm}", lab("LAB_READER"));
    // A keytab as ktutil makes it, from the password.
    let script = format!(
        "add_entry -password -p {principal} -k 1 -e aes256-cts -s {realm}{}\n{}\nwrite_kt {}\n",
        lab("LAB_READER"),
        fs::read_to_string(&passwords).unwrap().trim(),
        path("keytab")
    );
    assert!(feed(&mut Command::new("ktutil"), script.as_bytes()).status.success());
    fs::create_dir(path("caches")).unwrap();
    let folder_of_caches = format!("DIR:{}", path("caches"));
    let kinit = feed(Command::new("kinit").args(["-c", &folder_of_caches, &principal]), &fs::read(&passwords).unwrap());
    assert!(kinit.status.success(), "{}", String::from_utf8_lossy(&kinit.stderr));
    let daemon = Kcm::start();
    let kinit = feed(Command::new("kinit").args(["-c", "KCM:", &principal]), &fs::read(&passwords).unwrap());
    assert!(kinit.status.success(), "{}", String::from_utf8_lossy(&kinit.stderr));
    let short = format!("{}\\{}", lab("LAB_DOMAIN"), lab("LAB_READER"));
    let (ca, keytab) = (lab("LAB_CA"), path("keytab"));
    let ways: [(&[&str], Option<&str>); 6] = [
        (&["--auth", "kerberos", "--user", &reader, "--password-file", &passwords], None),
        (&["--keytab", &keytab], None),
        (&["--keytab", &keytab, "--user", &principal], None),
        (&["--ldaps", "--ca-file", &ca, "--user", &short, "--password-file", &passwords, "--prove=kdcs"], None),
        (&[], Some(&folder_of_caches)),
        (&[], Some("KCM:")),
    ];
    let reference = check(&["--prove"]).report();
    let answers =
        |report: &Value| -> Vec<Value> { proofs(report).into_values().map(|proof| proof["kdcs"].clone()).collect() };
    for (flags, cache) in ways {
        let server = lab("LAB_HOST");
        let asked = if flags.iter().any(|flag| flag.starts_with("--prove")) { None } else { Some("--prove") };
        let mut command = Command::new(env!("CARGO_BIN_EXE_spn-doctor"));
        command.args(["check", "--format", "json", "--server", &server]).args(flags).args(asked);
        command.env("KRB5CCNAME", cache.unwrap_or("FILE:/nonexistent"));
        let output = command.output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            report["problems"],
            Value::Array(Vec::new()),
            "{flags:?} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(answers(&report), answers(&reference), "{flags:?}");
    }
    drop(daemon);
}

#[test]
#[ignore = "needs the lab with two domain controllers"]
fn an_smtp_server_is_heard_and_held_against_the_configuration() {
    let smtp = |name: &str| {
        let lab_program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/lab");
        let output = Command::new(lab_program).args(["smtp", &lab("LAB_DIR"), &host(name)]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let heard = |server: &str| {
        let report = check(&["--prove=smtp", "--only", server]).report();
        let mut proofs = proofs(&report).into_values().flat_map(|proof| proof["smtp"].as_array().unwrap().clone());
        let said = proofs.find(|said| said["address"].as_str().unwrap().ends_with(":25")).unwrap();
        (said, codes(&report, server))
    };
    // As a virtual server of Exchange 2003 with Integrated Windows Authentication.
    smtp("ex2003c");
    let (said, found) = heard("EX2003C");
    assert_eq!(
        (said["result"].as_str(), said["announces"].as_str()),
        (Some("as-configured"), Some(host("ex2003c").as_str()))
    );
    assert!(said["offers"].to_string().matches("AUTH GSSAPI").count() == 2 && found.is_empty(), "{said} {found:?}");
    // A receive connector with Exchange Server authentication offers X-ANONYMOUSTLS or X-EXPS.
    smtp(&CLEAN.to_lowercase());
    let (said, found) = heard(CLEAN);
    assert_eq!((said["result"].as_str(), found), (Some("differs"), vec!["endpoint-disagrees".to_owned()]), "{said}");
    // Who announces another name is told by it; the address still leads here.
    let (said, found) = heard("EX2003C");
    assert_eq!(
        (said["announces"].as_str(), found),
        (Some(host("ex13c").as_str()), vec!["endpoint-disagrees".to_owned()])
    );
}

#[test]
#[ignore = "needs the lab with two domain controllers"]
fn a_forest_that_trusts_ours_is_read_with_a_ticket_of_ours() {
    let lab_program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/lab");
    let output = Command::new(lab_program).args(["trust", &lab("LAB_DIR")]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Our KDC refers to theirs, which issues the ticket. That forest has no Exchange, and the report says so.
    let run = run(["check", "--format", "json", "--server", "fab1.fabrikam.test"]);
    let report = run.report();
    assert_eq!(
        (run.code, report["source"]["forest"].as_str()),
        (2, Some("fabrikam.test")),
        "{}{}",
        run.stdout,
        run.stderr
    );
    assert!(report["problems"].to_string().contains("Exchange"), "{report}");
}
