//! The report as JSON.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::model::text::is_invisible;
use crate::report::Report;

/// Writes the report and a line feed.
///
/// JSON leaves DEL, C1 controls and bidirectional marks as they are. Here they are written as `\u….`, so that a terminal
/// may be shown the report too; such a character stands only inside strings, where that means the same.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let json = serde_json::to_string_pretty(report)?;
    let mut visible = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        if is_invisible(character) && character != '\n' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(visible, "\\u{unit:04x}");
            }
        } else {
            visible.push(character);
        }
    }
    visible.push('\n');
    out.write_all(visible.as_bytes())
}
