//! What the name in front of a line's colon says.

use crate::model::schema::Attribute;

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
    fn of(name: &[u8]) -> Option<Self> {
        let may_stand = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.;=*_".contains(byte);
        if name.is_empty() || !name.iter().all(may_stand) {
            return None;
        }
        let end = memchr::memchr(b';', name).unwrap_or(name.len());
        Some(match name.get(..end).and_then(Attribute::of_bytes) {
            Some(attribute) => Self::Needed(attribute),
            None if name.eq_ignore_ascii_case(b"dn") => Self::Dn,
            None if name.eq_ignore_ascii_case(b"changetype") => Self::ChangeType,
            None => Self::Unneeded,
        })
    }
}

/// Remembers the names that were told last: a recording has a few hundred different ones, millions of times.
pub(super) struct Names(Vec<Option<Known>>);

#[derive(Clone, Copy)]
struct Known {
    name: [u8; LONGEST],
    length: usize,
    kind: Kind,
}

impl Names {
    pub(super) fn new() -> Self {
        Self(vec![None; 1024])
    }

    /// What the name says; none if it is not one.
    #[inline]
    pub(super) fn kind(&mut self, name: &[u8]) -> Option<Kind> {
        let place = place(name);
        match self.0.get(place) {
            Some(Some(known)) if known.name.get(..known.length) == Some(name) => Some(known.kind),
            _ => self.learn(place, name),
        }
    }

    #[cold]
    fn learn(&mut self, place: usize, name: &[u8]) -> Option<Kind> {
        let kind = Kind::of(name)?;
        let mut known = Known { name: [0; LONGEST], length: name.len(), kind };
        if let (Some(room), Some(known_place)) = (known.name.get_mut(..name.len()), self.0.get_mut(place)) {
            room.copy_from_slice(name);
            *known_place = Some(known);
        }
        Some(kind)
    }
}

/// Where a name is remembered: the names of Active Directory mostly differ in these.
#[inline]
fn place(name: &[u8]) -> usize {
    let byte = |at: usize| usize::from(name.get(at).copied().unwrap_or_default());
    let length = name.len();
    (length ^ byte(0) << 1 ^ byte(length / 2) << 3 ^ byte(length.wrapping_sub(2)) << 5) & 1023
}
