//! As much of BER (X.690) as LDAP, Kerberos and certificates use: one-byte tags and definite lengths. Reads without copying and without recursion.

use std::fmt;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTETS: u8 = 0x04;
pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const ENUMERATED: u8 = 0x0a;
/// OBJECT IDENTIFIER, in certificates.
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// Bytes that are no BER, or not the BER that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed BER")
    }
}

impl std::error::Error for Malformed {}

/// Where an element's content lies: how many bytes precede it, and how many it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) header: usize,
    pub(crate) content: usize,
}

impl Extent {
    /// The extent of the element at the beginning; none while too little of it is there to tell.
    pub(crate) fn of(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let (Some(tag), Some(first)) = (bytes.first(), bytes.get(1)) else { return Ok(None) };
        if tag & 0x1f == 0x1f {
            return Err(Malformed);
        }
        let long = usize::from(first & 0x7f);
        if first & 0x80 == 0 {
            return Ok(Some(Self { header: 2, content: long }));
        }
        if !(1..=4).contains(&long) {
            return Err(Malformed);
        }
        let Some(digits) = bytes.get(2..2 + long) else { return Ok(None) };
        let content = digits.iter().fold(0_u64, |length, digit| length << 8 | u64::from(*digit));
        Ok(Some(Self { header: 2 + long, content: usize::try_from(content).map_err(|_| Malformed)? }))
    }
}

/// A reader over the elements of a constructed value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// A reader over these bytes.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag of the next element.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next element: its tag and its content.
    pub(crate) fn next(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        let extent = Extent::of(self.0)?.ok_or(Malformed)?;
        let (tag, end) = (self.peek().ok_or(Malformed)?, extent.header.saturating_add(extent.content));
        let content = self.0.get(extent.header..end).ok_or(Malformed)?;
        self.0 = self.0.get(end..).ok_or(Malformed)?;
        Ok((tag, content))
    }

    /// The content of the next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        let (found, content) = self.next()?;
        if found == tag { Ok(content) } else { Err(Malformed) }
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.peek() == Some(tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    /// The bytes that were not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// How many elements these are, with those within them. What is constructed goes on with its first part, so that nothing has
/// to be descended into.
pub(crate) fn count(bytes: &[u8]) -> Result<usize, Malformed> {
    const CONSTRUCTED: u8 = 0x20;
    let (mut count, mut rest) = (0, bytes);
    while let Some(tag) = rest.first() {
        let extent = Extent::of(rest)?.ok_or(Malformed)?;
        let content = if tag & CONSTRUCTED == 0 { extent.content } else { 0 };
        rest = rest.get(extent.header.saturating_add(content)..).ok_or(Malformed)?;
        count += 1;
    }
    Ok(count)
}

/// An unsigned number of up to four bytes: message ids, result codes, sizes.
pub(crate) fn number(content: &[u8]) -> Result<u32, Malformed> {
    let digits = match content {
        [] => return Err(Malformed),
        [0, rest @ ..] => rest,
        all => all,
    };
    if digits.len() > 4 || content.first().is_some_and(|byte| byte & 0x80 != 0) {
        return Err(Malformed);
    }
    Ok(digits.iter().fold(0, |number, digit| number << 8 | u32::from(*digit)))
}

/// A number's content, with the zero in front that keeps it from reading as negative.
pub(crate) fn digits(number: u32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take(3).take_while(|byte| **byte == 0).count();
    let mut digits: Vec<u8> = bytes.iter().skip(zeros).copied().collect();
    if digits.first().is_some_and(|byte| byte & 0x80 != 0) {
        digits.insert(0, 0);
    }
    digits
}

/// An element made of these parts.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    // Room for all of it at once: a growing buffer would leave copies of a password behind.
    let mut bytes = Vec::with_capacity(length + 10);
    bytes.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or(0x7f));
            bytes.extend(digits);
        }
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let content = vec![7; length];
            let bytes = element(OCTETS, &[&content]);
            let mut elements = Elements::new(&bytes);
            assert_eq!(elements.expect(OCTETS).unwrap(), content);
            assert_eq!(elements.end(), Ok(()));
            for cut in 0..bytes.len().min(8) {
                assert!(Elements::new(&bytes[..cut]).next().is_err());
            }
        }
        for value in [0, 1, 127, 128, 255, 256, 0x7fff_ffff, u32::MAX] {
            assert_eq!(number(&digits(value)), Ok(value));
        }
    }

    #[test]
    fn elements_are_counted_at_every_depth() {
        assert_eq!(count(&[]), Ok(0));
        assert_eq!(count(&[OCTETS, 2, 0x30, 0]), Ok(1));
        assert_eq!(count(&[SEQUENCE, 6, SEQUENCE, 2, OCTETS, 0, OCTETS, 0, OCTETS, 0]), Ok(5));
        for cut in [&[OCTETS][..], &[OCTETS, 2, 0], &[SEQUENCE, 2, OCTETS]] {
            assert_eq!(count(cut), Err(Malformed), "{cut:x?}");
        }
    }

    #[test]
    fn what_ldap_does_not_use_is_refused() {
        for bytes in [&[0x30, 0x80][..], &[0x1f, 0x81, 0x01], &[0x04, 0x85, 0, 0, 0, 0, 1], &[0x04, 0xff]] {
            assert_eq!(Extent::of(bytes), Err(Malformed), "{bytes:x?}");
        }
        assert_eq!(number(&[0xff]), Err(Malformed));
        assert_eq!(number(&[]), Err(Malformed));
        assert_eq!(number(&[1, 0, 0, 0, 0]), Err(Malformed));
    }
}
