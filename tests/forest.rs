//! Reading from a scripted server: forests of several domains, servers that fail, and servers that are hostile.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

#[path = "live/organisation.rs"]
mod organisation;
#[path = "live/reading.rs"]
mod reading;
#[allow(dead_code, reason = "every test program uses a part of it")]
#[path = "live/server.rs"]
mod server;

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ldap3_proto::proto::LdapResultCode;
use organisation::{CHILD, ROOT, computer, configuration, root};
use reading::{controller, gaps, read, settings};
use server::{Object, Trick, object, own_address, serve};
use spn_doctor::input::ldap::{self, Live, SearchReport, Settings, Trouble};
use spn_doctor::input::recording;
use spn_doctor::model::directory::Directory;
use spn_doctor::model::entry::Entry;
use spn_doctor::model::schema::Attribute;

const HOLDERS: &str = "SMTPSVC";

/// A forest of one domain, two servers, and their accounts: one a holder, one not.
fn small_forest() -> Vec<Object> {
    let mut objects = configuration(&[ROOT], &["ex01.contoso.com", "ex02.contoso.com"]);
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
            "CN=EX01,CN=Computers,DC=contoso,DC=com",
            "CN=EX02,CN=Computers,DC=contoso,DC=com",
            "CN=OTHER,CN=Computers,DC=contoso,DC=com"
        ]
    );
    let pages: Vec<_> = log.0.iter().map(|report| (report.entries, report.pages)).collect();
    assert_eq!(pages, [(1, 1), (2, 1), (4, 2), (0, 1), (1, 1), (2, 1), (2, 1)]);
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
    let reading = recording::read(&[file.path().to_owned()]).unwrap();
    assert!(reading.gaps.is_empty());
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
    objects.extend(configuration(&[], &["ex03.contoso.com", "ex04.contoso.com"]).into_iter().skip(3));
    objects.push(computer("EX03", ROOT, &["SMTPSVC/ex03.contoso.com:25"]));
    objects.push(computer("EX04", ROOT, &[]));
    let live = read(&[&controller(objects.clone(), None)]).unwrap();
    assert_eq!(gaps(&live), "");
    assert_eq!(live.reading.entries().map(text).collect::<Vec<_>>(), recorded(&objects));
}

#[test]
fn the_number_of_searches_does_not_grow_with_the_servers() {
    let names: Vec<String> = (0..60).map(|number| format!("ex{number}.contoso.com")).collect();
    let server = controller(configuration(&[ROOT], &names.iter().map(String::as_str).collect::<Vec<_>>()), None);
    let mut log = Log::default();
    ldap::read(&Settings { page_size: 1000, ..settings(&[&server]) }, &mut log).unwrap();
    assert_eq!(log.0.len(), 9);
}

#[test]
fn any_page_size_brings_the_same() {
    let mut objects = small_forest();
    objects.extend((0..97).map(|number| computer(&format!("C{number}"), ROOT, &[&format!("SMTPSVC/c{number}")])));
    let server = controller(objects, None);
    for page_size in [1, 2, 3, 50, 100, 1000] {
        let live = ldap::read(&Settings { page_size, ..settings(&[&server]) }, &mut ()).unwrap();
        assert_eq!(accounts(&live).len(), 100, "{page_size}");
        assert_eq!(gaps(&live), "");
    }
}

#[test]
fn several_domains_are_read_from_the_catalogue() {
    let address = own_address();
    let forest = configuration(&[ROOT, CHILD], &["ex01.contoso.com", "ex02.child.contoso.com"]);
    let root_accounts = [computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"])];
    let child_accounts = [
        computer("EX02", CHILD, &["HOST/ex02.child.contoso.com"]),
        computer("OTHER", CHILD, &["SMTPSVC/mail.contoso.com"]),
    ];
    let all: Vec<Object> = root_accounts.iter().chain(&child_accounts).cloned().collect();
    let own: Vec<Object> = forest.iter().chain(&root_accounts).cloned().collect();
    let catalogue = serve((address, 3268), root("TRUE"), all, None);
    let server = serve((address, 0), root("TRUE"), own.clone(), None);
    let live = read(&[&server]).unwrap();
    assert_eq!(gaps(&live), "");
    assert_eq!(accounts(&live).len(), 3);
    assert!(server.filters().iter().all(|filter| !filter.contains("SMTPSVC")), "{:?}", server.filters());
    let searches = catalogue.searches.lock().unwrap().clone();
    assert!(searches.iter().all(|(base, filter)| base.is_empty() || filter.contains("primaryGroupID")), "{searches:?}");
}

#[test]
fn without_a_catalogue_the_reading_is_incomplete_and_says_so() {
    let mut objects = configuration(&[ROOT, CHILD], &["ex01.contoso.com"]);
    objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"]));
    let server = controller(objects, None);
    let live = read(&[&server]).unwrap();
    assert_eq!(accounts(&live).len(), 1);
    assert!(
        gaps(&live).starts_with("global catalogue: the forest has several domains (child.contoso.com, contoso.com)")
    );
}

/// A forest of two domains, and a controller that hides the answers to some search, or whose catalogue hides a whole domain.
fn two_domains(controller_hides: Option<&str>, catalogue_hides: Option<&str>, domains: &[&str]) -> Live {
    let address = own_address();
    let accounts = vec![
        computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/EX01", "SMTPSVC/ex01.contoso.com"]),
        computer("OTHER", CHILD, &["SMTPSVC/mail.contoso.com"]),
    ];
    let mut own = configuration(domains, &["ex01.contoso.com"]);
    own.push(accounts[0].clone());
    let seen = accounts.into_iter().filter(|account| {
        let domain = account.dn.split_once(",CN=Computers,").unwrap().1;
        catalogue_hides != Some(domain)
    });
    // The search in this domain, and none of the others: those of the whole catalogue have no base.
    let part = catalogue_hides.map(|domain| format!("<{domain}> Equality(\"primaryGroupID\""));
    let trick = part.as_ref().map(|part| (part.as_str(), Trick::Hide));
    let _catalogue = serve((address, 3268), root("TRUE"), seen.collect(), trick);
    let trick = controller_hides.map(|part| (part, Trick::Hide));
    read(&[&serve((address, 0), root("TRUE"), own, trick)]).unwrap()
}

#[test]
fn a_domain_that_may_not_be_seen_is_a_gap_that_names_the_right() {
    assert_eq!(gaps(&two_domains(None, None, &[ROOT, CHILD])), "");
    for hidden in [ROOT, CHILD] {
        let said = gaps(&two_domains(None, Some(hidden), &[ROOT, CHILD]));
        assert!(said.starts_with(&format!("{hidden}: nothing of this domain was seen on ")), "{said}");
        assert!(said.contains("List Contents and Read Property") && said.lines().count() == 2, "{said}");
        assert!(said.ends_with(&format!("\n  dsacls \"{hidden}\" /I:T /G \"DOMAIN\\account:LCRP\"\n")), "{said}");
    }
    let only_exchange = || configuration(&[ROOT], &["ex01.contoso.com"]);
    let single = controller(only_exchange(), Some(("primaryGroupID", Trick::Hide)));
    assert!(gaps(&read(&[&single]).unwrap()).starts_with("DC=contoso,DC=com: nothing of this domain was seen"));
    let code = LdapResultCode::NoSuchObject;
    let refusing = controller(only_exchange(), Some(("primaryGroupID", Trick::Result(code, 0))));
    assert!(gaps(&read(&[&refusing]).unwrap()).contains("not even its domain controllers (result 32"));
}

#[test]
fn a_domain_whose_cross_reference_is_hidden_is_a_gap() {
    // Of whom the controller of the root domain shows only the child: then there are others it does not show.
    let said = gaps(&two_domains(None, None, &[CHILD]));
    assert!(said.contains("not all domains of the forest are known: the crossRef of contoso.com"), "{said}");
    assert_eq!(said.lines().count(), 1, "the accounts of both were read all the same: {said}");
    let said = gaps(&two_domains(Some("crossRef"), None, &[ROOT, CHILD]));
    assert!(said.contains("the domains of the forest are not known"), "{said}");
}

#[test]
fn a_catalogue_that_dies_leaves_nothing_half_read() {
    let address = own_address();
    let mut forest = configuration(&[ROOT, CHILD], &["ex01.contoso.com"]);
    let account = computer("EX01", ROOT, &["HOST/ex01.contoso.com"]);
    let foreign = computer("OTHER", CHILD, &["SMTPSVC/mail.contoso.com"]);
    let _catalogue =
        serve((address, 3268), root("TRUE"), vec![foreign, account.clone()], Some(("HOST/", Trick::Die(1))));
    forest.push(account);
    let server = serve((address, 0), root("TRUE"), forest, None);
    let live = read(&[&server]).unwrap();
    assert_eq!(accounts(&live), ["CN=EX01,CN=Computers,DC=contoso,DC=com"]);
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
        assert_eq!(accounts(&live).len(), 3, "{trick:?}");
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
            "the Exchange organisation could not be read: it is not there, or",
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
    let server = controller(configuration(&[ROOT], &[]), None);
    let live = read(&[&server]).unwrap();
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
        assert!(
            refused(HOLDERS, &Trick::Range(range)).contains("an attribute of which nobody can tell what is missing")
        );
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
        assert_eq!((accounts(&live).len(), gaps(&live)), (3, String::new()));
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
        // An object without a name, under the number of the seventh request, which this one is.
        (vec![0x30, 0x05, 0x02, 0x01, 0x07, 0x64, 0x00], "no LDAP message"),
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
