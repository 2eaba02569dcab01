//! The searches: a fixed set, whatever the number of servers, except that accounts are asked for in batches.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::directory::entry::Reading;
use crate::directory::host::HostName;
use crate::directory::schema::{self, Attribute, Purpose};
use crate::directory::server::{self, Names};
use crate::directory::spn::Spn;
use crate::directory::text::fold;
pub(super) use crate::input::selection::{HOLDERS, PARTITIONS, exchange_filter};
use crate::input::selection::{Selection, term};

/// How many names are asked for at a time.
const BATCH: usize = 100;

/// One object, whatever it is.
pub(super) const ANYTHING: &str = "(objectClass=*)";

/// The attributes that are read for this purpose.
pub(super) fn attributes(purpose: Purpose) -> Vec<&'static str> {
    Attribute::ALL.iter().filter(|attribute| attribute.serves(purpose)).map(|attribute| attribute.name()).collect()
}

/// The accounts that matter by their names, in batches: those that were not `asked` for yet.
///
/// Every server's are asked for, whatever came with the holders: if another computer holds `HOST/<FQDN>` too, and nothing of
/// SMTPSVC, nobody can say whose name it is. Once they came, others may be meant by their logon names.
pub(super) fn accounts(reading: &Reading, asked: &mut HashSet<String>) -> Vec<String> {
    terms(reading, asked).chunks(BATCH).map(any_of).collect()
}

/// The same once those came; and the machines of servers whose account did not, by what they call themselves: their logon names may be
/// hidden, and their other names gone. `dNSHostName` is not indexed, so of all others nobody is asked for by it, and computers only.
pub(super) fn more_accounts(reading: &Reading, asked: &mut HashSet<String>) -> Vec<String> {
    let mut terms = terms(reading, asked);
    let machines = lost_machines(reading);
    let machine =
        |name: &HostName| format!("(&(objectCategory=computer){})", term(Attribute::DnsHostName, name.as_str()));
    terms.extend(machines.iter().map(machine));
    terms.chunks(BATCH).map(any_of).collect()
}

fn terms(reading: &Reading, asked: &mut HashSet<String>) -> Vec<String> {
    let mut selection = Selection::default();
    selection.learn_all(reading.entries());
    let mut terms: Vec<String> = selection.terms().filter(|term| asked.insert(term.clone())).collect();
    terms.sort();
    terms
}

/// The FQDNs of the servers that no machine bears a name of.
fn lost_machines(reading: &Reading) -> Vec<HostName> {
    let servers: Vec<Names> = reading.entries().filter(|entry| server::is_server(entry)).map(Names::of).collect();
    let names_of = |server: &Names| -> Vec<String> {
        let hosts = server.fqdns.iter().map(|fqdn| Spn::host(fqdn).key().to_owned());
        hosts.chain([server.sam_account_name()]).collect()
    };
    let wanted: HashSet<String> = servers.iter().flat_map(names_of).collect();
    let machines = || reading.entries().filter(|entry| entry.is_a(schema::COMPUTER));
    let values = |attribute| machines().flat_map(move |entry| entry.values(attribute).map(fold));
    let borne = values(Attribute::SamAccountName).chain(values(Attribute::ServicePrincipalName));
    let borne: HashSet<String> = borne.filter(|name| wanted.contains(name)).collect();
    let lost = servers.into_iter().filter(|server| !names_of(server).iter().any(|name| borne.contains(name)));
    let mut lost: Vec<HostName> = lost.flat_map(|server| server.fqdns).collect();
    lost.sort_by(|one, other| one.key().cmp(other.key()));
    lost.dedup();
    lost
}

/// Those of these accounts, each with the attributes that it does not show, of which all those may be read. Accounts of one logon name, as
/// there are where domains are several, are asked for together.
pub(super) fn readable_accounts<'a>(accounts: impl Iterator<Item = (&'a str, &'a [Attribute])>) -> Vec<String> {
    let mut lacking: BTreeMap<String, BTreeSet<Attribute>> = BTreeMap::new();
    accounts.for_each(|(name, lacks)| lacking.entry(fold(name)).or_default().extend(lacks));
    let of_batch = |batch: &[(String, BTreeSet<Attribute>)]| {
        let mut alike: BTreeMap<&BTreeSet<Attribute>, Vec<String>> = BTreeMap::new();
        for (name, lacks) in batch {
            alike.entry(lacks).or_default().push(term(Attribute::SamAccountName, name));
        }
        let readable = |lacks: &BTreeSet<Attribute>| lacks.iter().copied().map(is_readable).collect::<String>();
        any_of(
            &alike.iter().map(|(lacks, names)| format!("(&{}{})", any_of(names), readable(lacks))).collect::<Vec<_>>(),
        )
    };
    lacking.into_iter().collect::<Vec<_>>().chunks(BATCH).map(of_batch).collect()
}

/// The objects of these classes of which all these attributes may be read.
pub(super) fn readable_objects<'a>(classes: impl Iterator<Item = (&'a str, Vec<Attribute>)>) -> String {
    let of_class = |(class, attributes): (&str, Vec<Attribute>)| {
        format!("(&(objectClass={class}){})", attributes.into_iter().map(is_readable).collect::<String>())
    };
    any_of(&classes.map(of_class).collect::<Vec<_>>())
}

/// The attributes as the schema describes them.
pub(super) fn named_in_schema(attributes: impl Iterator<Item = Attribute>) -> String {
    any_of(&attributes.map(|attribute| format!("(lDAPDisplayName={})", attribute.name())).collect::<Vec<_>>())
}

/// To whoever may not read an attribute, nothing is true of it, not even that it is absent.
fn is_readable(attribute: Attribute) -> String {
    let name = attribute.name();
    format!("(|({name}=*)(!({name}=*)))")
}

fn any_of(terms: &[String]) -> String {
    format!("(|{})", terms.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::dn::Dn;
    use crate::directory::entry::{Entry, entry};
    use crate::directory::schema;

    fn server(name: &str) -> Entry {
        let address = format!("ncacn_ip_tcp:{name}.contoso.com");
        entry(
            &format!("CN={name},CN=Servers,DC=com"),
            &[("objectClass", schema::EXCHANGE_SERVER), ("cn", name), ("networkAddress", &address)],
        )
    }

    fn asked(reading: &Reading) -> String {
        accounts(reading, &mut HashSet::new()).concat()
    }

    #[test]
    fn every_server_is_asked_for_by_all_its_names_whatever_came_by_now() {
        let mut reading = Reading::default();
        reading.add(server("ex01"));
        reading.add(server("ex*2"));
        let account = [("objectClass", "computer"), ("servicePrincipalName", "HOST/ex01.contoso.com")];
        reading.add(entry("CN=ex01,DC=com", &account));
        assert_eq!(
            asked(&reading),
            "(|(primaryGroupID=516)(sAMAccountName=ex01$)(sAMAccountName=ex\\2a2$)(sAMAccountName=krbtgt)\
             (servicePrincipalName=HOST/ex01)(servicePrincipalName=HOST/ex01.contoso.com))"
        );
    }

    #[test]
    fn the_owner_of_every_name_that_somebody_announces_or_trusts_is_asked_for() {
        let mut reading = Reading::default();
        let connector = |name| [("objectClass", schema::RECEIVE_CONNECTOR), ("msExchSMTPReceiveConnectorFQDN", name)];
        reading.add(entry("CN=a,DC=com", &connector("Mail.contoso.com")));
        reading.add(entry("CN=b,DC=com", &connector("relay")));
        let sends = |flags| {
            [
                ("objectClass", schema::SEND_CONNECTOR),
                ("msExchSmtpSendFlags", flags),
                ("msExchSmtpSmartHost", "hub.contoso.com,10.0.0.1"),
            ]
        };
        reading.add(entry("CN=c,DC=com", &sends("0")));
        for term in ["=HOST/mail.contoso.com)", "=HOST/relay)", "=relay$)"] {
            assert!(asked(&reading).contains(term), "{term}");
        }
        assert!(!asked(&reading).contains("hub") && !asked(&reading).contains("dNSHostName"));
        reading.add(entry("CN=d,DC=com", &sends("8388608")));
        assert!(asked(&reading).contains("=HOST/hub.contoso.com)") && !asked(&reading).contains("10.0.0.1"));
    }

    #[test]
    fn all_who_could_be_meant_by_a_holders_name_are_asked_for_once_it_came() {
        let mut reading = Reading::default();
        reading.add(server("ex01"));
        let mut known = HashSet::new();
        accounts(&reading, &mut known);
        let holds = |sam, spn| [("objectClass", "user"), ("sAMAccountName", sam), ("servicePrincipalName", spn)];
        reading.add(entry("CN=relay,DC=com", &holds("Relay", "smtpsvc/EX01.contoso.com")));
        reading.add(entry("CN=other,DC=com", &holds("other", "smtpsvc/nobody.contoso.com")));
        assert_eq!(accounts(&reading, &mut known), ["(|(sAMAccountName=relay$)(sAMAccountName=relay))"]);
        assert!(accounts(&reading, &mut known).is_empty());
    }

    #[test]
    fn a_machine_is_asked_for_by_what_it_calls_itself_if_no_other_name_of_it_came() {
        let mut reading = Reading::default();
        for name in ["ex01", "ex02", "ex03", "ex04"] {
            reading.add(server(name));
        }
        reading.add(entry("CN=a,DC=com", &[("objectClass", "computer"), ("sAMAccountName", "EX01$")]));
        let host = [("objectClass", "computer"), ("servicePrincipalName", "host/EX02.contoso.com")];
        reading.add(entry("CN=b,DC=com", &host));
        // Who is no machine is no server either.
        let user = [("objectClass", "user"), ("sAMAccountName", "ex03$")];
        reading.add(entry("CN=c,DC=com", &user));
        let mut asked = HashSet::new();
        accounts(&reading, &mut asked);
        assert_eq!(
            more_accounts(&reading, &mut asked),
            ["(|(&(objectCategory=computer)(dNSHostName=ex03.contoso.com))\
             (&(objectCategory=computer)(dNSHostName=ex04.contoso.com)))"]
        );
    }

    #[test]
    fn many_servers_are_asked_for_in_batches() {
        let mut reading = Reading::default();
        (0..250).for_each(|number| reading.add(server(&format!("ex{number}"))));
        assert_eq!(accounts(&reading, &mut HashSet::new()).len(), 8);
    }

    #[test]
    fn an_account_is_asked_for_what_it_does_not_show() {
        let (names, dns) = ([Attribute::ServicePrincipalName], [Attribute::DnsHostName]);
        let accounts = [("EX01$", names.as_slice()), ("ex02$", &names), ("relay", &names), ("Relay", &dns)];
        let (spn, dns) = (is_readable(Attribute::ServicePrincipalName), is_readable(Attribute::DnsHostName));
        assert_eq!(
            readable_accounts(accounts.into_iter()),
            [format!(
                "(|(&(|(sAMAccountName=ex01$)(sAMAccountName=ex02$)){spn})(&(|(sAMAccountName=relay)){spn}{dns}))"
            )]
        );
    }

    #[test]
    fn every_filter_can_be_read() {
        let exchange = exchange_filter(&Dn::parse("CN=Configuration,DC=(a\\,b),DC=com").unwrap());
        let all = [PARTITIONS.to_owned(), ANYTHING.to_owned(), HOLDERS.to_owned(), exchange];
        let attributes = [Attribute::ConnectorFqdn, Attribute::ConnectorRole];
        let readable = readable_objects([("a", attributes.to_vec()), ("b", Vec::new())].into_iter());
        let others = readable_accounts([("a(b)*\\$", attributes.as_slice())].into_iter()).into_iter();
        for filter in all.into_iter().chain(others).chain([readable, named_in_schema(attributes.into_iter())]) {
            assert!(ldap3::parse_filter(&filter).is_ok(), "{filter}");
        }
    }
}
