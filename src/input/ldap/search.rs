//! A search, and what it comes to.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, Hash, RandomState};

use ldap3::Scope;

use super::response::SearchEntry;

#[derive(Clone, Debug)]
pub(super) struct SearchRequest<'a> {
    pub(super) base: &'a str,
    pub(super) scope: Scope,
    pub(super) filter: &'a str,
    pub(super) attributes: &'a [&'a str],
}

/// What it brings, of all its pages.
#[derive(Debug, Default)]
pub(super) struct SearchResult {
    pub(super) entries: Vec<SearchEntry>,
    /// Where the server says that more would be.
    pub(super) references: Vec<String>,
    /// Why the server did not answer to the end, if it did not.
    pub(super) refusal: Option<Refusal>,
}

/// A result other than success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: u32,
    pub(super) text: String,
}

impl Refusal {
    /// Whether another server may well answer: this one failed, is too slow, or is set up not to.
    pub(super) fn lies_with_the_server(&self) -> bool {
        matches!(self.code, 1 | 2 | 3 | 11 | 53 | 80)
    }
}

/// What a search has brought by now. Remembers fingerprints only: they take little memory, and their key is random, so that no
/// server can make two that are alike.
#[derive(Default)]
pub(super) struct Seen {
    key: RandomState,
    fingerprints: HashSet<u64>,
}

impl Seen {
    /// Whether it was not shown before; from now on it was.
    pub(super) fn is_new(&mut self, what: impl Hash) -> bool {
        self.fingerprints.insert(self.key.hash_one(what))
    }
}
