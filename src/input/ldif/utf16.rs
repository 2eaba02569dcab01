//! UTF-16, as `ldifde -u` writes it and PowerShell's `>` makes of anything, becomes UTF-8.

use std::io::{self, BufRead, Read};

const CHUNK: usize = 64 * 1024;

/// Bytes as UTF-8 whatever the byte order mark says of them; without one they pass unchanged.
pub(super) fn utf8<'a>(mut input: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut start = Vec::with_capacity(3);
    input.by_ref().take(3).read_to_end(&mut start)?;
    Ok(match start.as_slice() {
        [0xef, 0xbb, 0xbf] => Box::new(input),
        [0xff, 0xfe, ..] => Box::new(Utf16::new(start.split_off(2), input, u16::from_le_bytes)),
        [0xfe, 0xff, ..] => Box::new(Utf16::new(start.split_off(2), input, u16::from_be_bytes)),
        _ => Box::new(io::Cursor::new(start).chain(input)),
    })
}

struct Utf16<R> {
    input: R,
    order: fn([u8; 2]) -> u16,
    /// Bytes and units that were read but do not make a character yet.
    bytes: Vec<u8>,
    units: Vec<u16>,
    ready: Vec<u8>,
    given: usize,
}

impl<R: BufRead> Utf16<R> {
    fn new(start: Vec<u8>, input: R, order: fn([u8; 2]) -> u16) -> Self {
        Self { input, order, bytes: start, units: Vec::new(), ready: Vec::new(), given: 0 }
    }

    /// Decodes the next chunk into `ready`; nothing is ready at the end of the input.
    fn decode(&mut self) -> io::Result<()> {
        let read = self.input.by_ref().take(CHUNK as u64).read_to_end(&mut self.bytes)?;
        let whole = self.bytes.len() / 2 * 2;
        let order = self.order;
        self.units.extend(self.bytes.drain(..whole).as_slice().as_chunks::<2>().0.iter().map(|pair| order(*pair)));
        let held_back = match self.units.last() {
            Some(unit) if read > 0 && (0xd800..0xdc00).contains(unit) => self.units.pop(),
            _ => None,
        };
        if read == 0 && !self.bytes.is_empty() {
            return Err(malformed());
        }
        self.ready.clear();
        self.given = 0;
        let mut utf8 = [0; 4];
        for character in char::decode_utf16(self.units.drain(..)) {
            let character = character.map_err(|_| malformed())?;
            self.ready.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
        }
        self.units.extend(held_back);
        Ok(())
    }
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file begins as UTF-16 but is not, or is cut off inside a character")
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            self.decode()?;
            if self.ready.is_empty()
                && self.bytes.is_empty()
                && self.units.is_empty()
                && self.input.fill_buf()?.is_empty()
            {
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
    fn what_is_cut_inside_a_character_is_refused() {
        let whole = utf16("a𝒳", u16::to_le_bytes);
        for cut in [whole.len() - 1, whole.len() - 2] {
            assert!(decoded(&whole[..cut]).is_err(), "{cut}");
        }
        assert!(decoded(&[0xff, 0xfe, 0x00, 0xdc]).is_err());
        assert_eq!(decoded(&[0xff, 0xfe]).unwrap(), "");
    }
}
