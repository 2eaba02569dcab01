//! What the name in front of a line's colon says.

use crate::directory::schema::{Attribute, Purpose};

/// Longer names are told anew each time.
const LONGEST: usize = 40;

/// What a line is to the reader, by its name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// The name of an object.
    Dn,
    /// What a list of changes does.
    ChangeType,
    /// An attribute that the judgement needs, maybe with options behind its name.
    Needed(Attribute),
    /// Any other.
    Unneeded,
}

impl Kind {
    /// None if this can't be the description of an attribute.
    fn of(name: &[u8], purpose: Purpose) -> Option<Self> {
        let may_stand = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.;=*_".contains(byte);
        if name.is_empty() || !name.iter().all(may_stand) {
            return None;
        }
        let end = memchr::memchr(b';', name).unwrap_or(name.len());
        Some(match name.get(..end).and_then(Attribute::of_bytes) {
            Some(attribute) if attribute.serves(purpose) => Self::Needed(attribute),
            None if name.eq_ignore_ascii_case(b"dn") => Self::Dn,
            None if name.eq_ignore_ascii_case(b"changetype") => Self::ChangeType,
            _ => Self::Unneeded,
        })
    }
}

/// Remembers the names that were told last, and which came after which: a recording has a few hundred different ones,
/// millions of times, mostly in the same order.
pub(super) struct Names {
    known: Vec<Known>,
    /// The place of the last name.
    last: usize,
    /// What the recording is read for.
    purpose: Purpose,
}

#[derive(Clone, Copy)]
struct Known {
    name: [u8; LONGEST],
    /// 0 where no name is known yet.
    length: usize,
    kind: Kind,
    /// The place of the name that came next.
    next: usize,
}

impl Known {
    /// Whether the line begins with this name and its colon.
    #[inline]
    fn begins(&self, line: &[u8]) -> bool {
        line.get(self.length) == Some(&b':')
            && self.length > 0
            && line.get(..self.length) == self.name.get(..self.length)
    }
}

impl Names {
    pub(super) fn new(purpose: Purpose) -> Self {
        let known = vec![Known { name: [0; LONGEST], length: 0, kind: Kind::Unneeded, next: 0 }; 1024];
        Self { known, last: 0, purpose }
    }

    /// Where the line's colon is, and what the name before it says; none if there is no name.
    #[inline]
    pub(super) fn at(&mut self, line: &[u8]) -> Option<(usize, Kind)> {
        let next = self.known.get(self.last)?.next;
        let expected = self.known.get(next)?;
        if expected.begins(line) {
            self.last = next;
            return Some((expected.length, expected.kind));
        }
        let colon = memchr::memchr(b':', line)?;
        let name = line.get(..colon)?;
        let place = place(name);
        if !self.known.get(place)?.begins(line) {
            self.learn(place, name)?;
        }
        self.known.get_mut(self.last)?.next = place;
        self.last = place;
        Some((colon, self.known.get(place)?.kind))
    }

    #[cold]
    fn learn(&mut self, place: usize, name: &[u8]) -> Option<()> {
        let known = self.known.get_mut(place)?;
        known.kind = Kind::of(name, self.purpose)?;
        known.length = 0;
        if let Some(room) = known.name.get_mut(..name.len()) {
            room.copy_from_slice(name);
            known.length = name.len();
        }
        Some(())
    }
}

/// Where a name is remembered: the names of Active Directory mostly differ in these.
#[inline]
fn place(name: &[u8]) -> usize {
    let byte = |at: usize| usize::from(name.get(at).copied().unwrap_or_default());
    let length = name.len();
    (length ^ byte(0) << 1 ^ byte(length / 2) << 3 ^ byte(length.wrapping_sub(2)) << 5) & 1023
}
