//! Recorded directories: one or several LDIF files, read as one.
//!
//! A file is read more than once instead of being kept: which accounts matter is known only when all Exchange servers are,
//! and entries come in any order. So memory grows with what matters, not with the file; standard input is kept in a
//! temporary file for that. The readings end when one of them teaches nothing new, after two or three.

mod completeness;
mod seal;

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use self::seal::SealCheck;
pub use self::seal::{Header, write};
use crate::input::ldif::{Reader, Refusal};
use crate::input::query::Wanted;
use crate::model::dn::Dn;
use crate::model::entry::{Entry, Reading};
use crate::model::schema;
use crate::model::text::printable;
use crate::trouble::Trouble;

/// The name that stands for standard input.
pub const STDIN: &str = "-";

/// Reads recordings as one directory.
pub fn read(paths: &[PathBuf]) -> Result<Reading> {
    let mut files = paths.iter().map(|path| Source::open(path)).collect::<Result<Vec<_>>>()?;
    let mut wanted = Wanted::default();
    loop {
        let scan = Scan::run(&mut files, &wanted)?;
        let known = wanted.clone();
        scan.reading.entries().for_each(|entry| wanted.learn(entry));
        if wanted == known {
            return Ok(scan.reading);
        }
    }
}

/// An open recording and the name it goes by in messages.
struct Source {
    name: String,
    file: File,
}

impl Source {
    fn open(path: &Path) -> Result<Self> {
        if path.as_os_str() == STDIN {
            return Ok(Self { name: "standard input".to_owned(), file: keep_stdin()? });
        }
        let name = printable(&path.display().to_string());
        let file = File::open(path).with_context(|| format!("{name} cannot be opened"))?;
        let is_directory = file.metadata().is_ok_and(|metadata| metadata.is_dir());
        anyhow::ensure!(!is_directory, "{name} is a directory, not a file");
        let file = if file.metadata().is_ok_and(|metadata| metadata.is_file()) { file } else { keep(file)? };
        Ok(Self { name, file })
    }
}

impl Source {
    fn refused(&self, refusal: &Refusal) -> Trouble {
        let what = format!("{}:{}: {}", self.name, refusal.line, refusal.cause);
        Trouble::new(what).hint("a recording is LDIF as ldifde, ldapsearch, ldbsearch or `spn-doctor record` write it")
    }
}

/// Standard input can be read only once, a recording has to be read twice.
fn keep_stdin() -> Result<File> {
    keep(io::stdin().lock())
}

fn keep(mut input: impl io::Read) -> Result<File> {
    let mut file = tempfile::tempfile().context("no temporary file can be made to keep the input in")?;
    io::copy(&mut input, &mut file).context("the input cannot be kept in a temporary file")?;
    Ok(file)
}

/// One reading of all files.
#[derive(Default)]
struct Scan {
    reading: Reading,
    has_server: bool,
    has_account: bool,
}

impl Scan {
    fn run(files: &mut [Source], wanted: &Wanted) -> Result<Self> {
        let mut scan = Self::default();
        for source in files {
            source.file.seek(SeekFrom::Start(0)).with_context(|| format!("{} cannot be read", source.name))?;
            scan.file(source, wanted).map_err(|refusal| source.refused(&refusal))?;
        }
        scan.reading.gaps.extend(completeness::gaps(scan.has_server, scan.has_account));
        Ok(scan)
    }

    fn file(&mut self, source: &Source, wanted: &Wanted) -> Result<(), Refusal> {
        let mut seal = SealCheck::default();
        let mut entries = 0;
        let mut reader = Reader::new(BufReader::new(&source.file), &mut seal)?;
        let (mut key, mut scratch) = (String::new(), String::new());
        while let Some(record) = reader.next_record()? {
            entries += 1;
            let key = Dn::plain_key(record.dn(), &mut key).then_some(key.as_str());
            self.has_account |= record.is_a(schema::COMPUTER);
            if wanted.may_include(record, key, &mut scratch) {
                self.entry(record.entry()?, wanted);
            }
        }
        drop(reader);
        self.reading.gaps.extend(seal.gaps(&source.name, entries));
        Ok(())
    }

    fn entry(&mut self, entry: Entry, wanted: &Wanted) {
        self.has_server |= entry.is_a(schema::EXCHANGE_SERVER);
        if wanted.includes(&entry) {
            self.reading.add(entry);
        }
    }
}
