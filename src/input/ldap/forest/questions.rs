//! The searches: a fixed set, whatever the number of servers, except that accounts are asked for in batches.

use std::collections::HashSet;

use ldap3::ldap_escape;

use crate::input::query::{CONFIGURATION_CLASSES, Wanted, computer_called};
use crate::model::directory::Directory;
use crate::model::entry::{Entry, Reading};
use crate::model::exchange::Server;
use crate::model::schema::{self, Attribute};
use crate::model::spn::Spn;

/// How many names are asked for at a time.
const BATCH: usize = 100;

/// The naming contexts.
pub(super) const PARTITIONS: &str = "(objectClass=crossRef)";
/// One object, whatever it is.
pub(super) const ANYTHING: &str = "(objectClass=*)";
/// Everyone who answers for SMTP.
pub(super) const HOLDERS: &str = "(servicePrincipalName=SMTPSVC/*)";

/// The accounts of domain controllers, by the group that they are members of.
pub(super) const CONTROLLERS: &str = "(primaryGroupID=516)";

/// The attributes that the judgement needs.
pub(super) fn attributes() -> Vec<&'static str> {
    Attribute::ALL.iter().map(|attribute| attribute.name()).collect()
}

/// Exchange servers and their endpoints.
pub(super) fn exchange() -> String {
    let classes = CONFIGURATION_CLASSES.iter().filter(|class| **class != schema::CROSS_REF);
    any_of(classes.map(|class| format!("(objectClass={class})")))
}

/// Those accounts of servers that did not come with the holders, in batches.
///
/// That an account came does not settle the matter: if another computer holds `HOST/<FQDN>` too, and nothing of SMTPSVC,
/// nobody can say whose name it is. So that name is asked for in any case, and the NetBIOS name of servers still without an
/// account. Where the administrator made HOST stand for SMTPSVC, all names are.
pub(super) fn accounts(reading: &Reading, has_several_domains: bool) -> Vec<String> {
    let mut wanted = Wanted::default();
    reading.entries().for_each(|entry| wanted.learn_accounts(entry));
    let holds_names = |entry: &Entry| entry.has(Attribute::ServicePrincipalName);
    let of_servers = reading.entries().filter(|entry| !holds_names(entry) || wanted.is_account(entry));
    let directory = Directory::of(of_servers, Vec::new());
    let mut terms = Vec::new();
    for server in &directory.servers {
        terms.extend(server.names.fqdns.iter().map(|fqdn| host_term(fqdn.as_str())));
        if directory.account_of(server).one().is_none() {
            terms.push(term(Attribute::SamAccountName, &server.names.sam_account_name()));
        }
        if directory.host_covers_smtpsvc {
            let announced = server.endpoints.iter().filter_map(|endpoint| endpoint.fqdn.as_deref());
            terms.extend(announced.chain([server.names.netbios.as_str()]).map(host_term));
        }
    }
    terms.extend(namesakes(reading, &directory.servers, has_several_domains));
    terms.sort();
    terms.dedup();
    terms.chunks(BATCH).map(|batch| any_of(batch.iter().cloned())).collect()
}

/// The computers that could be taken for a holder of a required name where it is named without its domain, as the setspn of
/// Windows 2003 wants it. Within one domain only a user has such a namesake.
fn namesakes(reading: &Reading, servers: &[Server], has_several_domains: bool) -> Vec<String> {
    let names = |server: &Server| -> Vec<String> {
        let announced = server.endpoints.iter().filter_map(|endpoint| endpoint.fqdn.as_deref());
        server.names.all().chain(announced).map(|name| Spn::smtpsvc(name).key().to_owned()).collect()
    };
    let required: HashSet<String> = servers.iter().flat_map(names).collect();
    let is_required = |value: &str| required.contains(Spn::held(value).key());
    let has_namesake = |entry: &&Entry| {
        (has_several_domains || !entry.is_a(schema::COMPUTER))
            && entry.values(Attribute::ServicePrincipalName).any(is_required)
    };
    let names = reading.entries().filter(has_namesake).flat_map(|entry| entry.values(Attribute::SamAccountName));
    names.map(|name| term(Attribute::SamAccountName, &computer_called(name))).collect()
}

/// Those of these accounts that really hold no name. One whose names may not be read does not match: to whoever may not
/// read an attribute, nothing is true of it, not even that it is absent.
pub(super) fn without_names<'a>(sam_account_names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let terms: Vec<String> = sam_account_names.map(|name| term(Attribute::SamAccountName, name)).collect();
    let batches = terms.chunks(BATCH).map(|batch| any_of(batch.iter().cloned()));
    batches.map(|batch| format!("(&{batch}(!(servicePrincipalName=*)))")).collect()
}

fn host_term(name: &str) -> String {
    term(Attribute::ServicePrincipalName, Spn::host(name).as_str())
}

fn term(attribute: Attribute, value: &str) -> String {
    format!("({}={})", attribute.name(), ldap_escape(value))
}

fn any_of(terms: impl Iterator<Item = String>) -> String {
    format!("(|{})", terms.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::dn::Dn;
    use crate::model::entry::Entry;

    fn entry(dn: &str, attributes: &[(&str, &str)]) -> Entry {
        let mut entry = Entry::new(Dn::parse(dn).unwrap());
        for (name, value) in attributes {
            entry.add(name, value.as_bytes());
        }
        entry
    }

    fn server(name: &str) -> Entry {
        let address = format!("ncacn_ip_tcp:{name}.contoso.com");
        entry(
            &format!("CN={name},CN=Servers,DC=com"),
            &[("objectClass", schema::EXCHANGE_SERVER), ("cn", name), ("networkAddress", &address)],
        )
    }

    #[test]
    fn only_what_the_holders_leave_open_is_asked() {
        let mut reading = Reading::default();
        reading.add(server("ex01"));
        reading.add(server("ex*2"));
        let account = [("objectClass", "computer"), ("servicePrincipalName", "HOST/ex01.contoso.com")];
        reading.add(entry("CN=ex01,DC=com", &account));
        assert_eq!(
            accounts(&reading, false),
            ["(|(sAMAccountName=ex\\2a2$)(servicePrincipalName=HOST/ex01.contoso.com))"]
        );
    }

    #[test]
    fn where_host_stands_for_smtpsvc_everyone_who_answers_to_a_name_is_asked_for() {
        let mut reading = Reading::default();
        reading.add(server("ex01"));
        let connector =
            [("objectClass", schema::RECEIVE_CONNECTOR), ("msExchSMTPReceiveConnectorFQDN", "mail.contoso.com")];
        reading.add(entry("CN=Default,CN=ex01,CN=Servers,DC=com", &connector));
        assert!(!accounts(&reading, false).concat().contains("HOST/mail.contoso.com"));
        reading.add(entry("CN=Directory Service,DC=com", &[("sPNMappings", "host=http,smtpsvc")]));
        for name in ["HOST/mail.contoso.com", "HOST/ex01.contoso.com", "HOST/ex01)"] {
            assert!(accounts(&reading, false).concat().contains(name), "{name}");
        }
    }

    #[test]
    fn who_could_be_taken_for_a_holder_is_asked_for() {
        let mut reading = Reading::default();
        reading.add(server("ex01"));
        let holds = |class, sam| {
            [("objectClass", class), ("sAMAccountName", sam), ("servicePrincipalName", "smtpsvc/EX01.contoso.com")]
        };
        reading.add(entry("CN=relay,DC=com", &holds("user", "Relay")));
        reading.add(entry("CN=old,DC=com", &holds("computer", "OLD01$")));
        let asked = |several| accounts(&reading, several).concat();
        assert!(asked(false).contains("(sAMAccountName=relay$)") && !asked(false).contains("old01"));
        assert!(asked(true).contains("(sAMAccountName=relay$)") && asked(true).contains("(sAMAccountName=old01$)"));
    }

    #[test]
    fn many_servers_are_asked_for_in_batches() {
        let mut reading = Reading::default();
        (0..250).for_each(|number| reading.add(server(&format!("ex{number}"))));
        assert_eq!(accounts(&reading, false).len(), 5);
        assert!(accounts(&Reading::default(), false).is_empty());
    }

    #[test]
    fn every_filter_can_be_read() {
        let all = [PARTITIONS.to_owned(), CONTROLLERS.to_owned(), ANYTHING.to_owned(), HOLDERS.to_owned(), exchange()];
        for filter in all.into_iter().chain(without_names(["a(b)*\\$"].into_iter())) {
            assert!(ldap3::parse_filter(&filter).is_ok(), "{filter}");
        }
    }
}
