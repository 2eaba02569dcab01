//! Remedies where a command would do harm, or would be for another account than is meant.

use crate::support::organisation::{
    Object, ROOT, configuration, every_domain_has, ldif, machine, organisation, server_2003, user, virtual_server,
    well_named,
};
use crate::support::program::{commands, is_ready, run_with_input};
use serde_json::Value;

/// A server of Exchange 2003 with one virtual server, whose account holds these names beside its own.
fn server(name: &str, fqdn: &str, held: &[&str]) -> [Object; 3] {
    [server_2003(name, &format!("{name}.contoso.com")), virtual_server(name, fqdn), well_named(name, held)]
}

/// The remedies of the finding of this code, in an organisation whose domain is whole.
fn remedies(objects: impl IntoIterator<Item = Object>, code: &str, setspn: &str) -> Vec<Value> {
    remedies_in(organisation(&[]).into_iter().chain(objects), code, setspn)
}

/// The same where `HOST` stands for SMTPSVC.
fn remedies_where_host_stands_for_smtpsvc(objects: impl IntoIterator<Item = Object>, code: &str) -> Vec<Value> {
    let mut forest = organisation(&[]);
    let services = forest.iter_mut().find(|object| object.dn.starts_with("CN=Directory Service,")).unwrap();
    services.set("sPNMappings", "host=smtpsvc,http");
    remedies_in(forest.into_iter().chain(objects), code, "2008")
}

fn remedies_in(objects: impl IntoIterator<Item = Object>, code: &str, setspn: &str) -> Vec<Value> {
    let ldif = ldif(objects);
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
    let servers = || ["EX01", "EX02"].into_iter().flat_map(|name| server(name, "mail.contoso.com", mail));
    let shared = remedies(servers(), "shared-fqdn", "2008");
    assert_eq!(shared[0]["kind"], "exchange");
    assert!(text(&shared[0], "advice").contains("Delivery, Advanced"), "{shared:?}");
    let duplicate = remedies(servers(), "duplicate-spn", "2008");
    assert_eq!(duplicate[0]["kind"], "decide");
    for remedy in shared.iter().chain(&duplicate) {
        assert_eq!(commands(remedy, "run"), [""; 0], "no shell knows virtual servers, and no account is the right one");
    }
}

#[test]
fn a_name_that_is_held_through_host_is_said_to_be() {
    let other = || user("relay", ROOT, &["HOST/mail.contoso.com"]);
    let stands_for = "makes HOST/<name> stand for";
    let held_elsewhere = server("EX01", "mail.contoso.com", &[]).into_iter().chain([other()]);
    let misplaced = remedies_where_host_stands_for_smtpsvc(held_elsewhere, "misplaced-spn");
    assert_eq!(commands(&misplaced[0], "run"), [r"setspn -F -S SMTPSVC/mail.contoso.com CONTOSO\EX01$"]);
    assert!(text(&misplaced[0], "confirm").contains(stands_for), "{misplaced:?}");
    assert_eq!(misplaced[0]["verify"], "setspn -F -Q SMTPSVC/mail.contoso.com");

    let held_twice = server("EX01", "mail.contoso.com", &["HOST/mail.contoso.com"]).into_iter().chain([other()]);
    let duplicate = remedies_where_host_stands_for_smtpsvc(held_twice, "duplicate-spn");
    assert_eq!((&duplicate[0]["kind"], commands(&duplicate[0], "run")), (&"decide".into(), Vec::new()));
    assert!(text(&duplicate[0], "advice").contains(stands_for), "{duplicate:?}");
    assert_eq!(duplicate[0]["verify"], "setspn -F -Q HOST/mail.contoso.com");
}

#[test]
fn the_setspn_of_windows_2003_is_not_told_a_name_by_which_it_would_take_another_account() {
    const OTHER: &str = "DC=other,DC=com";
    let holding = &["SMTPSVC/mail.contoso.com"];
    for (holder, namesake) in [
        (user("relay", ROOT, holding), machine("RELAY", ROOT, &["HOST/relay"])),
        (user("relay", ROOT, holding), machine("relay", ROOT, &[])),
        (machine("OLD01", ROOT, holding), machine("old01", OTHER, &[])),
    ] {
        let forest = || {
            let domains = every_domain_has(ROOT).into_iter().chain(every_domain_has(OTHER));
            let objects = configuration(&[ROOT, OTHER], &[]).into_iter().chain(domains);
            objects.chain(server("EX01", "mail.contoso.com", &[]))
        };
        for accounts in [[&holder, &namesake], [&namesake, &holder]] {
            let objects = || accounts.into_iter().cloned().chain(forest());
            let misplaced = remedies_in(objects(), "misplaced-spn", "2003");
            assert_eq!((&misplaced[0]["kind"], commands(&misplaced[0], "run")), (&"decide".into(), Vec::new()));
            assert!(text(&misplaced[0], "advice").contains("several accounts called"), "{misplaced:?}");
            let qualified = remedies_in(objects(), "misplaced-spn", "2008");
            assert_eq!(commands(&qualified[0], "run").len(), 2, "that of later Windows can tell them apart");
        }
    }
}

#[test]
fn to_the_setspn_of_windows_2003_a_computer_goes_before_a_user_of_its_name() {
    let namesake = user("EX01", ROOT, &["SMTPSVC/other"]);
    let objects = [namesake].into_iter().chain(server("EX01", "mail.contoso.com", &[]));
    let missing = remedies(objects, "missing-spn", "2003");
    assert_eq!(commands(&missing[0], "run"), ["setspn -A SMTPSVC/mail.contoso.com EX01"]);
    assert!(is_ready(&missing[0]));
}

/// Only what nobody can log on as may lose a name unasked.
#[test]
fn a_name_is_taken_unasked_from_a_dead_holder_alone() {
    let live = |name: &str| machine(name, ROOT, &["SMTPSVC/mail.contoso.com"]);
    let dead = || live("OLD01").with("userAccountControl", "4098");
    for (holders, ready) in [(vec![dead()], true), (vec![live("OLD01")], false), (vec![dead(), live("OLD02")], false)] {
        let objects = holders.into_iter().chain(server("EX01", "mail.contoso.com", &[]));
        let misplaced = remedies(objects, "misplaced-spn", "2008");
        assert_eq!(is_ready(&misplaced[0]), ready, "{misplaced:?}");
        assert!(ready || text(&misplaced[0], "confirm").contains("answers to this name"), "{misplaced:?}");
    }
}
