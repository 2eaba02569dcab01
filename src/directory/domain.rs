//! The domains of the forest, as its crossRef objects name them.

use std::collections::HashMap;
use std::sync::Arc;

use super::dn::Dn;
use super::doubts::Facts;
use super::entry::Entry;
use super::gap::Prose;
use super::host::HostName;
use super::schema::{self, Attribute};
use super::text::fold;

/// A domain of the forest: a crossRef whose `systemFlags` say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// The DNS name, `contoso.com`.
    pub dns: String,
    /// The NetBIOS name, `CONTOSO`, if a crossRef said so. Never a guess: it goes into commands.
    pub netbios: Option<String>,
}

impl Domain {
    fn is_called_like(&self, other: &Self) -> bool {
        self.netbios.as_deref().map(fold) == other.netbios.as_deref().map(fold)
    }
}

/// The domains that are known, by the [key](Dn::key) of their naming context.
#[derive(Debug, Default)]
pub struct Domains(HashMap<String, Arc<Domain>>);

/// Whether a crossRef stands for a domain of this forest: bit 2 of `systemFlags`; where that was not recorded, the NetBIOS name
/// tells, which only domains have.
#[must_use]
pub fn is_domain(entry: &Entry) -> bool {
    const DOMAIN: i64 = 2;
    let mut flags = entry.values(Attribute::SystemFlags).filter_map(schema::integer).peekable();
    if flags.peek().is_none() { entry.has(Attribute::NetbiosName) } else { flags.any(|flags| flags & DOMAIN != 0) }
}

impl Domains {
    pub(super) fn of<'a>(entries: impl Iterator<Item = &'a Entry>, facts: &mut impl Facts) -> Self {
        let mut domains: HashMap<String, Arc<Domain>> = HashMap::new();
        for entry in entries.filter(|entry| entry.is_a(schema::CROSS_REF) && is_domain(entry)) {
            let netbios = entry.values(Attribute::NetbiosName).min().map(str::to_owned);
            for context in entry.values(Attribute::NcName).filter_map(|name| Dn::parse(name).ok()) {
                let new = Domain { dns: context.dns_domain(), netbios: netbios.clone() };
                let known = domains.entry(context.key().to_owned()).or_insert_with(|| Arc::new(new.clone()));
                if !known.is_called_like(&new) {
                    facts.doubt(entry, Prose::new("another crossRef gives the same domain another NetBIOS name"));
                    *known = Arc::new(Domain { netbios: None, ..new });
                }
            }
        }
        Self(domains)
    }

    /// The domain that an object lies in.
    pub(super) fn of_object(&mut self, dn: &Dn) -> Arc<Domain> {
        if let Some(known) = self.0.get(dn.domain_key()) {
            return Arc::clone(known);
        }
        Arc::new(Domain { dns: dn.dns_domain(), netbios: None })
    }

    /// The domain that a host name lies in: of several the lowest.
    #[must_use]
    pub(crate) fn of_host(&self, name: &HostName) -> Option<&Domain> {
        let above = self.0.values().filter(|domain| name.is_below(&domain.dns));
        above.max_by_key(|domain| domain.dns.len()).map(AsRef::as_ref)
    }
}
