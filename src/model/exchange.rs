//! Exchange servers and their SMTP endpoints, as the configuration partition describes them.

use super::dn::Dn;
use super::entry::Entry;
use super::host::HostName;
use super::schema::{self, Attribute};
use super::text::{fold, same, sort_folded};

/// What an Exchange server is called.
#[derive(Clone, Debug)]
pub struct Names {
    /// The NetBIOS name, `cn`.
    pub netbios: String,
    /// The FQDNs (`ncacn_ip_tcp:` in `networkAddress`), the server's own first: normally one.
    pub fqdns: Vec<HostName>,
    /// What stands in place of an FQDN but is none.
    pub unreadable: Vec<String>,
}

impl Names {
    /// The names of a server object.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let netbios = common_name(entry);
        let mut names = Self { netbios, fqdns: Vec::new(), unreadable: Vec::new() };
        let mut addresses: Vec<&str> = entry.values(Attribute::NetworkAddress).filter_map(tcp_address).collect();
        sort_folded(&mut addresses, |address| address);
        addresses.dedup_by(|later, earlier| same(later, earlier));
        for address in addresses {
            match HostName::parse(address) {
                Ok(fqdn) => names.fqdns.push(fqdn),
                Err(_) => names.unreadable.push(address.to_owned()),
            }
        }
        let netbios = names.netbios.as_str();
        names.fqdns.sort_by_key(|fqdn| unlikeliness(fqdn, netbios));
        names
    }

    /// The server's FQDN.
    #[must_use]
    pub fn fqdn(&self) -> Option<&HostName> {
        self.fqdns.first()
    }

    /// All host names: FQDNs and NetBIOS name.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.fqdns.iter().map(HostName::as_str).chain([self.netbios.as_str()]).filter(|name| !name.is_empty())
    }

    /// Whether this is one of the server's host names.
    #[must_use]
    pub fn include(&self, name: &str) -> bool {
        self.all().any(|own| same(own, name))
    }

    /// The logon name of the computer of this name, folded.
    #[must_use]
    pub fn sam_account_name(&self) -> String {
        format!("{}$", fold(&self.netbios))
    }
}

/// Of several addresses the server's own is the one that begins with its name; a short name is the least likely.
fn unlikeliness(fqdn: &HostName, netbios: &str) -> u8 {
    match fqdn.as_str().split_once('.') {
        Some((label, _)) if same(label, netbios) => 0,
        Some(_) => 1,
        None => 2,
    }
}

/// The address of a `networkAddress` value `ncacn_ip_tcp:ex01.contoso.com`; empty counts as absent.
fn tcp_address(value: &str) -> Option<&str> {
    let (protocol, address) = value.split_once(':')?;
    Some(address).filter(|address| same(protocol, "ncacn_ip_tcp") && !address.is_empty())
}

/// The common name, or the name in the DN where the attribute was not recorded.
fn common_name(entry: &Entry) -> String {
    entry.values(Attribute::Cn).min().map_or_else(|| entry.dn.name(), str::to_owned)
}

/// An Exchange server.
#[derive(Clone, Debug)]
pub struct Server {
    /// The server object.
    pub dn: Dn,
    /// What it is called.
    pub names: Names,
    /// The product, `Exchange Server 2003`; none when the version was not recorded.
    pub product: Option<String>,
    /// Why the server is not judged, if it is not.
    pub skipped: Option<Skipped>,
    /// Whether it moves mail, and so has SMTP endpoints: later than 2003 those with a transport role, before, when there were no
    /// roles, all.
    pub moves_mail: bool,
    /// The SMTP endpoints below the server object.
    pub endpoints: Vec<Endpoint>,
}

/// Why a server requires nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// The Edge Transport role.
    Edge,
    /// Prepared by setup, not installed yet.
    Provisioned,
}

impl Skipped {
    /// The reason in words.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Edge => "an Edge Transport server does not authenticate with Kerberos: it is no member of the domain",
            Self::Provisioned => "a provisioned placeholder: Exchange is not installed on it yet",
        }
    }

    fn of(roles: i64) -> Option<Self> {
        const EDGE: i64 = 64;
        const PROVISIONED: i64 = 4096;
        if roles & EDGE != 0 {
            Some(Self::Edge)
        } else if roles == PROVISIONED {
            Some(Self::Provisioned)
        } else {
            None
        }
    }
}

/// An SMTP virtual server or a receive connector.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The endpoint object.
    pub dn: Dn,
    /// The name that administrators know it by.
    pub name: String,
    /// What it is, and how clients may authenticate to it.
    pub kind: Kind,
    /// The FQDN it is configured to announce; none when it announces its server's.
    pub fqdn: Option<String>,
}

/// The two kinds of endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An SMTP virtual server (Exchange 2000 and 2003).
    VirtualServer,
    /// A receive connector (Exchange 2007 and later).
    ReceiveConnector {
        /// Whether it is enabled.
        enabled: bool,
        /// `AuthMechanism`, a bit field.
        security: i64,
    },
}

/// `AuthMechanism` of a receive connector where none is set: TLS, Basic after TLS, Integrated, `ExchangeServer`.
const DEFAULT_SECURITY: i64 = 29;
/// Integrated Windows authentication.
const INTEGRATED: i64 = 2;
/// Exchange Server authentication.
const EXCHANGE_SERVER: i64 = 16;

impl Kind {
    /// The name of the kind in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::VirtualServer => "virtual-server",
            Self::ReceiveConnector { .. } => "receive-connector",
        }
    }

    /// Why the endpoint cannot be asked for a Kerberos ticket; none if it can.
    #[must_use]
    pub fn without_kerberos(self) -> Option<&'static str> {
        match self {
            Self::ReceiveConnector { enabled: false, .. } => Some("the connector is disabled"),
            Self::ReceiveConnector { security, .. } if security & (INTEGRATED | EXCHANGE_SERVER) == 0 => {
                Some("the connector offers neither Integrated nor Exchange Server authentication")
            }
            _ => None,
        }
    }

    /// Whether Exchange servers authenticate to it with Kerberos only: a virtual server, or Exchange Server authentication.
    #[must_use]
    pub fn serves_exchange(self) -> bool {
        match self {
            Self::VirtualServer => true,
            Self::ReceiveConnector { security, .. } => security & EXCHANGE_SERVER != 0,
        }
    }
}

/// How facts are read from an entry, and doubts recorded.
pub(super) trait Facts {
    /// The one value of a single-valued attribute; empty counts as absent.
    fn text(&mut self, entry: &Entry, attribute: Attribute) -> Option<String>;
    /// The one value of an integer attribute.
    fn integer(&mut self, entry: &Entry, attribute: Attribute) -> Option<i64>;
}

impl Server {
    pub(super) fn of(entry: &Entry, facts: &mut impl Facts) -> Self {
        const TRANSPORT: i64 = 32 | 16384;
        facts.text(entry, Attribute::Cn);
        let roles = facts.integer(entry, Attribute::CurrentServerRoles);
        Self {
            dn: entry.dn.clone(),
            names: Names::of(entry),
            product: entry.values(Attribute::SerialNumber).min().map(product),
            skipped: roles.and_then(Skipped::of),
            moves_mail: roles.is_none_or(|roles| roles & TRANSPORT != 0),
            endpoints: Vec::new(),
        }
    }

    /// The FQDN that an endpoint of this server announces, readable or not.
    #[must_use]
    pub fn announced_by<'a>(&'a self, endpoint: &'a Endpoint) -> Option<&'a str> {
        let own = || {
            let unreadable = || self.names.unreadable.first().map(String::as_str);
            self.names.fqdn().map(HostName::as_str).or_else(unreadable)
        };
        endpoint.fqdn.as_deref().or_else(own)
    }

    /// The endpoints that can use Kerberos; none if the server is skipped.
    pub fn kerberos_endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        let judged = self.skipped.is_none();
        self.endpoints.iter().filter(move |endpoint| judged && endpoint.kind.without_kerberos().is_none())
    }
}

impl Endpoint {
    pub(super) fn of(entry: &Entry, facts: &mut impl Facts) -> Option<Self> {
        let (kind, fqdn, name) = if entry.is_a(schema::VIRTUAL_SERVER) {
            let name = facts.text(entry, Attribute::AdminDisplayName);
            (Kind::VirtualServer, Attribute::VirtualServerFqdn, name)
        } else if entry.is_a(schema::RECEIVE_CONNECTOR) {
            let enabled = facts.text(entry, Attribute::ConnectorEnabled);
            let kind = Kind::ReceiveConnector {
                enabled: enabled.and_then(|text| schema::boolean(&text)) != Some(false),
                security: facts.integer(entry, Attribute::ConnectorSecurity).unwrap_or(DEFAULT_SECURITY),
            };
            (kind, Attribute::ConnectorFqdn, None)
        } else {
            return None;
        };
        let name = name.unwrap_or_else(|| common_name(entry));
        Some(Self { dn: entry.dn.clone(), name, kind, fqdn: facts.text(entry, fqdn) })
    }
}

/// The product behind `Version 15.2 (Build 30986.3)`. Since 2007 builds are stored 30000 too high.
fn product(serial: &str) -> String {
    let mut numbers = serial
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .filter(|number| number.starts_with(|c: char| c.is_ascii_digit()));
    let version = numbers.next().unwrap_or_default();
    let build = numbers.next().and_then(|build| build.split('.').next()?.parse().ok()).unwrap_or(0_u32);
    let (major, minor) = version.split_once('.').unwrap_or((version, ""));
    let edition = match (major, minor) {
        ("6", "0") => "2000",
        ("6", "5") => "2003",
        ("8", _) => "2007",
        ("14", _) => "2010",
        ("15", "0") => "2013",
        ("15", "1") => "2016",
        ("15", "2") if build % 30_000 >= 2562 => "Subscription Edition",
        ("15", "2") => "2019",
        _ => return format!("Exchange Server ({serial})"),
    };
    format!("Exchange Server {edition}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_told_from_the_serial_number() {
        for (serial, expected) in [
            ("Version 6.0 (Build 6249.4: SP3)", "Exchange Server 2000"),
            ("Version 6.5 (Build 7638.2: Service Pack 2)", "Exchange Server 2003"),
            ("Version 8.3 (Build 30083.6)", "Exchange Server 2007"),
            ("Version 14.3 (Build 30123.4)", "Exchange Server 2010"),
            ("Version 15.0 (Build 31497.2)", "Exchange Server 2013"),
            ("Version 15.1 (Build 32507.6)", "Exchange Server 2016"),
            ("Version 15.2 (Build 31544.4)", "Exchange Server 2019"),
            ("Version 15.2 (Build 32562.17)", "Exchange Server Subscription Edition"),
            ("Version 99.1", "Exchange Server (Version 99.1)"),
            ("", "Exchange Server ()"),
        ] {
            assert_eq!(product(serial), expected, "{serial}");
        }
    }

    #[test]
    fn the_own_fqdn_comes_first_and_ip_addresses_are_no_names() {
        let mut entry = Entry::new(Dn::parse("CN=EX01,CN=Servers").unwrap());
        for value in [
            "netbios:EX01",
            "ncacn_ip_tcp:alias.contoso.com",
            "NCACN_IP_TCP:Ex01.contoso.com",
            "ncacn_ip_tcp:10.0.0.1",
            "ncacn_ip_tcp:",
        ] {
            entry.add("networkAddress", value.as_bytes());
        }
        let names = Names::of(&entry);
        assert_eq!(names.all().collect::<Vec<_>>(), ["Ex01.contoso.com", "alias.contoso.com", "EX01"]);
        assert_eq!(names.unreadable, ["10.0.0.1"]);
    }
}
