//! The partitions of the forest, and so its domains: the crossRef objects.

use crate::model::dn::Dn;
use crate::model::entry::Entry;
use crate::model::schema::{self, Attribute};

/// A naming context of the forest.
#[derive(Clone, Debug)]
struct Partition {
    context: Dn,
    is_domain: bool,
}

/// All naming contexts that are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Partitions(Vec<Partition>);

impl Partitions {
    /// Reads the crossRef objects.
    pub(super) fn of<'a>(entries: impl Iterator<Item = &'a Entry>) -> Self {
        Self(entries.filter(|entry| entry.is_a(schema::CROSS_REF)).flat_map(Partition::of).collect())
    }

    /// The domains.
    pub(super) fn domains(&self) -> Vec<Dn> {
        self.0.iter().filter(|partition| partition.is_domain).map(|partition| partition.context.clone()).collect()
    }

    /// Whether this is a naming context in which no account can lie: configuration, schema, DNS zones.
    pub(super) fn is_without_accounts(&self, name: &Dn) -> bool {
        self.0.iter().any(|partition| !partition.is_domain && partition.context == *name)
    }
}

impl Partition {
    /// Mostly one. Of a crossRef that came twice and contradicts itself, all that may be a domain is one: so it is looked into.
    fn of(entry: &Entry) -> impl Iterator<Item = Self> {
        const DOMAIN: i64 = 2;
        let mut flags = entry.values(Attribute::SystemFlags).filter_map(schema::integer);
        let is_domain = flags.any(|flags| flags & DOMAIN != 0);
        let contexts = entry.values(Attribute::NcName).filter_map(|name| Dn::parse(name).ok());
        contexts.map(move |context| Self { context, is_domain })
    }
}
