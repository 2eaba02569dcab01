//! Reading from a real domain controller: the lab's. Run within it, after `lab up DIR --accounts 3000` and `lab kinit DIR`:
//!
//! ```sh
//! set -a; . DIR/env; set +a
//! tests/lab/lab run DIR cargo test --test suite lab::reading:: -- --ignored
//! ```
#![cfg(unix)]
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use spn_doctor::directory::entry::Entry;
use spn_doctor::directory::schema::Attribute;
use spn_doctor::input::ldap::{self, Auth, Live, SearchReport, Secret, Security, Settings};
use spn_doctor::trouble::Trouble;

const ACCOUNTS: usize = 3000;

fn lab(name: &str) -> String {
    env::var(name).expect("this runs within the lab, with its settings")
}

fn server(port: u16) -> String {
    format!("{}:{port}", lab("LAB_HOST"))
}

fn kerberos(security: Security) -> Settings {
    let port = if security == Security::Ldaps { 636 } else { 389 };
    Settings {
        servers: vec![server(port)],
        security,
        ca_file: Some(PathBuf::from(lab("LAB_CA"))),
        step_timeout: Duration::from_secs(10),
        ..Settings::default()
    }
}

fn simple(security: Security) -> Settings {
    let password = fs::read_to_string(lab("LAB_READER_PASSWORD_FILE")).unwrap();
    simple_with(security, password.trim_end())
}

fn simple_with(security: Security, password: &str) -> Settings {
    let user = format!("{}@{}", lab("LAB_READER"), lab("LAB_DNS_DOMAIN"));
    let auth = Auth::Simple { user, password: Secret::new(password.to_owned()) };
    Settings { auth, ..kerberos(security) }
}

fn read(settings: &Settings) -> Live {
    ldap::read(settings, &mut ()).unwrap()
}

fn error(settings: &Settings) -> String {
    let started = Instant::now();
    let error = ldap::read(settings, &mut ()).unwrap_err();
    let trouble = error.downcast_ref::<Trouble>().unwrap();
    let error = format!("{}\nhint: {}", trouble.what(), trouble.advice().unwrap());
    assert!(started.elapsed() < Duration::from_secs(15), "{error}");
    assert_eq!(error.lines().count(), 2, "one error and one hint: {error}");
    error
}

/// Everything that was read, as text.
fn text(live: &Live) -> Vec<String> {
    let values = |entry: &Entry| {
        let mut values: Vec<String> = entry.attributes().map(|(name, value)| format!("{name:?}={value:?}")).collect();
        values.sort();
        values.join(" ")
    };
    live.reading.entries().map(|entry| format!("{} {}", entry.dn, values(entry))).collect()
}

fn tool(program: &str, arguments: &[&str], input: &str) {
    let mut child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{program}");
}

#[derive(Default)]
struct Log(Vec<SearchReport>);

impl ldap::Progress for Log {
    fn search(&mut self, report: &SearchReport) {
        self.0.push(report.clone());
    }
}

#[test]
#[ignore = "needs the lab"]
fn every_way_of_authenticating_and_every_page_size_reads_the_same() {
    let reference = text(&read(&kerberos(Security::Sealed)));
    assert!(reference.len() > ACCOUNTS, "{} objects", reference.len());
    let reads_the_same = |settings: Settings, page_size| {
        let settings = Settings { page_size, timeout: Duration::from_secs(900), ..settings };
        assert!(text(&read(&settings)) == reference, "{settings:?}");
    };
    let (sealed, ldaps, starttls) = (Security::Sealed, Security::Ldaps, Security::StartTls);
    for way in [kerberos(sealed), kerberos(ldaps), kerberos(starttls), simple(ldaps), simple(starttls)] {
        reads_the_same(way.clone(), 100);
        reads_the_same(way, 1000);
    }
    // One object a page is mostly waiting for the server, so those wait together.
    thread::scope(|scope| {
        for way in [kerberos(sealed), simple(ldaps), simple(starttls)] {
            scope.spawn(move || reads_the_same(way, 1));
        }
    });
}

#[test]
#[ignore = "needs the lab"]
fn a_computer_with_more_names_than_one_range_is_read_whole() {
    let live = read(&kerberos(Security::Sealed));
    let most =
        live.reading.entries().max_by_key(|entry| entry.values(Attribute::ServicePrincipalName).count()).unwrap();
    assert!(most.values(Attribute::ServicePrincipalName).count() > 1500);
    assert_eq!(most.cut_off(), None);
}

#[test]
#[ignore = "needs the lab"]
fn the_domain_and_its_controller_are_found_without_a_flag() {
    let mut log = Log::default();
    let live = ldap::read(&Settings { servers: Vec::new(), ..kerberos(Security::Sealed) }, &mut log).unwrap();
    assert_eq!((live.server, live.domain), (server(389), lab("LAB_DNS_DOMAIN")));
    // Six whatever the forest; the accounts are asked for by a hundred names at a time, once more for who else is meant by those, and
    // once more for each hundred that shows no name: whether it may be read.
    assert!(log.0.len() <= 10, "{} searches: {log:?}", log.0.len(), log = log.0);
}

#[test]
#[ignore = "needs the lab"]
fn what_goes_wrong_is_said_in_one_error_with_a_hint() {
    let elsewhere = |server: String, settings: Settings| error(&Settings { servers: vec![server], ..settings });
    for (said, expected) in [
        (error(&simple_with(Security::Ldaps, "wrong")), "the user name or the password is wrong"),
        (error(&simple(Security::InsecurePlaintext)), "the server refuses a bind without encryption"),
        (
            error(&Settings { auth: Auth::Anonymous, ..simple(Security::Ldaps) }),
            "does not answer without authentication",
        ),
        (error(&Settings { ca_file: None, ..simple(Security::Ldaps) }), "an issuer that is not trusted"),
        (error(&Settings { ca_file: None, ..simple(Security::StartTls) }), "an issuer that is not trusted"),
        (elsewhere("nosuch.invalid".to_owned(), kerberos(Security::Sealed)), "the host nosuch.invalid is not known"),
        (elsewhere(server(1389), kerberos(Security::Sealed)), "nothing listens on port 1389"),
        (elsewhere(server(1636), simple(Security::Ldaps)), "nothing listens on port 1636"),
        (elsewhere("127.0.0.2:636".to_owned(), simple(Security::Ldaps)), "nothing listens on port 636"),
        (elsewhere("localhost".to_owned(), kerberos(Security::Sealed)), "the KDC knows no service ldap/localhost"),
        (elsewhere(server(3268), kerberos(Security::Sealed)), "is a global catalog"),
        (elsewhere(server(389), simple(Security::Ldaps)), "TLS could not be agreed on"),
        (
            error(&Settings { timeout: Duration::from_millis(30), ..kerberos(Security::Sealed) }),
            "the reading took longer than 0.03 seconds",
        ),
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
#[ignore = "needs the lab"]
fn without_a_valid_ticket_the_error_says_which_way() {
    assert!(as_someone_else("/nonexistent").contains("there is no Kerberos ticket"));
    let cache = env::temp_dir().join(format!("spn-doctor-live-{}", std::process::id()));
    let principal = format!("{}@{}", lab("LAB_READER"), lab("LAB_REALM"));
    let password = fs::read_to_string(lab("LAB_READER_PASSWORD_FILE")).unwrap();
    tool("kinit", &["-l", "1s", "-c", cache.to_str().unwrap(), &principal], &password);
    std::thread::sleep(Duration::from_secs(2));
    let said = as_someone_else(cache.to_str().unwrap());
    fs::remove_file(&cache).unwrap();
    assert!(said.contains("the Kerberos ticket has expired"), "{said}");
}

#[test]
#[ignore = "needs the lab"]
fn who_may_not_see_exchange_is_told_which_right_is_missing() {
    let password = fs::read_to_string(lab("LAB_STRANGER_PASSWORD_FILE")).unwrap();
    let user = format!("{}@{}", lab("LAB_STRANGER"), lab("LAB_DNS_DOMAIN"));
    let auth = Auth::Simple { user, password: Secret::new(password.trim_end().to_owned()) };
    let live = read(&Settings { auth, ..kerberos(Security::Ldaps) });
    assert!(
        live.reading.gaps.iter().any(|gap| gap.what.contains("View-Only Organization Management")),
        "{:?}",
        live.reading.gaps
    );
}

/// What reading says with another credential cache. The cache is named by the environment, so it takes another process.
fn as_someone_else(cache: &str) -> String {
    let itself = env::current_exe().unwrap();
    let test = ["--exact", "--ignored", "--nocapture", "lab::reading::reads_with_the_ticket_at_hand"];
    let output = Command::new(itself).args(test).env("KRB5CCNAME", cache).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs the lab; run with another credential cache by another test"]
fn reads_with_the_ticket_at_hand() {
    match ldap::read(&kerberos(Security::Sealed), &mut ()) {
        Ok(live) => println!("read from {}", live.server),
        Err(error) => println!("{error:#}"),
    }
}
