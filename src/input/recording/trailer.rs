//! What makes a recording of `spn-doctor record` more than LDIF: a header that says what it is, and a closing line that shows it is whole.
//!
//! Both are comments to every other reader of LDIF. The closing line counts the entries and carries a checksum over all lines
//! before it, without their ends, so that a changed line end or encoding does no harm and everything else is noticed.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crc32fast::Hasher;

use super::tools::ToolTrailers;
use crate::directory::dn::Dn;
use crate::directory::entry::Entry;
use crate::directory::gap::{Gap, Kind, Prose};
use crate::directory::testimony::{Statement, Testimony};
use crate::directory::text::{printable, printable_json};
use crate::input::coverage::searches::Search;
use crate::input::ldif::{BYTE_ORDER_MARK, LineWatch, write_entry};

const HEADER: &str = "# spn-doctor recording, version 1";
const PROBLEM: &str = "# not read: ";
const WITNESS: &str = "# witness: ";
const INCOMPLETE: &str = "# complete: no";
const CLOSING: &str = "# end of spn-doctor recording: ";

/// What a recording says of itself.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// Lines of prose: tool, forest, server, time.
    pub about: Vec<String>,
    /// What could not be read; a recording with any is not complete.
    pub gaps: Vec<Gap>,
    /// What `--prove` heard; empty where nobody was asked.
    pub testimony: Testimony,
}

/// Writes a whole recording.
pub fn write<'a>(out: &mut dyn Write, header: &Header, entries: impl Iterator<Item = &'a Entry>) -> io::Result<()> {
    let mut out = Summed { out, hasher: LineSum::default() };
    let comment = |text: &str| format!("# {}", printable(text));
    writeln!(out, "{HEADER}")?;
    for line in &header.about {
        writeln!(out, "{}", comment(line))?;
    }
    writeln!(out, "# complete: {}", if header.gaps.is_empty() { "yes" } else { "no" })?;
    for gap in &header.gaps {
        let told = serde_json::to_string(&[gap.place.as_str(), gap.what.as_str()]).map_err(io::Error::other)?;
        writeln!(out, "{PROBLEM}{}", printable_json(&told))?;
    }
    for statement in header.testimony.statements() {
        let told = serde_json::to_string(statement).map_err(io::Error::other)?;
        writeln!(out, "{WITNESS}{}", printable_json(&told))?;
    }
    writeln!(out)?;
    let mut count = 0;
    for entry in entries {
        write_entry(&mut out, entry)?;
        count += 1;
    }
    let sum = out.hasher.sum();
    writeln!(out, "{CLOSING}{count} entries, checksum {sum:08x}")
}

/// The checksum over lines without their ends.
#[derive(Default)]
struct LineSum(Hasher);

impl LineSum {
    fn line(&mut self, line: &[u8]) {
        self.0.update(line);
        self.0.update(b"\n");
    }

    fn sum(&self) -> u32 {
        self.0.clone().finalize()
    }
}

struct Summed<'a> {
    out: &'a mut dyn Write,
    hasher: LineSum,
}

impl Write for Summed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hasher.0.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Watches the lines of a file for the marks of a recording, and for what other tools say of theirs.
#[derive(Default)]
pub(super) struct TrailerCheck {
    /// Whether the last line, not a comment, was not ended.
    is_cut_in_a_line: bool,
    /// Whether the next line matters, whatever it begins with.
    every_line_counts: bool,
    sum: Option<LineSum>,
    incomplete: bool,
    problems: Vec<String>,
    statements: Vec<Statement>,
    unreadable_statements: usize,
    /// What problems and statements take.
    told_bytes: usize,
    untold_problems: usize,
    closing: Option<Closing>,
    tools: ToolTrailers,
}

struct Closing {
    line: String,
    expected: String,
    more: bool,
}

impl LineWatch for TrailerCheck {
    #[inline]
    fn line(&mut self, line: &[u8]) {
        // `result`, `ref`, `pagedresults` and `dn:` are marks; many attributes begin with the first letter of one.
        let is_marked = match line.first() {
            Some(b'#' | 0xef) => true,
            Some(b'r') => line.get(1) == Some(&b'e'),
            Some(b'p') => line.get(1) == Some(&b'a'),
            Some(b'd') => line.starts_with(b"dn:"),
            _ => false,
        };
        if is_marked || self.every_line_counts {
            self.look(line);
        }
    }

    fn ends_without_line_end(&mut self, last: &[u8]) {
        // A comment holds no value.
        self.is_cut_in_a_line = !last.starts_with(b"#");
    }
}

impl TrailerCheck {
    fn look(&mut self, line: &[u8]) {
        let text = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        match (&mut self.closing, text.first()) {
            (Some(closing), Some(_)) => closing.more = true,
            (_, Some(b'#')) => self.comment(&String::from_utf8_lossy(text)),
            _ => {}
        }
        self.tools.line(text);
        if let Some(sum) = &mut self.sum {
            sum.line(line);
        }
        self.every_line_counts = self.sum.is_some() || self.closing.is_some() || self.tools.is_in_reference();
    }

    fn comment(&mut self, line: &str) {
        if line == HEADER {
            self.sum.get_or_insert_default();
        } else if line.starts_with(CLOSING) {
            let sum = self.sum.as_ref().map_or(0, LineSum::sum);
            self.closing =
                Some(Closing { expected: format!("checksum {sum:08x}"), line: line.to_owned(), more: false });
        } else if self.sum.is_some() {
            self.incomplete |= line == INCOMPLETE;
            if let Some(problem) = line.strip_prefix(PROBLEM) {
                self.problem(problem);
            }
            if let Some(statement) = line.strip_prefix(WITNESS) {
                self.statement(statement);
            }
        }
    }

    /// Whether so much more can be told.
    fn has_room_for(&mut self, line: &str) -> bool {
        const MOST_BYTES: usize = 16 << 20;
        self.told_bytes += line.len() + 64;
        self.told_bytes < MOST_BYTES
    }

    /// Notes what a witness said.
    fn statement(&mut self, statement: &str) {
        match serde_json::from_str(statement) {
            Ok(read) if self.has_room_for(statement) => self.statements.push(read),
            _ => self.unreadable_statements += 1,
        }
    }

    /// The witnesses' statements, which are taken out.
    pub(super) fn statements(&mut self) -> Vec<Statement> {
        std::mem::take(&mut self.statements)
    }

    /// Notes a problem; of very many the first are told, and that there are more.
    fn problem(&mut self, problem: &str) {
        if self.has_room_for(problem) {
            self.problems.push(problem.to_owned());
        } else {
            self.untold_problems += 1;
        }
    }

    /// Whether the file is a recording of this program, and not just any LDIF.
    pub(super) fn is_recording(&self) -> bool {
        self.sum.is_some()
    }

    /// The objects that the recorded searches referred to for more.
    pub(super) fn referrals(&mut self) -> Vec<Dn> {
        self.tools.referrals()
    }

    /// The search that what is read now belongs to.
    pub(super) fn search(&self) -> Option<&Search> {
        self.tools.search()
    }

    /// The domains that the recorded searches covered.
    pub(super) fn covered(&mut self) -> BTreeSet<String> {
        self.tools.covered()
    }

    /// What the marks say is missing from the file.
    pub(super) fn gaps(self, file: &str, entries: u64) -> Vec<Gap> {
        let mut gaps: Vec<Gap> = self.problems.iter().map(|problem| recorded_gap(file, problem)).collect();
        let mut gap = |what: Prose| gaps.push(Gap::new(Prose::place(Kind::Text, file), what));
        match (&self.sum, &self.closing) {
            (None, None) => {}
            (Some(_), None) => gap("the recording is cut off: its closing line is missing; record again".into()),
            (sum, Some(closing)) => {
                let expected = format!("{CLOSING}{entries} entries, {}", closing.expected);
                if sum.is_none() || closing.more || closing.line != expected {
                    gap("the recording was damaged or changed after it was written; record again".into());
                }
            }
        }
        if self.untold_problems > 0 {
            gap("the recording names more problems than can be told; record again".into());
        }
        if self.unreadable_statements > 0 {
            gap("what a witness said cannot be read, or is more than can be told; record again".into());
        }
        if self.incomplete && self.problems.is_empty() {
            gap("the recording was incomplete when it was made; record again".into());
        }
        if self.is_cut_in_a_line {
            gap("the file ends within a line, so it was probably cut off; export it again".into());
        }
        self.tools.cut().into_iter().for_each(gap);
        gaps
    }
}

fn recorded_gap(file: &str, problem: &str) -> Gap {
    let told = serde_json::from_str::<Vec<String>>(problem);
    // Commands that came with a file are not believed: anybody may have written them.
    if let Ok([place, what, ..]) = told.as_deref() {
        return Gap::new(place.clone(), what.clone());
    }
    let what = Prose::new("the recording was incomplete when it was made: ").name(Kind::Text, problem);
    Gap::new(Prose::place(Kind::Text, file), what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::dn::Dn;
    use crate::input::ldif::Reader;

    fn recording(gaps: Vec<Gap>) -> String {
        let mut first = Entry::new(Dn::parse("CN=EX01,DC=com").unwrap());
        first.add("cn", b"EX01");
        first.add("servicePrincipalName", "SMTPSVC/ä".repeat(40).as_bytes());
        let second = Entry::new(Dn::parse("CN=EX02,DC=com").unwrap());
        let about = vec!["forest: contoso.com".to_owned()];
        let header = Header { about, gaps, ..Header::default() };
        let mut out = Vec::new();
        write(&mut out, &header, [&first, &second].into_iter()).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The gaps found in a recording, or the refusal.
    fn gaps(text: &str) -> Result<Vec<Gap>, crate::input::ldif::Refusal> {
        let mut trailer = TrailerCheck::default();
        let mut reader = Reader::new(text.as_bytes(), &mut trailer)?;
        let mut entries = 0;
        while reader.next_entry()?.is_some() {
            entries += 1;
        }
        drop(reader);
        Ok(trailer.gaps("file", entries))
    }

    #[test]
    fn a_gap_with_hidden_characters_is_replayed_as_it_was() {
        let gap = Gap::new("CN=a\u{202e}\u{9b}", "line\nb\u{feff}\u{e0041}");
        let text = recording(vec![gap.clone()]);
        assert!(!text.contains(|c: char| c != '\n' && crate::directory::text::is_invisible(c)));
        assert_eq!(gaps(&text).unwrap(), [gap]);
    }

    #[test]
    fn a_whole_recording_has_no_gap_whatever_its_line_ends() {
        let text = recording(Vec::new());
        assert_eq!(gaps(&text).unwrap(), []);
        assert_eq!(gaps(&text.replace('\n', "\r\n")).unwrap(), []);
    }

    #[test]
    fn what_was_not_read_is_told_again() {
        let gap = Gap::new("dc1:389", "size limit\n exceeded \u{1b}");
        assert_eq!(gaps(&recording(vec![gap.clone()])).unwrap(), [gap]);
    }

    #[test]
    fn a_recording_cut_at_any_byte_is_never_taken_as_whole() {
        let text = recording(Vec::new());
        for end in HEADER.len()..text.len() - 1 {
            assert!(gaps(&text[..end]).map_or(true, |gaps| !gaps.is_empty()), "{end}");
        }
    }

    #[test]
    fn a_recording_with_a_line_removed_or_changed_is_never_taken_as_whole() {
        let text = recording(vec![Gap::new("dc1", "x")]).replace("# not read", "# was read");
        assert!(gaps(&text).unwrap().len() > 1);
        let text = recording(Vec::new());
        let lines: Vec<&str> = text.lines().collect();
        for skipped in 0..lines.len() {
            let rest: Vec<&str> =
                lines.iter().enumerate().filter(|(at, _)| *at != skipped).map(|(_, line)| *line).collect();
            assert!(gaps(&rest.join("\n")).map_or(true, |gaps| !gaps.is_empty()), "{skipped}");
        }
        for at in 0..text.len() - 1 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let damaged = String::from_utf8(bytes).unwrap();
            assert!(gaps(&damaged).map_or(true, |gaps| !gaps.is_empty()), "{at}: {damaged}");
        }
    }
}
