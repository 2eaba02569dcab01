//! Logical lines become entries.

use std::fmt;
use std::io::{self, BufRead};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::lines::{Line, LineWatch, Lines};
use crate::model::dn::Dn;
use crate::model::entry::Entry;
use crate::model::schema::Attribute;

/// One object may not bring more than this of what the judgement needs.
const LARGEST_ENTRY: usize = 64 * 1024 * 1024;

/// What `ldapsearch` and `ldbsearch` write between and behind the entries.
const TRAILER: [&str; 8] = ["search", "result", "ref", "control", "pagedresults", "matcheddn", "text", "sortresult"];

/// Why a file was refused, and where.
#[derive(Debug)]
pub struct Refusal {
    /// The physical line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub cause: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.cause)
    }
}

impl std::error::Error for Refusal {}

/// Reads the entries of one file, one at a time.
pub struct Reader<'a> {
    lines: Lines<'a>,
    line: Line,
    scratch: Vec<u8>,
}

impl<'a> Reader<'a> {
    /// A reader of `input`; `watch` sees every physical line.
    pub fn new(input: impl BufRead + 'a, watch: &'a mut dyn LineWatch) -> Result<Self, Refusal> {
        let lines = Lines::new(input, watch).map_err(|error| unreadable(0, &error))?;
        Ok(Self { lines, line: Line::default(), scratch: Vec::new() })
    }

    /// The next entry; none at the end of the file.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, Refusal> {
        while self.next_line()? {
            if self.line.bytes.is_empty() || self.is_comment() {
                continue;
            }
            let (name, value) = self.attribute()?;
            match name.to_ascii_lowercase().as_str() {
                "dn" => {
                    let dn = self.dn(&value)?;
                    return self.rest_of(Entry::new(dn)).map(Some);
                }
                "version" if self.text(&value)?.trim() == "1" => {}
                "version" => return Err(self.refusal("only version 1 of LDIF is known")),
                other if TRAILER.contains(&other) => {}
                _ => return Err(self.refusal("a record has to begin with `dn:`")),
            }
        }
        Ok(None)
    }

    /// Everything of an entry up to the empty line behind it.
    fn rest_of(&mut self, mut entry: Entry) -> Result<Entry, Refusal> {
        let mut size = 0;
        while self.next_line()? && !self.line.bytes.is_empty() {
            if self.is_comment() {
                continue;
            }
            let (name, value) = self.attribute()?;
            if name.eq_ignore_ascii_case("dn") {
                return Err(self.refusal("there is no empty line between this entry and the one before"));
            }
            if name.eq_ignore_ascii_case("changetype") {
                self.require_add(&value)?;
                continue;
            }
            let attribute = name.split(';').next().and_then(Attribute::named);
            if attribute.is_some() && self.line.cut {
                return Err(self.refusal("the value is longer than 4 MiB"));
            }
            let name = name.to_owned();
            let value = self.decoded(value)?;
            if attribute.is_some() {
                size += value.len() + 64;
                if value.is_empty() {
                    entry.announce(&name);
                } else {
                    entry.add(&name, value);
                }
            }
            if size > LARGEST_ENTRY {
                return Err(self.refusal("the entry is larger than 64 MiB"));
            }
        }
        Ok(entry)
    }

    fn next_line(&mut self) -> Result<bool, Refusal> {
        let number = self.line.number;
        self.lines.read(&mut self.line).map_err(|error| unreadable(number, &error))
    }

    fn is_comment(&self) -> bool {
        self.line.bytes.first() == Some(&b'#')
    }

    /// Splits the current line into the attribute's description and its value as written.
    fn attribute(&self) -> Result<(&str, Written), Refusal> {
        let line = self.line.bytes.as_slice();
        let colon = memchr::memchr(b':', line).ok_or_else(|| self.no_ldif())?;
        let name = line.get(..colon).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
        let plain = |c: u8| c.is_ascii_alphanumeric() || b"-.;=*_".contains(&c);
        if name.is_empty() || !name.bytes().all(plain) {
            return Err(self.no_ldif());
        }
        let (encoding, start) = match line.get(colon + 1) {
            Some(b':') => (Encoding::Base64, colon + 2),
            Some(b'<') => return Err(self.refusal("values in other files (`:<`) are not read")),
            _ => (Encoding::Plain, colon + 1),
        };
        let spaces = line.iter().skip(start).take_while(|byte| **byte == b' ').count();
        Ok((name, Written { encoding, start: start + spaces }))
    }

    fn no_ldif(&self) -> Refusal {
        if self.line.bytes.contains(&0) {
            self.refusal("this is no LDIF: there are NUL bytes in it; UTF-16 has to begin with a byte order mark")
        } else {
            self.refusal("this is no LDIF: a line has to be `attribute: value`, or begin with a space to continue one")
        }
    }

    /// The value's bytes. Base64 is checked even where nobody needs the value: a file damaged in one place is not to be trusted in another.
    fn decoded(&mut self, written: Written) -> Result<&[u8], Refusal> {
        let value = self.line.bytes.get(written.start..).unwrap_or_default();
        if written.encoding == Encoding::Plain {
            return Ok(value);
        }
        self.scratch.clear();
        if self.line.cut {
            return Ok(&self.scratch);
        }
        match BASE64.decode_vec(value.trim_ascii_end(), &mut self.scratch) {
            Ok(()) => Ok(&self.scratch),
            Err(error) => Err(self.refusal(format!("broken base64: {}", error.to_string().to_lowercase()))),
        }
    }

    fn text(&mut self, written: &Written) -> Result<String, Refusal> {
        let bytes = self.decoded(*written)?.to_owned();
        String::from_utf8(bytes).map_err(|_| self.refusal("the value is not UTF-8"))
    }

    fn dn(&mut self, written: &Written) -> Result<Dn, Refusal> {
        let text = self.text(written)?;
        Dn::parse(&text).map_err(|error| self.refusal(format!("this is no distinguished name: {error}")))
    }

    fn require_add(&mut self, written: &Written) -> Result<(), Refusal> {
        let kind = self.text(written)?;
        if kind.trim().eq_ignore_ascii_case("add") {
            return Ok(());
        }
        Err(self.refusal("this is a list of changes (`changetype` other than add), not a recording of what is there"))
    }

    fn refusal(&self, cause: impl Into<String>) -> Refusal {
        Refusal { line: self.line.number, cause: cause.into() }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Plain,
    Base64,
}

/// Where a value stands in its line.
#[derive(Clone, Copy)]
struct Written {
    encoding: Encoding,
    start: usize,
}

fn unreadable(line: u64, error: &io::Error) -> Refusal {
    Refusal { line: line + 1, cause: format!("cannot be read: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    impl LineWatch for Nobody {
        fn line(&mut self, _: &[u8]) {}
    }

    fn read(text: &str) -> Result<Vec<Entry>, Refusal> {
        let mut nobody = Nobody;
        let mut reader = Reader::new(text.as_bytes(), &mut nobody)?;
        let mut entries = Vec::new();
        while let Some(entry) = reader.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }

    #[test]
    fn folding_base64_comments_and_line_ends_are_understood() {
        let text = "version: 1\r\n\r\n# EX01\r\n  folded comment\r\ndn:: Q049RVgwMSxEQz1jb20=\r\nchangetype: add\r\ncn:EX\r\n 01\r\nservicePrincipalName:: SE9TVC94\r\n\r\n# search result\r\nsearch: 2\r\nresult: 0 Success";
        let entries = read(text).unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].dn.as_str(), "CN=EX01,DC=com");
        assert_eq!(entries[0].values(Attribute::Cn), ["EX01"]);
        assert_eq!(entries[0].values(Attribute::ServicePrincipalName), ["HOST/x"]);
    }

    #[test]
    fn what_is_no_recording_is_refused_with_its_line() {
        for (text, line) in [
            ("dn: CN=a\ncn:: !!\n", 2),
            ("dn: CN=a\nphoto:: QQ\n", 2),
            ("dn: CN=a\nchangetype: modify\n", 2),
            ("dn: CN=a\ncn:< file:///etc/passwd\n", 2),
            ("dn: CN=a\njust words\n", 2),
            ("\ncn: a\n", 2),
            ("dn: nonsense\n", 1),
            ("dn: CN=a\ncn: a\ndn: CN=b\n", 3),
            ("version: 2\n", 1),
            ("\n <html>\n", 2),
            ("dn: CN=a\n-\n", 2),
            ("d\0n\0:\0", 1),
        ] {
            assert_eq!(read(text).unwrap_err().line, line, "{text:?}");
        }
    }
}
