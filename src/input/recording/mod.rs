//! Recorded directories: one or several LDIF files, read as one.
//!
//! Each is read once and may be a pipe; memory grows with what matters, not with the file.

mod contradictions;
mod counts;
mod passed_over;
pub mod redaction;
mod tools;
mod trailer;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use self::contradictions::{Contradictions, Place, TooOften};
use self::passed_over::PassedOver;
use self::trailer::TrailerCheck;
pub use self::trailer::{Header, write};
use crate::directory::Directory;
use crate::directory::dn::Dn;
use crate::directory::entry::{Entry, Reading};
use crate::directory::gap::{Gap, first_of_many};
use crate::directory::schema::{self, Attribute, Purpose};
use crate::directory::testimony::{Statement, Testimony};
use crate::directory::text::{printable, quoted, same};
use crate::input::coverage::{self, Beside};
use crate::input::ldif::{Reader, Record, Refusal};
use crate::input::selection::{self, Selection};
use crate::trouble::Trouble;

/// What matters may take so much of the 512 MiB that the whole program may take, as [`Entry::weight`] counts.
const MOST_BYTES: usize = 256 << 20;

/// The name that stands for standard input.
pub const STDIN: &str = "-";

/// Reads recordings as one directory.
pub fn read(paths: &[PathBuf], purpose: Purpose) -> Result<Reading> {
    let is_stdin = |path: &&PathBuf| path.as_os_str() == STDIN;
    if paths.iter().filter(is_stdin).count() > 1 {
        let trouble = Trouble::new("standard input can be read only once, but `-` was given more than once");
        return Err(trouble.hint("join the recordings before, or name them as files").into());
    }
    let sources = paths.iter().map(|path| Source::open(path)).collect::<Result<Vec<_>>>()?;
    let mut scan = Scan::new(purpose);
    for source in sources {
        scan.source(source)?;
    }
    scan.finish()
}

/// The directory that was recorded. Each of its problems names the commands that export anew what is missing.
#[must_use]
pub fn directory(reading: Reading) -> Directory {
    let all = coverage::export_all(&reading);
    let testimony = reading.testimony.clone();
    let (entries, gaps) = reading.into_parts();
    let mut directory = Directory::of(entries, gaps);
    directory.testimony = testimony;
    coverage::add_exports(&mut directory.gaps, &all);
    directory
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
    TooMuch(String),
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
            Self::TooMuch(what) => (
                format!("{name} cannot be judged within 512 MiB of memory: {what}"),
                "export only the configuration partition, and of each domain what holds a servicePrincipalName or is a computer",
            ),
            Self::NotKept(error) => (
                format!("what {name} holds cannot be kept in a temporary file: {error}"),
                "a quarter of the recording's size must be free there; TMPDIR, on Windows TEMP, names another folder",
            ),
        };
        Trouble::new(what).hint(hint).into()
    }
}

/// What was in a file.
struct Seen {
    records: u64,
    /// Whether there were neither records nor anything else but comments.
    is_empty: bool,
}

/// The reading of all files.
struct Scan {
    purpose: Purpose,
    reading: Reading,
    selected: Selection,
    passed_over: PassedOver,
    contradictions: Contradictions,
    /// The memory that is taken by what matters.
    weight: usize,
    /// What the recordings say of the searches that they are of, and where those referred to for more.
    beside: Beside,
    /// What the recordings say that witnesses said.
    statements: Vec<Statement>,
    /// How many files were begun.
    files: u64,
    /// What is told of files without anything in them, if anything is missing.
    empty: Vec<Gap>,
}

impl Scan {
    fn new(purpose: Purpose) -> Self {
        Self {
            purpose,
            reading: Reading::default(),
            selected: Selection::default(),
            passed_over: PassedOver::new(),
            contradictions: Contradictions::default(),
            weight: 0,
            beside: Beside::default(),
            statements: Vec::new(),
            files: 0,
            empty: Vec::new(),
        }
    }

    fn source(&mut self, source: Source) -> Result<()> {
        let mut trailer = TrailerCheck::default();
        let Seen { records, is_empty } =
            self.records(source.input, &mut trailer).map_err(|failure| failure.of(&source.name))?;
        self.beside.named.extend(trailer.referrals());
        self.beside.searches.covered(trailer.covered());
        self.statements.extend(trailer.statements());
        if is_empty && !trailer.is_recording() {
            let what = "this file is empty, or holds nothing but comments: the export failed, or found nothing; export it again";
            self.empty.push(Gap::new(source.name.clone(), what));
        }
        let gaps = std::mem::take(&mut self.reading.gaps).into_iter();
        self.reading.gaps = first_of_many(gaps.chain(trailer.gaps(&source.name, records)));
        Ok(())
    }

    /// Takes what matters as far as is known by now and puts the rest away.
    fn records(&mut self, input: impl Read, trailer: &mut TrailerCheck) -> Result<Seen, Failure> {
        /// No file has more lines.
        const LINES: u64 = 1 << 44;
        let mut reader = Reader::new(BufReader::new(input), trailer)?.serving(self.purpose);
        let mut look = Look::default();
        let mut count = 0;
        self.files += 1;
        while let Some(record) = reader.next_record()? {
            count += 1;
            if record.is_addition() && !self.is_known(record, &mut look)? {
                return Err(record
                    .refusal("values are added to an object that was not read before; export it again")
                    .into());
            }
            let position = self.files * LINES + record.line();
            if let Some(entry) = look.at(record, &self.selected, &mut |name| self.passed_over.note(name))? {
                let krbtgt = is_krbtgt(&entry).then(|| entry.dn.clone());
                self.take(entry, Place { position, adds: record.is_addition() })?;
                if let Some(krbtgt) = krbtgt {
                    self.beside.searches.found_krbtgt(&krbtgt, reader.watch().search());
                }
            } else {
                self.passed_over.add(record, position)?;
            }
        }
        Ok(Seen { records: count, is_empty: !reader.says_something() })
    }

    /// Whether something of the same object was read before.
    fn is_known(&self, record: &Record, look: &mut Look) -> Result<bool, Refusal> {
        let key = look.key_of(record)?;
        Ok(self.selected.knows(key) || self.passed_over.may_hold(key))
    }

    fn take(&mut self, entry: Entry, place: Place) -> Result<(), Failure> {
        let known = self.reading.get(entry.dn.key());
        // What came before is kept once more, to be compared.
        self.weight += if known.is_some() { 3 } else { 1 } * entry.weight();
        let noted = self.contradictions.note(known, &entry, place);
        noted.map_err(|TooOften| Failure::TooMuch(format!("{} is in it over and over", quoted(entry.dn.as_str()))))?;
        if self.weight > MOST_BYTES {
            return Err(Failure::TooMuch("more of it matters than any forest has".to_owned()));
        }
        self.selected.learn(&entry);
        self.reading.add(entry);
        Ok(())
    }

    /// Goes back to what was passed over for as long as more of it turns out to matter.
    fn finish(mut self) -> Result<Reading> {
        let mut known = Selection::default();
        loop {
            self.reading.entries().for_each(|entry| self.selected.learn(entry));
            if !self.selected.grew_by(&known, |name| self.passed_over.may_hold(name)) {
                break;
            }
            known = self.selected.clone();
            self.again().map_err(|failure| failure.of("the recording"))?;
        }
        let contradictions = std::mem::take(&mut self.contradictions).gaps(&self.reading);
        self.reading.gaps.extend(contradictions);
        // An object may be split over records, and half of a server may go by other names than the whole.
        selection::keep_selected(&mut self.reading);
        coverage::complete(&mut self.reading, &self.beside, coverage::Source::Recorded);
        self.reading.testimony = Testimony::new(self.statements);
        if !self.reading.gaps.is_empty() {
            self.reading.gaps.append(&mut self.empty);
        }
        Ok(self.reading)
    }

    fn again(&mut self) -> Result<(), Failure> {
        let mut look = Look::default();
        let mut taken = Vec::new();
        let mut weight = self.weight;
        self.passed_over.again(|record, position, note| {
            let entry = look.at(record, &self.selected, note)?;
            weight += entry.as_ref().map_or(0, Entry::weight);
            if weight > MOST_BYTES {
                return Err(Failure::TooMuch("more of it matters than any forest has".to_owned()));
            }
            let place = Place { position, adds: record.is_addition() };
            Ok(entry.map(|entry| taken.push((entry, place))).is_some())
        })?;
        taken.into_iter().try_for_each(|(entry, place)| self.take(entry, place))
    }
}

fn is_krbtgt(entry: &Entry) -> bool {
    entry.values(Attribute::SamAccountName).any(|name| same(name, schema::KRBTGT))
}

/// Looks at one record after the other.
#[derive(Default)]
struct Look {
    key: Vec<u8>,
    seen: selection::Seen,
}

impl Look {
    /// The [key](Dn::key) of a record's name.
    fn key_of(&mut self, record: &Record) -> Result<&[u8], Refusal> {
        if !Dn::plain_key(record.dn(), &mut self.key) {
            record.entry()?.dn.key().as_bytes().clone_into(&mut self.key);
        }
        Ok(&self.key)
    }

    /// The entry, if it matters; otherwise `note` sees the names by which it may come to matter.
    fn at(
        &mut self,
        record: &Record,
        selection: &Selection,
        note: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<Entry>, Refusal> {
        let is_plain = Dn::plain_key(record.dn(), &mut self.key);
        if selection.may_include(record, is_plain.then_some(&self.key), &mut self.seen) {
            let entry = record.entry()?;
            if selection.includes(&entry) {
                return Ok(Some(entry));
            }
            entry.dn.key().as_bytes().clone_into(&mut self.key);
        }
        note(&self.key);
        self.seen.iter().for_each(note);
        Ok(None)
    }
}
