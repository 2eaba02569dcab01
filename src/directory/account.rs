//! The objects that hold service principal names or may be a server's account.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::dn::Dn;
use super::domain::Domain;
use super::doubts::Facts;
use super::entry::Entry;
use super::host::HostName;
use super::schema::{self, Attribute};
use super::spn::Spn;
use super::text::{fold, sort_folded};

/// A computer, user or other object that holds service principal names or may be a server's account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Where it lies; two accounts never share it, whatever their logon names.
    pub dn: Dn,
    /// The logon name, `EX01$`; an object without one cannot be named to setspn.
    pub sam_account_name: Option<String>,
    /// The FQDN the computer gives itself.
    pub dns_host_name: Option<String>,
    /// Whether it is a computer, as opposed to a user or anything else. Managed service accounts are.
    pub computer: bool,
    /// Whether it is a managed service account.
    pub managed: bool,
    /// Whether nobody can log on as it: bit 2 of `userAccountControl`. The names it holds count all the same.
    pub disabled: bool,
    /// When it last logged on, to within two weeks.
    pub last_logon: Option<SystemTime>,
    /// What only `why` reads of it.
    pub clues: Clues,
    /// The names it holds, each once, sorted by [`Spn::key`]. There may be very many, and a remedy keeps its account.
    pub spns: Arc<[Spn]>,
    /// The domain of its DN, whose NetBIOS name stands before its logon name in commands.
    pub domain: Arc<Domain>,
}

/// What of an account may keep it from getting tickets, whatever its names are. Only what was asked for is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clues {
    /// The encryption types of its tickets, a bit field; unset on most accounts.
    pub encryption_types: Option<i64>,
    /// When its password was last changed. Every account has it, so without it nothing of the others is known.
    pub password_set: Option<SystemTime>,
    /// When it expires; none if it never does.
    pub expires: Option<SystemTime>,
    /// Whether it is a domain controller's.
    pub controller: bool,
}

impl Clues {
    fn of(entry: &Entry) -> Self {
        let time = |attribute| entry.values(attribute).find_map(schema::large_integer).and_then(file_time);
        Self {
            encryption_types: entry.values(Attribute::SupportedEncryptionTypes).find_map(schema::integer),
            password_set: time(Attribute::PasswordLastSet),
            expires: time(Attribute::AccountExpires),
            controller: entry.values(Attribute::UserAccountControl).any(is_domain_controller),
        }
    }
}

/// Bit 2 of `userAccountControl`: `ADS_UF_ACCOUNTDISABLE`.
const DISABLED: i64 = 2;
/// Bit 8192 of `userAccountControl`: `ADS_UF_SERVER_TRUST_ACCOUNT`.
const DOMAIN_CONTROLLER: i64 = 8192;

/// Whether a value of `userAccountControl` is that of a disabled account.
#[must_use]
pub(crate) fn is_disabled(flags: &str) -> bool {
    schema::integer(flags).is_some_and(|flags| flags & DISABLED != 0)
}

/// Whether a value of `userAccountControl` is that of a domain controller.
#[must_use]
pub(crate) fn is_domain_controller(flags: &str) -> bool {
    schema::integer(flags).is_some_and(|flags| flags & DOMAIN_CONTROLLER != 0)
}

/// The time that Windows counts from 1601 in units of 100 ns, if it is a day we could mean: 0 stands for never.
fn file_time(ticks: i64) -> Option<SystemTime> {
    const TO_1970: u64 = 11_644_473_600;
    unix_time((u64::try_from(ticks).ok()? / 10_000_000).checked_sub(TO_1970)?)
}

/// The time so many seconds after 1970, if it can be written with a year of four digits.
pub(crate) fn unix_time(seconds: u64) -> Option<SystemTime> {
    (seconds <= LAST_SECOND).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The last second of the year 9999, in seconds since 1970.
pub(crate) const LAST_SECOND: u64 = 253_402_300_799;

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
            managed: schema::MANAGED_SERVICE_ACCOUNTS.iter().any(|class| entry.is_a(class)),
            disabled: facts.integer(entry, Attribute::UserAccountControl).is_some_and(|flags| flags & DISABLED != 0),
            last_logon: entry
                .values(Attribute::LastLogonTimestamp)
                .filter_map(schema::large_integer)
                .max()
                .and_then(file_time),
            clues: Clues::of(entry),
            spns: spns.into(),
            domain,
        }
    }

    /// Whether it may be the account of a server: a computer that is no managed service account.
    #[must_use]
    pub(crate) fn is_machine(&self) -> bool {
        self.computer && !self.managed
    }

    /// Whether it is the loser of a replication conflict: `CN=EX01\\0ACNF:…`, or a logon name `$DUPLICATE-…`.
    #[must_use]
    pub(crate) fn is_conflict(&self) -> bool {
        let sam = self.sam_account_name.as_deref().map(fold).unwrap_or_default();
        self.dn.is_conflict() || sam.starts_with("$duplicate-")
    }

    /// Whether nobody can log on as it any more: it is disabled, or the loser of a replication conflict.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.disabled || self.is_conflict()
    }

    /// Whether it gives itself this DNS name.
    #[must_use]
    pub(crate) fn calls_itself(&self, name: &HostName) -> bool {
        self.dns_host_name.as_deref().is_some_and(|own| name.is(own))
    }

    /// The value as this account holds it.
    #[must_use]
    pub fn held(&self, spn: &Spn) -> Option<&Spn> {
        self.beginning_with(spn.key()).first().filter(|held| *held == spn)
    }

    /// The names it holds whose keys begin like this.
    #[must_use]
    pub(crate) fn beginning_with(&self, start: &str) -> &[Spn] {
        let first = self.spns.partition_point(|spn| spn.key() < start);
        let from_there = self.spns.get(first..).unwrap_or_default();
        let count = from_there.partition_point(|spn| spn.key().starts_with(start));
        from_there.get(..count).unwrap_or_default()
    }
}

/// All accounts that were read, to be found by the names they hold, by logon name and by DNS name.
#[derive(Debug, Default)]
pub struct Accounts {
    list: Vec<Account>,
    /// The place of an account in `list` and of a name in its `spns`, by the key of the name.
    by_spn: Vec<(usize, usize)>,
    by_sam: HashMap<String, Vec<usize>>,
    by_dns: HashMap<String, Vec<usize>>,
}

impl Accounts {
    pub(super) fn new(mut list: Vec<Account>) -> Self {
        list.shrink_to_fit();
        let mut by_spn = Vec::with_capacity(list.iter().map(|account| account.spns.len()).sum());
        let mut by_sam = HashMap::<_, Vec<usize>>::new();
        let mut by_dns = HashMap::<_, Vec<usize>>::new();
        for (number, account) in list.iter().enumerate() {
            by_spn.extend((0..account.spns.len()).map(|spn| (number, spn)));
            if let Some(name) = &account.sam_account_name {
                by_sam.entry(fold(name)).or_default().push(number);
            }
            if let Some(name) = &account.dns_host_name {
                by_dns.entry(fold(name)).or_default().push(number);
            }
        }
        let mut accounts = Self { list, by_spn: Vec::new(), by_sam, by_dns };
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
        self.listed(self.by_sam.get(&fold(sam_account_name)))
    }

    /// The accounts that give themselves this DNS name.
    pub(crate) fn calling_themselves<'a>(&'a self, name: &HostName) -> impl Iterator<Item = &'a Account> + use<'a> {
        self.listed(self.by_dns.get(name.key()))
    }

    /// All of them, as they were read.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.list.iter()
    }

    fn listed<'a>(&'a self, numbers: Option<&'a Vec<usize>>) -> impl Iterator<Item = &'a Account> + use<'a> {
        numbers.into_iter().flatten().filter_map(|number| self.list.get(*number))
    }
}
