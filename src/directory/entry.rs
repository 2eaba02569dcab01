//! Directory objects as they were read, and what could not be read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dn::Dn;
use super::gap::Gap;
use super::schema::{self, Attribute};
use super::testimony::Testimony;
use super::text::{fold, same};

/// One directory object: its name and those of its attributes that the judgement needs.
///
/// A value that is not UTF-8 is kept with U+FFFD in place of what could not be read; no name that
/// the judgement accepts contains that character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The object's name.
    pub dn: Dn,
    /// All values, one behind the other: there may be a hundred thousand entries.
    text: String,
    /// The attribute of each, and where it ends in `text`.
    values: Vec<(Attribute, usize)>,
    ranges: BTreeMap<Attribute, Vec<Range>>,
}

/// Which values of an attribute with very many came with a reply: `servicePrincipalName;range=0-1499`
/// (MS-ADTS 3.1.1.3.1.3.3). The last one has no end: `range=1500-*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    /// The first value's number, from 0.
    pub first: u64,
    /// The last value's number; none when the attribute ends here.
    pub last: Option<u64>,
}

impl Range {
    /// Of an option that begins like one and cannot be read: nobody knows which values came, and no other range makes up for it.
    const UNREADABLE: Self = Self { first: u64::MAX, last: None };

    /// Reads an attribute option, as `range=0-1499` or `range=1500-*`; none if it is another one.
    #[must_use]
    pub(crate) fn of_option(option: &str) -> Option<Self> {
        let is_range = fold(option).trim_start().starts_with("range");
        is_range.then(|| Self::parse(option).unwrap_or(Self::UNREADABLE))
    }

    /// Whether it says which values came.
    #[must_use]
    pub(crate) fn is_readable(self) -> bool {
        self != Self::UNREADABLE
    }

    /// Reads `range=0-1499` or `range=1500-*`.
    #[must_use]
    pub fn parse(option: &str) -> Option<Self> {
        let (first, last) = option.get(6..).filter(|_| fold(option).starts_with("range="))?.split_once('-')?;
        let last = if last == "*" { None } else { Some(last.parse().ok()?) };
        Some(Self { first: first.parse().ok()?, last })
    }
}

impl Entry {
    /// An object of which nothing but the name is known yet.
    #[must_use]
    pub fn new(dn: Dn) -> Self {
        Self { dn, text: String::new(), values: Vec::new(), ranges: BTreeMap::new() }
    }

    /// Takes in one value under its attribute description, `cn` or `servicePrincipalName;range=0-1499`.
    /// Attributes that the judgement does not need are passed over.
    pub fn add(&mut self, description: &str, value: &[u8]) {
        match self.announce(description) {
            Some(Attribute::ObjectGuid) => self.push(Attribute::ObjectGuid, &schema::guid(value)),
            Some(attribute) => self.push(attribute, &String::from_utf8_lossy(value)),
            None => {}
        }
    }

    fn push(&mut self, attribute: Attribute, value: &str) {
        self.text.push_str(value);
        self.values.push((attribute, self.text.len()));
    }

    /// Takes note that an attribute, or a range of it, was read, even when no value came with it.
    pub fn announce(&mut self, description: &str) -> Option<Attribute> {
        let mut parts = description.split(';');
        let attribute = Attribute::named(parts.next()?)?;
        if let Some(range) = parts.find_map(Range::of_option) {
            let known = self.ranges.entry(attribute).or_default();
            if known.last() != Some(&range) {
                known.push(range);
            }
        }
        Some(attribute)
    }

    /// All values of an attribute, in the order read.
    pub fn values(&self, attribute: Attribute) -> impl Iterator<Item = &str> + Clone {
        self.all().filter(move |(of, _)| *of == attribute).map(|(_, value)| value)
    }

    /// Whether the attribute has a value.
    #[must_use]
    pub fn has(&self, attribute: Attribute) -> bool {
        self.values.iter().any(|(of, _)| *of == attribute)
    }

    /// All values with their attributes, in the order of those.
    pub fn attributes(&self) -> impl Iterator<Item = (Attribute, &str)> {
        let mut all: Vec<_> = self.all().collect();
        all.sort_by_key(|(attribute, _)| *attribute);
        all.into_iter()
    }

    fn all(&self) -> impl Iterator<Item = (Attribute, &str)> + Clone {
        self.values.iter().scan(0, |start, &(attribute, end)| {
            let value = self.text.get(*start..end).unwrap_or_default();
            *start = end;
            Some((attribute, value))
        })
    }

    /// Whether the object is of this class (objectClass names all its superclasses too).
    #[must_use]
    pub(crate) fn is_a(&self, class: &str) -> bool {
        self.values(Attribute::ObjectClass).any(|value| same(value, class))
    }

    /// The common name, or the name in the DN where the attribute was not recorded.
    #[must_use]
    pub(crate) fn common_name(&self) -> String {
        self.values(Attribute::Cn).min().map_or_else(|| self.dn.name(), str::to_owned)
    }

    /// Whether this is what is left of a deleted object, which holds no name any more.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.values(Attribute::IsDeleted).any(|value| schema::boolean(value) == Some(true)) || self.dn.is_deleted()
    }

    /// How much memory it takes, and what is made of it later, at most; more or less.
    #[must_use]
    pub(crate) fn weight(&self) -> usize {
        let values: usize = self.all().map(|(_, value)| 96 + weight_of(value.len())).sum();
        let ranges: usize = self.ranges.values().map(|ranges| 100 + 64 * ranges.len()).sum();
        400 + 4 * weight_of(self.dn.as_str().len()) + values + ranges
    }

    /// Takes in what another reading says of the same object.
    pub(crate) fn merge(&mut self, other: Self) {
        for (attribute, value) in other.all() {
            self.push(attribute, value);
        }
        if other.dn.as_str() < self.dn.as_str() {
            self.dn = other.dn;
        }
        for (attribute, ranges) in other.ranges {
            self.ranges.entry(attribute).or_default().extend(ranges);
        }
    }

    /// Takes over which values of another reading of the same object came: what is incomplete there is so here.
    pub(crate) fn copy_ranges(&mut self, other: &Self) {
        self.ranges.clone_from(&other.ranges);
    }

    /// Whether only ranges of the attribute were read.
    #[must_use]
    pub(crate) fn is_ranged(&self, attribute: Attribute) -> bool {
        self.ranges.contains_key(&attribute)
    }

    /// The first attribute of which a range is missing: in between, or the last one, that ends in `*`.
    #[must_use]
    pub fn cut_off(&self) -> Option<Attribute> {
        self.ranges.iter().find(|(_, ranges)| !whole(ranges)).map(|(attribute, _)| *attribute)
    }
}

/// What a text of this length takes, with all that is made of it: of one that is short, what goes with each copy counts for more. One that
/// is longer than any name of a directory's is told many times over, with what is invisible written out.
#[must_use]
pub(crate) fn weight_of(length: usize) -> usize {
    const SHORT: usize = 100;
    const COPIES: usize = 4;
    const LONGEST_NAME: usize = 1024;
    const TOLD: usize = 12;
    if length > LONGEST_NAME { TOLD * length } else { length + COPIES * length.saturating_sub(SHORT) }
}

/// Whether the ranges, put in order, run from 0 to the end.
fn whole(ranges: &[Range]) -> bool {
    let mut ranges = ranges.to_vec();
    ranges.sort_unstable();
    let mut next = 0;
    if !ranges.iter().all(|range| range.is_readable()) {
        return false;
    }
    for range in ranges {
        if range.first > next {
            return false;
        }
        match range.last {
            None => return true,
            Some(last) => next = next.max(last.saturating_add(1)),
        }
    }
    false
}

/// What reading a directory, live or recorded, ends in: the objects that matter, each once, and what could not be read.
///
/// A copy of it shares the objects, until more is read of one.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    entries: BTreeMap<String, Arc<Entry>>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// What witnesses said, where they were asked.
    pub testimony: Testimony,
}

impl Reading {
    /// Takes in an object, or more of one.
    pub fn add(&mut self, mut entry: Entry) {
        entry.text.shrink_to_fit();
        entry.values.shrink_to_fit();
        match self.entries.entry(entry.dn.key().to_owned()) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(Arc::new(entry));
            }
            std::collections::btree_map::Entry::Occupied(mut known) => Arc::make_mut(known.get_mut()).merge(entry),
        }
    }

    /// Takes in an object, unless just this is known of it: a server may be changed while it answers.
    pub(crate) fn add_new(&mut self, entry: Entry) {
        if self.get(entry.dn.key()) != Some(&entry) {
            self.add(entry);
        }
    }

    /// What is known of the object with this [key](Dn::key).
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key).map(Arc::as_ref)
    }

    /// Drops the objects of which `keep` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(&Entry) -> bool) {
        self.entries.retain(|_, entry| keep(entry));
    }

    /// The objects, in the order of their names.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> + Clone {
        self.entries.values().map(Arc::as_ref)
    }

    /// The objects, and what could not be read.
    pub fn into_parts(self) -> (impl Iterator<Item = Entry>, Vec<Gap>) {
        (self.entries.into_values().map(Arc::unwrap_or_clone), self.gaps)
    }
}

/// An object with these values, for tests.
#[cfg(test)]
pub(crate) fn entry(dn: &str, attributes: &[(&str, &str)]) -> Entry {
    let mut entry = Entry::new(Dn::parse(dn).unwrap());
    for (name, value) in attributes {
        entry.add(name, value.as_bytes());
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(ranges: &[&str]) -> Entry {
        let mut entry = Entry::new(Dn::parse("CN=EX01,DC=contoso,DC=com").unwrap());
        for range in ranges {
            entry.add(&format!("servicePrincipalName;{range}"), b"HOST/x");
        }
        entry
    }

    #[test]
    fn ranges_are_whole_only_from_zero_to_the_star_without_a_hole() {
        for whole in [&["range=0-*"][..], &["range=2-*", "range=0-1"], &["Range=0-1", "range=2-3", "range=4-*"], &[]] {
            assert_eq!(entry(whole).cut_off(), None, "{whole:?}");
        }
        for cut in [
            &["range=0-1"][..],
            &["range=0-1", "range=3-*"],
            &["range=1-*"],
            &["range=foo"],
            &["range=0-*", "range"],
            &["range=0-99999999999999999999"],
        ] {
            assert_eq!(entry(cut).cut_off(), Some(Attribute::ServicePrincipalName), "{cut:?}");
        }
    }

    #[test]
    fn a_guid_is_text_however_it_was_read() {
        let bytes = [0x78, 0x56, 0x34, 0x12, 0xcd, 0xab, 0x01, 0xef, 1, 2, 3, 4, 5, 6, 7, 255];
        let mut entry = entry(&[]);
        entry.add("objectGUID", &bytes);
        entry.add("objectGUID", b"12345678-ABCD-EF01-0102-0304050607FF");
        assert!(entry.values(Attribute::ObjectGuid).eq(["12345678-abcd-ef01-0102-0304050607ff"; 2]));
    }

    #[test]
    fn what_the_judgement_does_not_need_is_not_kept() {
        let mut entry = entry(&[]);
        entry.add("description", b"secret");
        assert_eq!(entry.attributes().count(), 0);
    }
}
