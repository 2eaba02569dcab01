//! One object of a recording, as bytes.
//!
//! Most of a recording matters to nobody. A record is therefore kept as it was read, in memory that the next one takes over,
//! until somebody wants an entry of it; and it can be put away and brought back.

use std::io::{self, Read, Write};

use super::Refusal;
use crate::directory::dn::Dn;
use crate::directory::entry::Entry;
use crate::directory::schema::{self, Attribute};

/// What a length takes of the number that two of them are put away in; lines are not that long.
const LENGTH_BITS: u32 = 32;
const LENGTH: u64 = (1 << LENGTH_BITS) - 1;

/// One object: its name, and those of its attributes that the judgement needs.
#[derive(Debug, Default)]
pub struct Record {
    /// The physical line that its name stands on.
    line: u64,
    /// Whether it only adds values to an object.
    adds: bool,
    name_length: usize,
    /// The name, then the fields: each a number of [`Attribute::ALL`], the lengths of options and value in one number, and these.
    bytes: Vec<u8>,
}

/// One value of an attribute.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Whose value it is, without options such as `;binary`.
    pub attribute: Attribute,
    /// What stands behind the attribute's name, as `;range=0-1499`; mostly nothing.
    pub options: &'a [u8],
    /// Its bytes, decoded if it was base64.
    pub value: &'a [u8],
}

impl Record {
    pub(super) fn begin(&mut self, line: u64, name: &[u8]) {
        self.line = line;
        self.adds = false;
        self.name_length = name.len();
        self.bytes.clear();
        self.bytes.extend_from_slice(name);
    }

    pub(super) fn add(&mut self, attribute: Attribute, options: &[u8], value: &[u8]) {
        let lengths = (options.len() as u64) << LENGTH_BITS | value.len() as u64;
        self.bytes.push(attribute as u8);
        self.bytes.extend_from_slice(&lengths.to_le_bytes());
        if !options.is_empty() {
            self.bytes.extend_from_slice(options);
        }
        self.bytes.extend_from_slice(value);
    }

    /// Makes it one that only adds values to an object.
    pub(super) fn begin_addition(&mut self) {
        self.adds = true;
    }

    /// Whether it only adds values to an object, as `ldifde` continues those with very many.
    #[must_use]
    pub(crate) fn is_addition(&self) -> bool {
        self.adds
    }

    /// The refusal of the whole record.
    #[must_use]
    pub fn refusal(&self, cause: impl Into<String>) -> Refusal {
        Refusal { line: self.line, cause: cause.into() }
    }

    /// The bytes that it takes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The physical line that its name stands on.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The object's name as it is written.
    #[must_use]
    pub fn dn(&self) -> &[u8] {
        self.bytes.get(..self.name_length).unwrap_or_default()
    }

    /// The attributes, one value at a time.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        let mut rest = self.bytes.get(self.name_length..).unwrap_or_default();
        std::iter::from_fn(move || {
            let (attribute, parts) = rest.split_first()?;
            let (lengths, parts) = parts.split_first_chunk()?;
            let lengths = u64::from_le_bytes(*lengths);
            let (options, parts) = parts.split_at_checked(usize::try_from(lengths >> LENGTH_BITS).ok()?)?;
            let (value, behind) = parts.split_at_checked(usize::try_from(lengths & LENGTH).ok()?)?;
            rest = behind;
            Some(Field { attribute: *Attribute::ALL.get(usize::from(*attribute))?, options, value })
        })
    }

    /// Whether this is what is left of a deleted object.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        let is_true = |value| std::str::from_utf8(value).is_ok_and(|text| schema::boolean(text) == Some(true));
        self.fields().any(|field| field.attribute == Attribute::IsDeleted && is_true(field.value))
    }

    /// The object itself.
    pub fn entry(&self) -> Result<Entry, Refusal> {
        let dn = std::str::from_utf8(self.dn()).map_err(|_| self.refusal("the name is not UTF-8"))?;
        let dn = Dn::parse(dn).map_err(|error| self.refusal(format!("this is no distinguished name: {error}")))?;
        let mut entry = Entry::new(dn);
        for Field { attribute, options, value } in self.fields() {
            let description = format!("{}{}", attribute.name(), String::from_utf8_lossy(options));
            if value.is_empty() {
                entry.announce(&description);
            } else {
                entry.add(&description, value);
            }
        }
        Ok(entry)
    }

    /// Puts the record away.
    pub fn store(&self, out: &mut impl Write) -> io::Result<()> {
        for number in [self.line, u64::from(self.adds), self.name_length as u64, self.bytes.len() as u64] {
            out.write_all(&number.to_le_bytes())?;
        }
        out.write_all(&self.bytes)
    }

    /// Takes over the next record that was put away; false when there is none.
    pub fn restore(&mut self, input: &mut impl Read) -> io::Result<bool> {
        let mut numbers = [[0; 8]; 4];
        match input.read_exact(numbers.as_flattened_mut()) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            result => result?,
        }
        let [line, adds, name_length, size] = numbers.map(u64::from_le_bytes);
        self.line = line;
        self.adds = adds != 0;
        self.name_length = usize::try_from(name_length).map_err(io::Error::other)?;
        self.bytes.resize(usize::try_from(size).map_err(io::Error::other)?, 0);
        input.read_exact(&mut self.bytes)?;
        Ok(true)
    }
}
