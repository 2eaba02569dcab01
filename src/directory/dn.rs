//! Distinguished names (RFC 4514), compared as the directory compares them.

use std::fmt;

use super::text::{Keyed, fold, keyed, make_small};

/// The one character that does not count around the parts of a name. All others do, even those that look like it:
/// `CN=<no-break space>EX01` is another object than `CN=EX01`.
const SPACE: char = ' ';

/// A distinguished name: prints as it was read, compares without case, spacing and style of escaping.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dn(Keyed);
keyed!(Dn);

/// Why a text is no distinguished name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADn(&'static str);

impl fmt::Display for NotADn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NotADn {}

impl Dn {
    /// Reads a distinguished name. Samba's extended form (`<GUID=…>;<SID=…>;CN=…`) is read as the plain name.
    pub fn parse(text: &str) -> Result<Self, NotADn> {
        let text = without_extended_prefix(text).trim_start_matches(SPACE);
        let mut key = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let end = end_of_rdn(rest)?;
            let (rdn, tail) = rest.split_at(end);
            let (attribute, value) = rdn.split_once('=').ok_or(NotADn("a part of the name has no `=`"))?;
            let attribute = attribute.trim_matches(SPACE);
            if attribute.is_empty() || !attribute.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) {
                return Err(NotADn("a part of the name has no attribute type"));
            }
            if !key.is_empty() {
                key.push(',');
            }
            key.push_str(&attribute.to_ascii_lowercase());
            key.push('=');
            key.push_str(&fold(&unescape(value)?).replace('\\', "\\5c").replace(',', "\\2c"));
            rest = match tail.strip_prefix(',') {
                Some("") => return Err(NotADn("the name ends in a comma")),
                Some(tail) => tail,
                None => tail,
            };
        }
        Ok(Self(Keyed::new(text, &key)))
    }

    /// Writes the [`key`](Self::key) of a plain name: one without escapes, quotes, spaces around its signs and anything outside
    /// ASCII, as nearly all are. False, and `key` is as it was, if it is not plain; it may still be a name.
    #[must_use]
    pub fn plain_key(text: &[u8], key: &mut Vec<u8>) -> bool {
        let is_plain = is_plain(text);
        if is_plain {
            key.clear();
            key.extend_from_slice(text);
            make_small(key);
        }
        is_plain
    }

    /// The value of the first part, `EX01` for `CN=EX01,CN=Servers,…`.
    #[must_use]
    pub fn name(&self) -> String {
        let first = parts(self.as_str()).next().and_then(|part| part.split_once('='));
        first.and_then(|(_, value)| unescape(value).ok()).unwrap_or_default()
    }

    /// Whether this is the name of what is left of a deleted object: `CN=EX01\\0ADEL:…`.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        fold(&self.name()).contains("\ndel:")
    }

    /// Whether the object lost a replication conflict: `CN=EX01\\0ACNF:…`.
    #[must_use]
    pub(crate) fn is_conflict(&self) -> bool {
        fold(&self.name()).contains("\ncnf:")
    }

    /// Whether this is the empty name, that of the rootDSE.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.key().is_empty()
    }

    /// The [`key`](Self::key)s of this name and of all above it, the nearest first.
    pub fn lineage(&self) -> impl Iterator<Item = &str> {
        let above = self.key().match_indices(',').filter_map(|(comma, _)| self.key().get(comma + 1..));
        std::iter::once(self.key()).chain(above)
    }

    /// The [`key`](Self::key) of the domain that the name lies in: its trailing `DC=` parts.
    #[must_use]
    pub fn domain_key(&self) -> &str {
        let mut domain = "";
        let mut rest = Some(self.key());
        while let Some(above) = rest {
            let begin = above.rfind(',').map_or(0, |comma| comma + 1);
            if !above.get(begin..).is_some_and(|part| part.starts_with("dc=")) {
                break;
            }
            domain = self.key().get(begin..).unwrap_or_default();
            rest = begin.checked_sub(1).and_then(|comma| above.get(..comma));
        }
        domain
    }

    /// The DNS name that the trailing `DC=` parts spell, in lower case; empty without any.
    #[must_use]
    pub(crate) fn dns_domain(&self) -> String {
        let labels = self.domain_key().split(',').filter_map(|part| part.strip_prefix("dc="));
        labels.collect::<Vec<_>>().join(".")
    }
}

/// What a byte may be in a name that is written in the plainest way: in a type, in a value, or in either.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it: no byte is outside")]
static PLAIN: [u8; 256] = {
    let mut plain = [0; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        let in_type = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        let in_value = !matches!(byte, b'"' | b'+' | b',' | b';'..=b'>' | b'\\');
        plain[byte as usize] = if in_type { IN_TYPE } else { 0 } | if in_value { IN_VALUE } else { 0 };
        byte += 1;
    }
    plain
};
const IN_TYPE: u8 = 1;
const IN_VALUE: u8 = 2;

/// Whether a name is written in the plainest way: `type=value,type=value`, with spaces only within a value.
fn is_plain(name: &[u8]) -> bool {
    let mut expected = IN_TYPE;
    let mut last = b',';
    for byte in name {
        if PLAIN.get(usize::from(*byte)).is_none_or(|plain| plain & expected == 0) {
            match byte {
                b'=' if expected == IN_TYPE && last != b',' => expected = IN_VALUE,
                b' ' if expected == IN_VALUE && last != b'=' => {}
                b',' if expected == IN_VALUE && last != b' ' => expected = IN_TYPE,
                _ => return false,
            }
        }
        last = *byte;
    }
    expected == IN_VALUE && last != b' '
}

/// The parts of a name as they are written, the first first.
pub fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let now = rest?;
        let (part, tail) = now.split_at(end_of_rdn(now).unwrap_or(now.len()));
        rest = tail.strip_prefix(',');
        Some(part)
    })
}

/// Where the first part of a name ends: at the first comma that is neither escaped nor quoted.
fn end_of_rdn(text: &str) -> Result<usize, NotADn> {
    let mut quoted = false;
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next().ok_or(NotADn("the name ends in a backslash"))?;
            }
            '"' => quoted = !quoted,
            ',' if !quoted => return Ok(position),
            _ => {}
        }
    }
    if quoted { Err(NotADn("a quotation mark is not closed")) } else { Ok(text.len()) }
}

/// The value behind its escapes: `\,`, `\2C`, `"…"`; spaces around it do not count unless escaped.
fn unescape(value: &str) -> Result<String, NotADn> {
    let value = value.trim_start_matches(SPACE);
    let mut bytes = Vec::with_capacity(value.len());
    // Up to where trailing spaces were escaped, and so belong to the value.
    let mut kept = 0;
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => {
                bytes.push(escaped(&mut rest)?);
                kept = bytes.len();
            }
            b'"' => kept = bytes.len(),
            other => bytes.push(other),
        }
    }
    while bytes.len() > kept && bytes.last() == Some(&b' ') {
        bytes.pop();
    }
    String::from_utf8(bytes).map_err(|_| NotADn("the name is not UTF-8"))
}

fn escaped(rest: &mut std::str::Bytes<'_>) -> Result<u8, NotADn> {
    let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let first = rest.next().ok_or(NotADn("the name ends in a backslash"))?;
    let Some(high) = hex(first) else { return Ok(first) };
    let low = rest.next().and_then(hex).ok_or(NotADn("a backslash is followed by half a byte"))?;
    Ok(high << 4 | low)
}

fn without_extended_prefix(text: &str) -> &str {
    let mut rest = text;
    while rest.starts_with('<') {
        match rest.split_once(">;") {
            Some((_, tail)) => rest = tail,
            None => break,
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dn(text: &str) -> Dn {
        Dn::parse(text).unwrap()
    }

    #[test]
    fn case_spacing_and_style_of_escaping_do_not_distinguish() {
        assert_eq!(dn("CN=Relay\\, Inc,DC=Contoso,DC=com"), dn("cn=relay\\2C inc, dc=contoso,dc=COM"));
        assert_eq!(dn("CN=\"Relay, Inc\",DC=com"), dn("CN=Relay\\, Inc,DC=com"));
        assert_eq!(dn("<GUID=ab>;<SID=S-1>;CN=a,DC=b"), dn("CN=a,DC=b"));
        assert_ne!(dn("CN=a,CN=b,DC=c"), dn("CN=a\\,CN=b,DC=c"));
    }

    #[test]
    fn the_key_of_a_plain_name_needs_no_parsing() {
        for plain in ["CN=EX01", "CN=Exchange Server's #1/2,OU=a.b-c,2.5.4.3=,DC=com", "cn_x=~a !b$"] {
            let mut key = Vec::new();
            assert!(Dn::plain_key(plain.as_bytes(), &mut key), "{plain}");
            assert_eq!(key, dn(plain).key().as_bytes());
        }
        for odd in [
            "",
            "=",
            "=a",
            "CN",
            "CN=a,",
            ",CN=a",
            "CN= a",
            "CN=a ",
            "CN=a ,DC=b",
            "CN=a, DC=b",
            "CN =a",
            "CN=a=b",
            "CN=a;b",
            "CN=a\\,b",
            "CN=\"a\"",
            "CN=a+SN=b",
            "CN=<a",
            "CN=a>",
            "CN=\u{e4}",
            "C\u{e4}=a",
            "CN=a\tb",
        ] {
            let mut key = b"before".to_vec();
            assert!(!Dn::plain_key(odd.as_bytes(), &mut key), "{odd}");
            assert_eq!(key, b"before");
        }
    }

    #[test]
    fn the_domain_of_a_very_long_name_is_found_soon() {
        let begun = std::time::Instant::now();
        let long = dn(&format!("CN=a,DC=x,CN=b,{}DC=com", "DC=y,".repeat(100_000)));
        assert_eq!(long.dns_domain().len(), 2 * 100_000 + 3);
        assert_eq!(dn(&format!("{}CN=z", "DC=y,".repeat(100_000))).dns_domain(), "");
        assert!(begun.elapsed().as_secs() < 10);
    }

    #[test]
    fn only_plain_spaces_around_a_name_do_not_count() {
        for space in ["\u{a0}", "\u{3000}", "\u{85}", "\t", "\n"] {
            assert_ne!(dn(&format!("CN={space}EX01,DC=com")), dn("CN=EX01,DC=com"), "{space:?}");
        }
    }

    #[test]
    fn a_space_at_the_end_counts_only_where_it_is_escaped() {
        assert_eq!(dn("DC=com,CN=a\\ ").key(), "dc=com,cn=a ");
        assert_eq!(dn("DC=com,CN=a  ").key(), "dc=com,cn=a");
    }

    #[test]
    fn conflict_objects_keep_their_line_feed() {
        assert_eq!(dn("CN=EX01\\0ACNF:1234,DC=com").name(), "EX01\nCNF:1234");
        assert!(dn("CN=EX01\\0aCNF:1234,DC=com").is_conflict() && dn("CN=EX01\\0ADEL:1234,DC=com").is_deleted());
        assert!(!dn("CN=CNF:1234,DC=com").is_conflict() && !dn("CN=DEL:1234,DC=com").is_deleted());
    }

    #[test]
    fn lineage_and_domain_are_read_from_the_parts() {
        let dn = dn("CN=A\\,B,OU=X,DC=child,DC=Contoso,DC=com");
        assert_eq!(dn.dns_domain(), "child.contoso.com");
        assert_eq!(dn.lineage().nth(1), Some("ou=x,dc=child,dc=contoso,dc=com"));
        assert_eq!(dn.lineage().count(), 5);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["contoso", "CN=a,", "=x", "CN=a\\", "CN=a\\2", "CN=\"a", "CN=a\\ff\\fe", ",CN=a"] {
            assert!(Dn::parse(text).is_err(), "{text}");
        }
    }
}
