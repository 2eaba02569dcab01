//! Who a host name belongs to, whatever endpoints announce.

use std::collections::HashMap;

use super::identity::Identity;
use crate::directory::Directory;
use crate::directory::account::Account;
use crate::directory::host::HostName;
use crate::directory::server::Server;
use crate::directory::spn::Spn;

/// Whose host name it is.
#[derive(Clone, Copy, Debug)]
pub enum Owner<'a> {
    /// An Exchange server's.
    Server(&'a Server),
    /// A live machine's: it holds `HOST/<name>`, or calls itself so.
    Machine(&'a Account),
}

/// The host names of the forest, as far as they matter.
#[derive(Debug)]
pub struct Owners<'a> {
    directory: &'a Directory,
    /// Whose host name it is, by [`HostName::key`]: servers by their place in the list.
    servers: HashMap<String, Vec<usize>>,
}

impl<'a> Owners<'a> {
    /// Each server by its place, with one of its host names.
    pub(super) fn new<'b>(directory: &'a Directory, names: impl Iterator<Item = (usize, &'b HostName)>) -> Self {
        let mut servers: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, name) in names {
            servers.entry(name.key().to_owned()).or_default().push(place);
        }
        Self { directory, servers }
    }

    /// The places of the Exchange servers whose host name it is.
    pub(super) fn servers(&self, name: &HostName) -> &[usize] {
        self.servers.get(name.key()).map_or(&[], Vec::as_slice)
    }

    /// The live machines that own it.
    pub fn machines(&self, name: &HostName) -> impl Iterator<Item = &'a Account> + use<'a> {
        let accounts = &self.directory.accounts;
        let short = (!name.is_qualified()).then(|| accounts.called(&format!("{name}$")));
        let named = short.into_iter().flatten();
        let owners = accounts.holders(&Spn::host(name)).chain(accounts.calling_themselves(name)).chain(named);
        owners.filter(|account| account.is_machine() && !account.is_dead())
    }

    /// Whether it belongs to anybody.
    #[must_use]
    pub(crate) fn has_any(&self, name: &HostName) -> bool {
        !self.servers(name).is_empty() || self.machines(name).next().is_some()
    }

    /// Whether the name belongs to a machine of this forest: what a connector's smart host may be.
    #[must_use]
    pub(crate) fn include(&self, name: &str) -> bool {
        HostName::parse(name).is_ok_and(|name| self.has_any(&name))
    }

    /// Who, other than the server in this place, it belongs to.
    pub(super) fn other_than(&self, place: usize, identity: &Identity<'a>, name: &HostName) -> Option<Owner<'a>> {
        let server = self.servers(name).iter().find(|owner| **owner != place);
        let server = server.and_then(|owner| self.directory.servers.get(*owner));
        let machine = || self.machines(name).find(|account| !identity.may_be(account));
        server.map(Owner::Server).or_else(|| machine().map(Owner::Machine))
    }
}

impl Owner<'_> {
    /// Its kind and name, escaped: `Exchange server EX01`.
    #[must_use]
    pub fn in_words(&self) -> String {
        use crate::directory::text::shown;
        match self {
            Self::Server(server) => format!("Exchange server {}", shown(&server.names.name)),
            Self::Machine(account) => shown(account.dn.as_str()),
        }
    }
}
