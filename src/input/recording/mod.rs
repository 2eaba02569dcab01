//! Recorded directories: one or several LDIF files, read as one.
//!
//! Each is read once and may be a pipe; memory grows with what matters, not with the file.

mod completeness;
mod passed_over;
mod seal;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use self::passed_over::PassedOver;
use self::seal::SealCheck;
pub use self::seal::{Header, write};
use crate::input::ldif::{Reader, Record, Refusal};
use crate::input::query::{self, Wanted};
use crate::model::dn::Dn;
use crate::model::entry::{Entry, Reading};
use crate::model::schema;
use crate::model::text::printable;
use crate::trouble::Trouble;

/// The name that stands for standard input.
pub const STDIN: &str = "-";

/// Reads recordings as one directory.
pub fn read(paths: &[PathBuf]) -> Result<Reading> {
    let sources = paths.iter().map(|path| Source::open(path)).collect::<Result<Vec<_>>>()?;
    let mut scan = Scan::new();
    for source in sources {
        scan.source(source)?;
    }
    scan.finish()
}

/// An open recording and the name it goes by in messages.
struct Source {
    name: String,
    input: Box<dyn Read>,
}

impl Source {
    fn open(path: &Path) -> Result<Self> {
        if path.as_os_str() == STDIN {
            return Ok(Self { name: "standard input".to_owned(), input: Box::new(io::stdin().lock()) });
        }
        let name = printable(&path.display().to_string());
        let file = File::open(path).with_context(|| format!("{name} cannot be opened"))?;
        let is_directory = file.metadata().is_ok_and(|metadata| metadata.is_dir());
        anyhow::ensure!(!is_directory, "{name} is a directory, not a file");
        Ok(Self { name, input: Box::new(file) })
    }
}

/// Why a reading ends early.
enum Failure {
    Refused(Refusal),
    NotKept(io::Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::NotKept(error)
    }
}

impl Failure {
    /// The error of a reading of `name`.
    fn of(self, name: &str) -> anyhow::Error {
        let (what, hint) = match self {
            Self::Refused(Refusal { line, cause }) => (
                format!("{name}:{line}: {cause}"),
                "a recording is LDIF as ldifde, ldapsearch, ldbsearch or `spn-doctor record` write it",
            ),
            Self::NotKept(error) => (
                format!("what {name} holds cannot be kept in a temporary file: {error}"),
                "a quarter of the recording's size has to be free there; TMPDIR, on Windows TEMP, names another folder",
            ),
        };
        Trouble::new(what).hint(hint).into()
    }
}

/// The reading of all files.
struct Scan {
    reading: Reading,
    wanted: Wanted,
    passed_over: PassedOver,
    /// Whether any computer was seen, or is vouched for.
    has_account: bool,
}

impl Scan {
    fn new() -> Self {
        Self {
            reading: Reading::default(),
            wanted: Wanted::default(),
            passed_over: PassedOver::new(),
            has_account: false,
        }
    }

    fn source(&mut self, source: Source) -> Result<()> {
        let mut seal = SealCheck::default();
        let entries = self.records(source.input, &mut seal).map_err(|failure| failure.of(&source.name))?;
        let is_recording = seal.is_recording();
        let gaps = seal.gaps(&source.name, entries);
        // Of the accounts it holds only those that matter; there were others.
        self.has_account |= is_recording && gaps.is_empty();
        self.reading.gaps.extend(gaps);
        Ok(())
    }

    /// Takes what matters as far as is known by now and puts the rest away; returns how many records there were.
    fn records(&mut self, input: impl Read, seal: &mut SealCheck) -> Result<u64, Failure> {
        let mut reader = Reader::new(BufReader::new(input), seal)?;
        let mut look = Look::default();
        let mut count = 0;
        while let Some(record) = reader.next_record()? {
            count += 1;
            self.has_account = self.has_account || record.is_a(schema::COMPUTER) && !record.is_deleted();
            if let Some(entry) = look.at(record, &self.wanted, &mut |name| self.passed_over.note(name))? {
                self.take(entry);
            } else {
                self.passed_over.add(record)?;
            }
        }
        Ok(count)
    }

    fn take(&mut self, entry: Entry) {
        self.wanted.learn(&entry);
        self.reading.add(entry);
    }

    /// Goes back to what was passed over for as long as more of it turns out to matter.
    fn finish(mut self) -> Result<Reading> {
        let mut known = Wanted::default();
        loop {
            self.reading.entries().for_each(|entry| self.wanted.learn(entry));
            if !self.wanted.grew_by(&known, |name| self.passed_over.may_hold(name)) {
                break;
            }
            known = self.wanted.clone();
            self.again().map_err(|failure| failure.of("the recording"))?;
        }
        // An object may be split over records, and half of a server may go by other names than the whole.
        query::keep_wanted(&mut self.reading);
        let is_server = |entry: &Entry| entry.is_a(schema::EXCHANGE_SERVER) && !entry.is_deleted();
        let has_server = self.reading.entries().any(is_server);
        self.reading.gaps.extend(completeness::gaps(has_server, self.has_account));
        Ok(self.reading)
    }

    fn again(&mut self) -> Result<(), Failure> {
        let mut look = Look::default();
        let mut found = Vec::new();
        self.passed_over.again(|record, note| {
            let entry = look.at(record, &self.wanted, note)?;
            Ok::<_, Failure>(entry.map(|entry| found.push(entry)).is_some())
        })?;
        for entry in found {
            self.take(entry);
        }
        Ok(())
    }
}

/// Looks at one record after the other.
#[derive(Default)]
struct Look {
    key: String,
    scratch: String,
}

impl Look {
    /// The entry, if it matters; otherwise `note` sees the names by which it may come to matter.
    fn at(&mut self, record: &Record, wanted: &Wanted, note: &mut dyn FnMut(&str)) -> Result<Option<Entry>, Refusal> {
        let is_plain = Dn::plain_key(record.dn(), &mut self.key);
        if wanted.may_include(record, is_plain.then_some(&self.key), &mut self.scratch) {
            let entry = record.entry()?;
            if wanted.includes(&entry) {
                return Ok(Some(entry));
            }
            entry.dn.key().clone_into(&mut self.key);
        }
        query::names(record, &self.key, &mut self.scratch, note);
        Ok(None)
    }
}
