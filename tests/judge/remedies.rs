//! Remedies where a command would do harm, or would be for another account than is meant.

use crate::support::organisation::{HOME, account, domain, machine, server_2003, virtual_server};
use crate::support::program::{commands, is_ready, run_with_input};
use serde_json::Value;

/// A server of Exchange 2003 with one virtual server, whose account holds these names beside its own.
fn server(name: &str, fqdn: &str, held: &[&str]) -> String {
    server_2003(name, &format!("{name}.contoso.com")) + &virtual_server(name, fqdn) + &machine(name, held)
}

/// The remedies of the finding of this code, in an organisation whose domain is whole.
fn remedies(ldif: &str, code: &str, setspn: &str) -> Vec<Value> {
    remedies_in(&(domain("CONTOSO", HOME) + ldif), code, setspn)
}

/// The same where `HOST` stands for SMTPSVC.
fn remedies_where_host_stands_for_smtpsvc(ldif: &str, code: &str) -> Vec<Value> {
    let domain = domain("CONTOSO", HOME);
    let mapped = domain.replace("sPNMappings: host=alerter", "sPNMappings: host=smtpsvc");
    assert_ne!(mapped, domain);
    remedies_in(&(mapped + ldif), code, "2008")
}

fn remedies_in(ldif: &str, code: &str, setspn: &str) -> Vec<Value> {
    let run = run_with_input(["check", "--format", "json", "--setspn", setspn, "--from", "-"], ldif.as_bytes());
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    let report = run.report();
    let finding = report["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == code);
    finding.unwrap_or_else(|| panic!("no {code} in {report}"))["remedies"].as_array().unwrap().clone()
}

/// A text of a remedy.
fn text<'a>(remedy: &'a Value, part: &str) -> &'a str {
    remedy[part].as_str().unwrap_or_default()
}

/// Two servers under one name, which both of them hold: there is no one account for it.
#[test]
fn a_name_that_two_virtual_servers_share_is_for_nobody_to_register() {
    let mail = &["SMTPSVC/mail.contoso.com"];
    let ldif = server("EX01", "mail.contoso.com", mail) + &server("EX02", "mail.contoso.com", mail);
    let shared = remedies(&ldif, "shared-fqdn", "2008");
    assert_eq!(shared[0]["kind"], "exchange");
    assert!(text(&shared[0], "advice").contains("Delivery, Advanced"), "{shared:?}");
    let duplicate = remedies(&ldif, "duplicate-spn", "2008");
    assert_eq!(duplicate[0]["kind"], "decide");
    for remedy in shared.iter().chain(&duplicate) {
        assert_eq!(commands(remedy, "run"), [""; 0], "no shell knows virtual servers, and no account is the right one");
    }
}

#[test]
fn a_name_that_is_held_through_host_is_said_to_be() {
    let other = account("user", "relay", HOME, &["HOST/mail.contoso.com"]);
    let stands_for = "makes HOST/<name> stand for";
    let ldif = server("EX01", "mail.contoso.com", &[]) + &other;
    let misplaced = remedies_where_host_stands_for_smtpsvc(&ldif, "misplaced-spn");
    assert_eq!(commands(&misplaced[0], "run"), [r"setspn -F -S SMTPSVC/mail.contoso.com CONTOSO\EX01$"]);
    assert!(text(&misplaced[0], "confirm").contains(stands_for), "{misplaced:?}");
    assert_eq!(misplaced[0]["verify"], "setspn -F -Q SMTPSVC/mail.contoso.com");

    let ldif = server("EX01", "mail.contoso.com", &["HOST/mail.contoso.com"]) + &other;
    let duplicate = remedies_where_host_stands_for_smtpsvc(&ldif, "duplicate-spn");
    assert_eq!((&duplicate[0]["kind"], commands(&duplicate[0], "run")), (&"decide".into(), Vec::new()));
    assert!(text(&duplicate[0], "advice").contains(stands_for), "{duplicate:?}");
    assert_eq!(duplicate[0]["verify"], "setspn -F -Q HOST/mail.contoso.com");
}

#[test]
fn the_setspn_of_windows_2003_is_not_told_a_name_by_which_it_would_take_another_account() {
    const OTHER: &str = "DC=other,DC=com";
    let holding = &["SMTPSVC/mail.contoso.com"];
    for (holder, namesake) in [
        (account("user", "relay", HOME, holding), account("computer", "RELAY$", HOME, &["HOST/relay"])),
        (account("user", "relay", HOME, holding), account("computer", "relay$", HOME, &[])),
        (account("computer", "OLD01$", HOME, holding), account("computer", "old01$", OTHER, &[])),
    ] {
        let server = server("EX01", "mail.contoso.com", &[]) + &domain("OTHER", OTHER);
        for ldif in [format!("{holder}{namesake}{server}"), format!("{namesake}{holder}{server}")] {
            let misplaced = remedies(&ldif, "misplaced-spn", "2003");
            assert_eq!((&misplaced[0]["kind"], commands(&misplaced[0], "run")), (&"decide".into(), Vec::new()));
            assert!(text(&misplaced[0], "advice").contains("several accounts called"), "{misplaced:?}");
            let qualified = remedies(&ldif, "misplaced-spn", "2008");
            assert_eq!(commands(&qualified[0], "run").len(), 2, "that of later Windows can tell them apart");
        }
    }
}

#[test]
fn to_the_setspn_of_windows_2003_a_computer_goes_before_a_user_of_its_name() {
    let namesake = account("user", "EX01", HOME, &["SMTPSVC/other"]);
    let missing = remedies(&(namesake + &server("EX01", "mail.contoso.com", &[])), "missing-spn", "2003");
    assert_eq!(commands(&missing[0], "run"), ["setspn -A SMTPSVC/mail.contoso.com EX01"]);
    assert!(is_ready(&missing[0]));
}

/// Only what nobody can log on as may lose a name unasked.
#[test]
fn a_name_is_taken_unasked_from_a_dead_holder_alone() {
    let live = account("computer", "OLD01$", HOME, &["SMTPSVC/mail.contoso.com"]);
    let dead = live.replace("userAccountControl: 4096", "userAccountControl: 4098");
    let server = server("EX01", "mail.contoso.com", &[]);
    for (holders, ready) in
        [(dead.clone(), true), (live.clone(), false), (dead + &live.replace("OLD01", "OLD02"), false)]
    {
        let misplaced = remedies(&(holders + &server), "misplaced-spn", "2008");
        assert_eq!(is_ready(&misplaced[0]), ready, "{misplaced:?}");
        assert!(ready || text(&misplaced[0], "confirm").contains("answers to this name"), "{misplaced:?}");
    }
}
