//! Reading from a scripted server: forests of several domains, servers that fail, and servers that are hostile.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::support::organisation::{
    CHILD, Object, ROOT, computer, configuration, every_domain_has, exchange_server, object, organisation, root,
};
use crate::support::reading::{controller, fixes, gaps, read, settings};
use crate::support::server::{Trick, own_address, serve};
use ldap3_proto::proto::LdapResultCode;
use spn_doctor::directory::Directory;
use spn_doctor::directory::entry::Entry;
use spn_doctor::directory::schema::{Attribute, Purpose};
use spn_doctor::input::ldap::{self, Live, SearchReport, Settings};
use spn_doctor::input::recording;
use spn_doctor::trouble::Trouble;

const HOLDERS: &str = "SMTPSVC";

/// A forest of one domain, two servers, and their accounts: one a holder, one not.
fn small_forest() -> Vec<Object> {
    let mut objects = organisation(&["ex01.contoso.com", "ex02.contoso.com"]);
    objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"]));
    objects.push(computer("EX02", ROOT, &["HOST/ex02.contoso.com"]));
    objects.push(computer("OTHER", ROOT, &["SMTPSVC/mail.contoso.com"]));
    objects.push(computer("NOBODY", ROOT, &["HOST/nobody.contoso.com"]));
    objects
}

#[derive(Default)]
struct Log(Vec<SearchReport>);

impl ldap::Progress for Log {
    fn search(&mut self, report: &SearchReport) {
        self.0.push(report.clone());
    }
}

fn accounts(live: &Live) -> Vec<String> {
    let accounts = live.reading.entries().filter(|entry| entry.has(Attribute::SamAccountName));
    accounts.map(|entry| entry.dn.to_string()).collect()
}

/// Neither of two hostile servers may be taken for a directory, and the second must have been tried.
fn refused(part: &str, trick: &Trick) -> String {
    let servers = [(); 2].map(|()| controller(small_forest(), Some((part, trick.clone()))));
    let started = Instant::now();
    let error = read(&[&servers[0], &servers[1]]).expect_err("a hostile server was believed");
    assert!(error.downcast_ref::<Trouble>().unwrap().advice().is_some(), "no hint: {error}");
    assert!(started.elapsed() < Duration::from_secs(15));
    assert_eq!(servers[1].connections.load(Ordering::Relaxed), 1, "{error:#}");
    format!("{error:#}")
}

#[test]
fn one_domain_is_read_from_its_controller_alone() {
    let server = controller(small_forest(), None);
    let mut log = Log::default();
    let live = ldap::read(&settings(&[&server]), &mut log).unwrap();
    assert_eq!(gaps(&live), "");
    assert_eq!((live.forest.as_str(), live.domain.as_str()), ("contoso.com", "contoso.com"));
    assert_eq!(
        accounts(&live),
        [
            "CN=DC1,OU=Domain Controllers,DC=contoso,DC=com",
            "CN=EX01,CN=Computers,DC=contoso,DC=com",
            "CN=EX02,CN=Computers,DC=contoso,DC=com",
            "CN=krbtgt,CN=Users,DC=contoso,DC=com",
            "CN=OTHER,CN=Computers,DC=contoso,DC=com"
        ]
    );
    let pages: Vec<_> = log.0.iter().map(|report| (report.entries, report.pages)).collect();
    // What it is; the domains; two servers with four objects each below them; which attributes the schema has; what was lost;
    // sPNMappings; who answers for SMTP; both servers' accounts, whichever came already, krbtgt and the domain controller.
    assert_eq!(pages, [(1, 1), (2, 1), (10, 5), (0, 1), (0, 1), (1, 1), (2, 1), (4, 2)]);
    assert!(server.filters().iter().all(|filter| !filter.contains("dNSHostName")));
}

/// What a recording of all objects would leave.
fn recorded(objects: &[Object]) -> Vec<String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for object in objects {
        writeln!(file, "dn: {}", object.dn).unwrap();
        object.values.iter().for_each(|(name, value)| writeln!(file, "{name}: {value}").unwrap());
        writeln!(file).unwrap();
    }
    let reading = recording::read(&[file.path().to_owned()], Purpose::Check).unwrap();
    assert_eq!(reading.gaps, []);
    reading.entries().map(text).collect()
}

fn text(entry: &Entry) -> String {
    format!("{} {:?}", entry.dn, entry.attributes().collect::<Vec<_>>())
}

#[test]
fn a_live_reading_is_what_a_recording_of_everything_would_be() {
    let mut objects = small_forest();
    // A second computer that answers to a server's name, and nothing of SMTPSVC: whose name is it?
    objects.push(computer("OLD01", ROOT, &["HOST/ex01.contoso.com"]));
    objects.extend(["ex03.contoso.com", "ex04.contoso.com"].iter().flat_map(|fqdn| exchange_server(fqdn)));
    objects.push(computer("EX03", ROOT, &["SMTPSVC/ex03.contoso.com:25"]));
    objects.push(computer("EX04", ROOT, &[]));
    let live = read(&[&controller(objects.clone(), None)]).unwrap();
    assert_eq!(gaps(&live), "");
    assert_eq!(live.reading.entries().map(text).collect::<Vec<_>>(), recorded(&objects));
}

#[test]
fn the_number_of_searches_does_not_grow_with_the_servers() {
    let names: Vec<String> = (0..60).map(|number| format!("ex{number}.contoso.com")).collect();
    let server = controller(organisation(&names.iter().map(String::as_str).collect::<Vec<_>>()), None);
    let mut log = Log::default();
    ldap::read(&Settings { page_size: 1000, ..settings(&[&server]) }, &mut log).unwrap();
    // As for two servers, but the accounts are asked for by three names each, a hundred at a time; and as none came, once more by what
    // they call themselves.
    assert_eq!(log.0.len(), 10);
}

#[test]
fn every_server_is_looked_for_by_all_its_names_even_where_its_account_came_with_the_holders() {
    let server = controller(small_forest(), None);
    read(&[&server]).unwrap();
    let mut filters = server.filters();
    filters.dedup();
    let asked = filters.concat();
    for host in ["ex01", "ex01.contoso.com", "ex02", "ex02.contoso.com"] {
        let term = format!("Equality(\"servicePrincipalName\", \"HOST/{host}\")");
        assert_eq!(asked.matches(&term).count(), 1, "{term}: {asked}");
    }
    for logon in ["ex01$", "ex02$", "krbtgt"] {
        let term = format!("Equality(\"sAMAccountName\", \"{logon}\")");
        assert_eq!(asked.matches(&term).count(), 1, "{term}: {asked}");
    }
}

#[test]
fn any_page_size_brings_the_same() {
    let mut objects = small_forest();
    objects.extend((0..97).map(|number| computer(&format!("C{number}"), ROOT, &[&format!("SMTPSVC/c{number}")])));
    let server = controller(objects, None);
    for page_size in [1, 2, 3, 50, 100, 1000] {
        let live = ldap::read(&Settings { page_size, ..settings(&[&server]) }, &mut ()).unwrap();
        assert_eq!(accounts(&live).len(), 102, "{page_size}");
        assert_eq!(gaps(&live), "");
    }
}

#[test]
fn several_domains_are_read_from_the_catalog() {
    let address = own_address();
    let forest = configuration(&[ROOT, CHILD], &["ex01.contoso.com", "ex02.child.contoso.com"]);
    let [krbtgt, controller] = every_domain_has(ROOT);
    let server = computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"]);
    let root_accounts = [krbtgt, controller, server];
    let [krbtgt, controller] = every_domain_has(CHILD);
    let child_accounts = [
        krbtgt,
        controller,
        computer("EX02", CHILD, &["HOST/ex02.child.contoso.com"]),
        computer("OTHER", CHILD, &["SMTPSVC/mail.contoso.com"]),
    ];
    let all: Vec<Object> = root_accounts.iter().chain(&child_accounts).cloned().collect();
    let own: Vec<Object> = forest.iter().chain(&root_accounts).cloned().collect();
    let catalog = serve((address, 3268), root("TRUE"), all, None);
    let server = serve((address, 0), root("TRUE"), own.clone(), None);
    let live = read(&[&server]).unwrap();
    assert_eq!(gaps(&live), "");
    assert_eq!(accounts(&live).len(), 7);
    assert!(server.filters().iter().all(|filter| !filter.contains("SMTPSVC")), "{:?}", server.filters());
    let searches = catalog.searches.lock().unwrap().clone();
    assert!(searches.iter().all(|(base, _)| base.is_empty()), "{searches:?}");
}

#[test]
fn without_a_catalog_the_reading_is_incomplete_and_says_so() {
    let mut objects = configuration(&[ROOT, CHILD], &["ex01.contoso.com"]);
    objects.extend(every_domain_has(ROOT));
    objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"]));
    let server = controller(objects, None);
    let live = read(&[&server]).unwrap();
    assert_eq!(accounts(&live).len(), 3);
    let said = gaps(&live);
    assert!(said.contains("global catalog: the forest has several domains (child.contoso.com, contoso.com)"), "{said}");
    assert!(said.contains("child.contoso.com: krbtgt was not read") && said.lines().count() == 2, "{said}");
}

/// A forest of two domains, and a controller that hides the answers to some search, or whose catalog hides a whole domain.
fn two_domains(controller_hides: Option<&str>, catalog_hides: Option<&str>, domains: &[&str]) -> Live {
    let address = own_address();
    let ([krbtgt, controller], [other_krbtgt, other_controller]) = (every_domain_has(ROOT), every_domain_has(CHILD));
    let accounts = [
        krbtgt,
        controller,
        computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/EX01", "SMTPSVC/ex01.contoso.com"]),
        other_krbtgt,
        other_controller,
        computer("OTHER", CHILD, &["SMTPSVC/mail.contoso.com"]),
    ];
    let own = configuration(domains, &["ex01.contoso.com"]).into_iter().chain(accounts[..3].iter().cloned()).collect();
    let domain = |account: &Object| account.dn[account.dn.find("DC=").unwrap()..].to_owned();
    let seen = accounts.iter().filter(|account| catalog_hides != Some(&domain(account)));
    let _catalog = serve((address, 3268), root("TRUE"), seen.cloned().collect(), None);
    let trick = controller_hides.map(|part| (part, Trick::Hide));
    read(&[&serve((address, 0), root("TRUE"), own, trick)]).unwrap()
}

#[test]
fn a_domain_that_may_not_be_seen_is_a_gap_that_names_the_right() {
    assert_eq!(gaps(&two_domains(None, None, &[ROOT, CHILD])), "");
    for (hidden, name) in [(ROOT, "contoso.com"), (CHILD, "child.contoso.com")] {
        let live = two_domains(None, Some(hidden), &[ROOT, CHILD]);
        let said = gaps(&live);
        assert!(said.starts_with(&format!("{name}: krbtgt was not read, which every domain has")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        let right = format!("dsacls \"{hidden}\" /I:T /G \"DOMAIN\\account:LCRP\"");
        assert_eq!(fixes(&live).iter().map(|fix| fix.to_lowercase()).collect::<Vec<_>>(), [right.to_lowercase()]);
    }
}

#[test]
fn a_domain_whose_krbtgt_is_not_seen_is_a_gap_whatever_else_of_it_was_read() {
    let mut objects = small_forest();
    objects.retain(|object| !object.dn.contains("krbtgt"));
    let said = gaps(&read(&[&controller(objects, None)]).unwrap());
    assert!(said.starts_with("contoso.com: krbtgt was not read") && said.lines().count() == 1, "{said}");
    let code = LdapResultCode::NoSuchObject;
    let refusing = controller(small_forest(), Some(("krbtgt", Trick::Result(code, 0))));
    let said = gaps(&read(&[&refusing]).unwrap());
    assert!(said.contains("the accounts of the Exchange servers could not be read: it is not there, or"), "{said}");
    assert!(said.contains("contoso.com: krbtgt was not read"), "{said}");
}

#[test]
fn a_domain_whose_cross_reference_is_hidden_is_a_gap() {
    // Of whom the controller of the root domain shows only the child: then there are others it does not show.
    let said = gaps(&two_domains(None, None, &[CHILD]));
    assert!(said.starts_with("contoso.com: accounts of this domain were read, but no crossRef"), "{said}");
    assert_eq!(said.lines().count(), 1, "the accounts of both were read all the same: {said}");
    let said = gaps(&two_domains(Some("crossRef"), None, &[ROOT, CHILD]));
    assert!(said.contains("the domains of the forest are not known"), "{said}");
}

#[test]
fn a_catalog_that_dies_leaves_nothing_half_read() {
    let address = own_address();
    let mut forest = configuration(&[ROOT, CHILD], &["ex01.contoso.com"]);
    let account = computer("EX01", ROOT, &["HOST/ex01.contoso.com"]);
    let foreign = computer("OTHER", CHILD, &["SMTPSVC/mail.contoso.com"]);
    let _catalog = serve((address, 3268), root("TRUE"), vec![foreign, account.clone()], Some(("HOST/", Trick::Die(1))));
    forest.push(account);
    forest.extend(every_domain_has(ROOT));
    let server = serve((address, 0), root("TRUE"), forest, None);
    let live = read(&[&server]).unwrap();
    let own = ["CN=DC1,OU=Domain Controllers,", "CN=EX01,CN=Computers,", "CN=krbtgt,CN=Users,"];
    assert_eq!(accounts(&live), own.map(|account| format!("{account}DC=contoso,DC=com")));
    assert!(gaps(&live).contains("closed the connection"), "{}", gaps(&live));
}

#[test]
fn the_next_server_takes_over_from_one_that_fails() {
    let tricks = [
        Trick::Result(LdapResultCode::Busy, 0),
        Trick::Result(LdapResultCode::Unavailable, 1),
        Trick::Die(0),
        Trick::Die(1),
        Trick::Stall,
    ];
    for trick in tricks {
        let mut foreign = small_forest();
        foreign.push(computer("AAA-HALF-READ", ROOT, &["SMTPSVC/aaa.contoso.com"]));
        let failing = controller(foreign, Some((HOLDERS, trick.clone())));
        let good = controller(small_forest(), None);
        let live = read(&[&failing, &good]).unwrap();
        assert_eq!(live.server, good.name(), "{trick:?}");
        assert_eq!(accounts(&live).len(), 5, "{trick:?}");
        assert!(accounts(&live).iter().all(|dn| !dn.contains("HALF")), "{trick:?}");
    }
    let closed = controller(Vec::new(), None);
    let good = controller(small_forest(), None);
    let mut settings = settings(&[&closed, &good]);
    settings.servers[0] = format!("{}:1", closed.address.ip());
    assert_eq!(ldap::read(&settings, &mut ()).unwrap().server, good.name());
}

#[test]
fn a_stalled_server_ends_in_an_error_in_time() {
    let server = controller(small_forest(), Some((HOLDERS, Trick::Stall)));
    let started = Instant::now();
    let error = read(&[&server]).unwrap_err().to_string();
    assert!(error.contains("took longer than 5 seconds"), "{error}");
    let settings =
        Settings { timeout: Duration::from_millis(700), step_timeout: Duration::from_secs(20), ..settings(&[&server]) };
    let error = ldap::read(&settings, &mut ()).unwrap_err().to_string();
    assert!(error.contains("the reading took longer than 0.7 seconds"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_a_server_refuses_is_a_gap_with_cause_and_cure() {
    for (part, code, said) in [
        (
            HOLDERS,
            LdapResultCode::SizeLimitExceeded,
            "the holders of SMTPSVC names could not be read: the server's size limit",
        ),
        (HOLDERS, LdapResultCode::InsufficentAccessRights, "this account may not read it"),
        (HOLDERS, LdapResultCode::UnwillingToPerform, "the server is unwilling"),
        (
            "crossRef",
            LdapResultCode::TimeLimitExceeded,
            "the list of domains could not be read: the server's time limit",
        ),
        (
            "msExchExchangeServer",
            LdapResultCode::NoSuchObject,
            "the Exchange organization could not be read: it is not there, or",
        ),
        ("HOST/", LdapResultCode::AdminLimitExceeded, "the accounts of the Exchange servers could not be read"),
        (HOLDERS, LdapResultCode::Referral, "the server says it lies elsewhere"),
    ] {
        let server = controller(small_forest(), Some((part, Trick::Result(code.clone(), 1))));
        let live = read(&[&server]).unwrap();
        assert!(gaps(&live).contains(said), "{code:?}: {}", gaps(&live));
    }
}

#[test]
fn an_invisible_exchange_organisation_is_a_gap_that_names_the_right() {
    let live = read(&[&controller(organisation(&[]), None)]).unwrap();
    assert!(gaps(&live).contains("View-Only Organization Management"), "{}", gaps(&live));
}

#[test]
fn referrals_are_noted_and_matter_only_where_accounts_may_lie() {
    let harmless = Trick::Refer(vec!["ldap://contoso.com/CN=Configuration,DC=contoso,DC=com".to_owned()]);
    let live = read(&[&controller(small_forest(), Some((HOLDERS, harmless)))]).unwrap();
    assert_eq!(gaps(&live), "");
    for url in ["ldap://child.contoso.com/DC=child,DC=contoso,DC=com", "ldap://evil.example.com", "nonsense"] {
        let server = controller(small_forest(), Some((HOLDERS, Trick::Refer(vec![url.to_owned()]))));
        let live = read(&[&server]).unwrap();
        assert!(gaps(&live).contains(url), "{}", gaps(&live));
        assert_eq!(server.connections.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn ranges_are_followed_to_their_end() {
    let mut objects = small_forest();
    let names: Vec<String> = (0..4000).map(|number| format!("SMTPSVC/site{number}.contoso.com")).collect();
    objects.push(computer("MANY", ROOT, &names.iter().map(String::as_str).collect::<Vec<_>>()));
    let live = read(&[&controller(objects.clone(), None)]).unwrap();
    let many = live.reading.entries().find(|entry| entry.dn.name() == "MANY").unwrap();
    assert_eq!(many.values(Attribute::ServicePrincipalName).count(), 4000);
    assert_eq!(many.cut_off(), None);

    let endless = controller(objects.clone(), Some((";range", Trick::EndlessRange)));
    let error = read(&[&endless]).unwrap_err().to_string();
    assert!(error.contains("the values of an attribute never end"), "{error}");
    let same = controller(objects.clone(), Some((";range", Trick::SameRange)));
    let live = read(&[&same]).unwrap();
    assert!(live.reading.entries().any(|entry| entry.cut_off() == Some(Attribute::ServicePrincipalName)));
    for (code, objects_before) in [(LdapResultCode::NoSuchObject, 0), (LdapResultCode::SizeLimitExceeded, 1)] {
        let refusing = controller(objects.clone(), Some((";range", Trick::Result(code, objects_before))));
        let live = read(&[&refusing]).unwrap();
        assert!(live.reading.entries().any(|entry| entry.cut_off() == Some(Attribute::ServicePrincipalName)));
    }
}

#[test]
fn a_range_that_cannot_be_read_is_refused() {
    for range in ["range=foo", "range=-1-1", "range=0-99999999999999999999999"] {
        assert!(refused(HOLDERS, &Trick::Range(range)).contains("an attribute, and it is not clear what is missing"));
    }
}

#[test]
fn endless_answers_are_refused() {
    let same = refused(HOLDERS, &Trick::SamePage);
    assert!(same.contains("the same page"), "{same}");
    assert!(refused(HOLDERS, &Trick::EmptyPages).contains("an empty one"));
    assert!(refused(HOLDERS, &Trick::Flood).contains("more objects than were asked for"));
    assert!(refused(HOLDERS, &Trick::NoPagingControl).contains("left out the paging control"));
}

#[test]
fn an_object_that_comes_twice_with_different_contents_is_read_as_both() {
    // On the same page as the first one, and on one of its own.
    for page_size in [1, 2, 1000] {
        let mut again = computer("other", ROOT, &["SMTPSVC/ex01.contoso.com"]);
        again.values.push(("sAMAccountName".to_owned(), "SOMEBODY$".to_owned()));
        let mut objects = small_forest();
        objects.push(again);
        let server = controller(objects, None);
        let live = ldap::read(&Settings { page_size, ..settings(&[&server]) }, &mut ()).unwrap();
        assert_eq!((accounts(&live).len(), gaps(&live)), (5, String::new()));
        let other = live.reading.entries().find(|entry| entry.dn.name() == "OTHER").unwrap();
        for name in ["SMTPSVC/mail.contoso.com", "SMTPSVC/ex01.contoso.com"] {
            assert!(other.values(Attribute::ServicePrincipalName).any(|value| value == name), "{name}");
        }
        let (entries, gaps) = live.reading.into_parts();
        let entries: Vec<_> = entries.collect();
        let gaps = Directory::of(entries.iter(), gaps).gaps;
        assert!(gaps.iter().any(|gap| gap.what.contains("sAMAccountName has several values")), "{gaps:?}");
    }
}

#[test]
fn a_cross_reference_that_contradicts_itself_hides_no_domain() {
    let mut objects = configuration(&[ROOT, CHILD], &["ex01.contoso.com"]);
    objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"]));
    let mut child =
        objects.iter().find(|object| object.values.contains(&("nCName".to_owned(), CHILD.to_owned()))).unwrap().clone();
    child.values.iter_mut().filter(|(name, _)| name == "systemFlags").for_each(|(_, flags)| "1".clone_into(flags));
    objects.insert(0, child);
    assert!(gaps(&read(&[&controller(objects, None)]).unwrap()).contains("the forest has several domains"));
}

#[test]
fn the_one_object_that_was_asked_for_does_not_come_twice() {
    let mut objects = small_forest();
    let mappings = objects.iter().find(|object| object.dn.starts_with("CN=Directory Service")).unwrap();
    objects.push(object(&mappings.dn, &[("objectClass", "nTDSService"), ("sPNMappings", "host=smtpsvc")]));
    let error = read(&[&controller(objects, None)]).unwrap_err().to_string();
    assert!(error.contains("it sent one object twice"), "{error}");
}

#[test]
fn of_several_paging_controls_none_is_believed() {
    assert!(refused(HOLDERS, &Trick::TwoCookies).contains("several paging controls"));
}

#[test]
fn answers_to_other_questions_are_refused() {
    let outside = object("CN=EX01,DC=evil,DC=com", &[("objectClass", "computer")]);
    assert!(refused(HOLDERS, &Trick::Instead(outside)).contains("does not lie where it was asked to look"));
    assert!(refused(HOLDERS, &Trick::Instead(object("no name at all", &[]))).contains("does not lie where"));
    assert!(refused(HOLDERS, &Trick::OtherId).contains("a request that was never made"));
}

#[test]
fn what_comes_behind_the_end_of_an_answer_is_an_error() {
    // One search among others, one object read without pages, and the very last search.
    for (part, before) in [(HOLDERS, 0), (HOLDERS, 1), ("CN=Directory Service", 0), ("HOST/", 0), ("HOST/", 1)] {
        let said = refused(part, &Trick::Late(before));
        assert!(said.contains("a request that was never made, or was answered already"), "{part} {before}: {said}");
    }
}

#[test]
fn malformed_and_gigantic_messages_are_refused() {
    for (bytes, said) in [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "no LDAP message"),
        (vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], "a message of 2147483653 bytes"),
        (vec![0x30, 0x80, 0x02, 0x01, 0x01], "malformed BER"),
        // An object without a name, under the number of the eleventh request, which this one is.
        (vec![0x30, 0x05, 0x02, 0x01, 0x0b, 0x64, 0x00], "no LDAP message"),
        ([&[0x30, 0x83, 0x10, 0x00, 0x00][..], &vec![0x30; 0x10_0000]].concat(), "malformed BER"),
    ] {
        let error = refused(HOLDERS, &Trick::Raw(bytes));
        assert!(error.contains(said) || error.contains("no LDAP message"), "{error}");
    }
}

#[test]
fn what_is_no_domain_controller_says_so() {
    let server = serve((own_address(), 0), object("", &[("namingContexts", "dc=example")]), Vec::new(), None);
    let error = read(&[&server]).unwrap_err().to_string();
    assert!(error.contains("is no domain controller of Active Directory"), "{error}");
}
