//! Keys of accounts in a file (MIT's keytab, version 2): for tasks that run without anybody's typing a password.

use std::fs;
use std::path::Path;

use super::crypto::Key;
use super::principal::Principal;
use crate::directory::text::printable;
use crate::trouble::Trouble;

/// More bytes than any keytab has.
const LONGEST: u64 = 16 << 20;

/// A key of an account.
#[derive(Clone, Debug)]
struct Entry {
    principal: Principal,
    version: u32,
    key: Key,
}

/// The keys of one account, of its newest version.
#[derive(Clone, Debug)]
pub(crate) struct Keytab {
    pub(crate) principal: Principal,
    pub(crate) keys: Vec<Key>,
}

/// Reads the keys of an account; of the first one in the file if none is named.
pub(crate) fn read(path: &Path, user: Option<&str>) -> Result<Keytab, Trouble> {
    let shown = printable(&path.display().to_string());
    let unreadable = |error: &dyn std::fmt::Display| {
        Trouble::new(format!("the keytab {shown} cannot be read: {error}"))
            .hint("`klist -k -e -t` shows what a keytab holds; ktpass and `net ads keytab` make one")
    };
    let about = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !about.is_file() || about.len() > LONGEST {
        return Err(unreadable(&"it is no keytab"));
    }
    let bytes = zeroize::Zeroizing::new(fs::read(path).map_err(|error| unreadable(&error))?);
    let entries = parse(&bytes).ok_or_else(|| unreadable(&"it is damaged, or no keytab of version 2"))?;
    chosen(&entries, user).ok_or_else(|| {
        let whom = user.map_or_else(String::new, |user| format!(" of {}", printable(user)));
        unreadable(&format!("it holds no AES key{whom}"))
    })
}

fn chosen(entries: &[Entry], user: Option<&str>) -> Option<Keytab> {
    let is_meant = |principal: &Principal| user.is_none_or(|user| principal.to_string().eq_ignore_ascii_case(user));
    let principal = entries.iter().map(|entry| &entry.principal).find(|principal| is_meant(principal))?.clone();
    let own = || entries.iter().filter(|entry| entry.principal == principal);
    let newest = own().map(|entry| entry.version).max()?;
    let keys = own().filter(|entry| entry.version == newest).map(|entry| entry.key.clone()).collect();
    Some(Keytab { principal, keys })
}

/// The entries with AES keys; none if the file is damaged.
fn parse(bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut rest = bytes.strip_prefix(&[5, 2])?;
    let mut entries = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = i32::from_be_bytes(*length);
        let (entry, tail) = tail.split_at_checked(usize::try_from(length.unsigned_abs()).ok()?)?;
        rest = tail;
        // A negative length is a hole that a deleted key left.
        if length > 0 {
            let (principal, version, key) = self::entry(entry)?;
            entries.extend(key.map(|key| Entry { principal, version, key }));
        }
    }
    rest.is_empty().then_some(entries)
}

/// Whose key it is, of which version, and the key; none of a type that we do not know.
fn entry(bytes: &[u8]) -> Option<(Principal, u32, Option<Key>)> {
    fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
        let (taken, tail) = rest.split_at_checked(length)?;
        *rest = tail;
        Some(taken)
    }
    fn number(rest: &mut &[u8], length: usize) -> Option<u32> {
        Some(take(rest, length)?.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }
    fn data<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
        let length = number(rest, 2)?;
        take(rest, usize::try_from(length).ok()?)
    }
    let mut rest = bytes;
    let count = number(&mut rest, 2)?;
    let realm = data(&mut rest)?.to_vec();
    let parts = (0..count).map(|_| data(&mut rest).map(<[u8]>::to_vec)).collect::<Option<_>>()?;
    let kind = i32::from_be_bytes(number(&mut rest, 4)?.to_be_bytes());
    let _written = number(&mut rest, 4)?;
    let short_version = number(&mut rest, 1)?;
    let etype = i32::try_from(number(&mut rest, 2)?).ok()?;
    let key = Key::new(etype, data(&mut rest)?);
    let version = number(&mut rest, 4).filter(|version| *version != 0).unwrap_or(short_version);
    Some((Principal { kind, parts, realm }, version, key))
}

/// How many AES keys a file holds.
#[cfg(test)]
pub(super) fn count(bytes: &[u8]) -> Option<usize> {
    parse(bytes).map(|entries| entries.len())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::input::kerberos) fn keytab() -> Vec<u8> {
        let mut bytes = vec![5, 2];
        for (name, version, etype, length) in
            [("svc", 1, 18_u16, 32), ("svc", 2, 23, 16), ("svc", 2, 18, 32), ("web", 9, 17, 16)]
        {
            let mut entry = vec![0, 1, 0, 11];
            entry.extend(b"CONTOSO.COM");
            entry.extend([0, 3]);
            entry.extend(name.as_bytes());
            entry.extend([0, 0, 0, 1, 0, 0, 0, 0, version]);
            entry.extend(etype.to_be_bytes());
            entry.extend([0, length]);
            entry.extend(vec![version; length.into()]);
            bytes.extend(i32::try_from(entry.len()).unwrap().to_be_bytes());
            bytes.extend(entry);
        }
        bytes.extend((-8_i32).to_be_bytes());
        bytes.extend([0; 8]);
        bytes
    }

    #[test]
    fn the_newest_keys_of_the_account_are_taken() {
        let entries = parse(&keytab()).unwrap();
        let first = chosen(&entries, None).unwrap();
        assert_eq!(first.principal.to_string(), "svc@CONTOSO.COM");
        assert_eq!(first.keys.iter().map(Key::bytes).collect::<Vec<_>>(), [&[2; 32]]);
        assert_eq!(chosen(&entries, Some("WEB@contoso.com")).unwrap().keys.len(), 1);
        assert!(chosen(&entries, Some("nobody@CONTOSO.COM")).is_none());
    }

    #[test]
    fn a_keytab_cut_or_changed_anywhere_does_no_harm() {
        let whole = keytab();
        for at in 0..whole.len() {
            let _ = parse(&whole[..at]);
            for value in [0, 0x7f, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] = value;
                let _ = parse(&changed);
            }
        }
        assert!(parse(&whole[..whole.len() - 1]).is_none());
    }
}
