//! Credential caches in files (MIT's versions 3 and 4), and their parts: KCM hands out credentials in the same shape.

use super::{Cached, Unreadable};
use crate::input::kerberos::crypto::Key;
use crate::input::kerberos::messages::Credential;
use crate::input::kerberos::principal::Principal;

/// More tickets than anybody holds.
const MOST_CREDENTIALS: usize = 10_000;
/// More parts, addresses or restrictions than any credential has.
const MOST_PARTS: u32 = 1000;

/// A reader over the bytes of a cache.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    version: u8,
}

impl<'a> Reader<'a> {
    /// A reader of the shape that KCM uses: version 4, without a header.
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest, version: 4 }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Unreadable)?;
        self.rest = rest;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self) -> Result<u32, Unreadable> {
        Ok(self.take(N)?.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn data(&mut self) -> Result<&'a [u8], Unreadable> {
        let length = self.number::<4>()?;
        self.take(usize::try_from(length).map_err(|_| Unreadable)?)
    }

    pub(super) fn principal(&mut self) -> Result<Principal, Unreadable> {
        let kind = i32::from_be_bytes(self.number::<4>()?.to_be_bytes());
        let count = self.number::<4>()?;
        if count > MOST_PARTS {
            return Err(Unreadable);
        }
        let realm = self.data()?.to_vec();
        let parts = (0..count).map(|_| self.data().map(<[u8]>::to_vec)).collect::<Result<_, _>>()?;
        Ok(Principal { kind, parts, realm })
    }

    /// A credential; its key may be of a type that we do not know.
    pub(super) fn credential(&mut self) -> Result<Cached, Unreadable> {
        let (client, server) = (self.principal()?, self.principal()?);
        let etype = self.etype()?;
        let key = Key::new(etype, self.data()?);
        let (_authenticated, _start) = (self.number::<4>()?, self.number::<4>()?);
        let end = u64::from(self.number::<4>()?);
        let _renewable = self.number::<4>()?;
        let _flags = self.take(5)?;
        for _ in 0..2 {
            // Addresses, then restrictions.
            let count = self.number::<4>()?;
            if count > MOST_PARTS {
                return Err(Unreadable);
            }
            for _ in 0..count {
                self.take(2)?;
                self.data()?;
            }
        }
        let ticket = self.data()?.to_vec();
        let _second = self.data()?;
        Ok(match key {
            Some(key) => Cached::Usable(Credential { client, server, key, end, ticket }),
            None => Cached::OtherKey { client, server, etype },
        })
    }

    fn etype(&mut self) -> Result<i32, Unreadable> {
        let etype = self.number::<2>()?;
        if self.version == 3 {
            self.take(2)?;
        }
        i32::try_from(etype).map_err(|_| Unreadable)
    }
}

/// What a cache holds.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) principal: Principal,
    pub(super) credentials: Vec<Cached>,
    /// What to add to this machine's clock to get the KDC's, in seconds.
    pub(super) offset: i64,
}

/// Reads a cache to its end.
pub(super) fn parse(bytes: &[u8]) -> Result<Contents, Unreadable> {
    let ([5, version @ (3 | 4)], rest) = bytes.split_first_chunk::<2>().ok_or(Unreadable)? else {
        return Err(Unreadable);
    };
    let mut reader = Reader { rest, version: *version };
    let offset = if *version == 4 { header(&mut reader)? } else { 0 };
    let principal = reader.principal()?;
    let mut credentials = Vec::new();
    while !reader.rest.is_empty() {
        if credentials.len() == MOST_CREDENTIALS {
            return Err(Unreadable);
        }
        credentials.push(reader.credential()?);
    }
    Ok(Contents { principal, credentials, offset })
}

/// The header: tag 1 is how far the KDC's clock is ahead.
fn header(reader: &mut Reader<'_>) -> Result<i64, Unreadable> {
    let length = usize::try_from(reader.number::<2>()?).map_err(|_| Unreadable)?;
    let mut header = Reader::new(reader.take(length)?);
    let mut offset = 0;
    while !header.rest.is_empty() {
        let tag = header.number::<2>()?;
        let length = usize::try_from(header.number::<2>()?).map_err(|_| Unreadable)?;
        let mut value = Reader::new(header.take(length)?);
        if tag == 1 {
            offset = i64::from(i32::from_be_bytes(value.number::<4>()?.to_be_bytes()));
        }
    }
    Ok(offset)
}
