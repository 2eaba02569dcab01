//! Random organisations: several domains, servers of every generation, and faults of every kind,
//! often several at once. A seed names an organisation for ever.

mod accounts;
mod connectors;
mod faults;
mod servers;
mod surroundings;

use crate::judge::oracle::entries::{Entry, fold};
use crate::judge::oracle::gaps::Gap;
use crate::support::chance::Chance;

pub(crate) struct Organisation {
    pub(crate) entries: Vec<Entry>,
    /// What is wrong with the files rather than with the entries.
    pub(crate) fault: Option<FileFault>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum FileFault {
    SizeLimit,
    NoTrailer,
    Cookie,
    NoClosingCount,
    FarReferral,
    /// Another export shows this object with other values.
    OtherDay(String),
}

impl Organisation {
    pub(crate) fn known_gaps(&self) -> Vec<Gap> {
        let gap = match &self.fault {
            None => return Vec::new(),
            Some(FileFault::FarReferral) => Gap::seen(&["far.contoso.com"]),
            Some(FileFault::OtherDay(dn)) => Gap::blinding(&[&crate::judge::oracle::entries::own_name(dn)]),
            Some(_) => Gap::seen(&[]),
        };
        vec![gap]
    }
}

/// How disorderly an organisation is.
pub(super) struct Mood {
    tidy: bool,
    registered: usize,
    strays: usize,
}

pub(super) struct Domain {
    dns: &'static str,
    netbios: Option<&'static str>,
}

impl Domain {
    fn dn(&self) -> String {
        let parts: Vec<String> = self.dns.split('.').map(|label| format!("DC={label}")).collect();
        parts.join(",")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    E2000,
    E2003,
    Hub,
    Modern,
}

#[derive(Clone, Copy)]
pub(super) struct Product {
    age: Age,
    version: u32,
    serial: &'static str,
}

pub(super) struct ServerPlan {
    name: String,
    domain: usize,
    /// What follows `ncacn_ip_tcp:`.
    address: Option<String>,
    product: Product,
    roles: Option<u32>,
    endpoints: Vec<EndpointPlan>,
}

impl ServerPlan {
    fn is_old(&self) -> bool {
        matches!(self.product.age, Age::E2000 | Age::E2003)
    }

    fn moves_mail(&self) -> bool {
        self.roles.is_none_or(|roles| roles & 64 == 0 && roles & (32 | 16384) != 0)
    }

    /// The name under which the machine knows itself, if nothing went wrong.
    fn machine_fqdn(&self, domains: &[Domain]) -> String {
        format!("{}.{}", self.name, domains[self.domain].dns)
    }
}

pub(super) struct EndpointPlan {
    rdn: String,
    name: String,
    fqdn: Option<String>,
    flags: Option<u32>,
    /// Of receive connectors.
    restrictions: Option<u32>,
    options: Option<u32>,
    role: Option<u32>,
    /// Of a virtual server: started with the service.
    on: Option<bool>,
    providers: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    Computer,
    ManagedAccount,
    User,
}

#[derive(Clone)]
pub(super) struct Account {
    rdn: String,
    domain: usize,
    class: Class,
    sam: String,
    dns_host: Option<String>,
    disabled: bool,
    spns: Vec<String>,
}

pub(super) struct Org {
    mood: Mood,
    domains: Vec<Domain>,
    servers: Vec<ServerPlan>,
    accounts: Vec<Account>,
}

const SHARED_POOL: [&str; 5] =
    ["mail.contoso.com", "smtp.contoso.com", "partners.contoso.com", "relay.contoso.com", "app01.contoso.com"];

pub(crate) fn organisation(seed: u64) -> Organisation {
    let rng = &mut Chance::new(seed);
    let mood = Mood::draw(rng);
    let domains = domains(rng, &mood);
    let servers = servers::servers(rng, &mood, &domains);
    let mut org = Org { mood, domains, servers, accounts: Vec::new() };
    accounts::add_accounts(rng, &mut org);
    accounts::add_owners(rng, &mut org);
    accounts::add_nodes(rng, &mut org);
    accounts::add_strays(rng, &mut org);
    let mut entries = surroundings::entries(rng, &org);
    entries.extend(org.servers.iter().flat_map(|server| servers::entries(&org, server)));
    entries.extend(connectors::entries(rng, &org));
    entries.extend(org.accounts.iter().map(|account| accounts::entry(rng, &org, account)));
    let damaged = rng.percent(if org.mood.tidy { 10 } else { 22 });
    let fault = if damaged { faults::damage(rng, &org, &mut entries) } else { None };
    Organisation { entries, fault }
}

impl Mood {
    fn draw(rng: &mut Chance) -> Self {
        let tidy = rng.percent(20);
        let registered = if tidy { 100 } else { rng.pick(&[100, 95, 80, 40]) };
        let strays = if tidy { 0 } else { rng.below(4) };
        Self { tidy, registered, strays }
    }
}

fn domains(rng: &mut Chance, mood: &Mood) -> Vec<Domain> {
    let mut domains = vec![Domain { dns: "contoso.com", netbios: Some("CONTOSO") }];
    for (dns, netbios) in [("emea.contoso.com", "EMEA"), ("fabrikam.local", "FABRIKAM")] {
        if rng.percent(40) {
            domains.push(Domain { dns, netbios: Some(netbios) });
        }
    }
    if !mood.tidy && rng.percent(8) {
        let chosen = rng.below(domains.len());
        domains[chosen].netbios = rng.pick(&[None, None, Some("CON&CALC")]);
    }
    domains
}

impl Org {
    fn configuration(&self) -> String {
        format!("CN=Configuration,{}", self.domains[0].dn())
    }

    fn exchange(&self) -> String {
        format!("CN=Contoso,CN=Microsoft Exchange,CN=Services,{}", self.configuration())
    }

    fn admin_group(&self, old: bool) -> String {
        let group = if old { "First Administrative Group" } else { "Exchange Administrative Group (FYDIBOHF23SPDLT)" };
        format!("CN={group},CN=Administrative Groups,{}", self.exchange())
    }

    fn server_dn(&self, server: &ServerPlan) -> String {
        format!("CN={},CN=Servers,{}", server.name, self.admin_group(server.is_old()))
    }

    fn category(&self, name: &str) -> String {
        format!("CN={name},CN=Schema,{}", self.configuration())
    }
}

/// Directories refuse a value that differs from another only by case.
fn hold(account: &mut Account, spn: &str) {
    if account.spns.iter().all(|held| fold(held) != fold(spn)) {
        account.spns.push(spn.to_owned());
    }
}

fn escaped(name: &str) -> String {
    name.replace(',', "\\,")
}
