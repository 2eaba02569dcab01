//! UTF-16, as `ldifde -u` writes it and PowerShell's `>` makes of anything, becomes UTF-8.

use std::io::{self, BufRead, Read};

use super::lines::END_OF_FILE;

const CHUNK: usize = 64 * 1024;

/// Bytes as UTF-8, whatever the byte order mark says of them. UTF-16 without one is told by its zeros: LDIF begins with letters, `#` or a
/// line end. Anything else passes unchanged.
pub(super) fn utf8<'a>(mut input: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut start = Vec::with_capacity(4);
    input.by_ref().take(4).read_to_end(&mut start)?;
    Ok(match start.as_slice() {
        [0xef, 0xbb, 0xbf, ..] => Box::new(io::Cursor::new(start.split_off(3)).chain(input)),
        // UTF-32
        [0xff, 0xfe, 0, 0] => Box::new(io::Cursor::new(start).chain(input)),
        [0xff, 0xfe, ..] => Box::new(Utf16::new(start.split_off(2), input, u16::from_le_bytes)),
        [0xfe, 0xff, ..] => Box::new(Utf16::new(start.split_off(2), input, u16::from_be_bytes)),
        [1..0x80, 0, 1..0x80, 0] => Box::new(Utf16::new(start, input, u16::from_le_bytes)),
        [0, 1..0x80, 0, 1..0x80] => Box::new(Utf16::new(start, input, u16::from_be_bytes)),
        _ => Box::new(io::Cursor::new(start).chain(input)),
    })
}

struct Utf16<R, F> {
    input: R,
    order: F,
    /// Bytes that were read but do not make a character yet.
    bytes: Vec<u8>,
    units: Vec<u16>,
    ready: Vec<u8>,
    given: usize,
}

impl<R: BufRead, F: Fn([u8; 2]) -> u16> Utf16<R, F> {
    fn new(start: Vec<u8>, input: R, order: F) -> Self {
        Self { input, order, bytes: start, units: Vec::new(), ready: Vec::new(), given: 0 }
    }

    /// Decodes the next chunk into `ready`; nothing is ready at the end of the input.
    fn decode(&mut self) -> io::Result<()> {
        let read = self.input.by_ref().take(CHUNK as u64).read_to_end(&mut self.bytes)?;
        if read == 0 && self.bytes == [END_OF_FILE] {
            self.bytes.clear();
        }
        if read == 0 && !self.bytes.len().is_multiple_of(2) {
            return Err(malformed());
        }
        let (pairs, _) = self.bytes.as_chunks::<2>();
        self.units.clear();
        self.units.extend(pairs.iter().map(|pair| (self.order)(*pair)));
        // The other half of the last character may come with the next chunk.
        self.units.pop_if(|last| read > 0 && (0xd800..0xdc00).contains(last));
        self.bytes.drain(..2 * self.units.len());
        self.ready.clear();
        self.given = 0;
        append_utf8(&self.units, &mut self.ready)
    }
}

/// Nearly all is ASCII, and passes in runs.
fn append_utf8(mut units: &[u16], out: &mut Vec<u8>) -> io::Result<()> {
    while !units.is_empty() {
        let (ascii, rest) = units.split_at(length_of_ascii(units));
        out.extend(ascii.iter().map(|unit| unit.to_le_bytes()[0]));
        let (others, rest) = rest.split_at(rest.iter().position(|unit| *unit < 0x80).unwrap_or(rest.len()));
        for character in char::decode_utf16(others.iter().copied()) {
            let character = character.map_err(|_| malformed())?;
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        units = rest;
    }
    Ok(())
}

fn length_of_ascii(units: &[u16]) -> usize {
    let (blocks, _) = units.as_chunks::<32>();
    let is_ascii = |block: &&[u16; 32]| block.iter().fold(0, |all, unit| all | unit) < 0x80;
    let begin = 32 * blocks.iter().take_while(is_ascii).count();
    let tail = units.get(begin..).unwrap_or_default();
    begin + tail.iter().position(|unit| *unit >= 0x80).unwrap_or(tail.len())
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file begins as UTF-16 but is not, or is cut off inside a character")
}

impl<R: BufRead, F: Fn([u8; 2]) -> u16> Read for Utf16<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            self.decode()?;
            if self.ready.is_empty() && self.bytes.is_empty() && self.input.fill_buf()?.is_empty() {
                return Ok(0);
            }
        }
        let mut rest = self.ready.get(self.given..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        utf8(io::BufReader::with_capacity(3, bytes))?.read_to_string(&mut text)?;
        Ok(text)
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(unit).collect()
    }

    #[test]
    fn both_byte_orders_and_utf8_give_the_same_text() {
        let text = "dn: CN=Zürich 𝒳\r\n".repeat(9_000);
        assert_eq!(decoded(&utf16(&text, u16::to_le_bytes)).unwrap(), text);
        assert_eq!(decoded(&utf16(&text, u16::to_be_bytes)).unwrap(), text);
        assert_eq!(decoded(format!("\u{feff}{text}").as_bytes()).unwrap(), text);
        assert_eq!(decoded(text.as_bytes()).unwrap(), text);
    }

    #[test]
    fn utf16_without_a_byte_order_mark_is_told_by_its_zeros() {
        for text in ["dn: CN=Zürich 𝒳\r\n", "\r\n# a\r\n", "version: 1\r\n"] {
            assert_eq!(decoded(&utf16(text, u16::to_le_bytes)[2..]).unwrap(), text);
            assert_eq!(decoded(&utf16(text, u16::to_be_bytes)[2..]).unwrap(), text);
        }
        for other in ["d\0n\0\0\0", "dn: \0\0", "d\0n:", "\0\0\0a"] {
            let expected = if other == "d\0n\0\0\0" { "dn\0" } else { other };
            assert_eq!(decoded(other.as_bytes()).unwrap(), expected);
        }
    }

    #[test]
    fn the_end_of_file_of_cmd_is_no_half_character() {
        let mut copied = utf16("dn: CN=a\r\n", u16::to_le_bytes);
        copied.push(0x1a);
        assert_eq!(decoded(&copied).unwrap(), "dn: CN=a\r\n");
    }

    #[test]
    fn what_is_cut_inside_a_character_is_refused() {
        let whole = utf16("a𝒳", u16::to_le_bytes);
        for cut in [whole.len() - 1, whole.len() - 2] {
            assert!(decoded(&whole[..cut]).is_err(), "{cut}");
        }
        assert!(decoded(&[0xff, 0xfe, 0x00, 0xdc]).is_err());
        assert_eq!(decoded(&[0xff, 0xfe]).unwrap(), "");
    }
}
