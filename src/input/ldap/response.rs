//! An object as the client library hands it over, before anyone makes sense of it.

use ldap3::asn1::{PL, StructureTag};

use crate::directory::dn::Dn;
use crate::directory::entry::{Entry, Range, weight_of};

/// One object of a search's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SearchEntry {
    pub(super) dn: String,
    /// Its attributes under their descriptions (`servicePrincipalName;range=0-1499`), and their values.
    pub(super) attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// What a search brings, one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Response {
    Entry(SearchEntry),
    /// Where more would be.
    Reference(Vec<String>),
}

impl Response {
    /// Reads a search result entry or reference; nothing if it is neither.
    pub(super) fn read(tag: StructureTag) -> Option<Self> {
        const ENTRY: u64 = 4;
        const REFERENCE: u64 = 19;
        match tag.id {
            ENTRY => SearchEntry::read(tag).map(Self::Entry),
            REFERENCE => parts(tag)?.into_iter().map(text).collect::<Option<_>>().map(Self::Reference),
            _ => None,
        }
    }

    /// How much memory it takes, more or less.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Entry(found) => found.weight(),
            Self::Reference(urls) => 50 + Self::weight_of(urls),
        }
    }

    /// The same of places.
    pub(super) fn weight_of(urls: &[String]) -> usize {
        urls.iter().map(|url| weight_of(url.len()) + 50).sum()
    }
}

impl SearchEntry {
    fn read(tag: StructureTag) -> Option<Self> {
        let mut fields = parts(tag)?.into_iter();
        let dn = text(fields.next()?)?;
        let attributes = parts(fields.next()?)?.into_iter().map(attribute).collect::<Option<_>>()?;
        Some(Self { dn, attributes })
    }

    /// The values of an attribute that has no range, as text.
    pub(super) fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        let of_that_name =
            self.attributes.iter().filter(move |(description, _)| description.eq_ignore_ascii_case(name));
        of_that_name.flat_map(|(_, values)| values).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The values of an attribute, whatever ranges they came in.
    pub(super) fn bytes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        let is_meant =
            move |description: &str| description.split(';').next().is_some_and(|own| own.eq_ignore_ascii_case(name));
        let of_that_name = self.attributes.iter().filter(move |(description, _)| is_meant(description));
        of_that_name.flat_map(|(_, values)| values).map(Vec::as_slice)
    }

    /// The object as the model knows it; nothing if its name cannot be read.
    pub(super) fn entry(&self) -> Option<Entry> {
        let mut entry = Entry::new(Dn::parse(&self.dn).ok()?);
        for (description, values) in &self.attributes {
            entry.announce(description);
            for value in values {
                entry.add(description, value);
            }
        }
        Some(entry)
    }

    /// How much memory it takes, more or less.
    pub(super) fn weight(&self) -> usize {
        let descriptions = self.attributes.iter().map(|(description, _)| description.len() + 100);
        let values = self.attributes.iter().flat_map(|(_, values)| values).map(|value| weight_of(value.len()) + 100);
        100 + weight_of(self.dn.len()) + descriptions.chain(values).sum::<usize>()
    }

    /// The attribute of which there is more, and the number of the value to go on with.
    pub(super) fn unfinished(&self) -> Option<(&str, u64)> {
        self.attributes.iter().find_map(|(description, _)| {
            let (name, range) = range_of(description)?;
            Some((name, range.last?.saturating_add(1)))
        })
    }

    /// An attribute that came in part, but nobody can tell in which.
    pub(super) fn unreadable_range(&self) -> Option<&str> {
        let is_doubtful = |(description, values): &&(String, Vec<Vec<u8>>)| {
            let range = range_of(description).map(|(_, range)| range);
            !has_readable_range(description) || range.is_some_and(|range| !is_range_of(range, values.len()))
        };
        self.attributes.iter().find(is_doubtful).map(|(description, _)| description.as_str())
    }

    /// Takes in the next range of an attribute; false if this is not what comes next.
    pub(super) fn extend(&mut self, name: &str, next: u64, other: Self) -> bool {
        let is_next = |(description, values): &(String, Vec<Vec<u8>>)| {
            range_of(description).is_some_and(|(found, range)| {
                found.eq_ignore_ascii_case(name) && range.first == next && is_range_of(range, values.len())
            })
        };
        let known = self.attributes.iter_mut().find(|(description, _)| {
            let last = range_of(description).and_then(|(found, range)| range.last.filter(|_| found == name));
            last.is_some_and(|last| last.saturating_add(1) == next)
        });
        // Only that was asked for. Active Directory may name the whole attribute beside it, but without a value.
        let (mut more, others): (Vec<_>, Vec<_>) = other.attributes.into_iter().partition(is_next);
        if more.len() > 1 || others.iter().any(|(_, values)| !values.is_empty()) {
            return false;
        }
        let (Some(known), Some((description, values))) = (known, more.pop()) else { return false };
        let Some(((_, begun), (_, range))) = range_of(&known.0).zip(range_of(&description)) else { return false };
        let last = range.last.map_or_else(|| "*".to_owned(), |last| last.to_string());
        known.0 = format!("{name};range={}-{last}", begun.first);
        known.1.extend(values);
        true
    }
}

/// A range of an attribute has as many values as it says; only the last one may be empty.
fn is_range_of(range: Range, values: usize) -> bool {
    let values = u64::try_from(values).unwrap_or(u64::MAX);
    range.last.is_none_or(|last| last.checked_sub(range.first).is_some_and(|more| values == more.saturating_add(1)))
}

/// Whether a description says of which range its values are, or that they are all of them: `range=` and no numbers, or two
/// ranges, say neither.
fn has_readable_range(description: &str) -> bool {
    let mut ranges = description.split(';').skip(1).filter_map(Range::of_option);
    ranges.next().is_none_or(Range::is_readable) && ranges.next().is_none()
}

fn range_of(description: &str) -> Option<(&str, Range)> {
    let (name, options) = description.split_once(';')?;
    Some((name, options.split(';').find_map(Range::parse)?))
}

fn attribute(tag: StructureTag) -> Option<(String, Vec<Vec<u8>>)> {
    let mut fields = parts(tag)?.into_iter();
    let description = text(fields.next()?)?;
    let values = parts(fields.next()?)?.into_iter().map(StructureTag::expect_primitive).collect::<Option<_>>()?;
    Some((description, values))
}

fn parts(tag: StructureTag) -> Option<Vec<StructureTag>> {
    match tag.payload {
        PL::C(parts) => Some(parts),
        PL::P(_) => None,
    }
}

fn text(tag: StructureTag) -> Option<String> {
    String::from_utf8(tag.expect_primitive()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(attributes: &[(&str, usize)]) -> SearchEntry {
        let attributes =
            attributes.iter().map(|(description, count)| ((*description).to_owned(), vec![b"x".to_vec(); *count]));
        SearchEntry { dn: "CN=a".to_owned(), attributes: attributes.collect() }
    }

    #[test]
    fn what_is_missing_of_an_attribute_is_asked_for() {
        assert_eq!(found(&[("cn", 1)]).unfinished(), None);
        assert_eq!(found(&[("a;range=0-1", 2)]).unfinished(), Some(("a", 2)));
        assert_eq!(found(&[("a;range=0-*", 2), ("b;range=0-0", 1)]).unfinished(), Some(("b", 1)));
    }

    #[test]
    fn a_range_that_cannot_be_read_is_not_taken_for_the_whole() {
        for whole in ["a", "a;binary", "a;lang-de", "a;range=0-0", "a;Range=0-*;binary"] {
            assert_eq!(found(&[("cn", 1), (whole, 1)]).unreadable_range(), None, "{whole}");
        }
        let endless = "a;range=0-99999999999999999999999";
        let foreign = ["a;range=foo", "a;range=-1-1", endless, "a;range", "a; range=0-1", "a;range=0-*;range=0-1"];
        // Or of which there are not as many values as it says.
        for part in foreign.into_iter().chain(["a;range=0-1499", "a;range=1-0", "a;range=0-1"]) {
            assert_eq!(found(&[("cn", 1), (part, 1)]).unreadable_range(), Some(part));
        }
    }

    #[test]
    fn a_range_that_comes_with_other_values_is_not_taken_in() {
        let more = [("a;range=2-*", 1), ("a", 0)];
        assert!(found(&[("a;range=0-1", 2)]).extend("a", 2, found(&more)));
        for other in ["a", "a;range=2-*", "a;range=3-*"] {
            assert!(!found(&[("a;range=0-1", 2)]).extend("a", 2, found(&[more[0], (other, 1)])), "{other}");
        }
    }

    #[test]
    fn only_the_next_range_is_taken_in() {
        let mut object = found(&[("a;range=0-1", 2)]);
        for wrong in [("a;range=0-1", 2), ("a;range=2-3", 1), ("a;range=2-1", 0), ("b;range=2-*", 1), ("a", 1)] {
            assert!(!object.extend("a", 2, found(&[wrong])), "{wrong:?}");
        }
        assert!(object.extend("a", 2, found(&[("A;range=2-3", 2)])));
        assert_eq!(object.unfinished(), Some(("a", 4)));
        assert!(object.extend("a", 4, found(&[("A;Range=4-*", 0)])));
        assert_eq!(object.attributes, [("a;range=0-*".to_owned(), vec![b"x".to_vec(); 4])]);
        assert_eq!(object.unfinished(), None);
        assert_eq!(object.entry().unwrap().cut_off(), None);
    }
}
