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
    /// Reads the crossRef objects; also names those that cannot be read, as behind each there may be a domain.
    pub(super) fn of<'a>(entries: impl Iterator<Item = &'a Entry>) -> (Self, Vec<Dn>) {
        let (mut partitions, mut unreadable) = (Vec::new(), Vec::new());
        for entry in entries.filter(|entry| entry.is_a(schema::CROSS_REF)) {
            match Partition::of(entry) {
                Some(partition) => partitions.push(partition),
                None => unreadable.push(entry.dn.clone()),
            }
        }
        (Self(partitions), unreadable)
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
    fn of(entry: &Entry) -> Option<Self> {
        const DOMAIN: i64 = 2;
        let context = Dn::parse(entry.values(Attribute::NcName).next()?).ok()?;
        let is_domain = match entry.values(Attribute::SystemFlags).next() {
            Some(flags) => schema::integer(flags)? & DOMAIN != 0,
            // That of a directory elsewhere has no flags; only a domain has such a name.
            None => entry.has(Attribute::NetbiosName),
        };
        Some(Self { context, is_domain })
    }
}
