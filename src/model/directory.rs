//! The directory as the checks see it: servers with their endpoints, accounts, domains, and what could not be read.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::sync::Arc;

use super::account::{Account, Accounts, Choice, Domain};
use super::dn::Dn;
use super::entry::{Entry, Gap, Reading};
use super::exchange::{Endpoint, Facts, Server};
use super::schema::{self, Attribute};
use super::spn::Spn;
use super::text::{fold, quoted, same, sort_folded};

/// A directory that can be asked.
#[derive(Debug)]
pub struct Directory {
    /// The Exchange servers, by name.
    pub servers: Vec<Server>,
    /// Endpoints whose server object was not read.
    pub orphans: Vec<Endpoint>,
    /// Holders of service principal names, and the servers' accounts.
    pub accounts: Accounts,
    /// Whether the administrator made `HOST/x` stand for `SMTPSVC/x` (`sPNMappings`).
    pub host_covers_smtpsvc: bool,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl Directory {
    /// Makes sense of what was read. The order in which it was read does not matter.
    #[must_use]
    pub fn new(reading: &Reading) -> Self {
        Self::of(reading.entries(), reading.gaps.clone())
    }

    /// The same of these entries. Those given away are dropped one by one: there may be a hundred thousand.
    #[must_use]
    pub fn of<E: Borrow<Entry>>(entries: impl Iterator<Item = E>, gaps: Vec<Gap>) -> Self {
        let mut doubts = Doubts(gaps);
        let held: Vec<E> = entries.filter(|entry| !entry.borrow().is_deleted()).collect();
        let entries: Vec<&Entry> = held.iter().map(Borrow::borrow).collect();
        for entry in &entries {
            doubts.about_ranges(entry);
        }
        let mut domains = Domains::of(&entries);
        let (servers, orphans) = exchange(&entries, &mut doubts);
        let host_covers_smtpsvc = entries.iter().any(|entry| maps_host_to_smtpsvc(entry));
        let mut accounts = Vec::new();
        for entry in held {
            let entry = entry.borrow();
            if is_account(entry) {
                doubts.about_class(entry);
                accounts.push(Account::of(entry, domains.of_account(&entry.dn), &mut doubts));
            }
        }
        let mut gaps = doubts.0;
        gaps.sort();
        gaps.dedup();
        Self { servers, orphans, accounts: Accounts::new(accounts), host_covers_smtpsvc, gaps }
    }

    /// The account of a server.
    #[must_use]
    pub fn account_of(&self, server: &Server) -> Choice<&Account> {
        self.accounts.of_server(&server.names)
    }

    /// Who holds a name as a domain controller sees it: its holders, or where there is none and `HOST` stands for
    /// SMTPSVC, those of the `HOST` name. Sorted by DN.
    #[must_use]
    pub fn holders(&self, spn: &Spn) -> Vec<&Account> {
        let mut holders: Vec<&Account> = self.accounts.holders(spn).collect();
        if holders.is_empty() && self.host_covers_smtpsvc {
            holders.extend(self.accounts.holders(&Spn::host(spn.target())));
        }
        sort_folded(&mut holders, |account| account.dn.as_str());
        holders
    }
}

/// Collects what is contradictory or unreadable instead of guessing.
struct Doubts(Vec<Gap>);

impl Doubts {
    fn note(&mut self, entry: &Entry, what: String) {
        self.0.push(Gap::new(entry.dn.as_str(), what));
    }

    fn about_ranges(&mut self, entry: &Entry) {
        if let Some(attribute) = entry.cut_off() {
            let name = attribute.name();
            self.note(entry, format!("{name} was read only in part: a range of its values, up to the one that ends in `*`, is missing; export the attribute with all its ranges, or use `spn-doctor record`"));
        }
    }

    fn about_class(&mut self, entry: &Entry) {
        if !entry.has(Attribute::ObjectClass) {
            self.note(
                entry,
                "objectClass was not read, so a computer cannot be told from a user; export it too".to_owned(),
            );
        }
    }

    fn about_names(&mut self, server: &Server, entry: &Entry) {
        if server.skipped.is_none() && server.names.fqdns.is_empty() {
            let found = match server.names.unreadable.as_slice() {
                [] => {
                    "the FQDN of this server was not read: its networkAddress has no `ncacn_ip_tcp:` value".to_owned()
                }
                // The text of a gap may have lines of its own; a directory value may add none.
                [first, ..] => format!(
                    "the FQDN of this server cannot be made out: {} in its networkAddress is no host name",
                    quoted(&format!("ncacn_ip_tcp:{first}"))
                ),
            };
            self.note(entry, format!("{found}; what the server requires is not known"));
        }
    }
}

impl Facts for Doubts {
    fn text(&mut self, entry: &Entry, attribute: Attribute) -> Option<String> {
        let first = entry.values(attribute).min()?;
        if entry.values(attribute).any(|value| !same(value, first)) {
            self.note(
                entry,
                format!(
                    "{} has several values where one is possible: what was read contradicts itself",
                    attribute.name()
                ),
            );
        }
        Some(first.to_owned())
    }

    fn integer(&mut self, entry: &Entry, attribute: Attribute) -> Option<i64> {
        let text = self.text(entry, attribute)?;
        let number = schema::integer(&text);
        if number.is_none() {
            self.note(entry, format!("{} is no number: {}", attribute.name(), quoted(&text)));
        }
        number
    }
}

fn is_account(entry: &Entry) -> bool {
    entry.has(Attribute::ServicePrincipalName) || entry.has(Attribute::SamAccountName)
}

/// `sPNMappings` lines are `host=alerter,appmgmt,…`.
fn maps_host_to_smtpsvc(entry: &Entry) -> bool {
    let maps = |value: &str| {
        value.split_once('=').is_some_and(|(class, aliases)| {
            same(class.trim(), "host") && aliases.split(',').any(|alias| same(alias.trim(), "smtpsvc"))
        })
    };
    entry.values(Attribute::SpnMappings).any(maps)
}

/// An endpoint lies three levels below its server. Names of thousands of parts are made to keep us busy.
const DEEPEST: usize = 200;

/// The servers, with the endpoints below them, and the endpoints below none.
fn exchange(entries: &[&Entry], doubts: &mut Doubts) -> (Vec<Server>, Vec<Endpoint>) {
    let mut servers = Vec::new();
    for entry in entries.iter().filter(|entry| entry.is_a(schema::EXCHANGE_SERVER)) {
        let server = Server::of(entry, doubts);
        doubts.about_names(&server, entry);
        servers.push(server);
    }
    sort_folded(&mut servers, |server| &server.names.netbios);
    let places: HashMap<String, usize> =
        servers.iter().enumerate().map(|(place, server)| (server.dn.key().to_owned(), place)).collect();
    let mut orphans = Vec::new();
    let mut endpoints: Vec<Endpoint> = entries.iter().filter_map(|entry| Endpoint::of(entry, doubts)).collect();
    sort_folded(&mut endpoints, |endpoint| &endpoint.name);
    for endpoint in endpoints {
        let place = endpoint.dn.lineage().skip(1).take(DEEPEST).find_map(|above| places.get(above));
        match place.and_then(|place| servers.get_mut(*place)) {
            Some(server) => server.endpoints.push(endpoint),
            None => orphans.push(endpoint),
        }
    }
    (servers, orphans)
}

/// The domains of the forest.
struct Domains {
    /// The NetBIOS names, by the key of the naming context.
    netbios: HashMap<String, String>,
    /// Those that accounts were found in, by the same key.
    known: HashMap<String, Arc<Domain>>,
}

impl Domains {
    fn of(entries: &[&Entry]) -> Self {
        let mut domains = HashMap::new();
        for entry in entries.iter().filter(|entry| entry.is_a(schema::CROSS_REF)) {
            let context = entry.values(Attribute::NcName).min().and_then(|name| Dn::parse(name).ok());
            let netbios = entry.values(Attribute::NetbiosName).min();
            if let (Some(context), Some(netbios)) = (context, netbios) {
                domains.insert(context.key().to_owned(), netbios.to_owned());
            }
        }
        Self { netbios: domains, known: HashMap::new() }
    }

    /// The domain that an object lies in. Without a crossRef its NetBIOS name is taken to be the first label.
    fn of_account(&mut self, dn: &Dn) -> Arc<Domain> {
        let key = dn.domain_key();
        if let Some(known) = self.known.get(key) {
            return Arc::clone(known);
        }
        let dns = dn.dns_domain();
        let netbios = self.netbios.get(key).cloned();
        let netbios = netbios.unwrap_or_else(|| fold(dns.split('.').next().unwrap_or_default()).to_uppercase());
        let domain = Arc::new(Domain { dns, netbios });
        self.known.insert(key.to_owned(), Arc::clone(&domain));
        domain
    }
}
