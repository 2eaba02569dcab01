//! How far the reading of a live directory is, on standard error.

use std::io::{self, IsTerminal as _, Write as _};

use spn_doctor::directory::text::printable;
use spn_doctor::input::ldap::{Progress, SearchReport};

/// One line that is written over on a terminal; with `--verbose` a line for every search.
pub(crate) struct Terminal {
    verbose: bool,
    interactive: bool,
    entries: usize,
}

impl Terminal {
    pub(crate) fn new(verbose: bool) -> Self {
        Self { verbose, interactive: io::stderr().is_terminal(), entries: 0 }
    }

    /// A line that stays.
    pub(crate) fn line(text: &str) {
        let _ = writeln!(anstream::stderr(), "{}", printable(text));
    }

    /// The line that the next one is written over.
    fn status(&self, text: &str) {
        if self.interactive && !self.verbose {
            let shown: String = printable(text).chars().take(76).collect();
            let _ = write!(io::stderr(), "\r{shown:<76}\r");
        }
    }
}

impl Progress for Terminal {
    fn connecting(&mut self, server: &str) {
        if self.verbose {
            Self::line(&format!("connecting to {server}"));
        }
        self.status(&format!("connecting to {server} …"));
    }

    fn search(&mut self, report: &SearchReport) {
        self.entries += report.entries;
        if self.verbose {
            let SearchReport { server, base, filter, entries, pages, millis } = report;
            Self::line(&format!(
                "{server}: base \"{base}\" filter {filter}: {entries} entries, {pages} pages, {millis} ms"
            ));
        }
        self.status(&format!("reading {}: {} entries …", report.server, self.entries));
    }

    fn detail(&mut self, text: &str) {
        if self.verbose {
            Self::line(text);
        }
    }

    fn note(&mut self, text: &str) {
        self.status("");
        Self::line(&format!("note: {text}"));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.status("");
    }
}
