//! What is asked of a directory, live or recorded: which objects matter, and why.

use std::collections::HashSet;

use crate::input::ldif::Record;
use crate::model::entry::Entry;
use crate::model::exchange;
use crate::model::schema::{self, Attribute};
use crate::model::spn::Spn;
use crate::model::text::fold;

/// The classes of the configuration partition that matter.
pub const CONFIGURATION_CLASSES: [&str; 4] =
    [schema::EXCHANGE_SERVER, schema::VIRTUAL_SERVER, schema::RECEIVE_CONNECTOR, schema::CROSS_REF];

/// Which objects the judgement needs. It grows while reading: once the Exchange servers are known, their accounts matter too,
/// even those that hold no SMTPSVC name; and once an object matters, so does all that is said of it elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// `HOST/<name>` of every Exchange server and endpoint, as [`Spn::key`]: the first tell a server's account, all of them
    /// who answers to the name where `HOST` is made to stand for SMTPSVC.
    hosts: Folded,
    /// `<NetBIOS name>$` of every Exchange server, folded.
    accounts: Folded,
    /// [`Dn::key`](crate::model::dn::Dn::key) of every object that matters.
    names: HashSet<String>,
}

impl Wanted {
    /// Whether the judgement needs this object, as far as is known by now.
    #[must_use]
    pub fn includes(&self, entry: &Entry) -> bool {
        is_wanted_anyway(entry) || self.names.contains(entry.dn.key()) || self.is_account(entry)
    }

    /// Whether [`includes`](Self::includes) may hold of a record's entry. Tells it from the bytes, so that what nobody needs
    /// is passed over quickly; where those are unusual, it says yes. `key` is the record's [`plain_key`](crate::model::dn::Dn::plain_key), if it has one.
    #[must_use]
    pub fn may_include(&self, record: &Record, key: Option<&str>, scratch: &mut String) -> bool {
        key.is_none_or(|key| self.names.contains(key))
            || record.fields().any(|(attribute, description, value)| match attribute {
                Attribute::ObjectClass => {
                    CONFIGURATION_CLASSES.iter().any(|class| value.eq_ignore_ascii_case(class.as_bytes()))
                }
                Attribute::SpnMappings => true,
                Attribute::ServicePrincipalName => {
                    description.contains(&b';')
                        || begins_like(value, b"smtpsvc")
                        || self.hosts.contains_bytes(value, scratch)
                }
                Attribute::SamAccountName => self.accounts.contains_bytes(value, scratch),
                _ => false,
            })
    }

    /// Learns from an object that is kept: its name, and if it is an Exchange server, those of its account.
    pub fn learn(&mut self, entry: &Entry) {
        if entry.is_a(schema::EXCHANGE_SERVER) {
            let names = exchange::Names::of(entry);
            names.all().for_each(|name| self.learn_host(name));
            self.accounts.0.insert(names.sam_account_name());
        }
        for fqdn in [Attribute::VirtualServerFqdn, Attribute::ConnectorFqdn] {
            entry.values(fqdn).iter().for_each(|name| self.learn_host(name));
        }
        self.names.insert(entry.dn.key().to_owned());
    }

    fn learn_host(&mut self, name: &str) {
        self.hosts.0.insert(Spn::host(name).key().to_owned());
    }

    fn is_account(&self, entry: &Entry) -> bool {
        let holds_host = |value: &String| self.hosts.0.contains(Spn::held(value).key());
        entry.values(Attribute::ServicePrincipalName).iter().any(holds_host)
            || entry.values(Attribute::SamAccountName).iter().any(|name| self.accounts.0.contains(&fold(name)))
    }
}

/// Folded names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Folded(HashSet<String>);

impl Folded {
    /// Whether a value may be one of the names; outside ASCII it may.
    fn contains_bytes(&self, value: &[u8], scratch: &mut String) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let Some(ascii) = std::str::from_utf8(value).ok().filter(|text| text.is_ascii()) else { return true };
        scratch.clear();
        scratch.push_str(ascii);
        scratch.make_ascii_lowercase();
        self.0.contains(scratch.as_str())
    }
}

/// Whether a value begins with this, whatever its case; or with something that may be no sign at all.
fn begins_like(value: &[u8], start: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_graphic();
    !value.first().is_none_or(is_plain)
        || value.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

/// Whether an object matters whatever else the directory holds.
fn is_wanted_anyway(entry: &Entry) -> bool {
    CONFIGURATION_CLASSES.iter().any(|class| entry.is_a(class))
        || !entry.values(Attribute::SpnMappings).is_empty()
        || entry.cut_off() == Some(Attribute::ServicePrincipalName)
        || entry.values(Attribute::ServicePrincipalName).iter().any(|value| Spn::held(value).is_smtpsvc())
}
