//! Entries become things with types: servers with their endpoints, send connectors, accounts, domains, and what could not be read.

pub mod account;
pub mod connector;
pub mod dn;
pub mod domain;
mod doubts;
pub mod endpoint;
pub mod entry;
pub mod gap;
pub mod host;
pub(crate) mod kerberos_error;
pub mod schema;
pub mod server;
pub mod spn;
pub mod testimony;
pub mod text;
pub mod version;

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};

use self::account::{Account, Accounts};
use self::connector::SendConnector;
use self::dn::Dn;
use self::domain::Domains;
use self::doubts::Doubts;
use self::endpoint::{Endpoint, Kind};
use self::entry::{Entry, Reading};
use self::gap::Gap;
use self::host::HostName;
use self::schema::Attribute;
use self::server::Server;
use self::spn::Spn;
use self::testimony::Testimony;
use self::text::{same, sort_folded};

/// A directory that can be asked.
#[derive(Debug)]
pub struct Directory {
    /// The Exchange servers, by name.
    pub servers: Vec<Server>,
    /// Endpoints whose server was deleted while they were made: below CN=LostAndFoundConfig.
    pub orphans: Vec<Endpoint>,
    /// Send connectors with Exchange Server authentication, by name.
    pub send_connectors: Vec<SendConnector>,
    /// The virtual servers that connectors send from or to, by [`Dn::key`].
    pub bridgeheads: HashSet<String>,
    /// Holders of service principal names, and the servers' accounts.
    pub accounts: Accounts,
    /// The domains of the forest, by naming context: whose NetBIOS names commands may use.
    pub domains: Domains,
    /// Whether the administrator made `HOST/x` stand for `SMTPSVC/x` (`sPNMappings`).
    pub host_covers_smtpsvc: bool,
    /// `dSHeuristics`, if it is set and was asked for.
    pub heuristics: Option<String>,
    /// What the witnesses said, where they were asked.
    pub testimony: Testimony,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// The place of each server, by [`Dn::key`].
    places: HashMap<String, usize>,
}

impl Directory {
    /// Makes sense of what was read. The order in which it was read does not matter.
    #[must_use]
    pub fn new(reading: &Reading) -> Self {
        Self { testimony: reading.testimony.clone(), ..Self::of(reading.entries(), reading.gaps.clone()) }
    }

    /// The same of these entries. Those given away are dropped one by one: there may be a hundred thousand.
    #[must_use]
    pub fn of<E: Borrow<Entry>>(entries: impl Iterator<Item = E>, gaps: Vec<Gap>) -> Self {
        let mut doubts = Doubts::beside(gaps);
        let held: Vec<E> = entries.filter(|entry| !entry.borrow().is_deleted()).collect();
        let entries: Vec<&Entry> = held.iter().map(Borrow::borrow).collect();
        for entry in &entries {
            doubts.about_ranges(entry);
        }
        let mut domains = Domains::of(entries.iter().copied(), &mut doubts);
        let Exchange { servers, places, orphans } = exchange(&entries, &mut doubts);
        let mut send_connectors: Vec<_> =
            entries.iter().filter_map(|entry| SendConnector::of(entry, &mut doubts)).collect();
        sort_folded(&mut send_connectors, |connector| &connector.name);
        let bridgeheads = entries.iter().flat_map(|entry| connector::bridgeheads(entry));
        let bridgeheads = bridgeheads.map(|name| name.key().to_owned()).collect();
        let host_covers_smtpsvc = entries.iter().any(|entry| maps_host_to_smtpsvc(entry));
        let heuristics = entries.iter().find_map(|entry| entry.values(Attribute::DsHeuristics).next());
        let heuristics = heuristics.map(str::to_owned);
        let mut accounts = Vec::new();
        for entry in held {
            let entry = entry.borrow();
            if is_account(entry) {
                accounts.push(Account::of(entry, domains.of_object(&entry.dn), &mut doubts));
            }
        }
        let gaps = doubts.gaps();
        let accounts = Accounts::new(accounts);
        Self {
            servers,
            orphans,
            send_connectors,
            bridgeheads,
            accounts,
            domains,
            host_covers_smtpsvc,
            heuristics,
            testimony: Testimony::default(),
            gaps,
            places,
        }
    }

    /// Who holds `SMTPSVC/<name>` as a domain controller sees it: its holders, or where there is none and `HOST` stands for
    /// SMTPSVC, those of the `HOST` name. Sorted by DN.
    #[must_use]
    pub fn holders(&self, name: &HostName) -> Vec<&Account> {
        let mut holders: Vec<&Account> = self.accounts.holders(&Spn::smtpsvc(name)).collect();
        if holders.is_empty() && self.host_covers_smtpsvc {
            holders.extend(self.accounts.holders(&Spn::host(name)));
        }
        sort_folded(&mut holders, |account| account.dn.as_str());
        holders
    }

    /// The place among all servers of the one that an object lies below.
    #[must_use]
    pub(crate) fn place_above(&self, dn: &Dn) -> Option<usize> {
        lineage(dn).find_map(|above| self.places.get(above)).copied()
    }
}

/// Whether an object holds names, or may be a server's machine. That is told by its name in DNS alone where its logon name is hidden; a
/// domain controller has an object in the configuration too that says so.
#[must_use]
pub fn is_account(entry: &Entry) -> bool {
    let is_machine = || entry.is_a(schema::COMPUTER) || !entry.has(Attribute::ObjectClass);
    let is_in_configuration = || entry.dn.key().contains(",cn=configuration,");
    entry.has(Attribute::ServicePrincipalName)
        || entry.has(Attribute::SamAccountName)
        || entry.has(Attribute::DnsHostName) && is_machine() && !is_in_configuration()
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

/// The [keys](Dn::key) of the names above an object. An endpoint lies three levels below its server; names of thousands of parts are made to
/// keep us busy.
pub fn lineage(dn: &Dn) -> impl Iterator<Item = &str> {
    const DEEPEST: usize = 200;
    dn.lineage().skip(1).take(DEEPEST)
}

/// What stands in the [key](Dn::key) of objects whose container was deleted while they were made.
pub(crate) const LOST_AND_FOUND: &str = ",cn=lostandfoundconfig,cn=configuration";

/// Whether this is where objects go whose container was deleted while they were made.
#[must_use]
pub(crate) fn is_lost_and_found(dn: &Dn) -> bool {
    dn.key().contains(LOST_AND_FOUND)
}

/// What was made of the Exchange organization.
struct Exchange {
    /// With the endpoints below them.
    servers: Vec<Server>,
    places: HashMap<String, usize>,
    /// The endpoints that lost their servers.
    orphans: Vec<Endpoint>,
}

fn exchange(entries: &[&Entry], doubts: &mut Doubts) -> Exchange {
    let mut servers = Vec::new();
    for entry in entries.iter().filter(|entry| server::is_server(entry)) {
        servers.push(Server::of(entry, doubts));
    }
    sort_folded(&mut servers, |server| &server.names.name);
    let places: HashMap<String, usize> =
        servers.iter().enumerate().map(|(place, server)| (server.dn.key().to_owned(), place)).collect();
    let mut orphans = Vec::new();
    let mut endpoints: Vec<Endpoint> = entries.iter().filter_map(|entry| Endpoint::of(entry, doubts)).collect();
    sort_folded(&mut endpoints, |endpoint| &endpoint.name);
    for mut endpoint in endpoints {
        let place = lineage(&endpoint.dn).find_map(|above| places.get(above));
        match place.and_then(|place| servers.get_mut(*place)) {
            Some(server) => {
                endpoint.settle(server.skipped.is_none(), server.roles);
                if matches!(endpoint.kind, Kind::ReceiveConnector { .. }) || server.has_virtual_servers() {
                    server.endpoints.push(endpoint);
                }
            }
            None if is_lost_and_found(&endpoint.dn) => orphans.push(endpoint),
            // Its server was not read, which whoever reads has to notice.
            None => {}
        }
    }
    Exchange { servers, places, orphans }
}
