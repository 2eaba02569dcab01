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

use std::process::Command;

use common::organisation::{HOME, account, connector, domain, server_2019};
use common::{Run, feed};

/// An Exchange server of this FQDN, with connectors that announce these names.
fn server(name: &str, fqdn: &str, announced: impl Iterator<Item = String>) -> String {
    server_2019(name, fqdn) + &announced.map(|announced| connector(name, &announced, &announced)).collect::<String>()
}

/// A computer that holds these names.
fn computer(name: &str, held: impl Iterator<Item = String>) -> String {
    let held: Vec<String> = held.collect();
    account("computer", &format!("{name}$"), HOME, &held.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Judges it in so much memory and no more.
fn check(ldif: &str, megabytes: usize) -> Run {
    let limited = format!("ulimit -v {} && exec \"$0\" check --format json --from -", megabytes << 10);
    let output = feed(Command::new("sh").args(["-c", &limited, env!("CARGO_BIN_EXE_spn-doctor")]), ldif.as_bytes());
    let said = String::from_utf8(output.stderr).unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("memory ran out: {said}"));
    Run { code, stdout: String::from_utf8(output.stdout).unwrap(), stderr: said }
}

/// What of a report says that too much was there to be judged, and that nothing else is missing.
fn assert_not_judged(run: &Run) {
    assert_eq!(run.code, 2, "{}", run.stderr);
    let report = run.report();
    assert_eq!((report["verdict"].as_str(), report["findings"].to_string().as_str()), (Some("incomplete"), "[]"));
    let problems = report["problems"].as_array().unwrap();
    assert!(
        problems.len() == 1 && problems[0]["what"].as_str().unwrap().contains("nothing was judged"),
        "{problems:?}"
    );
}

#[test]
fn an_account_of_very_many_names_is_not_kept_once_more_for_each_finding() {
    let names = |class: &'static str| (0..5000).map(move |number| format!("{class}m{number}.contoso.com"));
    let held = names("SMTP/").chain(["HOST/ex01.contoso.com".to_owned()]);
    let ldif = domain("CONTOSO", HOME) + &server("EX01", "ex01.contoso.com", names("")) + &computer("EX01", held);
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
    let mut ldif = domain("CONTOSO", HOME);
    for number in 0..2000 {
        let announced = ["mail.contoso.com".to_owned()].into_iter();
        ldif += &server(&format!("EX{number}"), &format!("ex{number}.contoso.com"), announced);
        ldif += &computer(&format!("PC{number}"), ["SMTPSVC/mail.contoso.com".to_owned()].into_iter());
    }
    assert_not_judged(&check(&ldif, 300));
}

#[test]
fn so_many_accounts_of_servers_with_so_many_names_in_common_are_not_judged() {
    let mut ldif = domain("CONTOSO", HOME);
    for number in 0..300 {
        let fqdn = format!("ex{number}.contoso.com");
        ldif += &server(&format!("EX{number}"), &fqdn, [fqdn.clone()].into_iter());
        let unused = (0..300).map(|number| format!("SMTPSVC/m{number}.contoso.com"));
        ldif += &computer(&format!("EX{number}"), unused.chain([format!("HOST/{fqdn}")]));
    }
    assert_not_judged(&check(&ldif, 300));
}

/// One machine cannot be two servers, so it is nobody's account and its names are told once, if at all.
#[test]
fn so_many_servers_of_one_account_with_so_many_names_end_in_a_finding_each() {
    let mut ldif = domain("CONTOSO", HOME);
    for number in 0..2000 {
        ldif += &server(&format!("EX{number}"), "ex.contoso.com", ["a".to_owned()].into_iter());
    }
    let unused = (0..2000).map(|number| format!("SMTPSVC/m{number}.contoso.com"));
    ldif += &computer("EX", unused.chain(["HOST/ex.contoso.com".to_owned()]));
    let run = check(&ldif, 300);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let ambiguous = run.codes().iter().filter(|code| *code == "ambiguous-computer-account").count();
    assert_eq!(ambiguous, 2000);
}

/// Each holder too many costs a command and its undo for every server: below the limit that fits, above it nothing is judged.
#[test]
fn so_many_servers_that_take_one_host_name_from_each_other_fit_or_are_not_judged() {
    let organisation = |servers: usize| {
        let one = |number: usize| {
            let name = format!("EX{number}");
            let own = format!("ex{number}.contoso.com");
            server(&name, "ex.contoso.com", [own].into_iter())
                + &computer(&name, ["HOST/ex.contoso.com".to_owned()].into_iter())
        };
        domain("CONTOSO", HOME) + &(0..servers).map(one).collect::<String>()
    };
    let run = check(&organisation(200), 512);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.codes().iter().filter(|code| *code == "stray-host-spn").count() == 200);
    assert_not_judged(&check(&organisation(1000), 300));
}

#[test]
fn so_many_holders_of_each_name_of_so_many_servers_fit_or_are_not_judged() {
    let organisation = |servers: usize, holders: usize| {
        let fqdn = |number: usize| format!("ex{number}.contoso.com");
        let mut ldif = domain("CONTOSO", HOME);
        for number in 0..servers {
            let name = format!("EX{number}");
            ldif += &server(&name, &fqdn(number), [fqdn(number)].into_iter());
            ldif += &computer(&name, [format!("HOST/{}", fqdn(number))].into_iter());
        }
        for holder in 0..holders {
            ldif += &computer(&format!("PC{holder}"), (0..servers).map(|number| format!("SMTPSVC/{}", fqdn(number))));
        }
        ldif
    };
    let run = check(&organisation(90, 1000), 512);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_not_judged(&check(&organisation(200, 1000), 512));
}
