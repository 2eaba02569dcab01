//! What an Exchange server requires, and why.

use std::collections::BTreeMap;

use super::identity::{Candidate, Identity, stand_in};
use super::owners::Owner;
use super::severity::Severity;
use crate::directory::Directory;
use crate::directory::account::Account;
use crate::directory::endpoint::{Announces, Endpoint, Kerberos};
use crate::directory::host::HostName;
use crate::directory::server::Server;
use crate::directory::spn::Spn;

/// How a required SPN stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The server's account is the only holder.
    Registered,
    /// Nobody holds it.
    Missing,
    /// Others hold it, the server's account does not.
    Misplaced,
    /// The server's account holds it, and so does another.
    Duplicate,
    /// The name belongs to another machine.
    Foreign,
    /// The name belongs to nobody, and endpoints of several servers announce it; or it is a host name of several.
    Shared,
    /// The server's account could not be determined.
    Unresolved,
}

impl Status {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Missing => "missing",
            Self::Misplaced => "misplaced",
            Self::Duplicate => "duplicate",
            Self::Foreign => "foreign",
            Self::Shared => "shared",
            Self::Unresolved => "unresolved",
        }
    }
}

/// Why a server requires an SPN.
#[derive(Clone, Debug, Default)]
pub struct Needs<'a> {
    /// These endpoints announce the name, and offer Kerberos.
    pub announced_by: Vec<&'a Endpoint>,
    /// The server gives the name in EHLO where it is the sender, and the receiver asks for it.
    pub sender: bool,
    /// It is the NetBIOS name, which transport registers. Nobody in Exchange asks for it.
    pub host_name: bool,
}

impl Needs<'_> {
    /// The reasons, as reports name them.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let all =
            [(!self.announced_by.is_empty(), "announced"), (self.sender, "sender"), (self.host_name, "host-name")];
        all.into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| name)
    }

    /// Whether Exchange servers ask for it, and not only clients or nobody.
    #[must_use]
    pub(crate) fn serves_exchange(&self) -> bool {
        self.sender || self.kerberos().any(Kerberos::serves_exchange)
    }

    /// What the endpoints offer.
    pub fn kerberos(&self) -> impl Iterator<Item = Kerberos> {
        self.announced_by.iter().filter_map(|endpoint| endpoint.kerberos.ok())
    }

    /// Whether nobody asks for it.
    #[must_use]
    pub(crate) fn is_only_host_name(&self) -> bool {
        self.announced_by.is_empty() && !self.sender
    }
}

/// An SPN that a server requires.
#[derive(Debug)]
pub struct Requirement<'a> {
    /// The host name, as configured.
    pub name: HostName,
    /// `SMTPSVC/` and the name.
    pub spn: Spn,
    /// Who asks for a ticket to it.
    pub needs: Needs<'a>,
    /// How bad it is if nobody holds it.
    pub if_missing: Severity,
    /// What comes of holding it against the accounts.
    pub status: Status,
    /// Who else the name belongs to, where it is foreign.
    pub owner: Option<Owner<'a>>,
    /// Who holds it, by DN.
    pub holders: Vec<&'a Account>,
    /// What the server's account holds in its place.
    pub near_misses: Vec<&'a Spn>,
}

impl Requirement<'_> {
    /// Whether nobody holds the name itself, but some the `HOST` name that stands for it.
    #[must_use]
    pub(crate) fn is_held_through_host(&self) -> bool {
        !self.holders.is_empty() && self.holders.iter().all(|holder| holder.held(&self.spn).is_none())
    }
}

/// A server, its account, and what it requires.
#[derive(Debug)]
pub struct Judged<'a> {
    /// As the directory has it.
    pub server: &'a Server,
    /// Which account it is taken to have, and how sure that is.
    pub identity: Identity<'a>,
    /// Its FQDN; where `networkAddress` has a name without a dot, what its machine calls itself.
    pub fqdn: Option<HostName>,
    /// The SPNs it requires, by name.
    pub requirements: Vec<Requirement<'a>>,
}

impl<'a> Judged<'a> {
    pub(super) fn new(directory: &'a Directory, server: &'a Server) -> Self {
        let identity = Identity::of(directory, server);
        let own = server.names.fqdn().cloned();
        let fqdn = own.or_else(|| identity.chosen().and_then(|chosen| stand_in(chosen.account, &server.names)));
        Self { server, identity, fqdn, requirements: Vec::new() }
    }

    /// The account that was chosen; a command may rest on it only if [it is certain](Self::is_certain).
    #[must_use]
    pub fn account(&self) -> Option<&'a Account> {
        self.identity.chosen().map(|chosen| chosen.account)
    }

    /// Whether a command may rest on the account.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.identity.chosen().is_some_and(Candidate::is_certain)
    }

    /// The server's host names: FQDN and NetBIOS name.
    pub fn host_names(&self) -> impl Iterator<Item = &HostName> {
        let stand_in = self.fqdn.iter().filter(|_| self.server.names.fqdns.is_empty());
        self.server.names.all().chain(stand_in)
    }

    /// Whether this is one of the server's host names.
    #[must_use]
    pub fn is_called(&self, name: &HostName) -> bool {
        self.host_names().any(|own| own == name)
    }

    /// The name that an endpoint announces, if it is a host name that is known.
    #[must_use]
    pub fn announced<'b>(&'b self, endpoint: &'b Endpoint) -> Option<&'b HostName> {
        match &endpoint.announces {
            Announces::Own => self.fqdn.as_ref(),
            Announces::Name(name) => Some(name),
            Announces::Invalid(..) => None,
        }
    }

    /// Whether two servers are the same.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.server, other.server)
    }

    /// The names it requires, by their folded form. An endpoint's spelling goes before the server's own.
    pub(super) fn required(&self) -> Vec<(HostName, Needs<'a>)> {
        let server: &'a Server = self.server;
        let mut names: BTreeMap<String, (HostName, Needs<'a>)> = BTreeMap::new();
        let mut require = |name: &HostName, need: &dyn Fn(&mut Needs<'a>)| {
            let new = || (name.clone(), Needs::default());
            need(&mut names.entry(name.key().to_owned()).or_insert_with(new).1);
        };
        for endpoint in server.kerberos_endpoints() {
            if let Some(name) = self.announced(endpoint) {
                require(name, &|needs| needs.announced_by.push(endpoint));
            }
        }
        let sends = server.skipped.is_none() && !server.has_virtual_servers();
        if let Some(fqdn) = self.fqdn.as_ref().filter(|_| sends) {
            require(fqdn, &|needs| needs.sender = true);
        }
        if let Some(netbios) = &server.names.netbios
            && (sends || server.kerberos_endpoints().next().is_some())
        {
            require(netbios, &|needs| needs.host_name = true);
        }
        names.into_values().collect()
    }
}
