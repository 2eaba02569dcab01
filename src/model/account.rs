//! The objects that hold service principal names, and which of them is a server's account.

use std::collections::HashMap;
use std::sync::Arc;

use super::dn::Dn;
use super::entry::Entry;
use super::exchange::{Facts, Names};
use super::schema::{self, Attribute};
use super::spn::Spn;
use super::text::{fold, same, sort_folded};

/// A computer, user or other object that holds service principal names or may be a server's account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The object.
    pub dn: Dn,
    /// The logon name, `EX01$`; an object without one cannot be named to setspn.
    pub sam_account_name: Option<String>,
    /// The FQDN the computer gives itself.
    pub dns_host_name: Option<String>,
    /// Whether it is a computer, as opposed to a user or anything else.
    pub computer: bool,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// The names it holds, each once, sorted by [`Spn::key`]. There may be very many, and a remedy keeps its account.
    pub spns: Arc<[Spn]>,
    /// The domain it lies in.
    pub domain: Arc<Domain>,
}

/// A domain of the forest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// The DNS name, `contoso.com`.
    pub dns: String,
    /// The NetBIOS name, `CONTOSO`.
    pub netbios: String,
}

/// Which account a server has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice<T> {
    /// This one.
    One(T),
    /// None was found.
    None,
    /// Several could be it.
    Several(Vec<T>),
}

impl<T: Copy> Choice<T> {
    /// The account, if there is just one.
    pub fn one(&self) -> Option<T> {
        match self {
            Self::One(account) => Some(*account),
            _ => None,
        }
    }

    fn of(mut candidates: Vec<T>) -> Self {
        match (candidates.pop(), candidates.is_empty()) {
            (None, _) => Self::None,
            (Some(only), true) => Self::One(only),
            (Some(last), false) => {
                candidates.push(last);
                Self::Several(candidates)
            }
        }
    }
}

/// Bit 2 of `userAccountControl`: `ADS_UF_ACCOUNTDISABLE`.
const DISABLED: i64 = 2;

impl Account {
    pub(super) fn of(entry: &Entry, domain: Arc<Domain>, facts: &mut impl Facts) -> Self {
        let mut spns: Vec<Spn> = entry.values(Attribute::ServicePrincipalName).map(Spn::held).collect();
        sort_folded(&mut spns, Spn::as_str);
        spns.dedup();
        Self {
            dn: entry.dn.clone(),
            sam_account_name: facts.text(entry, Attribute::SamAccountName),
            dns_host_name: facts.text(entry, Attribute::DnsHostName),
            computer: entry.is_a(schema::COMPUTER),
            disabled: facts.integer(entry, Attribute::UserAccountControl).is_some_and(|flags| flags & DISABLED != 0),
            spns: spns.into(),
            domain,
        }
    }

    /// The value as this account holds it.
    #[must_use]
    pub fn held(&self, spn: &Spn) -> Option<&Spn> {
        self.beginning_with(spn.key()).first().filter(|held| *held == spn)
    }

    /// The names it holds whose keys begin like this.
    #[must_use]
    pub fn beginning_with(&self, start: &str) -> &[Spn] {
        let first = self.spns.partition_point(|spn| spn.key() < start);
        let from_there = self.spns.get(first..).unwrap_or_default();
        let count = from_there.partition_point(|spn| spn.key().starts_with(start));
        from_there.get(..count).unwrap_or_default()
    }
}

/// All accounts that were read.
#[derive(Debug, Default)]
pub struct Accounts {
    list: Vec<Account>,
    /// The place of an account in `list` and of a name in its `spns`, by the key of the name.
    by_spn: Vec<(usize, usize)>,
    by_sam: HashMap<String, Vec<usize>>,
}

impl Accounts {
    pub(super) fn new(mut list: Vec<Account>) -> Self {
        list.shrink_to_fit();
        let mut by_spn = Vec::with_capacity(list.iter().map(|account| account.spns.len()).sum());
        let mut by_sam = HashMap::<_, Vec<usize>>::new();
        for (number, account) in list.iter().enumerate() {
            by_spn.extend((0..account.spns.len()).map(|spn| (number, spn)));
            if let Some(name) = &account.sam_account_name {
                by_sam.entry(fold(name)).or_default().push(number);
            }
        }
        let mut accounts = Self { list, by_spn: Vec::new(), by_sam };
        by_spn.sort_by(|one, other| accounts.key(*one).cmp(&accounts.key(*other)));
        accounts.by_spn = by_spn;
        accounts
    }

    fn key(&self, (account, spn): (usize, usize)) -> Option<&str> {
        Some(self.list.get(account)?.spns.get(spn)?.key())
    }

    /// The accounts that hold exactly this name.
    pub fn holders<'a>(&'a self, spn: &Spn) -> impl Iterator<Item = &'a Account> + use<'a> {
        let begin = self.by_spn.partition_point(|place| self.key(*place) < Some(spn.key()));
        let from_there = self.by_spn.get(begin..).unwrap_or_default();
        let count = from_there.partition_point(|place| self.key(*place) == Some(spn.key()));
        from_there.iter().take(count).filter_map(|(account, _)| self.list.get(*account))
    }

    /// The accounts of this logon name.
    pub fn called<'a>(&'a self, sam_account_name: &str) -> impl Iterator<Item = &'a Account> + use<'a> {
        let numbers = self.by_sam.get(&fold(sam_account_name));
        numbers.into_iter().flatten().filter_map(|number| self.list.get(*number))
    }

    /// The account of a server: the computer that holds `HOST/<its FQDN>`; failing that, the one of its NetBIOS name, and
    /// if several domains have one, the one that gives itself the server's FQDN.
    #[must_use]
    pub fn of_server(&self, names: &Names) -> Choice<&Account> {
        for fqdn in &names.fqdns {
            let holders: Vec<_> = self.holders(&Spn::host(fqdn.as_str())).filter(|account| account.computer).collect();
            if !holders.is_empty() {
                return Choice::of(holders);
            }
        }
        let candidates: Vec<_> = self.called(&names.sam_account_name()).filter(|account| account.computer).collect();
        let is_called_so = |account: &&Account| {
            let claimed = account.dns_host_name.as_deref();
            claimed.is_some_and(|claimed| names.fqdns.iter().any(|fqdn| same(fqdn.as_str(), claimed)))
        };
        let called_so: Vec<_> = candidates.iter().copied().filter(is_called_so).collect();
        if candidates.len() > 1 && !called_so.is_empty() { Choice::of(called_so) } else { Choice::of(candidates) }
    }
}
