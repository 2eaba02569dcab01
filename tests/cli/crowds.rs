//! Many names on one account, many accounts of one name, many servers of one account: reports end, in little memory.

#![cfg(unix)]

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::organisation::{
    Object, ROOT, SERVERS, connector, ldif, machine, recorded, send_connector, server_2003, server_2016, virtual_server,
};
use crate::support::program::{Run, feed};

/// An Exchange server of this FQDN, with connectors that announce these names.
fn server(name: &str, fqdn: &str, announced: impl IntoIterator<Item = String>) -> Vec<Object> {
    let connectors = announced.into_iter().map(|announced| connector(&announced, name, &announced, "31"));
    [server_2016(name, fqdn)].into_iter().chain(connectors).collect()
}

/// A computer that holds these names.
fn computer(name: &str, held: impl IntoIterator<Item = String>) -> Object {
    let held: Vec<String> = held.into_iter().collect();
    machine(name, ROOT, &held.iter().map(String::as_str).collect::<Vec<_>>())
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
        problems.len() == 1 && problems[0]["what"].as_str().unwrap().contains("nothing was checked"),
        "{problems:?}"
    );
}

#[test]
fn an_account_of_very_many_names_is_not_kept_once_more_for_each_finding() {
    let names = |class: &'static str| (0..5000).map(move |number| format!("{class}m{number}.contoso.com"));
    let held = names("SMTP/").chain(["HOST/ex01.contoso.com".to_owned()]);
    let mut objects = server("EX01", "ex01.contoso.com", names(""));
    objects.push(computer("EX01", held));
    let run = check(&recorded(objects), 300);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let report = run.report();
    assert_eq!(report["summary"]["missing"], 5002);
    let near_misses = report["servers"][0]["spns"].as_array().unwrap().iter().map(|spn| &spn["near_misses"]);
    let found = near_misses.filter(|near| near.as_array().unwrap().len() == 1).count();
    assert_eq!(found, 5000);
}

#[test]
fn so_many_holders_for_so_many_servers_that_no_report_could_tell_of_them_are_not_judged() {
    let mut objects = Vec::new();
    for number in 0..2000 {
        let announced = ["mail.contoso.com".to_owned()];
        objects.extend(server(&format!("EX{number}"), &format!("ex{number}.contoso.com"), announced));
        objects.push(computer(&format!("PC{number}"), ["SMTPSVC/mail.contoso.com".to_owned()]));
    }
    assert_not_judged(&check(&recorded(objects), 300));
}

#[test]
fn so_many_accounts_of_servers_with_so_many_names_in_common_are_not_judged() {
    let mut objects = Vec::new();
    for number in 0..300 {
        let fqdn = format!("ex{number}.contoso.com");
        objects.extend(server(&format!("EX{number}"), &fqdn, [fqdn.clone()]));
        let unused = (0..300).map(|number| format!("SMTPSVC/m{number}.contoso.com"));
        objects.push(computer(&format!("EX{number}"), unused.chain([format!("HOST/{fqdn}")])));
    }
    assert_not_judged(&check(&recorded(objects), 300));
}

/// One machine cannot be two servers, so it is nobody's account and its names are told once, if at all.
#[test]
fn so_many_servers_of_one_account_with_so_many_names_end_in_a_finding_each() {
    let mut objects = Vec::new();
    for number in 0..2000 {
        objects.extend(server(&format!("EX{number}"), "ex.contoso.com", ["a".to_owned()]));
    }
    let unused = (0..2000).map(|number| format!("SMTPSVC/m{number}.contoso.com"));
    objects.push(computer("EX", unused.chain(["HOST/ex.contoso.com".to_owned()])));
    let run = check(&recorded(objects), 300);
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
            let mut objects = server(&name, "ex.contoso.com", [own]);
            objects.push(computer(&name, ["HOST/ex.contoso.com".to_owned()]));
            objects
        };
        recorded((0..servers).flat_map(one))
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
        let mut objects = Vec::new();
        for number in 0..servers {
            let name = format!("EX{number}");
            objects.extend(server(&name, &fqdn(number), [fqdn(number)]));
            objects.push(computer(&name, [format!("HOST/{}", fqdn(number))]));
        }
        for holder in 0..holders {
            objects
                .push(computer(&format!("PC{holder}"), (0..servers).map(|number| format!("SMTPSVC/{}", fqdn(number)))));
        }
        recorded(objects)
    };
    let run = check(&organisation(90, 1000), 512);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_not_judged(&check(&organisation(200, 1000), 512));
}

/// Each costs a finding with its remedies, in the judgement and once more in the report.
#[test]
fn more_endpoints_senders_or_names_than_a_report_can_tell_of_are_not_judged() {
    const MANY: usize = 50_000;
    let name = |number: usize| format!("m{number}.contoso.com");
    let one = |server: Vec<Object>, unused: usize| {
        let held = (0..unused).map(|number| format!("SMTPSVC/{}", name(number)));
        let account = computer("EX01", held.chain(["HOST/ex01.contoso.com".to_owned()]));
        recorded(server.into_iter().chain([account]))
    };
    let modern = || server("EX01", "ex01.contoso.com", ["ex01.contoso.com".to_owned()]);
    let virtual_servers = (0..MANY).map(|number| {
        let dn = format!("CN={number},CN=SMTP,CN=Protocols,CN=EX01,{SERVERS}");
        virtual_server("EX01", &name(number)).called(dn)
    });
    let old = [server_2003("EX01", "ex01.contoso.com")].into_iter().chain(virtual_servers).collect();
    let sender = |number: usize| {
        let source = format!("CN=1,CN=SMTP,CN=Protocols,CN=EX01,{SERVERS}");
        send_connector(&number.to_string(), &source, &name(number)).with("msExchSmtpSmartHost", "ex01.contoso.com")
    };
    let senders = modern().into_iter().chain((0..MANY).map(sender)).collect();
    for (what, ldif) in [
        ("connectors", one(server("EX01", "ex01.contoso.com", (0..MANY).map(name)), 0)),
        ("virtual servers", one(old, 0)),
        ("send connectors", one(senders, 0)),
        ("names in vain", one(modern(), 2 * MANY)),
    ] {
        println!("{what}");
        assert_not_judged(&check(&ldif, 512));
    }
}

#[test]
fn so_many_servers_of_one_name_with_so_many_candidates_are_not_judged() {
    let mut objects = Vec::new();
    for number in 0..1500 {
        objects.extend(server(&format!("EX{number}"), "ex.contoso.com", ["a".to_owned()]));
        objects.push(computer(&format!("PC{number}"), ["HOST/ex.contoso.com".to_owned()]));
    }
    assert_not_judged(&check(&recorded(objects), 200));
}

#[test]
fn one_name_of_thousands_of_servers_is_one_finding_soon() {
    let mut objects = Vec::new();
    for number in 0..3000 {
        let announced = ["mail.contoso.com".to_owned()];
        objects.extend(server(&format!("EX{number}"), &format!("ex{number}.contoso.com"), announced));
    }
    let begun = Instant::now();
    let run = check(&recorded(objects), 300);
    assert_eq!(run.codes().iter().filter(|code| *code == "shared-fqdn").count(), 1);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn of_very_many_problems_the_first_are_told_and_that_there_are_more() {
    let domain = |number: usize| machine("PC", &format!("DC=d{number}"), &["SMTPSVC/a"]);
    let doubt =
        |number: usize| computer(&format!("PC{number}"), ["SMTPSVC/a".to_owned()]).with("userAccountControl", "x");
    let whole = recorded(server("EX01", "ex01.contoso.com", ["a".to_owned()]));
    for many in [ldif((0..50_000).map(domain)), ldif((0..50_000).map(doubt))] {
        let run = check(&(whole.clone() + &many), 400);
        assert_eq!(run.code, 2, "{}", run.stderr);
        let report = run.report();
        let problems = report["problems"].as_array().unwrap();
        assert!((10_000..10_100).contains(&problems.len()), "{}", problems.len());
        assert!(problems.iter().any(|problem| problem["what"].as_str().unwrap().contains("more problems than")));
    }
}

/// No name of a directory is so long.
#[test]
fn long_values_names_and_ranges_weigh_what_they_take() {
    let long = "\u{1}".repeat(3 << 20);
    let long_named = |number: usize| {
        connector(&number.to_string(), "EX01", &format!("m{number}.contoso.com"), "31").with("cn", &long)
    };
    let connectors = ldif((0..40).map(long_named));
    let ranges = format!(
        "dn: CN=a,{ROOT}\nservicePrincipalName: SMTPSVC/a\n{}\n",
        "cn;range=0-1:\ncn;range=1-2:\n".repeat(500_000)
    );
    let names = || (0..500).map(|number| format!("m{number}.contoso.com"));
    let holder = computer("PC", names().map(|name| format!("SMTPSVC/{name}")));
    let holder = ldif([holder.called(format!("CN={},CN=Computers,{ROOT}", "z".repeat(1 << 20)))]);
    let mut objects = server("EX01", "ex01.contoso.com", names());
    objects.push(computer("EX01", ["HOST/ex01.contoso.com".to_owned()]));
    let whole = recorded(objects);
    for (what, more) in [("long names", connectors), ("ranges", ranges.repeat(9)), ("a long holder", holder)] {
        let run = check(&(whole.clone() + &more), 512);
        assert_eq!(run.code, 2, "{what}: {}", run.stderr);
    }
}

/// Of a long value more is made than of a short one.
#[test]
fn names_so_long_that_what_is_made_of_them_would_not_fit_are_refused() {
    let long = "x".repeat(1 << 20);
    let objects = (0..240).map(|number| computer(&format!("PC{number}"), [format!("SMTPSVC/{long}{number}")]));
    let run = check(&recorded(objects), 512);
    assert_eq!((run.code, run.stderr.lines().count()), (2, 2), "{}", run.stderr);
    assert!(run.stderr.contains("within 512 MiB of memory"), "{}", run.stderr);
}

#[test]
fn more_words_of_witnesses_than_a_report_can_tell_are_not_judged() {
    let names = || (0..3000).map(|number| format!("m{number}.contoso.com"));
    let mut objects = server("EX01", "ex01.contoso.com", names());
    objects.push(computer("EX01", ["HOST/ex01.contoso.com".to_owned()]));
    let entries = recorded(objects);
    let said: Vec<String> = (0..2000)
        .map(|number| {
            let server = format!("\"server\":\"dc{number}.contoso.com\",\"domain\":\"contoso.com\"");
            format!("# witness: {{\"witness\":\"unheard\",\"asked\":\"kdcs\",{server},\"endpoint\":null,\"why\":\"x\",\"fix\":null}}\n")
        })
        .collect();
    let text = format!("# spn-doctor recording, version 1\n# complete: yes\n{}\n{entries}", said.concat());
    let mut sum = crc32fast::Hasher::new();
    sum.update(text.as_bytes());
    let count = text.lines().filter(|line| line.starts_with("dn:")).count();
    let closing = format!("# end of spn-doctor recording: {count} entries, checksum {:08x}\n", sum.finalize());
    assert_not_judged(&check(&(text + &closing), 512));
}
