//! What makes a recording of `spn-doctor record` more than LDIF: a header that says what it is, and a closing line that shows it is whole.
//!
//! Both are comments to every other reader of LDIF. The closing line counts the entries and carries a checksum over all lines
//! before it, without their ends, so that a changed line end or encoding does no harm and everything else is noticed.

use std::io::{self, Write};

use crc32fast::Hasher;

use crate::input::ldif::{LineWatch, write_entry};
use crate::model::entry::{Entry, Gap};
use crate::model::text::{printable, printable_json, quoted};

const HEADER: &str = "# spn-doctor recording, version 1";
const PROBLEM: &str = "# not read: ";
const INCOMPLETE: &str = "# complete: no";
const CLOSING: &str = "# end of spn-doctor recording: ";
/// `ldapsearch` begins its output with this unless told otherwise, and then ends it with `result:`.
const LDAPSEARCH: &str = "# extended LDIF";

/// What a recording says of itself.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// Lines of prose: tool, forest, server, time.
    pub about: Vec<String>,
    /// What could not be read; a recording with any is not complete.
    pub gaps: Vec<Gap>,
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
        let gap = serde_json::to_string(&[&gap.place, &gap.what]).map_err(io::Error::other)?;
        writeln!(out, "{PROBLEM}{}", printable_json(&gap))?;
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

/// Watches the lines of a file for the marks of a recording.
#[derive(Default)]
pub(super) struct SealCheck {
    sum: Option<LineSum>,
    incomplete: bool,
    problems: Vec<String>,
    closing: Option<Closing>,
    ldapsearch_headers: usize,
    ldapsearch_results: Vec<String>,
}

struct Closing {
    line: String,
    expected: String,
    more: bool,
}

impl LineWatch for SealCheck {
    #[inline]
    fn line(&mut self, line: &[u8]) {
        let is_marked = matches!(line.first(), Some(b'#' | b'r'));
        if is_marked || self.sum.is_some() || self.closing.is_some() {
            self.look(line);
        }
    }
}

impl SealCheck {
    fn look(&mut self, line: &[u8]) {
        match (&mut self.closing, line.first()) {
            (Some(closing), Some(_)) => closing.more = true,
            (_, Some(b'#')) => self.comment(line),
            (_, Some(b'r')) if line.starts_with(b"result: ") => {
                self.ldapsearch_results.push(String::from_utf8_lossy(line).into_owned());
            }
            _ => {}
        }
        if let Some(sum) = &mut self.sum {
            sum.line(line);
        }
    }

    fn comment(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        if line == HEADER {
            self.sum.get_or_insert_default();
        } else if line == LDAPSEARCH {
            self.ldapsearch_headers += 1;
        } else if line.starts_with(CLOSING) {
            let sum = self.sum.as_ref().map_or(0, LineSum::sum);
            self.closing =
                Some(Closing { expected: format!("checksum {sum:08x}"), line: line.into_owned(), more: false });
        } else if self.sum.is_some() {
            self.incomplete |= line == INCOMPLETE;
            self.problems.extend(line.strip_prefix(PROBLEM).map(ToOwned::to_owned));
        }
    }

    /// Whether the file is a recording, and not just any LDIF.
    pub(super) fn is_recording(&self) -> bool {
        self.sum.is_some()
    }

    /// What the marks say is missing from the file.
    pub(super) fn gaps(self, file: &str, entries: u64) -> Vec<Gap> {
        let mut gaps: Vec<Gap> = self.problems.iter().map(|problem| recorded_gap(file, problem)).collect();
        let mut gap = |what: String| gaps.push(Gap::new(file, what));
        match (&self.sum, &self.closing) {
            (None, None) => {}
            (Some(_), None) => gap("the recording is cut off: its closing line is missing; record again".to_owned()),
            (sum, Some(closing)) => {
                let expected = format!("{CLOSING}{entries} entries, {}", closing.expected);
                if sum.is_none() || closing.more || closing.line != expected {
                    gap("the recording was damaged or changed after it was written; record again".to_owned());
                }
            }
        }
        if self.incomplete && self.problems.is_empty() {
            gap("the recording was incomplete when it was made; record again".to_owned());
        }
        if self.ldapsearch_results.len() < self.ldapsearch_headers {
            gap("the output of ldapsearch is cut off: its `result:` line is missing; search again".to_owned());
        }
        for result in self.ldapsearch_results.iter().filter(|result| !is_success(result)) {
            gap(format!(
                "the search that was recorded did not succeed ({}); search again, with `-E pr=1000/noprompt` against size limits",
                quoted(result)
            ));
        }
        gaps
    }
}

/// `result: 0 Success`.
fn is_success(result: &str) -> bool {
    result.split_whitespace().nth(1) == Some("0")
}

fn recorded_gap(file: &str, problem: &str) -> Gap {
    match serde_json::from_str::<[String; 2]>(problem) {
        Ok([place, what]) => Gap { place, what },
        Err(_) => Gap::new(file, format!("the recording was incomplete when it was made: {problem}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::ldif::Reader;
    use crate::model::dn::Dn;

    fn recording(gaps: Vec<Gap>) -> String {
        let mut first = Entry::new(Dn::parse("CN=EX01,DC=com").unwrap());
        first.add("cn", b"EX01");
        first.add("servicePrincipalName", "SMTPSVC/ä".repeat(40).as_bytes());
        let second = Entry::new(Dn::parse("CN=EX02,DC=com").unwrap());
        let header = Header { about: vec!["forest: contoso.com".to_owned()], gaps };
        let mut out = Vec::new();
        write(&mut out, &header, [&first, &second].into_iter()).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The gaps found in a recording, or the refusal.
    fn gaps(text: &str) -> Result<Vec<Gap>, crate::input::ldif::Refusal> {
        let mut seal = SealCheck::default();
        let mut reader = Reader::new(text.as_bytes(), &mut seal)?;
        let mut entries = 0;
        while reader.next_entry()?.is_some() {
            entries += 1;
        }
        drop(reader);
        Ok(seal.gaps("file", entries))
    }

    #[test]
    fn a_gap_with_hidden_characters_is_replayed_as_it_was() {
        let gap = Gap::new("CN=a\u{202e}\u{9b}", "line\nb\u{feff}\u{e0041}");
        let text = recording(vec![gap.clone()]);
        assert!(!text.contains(|c: char| c != '\n' && crate::model::text::is_invisible(c)));
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

    #[test]
    fn ldapsearch_output_must_end_in_success() {
        let head = "# extended LDIF\n#\n\ndn: CN=a\ncn: a\n\n";
        assert_eq!(gaps(&format!("{head}# search result\nsearch: 2\nresult: 0 Success\n")).unwrap(), []);
        assert_eq!(gaps(head).unwrap().len(), 1);
        assert_eq!(gaps(&format!("{head}search: 2\nresult: 4 Size limit exceeded\n")).unwrap().len(), 1);
    }
}
