//! Logical lines become records.

use std::fmt;
use std::io::{self, BufRead};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::conflict::ends_comment;
use super::form;
use super::lines::{BYTE_ORDER_MARK, Line, LineWatch, Lines};
use super::names::{Kind, Names};
use super::record::Record;
use crate::directory::entry::Entry;
use crate::directory::schema::{Attribute, Purpose};

/// One object may not bring more than this of what the judgement needs.
const LARGEST_ENTRY: usize = 32 * 1024 * 1024;

/// What `ldapsearch` and `ldbsearch` write between and behind the entries.
const TRAILER: [&str; 8] = ["search", "result", "ref", "control", "pagedresults", "matcheddn", "text", "sortresult"];

/// Why changes are refused.
const NO_CHANGES: &str = "this is a list of changes, not a recording of what is there";

/// Why a file was refused, and where.
#[derive(Debug)]
pub struct Refusal {
    /// The physical line, from 1.
    pub line: u64,
    /// What is wrong there, as a sentence without its dot.
    pub cause: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.cause)
    }
}

impl std::error::Error for Refusal {}

/// Reads the records of one file, one at a time.
pub struct Reader<'a, W> {
    lines: Lines<'a, W>,
    names: Names,
    scratch: Vec<u8>,
    record: Record,
    /// Whether anything but comments was read.
    says_something: bool,
}

impl<'a, W: LineWatch> Reader<'a, W> {
    /// A reader of `input`; `watch` sees every physical line. What is something else than LDIF is refused.
    pub fn new(input: impl BufRead + 'a, watch: &'a mut W) -> Result<Self, Refusal> {
        let unreadable = |error| unreadable(1, &error);
        let mut lines = Lines::new(input, watch).map_err(unreadable)?;
        if let Some((line, form)) = form::of(lines.head(form::HEAD).map_err(unreadable)?) {
            return Err(Refusal { line, cause: form.to_owned() });
        }
        Ok(Self {
            lines,
            names: Names::new(Purpose::Check),
            scratch: Vec::new(),
            record: Record::default(),
            says_something: false,
        })
    }

    /// Reads what serves this purpose; that of a check unless somebody says so.
    #[must_use]
    pub(crate) fn serving(mut self, purpose: Purpose) -> Self {
        self.names = Names::new(purpose);
        self
    }

    /// Whether anything but comments was read so far.
    #[must_use]
    pub(crate) fn says_something(&self) -> bool {
        self.says_something
    }

    /// What watches, which has seen all lines up to the end of the last record.
    #[must_use]
    pub fn watch(&self) -> &W {
        self.lines.watch()
    }

    /// The next record as an entry; none at the end of the file.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, Refusal> {
        self.next_record()?.map(Record::entry).transpose()
    }

    /// The next record; none at the end of the file.
    pub(crate) fn next_record(&mut self) -> Result<Option<&Record>, Refusal> {
        let mut is_behind_comment = false;
        while self.next_line()? {
            let line = self.lines.line().without_mark();
            let was_behind_comment = std::mem::replace(&mut is_behind_comment, line.bytes.starts_with(b"#"));
            if line.says_nothing() || was_behind_comment && ends_comment(line.bytes) {
                continue;
            }
            self.says_something = true;
            let (colon, kind) = self.names.at(line.bytes).ok_or_else(|| line.no_ldif())?;
            let value = line.value(colon, &mut self.scratch)?;
            if let Kind::Dn = kind {
                self.record.begin(line.number, value);
                self.rest_of_record()?;
                return Ok(Some(&self.record));
            }
            line.between_records(colon, value)?;
        }
        Ok(None)
    }

    /// Everything of a record up to the empty line behind it.
    fn rest_of_record(&mut self) -> Result<(), Refusal> {
        while self.next_line()? {
            let line = self.lines.line();
            if line.bytes.is_empty() {
                break;
            }
            if line.says_nothing() {
                continue;
            }
            let (colon, kind) = self.names.at(line.bytes).ok_or_else(|| line.no_ldif())?;
            let value = line.value(colon, &mut self.scratch)?;
            match kind {
                Kind::Unneeded => {}
                Kind::Needed(attribute) => line.add_to(&mut self.record, attribute, colon, value)?,
                Kind::Dn => {
                    return Err(line.refusal("there is no empty line between this entry and the one before"));
                }
                Kind::ChangeType if is(value, b"add") => {}
                Kind::ChangeType if is(value, b"modify") => return self.additions(),
                Kind::ChangeType => {
                    return Err(line.refusal(format!("`changetype` is neither add nor modify: {NO_CHANGES}")));
                }
            }
        }
        Ok(())
    }

    /// The same of a record that changes an object. `ldifde` goes on so where an attribute has more than 1,500 values.
    fn additions(&mut self) -> Result<(), Refusal> {
        self.record.begin_addition();
        // The attribute that values are added to; none before `add:` and behind `-`.
        let mut added: Option<Vec<u8>> = None;
        while self.next_line()? {
            let line = self.lines.line();
            match line.bytes {
                b"" => break,
                b"-" => {
                    added = None;
                    continue;
                }
                _ if line.says_nothing() => continue,
                _ => {}
            }
            let (colon, kind) = self.names.at(line.bytes).ok_or_else(|| line.no_ldif())?;
            let value = line.value(colon, &mut self.scratch)?;
            let name = line.bytes.get(..colon).unwrap_or_default();
            match (&added, kind) {
                (None, _) if is(name, b"add") => added = Some(without_options(value.trim_ascii()).to_vec()),
                (None, _) => return Err(line.refusal(format!("only `add:` may stand here: {NO_CHANGES}"))),
                (Some(added), _) if !is(without_options(name), added) => {
                    return Err(line.refusal("this is no value of the attribute that values are added to"));
                }
                (Some(_), Kind::Needed(attribute)) => line.add_to(&mut self.record, attribute, colon, value)?,
                (Some(_), _) => {}
            }
        }
        Ok(())
    }

    fn next_line(&mut self) -> Result<bool, Refusal> {
        self.lines.advance().map_err(|error| unreadable(self.lines.next_number(), &error))
    }
}

/// What a line says.
impl<'a> Line<'a> {
    /// The line without a byte order mark: files were joined, and each began with one.
    fn without_mark(self) -> Self {
        Self { bytes: self.bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(self.bytes), ..self }
    }

    /// Takes in a value that the judgement needs.
    #[inline]
    fn add_to(self, record: &mut Record, attribute: Attribute, colon: usize, value: &[u8]) -> Result<(), Refusal> {
        if self.cut {
            return Err(self.refusal("the value is longer than 4 MiB"));
        }
        record.add(attribute, self.bytes.get(attribute.name().len()..colon).unwrap_or_default(), value);
        if record.size() > LARGEST_ENTRY {
            return Err(self.refusal("the entry is larger than 32 MiB"));
        }
        Ok(())
    }

    /// Whether the line is empty or a comment.
    fn says_nothing(self) -> bool {
        self.bytes.first().is_none_or(|first| *first == b'#')
    }

    /// The value's bytes. Base64 is checked even where nobody needs the value: a file damaged in one place is not to be trusted in another.
    #[inline]
    fn value<'b>(self, colon: usize, scratch: &'b mut Vec<u8>) -> Result<&'b [u8], Refusal>
    where
        'a: 'b,
    {
        let written = self.bytes.get(colon + 1..).unwrap_or_default();
        match written.first() {
            Some(b':') => self.decoded(written.get(1..).unwrap_or_default(), scratch),
            Some(b'<') => Err(self.refusal("values in other files (`:<`) are not read")),
            _ => Ok(without_spaces(written)),
        }
    }

    fn decoded<'b>(self, written: &[u8], scratch: &'b mut Vec<u8>) -> Result<&'b [u8], Refusal> {
        scratch.clear();
        if self.cut {
            return Ok(scratch);
        }
        match BASE64.decode_vec(without_spaces(written).trim_ascii_end(), scratch) {
            Ok(()) => Ok(scratch),
            Err(error) => Err(self.refusal(format!("broken base64: {}", error.to_string().to_lowercase()))),
        }
    }

    /// What may stand where a record could begin.
    fn between_records(self, colon: usize, value: &[u8]) -> Result<(), Refusal> {
        let name = self.bytes.get(..colon).unwrap_or_default();
        if name.eq_ignore_ascii_case(b"version") {
            let is_known = value.trim_ascii() == b"1";
            return if is_known { Ok(()) } else { Err(self.refusal("only version 1 of LDIF is known")) };
        }
        if TRAILER.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())) {
            return Ok(());
        }
        Err(self.refusal("a record must begin with `dn:`"))
    }

    fn no_ldif(self) -> Refusal {
        if let Some((_, form)) = form::of(self.bytes) {
            self.refusal(form)
        } else if self.bytes.contains(&0) {
            self.refusal("this is not LDIF: there are NUL bytes in it")
        } else {
            self.refusal("this is not LDIF: a line must be `attribute: value`, or begin with a space to continue one")
        }
    }

    fn refusal(self, cause: impl Into<String>) -> Refusal {
        Refusal { line: self.number, cause: cause.into() }
    }
}

/// Whether bytes are this word, whatever its case.
fn is(bytes: &[u8], word: &[u8]) -> bool {
    bytes.trim_ascii().eq_ignore_ascii_case(word)
}

/// The name in an attribute description.
fn without_options(description: &[u8]) -> &[u8] {
    description.split(|byte| *byte == b';').next().unwrap_or_default()
}

/// What stands behind the spaces before a value.
#[inline]
fn without_spaces(mut written: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = written {
        written = rest;
    }
    written
}

fn unreadable(line: u64, error: &io::Error) -> Refusal {
    Refusal { line, cause: format!("cannot be read: {error}") }
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
        assert!(entries[0].values(Attribute::Cn).eq(["EX01"]));
        assert!(entries[0].values(Attribute::ServicePrincipalName).eq(["HOST/x"]));
    }

    /// `ldapsearch` shows the name of an object in a comment as it is, with the line feed that a replication conflict puts into it.
    #[test]
    fn the_comment_of_a_conflict_object_may_have_a_second_line() {
        const MARK: &str = "CNF:2f1d6a5e-3c52-4b0e-9a6b-0d2b6a1c9f13, Computers, contoso.test";
        let entries =
            read(&format!("# EX01\n{MARK}\ndn: CN=a\ncn: a\n\n# EX02\r\n{MARK}\r\ndn: CN=b\r\ncn: b\r\n")).unwrap();
        assert_eq!(entries.len(), 2);
        for (text, line) in [
            // Not behind a comment, or not directly; twice; within a record.
            (format!("{MARK}\ndn: CN=a\n"), 1),
            (format!("# a\n\n{MARK}\n"), 3),
            (format!("# a\n{MARK}\n{MARK}\n"), 3),
            (format!("dn: CN=a\ncn: a\n\n{MARK}\n"), 4),
            (format!("# a\nversion: 1\n{MARK}\n"), 3),
            // Whatever else stands behind a line feed in a name is no comment.
            ("# a\ndn: CN=evil, Computers, contoso.test\ndn: CN=a\ncn: a\n".to_owned(), 3),
            ("# a\nsAMAccountName: evil, Computers, contoso.test\ndn: CN=a\n".to_owned(), 2),
            ("# a\njust words\ndn: CN=a\n".to_owned(), 2),
        ] {
            assert_eq!(read(&text).map(|entries| entries.len()).unwrap_err().line, line, "{text:?}");
        }
        // In a record it is an attribute of no meaning, as ever.
        assert_eq!(read(&format!("dn: CN=a\n# a\n{MARK}\ncn: a\n")).unwrap().len(), 1);
    }

    #[test]
    fn values_may_be_added_and_files_joined_with_their_byte_order_marks() {
        let text = "dn: CN=a\nchangetype: add\ncn: a\n\ndn: CN=a\nchangetype: Modify\nadd: servicePrincipalName\n\
                    servicePrincipalName: HOST/x\nservicePrincipalName: HOST/y\n-\nadd: member\nmember: CN=b\n-\n\n\u{feff}dn: CN=b\ncn: b\n";
        let entries = read(text).unwrap();
        assert!(entries[1].values(Attribute::ServicePrincipalName).eq(["HOST/x", "HOST/y"]));
        assert_eq!(entries[2].dn.as_str(), "CN=b");
        let mut nobody = Nobody;
        let mut reader = Reader::new(text.as_bytes(), &mut nobody).unwrap();
        for adds in [false, true, false] {
            assert_eq!(reader.next_record().unwrap().unwrap().is_addition(), adds);
        }
    }

    #[test]
    fn what_is_no_recording_is_refused_with_its_line() {
        for (text, line) in [
            ("dn: CN=a\ncn:: !!\n", 2),
            ("dn: CN=a\nphoto:: QQ\n", 2),
            ("dn: CN=a\nchangetype: delete\n", 2),
            ("dn: CN=a\nchangetype: modify\nreplace: cn\ncn: b\n-\n", 3),
            ("dn: CN=a\nchangetype: modify\nadd: cn\ncn: b\n-\ndelete: cn\n-\n", 6),
            ("dn: CN=a\nchangetype: modify\nadd: cn\nsn: b\n-\n", 4),
            ("dn: CN=a\ncn:< file:///etc/passwd\n", 2),
            ("dn: CN=a\njust words\n", 2),
            ("\ncn: a\n", 2),
            ("dn: nonsense\n", 1),
            ("dn: CN=a\ncn: a\ndn: CN=b\n", 3),
            ("version: 2\n", 1),
            ("\n <html>\n", 2),
            ("dn: CN=a\n-\n", 2),
            ("dn\0\0:\0", 1),
        ] {
            assert_eq!(read(text).unwrap_err().line, line, "{text:?}");
        }
    }

    /// Gives so many bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl io::Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    /// The entries, or the line that is refused.
    fn read_in_drops(text: &[u8], size: usize) -> Result<Vec<String>, u64> {
        let mut nobody = Nobody;
        let mut reader =
            Reader::new(io::BufReader::new(Drops(text, size)), &mut nobody).map_err(|refusal| refusal.line)?;
        let mut entries = Vec::new();
        while let Some(entry) = reader.next_entry().map_err(|refusal| refusal.line)? {
            entries.push(format!("{} {:?}", entry.dn, entry.attributes().collect::<Vec<_>>()));
        }
        Ok(entries)
    }

    #[test]
    fn it_makes_no_difference_where_the_input_comes_apart() {
        let text = "dn: CN=EX\r\n 01,DC=com\r\ncn: a\n\n\r\ndn:: Q049YQ==\ncn: b\n c\n d\nservicePrincipalName;range=0-0: HOST/x\ncn:\n";
        let whole = read_in_drops(text.as_bytes(), usize::MAX).unwrap();
        assert_eq!(whole.len(), 2);
        for end in 0..text.len() {
            let whole = read_in_drops(&text.as_bytes()[..end], usize::MAX);
            for size in 1..9 {
                assert_eq!(read_in_drops(&text.as_bytes()[..end], size), whole, "{end} bytes, {size} at a time");
            }
        }
    }

    #[test]
    fn only_what_nobody_needs_may_be_longer_than_4_mib() {
        let long = "x".repeat(5 << 20);
        let folded = format!("x\n {}\n {long}", "x".repeat(3 << 20));
        for value in [&long, &folded] {
            let text = format!("dn: CN=a\njpegPhoto: {value}\ncn: a\n\ndn: CN=b\ncn: b\n");
            assert_eq!(read_in_drops(text.as_bytes(), usize::MAX).unwrap().len(), 2);
            assert_eq!(read_in_drops(text.as_bytes(), 1 << 20).unwrap().len(), 2);
            let text = format!("dn: CN=a\ndescription: a\ncn: {value}\ncn: a\n");
            assert_eq!(read_in_drops(text.as_bytes(), usize::MAX), Err(3));
        }
        let crowd = (0..90_000).map(|number| format!("dn: CN={number}\ncn: {number}\n\n")).collect::<Vec<_>>().concat();
        assert_eq!(read_in_drops(crowd.as_bytes(), 70_001).unwrap().len(), 90_000);
    }

    #[test]
    fn names_that_share_a_place_in_memory_are_told_apart() {
        // More names than there are places, each twice, and one that is too long to be remembered.
        let names: Vec<String> = (0..3000).map(|number| format!("x-{number:x}")).chain(["x".repeat(60)]).collect();
        let lines =
            names.iter().map(|name| format!("{name}: x\ncn: {name}\nCN;lang-{name}: x\n")).collect::<Vec<_>>().concat();
        let entries = read(&format!("dn: CN=a\n{lines}{lines}")).unwrap();
        assert_eq!(entries[0].values(Attribute::Cn).count(), 4 * names.len());
    }
}
