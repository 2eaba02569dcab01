//! One object in two recordings, with different values of one attribute: the recordings were made at different times, and nobody can
//! say which is right. A recording may be split over files by attributes, so one that is in one of them only is no contradiction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::directory::dn::Dn;
use crate::directory::entry::{Entry, Reading};
use crate::directory::gap::{Gap, Kind, Prose};
use crate::directory::schema::Attribute;
use crate::directory::text::fold;
use crate::input::coverage;

/// One object may come so often; more would keep us busy for ever.
const MOST_OFTEN: usize = 2_000;

/// What came more than once.
#[derive(Default)]
pub(super) struct Contradictions {
    /// Where each object came first, by its [key](Dn::key).
    first: HashMap<String, Place>,
    /// All that was read of an object that came more than once, by its key.
    repeated: BTreeMap<String, Vec<(Place, Entry)>>,
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The number of its file and line: what is looked at later may stand earlier.
    pub(super) position: u64,
    /// Whether it only adds values to what stands before.
    pub(super) adds: bool,
}

/// Why an object is refused.
pub(super) struct TooOften;

impl Contradictions {
    /// Takes note of a record, and of what is known of its object by now.
    pub(super) fn note(&mut self, known: Option<&Entry>, new: &Entry, place: Place) -> Result<(), TooOften> {
        let key = new.dn.key();
        let (Some(known), Some(first)) = (known, self.first.get(key)) else {
            self.first.insert(key.to_owned(), place);
            return Ok(());
        };
        let parts = self.repeated.entry(key.to_owned()).or_insert_with(|| vec![(*first, known.clone())]);
        parts.push((place, new.clone()));
        if parts.len() > MOST_OFTEN { Err(TooOften) } else { Ok(()) }
    }

    /// What contradicts itself, objects that were read under two names among them. What is left of deleted objects matters to nobody.
    pub(super) fn gaps(self, reading: &Reading) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for (key, parts) in self.repeated {
            let Some(entry) = reading.get(&key).filter(|entry| !entry.is_deleted()) else { continue };
            let differing = differing(&exports(parts)).into_iter();
            let what =
                |attribute: Attribute| Prose::new(attribute.name()).say(" was read twice, with different values");
            gaps.extend(differing.map(|attribute| gap(&entry.dn, what(attribute))));
        }
        let mut names: HashMap<&str, &Dn> = HashMap::new();
        for entry in reading.entries().filter(|entry| !entry.is_deleted()) {
            for guid in entry.values(Attribute::ObjectGuid) {
                let first = *names.entry(guid).or_insert(&entry.dn);
                if *first != entry.dn {
                    gaps.push(gap(
                        &entry.dn,
                        Prose::new("its objectGUID is also that of ").name(Kind::Dn, first.as_str()),
                    ));
                }
            }
        }
        gaps
    }
}

/// An object as each export has it: a record, and what is added to it behind.
fn exports(mut parts: Vec<(Place, Entry)>) -> Vec<Entry> {
    parts.sort_by_key(|(place, _)| *place);
    let mut exports: Vec<Entry> = Vec::new();
    for (place, entry) in parts {
        match exports.last_mut().filter(|_| place.adds) {
            Some(last) => last.merge(entry),
            None => exports.push(entry),
        }
    }
    exports
}

/// The attributes that two exports show with different values. When an account last logged on does not matter, nor what may change from day to day.
fn differing(exports: &[Entry]) -> BTreeSet<Attribute> {
    let mut differing = BTreeSet::new();
    let mut seen: BTreeMap<Attribute, BTreeSet<String>> = BTreeMap::new();
    for export in exports {
        let attributes: BTreeSet<Attribute> = export.attributes().map(|(attribute, _)| attribute).collect();
        for attribute in attributes.into_iter().filter(|attribute| !export.is_ranged(*attribute)) {
            let values = values(export, attribute);
            if seen.get(&attribute).is_some_and(|known| *known != values) {
                differing.insert(attribute);
            }
            seen.insert(attribute, values);
        }
    }
    differing.retain(|attribute| *attribute != Attribute::LastLogonTimestamp && !attribute.is_a_clue());
    differing
}

fn gap(dn: &Dn, what: Prose) -> Gap {
    let what = what.say(": these are exports of different times; export everything again, at the same time");
    Gap::at(dn, what).fixed_by(coverage::export_anew(dn))
}

/// The values of an attribute, each in the form in which it is compared.
fn values(entry: &Entry, attribute: Attribute) -> BTreeSet<String> {
    let is_name = matches!(
        attribute,
        Attribute::ObjectCategory | Attribute::NcName | Attribute::SourceBridgeheads | Attribute::TargetBridgeheads
    );
    let form = |value: &str| match Dn::parse(value) {
        Ok(name) if is_name => name.key().to_owned(),
        _ => fold(value),
    };
    entry.values(attribute).map(form).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::entry::entry;

    /// What is wrong with these objects, read in this order.
    fn contradictions(entries: &[Entry]) -> Vec<String> {
        let (mut reading, mut contradictions) = (Reading::default(), Contradictions::default());
        for (number, entry) in (0..).zip(entries) {
            let place = Place { position: number, adds: false };
            assert!(contradictions.note(reading.get(entry.dn.key()), entry, place).is_ok());
            reading.add(entry.clone());
        }
        contradictions.gaps(&reading).into_iter().map(|gap| format!("{}: {}", gap.place, gap.what)).collect()
    }

    #[test]
    fn different_values_in_two_recordings_contradict_each_other_whatever_their_order() {
        let monday =
            entry("CN=a,DC=com", &[("cn", "a"), ("servicePrincipalName", "HOST/a"), ("lastLogonTimestamp", "1")]);
        let tuesday =
            entry("cn=A,dc=com", &[("cn", "A"), ("servicePrincipalName", "HOST/b"), ("lastLogonTimestamp", "2")]);
        let found = contradictions(&[monday.clone(), tuesday.clone(), monday.clone(), tuesday.clone()]);
        assert!(found.len() == 1 && found[0].contains("servicePrincipalName"), "{found:?}");
        assert_eq!(contradictions(&[monday.clone(), monday.clone()]), [""; 0]);
        assert_eq!(contradictions(&[tuesday, monday]).len(), 1);
    }

    #[test]
    fn values_that_are_added_belong_to_the_export_that_they_stand_in_whenever_they_were_looked_at() {
        let spn = |name| entry("CN=a,DC=com", &[("servicePrincipalName", name)]);
        let place = |position, adds| Place { position, adds };
        let monday = [(place(1, false), spn("HOST/a")), (place(2, true), spn("HOST/b"))];
        let whole = entry("CN=a,DC=com", &[("servicePrincipalName", "HOST/b"), ("servicePrincipalName", "HOST/a")]);
        for order in [[0, 1, 2], [1, 2, 0], [2, 1, 0]] {
            for (later, expected) in [(whole.clone(), 0), (spn("HOST/a"), 1)] {
                let parts = [monday[0].clone(), monday[1].clone(), (place(9, false), later)];
                let parts = order.map(|at: usize| parts[at].clone());
                assert_eq!(differing(&exports(parts.to_vec())).len(), expected);
            }
        }
    }

    #[test]
    fn an_object_may_be_split_by_attributes_and_ranges() {
        let parts = [
            entry("CN=a", &[("cn", "a")]),
            entry("CN=a", &[("servicePrincipalName;range=0-0", "HOST/a")]),
            entry("CN=a", &[("servicePrincipalName;range=1-*", "HOST/b")]),
        ];
        assert_eq!(contradictions(&parts), [""; 0]);
    }

    #[test]
    fn one_object_under_two_names_was_renamed_in_between() {
        let number = ("objectGUID", "12345678-abcd-ef01-0102-0304050607ff");
        let found = contradictions(&[entry("CN=a", &[number]), entry("CN=b", &[number])]);
        assert!(found.len() == 1 && found[0].starts_with("CN=b: its objectGUID is also that of CN=a"), "{found:?}");
    }
}
