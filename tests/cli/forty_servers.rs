//! The report of an organisation of forty servers: read in a minute, whatever is wrong with them.

use std::io::Write as _;

use crate::support::organisation::{Object, ROOT, connector, machine, recorded, server_2016, user, well_named};
use crate::support::program;
use crate::support::program::{commands, is_ready, list, run};

const SERVERS: usize = 40;

/// A server of Exchange with nothing wrong: its objects and its account.
fn healthy(name: &str) -> Vec<Object> {
    with_account(name, |_| ())
}

/// The same with one change of its account.
fn with_account(name: &str, change: impl FnOnce(&mut Object)) -> Vec<Object> {
    let fqdn = format!("{name}.contoso.com");
    let mut account = well_named(name, &[]);
    change(&mut account);
    vec![server_2016(name, &fqdn), endpoint(name, "Default Frontend", &fqdn), account]
}

fn endpoint(server: &str, purpose: &str, fqdn: &str) -> Object {
    connector(&format!("{purpose} {server}"), server, fqdn, "31")
}

/// The same with one thing wrong, by its number: what administrators meet, the most frequent most often.
fn faulty(number: usize, name: &str) -> Vec<Object> {
    let fqdn = format!("{name}.contoso.com");
    let own = format!("SMTPSVC/{fqdn}");
    let nameless = || with_account(name, |account| account.values.retain(|(_, value)| *value != own));
    let with = |mut objects: Vec<Object>, more: Object| {
        objects.push(more);
        objects
    };
    let dead = |spn: &str| machine(&format!("OLD{number}"), ROOT, &[spn]).with("userAccountControl", "4098");
    match number % 8 {
        0 | 1 => nameless(),
        2 => with(healthy(name), user(&format!("svc{number}"), ROOT, &[&own])),
        3 => with(nameless(), dead(&own)),
        4 => with(healthy(name), endpoint(name, "Relay", &format!("mail{number}.contoso.com"))),
        5 => {
            let file = format!("file{number}");
            let taken = endpoint(name, "Scan", &format!("{file}.contoso.com"));
            with(with(healthy(name), taken), well_named(&file, &[]))
        }
        6 => with(healthy(name), dead(&format!("HOST/{fqdn}"))),
        _ => with_account(name, |account| account.set("dNSHostName", &format!("new{number}.contoso.com"))),
    }
}

fn organisation(server: impl Fn(usize, &str) -> Vec<Object>) -> tempfile::NamedTempFile {
    let servers = (1..=SERVERS).flat_map(|number| server(number, &format!("EX{number:02}")));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(recorded(servers).as_bytes()).unwrap();
    file
}

/// A command is to be copied, and so never wrapped.
fn is_too_long(line: &&str) -> bool {
    let is_command = ["setspn ", "Set-"].iter().any(|tool| line.trim_start().starts_with(tool));
    line.chars().count() > 80 && !is_command
}

#[test]
fn a_healthy_organisation_fits_a_screen_and_a_half() {
    let file = organisation(|_, name| healthy(name));
    let run = run(["check".as_ref(), "--from".as_ref(), file.path()]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let lines = run.stdout.lines().count();
    assert!(lines <= 60, "{lines} lines:\n{}", run.stdout);
    assert_eq!(run.stdout.lines().find(is_too_long), None);
    assert!(run.stdout.contains("another cause"), "{}", run.stdout);
}

#[test]
fn an_organisation_with_forty_faults_takes_less_than_200_lines() {
    let file = organisation(faulty);
    let run = run(["check".as_ref(), "--from".as_ref(), file.path()]);
    let report = program::check([file.path()]).report();
    let findings = list(&report["findings"]).count();
    assert!(findings >= SERVERS, "{findings} findings:\n{}", run.stdout);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines.len() < 200, "{} lines:\n{}", lines.len(), run.stdout);
    assert_eq!(lines.iter().copied().find(is_too_long), None);
    let verdicts = lines.iter().filter(|line| line.starts_with("FINDINGS: ")).count();
    assert!(verdicts == 2 && lines[0].starts_with("FINDINGS: "), "the verdict stands at both ends");
    for finding in list(&report["findings"]) {
        let first = &finding["remedies"][0];
        for command in ["run", "undo"].iter().flat_map(|part| commands(first, part)) {
            assert!(lines.iter().any(|line| line.trim() == command), "{command} is missing");
        }
    }
    let ready = list(&report["findings"]).filter(|finding| is_ready(&finding["remedies"][0])).count();
    assert!(ready >= 10, "only {ready} can be put right at once");
}

#[test]
fn one_cause_on_twelve_servers_is_told_once() {
    let file = organisation(|number, name| if number <= 12 { faulty(0, name) } else { healthy(name) });
    let table = run(["check".as_ref(), "--from".as_ref(), file.path()]).stdout;
    assert_eq!(table.matches("  error  missing-spn  EX").count(), 12, "{table}");
    for once in ["No account holds a required SPN.", "Without a ticket", "Register the SPN", "Undo:"] {
        assert_eq!(table.matches(once).count(), 1, "{once} in\n{table}");
    }
}
