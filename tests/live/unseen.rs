//! Servers that leave something out without a word: what was not seen is a gap, and where another server follows, it is asked.

use crate::support::organisation::{
    CHILD, Object, ROOT, SERVERS, computer, configuration, every_domain_has, object, organisation, root,
};
use crate::support::reading::{controller, fixes, gaps, read, settings};
use crate::support::server::{Trick, own_address, serve};
use ldap3_proto::proto::LdapResultCode;
use spn_doctor::input::ldap::{self, Auth, Secret, Settings};

fn forest() -> Vec<Object> {
    let mut objects = organisation(&["ex01.contoso.com"]);
    objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"]));
    objects
}

fn gaps_of(objects: Vec<Object>) -> String {
    gaps(&read(&[&controller(objects, None)]).unwrap())
}

/// The objects, without these values of this one.
fn without(mut objects: Vec<Object>, dn: &str, attribute: &str) -> Vec<Object> {
    let changed = objects.iter_mut().find(|object| object.dn.starts_with(dn)).unwrap();
    changed.clear(attribute);
    objects
}

#[test]
fn an_object_without_what_it_was_searched_by_is_a_gap() {
    assert_eq!(gaps_of(forest()), "");
    let found_instead = |part: &str, found: &Object| {
        let live = read(&[&controller(forest(), Some((part, Trick::Instead(found.clone()))))]).unwrap();
        (gaps(&live), fixes(&live))
    };
    let connector = object(&format!("CN=Default,CN=ex01,{SERVERS}"), &[("cn", "Default")]);
    let server = object(&format!("CN=ex01,{SERVERS}"), &[("cn", "ex01")]);
    for found in [connector, server] {
        let (gaps, fixes) = found_instead("<CN=Microsoft Exchange", &found);
        let said = "objectClass was not read of 1 object below the Exchange container";
        assert!(gaps.contains(said) && gaps.contains(&found.dn), "{gaps}");
        assert!(fixes.iter().any(|fix| fix.starts_with("dsacls \"CN=Microsoft Exchange,CN=Services,")), "{fixes:?}");
    }
    let holder = object("CN=OTHER,CN=Users,DC=contoso,DC=com", &[("objectClass", "user")]);
    let (gaps, fixes) = found_instead("SMTPSVC", &holder);
    assert!(gaps.contains(&format!("{}: it was found, but what it was searched by was not sent", holder.dn)), "{gaps}");
    assert!(fixes.iter().any(|fix| fix.starts_with(&format!("dsacls \"{}\" ", holder.dn))), "{fixes:?}");
}

/// What is not seen where there is a second server, with these values, and nothing below it.
fn second_server(values: &[(&str, &str)]) -> (String, Vec<String>) {
    let mut objects = forest();
    let mut server = vec![
        ("objectClass", "top"),
        ("objectClass", "server"),
        ("objectClass", "msExchExchangeServer"),
        ("cn", "EX02"),
        ("networkAddress", "ncacn_ip_tcp:ex02.contoso.com"),
    ];
    server.extend(values);
    objects.push(object(&format!("CN=EX02,{SERVERS}"), &server));
    let live = read(&[&controller(objects, None)]).unwrap();
    (gaps(&live), fixes(&live))
}

#[test]
fn a_server_that_moves_mail_but_shows_no_endpoint_is_a_gap() {
    for moving in [
        ("msExchCurrentServerRoles", "16439"),
        ("msExchCurrentServerRoles", "32"),
        ("serialNumber", "Version 6.5 (Build 7638.2)"),
        ("serialNumber", "Version 15.2 (Build 30529.4)"),
    ] {
        let (gaps, fixes) = second_server(&[moving]);
        assert!(gaps.starts_with(&format!("CN=EX02,{SERVERS}: no SMTP endpoint of this server was read")), "{gaps}");
        assert_eq!(fixes, [format!("dsacls \"CN=EX02,{SERVERS}\" /I:T /G \"DOMAIN\\account:GR\"")]);
    }
    for role in ["2", "64", "4096"] {
        assert_eq!(second_server(&[("msExchCurrentServerRoles", role)]).0, "", "{role}");
    }
}

#[test]
fn the_virtual_server_on_which_nobody_listens_is_no_endpoint() {
    let mut objects = forest();
    objects.retain(|object| !object.dn.starts_with("CN=Default ex01,"));
    let gaps = gaps_of(objects);
    assert!(gaps.contains(&format!("CN=ex01,{SERVERS}: no SMTP endpoint of this server was read")), "{gaps}");
}

#[test]
fn an_endpoint_whose_server_is_not_seen_is_a_gap() {
    let mut objects = forest();
    objects.retain(|object| !object.dn.starts_with(&format!("CN=ex01,{SERVERS}")));
    let gaps = gaps_of(objects);
    let said = format!("CN=ex01,{SERVERS}: SMTP endpoints of this server were read, but not the server itself");
    assert!(gaps.contains(&said), "{gaps}");
}

#[test]
fn what_nobody_shows_though_somebody_has_it_is_a_gap() {
    for (object, attribute) in [
        ("CN=Default ex01,", "msExchSMTPReceiveConnectorFQDN"),
        ("CN=Default ex01,", "msExchSMTPReceiveInboundSecurityFlag"),
        ("CN=ex01,CN=Servers", "msExchCurrentServerRoles"),
        ("CN=ex01,CN=Servers", "networkAddress"),
        ("CN=EX01,CN=Computers", "userAccountControl"),
        ("CN=krbtgt,", "userAccountControl"),
    ] {
        let gaps = gaps_of(without(forest(), object, attribute));
        assert!(
            gaps.contains(&format!("{attribute} was read of no"))
                || gaps.contains(&format!("{attribute} was not read")),
            "{gaps}"
        );
    }
}

#[test]
fn a_partition_of_which_nobody_can_say_whether_it_is_a_domain_is_a_gap() {
    let forest = || {
        let mut objects = configuration(&[ROOT, CHILD], &["ex01.contoso.com"]);
        objects.extend([ROOT, CHILD].into_iter().flat_map(every_domain_has));
        objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"]));
        objects
    };
    let child = "CN=CHILD,CN=Partitions";
    assert!(gaps_of(without(forest(), child, "nCName")).contains("so it may be a domain whose accounts were not seen"));
    let mut garbled = without(forest(), child, "systemFlags");
    garbled
        .iter_mut()
        .find(|object| object.dn.starts_with(child))
        .unwrap()
        .values
        .push(("systemFlags".to_owned(), "x".to_owned()));
    assert!(gaps_of(garbled).contains("so it may be a domain whose accounts were not seen"));
    // Without flags its NetBIOS name tells that it is one, or its place below another; otherwise it is a directory elsewhere.
    let flagless = without(forest(), child, "systemFlags");
    assert!(gaps_of(flagless.clone()).contains("no global catalog could be read"));
    let nameless = without(flagless, child, "nETBIOSName");
    assert!(gaps_of(nameless.clone()).contains("no global catalog could be read"));
    let mut elsewhere = without(nameless, child, "nCName");
    let partner = ("nCName".to_owned(), "DC=partner,DC=org".to_owned());
    elsewhere.iter_mut().find(|object| object.dn.starts_with(child)).unwrap().values.push(partner);
    elsewhere.retain(|object| every_domain_has(CHILD).iter().all(|account| account.dn != object.dn));
    assert_eq!(gaps_of(elsewhere), "");
}

#[test]
fn what_host_stands_for_has_to_be_seen() {
    let mappings = "CN=Directory Service";
    assert!(gaps_of(without(forest(), mappings, "sPNMappings")).contains("what it was searched by was not sent"));
    let hidden = controller(forest(), Some((mappings, Trick::Hide)));
    assert!(gaps(&read(&[&hidden]).unwrap()).contains("sPNMappings could not be read: this account may not see it"));
}

#[test]
fn a_controller_that_does_not_know_everything_yet_is_passed_over() {
    let mut new = root("TRUE");
    new.values.push(("isSynchronized".to_owned(), "FALSE".to_owned()));
    let new = serve((own_address(), 0), new, forest(), None);
    let error = read(&[&new]).unwrap_err().to_string();
    assert!(error.contains("has not finished its first synchronization"), "{error}");
    let good = controller(forest(), None);
    assert_eq!(read(&[&new, &good]).unwrap().server, good.name());
}

#[test]
fn wherever_the_refusal_comes_the_next_server_is_asked() {
    let names: Vec<String> = (0..2000).map(|number| format!("SMTPSVC/site{number}.contoso.com")).collect();
    let mut many = forest();
    many.push(computer("MANY", ROOT, &names.iter().map(String::as_str).collect::<Vec<_>>()));
    let silent = without(forest(), "CN=EX01,CN=Computers", "servicePrincipalName");
    let nobody = organisation(&["ex01.contoso.com"]);
    for (part, objects) in [(";range", many), ("Not(", silent), ("krbtgt", nobody)] {
        let bad = controller(objects.clone(), Some((part, Trick::Result(LdapResultCode::Other, 0))));
        let good = controller(objects, None);
        let live = read(&[&bad, &good]).unwrap();
        assert_eq!((live.server.clone(), gaps(&live)), (good.name(), String::new()), "{part}");
    }
}

#[test]
fn a_password_that_stands_in_a_referral_does_not_hide_where_that_leads() {
    let url = "ldap://contoso.com/CN=Configuration,DC=contoso,DC=com".to_owned();
    let server = controller(forest(), Some(("SMTPSVC", Trick::Refer(vec![url]))));
    for password in ["com", "Configuration", "secret"] {
        let auth = Auth::Simple { user: "reader".to_owned(), password: Secret::new(password.to_owned()) };
        let live = ldap::read(&Settings { auth, ..settings(&[&server]) }, &mut ()).unwrap();
        assert_eq!(gaps(&live), "", "{password}");
    }
}

#[test]
fn a_domain_that_two_crossrefs_name_is_one_domain() {
    let mut objects = forest();
    let mut twin = objects.iter().find(|object| object.dn.starts_with("CN=CONTOSO,CN=Partitions")).unwrap().clone();
    twin.dn = twin.dn.replacen("CN=CONTOSO", "CN=CONTOSO\\0ACNF:1234", 1);
    objects.push(twin);
    assert_eq!(gaps_of(objects), "");
}

#[test]
fn where_a_server_refuses_for_reasons_of_its_own_the_next_is_asked() {
    for code in [LdapResultCode::OperationsError, LdapResultCode::UnwillingToPerform, LdapResultCode::Other] {
        let refusing = |objects| controller(objects, Some(("SMTPSVC", Trick::Result(code.clone(), 0))));
        let (bad, good) = (refusing(forest()), controller(forest(), None));
        let live = read(&[&bad, &good]).unwrap();
        assert_eq!((live.server.clone(), gaps(&live)), (good.name(), String::new()), "{code:?}");
        // Where no other does better, what was read counts.
        let worse = controller(without(forest(), "CN=ex01", "objectClass"), Some(("HOST/", Trick::Die(0))));
        let live = read(&[&bad, &worse]).unwrap();
        assert_eq!((live.server.clone(), live.reading.gaps.len()), (bad.name(), 1), "{}", gaps(&live));
    }
}
