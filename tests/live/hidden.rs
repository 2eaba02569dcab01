//! Attributes that whoever asks may not read, on a scripted server that answers as Active Directory does: for each that the judgement
//! rests on, hidden on one object or on all of its kind, the answer is right all the same, or it says what is missing.

use std::net::Ipv4Addr;

use crate::support::organisation::{
    CHILD, CONFIGURATION, ORGANISATION, Object, ROOT, SERVERS, computer, configuration, connector, every_domain_has,
    object, root, send_connector, server_2003, server_2016, user, virtual_server,
};
use crate::support::reading::settings;
use crate::support::server::{own_address, serve};
use spn_doctor::directory::Directory;
use spn_doctor::directory::gap::Gap;
use spn_doctor::directory::schema::Attribute;
use spn_doctor::input::ldap::{self, Settings};
use spn_doctor::judge::judge;
use spn_doctor::judge::remedy::setspn::Dialect;
use spn_doctor::report::{Report, Source};

const EXCHANGE_SERVER: &str = "16";

/// What hiding one attribute of an object, or of all of its kind, may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The same findings, and nothing missing.
    Right,
    /// A problem names the object or the attribute.
    Named,
    /// Other findings, and nobody says that something is missing.
    Wrong,
}
use Outcome::{Named, Right};

/// Kind, the beginning of the object's name, attribute, and what comes of hiding it there and on all of the kind. Each but those that say
/// `Right` changes the findings where it is not set instead of hidden, or is one without which there is no object to speak of.
type Case = (&'static str, &'static str, &'static str, Outcome, Outcome);

const SERVER: &str = "msExchExchangeServer";
const RECEIVE: &str = "msExchSmtpReceiveConnector";
const VIRTUAL: &str = "protocolCfgSMTPServer";
const SEND: &str = "msExchRoutingSMTPConnector";
const ROUTING: &str = "msExchRoutingGroupConnector";

const CASES: &[Case] = &[
    (SERVER, "CN=ex01,", "networkAddress", Named, Named),
    (SERVER, "CN=EDGE,", "msExchCurrentServerRoles", Named, Named),
    // Of these two one is enough.
    (SERVER, "CN=ex01,", "versionNumber", Right, Right),
    (SERVER, "CN=ex01,", "serialNumber", Right, Right),
    (SERVER, "CN=ex01,", "objectClass", Named, Named),
    // Where the category is missing, the classes tell; and the object's name stands in its DN.
    (SERVER, "CN=ex01,", "objectCategory", Right, Right),
    (SERVER, "CN=ex01,", "cn", Right, Right),
    (RECEIVE, "CN=Relay,", "msExchSMTPReceiveConnectorFQDN", Named, Named),
    (RECEIVE, "CN=Basic,", "msExchSMTPReceiveInboundSecurityFlag", Named, Named),
    (RECEIVE, "CN=Clients,", "msExchSmtpReceiveProtocolRestrictions", Named, Named),
    (RECEIVE, "CN=Short,", "msExchSmtpReceiveProtocolOptions", Named, Named),
    (RECEIVE, "CN=Unified,", "msExchSmtpReceiveRole", Named, Named),
    (RECEIVE, "CN=Disabled,", "msExchSmtpReceiveEnabled", Named, Named),
    (RECEIVE, "CN=Relay,", "objectClass", Named, Named),
    (VIRTUAL, "CN=1,CN=SMTP,CN=Protocols,CN=EX2003,", "msExchSmtpFullyQualifiedDomainName", Named, Named),
    (VIRTUAL, "CN=2,", "msExchAuthenticationFlags", Named, Named),
    (VIRTUAL, "CN=3,", "msExchNTAuthenticationProviders", Named, Named),
    (VIRTUAL, "CN=4,", "msExchServerAutoStart", Named, Named),
    (VIRTUAL, "CN=1,CN=SMTP,CN=Protocols,CN=EX2003,", "objectClass", Named, Named),
    (SEND, "CN=To hub,", "msExchSmtpSendFlags", Named, Named),
    (SEND, "CN=To hub,", "msExchSMTPSendConnectorFQDN", Named, Named),
    (SEND, "CN=To hub,", "msExchSmtpSmartHost", Named, Named),
    (SEND, "CN=Unused,", "msExchSmtpSendEnabled", Named, Named),
    (SEND, "CN=To hub,", "msExchSourceBridgeheadServersDN", Named, Named),
    (SEND, "CN=To hub,", "objectClass", Named, Named),
    (ROUTING, "CN=To 2016,", "msExchTargetBridgeheadServersDN", Named, Named),
    (ROUTING, "CN=Back,", "msExchSourceBridgeheadServersDN", Named, Named),
    (ROUTING, "CN=To 2016,", "objectClass", Named, Named),
    ("crossRef", "CN=CHILD,", "nCName", Named, Named),
    // The NetBIOS name and the place tell a domain too; a NetBIOS name is only needed for commands.
    ("crossRef", "CN=CHILD,", "systemFlags", Right, Right),
    ("crossRef", "CN=CHILD,", "nETBIOSName", Right, Right),
    ("crossRef", "CN=CHILD,", "objectClass", Named, Named),
    ("nTDSService", "CN=Directory Service,", "sPNMappings", Named, Named),
    ("nTDSService", "CN=Directory Service,", "objectClass", Right, Right),
    ("computer", "CN=EX01,", "servicePrincipalName", Named, Named),
    ("computer", "CN=EX01,", "sAMAccountName", Named, Named),
    ("computer", "CN=EX2003,", "dNSHostName", Named, Named),
    ("computer", "CN=OLD,", "userAccountControl", Named, Named),
    ("computer", "CN=EX01,", "objectClass", Named, Named),
    ("user", "CN=krbtgt,CN=Users,DC=contoso,", "servicePrincipalName", Named, Named),
    ("user", "CN=krbtgt,CN=Users,DC=contoso,", "sAMAccountName", Named, Named),
    ("user", "CN=krbtgt,CN=Users,DC=contoso,", "userAccountControl", Named, Named),
    ("user", "CN=krbtgt,CN=Users,DC=contoso,", "objectClass", Named, Named),
];

/// The findings and the state of each name, and what is missing.
struct Answer {
    findings: Vec<String>,
    problems: Vec<Gap>,
    /// The searches that tell what may be read, without those for accounts in batches.
    searches: usize,
}

impl Answer {
    fn names(&self, object: &str, attribute: &str) -> bool {
        let name = object.split(',').next().unwrap().trim_start_matches("CN=");
        let unread = format!("{name} was not read");
        let is_named = |gap: &Gap| gap.place.starts_with(object) || gap.what.contains(object);
        self.problems.iter().any(|gap| is_named(gap) || gap.what.contains(attribute) || gap.what.starts_with(&unread))
    }
}

#[test]
fn whatever_is_hidden_the_answer_is_right_or_says_what_is_missing() {
    let whole = answer(&forest());
    assert_eq!(whole.problems, [], "{:?}", whole.findings);
    let mut faults = Vec::new();
    for (kind, object, attribute, on_one, on_all) in CASES.iter().copied() {
        let is_one = |other: &Object| is_of_kind(other, kind) && other.dn.starts_with(object);
        let is_any = |other: &Object| is_of_kind(other, kind);
        for (whose, affected, expected) in
            [("one", &is_one as &dyn Fn(&Object) -> bool, on_one), ("all", &is_any, on_all)]
        {
            let hidden = answer(&with_hidden(affected, attribute));
            let outcome = outcome(&whole, &hidden, object, attribute);
            println!("{kind} | {object} | {attribute} | {whose} | {outcome:?} | {} searches", hidden.searches);
            if outcome != expected || hidden.searches > 2 {
                faults.push(format!(
                    "{attribute} of {whose}, {object}: {outcome:?}, not {expected:?}: {:?}",
                    hidden.problems
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Otherwise the cases above would show nothing.
#[test]
fn every_attribute_that_is_missed_is_one_that_the_findings_rest_on() {
    let whole = answer(&forest());
    // The names that krbtgt holds are needed by nobody, but an account without any is looked at.
    let is_mark = |case: &Case| case.0 == "user" && case.2 == "servicePrincipalName";
    for (kind, object, attribute, _, _) in CASES.iter().filter(|case| case.3 == Named && !is_mark(case)) {
        let mut objects = forest();
        let mut changed = 0;
        for other in objects.iter_mut().filter(|other| is_of_kind(other, kind) && other.dn.starts_with(object)) {
            other.clear(attribute);
            changed += 1;
        }
        let absent = answer(&objects);
        assert_eq!(changed, 1, "{object}");
        assert!(absent.findings != whole.findings || !absent.problems.is_empty(), "{attribute} of {object}");
    }
}

/// It is found by its logon name and by `HOST/` names. Whoever may read neither sees no account, as where there is none: not to be told.
#[test]
fn an_account_that_cannot_be_found_by_any_name_is_taken_for_none() {
    let mut objects = forest();
    let account = objects.iter_mut().find(|object| object.dn.starts_with("CN=EX2003,CN=Computers")).unwrap();
    account.clear("servicePrincipalName");
    account.hidden.push("sAMAccountName".to_owned());
    let hidden = answer(&objects);
    assert_eq!(hidden.problems, []);
    let is_missed = |finding: &String| finding.starts_with("error no-computer-account/ex2003");
    assert!(hidden.findings.iter().any(is_missed), "{:?}", hidden.findings);
}

/// An account with this name and none of the others, whose logon name is hidden.
fn with_only(name: Option<&str>) -> Vec<Object> {
    let mut objects = forest();
    let account = objects.iter_mut().find(|object| object.dn.starts_with("CN=EX01,CN=Computers")).unwrap();
    account.clear("servicePrincipalName");
    if let Some(name) = name {
        account.set("servicePrincipalName", name);
        account.clear("dNSHostName");
    }
    name_category(account);
    account.hidden.push("sAMAccountName".to_owned());
    objects
}

/// By whichever name it is found, the one that is hidden is missed: to Active Directory it is neither there nor absent.
#[test]
fn an_account_whose_logon_name_is_hidden_is_missed_by_whatever_name_it_is_found() {
    let names = ["SMTPSVC/ex01.contoso.com", "SMTPSVC/other.contoso.com", "HOST/ex01.contoso.com", "HOST/ex01"];
    for name in names.map(Some).into_iter().chain([None]) {
        let hidden = answer(&with_only(name));
        let is_missed =
            |gap: &Gap| gap.what.contains("sAMAccountName was not read") && gap.what.contains("CN=EX01,CN=Computers");
        assert!(hidden.problems.iter().any(is_missed), "{name:?}: {:?} {:?}", hidden.problems, hidden.findings);
        assert!(hidden.problems.iter().all(|gap| !gap.fix.is_empty()), "{:?}", hidden.problems);
    }
}

/// A user has no name in DNS, and not everyone may see that. Nothing is missing.
#[test]
fn what_an_account_cannot_have_is_not_missed() {
    let mut objects = forest();
    let relay = |domain: &str, held: &[&str]| {
        let mut user = user("relay", domain, held);
        name_category(&mut user);
        user.hidden.push("dNSHostName".to_owned());
        user
    };
    objects.push(relay(ROOT, &["SMTPSVC/relay.contoso.com"]));
    objects.push(relay(CHILD, &[]));
    assert_eq!(answer(&objects).problems, []);
    objects.last_mut().unwrap().hidden.push("servicePrincipalName".to_owned());
    let hidden = answer(&objects);
    assert!(hidden.problems.len() == 1 && hidden.names("CN=relay,CN=Users,DC=child", "-"), "{:?}", hidden.problems);
}

fn outcome(whole: &Answer, hidden: &Answer, object: &str, attribute: &str) -> Outcome {
    if hidden.names(object.trim_end_matches(','), attribute) {
        Named
    } else if hidden.problems.is_empty() && hidden.findings == whole.findings {
        Right
    } else {
        Outcome::Wrong
    }
}

fn is_of_kind(object: &Object, kind: &str) -> bool {
    // The class that an object is comes last.
    object.values.iter().rfind(|(name, _)| name == "objectClass").is_some_and(|(_, class)| class == kind)
}

fn with_hidden(affected: &dyn Fn(&Object) -> bool, attribute: &str) -> Vec<Object> {
    let mut objects = forest();
    objects.iter_mut().filter(|object| affected(object)).for_each(|object| object.hidden.push(attribute.to_owned()));
    objects
}

/// What the whole program answers where these objects are to be read: from a domain controller of the root domain and its catalog.
fn answer(objects: &[Object]) -> Answer {
    let address: Ipv4Addr = own_address();
    let is_account = |object: &&Object| !object.dn.ends_with(CONFIGURATION);
    let is_own = |object: &&Object| !object.dn.ends_with(CHILD);
    let catalog = serve((address, 3268), root("TRUE"), objects.iter().filter(is_account).cloned().collect(), None);
    let controller = serve((address, 0), root("TRUE"), objects.iter().filter(is_own).cloned().collect(), None);
    let live = ldap::read(&Settings { page_size: 1000, ..settings(&[&controller]) }, &mut ()).unwrap();
    let directory = Directory::new(&live.reading);
    let judgement = judge(&directory);
    let problems = judgement.gaps().cloned().collect();
    let report = Report::new(&judgement, Source::Ldif { files: Vec::new() }, Dialect::default());
    let found =
        report.findings.iter().map(|finding| format!("{} {} {:?}", finding.severity, finding.id, finding.endpoints));
    let states = report.servers.iter().flat_map(|server| {
        server.spns.iter().map(|spn| format!("{} {} {}", server.name, spn.spn, spn.status)).collect::<Vec<_>>()
    });
    let is_about_rights = |filter: &&String| filter.contains("lDAPDisplayName") || filter.contains("Not(");
    let filters = [controller.filters(), catalog.filters()].concat();
    let searches = filters.iter().filter(is_about_rights).filter(|filter| !filter.contains("sAMAccountName")).count();
    Answer { findings: found.chain(states).collect(), problems, searches }
}

/// An organisation in which each attribute changes what is found.
fn forest() -> Vec<Object> {
    let mut objects = configuration(&[ROOT, CHILD], &["ex01.contoso.com"]);
    objects.extend(receive_connectors());
    objects.extend(edge());
    objects.extend(exchange_2003());
    objects.extend(connectors());
    objects.iter_mut().for_each(name_category);
    objects.extend(schema());
    objects.extend(accounts());
    objects
}

/// The attributes as the schema describes them.
fn schema() -> impl Iterator<Item = Object> {
    Attribute::ALL.iter().map(|attribute| {
        let name = attribute.name();
        object(
            &format!("CN={name},CN=Schema,{CONFIGURATION}"),
            &[("objectClass", "attributeSchema"), ("lDAPDisplayName", name)],
        )
    })
}

/// Gives an object the category that goes with its class.
fn name_category(object: &mut Object) {
    let class = object.values.iter().rfind(|(name, _)| name == "objectClass").unwrap().1.clone();
    if !object.values.iter().any(|(name, _)| name == "objectCategory") {
        object.values.push(("objectCategory".to_owned(), format!("CN={class},CN=Schema,{CONFIGURATION}")));
    }
}

/// Connectors of EX01 of which each is judged as it is because of one attribute.
fn receive_connectors() -> [Object; 6] {
    let host = |name: &str| format!("{name}.contoso.com");
    let with = |name: &str, fqdn: &str, security: &str, more: &[(&str, &str)]| {
        let mut object = connector(name, "ex01", fqdn, security);
        for (attribute, value) in more {
            object.set(attribute, value);
        }
        object
    };
    [
        with("Relay", &host("relay"), EXCHANGE_SERVER, &[]),
        with("Basic", &host("basic"), "4", &[]),
        with("Clients", &host("clients"), "2", &[("msExchSmtpReceiveProtocolRestrictions", "16")]),
        with("Short", "ex01", EXCHANGE_SERVER, &[("msExchSmtpReceiveProtocolOptions", "4096")]),
        with("Unified", &host("unified"), EXCHANGE_SERVER, &[("msExchSmtpReceiveRole", "8")]),
        with("Disabled", &host("disabled"), EXCHANGE_SERVER, &[("msExchSmtpReceiveEnabled", "FALSE")]),
    ]
}

/// An Edge Transport server, which is not judged, but would be without its roles.
fn edge() -> [Object; 2] {
    let server = server_2016("EDGE", "edge.contoso.com").with("msExchCurrentServerRoles", "64");
    [server, connector("Default EDGE", "EDGE", "edge.contoso.com", "31")]
}

/// Exchange 2003 with virtual servers of which each is judged as it is because of one attribute.
fn exchange_2003() -> Vec<Object> {
    let endpoint = |number: &str, fqdn: &str, (attribute, value): (&str, &str)| {
        let dn = format!("CN={number},CN=SMTP,CN=Protocols,CN=EX2003,{SERVERS}");
        virtual_server("EX2003", fqdn).called(dn).with("cn", number).with(attribute, value)
    };
    vec![
        server_2003("EX2003", "ex2003.contoso.com"),
        endpoint("1", "mail.contoso.com", ("msExchAuthenticationFlags", "7")),
        endpoint("2", "off.contoso.com", ("msExchAuthenticationFlags", "3")),
        endpoint("3", "ntlm.contoso.com", ("msExchNTAuthenticationProviders", "NTLM")),
        endpoint("4", "stopped.contoso.com", ("msExchServerAutoStart", "FALSE")),
        endpoint("5", "back.contoso.com", ("msExchAuthenticationFlags", "3")),
    ]
}

/// Connectors that send.
fn connectors() -> [Object; 4] {
    let place = |name: &str| format!("CN={name},CN=Connections,CN=RG,CN=Routing Groups,{ORGANISATION}");
    let below = |name: &str, server: &str| format!("CN={name},CN=SMTP,CN=Protocols,CN={server},{SERVERS}");
    let send = |name: &str, enabled: &str, fqdn: &str| {
        send_connector(name, &below("1", "ex01"), fqdn)
            .with("msExchSmtpSendEnabled", enabled)
            .with("msExchSmtpSmartHost", "hub.fabrikam.com")
    };
    let routing = |name: &str, end: &str, number: &str| {
        let values = [("objectClass", "top"), ("objectClass", ROUTING), ("cn", name), (end, &below(number, "EX2003"))];
        object(&place(name), &values)
    };
    [
        send("To hub", "TRUE", "out.contoso.com"),
        send("Unused", "FALSE", "unused.contoso.com"),
        routing("To 2016", "msExchTargetBridgeheadServersDN", "2"),
        routing("Back", "msExchSourceBridgeheadServersDN", "5"),
    ]
}

/// The machines, one of which calls itself otherwise and one is disabled, and one in the other domain that holds a name of EX01's.
fn accounts() -> Vec<Object> {
    let names = |host: &str, classes: &[&str]| -> Vec<String> {
        let qualified = format!("{host}.contoso.com");
        classes.iter().flat_map(|class| [format!("{class}/{host}"), format!("{class}/{qualified}")]).collect()
    };
    let machine = |name: &str, domain: &str, spns: &[String]| {
        computer(name, domain, &spns.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let mut own = names("ex01", &["HOST", "SMTPSVC"]);
    own.retain(|name| name != "SMTPSVC/ex01");
    let mut old = machine("OLD", ROOT, &["SMTPSVC/mail.contoso.com".to_owned()]);
    old.set("userAccountControl", "4098");
    let mut renamed = machine("EX2003", ROOT, &names("ex2003", &["HOST", "SMTPSVC"]));
    renamed.set("dNSHostName", "renamed.contoso.com");
    let mut accounts = vec![
        machine("EX01", ROOT, &own),
        renamed,
        old,
        machine("FILE", CHILD, &["SMTPSVC/ex01.contoso.com".to_owned()]),
    ];
    accounts.extend([ROOT, CHILD].into_iter().flat_map(every_domain_has));
    accounts
}
