//! The directory that a command is about: read, wherever it is, and judged.

use std::path::PathBuf;

use anyhow::Result;

use spn_doctor::directory::Directory;
use spn_doctor::directory::entry::Reading;
use spn_doctor::directory::schema::Purpose;
use spn_doctor::directory::testimony::Witness;
use spn_doctor::input::ldap::{self, Settings};
use spn_doctor::input::{coverage, recording, witness};
use spn_doctor::judge::questions::questions;
use spn_doctor::judge::requirements::Judged;
use spn_doctor::judge::{Judgement, judge};
use spn_doctor::report::{Source, only};

use super::arguments;
use super::progress::Terminal;

/// A directory, and where it came from.
pub(crate) struct Read {
    pub(crate) directory: Directory,
    pub(crate) source: Source,
}

/// Reads the directory, wherever it is. Each of its problems names the commands that get what is missing.
pub(crate) fn read(origin: &Origin<'_>, purpose: Purpose, asked: Asked<'_>) -> Result<Read> {
    let (reading, source) = entries(origin, purpose, asked)?;
    let directory = match source {
        Source::Ldif { .. } => recording::directory(reading),
        Source::Ldap { .. } => {
            let testimony = reading.testimony.clone();
            let (entries, gaps) = reading.into_parts();
            let mut directory = Directory::of(entries, gaps);
            directory.testimony = testimony;
            coverage::add_looks(&mut directory.gaps);
            directory
        }
    };
    Ok(Read { directory, source })
}

/// Judges a directory. What makes no sense of it names its commands, too.
pub(crate) fn judged<'a>(directory: &'a Directory, source: &Source) -> Judgement<'a> {
    let mut judgement = judge(directory);
    match source {
        Source::Ldif { .. } => coverage::add_exports(&mut judgement.facts.gaps, &[]),
        Source::Ldap { .. } => coverage::add_looks(&mut judgement.facts.gaps),
    }
    judgement
}

/// Where the data comes from. What a live directory needs, a password too, is asked for once.
pub(crate) enum Origin<'a> {
    /// Recordings.
    Files(&'a [PathBuf]),
    /// A live directory, and whether each search is told of.
    Live(Box<Settings>, bool),
}

impl<'a> Origin<'a> {
    /// As the flags say.
    pub(crate) fn of(flags: &'a arguments::Directory) -> Result<Self> {
        if flags.from.is_empty() {
            return Ok(Self::Live(Box::new(flags.settings()?), flags.verbose));
        }
        Ok(Self::Files(&flags.from))
    }
}

/// Who is asked besides the directory, and of which servers: of all, if none is named.
#[derive(Clone, Copy, Default)]
pub(crate) struct Asked<'a> {
    pub(crate) witnesses: &'a [Witness],
    pub(crate) only: &'a [String],
}

impl Asked<'_> {
    fn is_about(self, judged: &Judged<'_>) -> bool {
        let fqdn = judged.fqdn.as_ref().map(ToString::to_string);
        self.only.is_empty() || only::is_meant(self.only, &judged.server.names.name, fqdn.as_deref())
    }
}

/// The objects themselves, and what witnesses say of them.
pub(crate) fn entries(origin: &Origin<'_>, purpose: Purpose, asked: Asked<'_>) -> Result<(Reading, Source)> {
    match origin {
        Origin::Live(settings, verbose) => {
            // Witnesses are asked at the addresses that only `why` reads, and their answers explained by what only it knows of accounts.
            let purpose = if asked.witnesses.is_empty() { purpose } else { Purpose::Why };
            let settings = Settings { purpose, ..Settings::clone(settings) };
            let mut progress = Terminal::new(*verbose);
            let mut live = ldap::read(&settings, &mut progress)?;
            if !asked.witnesses.is_empty() {
                let found = Directory::new(&live.reading);
                let questions =
                    questions(&judge(&found), asked.witnesses.iter().copied(), |judged| asked.is_about(judged));
                live.reading.testimony = witness::hear(&settings, &live.server, &questions, &mut progress)?;
            }
            Ok((live.reading, Source::Ldap { server: live.server, forest: live.forest }))
        }
        Origin::Files(paths) => {
            let files = paths.iter().map(|path| path.display().to_string()).collect();
            Ok((recording::read(paths, purpose)?, Source::Ldif { files }))
        }
    }
}
