//! What the entries of a recording are: servers, endpoints, connectors, domains and whoever can
//! hold an SPN.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::judge::oracle::entries::{Entry, domain_of, fold, in_configuration, is_below, own_name, parts};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Generation {
    E2000,
    E2003,
    /// 2007 and 2010, whose only hub may do without.
    Hub,
    /// 2013 and later.
    Modern,
}

impl Generation {
    pub(crate) fn is_old(self) -> bool {
        matches!(self, Self::E2000 | Self::E2003)
    }
}

pub(crate) struct Server {
    pub(crate) dn: String,
    pub(crate) name: String,
    /// The names without a dot that `networkAddress` gives for `ncacn_ip_tcp`.
    pub(crate) undotted: bool,
    pub(crate) address: Option<String>,
    pub(crate) generation: Generation,
    pub(crate) roles: Option<i64>,
    pub(crate) endpoints: Vec<Endpoint>,
}

#[derive(Clone)]
pub(crate) struct Endpoint {
    /// Folded.
    pub(crate) dn: String,
    pub(crate) name: String,
    /// As configured; nothing where it is absent or empty.
    pub(crate) fqdn: Option<String>,
    pub(crate) kind: Kind,
    /// Whether it can use Kerberos.
    pub(crate) capable: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    VirtualServer { first: bool, integrated: bool },
    Connector { exchange_auth: bool, enabled: bool, falls_back: bool },
}

#[expect(clippy::struct_excessive_bools, reason = "facts about an object that do not depend on each other")]
pub(crate) struct Object {
    pub(crate) dn: String,
    pub(crate) domain: String,
    pub(crate) machine: bool,
    /// Of class computer or one derived from it: what setspn takes without `-U`.
    pub(crate) computer: bool,
    pub(crate) sam: Option<String>,
    pub(crate) dns_host: Option<String>,
    pub(crate) disabled: bool,
    pub(crate) dead: bool,
    pub(crate) spns: Vec<String>,
}

pub(crate) struct SendConnector {
    pub(crate) fqdn: String,
    pub(crate) smart_host: String,
    pub(crate) sources: BTreeSet<usize>,
}

#[derive(Clone)]
pub(crate) struct CrossRef {
    pub(crate) domain: String,
    pub(crate) netbios: Option<String>,
}

pub(crate) struct Directory {
    /// One an object, without deleted ones.
    pub(crate) entries: Vec<Entry>,
    pub(crate) servers: Vec<Server>,
    /// Endpoints that no server is above of, by their folded DNs.
    pub(crate) homeless: Vec<Endpoint>,
    pub(crate) objects: Vec<Object>,
    pub(crate) domains: Vec<CrossRef>,
    pub(crate) send_connectors: Vec<SendConnector>,
    /// Folded DNs of virtual servers that a connector names.
    pub(crate) bridgeheads: BTreeSet<String>,
    pub(crate) host_counts: bool,
}

impl Directory {
    pub(crate) fn of(entries: &[Entry]) -> Self {
        let entries = merged(entries);
        let mut servers: Vec<Server> = entries.iter().filter(|entry| is_server(entry)).map(server).collect();
        servers.sort_by_key(|server| fold(&server.name));
        let homeless = settle(&entries, &mut servers);
        let send_connectors = entries.iter().filter_map(|entry| send_connector(entry, &servers)).collect();
        Self {
            homeless,
            objects: entries.iter().filter(|entry| can_hold(entry)).map(object).collect(),
            domains: entries.iter().filter_map(cross_ref).collect(),
            send_connectors,
            bridgeheads: bridgeheads(&entries),
            host_counts: entries.iter().any(maps_host),
            servers,
            entries,
        }
    }

    pub(crate) fn netbios_of(&self, domain: &str) -> Option<&str> {
        let known = self.domains.iter().find(|known| known.domain == domain)?;
        known.netbios.as_deref()
    }

    /// The domain of the forest that a host name ends in.
    pub(crate) fn domain_of_host(&self, host: &str) -> Option<&str> {
        let named = self.domains.iter().map(|known| known.domain.as_str());
        let ends = |domain: &&str| host.strip_suffix(*domain).is_some_and(|rest| rest.ends_with('.'));
        named.filter(ends).max_by_key(|domain| domain.len())
    }
}

/// Entries of one DN are one object, with the values of all of them.
fn merged(entries: &[Entry]) -> Vec<Entry> {
    let mut order: BTreeMap<String, usize> = BTreeMap::new();
    let mut merged: Vec<Entry> = Vec::new();
    for entry in entries.iter().filter(|entry| !is_deleted(entry)) {
        let at = *order.entry(fold(&entry.dn)).or_insert_with(|| {
            merged.push(Entry { dn: entry.dn.clone(), attributes: Vec::new() });
            merged.len() - 1
        });
        for (name, value) in &entry.attributes {
            let known = &mut merged[at].attributes;
            if !known.iter().any(|(other, known)| other.eq_ignore_ascii_case(name) && known == value) {
                known.push((name.clone(), value.clone()));
            }
        }
    }
    merged
}

pub(crate) fn is_deleted(entry: &Entry) -> bool {
    entry.flag("isDeleted") == Some(true) || fold(&entry.dn).contains("\\0adel:")
}

/// Judged by the category, and where none was recorded by the most derived class.
fn is_server(entry: &Entry) -> bool {
    const DERIVED: [&str; 4] = [
        "msExchExchangeTransportServer",
        "msExchClientAccessArray",
        "msExchClientAccessArrayLegacy",
        "msExchExchangeServerPolicy",
    ];
    match entry.first("objectCategory") {
        Some(category) => own_name(&category).eq_ignore_ascii_case("ms-Exch-Exchange-Server"),
        None => entry.is("msExchExchangeServer") && !DERIVED.iter().any(|class| entry.is(class)),
    }
}

fn server(entry: &Entry) -> Server {
    let addresses = entry.values("networkAddress");
    let tcp = addresses.iter().filter_map(|address| {
        let (protocol, host) = address.split_once(':')?;
        protocol.eq_ignore_ascii_case("ncacn_ip_tcp").then(|| host.to_owned())
    });
    let (dotted, undotted): (Vec<String>, Vec<String>) = tcp.partition(|host| host.contains('.'));
    Server {
        dn: fold(&entry.dn),
        name: entry.name(),
        undotted: dotted.is_empty() && !undotted.is_empty(),
        address: dotted.into_iter().next(),
        generation: generation(entry),
        roles: entry.number("msExchCurrentServerRoles"),
        endpoints: Vec::new(),
    }
}

fn generation(entry: &Entry) -> Generation {
    let serial = entry.first("serialNumber").unwrap_or_default();
    let major_of = |serial: &str| serial.strip_prefix("Version ")?.split('.').next()?.parse::<i64>().ok();
    let version = entry.number("versionNumber");
    let major = match version {
        Some(number) if number > 0x7000_0000 => number >> 22 & 63,
        Some(_) => 6,
        None => major_of(&serial).unwrap_or(15),
    };
    match major {
        15.. => Generation::Modern,
        8.. => Generation::Hub,
        _ if serial.starts_with("Version 6.0") || (serial.is_empty() && version < Some(6944)) => Generation::E2000,
        _ => Generation::E2003,
    }
}

impl Server {
    pub(crate) fn is_edge(&self) -> bool {
        self.roles.is_some_and(|roles| roles & 64 != 0)
    }

    pub(crate) fn skipped(&self) -> bool {
        let idle = |roles: i64| !self.generation.is_old() && roles & (32 | 16384) == 0;
        self.is_edge() || self.roles.is_some_and(|roles| roles == 4096 || idle(roles))
    }
}

/// Gives the servers their endpoints; those without a server are left over.
fn settle(entries: &[Entry], servers: &mut [Server]) -> Vec<Endpoint> {
    let mut homeless = Vec::new();
    for entry in entries {
        let virtual_server = entry.is("protocolCfgSMTPServer");
        if !virtual_server && !entry.is("msExchSmtpReceiveConnector") {
            continue;
        }
        let dn = fold(&entry.dn);
        let above = servers.iter_mut().filter(|server| is_below(&dn, &server.dn)).max_by_key(|server| server.dn.len());
        match above {
            Some(server) if virtual_server && !server.generation.is_old() => {}
            Some(server) => server.endpoints.push(endpoint(entry, virtual_server, server.roles)),
            None => homeless.push(endpoint(entry, virtual_server, None)),
        }
    }
    homeless
}

fn endpoint(entry: &Entry, virtual_server: bool, roles: Option<i64>) -> Endpoint {
    if virtual_server { self::virtual_server(entry) } else { receive_connector(entry, roles) }
}

fn virtual_server(entry: &Entry) -> Endpoint {
    let integrated = entry.number("msExchAuthenticationFlags").is_none_or(|flags| flags & 4 != 0);
    let providers = entry.first("msExchNTAuthenticationProviders").map(|providers| fold(&providers));
    let kerberos = providers.is_none_or(|providers| providers.contains("gssapi") || providers.contains("negotiate"));
    let number = own_name(&entry.dn);
    Endpoint {
        dn: fold(&entry.dn),
        name: entry.first("adminDisplayName").unwrap_or_else(|| number.clone()),
        fqdn: entry.first("msExchSmtpFullyQualifiedDomainName").filter(|fqdn| !fqdn.is_empty()),
        kind: Kind::VirtualServer { first: number == "1", integrated },
        capable: integrated && kerberos && entry.flag("msExchServerAutoStart") != Some(false),
    }
}

fn receive_connector(entry: &Entry, roles: Option<i64>) -> Endpoint {
    let flags = entry.number("msExchSMTPReceiveInboundSecurityFlag").unwrap_or(29);
    let restrictions = entry.number("msExchSmtpReceiveProtocolRestrictions").unwrap_or(0);
    let options = entry.number("msExchSmtpReceiveProtocolOptions").unwrap_or(445);
    let role = entry.number("msExchSmtpReceiveRole").unwrap_or(32);
    let enabled = entry.flag("msExchSmtpReceiveEnabled") != Some(false);
    let hosted = roles.is_none_or(|roles| roles & role != 0);
    let exchange_auth = flags & 16 != 0;
    Endpoint {
        dn: fold(&entry.dn),
        name: entry.name(),
        fqdn: entry.first("msExchSMTPReceiveConnectorFQDN").filter(|fqdn| !fqdn.is_empty()),
        kind: Kind::Connector { exchange_auth, enabled, falls_back: options & 4096 != 0 },
        capable: enabled && hosted && (exchange_auth || (flags & 2 != 0 && restrictions & 16 != 0)),
    }
}

impl Endpoint {
    pub(crate) fn is_virtual_server(&self) -> bool {
        matches!(self.kind, Kind::VirtualServer { .. })
    }

    pub(crate) fn has_exchange_auth(&self) -> bool {
        matches!(self.kind, Kind::Connector { exchange_auth: true, .. })
    }
}

fn can_hold(entry: &Entry) -> bool {
    !in_configuration(&entry.dn)
        && (entry.shows("servicePrincipalName") || entry.shows("sAMAccountName") || entry.is("user"))
}

fn object(entry: &Entry) -> Object {
    const MANAGED: [&str; 3] =
        ["msDS-GroupManagedServiceAccount", "msDS-ManagedServiceAccount", "msDS-DelegatedManagedServiceAccount"];
    let sam = entry.first("sAMAccountName");
    let disabled = entry.number("userAccountControl").is_some_and(|bits| bits & 2 != 0);
    let conflict = fold(parts(&entry.dn)[0]).contains("cnf:");
    let renamed = sam.as_deref().is_some_and(|sam| fold(sam).starts_with("$duplicate-"));
    let computer = entry.is("computer");
    Object {
        dn: fold(&entry.dn),
        domain: domain_of(&entry.dn),
        machine: computer && !MANAGED.iter().any(|class| entry.is(class)),
        computer,
        dns_host: entry.first("dNSHostName").map(|host| fold(&host)),
        disabled,
        dead: disabled || conflict || renamed,
        spns: entry.values("servicePrincipalName"),
        sam,
    }
}

impl Object {
    pub(crate) fn holds(&self, spn: &str) -> bool {
        self.spns.iter().any(|held| fold(held) == spn)
    }

    pub(crate) fn is_called(&self, logon_name: &str) -> bool {
        self.sam.as_deref().is_some_and(|sam| fold(sam) == fold(logon_name))
    }
}

fn cross_ref(entry: &Entry) -> Option<CrossRef> {
    let is_domain = entry.is("crossRef") && entry.number("systemFlags").is_some_and(|flags| flags & 2 != 0);
    let domain = domain_of(&entry.first("nCName")?);
    is_domain.then(|| CrossRef { domain, netbios: entry.first("nETBIOSName") })
}

/// A send connector that authenticates as an Exchange server under a name of its own.
fn send_connector(entry: &Entry, servers: &[Server]) -> Option<SendConnector> {
    let sends = entry.is("msExchRoutingSMTPConnector") && entry.flag("msExchSmtpSendEnabled") != Some(false);
    let exchange_auth = entry.number("msExchSmtpSendFlags").is_some_and(|flags| flags >> 20 == 8);
    let smart_host = entry.first("msExchSmtpSmartHost").filter(|host| host != "--" && !host.is_empty())?;
    let fqdn = entry.first("msExchSMTPSendConnectorFQDN").filter(|fqdn| !fqdn.is_empty())?;
    let named: Vec<String> = entry.values("msExchSourceBridgeheadServersDN").iter().map(|dn| fold(dn)).collect();
    let is_source = |server: &Server| !server.is_edge() && named.iter().any(|dn| is_below(dn, &server.dn));
    let indexed = servers.iter().enumerate();
    let sources: BTreeSet<usize> = indexed.filter(|(_, server)| is_source(server)).map(|(at, _)| at).collect();
    (sends && exchange_auth && !sources.is_empty()).then_some(SendConnector { fqdn, smart_host, sources })
}

fn bridgeheads(entries: &[Entry]) -> BTreeSet<String> {
    let names = ["msExchSourceBridgeheadServersDN", "msExchTargetBridgeheadServersDN"];
    let of = |entry: &Entry| names.map(|name| entry.values(name)).concat();
    entries.iter().flat_map(of).map(|dn| fold(&dn)).collect()
}

fn maps_host(entry: &Entry) -> bool {
    let maps = |value: &String| {
        let value = fold(value);
        value.strip_prefix("host=").is_some_and(|services| services.split(',').any(|service| service == "smtpsvc"))
    };
    entry.values("sPNMappings").iter().any(maps)
}

/// A DNS host name that can be somebody's own.
pub(crate) fn is_host_name(name: &str) -> bool {
    let within = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(within);
    let address = name.parse::<IpAddr>().is_ok();
    name.len() <= 253 && name.split('.').all(label) && !address && !name.eq_ignore_ascii_case("localhost")
}
