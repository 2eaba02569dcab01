//! The partitions of the forest, and so its domains: the crossRef objects.

use crate::directory::dn::Dn;
use crate::directory::entry::Entry;
use crate::directory::schema::{self, Attribute};

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
    pub(super) fn of<'a>(entries: impl Iterator<Item = &'a Entry>, forest: &Dn) -> (Self, Vec<Dn>) {
        let (mut partitions, mut unreadable) = (Vec::new(), Vec::new());
        for entry in entries.filter(|entry| entry.is_a(schema::CROSS_REF)) {
            let read = Partition::of(entry, forest);
            unreadable.extend(read.is_empty().then(|| entry.dn.clone()));
            partitions.extend(read);
        }
        (Self(partitions), unreadable)
    }

    pub(super) fn domains(&self) -> Vec<Dn> {
        self.0.iter().filter(|partition| partition.is_domain).map(|partition| partition.context.clone()).collect()
    }

    /// Whether this is a naming context in which no account can lie: configuration, schema, DNS zones.
    pub(super) fn is_without_accounts(&self, name: &Dn) -> bool {
        self.0.iter().any(|partition| !partition.is_domain && partition.context == *name)
    }
}

impl Partition {
    /// Mostly one; none if it cannot be read. Of a crossRef that came twice and contradicts itself, all that may be a domain is
    /// one: so it is looked into.
    fn of(entry: &Entry, forest: &Dn) -> Vec<Self> {
        const DOMAIN: i64 = 2;
        let flags: Option<Vec<i64>> = entry.values(Attribute::SystemFlags).map(schema::integer).collect();
        let contexts: Result<Vec<Dn>, _> = entry.values(Attribute::NcName).map(Dn::parse).collect();
        let (Some(flags), Ok(contexts)) = (flags, contexts) else { return Vec::new() };
        // That of a directory references has no flags, but no NetBIOS name either, and does not lie below this forest's root.
        let is_here = |context: &Dn| context.lineage().any(|above| above == forest.key());
        let may_be_domain = |context: &Dn| match flags.as_slice() {
            [] => entry.has(Attribute::NetbiosName) || is_here(context),
            flags => flags.iter().any(|flags| flags & DOMAIN != 0),
        };
        contexts.into_iter().map(|context| Self { is_domain: may_be_domain(&context), context }).collect()
    }
}
