//! Names as bytes, so that nobody has to make a text of each name of a recording.

use std::collections::HashSet;
use std::ops::Range;

use crate::directory::schema;
use crate::directory::text::{fold, make_small};

/// Many are looked up for every object of a recording.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(HashSet<Vec<u8>, foldhash::quality::RandomState>);

impl Names {
    pub(super) fn insert(&mut self, name: impl Into<Vec<u8>>) {
        self.0.insert(name.into());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, name: impl AsRef<[u8]>) -> bool {
        self.0.contains(name.as_ref())
    }

    /// Those that were inserted as text.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|name| std::str::from_utf8(name).ok())
    }

    /// Those that `before` has not.
    pub(super) fn not_in<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a [u8]> {
        self.0.difference(&before.0).map(Vec::as_slice)
    }
}

/// The names in a record by which it may come to matter: host names, logon names without their `$`, and the [key](schema::guid_key) of
/// its number. Of one machine most are the same.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    bytes: Vec<u8>,
    names: Vec<Range<usize>>,
}

impl Seen {
    /// The names, in the order they were seen.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.names.iter().filter_map(|range| self.bytes.get(range.clone()))
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.names.clear();
    }

    /// Sees a host name or logon name; returns [`fold`] of what an entry takes its bytes for.
    pub(super) fn name(&mut self, value: &[u8]) -> &[u8] {
        let begin = self.bytes.len();
        if value.is_ascii() {
            self.bytes.extend_from_slice(value);
            make_small(self.bytes.get_mut(begin..).unwrap_or_default());
        } else {
            self.bytes.extend_from_slice(fold(&String::from_utf8_lossy(value)).as_bytes());
        }
        let name = self.bytes.get(begin..).unwrap_or_default();
        self.names.push(begin..begin + bare(name).len());
        name
    }

    /// Sees the number of an object; returns its [key](schema::guid_key).
    pub(super) fn number(&mut self, value: &[u8]) -> &[u8] {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(&schema::guid_key(value));
        self.names.push(begin..self.bytes.len());
        self.bytes.get(begin..).unwrap_or_default()
    }
}

/// A logon name without the `$` of a computer.
pub(super) fn bare(name: &[u8]) -> &[u8] {
    name.strip_suffix(b"$").unwrap_or(name)
}
