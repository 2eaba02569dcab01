//! Logical lines become records, and those that matter become entries.
//!
//! Most of a recording matters to nobody. A record is therefore kept as bytes, in memory that the next one takes over,
//! until somebody wants an entry of it.

use std::fmt;
use std::io::{self, BufRead};
use std::ops::Range;

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

/// One object of a recording: its name, and those of its attributes that the judgement needs, as bytes.
#[derive(Debug, Default)]
pub struct Record {
    line: u64,
    dn: Range<usize>,
    fields: Vec<Field>,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Field {
    attribute: Attribute,
    description: Range<usize>,
    value: Range<usize>,
}

impl Record {
    fn begin(&mut self, line: u64, dn: &[u8]) {
        self.line = line;
        self.fields.clear();
        self.bytes.clear();
        self.dn = self.keep(dn);
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    fn add(&mut self, attribute: Attribute, description: &[u8], value: &[u8]) {
        let (description, value) = (self.keep(description), self.keep(value));
        self.fields.push(Field { attribute, description, value });
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    /// The object's name as it is written.
    #[must_use]
    pub fn dn(&self) -> &[u8] {
        self.part(&self.dn)
    }

    /// The attributes with their descriptions (`servicePrincipalName;range=0-1499`) and values, one value at a time.
    pub fn fields(&self) -> impl Iterator<Item = (Attribute, &[u8], &[u8])> {
        self.fields.iter().map(|field| (field.attribute, self.part(&field.description), self.part(&field.value)))
    }

    /// Whether the object is of this class.
    #[must_use]
    pub fn is_a(&self, class: &str) -> bool {
        let is_class = |attribute, value: &[u8]| {
            attribute == Attribute::ObjectClass && value.eq_ignore_ascii_case(class.as_bytes())
        };
        self.fields().any(|(attribute, _, value)| is_class(attribute, value))
    }

    /// The object itself.
    pub fn entry(&self) -> Result<Entry, Refusal> {
        let refusal = |cause: String| Refusal { line: self.line, cause };
        let dn = std::str::from_utf8(self.dn()).map_err(|_| refusal("the name is not UTF-8".to_owned()))?;
        let dn = Dn::parse(dn).map_err(|error| refusal(format!("this is no distinguished name: {error}")))?;
        let mut entry = Entry::new(dn);
        for (_, description, value) in self.fields() {
            let description = String::from_utf8_lossy(description);
            if value.is_empty() {
                entry.announce(&description);
            } else {
                entry.add(&description, value);
            }
        }
        Ok(entry)
    }
}

/// Reads the records of one file, one at a time.
pub struct Reader<'a> {
    lines: Lines<'a>,
    line: Line,
    scratch: Vec<u8>,
    record: Record,
}

impl<'a> Reader<'a> {
    /// A reader of `input`; `watch` sees every physical line.
    pub fn new(input: impl BufRead + 'a, watch: &'a mut dyn LineWatch) -> Result<Self, Refusal> {
        let lines = Lines::new(input, watch).map_err(|error| unreadable(0, &error))?;
        Ok(Self { lines, line: Line::default(), scratch: Vec::new(), record: Record::default() })
    }

    /// The next record as an entry; none at the end of the file.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, Refusal> {
        self.next_record()?.map(Record::entry).transpose()
    }

    /// The next record; none at the end of the file.
    pub fn next_record(&mut self) -> Result<Option<&Record>, Refusal> {
        while self.next_line()? {
            if self.line.bytes.is_empty() || self.line.is_comment() {
                continue;
            }
            let (name, written) = self.line.attribute()?;
            let value = self.line.value(written, &mut self.scratch)?;
            if name.eq_ignore_ascii_case(b"dn") {
                self.record.begin(self.line.number, value);
                self.rest_of_record()?;
                return Ok(Some(&self.record));
            }
            self.line.between_records(name, value)?;
        }
        Ok(None)
    }

    /// Everything of a record up to the empty line behind it.
    fn rest_of_record(&mut self) -> Result<(), Refusal> {
        while self.next_line()? && !self.line.bytes.is_empty() {
            if self.line.is_comment() {
                continue;
            }
            let (name, written) = self.line.attribute()?;
            let value = self.line.value(written, &mut self.scratch)?;
            let end = memchr::memchr(b';', name).unwrap_or(name.len());
            match name.get(..end).and_then(Attribute::of_bytes) {
                Some(_) if self.line.cut => return Err(self.line.refusal("the value is longer than 4 MiB")),
                Some(attribute) => self.record.add(attribute, name, value),
                None => self.line.unneeded(name, value)?,
            }
            if self.record.bytes.len() > LARGEST_ENTRY {
                return Err(self.line.refusal("the entry is larger than 64 MiB"));
            }
        }
        Ok(())
    }

    fn next_line(&mut self) -> Result<bool, Refusal> {
        let number = self.line.number;
        self.lines.read(&mut self.line).map_err(|error| unreadable(number, &error))
    }
}

/// What a line says.
impl Line {
    fn is_comment(&self) -> bool {
        self.bytes.first() == Some(&b'#')
    }

    /// Splits the line into the attribute's description and where its value is written.
    fn attribute(&self) -> Result<(&[u8], Written), Refusal> {
        let line = self.bytes.as_slice();
        let colon = memchr::memchr(b':', line).ok_or_else(|| self.no_ldif())?;
        let name = line.get(..colon).unwrap_or_default();
        let plain = |c: &u8| c.is_ascii_alphanumeric() || b"-.;=*_".contains(c);
        if name.is_empty() || !name.iter().all(plain) {
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

    /// The value's bytes. Base64 is checked even where nobody needs the value: a file damaged in one place is not to be trusted in another.
    fn value<'a>(&'a self, written: Written, scratch: &'a mut Vec<u8>) -> Result<&'a [u8], Refusal> {
        let value = self.bytes.get(written.start..).unwrap_or_default();
        if written.encoding == Encoding::Plain {
            return Ok(value);
        }
        scratch.clear();
        if self.cut {
            return Ok(scratch);
        }
        match BASE64.decode_vec(value.trim_ascii_end(), scratch) {
            Ok(()) => Ok(scratch),
            Err(error) => Err(self.refusal(format!("broken base64: {}", error.to_string().to_lowercase()))),
        }
    }

    /// What may stand where a record could begin.
    fn between_records(&self, name: &[u8], value: &[u8]) -> Result<(), Refusal> {
        if name.eq_ignore_ascii_case(b"version") {
            let is_known = value.trim_ascii() == b"1";
            return if is_known { Ok(()) } else { Err(self.refusal("only version 1 of LDIF is known")) };
        }
        if TRAILER.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())) {
            return Ok(());
        }
        Err(self.refusal("a record has to begin with `dn:`"))
    }

    /// What may stand in a record beside the attributes that are needed: anything that does not change its meaning.
    fn unneeded(&self, name: &[u8], value: &[u8]) -> Result<(), Refusal> {
        if name.eq_ignore_ascii_case(b"dn") {
            return Err(self.refusal("there is no empty line between this entry and the one before"));
        }
        if name.eq_ignore_ascii_case(b"changetype") && !value.trim_ascii().eq_ignore_ascii_case(b"add") {
            return Err(self
                .refusal("this is a list of changes (`changetype` other than add), not a recording of what is there"));
        }
        Ok(())
    }

    fn no_ldif(&self) -> Refusal {
        if self.bytes.contains(&0) {
            self.refusal("this is no LDIF: there are NUL bytes in it; UTF-16 has to begin with a byte order mark")
        } else {
            self.refusal("this is no LDIF: a line has to be `attribute: value`, or begin with a space to continue one")
        }
    }

    fn refusal(&self, cause: impl Into<String>) -> Refusal {
        Refusal { line: self.number, cause: cause.into() }
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
