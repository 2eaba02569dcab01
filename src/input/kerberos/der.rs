//! The DER of Kerberos (RFC 4120, section 5): sequences of numbered fields.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::directory::account::LAST_SECOND;
use crate::input::ber::{Elements, INTEGER, Malformed, SEQUENCE, element};

/// `KerberosString`.
pub(crate) const GENERAL_STRING: u8 = 0x1b;
/// `KerberosTime`.
const GENERALIZED_TIME: u8 = 0x18;
/// `KerberosFlags`.
const BITS: u8 = 0x03;
/// No message has a field beyond this.
const MOST_FIELDS: usize = 16;

/// The tag of a field.
const fn numbered(number: u8) -> u8 {
    0xa0 | number
}

/// The tag of a message.
pub(crate) const fn application(number: u8) -> u8 {
    0x60 | number
}

/// A sequence of numbered fields.
pub(crate) fn list(fields: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let fields: Vec<Vec<u8>> = fields.iter().map(|(number, field)| element(numbered(*number), &[field])).collect();
    element(SEQUENCE, &[&fields.concat()])
}

/// A number, in as few bytes as it needs.
pub(crate) fn integer(number: i32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let is_idle =
        |pair: &[u8]| matches!(pair, [0, next] if next & 0x80 == 0) || matches!(pair, [0xff, next] if next & 0x80 != 0);
    let idle = bytes.windows(2).take_while(|pair| is_idle(pair)).count();
    element(INTEGER, &[bytes.get(idle..).unwrap_or_default()])
}

/// A `KerberosFlags` of 32 bits.
pub(crate) fn flags(flags: u32) -> Vec<u8> {
    element(BITS, &[&[0], &flags.to_be_bytes()])
}

/// A point in time, in seconds since 1970; the last that can be written for any behind it.
pub(crate) fn time(seconds: u64) -> Vec<u8> {
    let time = UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_SECOND));
    let text: String = humantime::format_rfc3339_seconds(time).to_string();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    element(GENERALIZED_TIME, &[digits.as_bytes(), b"Z"])
}

/// The fields of a sequence, by their numbers. Fields that we do not know are passed over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>([Option<&'a [u8]>; MOST_FIELDS]);

impl<'a> Fields<'a> {
    /// Reads a sequence.
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut outer = Elements::new(bytes);
        let mut elements = Elements::new(outer.expect(SEQUENCE)?);
        outer.end()?;
        let mut fields = [None; MOST_FIELDS];
        while !elements.is_empty() {
            let (tag, content) = elements.next()?;
            let place = tag.checked_sub(numbered(0)).ok_or(Malformed)?;
            let field = fields.get_mut(usize::from(place)).ok_or(Malformed)?;
            // Which of two would count?
            if field.replace(content).is_some() {
                return Err(Malformed);
            }
        }
        Ok(Self(fields))
    }

    /// Reads a sequence in a message of its own tag.
    pub(crate) fn of_message(tag: u8, bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut elements = Elements::new(bytes);
        let content = elements.expect(tag)?;
        elements.end()?;
        Self::of(content)
    }

    /// A field that must be there.
    pub(crate) fn get(&self, number: usize) -> Result<&'a [u8], Malformed> {
        self.optional(number).ok_or(Malformed)
    }

    /// A field that may be there.
    pub(crate) fn optional(&self, number: usize) -> Option<&'a [u8]> {
        self.0.get(number).copied().flatten()
    }
}

/// The content of the only element of a field, whatever its tag: of strings, servers use several.
pub(crate) fn content(field: &[u8]) -> Result<&[u8], Malformed> {
    let mut elements = Elements::new(field);
    let (_, content) = elements.next()?;
    elements.end()?;
    Ok(content)
}

/// A signed number of up to four bytes. Numbers without a sign that need all of them come out the same, bit by bit.
pub(crate) fn number(field: &[u8]) -> Result<i32, Malformed> {
    let mut elements = Elements::new(field);
    let bytes = elements.expect(INTEGER)?;
    elements.end()?;
    let bytes = match bytes {
        [0, rest @ ..] if rest.len() == 4 => rest,
        other => other,
    };
    let negative = bytes.first().ok_or(Malformed)? & 0x80 != 0 && bytes.len() < 4;
    if bytes.len() > 4 {
        return Err(Malformed);
    }
    Ok(bytes.iter().fold(if negative { -1 } else { 0 }, |number, byte| number << 8 | i32::from(*byte)))
}

/// A list of strings, each as bytes.
pub(crate) fn strings(field: &[u8]) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut elements = Elements::new(field).expect(SEQUENCE).map(Elements::new)?;
    let mut strings = Vec::new();
    while !elements.is_empty() {
        strings.push(elements.next()?.1.to_vec());
    }
    Ok(strings)
}

/// A point in time, in seconds since 1970.
pub(crate) fn seconds(field: &[u8]) -> Result<u64, Malformed> {
    let mut elements = Elements::new(field);
    let text = std::str::from_utf8(elements.expect(GENERALIZED_TIME)?).map_err(|_| Malformed)?;
    elements.end()?;
    seconds_of(text).ok_or(Malformed)
}

/// Seconds since 1970 of `20261126120000Z`, or with a fraction as LDAP has it (`20261126120000.0Z`).
pub(crate) fn seconds_of(text: &str) -> Option<u64> {
    let (digits, _) = text.strip_suffix('Z')?.split_at_checked(14)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let [year, month, day] = [part(0, 4), part(4, 6), part(6, 8)];
    let [hour, minute, second] = [part(8, 10), part(10, 12), part(12, 14)];
    let time: SystemTime = humantime::parse_rfc3339(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")).ok()?;
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_as_few_bytes_as_they_need() {
        for (value, expected) in [
            (0, &[2, 1, 0][..]),
            (127, &[2, 1, 127]),
            (128, &[2, 2, 0, 128]),
            (-1, &[2, 1, 0xff]),
            (-128, &[2, 1, 0x80]),
            (-129, &[2, 2, 0xff, 0x7f]),
            (0x8003, &[2, 3, 0, 0x80, 3]),
            (i32::MAX, &[2, 4, 0x7f, 0xff, 0xff, 0xff]),
            (i32::MIN, &[2, 4, 0x80, 0, 0, 0]),
        ] {
            assert_eq!(integer(value), expected);
            assert_eq!(number(expected), Ok(value));
        }
        assert_eq!(number(&[2, 5, 0, 0xff, 0xff, 0xff, 0xff]), Ok(-1));
        assert_eq!(number(&[2, 0]), Err(Malformed));
        assert_eq!(number(&[2, 5, 1, 0, 0, 0, 0]), Err(Malformed));
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        for moment in [0, 951_782_400, 1_795_694_400, 253_402_300_799] {
            assert_eq!(seconds(&time(moment)), Ok(moment));
        }
        assert_eq!(seconds_of("20261126120000.0Z"), seconds_of("20261126120000Z"));
        for wrong in
            ["", "20261126120000", "2026112612000Z", "20261326120000Z", "2026112612000\u{fc}Z", "19691231235959Z"]
        {
            assert_eq!(seconds_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_field_that_comes_twice_is_refused() {
        let twice = element(SEQUENCE, &[&element(0xa0, &[&integer(1)]), &element(0xa0, &[&integer(2)])]);
        assert!(Fields::of(&twice).is_err());
        let fields = list(&[(0, integer(1)), (9, integer(7))]);
        assert_eq!(Fields::of(&fields).unwrap().get(9).map(number), Ok(Ok(7)));
        assert!(Fields::of(&fields).unwrap().get(1).is_err());
        for cut in 0..fields.len() {
            assert!(Fields::of(&fields[..cut]).is_err());
        }
    }

    #[test]
    fn a_time_behind_the_year_9999_is_its_last() {
        assert_eq!(time(LAST_SECOND + 1), time(LAST_SECOND));
        assert_eq!(time(u64::MAX), time(LAST_SECOND));
    }
}
