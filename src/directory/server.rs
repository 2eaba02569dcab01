//! Exchange servers, as the configuration partition describes them.

use super::dn::Dn;
use super::doubts::Facts;
use super::endpoint::Endpoint;
use super::entry::Entry;
use super::gap::{Kind, Prose};
use super::host::HostName;
use super::schema::{self, Attribute};
use super::text::{fold, same, sort_folded};
use super::version::Version;

/// What an Exchange server is called.
#[derive(Clone, Debug)]
pub struct Names {
    /// The name of the server object, `cn`.
    pub name: String,
    /// The same as a host name: the NetBIOS name.
    pub netbios: Option<HostName>,
    /// The FQDNs (`ncacn_ip_tcp:` in `networkAddress`), the server's own first: normally one.
    pub fqdns: Vec<HostName>,
    /// A name without a dot in place of an FQDN.
    pub short: Option<HostName>,
    /// What stands in place of an FQDN but is no host name.
    pub unreadable: Option<String>,
}

impl Names {
    /// The names of a server object.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let name = entry.common_name();
        let netbios = HostName::parse(&name).ok();
        let mut names = Self { name, netbios, fqdns: Vec::new(), short: None, unreadable: None };
        let mut addresses: Vec<&str> = entry.values(Attribute::NetworkAddress).filter_map(tcp_address).collect();
        sort_folded(&mut addresses, |address| address);
        addresses.dedup_by(|later, earlier| same(later, earlier));
        for address in addresses {
            match HostName::parse(address) {
                Ok(fqdn) if fqdn.is_qualified() => names.fqdns.push(fqdn),
                Ok(short) => names.short = Some(short),
                Err(_) => names.unreadable = Some(address.to_owned()),
            }
        }
        let own_label = format!("{}.", fold(&names.name));
        names.fqdns.sort_by_key(|fqdn| !fqdn.key().starts_with(&own_label));
        names
    }

    /// The server's FQDN.
    #[must_use]
    pub fn fqdn(&self) -> Option<&HostName> {
        self.fqdns.first()
    }

    /// All host names: FQDNs and NetBIOS name.
    pub fn all(&self) -> impl Iterator<Item = &HostName> {
        self.fqdns.iter().chain(&self.netbios)
    }

    /// Why the FQDN is not known, if it is not.
    fn doubt(&self) -> Option<Prose> {
        if !self.fqdns.is_empty() || self.short.is_some() {
            return None;
        }
        let found = match &self.unreadable {
            None => Prose::new("the FQDN of this server was not read: its networkAddress has no `ncacn_ip_tcp:` value"),
            Some(address) => Prose::new("the FQDN of this server cannot be made out: ")
                .name(Kind::Text, address)
                .say(" in its networkAddress is not a host name"),
        };
        Some(found.say("; what the server requires is not known"))
    }

    /// The logon name of the computer of this name, folded.
    #[must_use]
    pub fn sam_account_name(&self) -> String {
        format!("{}$", fold(&self.name))
    }
}

/// The address of a `networkAddress` value `ncacn_ip_tcp:ex01.contoso.com`; empty counts as absent.
fn tcp_address(value: &str) -> Option<&str> {
    let (protocol, address) = value.split_once(':')?;
    Some(address).filter(|address| same(protocol, "ncacn_ip_tcp") && !address.is_empty())
}

/// An `msExchExchangeServer` object of the configuration partition, with what lies below it.
#[derive(Clone, Debug)]
pub struct Server {
    /// The server object.
    pub dn: Dn,
    /// Its NetBIOS name and its FQDNs, from `cn` and `networkAddress`.
    pub names: Names,
    /// From `versionNumber`, else `serialNumber`; none if neither was read.
    pub version: Option<Version>,
    /// The roles, a bit field; 2000 and 2003 have none.
    pub roles: Option<i64>,
    /// Why the server is not judged, if it is not.
    pub skipped: Option<Skipped>,
    /// The SMTP endpoints below the server object.
    pub endpoints: Vec<Endpoint>,
}

/// Why a server requires nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// The Edge Transport role.
    Edge,
    /// Prepared by setup, or left over from an uninstallation.
    Provisioned,
    /// Neither Hub Transport nor Front End Transport.
    NoTransport,
    /// The loser of a replication conflict.
    Conflict,
}

impl Skipped {
    /// A clause that can stand after "is not judged:".
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Edge => "an Edge Transport server is not a member of the domain and does not use Kerberos",
            Self::Provisioned => {
                "Exchange is not installed on it: it was prepared by setup, or left over from an uninstallation"
            }
            Self::Conflict => "this object is the loser of a replication conflict, left over beside the real one",
            Self::NoTransport => "it has no transport role, so it does not send or receive mail by SMTP",
        }
    }

    fn of(roles: i64) -> Option<Self> {
        const EDGE: i64 = 64;
        const PROVISIONED: i64 = 4096;
        const HUB_OR_FRONT_END: i64 = 32 | 16384;
        match roles {
            _ if roles & EDGE != 0 => Some(Self::Edge),
            PROVISIONED => Some(Self::Provisioned),
            _ if roles & HUB_OR_FRONT_END == 0 => Some(Self::NoTransport),
            _ => None,
        }
    }
}

/// Whether this is an Exchange server. Transport roles, Client Access arrays and server policies are objects of derived classes; where
/// the category was not recorded, the classes tell.
#[must_use]
pub fn is_server(entry: &Entry) -> bool {
    let is_of_class = entry.is_a(schema::EXCHANGE_SERVER) && !schema::NO_SERVERS.iter().any(|class| entry.is_a(class));
    entry.values(Attribute::ObjectCategory).next().map_or(is_of_class, is_category)
}

/// Whether an `objectCategory` is that of Exchange servers.
#[must_use]
pub(crate) fn is_category(value: &str) -> bool {
    Dn::parse(value).is_ok_and(|class| same(&class.name(), schema::EXCHANGE_SERVER_CATEGORY))
}

impl Server {
    pub(super) fn of(entry: &Entry, facts: &mut impl Facts) -> Self {
        facts.text(entry, Attribute::Cn);
        let roles = facts.integer(entry, Attribute::CurrentServerRoles);
        let of_number = facts.integer(entry, Attribute::VersionNumber).and_then(Version::of_number);
        let version = of_number.or_else(|| entry.values(Attribute::SerialNumber).filter_map(Version::of_text).min());
        let server = Self {
            dn: entry.dn.clone(),
            names: Names::of(entry),
            version,
            roles,
            skipped: if entry.dn.is_conflict() { Some(Skipped::Conflict) } else { roles.and_then(Skipped::of) },
            endpoints: Vec::new(),
        };
        server.doubts().for_each(|what| facts.doubt(entry, what));
        server
    }

    /// What of a server that is judged cannot be made out.
    fn doubts(&self) -> impl Iterator<Item = Prose> {
        let name = self.names.netbios.is_none().then(|| {
            Prose::new("the NetBIOS name of this server cannot be made out: ")
                .name(Kind::Text, &self.names.name)
                .say(" is not a host name; what the server requires is not known")
        });
        let generation = (self.version.is_none() && self.roles.is_none()).then(|| {
            Prose::new("neither versionNumber nor serialNumber nor msExchCurrentServerRoles of this server was read, so it is not clear whether its endpoints are virtual servers or receive connectors; export them too")
        });
        let all = [name, generation, self.names.doubt()].into_iter().flatten();
        all.filter(|_| self.skipped.is_none())
    }

    /// Whether its endpoints are SMTP virtual servers. Later servers keep such an object for send connectors to point at, and
    /// nobody listens on it. Without a version, the roles tell: servers of 2000 and 2003 have none.
    #[must_use]
    pub(crate) fn has_virtual_servers(&self) -> bool {
        self.version.map_or(self.roles.is_none(), Version::has_virtual_servers)
    }

    /// The endpoints that offer Kerberos; none if the server is skipped.
    pub(crate) fn kerberos_endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.iter().filter(|endpoint| endpoint.kerberos.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(addresses: &[&str]) -> Names {
        let mut entry = Entry::new(Dn::parse("CN=EX01,CN=Servers").unwrap());
        for value in addresses {
            entry.add("networkAddress", value.as_bytes());
        }
        Names::of(&entry)
    }

    #[test]
    fn the_own_fqdn_comes_first_and_ip_addresses_are_no_names() {
        let names = names(&[
            "netbios:EX01",
            "ncacn_ip_tcp:alias.contoso.com",
            "NCACN_IP_TCP:Ex01.contoso.com",
            "ncacn_ip_tcp:10.0.0.1",
            "ncacn_ip_tcp:",
        ]);
        let all: Vec<_> = names.all().map(HostName::as_str).collect();
        assert_eq!(all, ["Ex01.contoso.com", "alias.contoso.com", "EX01"]);
        assert_eq!(names.unreadable.as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn a_name_without_a_dot_is_no_fqdn() {
        let names = names(&["ncacn_ip_tcp:EX01"]);
        assert_eq!((names.fqdn(), names.short.is_some()), (None, true));
    }
}
