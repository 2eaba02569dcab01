//! Reads LDIF back: shows that what is written is what was meant, and lets the oracle judge any
//! recording by itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::judge::oracle::entries::{Entry, fold};

/// The entries of a recording; records that add to an entry follow it.
pub(crate) fn read(bytes: &[u8]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for record in records(&text(bytes)) {
        let Some(entry) = entry(&record) else { continue };
        let earlier = entries.iter_mut().find(|earlier| fold(&earlier.dn) == fold(&entry.dn));
        match earlier.filter(|_| is_modification(&record)) {
            Some(earlier) => earlier.attributes.extend(entry.attributes),
            None => entries.push(entry),
        }
    }
    entries
}

fn text(bytes: &[u8]) -> String {
    let text = if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    } else {
        String::from_utf8_lossy(bytes).into_owned()
    };
    text.replace("\r\n", "\n").replace("\n ", "")
}

fn records(text: &str) -> Vec<Vec<&str>> {
    let content = |line: &&str| !line.starts_with('#') && *line != "-";
    text.split("\n\n").map(|record| record.lines().filter(content).collect()).collect()
}

fn is_modification(record: &[&str]) -> bool {
    record.iter().any(|line| line.eq_ignore_ascii_case("changetype: modify"))
}

fn entry(record: &[&str]) -> Option<Entry> {
    let mut pairs = record.iter().filter_map(|line| pair(line));
    let (_, dn) = pairs.by_ref().find(|(name, _)| name.eq_ignore_ascii_case("dn"))?;
    let administrative = |name: &str| ["changetype", "add"].iter().any(|word| name.eq_ignore_ascii_case(word));
    let attributes = pairs.filter(|(name, _)| !administrative(name)).collect();
    Some(Entry { dn: String::from_utf8_lossy(&dn).into_owned(), attributes })
}

fn pair(line: &str) -> Option<(String, Vec<u8>)> {
    let (name, value) = line.split_once(':')?;
    let value = match value.strip_prefix(':') {
        Some(coded) => STANDARD.decode(coded.trim()).ok()?,
        None => value.strip_prefix(' ').unwrap_or(value).as_bytes().to_vec(),
    };
    Some((name.to_owned(), value))
}
