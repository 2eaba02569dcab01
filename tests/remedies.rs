//! Remedies where a command would do harm, or would be for another account than is meant.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests stop at the first surprise")]

mod common;

use std::fmt::Write as _;

use common::run_with_input;
use serde_json::Value;

const BELOW: &str = "CN=Servers,CN=contoso,CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=contoso,DC=com";

/// A server with one virtual server, whose account holds these names beside its own.
fn server(name: &str, fqdn: &str, held: &[&str]) -> String {
    let own = format!("{name}.contoso.com");
    let names = [format!("HOST/{own}"), format!("SMTPSVC/{name}"), format!("SMTPSVC/{own}")];
    let names: Vec<&str> = names.iter().map(String::as_str).chain(held.iter().copied()).collect();
    format!(
        "dn: CN={name},{BELOW}\nobjectClass: msExchExchangeServer\ncn: {name}\nnetworkAddress: ncacn_ip_tcp:{own}\n\n\
         dn: CN=1,CN=SMTP,CN=Protocols,CN={name},{BELOW}\nobjectClass: protocolCfgSMTPServer\n\
         msExchSmtpFullyQualifiedDomainName: {fqdn}\n\n{}",
        account("computer", &format!("{name}$"), "DC=contoso,DC=com", &names)
    )
}

fn account(class: &str, sam: &str, domain: &str, held: &[&str]) -> String {
    let mut ldif = format!("dn: CN={sam},CN=Accounts,{domain}\nobjectClass: {class}\nsAMAccountName: {sam}\n");
    for name in held {
        writeln!(ldif, "servicePrincipalName: {name}").unwrap();
    }
    ldif + "\n"
}

fn mapping() -> &'static str {
    "dn: CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,DC=contoso,DC=com\nobjectClass: nTDSService\n\
     sPNMappings: host=http,smtpsvc\n\n"
}

/// The finding of this code, and its commands.
fn finding(ldif: &str, code: &str, setspn: &str) -> (Value, Vec<String>) {
    let run = run_with_input(["check", "--format", "json", "--setspn", setspn, "--from", "-"], ldif.as_bytes());
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    let report = run.report();
    let finding = report["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == code).unwrap();
    let commands = finding["remedy"]["commands"].as_array().unwrap();
    (finding.clone(), commands.iter().map(|command| command["run"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn a_duplicate_of_a_shared_name_carries_the_alternative_for_virtual_servers() {
    let mail = &["SMTPSVC/mail.contoso.com"];
    let ldif = server("EX01", "mail.contoso.com", mail) + &server("EX02", "mail.contoso.com", mail);
    for code in ["shared-fqdn", "duplicate-spn"] {
        let (finding, commands) = finding(&ldif, code, "2008");
        assert!(finding["remedy"]["alternative"].as_str().unwrap().contains("BackConnectionHostNames"), "{code}");
        assert!(commands.is_empty());
    }
}

#[test]
fn a_name_that_is_held_through_host_is_said_to_be() {
    let other = account("computer", "MAIL$", "DC=contoso,DC=com", &["HOST/mail.contoso.com"]);
    let add = r"setspn -F -S SMTPSVC/mail.contoso.com CONTOSO\EX01$";
    for (held, code, expected, verify) in [
        (&[][..], "misplaced-spn", &[add][..], "SMTPSVC"),
        (&["HOST/mail.contoso.com"][..], "duplicate-spn", &[], "HOST"),
    ] {
        let ldif = server("EX01", "mail.contoso.com", held) + &other + mapping();
        let (finding, commands) = finding(&ldif, code, "2008");
        assert_eq!(commands, expected);
        let remedy = &finding["remedy"];
        assert!(remedy["advice"].as_str().unwrap().contains("makes HOST/mail.contoso.com stand for it"));
        assert_eq!(remedy["verify"], format!("setspn -F -Q {verify}/mail.contoso.com"));
        assert!(remedy["alternative"].is_string());
    }
}

#[test]
fn the_setspn_of_windows_2003_is_not_told_a_name_by_which_it_would_take_another_account() {
    let home = "DC=contoso,DC=com";
    let holding = &["SMTPSVC/mail.contoso.com"];
    for (holder, namesake) in [
        (account("user", "relay", home, holding), account("computer", "RELAY$", home, &["HOST/relay"])),
        (account("user", "relay", home, holding), account("computer", "relay$", home, &[])),
        (account("computer", "OLD01$", home, holding), account("computer", "old01$", "DC=other,DC=com", &[])),
    ] {
        for ldif in [format!("{holder}{namesake}"), format!("{namesake}{holder}")] {
            let (finding, commands) =
                finding(&(ldif + &server("EX01", "mail.contoso.com", &[])), "misplaced-spn", "2003");
            assert!(commands.is_empty(), "{commands:?}");
            assert!(finding["remedy"]["advice"].as_str().unwrap().contains("several accounts called"));
        }
    }
}

#[test]
fn to_the_setspn_of_windows_2003_a_computer_goes_before_a_user_of_its_name() {
    let namesake = account("user", "EX01", "DC=contoso,DC=com", &["SMTPSVC/other"]);
    let (_, commands) = finding(&(namesake + &server("EX01", "mail.contoso.com", &[])), "missing-spn", "2003");
    assert_eq!(commands, ["setspn -A SMTPSVC/mail.contoso.com EX01"]);
}
