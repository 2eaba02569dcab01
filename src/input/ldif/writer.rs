//! Entries become LDIF that `ldapadd` accepts and [`Reader`](super::Reader) reads back.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::directory::entry::Entry;
use crate::directory::text::is_invisible;

/// The width at which lines are folded, as `ldapsearch` does.
const WIDTH: usize = 76;

/// Writes one entry and the empty line behind it.
pub fn write_entry(out: &mut dyn Write, entry: &Entry) -> io::Result<()> {
    write_line(out, "dn", entry.dn.as_str())?;
    for (attribute, value) in entry.attributes() {
        write_line(out, attribute.name(), value)?;
    }
    out.write_all(b"\n")
}

fn write_line(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    let line = if is_safe(value) { format!("{name}: {value}") } else { format!("{name}:: {}", BASE64.encode(value)) };
    let mut rest = line.as_bytes();
    let mut width = WIDTH;
    loop {
        let (now, later) = rest.split_at_checked(width).unwrap_or((rest, &[]));
        out.write_all(now)?;
        out.write_all(b"\n")?;
        if later.is_empty() {
            return Ok(());
        }
        out.write_all(b" ")?;
        rest = later;
        width = WIDTH - 1;
    }
}

/// RFC 2849's SAFE-STRING, without a space at the end.
fn is_safe(value: &str) -> bool {
    value.is_ascii() && !value.starts_with([' ', ':', '<']) && !value.ends_with(' ') && !value.chars().any(is_invisible)
}
