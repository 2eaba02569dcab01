//! All servers with what they require, and who holds it: the facts that all findings rest on.

use std::collections::{BTreeMap, HashMap};

use super::identity::{self, Identity};
use super::owners::Owners;
use super::proof;
use super::requirements::{Judged, Needs, Requirement, Status};
use super::severity::Severity;
use crate::directory::Directory;
use crate::directory::account::Account;
use crate::directory::endpoint::Kerberos;
use crate::directory::gap::{Gap, Kind, Prose, first_of_many};
use crate::directory::host::HostName;
use crate::directory::server::Skipped;
use crate::directory::spn::Spn;
use crate::directory::testimony::{Statement, Witness};
use crate::directory::text::{clipped, printable, sort_folded};

/// All servers judged, and what is known of host names: what the checks work on.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The directory they were found in.
    pub directory: &'a Directory,
    /// The servers with their accounts and required SPNs, by name; skipped ones too.
    pub servers: Vec<Judged<'a>>,
    /// Who host names belong to.
    pub owners: Owners<'a>,
    /// The place of the server that an account was chosen for, by the account's [`Dn::key`](crate::directory::dn::Dn::key).
    accounts: HashMap<String, usize>,
    /// The places of the first servers that an account may belong to, by the account's [`Dn::key`](crate::directory::dn::Dn::key).
    candidates: HashMap<&'a str, Vec<usize>>,
    /// What could not be judged.
    pub gaps: Vec<Gap>,
}

/// Who holds a name is told to each server that requires it and of each that is held in vain, so that of much on both sides there would be
/// more than fits into memory. These are far more bytes than any organisation's holders take.
const MOST_BYTES: usize = 192 << 20;
/// Far more machines than any organisation has that may be its servers' accounts, counted for each server.
const MOST_CANDIDATES: usize = 1_000_000;
/// What was not judged, and why.
const TOO_MUCH_SAID: &str =
    "witnesses said more than a report can tell, so nothing was checked: record again, or use --only";
/// What was not judged, and why.
const TOO_MUCH: &str = "its Exchange servers share so many accounts and names that nothing was checked: look for names that thousands of objects hold";

impl<'a> Facts<'a> {
    /// Works out what every server of the directory requires.
    #[must_use]
    pub fn new(directory: &'a Directory) -> Self {
        let candidates = directory.servers.iter().map(|server| identity::count_candidates(directory, server));
        if candidates.sum::<usize>() > MOST_CANDIDATES {
            return Self::unjudged(directory, TOO_MUCH);
        }
        let mut servers: Vec<_> = directory.servers.iter().map(|server| Judged::new(directory, server)).collect();
        make_ambiguous(&mut servers);
        let owners = owners(directory, &servers);
        let mut gaps = unknown_names(&servers);
        gaps.extend(unheard(directory));
        let Some(required) = required(directory, &servers) else {
            return Self::unjudged(directory, TOO_MUCH);
        };
        let is_only_mover = directory.servers.iter().filter(|server| server.skipped.is_none()).take(2).count() == 1;
        let scene = Scene { owners: &owners, announcers: announcers(&required), is_only_mover };
        for (place, required) in required.into_iter().enumerate() {
            let Some(judged) = servers.get(place) else { continue };
            let requirements = required.into_iter().map(|required| scene.requirement(place, judged, required));
            let mut requirements: Vec<_> = requirements.collect();
            sort_folded(&mut requirements, |requirement| requirement.spn.as_str());
            if let Some(judged) = servers.get_mut(place) {
                judged.requirements = requirements;
            }
        }
        if says_too_much(directory, &servers) {
            return Self::unjudged(directory, TOO_MUCH_SAID);
        }
        let accounts = places_of_accounts(&servers);
        let candidates = places_of_candidates(&servers);
        Self { directory, servers, owners, accounts, candidates, gaps }
    }

    /// What is left where nothing can be judged.
    pub(super) fn unjudged(directory: &'a Directory, why: &'static str) -> Self {
        let owners = Owners::new(directory, std::iter::empty());
        let gaps = vec![Gap::new("directory", why).fixed_by(["setspn -F -X".to_owned()])];
        let (accounts, candidates) = (HashMap::new(), HashMap::new());
        Self { directory, servers: Vec::new(), owners, accounts, candidates, gaps }
    }

    /// Every requirement, with its server.
    pub fn requirements(&self) -> impl Iterator<Item = (&Judged<'a>, &Requirement<'a>)> {
        self.servers.iter().flat_map(|judged| judged.requirements.iter().map(move |requirement| (judged, requirement)))
    }

    /// The requirements of this status, with their servers, name by name.
    pub fn by_name(&self, status: Status) -> impl Iterator<Item = Vec<(&Judged<'a>, &Requirement<'a>)>> {
        let mut names: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (judged, requirement) in self.requirements().filter(|(_, requirement)| requirement.status == status) {
            names.entry(requirement.spn.key()).or_default().push((judged, requirement));
        }
        names.into_values()
    }

    /// The servers that send and receive mail.
    pub(crate) fn movers(&self) -> impl Iterator<Item = &Judged<'a>> {
        self.servers.iter().filter(|judged| judged.server.skipped.is_none())
    }

    /// The Exchange servers that an account may belong to, the first few.
    pub(crate) fn servers_of_candidate(&self, account: &Account) -> impl Iterator<Item = &Judged<'a>> {
        let places = self.candidates.get(account.dn.key()).into_iter().flatten();
        places.filter_map(|place| self.servers.get(*place))
    }

    /// The Exchange server whose account this is.
    #[must_use]
    pub(crate) fn server_of(&self, account: &Account) -> Option<&Judged<'a>> {
        self.accounts.get(account.dn.key()).and_then(|place| self.servers.get(*place))
    }
}

/// A name that a server requires, why, and who holds it.
struct Required<'a> {
    name: HostName,
    needs: Needs<'a>,
    holders: Vec<&'a Account>,
}

/// What of all servers decides about one requirement.
struct Scene<'a, 'b> {
    owners: &'b Owners<'a>,
    /// How many servers have endpoints that announce a name.
    announcers: HashMap<String, usize>,
    /// Whether just one server moves mail.
    is_only_mover: bool,
}

impl<'a> Scene<'a, '_> {
    fn requirement(&self, place: usize, judged: &Judged<'a>, required: Required<'a>) -> Requirement<'a> {
        let Required { name, needs, holders } = required;
        let is_own = judged.is_called(&name);
        let owner = if is_own { None } else { self.owners.other_than(place, &judged.identity, &name) };
        let is_shared = if is_own {
            self.owners.servers(&name).len() > 1
        } else {
            self.announcers.get(name.key()).is_some_and(|count| *count > 1) && !self.owners.has_any(&name)
        };
        let status = match (&owner, judged.account()) {
            (Some(_), _) => Status::Foreign,
            _ if is_shared => Status::Shared,
            (None, None) => Status::Unresolved,
            (None, Some(account)) => status(account, &holders),
        };
        let near_misses = judged.account().map_or_else(Vec::new, |account| near_misses(account, &name, &holders));
        let if_missing = self.if_missing(judged, is_own, &needs);
        Requirement { spn: Spn::smtpsvc(&name), name, needs, if_missing, status, owner, holders, near_misses }
    }

    /// The severity of the worst reason.
    fn if_missing(&self, judged: &Judged<'_>, is_own: bool, needs: &Needs<'_>) -> Severity {
        let meets_itself = judged.server.version.is_none_or(|version| !version.is_2007_or_2010());
        let sender = needs.sender.then(|| warning_if(self.is_only_mover && !meets_itself));
        let announced = needs.kerberos().map(|kerberos| match kerberos {
            Kerberos::VirtualServer => warning_if(is_own && self.is_only_mover),
            // The name that the server gives as a sender has nothing to fall back to.
            Kerberos::ExchangeServer { may_fall_back } => warning_if(is_own && may_fall_back && !needs.sender),
            Kerberos::Clients => Severity::Warning,
        });
        announced.chain(sender).min().unwrap_or(Severity::Info)
    }
}

fn warning_if(is_milder: bool) -> Severity {
    if is_milder { Severity::Warning } else { Severity::Error }
}

fn owners<'a>(directory: &'a Directory, servers: &[Judged<'a>]) -> Owners<'a> {
    // A copy that replication left over has the names of the real one.
    let is_real = |(_, judged): &(usize, &Judged<'_>)| judged.server.skipped != Some(Skipped::Conflict);
    let names = servers
        .iter()
        .enumerate()
        .filter(is_real)
        .flat_map(|(place, judged)| judged.host_names().map(move |name| (place, name)));
    Owners::new(directory, names)
}

/// One machine cannot be two servers: then nobody can say which of them it is.
fn make_ambiguous(servers: &mut [Judged<'_>]) {
    let mut count: HashMap<String, usize> = HashMap::new();
    for account in servers.iter().filter_map(Judged::account) {
        *count.entry(account.dn.key().to_owned()).or_default() += 1;
    }
    for judged in servers {
        let chosen = judged.identity.chosen().copied();
        if let Some(chosen) = chosen.filter(|chosen| count.get(chosen.account.dn.key()).is_some_and(|count| *count > 1))
        {
            judged.identity = Identity::Ambiguous(vec![chosen]);
        }
    }
}

fn places_of_accounts(servers: &[Judged<'_>]) -> HashMap<String, usize> {
    let account = |(place, judged): (usize, &Judged<'_>)| Some((judged.account()?.dn.key().to_owned(), place));
    servers.iter().enumerate().filter_map(account).collect()
}

/// The servers that an account may belong to, the first few.
fn places_of_candidates<'a>(servers: &[Judged<'a>]) -> HashMap<&'a str, Vec<usize>> {
    /// More than anybody is told of.
    const MOST: usize = 4;
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, judged) in servers.iter().enumerate() {
        for candidate in judged.identity.candidates() {
            let known = places.entry(candidate.account.dn.key()).or_default();
            if known.len() < MOST {
                known.push(place);
            }
        }
    }
    places
}

/// How many servers have endpoints that announce each name.
fn announcers(required: &[Vec<Required<'_>>]) -> HashMap<String, usize> {
    let mut announcers: HashMap<String, usize> = HashMap::new();
    let announced = required.iter().flatten().filter(|required| !required.needs.announced_by.is_empty());
    announced.for_each(|required| *announcers.entry(required.name.key().to_owned()).or_default() += 1);
    announcers
}

/// Servers whose `networkAddress` has a name without a dot, and whose machine does not say what it is called.
fn unknown_names(servers: &[Judged<'_>]) -> Vec<Gap> {
    let is_unknown = |judged: &&Judged<'_>| {
        judged.fqdn.is_none() && judged.server.names.short.is_some() && judged.account().is_some()
    };
    let gap = |judged: &Judged<'_>| {
        let what = "the FQDN of this server is not known: its networkAddress has a name without a dot, and the dNSHostName of its account was not read or is not an FQDN";
        Gap::at(&judged.server.dn, what)
    };
    first_of_many(servers.iter().filter(is_unknown).map(gap))
}

/// Whether more was said of the names that servers require than a report can tell.
fn says_too_much(directory: &Directory, servers: &[Judged<'_>]) -> bool {
    /// Of the 512 MiB that the whole program may take.
    const MOST_BYTES: usize = 128 << 20;
    let testimony = &directory.testimony;
    if testimony.is_empty() {
        return false;
    }
    let requirements = servers.iter().flat_map(|judged| &judged.requirements);
    let mut told: usize = 0;
    for requirement in requirements {
        told = told.saturating_add(proof::weight(testimony, requirement));
        if told > MOST_BYTES {
            return true;
        }
    }
    false
}

/// The witnesses that could not be heard: without them nothing is proved.
fn unheard(directory: &Directory) -> Vec<Gap> {
    /// Longer than any reason of ours.
    const MOST: usize = 2000;
    let gap = |statement: &Statement| match statement {
        Statement::Unheard { asked, server, why, fix, .. } => {
            let who = match asked {
                Witness::Kdcs => "its KDC was not heard",
                Witness::Controllers => "its directory was not heard",
                Witness::Smtp => "the endpoint was not heard",
            };
            let fix = fix.as_deref().map_or_else(String::new, |fix| format!("; {fix}"));
            let what = clipped(&printable(&format!("{who}: {why}{fix}")), MOST);
            Some(Gap::new(Prose::place(Kind::Host, server), Prose::place(Kind::Text, &what)))
        }
        _ => None,
    };
    let mut gaps = first_of_many(directory.testimony.statements().iter().filter_map(gap));
    gaps.sort();
    gaps.dedup();
    gaps
}

/// What each server requires; none if more holders would have to be told of than fit into any report.
fn required<'a>(directory: &'a Directory, servers: &[Judged<'a>]) -> Option<Vec<Vec<Required<'a>>>> {
    let accounts = &directory.accounts;
    let of_host_names = |judged: &Judged<'_>| -> usize {
        judged.host_names().map(|name| weight_with_commands(accounts.holders(&Spn::host(name)))).sum()
    };
    let of_held = |account: &Account| -> usize {
        account.spns.iter().map(|spn| accounts.holders(spn).map(weight).sum::<usize>()).sum()
    };
    let mut told: usize = 0;
    let mut tell = |bytes: usize| {
        told = told.saturating_add(bytes);
        (told <= MOST_BYTES).then_some(())
    };
    let mut of_server = |judged: &Judged<'a>| {
        let required = judged.required().into_iter().map(|(name, needs)| {
            let holders = directory.holders(&name);
            tell(weight_with_commands(holders.iter().copied()))?;
            Some(Required { name, needs, holders })
        });
        let required = required.collect::<Option<Vec<_>>>()?;
        tell(judged.account().map_or(0, |account| of_held(account) + of_host_names(judged)))?;
        Some(required)
    };
    servers.iter().map(&mut of_server).collect()
}

/// What a holder of a name adds to a report.
fn weight(holder: &Account) -> usize {
    100 + holder.dn.as_str().len()
}

/// What the holders of a name add to a report: all but one may need a command and its undo, which are much longer than a name.
fn weight_with_commands<'a>(mut holders: impl Iterator<Item = &'a Account>) -> usize {
    const COMMANDS: usize = 10;
    let first = holders.next().map_or(0, weight);
    first.saturating_add(holders.map(|holder| COMMANDS * weight(holder)).fold(0, usize::saturating_add))
}

fn status(account: &Account, holders: &[&Account]) -> Status {
    let own = holders.iter().any(|holder| holder.dn == account.dn);
    match (own, holders.len()) {
        (true, 1) => Status::Registered,
        (true, _) => Status::Duplicate,
        (false, 0) => Status::Missing,
        (false, _) => Status::Misplaced,
    }
}

/// What the account holds that looks like the name it does not hold.
fn near_misses<'a>(account: &'a Account, name: &HostName, holders: &[&Account]) -> Vec<&'a Spn> {
    if holders.iter().any(|holder| holder.dn == account.dn) {
        return Vec::new();
    }
    let classes = ["smtp", "smtpsvc"].into_iter();
    let alike = classes.flat_map(|class| account.beginning_with(&format!("{class}/{}", name.key())));
    alike.filter(|held| held.nearly_covers(name)).collect()
}
