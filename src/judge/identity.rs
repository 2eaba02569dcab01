//! Whose account it is: which machine a server is, and how sure that is.
//!
//! One piece of evidence never decides against others. Exchange itself looks for the enabled computer that holds `HOST/<FQDN>`; but such a
//! name may be left on an old machine, or be put on another by mistake.

use crate::directory::Directory;
use crate::directory::account::Account;
use crate::directory::host::HostName;
use crate::directory::server::{Names, Server};
use crate::directory::spn::Spn;

/// What speaks for a machine's being a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Its logon name is `<NetBIOS name>$`.
    pub named: bool,
    /// It holds `HOST/<FQDN>`.
    pub host: bool,
    /// Its `dNSHostName` is the FQDN.
    pub dns: bool,
}

impl Marks {
    fn of(account: &Account, names: &Names) -> Self {
        let sam = account.sam_account_name.as_deref().map(crate::directory::text::fold);
        Self {
            named: sam.is_some_and(|sam| sam == names.sam_account_name()),
            host: names.fqdns.iter().any(|fqdn| account.held(&Spn::host(fqdn)).is_some()),
            dns: names.fqdns.iter().any(|fqdn| account.calls_itself(fqdn)),
        }
    }

    /// How many of the three there are: one alone may be a coincidence.
    #[must_use]
    pub fn count(self) -> usize {
        self.names().count()
    }

    /// Those there are, as reports name them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [(self.named, "named"), (self.host, "host"), (self.dns, "dns")];
        all.into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| name)
    }
}

/// A machine with at least one mark.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Its account: a computer, dead or alive.
    pub account: &'a Account,
    /// What says that it is the server's.
    pub marks: Marks,
}

impl Candidate<'_> {
    /// Whether a command may rest on it: it is live, and two marks agree.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.marks.count() > 1 && !self.account.is_dead()
    }
}

/// Which account a server has.
#[derive(Clone, Debug)]
pub enum Identity<'a> {
    /// None is looked for: the server is skipped.
    Skipped,
    /// The one for which most marks speak.
    Account(Candidate<'a>),
    /// One that is called like the server, but calls itself otherwise in DNS.
    OtherName(Candidate<'a>),
    /// One of these, or none.
    Ambiguous(Vec<Candidate<'a>>),
    /// No machine has a mark.
    None,
}

impl<'a> Identity<'a> {
    /// Finds the account of a server.
    pub(super) fn of(directory: &'a Directory, server: &Server) -> Self {
        if server.skipped.is_some() {
            return Self::Skipped;
        }
        let mut competitors = candidates(directory, &server.names);
        let has_live = competitors.iter().any(|candidate| !candidate.account.is_dead());
        // The dead compete only among themselves.
        competitors.retain(|candidate| !has_live || !candidate.account.is_dead());
        let chosen = match server.names.fqdn() {
            Some(fqdn) => choose(directory, &competitors, fqdn),
            None => by_name_alone(&competitors, &server.names),
        };
        chosen.unwrap_or(if has_live { Self::Ambiguous(competitors) } else { Self::None })
    }

    /// The account, if it is known.
    #[must_use]
    pub fn chosen(&self) -> Option<&Candidate<'a>> {
        match self {
            Self::Account(candidate) => Some(candidate),
            _ => None,
        }
    }

    /// The account and all that could be it.
    #[must_use]
    pub(crate) fn candidates(&self) -> &[Candidate<'a>] {
        match self {
            Self::Account(candidate) | Self::OtherName(candidate) => std::slice::from_ref(candidate),
            Self::Ambiguous(candidates) => candidates,
            Self::Skipped | Self::None => &[],
        }
    }

    /// Whether it is the account or could be it: then it is nobody else.
    #[must_use]
    pub(crate) fn may_be(&self, account: &Account) -> bool {
        self.candidates().iter().any(|candidate| candidate.account.dn == account.dn)
    }
}

/// How many objects may turn out to have a mark.
pub(super) fn count_candidates(directory: &Directory, server: &Server) -> usize {
    let (accounts, names) = (&directory.accounts, &server.names);
    let holding = names.fqdns.iter().map(|fqdn| accounts.holders(&Spn::host(fqdn)).count());
    let calling = names.fqdns.iter().map(|fqdn| accounts.calling_themselves(fqdn).count());
    accounts.called(&names.sam_account_name()).count() + holding.chain(calling).sum::<usize>()
}

/// The machines with a mark, by DN.
fn candidates<'a>(directory: &'a Directory, names: &Names) -> Vec<Candidate<'a>> {
    let accounts = &directory.accounts;
    let mut found: Vec<&Account> = accounts.called(&names.sam_account_name()).collect();
    for fqdn in &names.fqdns {
        found.extend(accounts.holders(&Spn::host(fqdn)));
        found.extend(accounts.calling_themselves(fqdn));
    }
    found.retain(|account| account.is_machine());
    found.sort_by(|one, other| one.dn.key().cmp(other.dn.key()));
    found.dedup_by(|one, other| one.dn == other.dn);
    found.into_iter().map(|account| Candidate { account, marks: Marks::of(account, names) }).collect()
}

/// The one whose marks outweigh all others'; none if nobody can say.
fn choose<'a>(directory: &Directory, competitors: &[Candidate<'a>], fqdn: &HostName) -> Option<Identity<'a>> {
    let mut strong = competitors.iter().filter(|candidate| candidate.marks.count() > 1);
    match (strong.next(), strong.next(), competitors) {
        (Some(only), None, _) => Some(Identity::Account(*only)),
        (None, _, [single]) => judge_single(directory, *single, fqdn),
        _ => None,
    }
}

/// A single machine with a single mark.
fn judge_single<'a>(directory: &Directory, single: Candidate<'a>, fqdn: &HostName) -> Option<Identity<'a>> {
    let account = single.account;
    let domain_of_name = directory.domains.of_host(fqdn).map(|domain| domain.dns.as_str());
    match (single.marks, account.dns_host_name.is_some()) {
        (Marks { dns: true, .. }, _) | (Marks { host: true, .. }, false) => Some(Identity::Account(single)),
        (Marks { named: true, .. }, true) if domain_of_name.is_some_and(|domain| domain != account.domain.dns) => {
            // The name lies in another domain of the forest: so does the machine.
            Some(Identity::None)
        }
        (Marks { named: true, .. }, true) => Some(Identity::OtherName(single)),
        (Marks { named: true, .. }, false) if domain_of_name == Some(account.domain.dns.as_str()) => {
            Some(Identity::Account(single))
        }
        _ => None,
    }
}

/// Without an FQDN, only the machine that is called like the server can be it, if there is just one. Where `networkAddress` has a name
/// without a dot, the machine's own FQDN stands in, and a `HOST` name of that is a mark too.
fn by_name_alone<'a>(competitors: &[Candidate<'a>], names: &Names) -> Option<Identity<'a>> {
    let [single] = competitors else { return None };
    let stand_in = stand_in(single.account, names);
    let host = stand_in.is_some_and(|fqdn| single.account.held(&Spn::host(&fqdn)).is_some());
    Some(Identity::Account(Candidate { marks: Marks { host, ..single.marks }, ..*single }))
}

/// The FQDN of a server whose `networkAddress` has a name without a dot: what its machine calls itself.
pub(super) fn stand_in(account: &Account, names: &Names) -> Option<HostName> {
    names.short.as_ref().filter(|_| names.fqdns.is_empty())?;
    account.dns_host_name.as_deref().and_then(|own| HostName::parse(own).ok()).filter(HostName::is_qualified)
}
