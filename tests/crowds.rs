//! Many names on one account, many accounts of one name, many servers of one account: reports end, in little memory.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]

mod common;

use std::fmt::Write as _;
use std::process::Command;

use common::{Run, feed};

const ORGANISATION: &str = "CN=Servers,CN=contoso,CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=contoso,DC=com";

/// An Exchange server of this FQDN, with connectors that announce these names.
fn server(ldif: &mut String, name: &str, fqdn: &str, announced: impl Iterator<Item = String>) {
    let dn = format!("CN={name},{ORGANISATION}");
    write!(ldif, "dn: {dn}\nobjectClass: msExchExchangeServer\ncn: {name}\nnetworkAddress: ncacn_ip_tcp:{fqdn}\n\n")
        .unwrap();
    for fqdn in announced {
        write!(
            ldif,
            "dn: CN={fqdn},{dn}\nobjectClass: msExchSmtpReceiveConnector\nmsExchSMTPReceiveConnectorFQDN: {fqdn}\n\n"
        )
        .unwrap();
    }
}

/// A computer that holds these names.
fn computer(ldif: &mut String, name: &str, held: impl Iterator<Item = String>) {
    write!(ldif, "dn: CN={name},CN=Computers,DC=contoso,DC=com\nobjectClass: computer\nsAMAccountName: {name}$\n")
        .unwrap();
    held.for_each(|spn| writeln!(ldif, "servicePrincipalName: {spn}").unwrap());
    ldif.push('\n');
}

/// Judges it in so much memory and no more.
fn check(ldif: &str, megabytes: usize) -> Run {
    let limited = format!("ulimit -v {} && exec \"$0\" check --format json --from -", megabytes << 10);
    let output = feed(Command::new("sh").args(["-c", &limited, env!("CARGO_BIN_EXE_spn-doctor")]), ldif.as_bytes());
    let said = String::from_utf8(output.stderr).unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("memory ran out: {said}"));
    Run { code, stdout: String::from_utf8(output.stdout).unwrap(), stderr: said }
}

#[test]
fn an_account_of_very_many_names_is_not_kept_once_more_for_each_finding() {
    let names = |class: &'static str| (0..5000).map(move |number| format!("{class}m{number}.contoso.com"));
    let mut ldif = String::new();
    server(&mut ldif, "EX01", "ex01.contoso.com", names(""));
    computer(&mut ldif, "EX01", names("SMTP/").chain(["HOST/ex01.contoso.com".to_owned()]));
    let run = check(&ldif, 300);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let report = run.report();
    assert_eq!(report["summary"]["missing"], 5002);
    let near_misses = report["servers"][0]["spns"].as_array().unwrap().iter().map(|spn| &spn["near_misses"]);
    let found = near_misses.filter(|near| near.as_array().unwrap().len() == 1).count();
    assert_eq!(found, 5000);
}

#[test]
fn so_many_holders_for_so_many_servers_that_no_report_could_tell_of_them_are_not_judged() {
    let announced = || ["mail.contoso.com".to_owned()].into_iter();
    let mut ldif = String::new();
    for number in 0..2000 {
        server(&mut ldif, &format!("EX{number}"), &format!("ex{number}.contoso.com"), announced());
        computer(&mut ldif, &format!("PC{number}"), ["SMTPSVC/mail.contoso.com".to_owned()].into_iter());
    }
    let run = check(&ldif, 300);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let report = run.report();
    assert_eq!(
        (report["verdict"].as_str(), report["findings"].as_array().map(Vec::len)),
        (Some("incomplete"), Some(0))
    );
    assert!(report["problems"][0]["what"].as_str().unwrap().contains("nothing was judged"));
}

#[test]
fn so_many_servers_of_one_account_with_so_many_names_are_not_judged() {
    let mut ldif = String::new();
    (0..2000)
        .for_each(|number| server(&mut ldif, &format!("EX{number}"), "ex.contoso.com", ["a".to_owned()].into_iter()));
    let unused = (0..2000).map(|number| format!("SMTPSVC/m{number}.contoso.com"));
    computer(&mut ldif, "EX", unused.chain(["HOST/ex.contoso.com".to_owned()]));
    let run = check(&ldif, 300);
    assert_eq!((run.code, run.report()["verdict"].as_str()), (2, Some("incomplete")), "{}", run.stderr);
}
