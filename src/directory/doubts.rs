//! What is contradictory or unreadable becomes a gap instead of a guess.

use super::entry::Entry;
use super::gap::{Gap, Kind, MOST_GAPS, Prose};
use super::schema::{self, Attribute};
use super::text::same;

/// How facts are read from an entry, and doubts recorded.
pub(super) trait Facts {
    /// Something about this entry cannot be made out.
    fn doubt(&mut self, entry: &Entry, what: Prose);
    /// The one value of a single-valued attribute; empty counts as absent.
    fn text(&mut self, entry: &Entry, attribute: Attribute) -> Option<String>;
    /// The one value of an integer attribute.
    fn integer(&mut self, entry: &Entry, attribute: Attribute) -> Option<i64>;
    /// The one value of a boolean attribute.
    fn boolean(&mut self, entry: &Entry, attribute: Attribute) -> Option<bool>;
}

/// The doubts so far, and how many more are told.
pub(super) struct Doubts {
    gaps: Vec<Gap>,
    left: usize,
}

impl Doubts {
    /// Beside what could not be read.
    pub(super) fn beside(gaps: Vec<Gap>) -> Self {
        Self { gaps, left: MOST_GAPS }
    }

    /// What could not be read or made out, sorted, each once.
    pub(super) fn gaps(mut self) -> Vec<Gap> {
        if self.left == 0 {
            self.gaps.push(Gap::more());
        }
        self.gaps.sort();
        self.gaps.dedup_by(|later, earlier| later.place == earlier.place && later.what == earlier.what);
        self.gaps
    }

    pub(super) fn about_ranges(&mut self, entry: &Entry) {
        if let Some(attribute) = entry.cut_off() {
            let what = Prose::new(attribute.name()).say(" was read only in part: a range of its values, up to the one that ends in `*`, is missing; export the attribute with all its ranges, or use `spn-doctor record`");
            self.doubt(entry, what);
        }
    }
}

impl Facts for Doubts {
    fn doubt(&mut self, entry: &Entry, what: Prose) {
        if self.left > 0 {
            self.left -= 1;
            self.gaps.push(Gap::at(&entry.dn, what));
        }
    }

    fn text(&mut self, entry: &Entry, attribute: Attribute) -> Option<String> {
        let first = entry.values(attribute).min()?;
        if entry.values(attribute).any(|value| !same(value, first)) {
            let what = Prose::new(attribute.name());
            self.doubt(entry, what.say(" has several values where one is possible: what was read contradicts itself"));
        }
        Some(first.to_owned())
    }

    fn integer(&mut self, entry: &Entry, attribute: Attribute) -> Option<i64> {
        let text = self.text(entry, attribute)?;
        let number = schema::integer(&text);
        if number.is_none() {
            self.doubt(entry, Prose::new(attribute.name()).say(" is not a number: ").name(Kind::Text, &text));
        }
        number
    }

    fn boolean(&mut self, entry: &Entry, attribute: Attribute) -> Option<bool> {
        let text = self.text(entry, attribute)?;
        let value = schema::boolean(&text);
        if value.is_none() {
            let what = Prose::new(attribute.name());
            self.doubt(entry, what.say(" is neither TRUE nor FALSE: ").name(Kind::Text, &text));
        }
        value
    }
}
