//! What is made of witnesses: nothing is confirmed that nobody confirmed, and no name is blamed for what is not its fault.

use serde_json::{Value, json};

use crate::support::program::{Run, run, text};

const NAMES: [&str; 4] = ["SMTPSVC/HUB1", "SMTPSVC/hub1.adatum.com", "SMTPSVC/HUB2", "SMTPSVC/hub2.adatum.com"];

/// A recording of two healthy servers, changed, in which these witnesses speak.
fn checked(statements: &[Value], change: impl Fn(&str) -> String, format: &str) -> Run {
    let original = text("fixtures/codes/kdc-disagrees.ldif");
    let entries = original.split_once("\n\n").unwrap().1;
    let (entries, closing) = entries.rsplit_once("# end of spn-doctor recording: ").unwrap();
    let entries = change(entries);
    let said: Vec<String> = statements.iter().map(|statement| format!("# witness: {statement}\n")).collect();
    let before = format!("# spn-doctor recording, version 1\n# complete: yes\n{}\n{entries}", said.concat());
    let count = closing.split(' ').next().unwrap();
    let sum = crc32fast::hash(before.as_bytes());
    let file = tempfile::NamedTempFile::new().unwrap();
    let whole = format!("{before}# end of spn-doctor recording: {count} entries, checksum {sum:08x}\n");
    std::fs::write(file.path(), whole).unwrap();
    run(["check", "--format", format, "--from", file.path().to_str().unwrap()])
}

fn heard(statements: &[Value]) -> Run {
    checked(statements, str::to_owned, "json")
}

/// The word for a name in the table.
fn word(statements: &[Value], name: &str) -> String {
    let table = checked(statements, str::to_owned, "table").stdout;
    let line = table.lines().find(|line| line.contains(&format!(" {name}: "))).unwrap_or_else(|| panic!("{table}"));
    line.split_whitespace().next().unwrap().to_owned()
}

fn kdc(name: &str, answer: &Value) -> Value {
    json!({"witness": "kdc", "server": "dc1.adatum.com", "domain": "adatum.com", "spn": name, "answer": answer})
}

fn refused(code: i32) -> Value {
    json!({"refused": {"code": code, "status": null}})
}

fn issued() -> Value {
    json!({"issued": {"etype": 18, "kvno": 3, "supported": 28}})
}

/// What a domain controller shows: the right holders, or these.
fn controller(server: &str, domain: &str, holder: Option<&str>, changed: u64) -> Value {
    let own = |name: &str| format!("CN=HUB{},CN=Computers,DC=adatum,DC=com", if name.contains('1') { 1 } else { 2 });
    let held = NAMES.map(|name| json!({"spn": name, "holders": [holder.map_or_else(|| own(name), str::to_owned)]}));
    let accounts = [1, 2]
        .map(|number| json!({"dn": own(&format!("HUB{number}")), "enabled": true, "version": 4, "changed": changed}));
    json!({"witness": "controller", "server": server, "domain": domain, "held": held, "accounts": accounts})
}

fn endpoint_of_hub1() -> String {
    let ldif = text("fixtures/codes/kdc-disagrees.ldif");
    let mut names = ldif.lines().filter_map(|line| line.strip_prefix("dn: "));
    names.find(|dn| dn.contains("SMTP Receive Connectors,") && dn.contains("CN=HUB1,")).unwrap().to_owned()
}

#[test]
fn a_refusal_that_says_nothing_of_the_name_confirms_and_blames_nothing() {
    for code in [12, 29, 34, 35, 44, 52, 68, 999] {
        let said = [kdc(NAMES[1], &refused(code))];
        assert!(heard(&said).codes().is_empty(), "{code}");
        assert_eq!(word(&said, NAMES[1]), "open", "{code}");
    }
    for code in [7, 8, 9, 14, 19] {
        let said = [kdc(NAMES[1], &refused(code))];
        assert_eq!(heard(&said).codes(), ["kdc-disagrees"], "{code}");
        assert_eq!(word(&said, NAMES[1]), "disputed", "{code}");
    }
    assert_eq!(word(&[kdc(NAMES[1], &issued())], NAMES[1]), "confirmed");
}

#[test]
fn a_kdc_without_secrets_confirms_nothing_alone() {
    let without_secrets = json!({"refused": {"code": 7, "status": 0xc000_0371_u32}});
    assert_eq!(word(&[kdc(NAMES[1], &without_secrets)], NAMES[1]), "open");
}

#[test]
fn what_is_wrong_with_the_only_holder_is_told_once() {
    let is_disabled = |ldif: &str| {
        let begin = ldif.find("dn: CN=HUB1,CN=Computers").unwrap();
        format!(
            "{}{}",
            &ldif[..begin],
            ldif[begin..].replacen("userAccountControl: 4096", "userAccountControl: 4098", 1)
        )
    };
    for code in [7, 18, 19] {
        let codes = checked(&[kdc(NAMES[1], &refused(code))], is_disabled, "json").codes();
        assert!(codes.contains(&"disabled-account".to_owned()), "{codes:?}");
        assert!(!codes.contains(&"kdc-disagrees".to_owned()), "{code}: {codes:?}");
    }
}

#[test]
fn a_holder_that_only_another_domain_shows_is_seen() {
    let elsewhere =
        controller("dc9.emea.adatum.com", "emea.adatum.com", Some("CN=EVIL,CN=Users,DC=emea,DC=adatum,DC=com"), 1);
    let said = [kdc(NAMES[1], &issued()), controller("dc1.adatum.com", "adatum.com", None, 1), elsewhere];
    assert!(heard(&said).codes().contains(&"not-replicated".to_owned()));
    assert_eq!(word(&said, NAMES[1]), "disputed");
}

#[test]
fn no_time_is_too_late_to_be_told() {
    for changed in [253_402_300_799, 253_402_300_800, 1 << 63, u64::MAX] {
        let run = heard(&[controller("dc1.adatum.com", "adatum.com", Some("CN=X,DC=adatum,DC=com"), changed)]);
        assert!(run.codes().contains(&"not-replicated".to_owned()), "{changed}: {}", run.stderr);
    }
}

#[test]
fn ntlm_is_no_kerberos() {
    let greets = |offers: &[&str]| {
        let endpoint = endpoint_of_hub1();
        json!({"witness": "endpoint", "endpoint": endpoint, "address": "hub1.adatum.com:25", "announces": "hub1.adatum.com",
            "offers": offers, "within_tls": null, "ahead": 0})
    };
    assert_eq!(heard(&[greets(&["X-EXPS NTLM"])]).codes(), ["endpoint-disagrees"]);
    assert!(heard(&[greets(&["X-EXPS GSSAPI NTLM"])]).codes().is_empty());
    assert!(heard(&[greets(&["X-ANONYMOUSTLS"])]).codes().is_empty());
}
