//! What every Exchange server requires, and who holds it: the facts that all findings about SPNs rest on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::account::{Account, Choice};
use crate::model::directory::Directory;
use crate::model::entry::Gap;
use crate::model::exchange::{Endpoint, Server};
use crate::model::host::HostName;
use crate::model::spn::Spn;
use crate::model::text::{fold, sort_folded};

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
    /// More than one account is asked for the name.
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
            Self::Shared => "shared",
            Self::Unresolved => "unresolved",
        }
    }
}

/// An SPN that a server requires.
#[derive(Debug)]
pub struct Requirement<'a> {
    /// `SMTPSVC/` and the name as configured.
    pub spn: Spn,
    /// The endpoints that announce the name; none for a host name that the server has anyway.
    pub needed_by: Vec<&'a Endpoint>,
    /// How it stands.
    pub status: Status,
    /// Who holds it, by DN.
    pub holders: Vec<&'a Account>,
    /// What the server's account holds in its place.
    pub near_misses: Vec<&'a Spn>,
}

impl Requirement<'_> {
    /// Whether nobody holds the name itself, but some the `HOST` name that stands for it.
    #[must_use]
    pub fn is_held_through_host(&self) -> bool {
        !self.holders.is_empty() && self.holders.iter().all(|holder| holder.held(&self.spn).is_none())
    }
}

/// A server, its account, and what it requires.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The server.
    pub server: &'a Server,
    /// Its account; none is looked for when the server is skipped.
    pub account: Choice<&'a Account>,
    /// The SPNs it requires, by name.
    pub requirements: Vec<Requirement<'a>>,
}

/// All servers judged.
#[derive(Debug)]
pub struct Requirements<'a> {
    /// The directory they were found in.
    pub directory: &'a Directory,
    /// The servers, by name.
    pub servers: Vec<Judged<'a>>,
    /// Why nothing was judged, if nothing was.
    pub gap: Option<Gap>,
    claims: Claims,
}

/// Far more than any organisation has. Who holds a name is told to each server that requires it and of each that is held in
/// vain, so that of much on both sides there would be more than fits into memory.
const MOST_HOLDINGS: usize = 1_000_000;

/// Which servers claim a name, by its folded form. Servers by their place in the list.
#[derive(Debug, Default)]
struct Claims {
    /// Whose host name it is.
    owners: HashMap<String, BTreeSet<usize>>,
    /// Whose endpoints announce it and can use Kerberos.
    announcers: HashMap<String, BTreeSet<usize>>,
}

impl Claims {
    fn of(servers: &[Server]) -> Self {
        let mut claims = Self::default();
        for (place, server) in servers.iter().enumerate() {
            for name in server.names.all() {
                claims.owners.entry(fold(name)).or_default().insert(place);
            }
            for endpoint in server.kerberos_endpoints() {
                if let Some(name) = server.announced_by(endpoint) {
                    claims.announcers.entry(fold(name)).or_default().insert(place);
                }
            }
        }
        claims
    }

    /// Whether the name is asked of another server's account than this one's.
    ///
    /// A server's own host name is its own even if another's endpoint announces it, but not if it is the other's host name too.
    fn is_shared(&self, name: &str, server: usize) -> bool {
        let name = fold(name);
        let among_others =
            |claims: Option<&BTreeSet<usize>>| claims.is_some_and(|claims| claims.iter().any(|claim| *claim != server));
        let owners = self.owners.get(&name);
        let own = owners.is_some_and(|owners| owners.contains(&server));
        among_others(owners) || (!own && among_others(self.announcers.get(&name)))
    }
}

impl<'a> Requirements<'a> {
    /// Works out what every server of the directory requires.
    #[must_use]
    pub fn new(directory: &'a Directory) -> Self {
        let claims = Claims::of(&directory.servers);
        if is_too_much(directory) {
            let what = "its Exchange servers share so many accounts and names that nothing was judged: look for names that thousands of objects hold";
            return Self { directory, servers: Vec::new(), gap: Some(Gap::new("directory", what)), claims };
        }
        let servers = directory.servers.iter().enumerate();
        let servers = servers.map(|(place, server)| Judged::new(directory, &claims, place, server)).collect();
        Self { directory, servers, gap: None, claims }
    }

    /// Every requirement, with its server.
    pub fn iter(&self) -> impl Iterator<Item = (&Judged<'a>, &Requirement<'a>)> {
        self.servers.iter().flat_map(|judged| judged.requirements.iter().map(move |requirement| (judged, requirement)))
    }

    /// The servers whose host name this is.
    pub fn owners(&self, name: &str) -> impl Iterator<Item = &Judged<'a>> {
        self.claims.owners.get(&fold(name)).into_iter().flatten().filter_map(|place| self.servers.get(*place))
    }
}

impl<'a> Judged<'a> {
    fn new(directory: &'a Directory, claims: &Claims, place: usize, server: &'a Server) -> Self {
        if server.skipped.is_some() {
            return Self { server, account: Choice::None, requirements: Vec::new() };
        }
        let account = directory.account_of(server);
        let requirement = |(spn, needed_by): (Spn, Vec<&'a Endpoint>)| {
            let holders = directory.holders(&spn);
            let shared = claims.is_shared(spn.target(), place);
            let status = status(account.one(), &holders, shared);
            let near_misses = account.one().map_or_else(Vec::new, |account| near_misses(account, &spn, &holders));
            Requirement { spn, needed_by, status, holders, near_misses }
        };
        let mut requirements: Vec<_> = required(server).into_iter().map(requirement).collect();
        sort_folded(&mut requirements, |requirement| requirement.spn.as_str());
        Self { server, account, requirements }
    }

    /// The endpoints that can use Kerberos but announce what is no host name.
    pub fn invalid_endpoints(&self) -> impl Iterator<Item = (&'a Endpoint, &'a str)> {
        let server = self.server;
        server.kerberos_endpoints().filter_map(move |endpoint| {
            let name = server.announced_by(endpoint)?;
            HostName::parse(name).is_err().then_some((endpoint, name))
        })
    }

    /// Whether two servers are the same.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.server, other.server)
    }
}

/// The names a server requires, each with the endpoints that announce it. An endpoint's spelling goes before the server's own.
fn required(server: &Server) -> Vec<(Spn, Vec<&Endpoint>)> {
    let mut names: BTreeMap<String, (Spn, Vec<&Endpoint>)> = BTreeMap::new();
    for endpoint in server.kerberos_endpoints() {
        if let Some(name) = server.announced_by(endpoint).and_then(|name| HostName::parse(name).ok()) {
            let new = || (Spn::smtpsvc(name.as_str()), Vec::new());
            names.entry(fold(name.as_str())).or_insert_with(new).1.push(endpoint);
        }
    }
    if server.kerberos_endpoints().next().is_some() {
        for name in server.names.all() {
            names.entry(fold(name)).or_insert_with(|| (Spn::smtpsvc(name), Vec::new()));
        }
    }
    names.into_values().collect()
}

/// Whether more holders would have to be told of than fit into any report.
fn is_too_much(directory: &Directory) -> bool {
    let of_required = |server| -> usize { required(server).iter().map(|(spn, _)| directory.holders(spn).len()).sum() };
    let of_held = |account: &Account| account.spns.iter().map(|spn| directory.accounts.holders(spn).count()).sum();
    let mut told = 0;
    directory.servers.iter().any(|server| {
        told += of_required(server) + directory.account_of(server).one().map_or(0, of_held);
        told > MOST_HOLDINGS
    })
}

fn status(account: Option<&Account>, holders: &[&Account], shared: bool) -> Status {
    let Some(account) = account.filter(|_| !shared) else {
        return if shared { Status::Shared } else { Status::Unresolved };
    };
    let own = holders.iter().any(|holder| holder.dn == account.dn);
    match (own, holders.len()) {
        (true, 1) => Status::Registered,
        (true, _) => Status::Duplicate,
        (false, 0) => Status::Missing,
        (false, _) => Status::Misplaced,
    }
}

/// What the account holds that looks like the name it does not hold.
fn near_misses<'a>(account: &'a Account, spn: &Spn, holders: &[&Account]) -> Vec<&'a Spn> {
    if holders.iter().any(|holder| holder.dn == account.dn) {
        return Vec::new();
    }
    let target = fold(spn.target());
    let classes = ["smtp", "smtpsvc"].into_iter();
    let alike = classes.flat_map(|class| account.beginning_with(&format!("{class}/{target}")));
    alike.filter(|held| held.nearly_covers(spn.target())).collect()
}
