//! The directory that a command is about: read, wherever it is, and judged.

use anyhow::Result;

use spn_doctor::directory::Directory;
use spn_doctor::directory::entry::Reading;
use spn_doctor::directory::schema::Purpose;
use spn_doctor::input::ldap::{self, Settings};
use spn_doctor::input::{coverage, recording};
use spn_doctor::judge::{Judgement, judge};
use spn_doctor::report::Source;

use super::arguments;
use super::progress::Terminal;

/// A directory, and where it came from.
pub(crate) struct Read {
    pub(crate) directory: Directory,
    pub(crate) source: Source,
}

/// Reads the directory, wherever it is. Each of its problems names the commands that get what is missing.
pub(crate) fn read(flags: &arguments::Directory, purpose: Purpose) -> Result<Read> {
    let (reading, source) = entries(flags, purpose)?;
    let directory = match source {
        Source::Ldif { .. } => recording::directory(reading),
        Source::Ldap { .. } => {
            let (entries, gaps) = reading.into_parts();
            let mut directory = Directory::of(entries, gaps);
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

/// The objects themselves.
pub(crate) fn entries(directory: &arguments::Directory, purpose: Purpose) -> Result<(Reading, Source)> {
    if directory.from.is_empty() {
        let settings = Settings { purpose, ..directory.settings()? };
        let live = ldap::read(&settings, &mut Terminal::new(directory.verbose))?;
        return Ok((live.reading, Source::Ldap { server: live.server, forest: live.forest }));
    }
    let files = directory.from.iter().map(|path| path.display().to_string()).collect();
    Ok((recording::read(&directory.from, purpose)?, Source::Ldif { files }))
}
