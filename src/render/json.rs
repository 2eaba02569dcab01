//! Reports and answers as JSON.

use std::io::{self, Write};

use serde::Serialize;

use crate::directory::text::{is_invisible, printable_json};

/// Writes a report or an answer, and a line feed. A terminal may be shown it too: nothing in it acts there.
pub(super) fn write(report: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut out = Printable(out);
    serde_json::to_writer_pretty(&mut out, report)?;
    out.write_all(b"\n")
}

/// Passes JSON on with [`printable_json`]; a report of thousands of servers need not be held whole for that.
struct Printable<'a>(&'a mut dyn Write);

impl Write for Printable<'_> {
    /// Of a text, `serde_json` writes whole characters at a time.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        if text.contains(|character| is_invisible(character) && character != '\n') {
            self.0.write_all(printable_json(text).as_bytes())?;
        } else {
            self.0.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
