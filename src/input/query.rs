//! What is asked of a directory, live or recorded: which objects matter, and why.

use std::collections::HashSet;

use crate::input::ldif::{Field, Record};
use crate::model::dn::Dn;
use crate::model::entry::{Entry, Reading};
use crate::model::exchange;
use crate::model::schema::{self, Attribute};
use crate::model::spn::{SMTPSVC, Spn};
use crate::model::text::fold;

/// The classes of the configuration partition that matter.
pub const CONFIGURATION_CLASSES: [&str; 4] =
    [schema::EXCHANGE_SERVER, schema::VIRTUAL_SERVER, schema::RECEIVE_CONNECTOR, schema::CROSS_REF];

/// Which objects the judgement needs. It grows while reading: once the Exchange servers are known, their accounts matter too,
/// even those that hold no SMTPSVC name; and once an object matters, so does all that is said of it elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// `HOST/<name>` of every Exchange server and endpoint, as [`Spn::key`]: the first tell a server's account, all of them
    /// who answers to the name where `HOST` is made to stand for SMTPSVC.
    hosts: HashSet<String>,
    /// `<NetBIOS name>$` of every Exchange server, folded; and of every holder, as who names an account without its domain may
    /// get a computer called so instead.
    accounts: HashSet<String>,
    /// [`Dn::key`](crate::model::dn::Dn::key) of every object that matters.
    names: HashSet<String>,
}

impl Wanted {
    /// Whether the judgement needs this object, as far as is known by now.
    #[must_use]
    pub fn includes(&self, entry: &Entry) -> bool {
        self.names.contains(entry.dn.key()) || self.asks_for(entry)
    }

    /// Whether the judgement needs this object for what it is.
    #[must_use]
    pub fn asks_for(&self, entry: &Entry) -> bool {
        is_wanted_anyway(entry) || self.is_account(entry)
    }

    /// Whether [`includes`](Self::includes) may hold of a record's entry. Tells it from the bytes, so that what nobody needs
    /// is passed over quickly; where those are unusual, it says yes. `key` is the record's [`plain_key`](crate::model::dn::Dn::plain_key), if it has one.
    #[must_use]
    pub fn may_include(&self, record: &Record, key: Option<&str>, scratch: &mut String) -> bool {
        key.is_none_or(|key| self.names.contains(key))
            || record.fields().any(|Field { attribute, options, value }| match attribute {
                Attribute::ObjectClass => {
                    CONFIGURATION_CLASSES.iter().any(|class| value.eq_ignore_ascii_case(class.as_bytes()))
                }
                Attribute::SpnMappings => true,
                Attribute::ServicePrincipalName => {
                    !options.is_empty()
                        || value.first().is_some_and(|first| !first.is_ascii_graphic())
                        || begins_like(value, SMTPSVC.as_bytes())
                        || is_host(value) && self.hosts.contains(folded(value, scratch))
                }
                Attribute::SamAccountName => is_computer(value) && self.accounts.contains(folded(value, scratch)),
                _ => false,
            })
    }

    /// Whether something is known to matter that was not known `before`, by a name of which `passed_over` is true.
    pub fn grew_by(&self, before: &Self, passed_over: impl Fn(&str) -> bool) -> bool {
        [(&self.hosts, &before.hosts), (&self.accounts, &before.accounts), (&self.names, &before.names)]
            .into_iter()
            .any(|(now, then)| now.difference(then).any(|name| passed_over(name)))
    }

    /// Learns from an object that is kept: that it matters, and who else.
    pub fn learn(&mut self, entry: &Entry) {
        self.learn_accounts(entry);
        self.names.insert(entry.dn.key().to_owned());
    }

    /// Learns what an Exchange server's account is called, and who may answer to an endpoint's name.
    pub fn learn_accounts(&mut self, entry: &Entry) {
        if entry.is_a(schema::EXCHANGE_SERVER) {
            let names = exchange::Names::of(entry);
            names.all().for_each(|name| self.learn_host(name));
            self.accounts.insert(names.sam_account_name());
        }
        if holds_smtpsvc(entry) {
            self.accounts.extend(entry.values(Attribute::SamAccountName).map(computer_called));
        }
        for fqdn in [Attribute::VirtualServerFqdn, Attribute::ConnectorFqdn] {
            entry.values(fqdn).for_each(|name| self.learn_host(name));
        }
    }

    fn learn_host(&mut self, name: &str) {
        self.hosts.insert(Spn::host(name).key().to_owned());
    }

    /// Whether the object may be an Exchange server's account, or answer to an endpoint's name.
    #[must_use]
    pub fn is_account(&self, entry: &Entry) -> bool {
        let holds_host = |value: &str| self.hosts.contains(Spn::held(value).key());
        entry.values(Attribute::ServicePrincipalName).any(holds_host)
            || entry.values(Attribute::SamAccountName).any(|name| self.accounts.contains(&fold(name)))
    }
}

/// Drops the objects that matter to nobody once all are known, and names them: so a directory is judged alike however it was read.
pub fn keep_wanted(reading: &mut Reading) -> Vec<Dn> {
    let mut wanted = Wanted::default();
    reading.entries().for_each(|entry| wanted.learn_accounts(entry));
    let mut dropped = Vec::new();
    reading.retain(|entry| {
        let keep = wanted.asks_for(entry);
        dropped.extend((!keep).then(|| entry.dn.clone()));
        keep
    });
    dropped
}

/// Shows the names by which a record may come to matter, as [`Wanted`] knows them. `key` is the [`key`](crate::model::dn::Dn::key) of its own.
pub fn names(record: &Record, key: &str, scratch: &mut String, show: &mut dyn FnMut(&str)) {
    show(key);
    for Field { attribute, value, .. } in record.fields() {
        match attribute {
            Attribute::ServicePrincipalName if is_host(value) => show(folded(value, scratch)),
            Attribute::SamAccountName if is_computer(value) => show(folded(value, scratch)),
            _ => {}
        }
    }
}

/// Whether a service principal name is `HOST/…`.
fn is_host(value: &[u8]) -> bool {
    begins_like(value, b"HOST/")
}

/// Whether a logon name may be a computer's.
fn is_computer(value: &[u8]) -> bool {
    value.last() == Some(&b'$')
}

fn begins_like(value: &[u8], start: &[u8]) -> bool {
    value.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

/// [`fold`] of what an entry takes a value's bytes for.
fn folded<'a>(value: &[u8], scratch: &'a mut String) -> &'a str {
    scratch.clear();
    match std::str::from_utf8(value) {
        Ok(text) if text.is_ascii() => {
            scratch.push_str(text);
            scratch.make_ascii_lowercase();
        }
        _ => scratch.push_str(&fold(&String::from_utf8_lossy(value))),
    }
    scratch
}

/// Whether an object matters whatever else the directory holds.
fn is_wanted_anyway(entry: &Entry) -> bool {
    CONFIGURATION_CLASSES.iter().any(|class| entry.is_a(class))
        || entry.has(Attribute::SpnMappings)
        || entry.cut_off() == Some(Attribute::ServicePrincipalName)
        || holds_smtpsvc(entry)
}

fn holds_smtpsvc(entry: &Entry) -> bool {
    entry.values(Attribute::ServicePrincipalName).any(|value| Spn::held(value).is_smtpsvc())
}

/// The logon name, folded, of the computer that is meant where an account is called by this one without its domain.
#[must_use]
pub fn computer_called(sam_account_name: &str) -> String {
    format!("{}$", fold(sam_account_name.strip_suffix('$').unwrap_or(sam_account_name)))
}
