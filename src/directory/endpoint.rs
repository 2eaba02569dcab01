//! The SMTP endpoints of an Exchange server: virtual servers up to 2003, receive connectors from 2007 on.

use super::dn::Dn;
use super::doubts::Facts;
use super::entry::Entry;
use super::host::{HostName, NotAHostName};
use super::schema::{self, Attribute};
use super::text::same;

/// An SMTP virtual server or a receive connector.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The endpoint object.
    pub dn: Dn,
    /// The name that administrators know it by.
    pub name: String,
    /// What it is, and how clients may authenticate to it.
    pub kind: Kind,
    /// The name in its banner and in its reply to EHLO.
    pub announces: Announces,
    /// Where it listens: `0.0.0.0:25`, or `:25:` of a virtual server, as configured. `check` does not read it.
    pub bindings: Vec<String>,
    /// Whose connections it takes: `10.1.2.0/24`, `10.1.2.1-10.1.2.9`, as configured. `check` does not read it.
    pub remote_ranges: Vec<String>,
    /// What its server makes of it: the Kerberos authentication it offers, or why it offers none.
    pub kerberos: Result<Kerberos, &'static str>,
}

/// The name that an endpoint or a send connector gives to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announces {
    /// Its server's, as it has none of its own.
    Own,
    /// The one that is configured (`Fqdn` of a connector).
    Name(HostName),
    /// A text that is no host name, and why.
    Invalid(String, NotAHostName),
}

impl Announces {
    pub(super) fn of(text: Option<String>) -> Self {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Self::Own };
        HostName::announced(&text).map_or_else(|reason| Self::Invalid(text, reason), Self::Name)
    }

    /// The name that is configured, if it is a host name.
    #[must_use]
    pub fn name(&self) -> Option<&HostName> {
        match self {
            Self::Name(name) => Some(name),
            Self::Own | Self::Invalid(..) => None,
        }
    }
}

/// The two kinds of endpoint, with the flags that decide what they offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An SMTP virtual server (Exchange 2000 and 2003).
    VirtualServer {
        /// `msExchAuthenticationFlags`: Integrated Windows Authentication.
        integrated: bool,
        /// `msExchNTAuthenticationProviders`: whether that may be Kerberos.
        negotiates: bool,
        /// `msExchServerAutoStart`: whether it is started with the service.
        auto_start: bool,
    },
    /// A receive connector (Exchange 2007 and later).
    ReceiveConnector {
        /// `msExchSmtpReceiveEnabled`.
        enabled: bool,
        /// `AuthMechanism`, a bit field.
        security: i64,
        /// `EnableAuthGSSAPI`: without it, Integrated means NTLM.
        gssapi: bool,
        /// `SuppressXAnonymousTls`: Exchange servers then use a mechanism that can fall back to NTLM.
        suppresses_anonymous_tls: bool,
        /// `TransportRole`, a bit field.
        role: i64,
    },
}

/// The Kerberos authentication that an endpoint offers, and so who asks for its SPN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kerberos {
    /// Integrated Windows Authentication of a virtual server: other Exchange 2000 and 2003 servers ask.
    VirtualServer,
    /// Exchange Server authentication of a receive connector: Exchange servers ask. With `may_fall_back` they can use NTLM instead.
    ExchangeServer {
        /// X-ANONYMOUSTLS is suppressed.
        may_fall_back: bool,
    },
    /// Integrated Windows authentication of a receive connector with GSSAPI: clients probably ask for it.
    Clients,
}

impl Kerberos {
    /// Whether it is Exchange servers that authenticate so.
    #[must_use]
    pub(crate) fn serves_exchange(self) -> bool {
        !matches!(self, Self::Clients)
    }

    /// Whether it is among what an endpoint offers in its reply to EHLO. Exchange Server authentication goes on within X-ANONYMOUSTLS, which
    /// is not begun here.
    pub(crate) fn is_offered(self, offers: &[&str]) -> bool {
        let has = |command: &str, word: Option<&str>| {
            offers.iter().any(|offer| {
                let mut words = offer.split([' ', '=']);
                words.next().is_some_and(|first| same(first, command))
                    && word.is_none_or(|word| words.any(|offered| same(offered, word)))
            })
        };
        let gssapi = Some("GSSAPI");
        match self {
            Self::ExchangeServer { .. } => has("X-ANONYMOUSTLS", None) || has("X-EXPS", gssapi),
            Self::VirtualServer => has("X-EXPS", gssapi) || has("AUTH", gssapi),
            Self::Clients => has("AUTH", gssapi),
        }
    }
}

/// Integrated Windows authentication of a receive connector (`AuthMechanism`).
const INTEGRATED: i64 = 2;
/// Exchange Server authentication of a receive connector (`AuthMechanism`).
const EXCHANGE_SERVER: i64 = 16;

impl Kind {
    /// The name of the kind in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::VirtualServer { .. } => "virtual-server",
            Self::ReceiveConnector { .. } => "receive-connector",
        }
    }

    /// What it offers on a server with these roles, or why not.
    pub(super) fn kerberos(self, roles: Option<i64>) -> Result<Kerberos, &'static str> {
        match self {
            Self::VirtualServer { integrated: false, .. } => Err("Integrated Windows Authentication is off"),
            Self::VirtualServer { negotiates: false, .. } => Err("the virtual server offers NTLM only"),
            Self::VirtualServer { auto_start: false, .. } => Err("the virtual server is not started with the service"),
            Self::VirtualServer { .. } => Ok(Kerberos::VirtualServer),
            Self::ReceiveConnector { enabled: false, .. } => Err("the connector is disabled"),
            Self::ReceiveConnector { role, .. } if roles.is_some_and(|roles| roles & role == 0) => {
                Err("the connector belongs to a transport role that its server does not have")
            }
            Self::ReceiveConnector { security, suppresses_anonymous_tls, .. } if security & EXCHANGE_SERVER != 0 => {
                Ok(Kerberos::ExchangeServer { may_fall_back: suppresses_anonymous_tls })
            }
            Self::ReceiveConnector { security, .. } if security & INTEGRATED == 0 => {
                Err("the connector offers neither Integrated nor Exchange Server authentication")
            }
            Self::ReceiveConnector { gssapi: false, .. } => {
                Err("the connector offers NTLM only: EnableAuthGSSAPI is off")
            }
            Self::ReceiveConnector { .. } => Ok(Kerberos::Clients),
        }
    }
}

impl Endpoint {
    pub(super) fn of(entry: &Entry, facts: &mut impl Facts) -> Option<Self> {
        let (kind, fqdn, name) = if entry.is_a(schema::VIRTUAL_SERVER) {
            (virtual_server(entry, facts), Attribute::VirtualServerFqdn, facts.text(entry, Attribute::AdminDisplayName))
        } else if entry.is_a(schema::RECEIVE_CONNECTOR) {
            (receive_connector(entry, facts), Attribute::ConnectorFqdn, None)
        } else {
            return None;
        };
        let bindings = entry.values(Attribute::ConnectorBindings).chain(entry.values(Attribute::ServerBindings));
        Some(Self {
            dn: entry.dn.clone(),
            name: name.unwrap_or_else(|| entry.common_name()),
            kind,
            announces: Announces::of(facts.text(entry, fqdn)),
            bindings: bindings.map(str::to_owned).collect(),
            remote_ranges: entry.values(Attribute::ConnectorRemoteRanges).map(str::to_owned).collect(),
            kerberos: Err("its server was not read"),
        })
    }

    /// Settles what the endpoint offers, on a server with these roles that is judged or not.
    pub(super) fn settle(&mut self, is_judged: bool, roles: Option<i64>) {
        self.kerberos = if is_judged { self.kind.kerberos(roles) } else { Err("its server is skipped") };
    }

    /// Whether it takes connections from anywhere, so that it can be asked from here.
    #[must_use]
    pub(crate) fn takes_anybody(&self) -> bool {
        const EVERYWHERE: [&str; 2] = ["0.0.0.0-255.255.255.255", "0.0.0.0/0"];
        self.remote_ranges.is_empty() || self.remote_ranges.iter().any(|range| EVERYWHERE.contains(&range.trim()))
    }

    /// Whether this is the virtual server that Exchange sets up, number 1.
    #[must_use]
    pub(crate) fn is_first_virtual_server(&self) -> bool {
        matches!(self.kind, Kind::VirtualServer { .. }) && self.dn.name() == "1"
    }
}

fn virtual_server(entry: &Entry, facts: &mut impl Facts) -> Kind {
    /// Integrated Windows Authentication: bit 4 here, unlike on receive connectors (IIS metabase, `AuthFlags`).
    const INTEGRATED: i64 = 4;
    let providers = facts.text(entry, Attribute::AuthenticationProviders);
    let negotiates = |providers: String| {
        let mut providers = providers.split(',').map(str::trim);
        providers.any(|name| name.eq_ignore_ascii_case("GSSAPI") || name.eq_ignore_ascii_case("Negotiate"))
    };
    let flags = facts.integer(entry, Attribute::AuthenticationFlags);
    Kind::VirtualServer {
        integrated: flags.is_none_or(|flags| flags & INTEGRATED != 0),
        negotiates: providers.is_none_or(negotiates),
        auto_start: facts.boolean(entry, Attribute::ServerAutoStart) != Some(false),
    }
}

fn receive_connector(entry: &Entry, facts: &mut impl Facts) -> Kind {
    /// What Exchange takes for the attributes where they are absent.
    const DEFAULT_SECURITY: i64 = 29;
    const HUB: i64 = 32;
    const ENABLE_AUTH_GSSAPI: i64 = 16;
    const SUPPRESS_X_ANONYMOUS_TLS: i64 = 4096;
    let mut has = |attribute, bit| facts.integer(entry, attribute).is_some_and(|flags| flags & bit != 0);
    let gssapi = has(Attribute::ConnectorRestrictions, ENABLE_AUTH_GSSAPI);
    let suppresses_anonymous_tls = has(Attribute::ConnectorOptions, SUPPRESS_X_ANONYMOUS_TLS);
    Kind::ReceiveConnector {
        enabled: facts.boolean(entry, Attribute::ConnectorEnabled) != Some(false),
        security: facts.integer(entry, Attribute::ConnectorSecurity).unwrap_or(DEFAULT_SECURITY),
        gssapi,
        suppresses_anonymous_tls,
        role: facts.integer(entry, Attribute::ConnectorRole).unwrap_or(HUB),
    }
}
