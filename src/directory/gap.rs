//! What could not be read, in sentences of ours that know which of their words are names of others.

use std::fmt;
use std::ops::{Deref, Range};

use super::dn::Dn;
use super::text::{clipped, quoted, shown};

/// Something that could not be read: with one of these, no verdict is complete.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Where: a file, a server, an object.
    pub place: Prose,
    /// What is missing, and why.
    pub what: Prose,
    /// The commands that get what is missing, with this forest's own names; none where no command can.
    pub fix: Vec<String>,
}

impl Gap {
    /// A gap at `place` that no command closes.
    pub fn new(place: impl Into<Prose>, what: impl Into<Prose>) -> Self {
        Self { place: place.into(), what: what.into(), fix: Vec::new() }
    }

    /// A gap at an object.
    pub fn at(object: &Dn, what: impl Into<Prose>) -> Self {
        Self::new(Prose::place(Kind::Dn, object.as_str()), what)
    }

    /// Stands for those that are not told.
    #[must_use]
    pub fn more() -> Self {
        Self::new(
            "directory",
            "there are more problems than are listed here: fix these first, then read the directory again",
        )
    }

    /// Names the commands that close it.
    #[must_use]
    pub fn fixed_by(mut self, commands: impl IntoIterator<Item = String>) -> Self {
        self.fix.extend(commands);
        self
    }
}

/// What kind of name stands in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A distinguished name.
    Dn,
    /// A host name or a domain's DNS name.
    Host,
    /// Anything else that somebody else wrote.
    Text,
}

/// A sentence: words of ours, and names of others among them. Whatever is not a constant of the program counts as a name, so that
/// nothing has to be searched for names where they are taken out.
#[derive(Clone, Debug, Default)]
pub struct Prose {
    text: String,
    /// Where names stand, of what kind they are, and how they are written before they are quoted.
    names: Vec<(Range<usize>, Kind, String)>,
}

impl Prose {
    /// A sentence that begins with these words.
    #[must_use]
    pub fn new(words: &'static str) -> Self {
        Self::default().say(words)
    }

    /// A name alone, as it is: where something is.
    #[must_use]
    pub fn place(kind: Kind, name: &str) -> Self {
        Self { text: name.to_owned(), names: vec![(0..name.len(), kind, name.to_owned())] }
    }

    /// Goes on in words of ours.
    #[must_use]
    pub fn say(mut self, words: &'static str) -> Self {
        self.text.push_str(words);
        self
    }

    /// Goes on with a number.
    #[must_use]
    pub fn count(mut self, number: u64) -> Self {
        self.text.push_str(&number.to_string());
        self
    }

    /// Goes on with a name, quoted where it is no plain word.
    #[must_use]
    pub fn name(mut self, kind: Kind, name: &str) -> Self {
        self.push(kind, name);
        self
    }

    /// Goes on with names, the first of very many.
    #[must_use]
    pub fn names<'a>(mut self, kind: Kind, names: impl IntoIterator<Item = &'a str>, between: &'static str) -> Self {
        const MOST: usize = 20;
        let names: Vec<&str> = names.into_iter().collect();
        for (number, name) in names.iter().take(MOST).enumerate() {
            self.text.push_str(if number == 0 { "" } else { between });
            self.push(kind, name);
        }
        let more = names.len().saturating_sub(MOST);
        if more > 0 {
            self.text = format!("{}{between}{more} more", self.text);
        }
        self
    }

    fn push(&mut self, kind: Kind, name: &str) {
        let name = &told(kind, name);
        let start = self.text.len();
        self.text.push_str(&written(kind, name));
        self.names.push((start..self.text.len(), kind, name.to_owned()));
    }

    /// The sentence with its names, as people and reports read it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same sentence with other names.
    #[must_use]
    pub fn renamed(&self, mut rename: impl FnMut(Kind, &str) -> String) -> Self {
        let mut renamed = Self::default();
        let mut end = 0;
        for (place, kind, name) in &self.names {
            renamed.text.push_str(self.text.get(end..place.start).unwrap_or_default());
            let is_alone = place.len() == self.text.len();
            let name = rename(*kind, name);
            let start = renamed.text.len();
            renamed.text.push_str(&if is_alone { name.clone() } else { written(*kind, &name) });
            renamed.names.push((start..renamed.text.len(), *kind, name));
            end = place.end;
        }
        renamed.text.push_str(self.text.get(end..).unwrap_or_default());
        renamed
    }
}

/// What is told of a name: any text may be there, of any length.
fn told(kind: Kind, name: &str) -> String {
    const MOST: usize = 500;
    match kind {
        Kind::Dn | Kind::Host => name.to_owned(),
        Kind::Text => clipped(name, MOST),
    }
}

/// A name in the middle of a sentence.
fn written(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Dn | Kind::Host => shown(name),
        Kind::Text => quoted(name),
    }
}

/// The first of very many problems, and that there are more: nobody would read them, and a report has to fit into memory.
pub(crate) fn first_of_many(gaps: impl IntoIterator<Item = Gap>) -> Vec<Gap> {
    let mut gaps = gaps.into_iter();
    let mut first: Vec<Gap> = gaps.by_ref().take(MOST_GAPS).collect();
    if gaps.next().is_some() {
        first.push(Gap::more());
    }
    first
}

/// So many problems of one kind are told.
pub(crate) const MOST_GAPS: usize = 10_000;

impl From<&'static str> for Prose {
    fn from(words: &'static str) -> Self {
        Self::new(words)
    }
}

impl From<String> for Prose {
    /// Whatever was put together elsewhere may hold names: all of it counts as one.
    fn from(text: String) -> Self {
        Self::place(Kind::Text, &text)
    }
}

impl Deref for Prose {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Prose {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Prose {}

impl PartialOrd for Prose {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Prose {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl PartialEq<str> for Prose {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<&str> for Prose {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_and_words_stay() {
        let prose = Prose::new("of ").names(Kind::Dn, ["CN=a", "CN=b c"], ", ").say(" only ").name(Kind::Text, "x\ny");
        assert_eq!(prose, "of CN=a, “CN=b c” only “x\\u{a}y”");
        assert_eq!(prose.renamed(|_, name| format!("n{}", name.len())), "of n4, n6 only “n3”");
        let place = Prose::place(Kind::Dn, "CN=b c,DC=com");
        assert_eq!((place.as_str(), place.renamed(|_, _| "CN=x y".to_owned()).as_str()), ("CN=b c,DC=com", "CN=x y"));
    }

    #[test]
    fn what_was_put_together_elsewhere_is_a_name_as_a_whole() {
        assert_eq!(Prose::from("dc1: secret".to_owned()).renamed(|_, _| "n1".to_owned()), "n1");
    }

    #[test]
    fn of_very_many_names_the_first_are_told() {
        let many = Prose::default().names(Kind::Host, vec!["a"; 25], " ");
        assert!(many.ends_with("a 5 more"), "{many}");
    }
}
