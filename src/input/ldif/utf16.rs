//! UTF-16, as `ldifde -u` writes it and PowerShell's `>` makes of anything, becomes UTF-8.

use std::io::{self, BufRead, Read};

const CHUNK: usize = 64 * 1024;

/// What `copy a+b c` of cmd.exe puts behind the last line, Ctrl+Z.
pub(super) const END_OF_FILE: u8 = 0x1a;

/// Bytes as UTF-8, whatever the byte order mark says of them. UTF-16 without one is told by its zeros: LDIF begins with letters, `#` or a
/// line end. Anything else passes unchanged.
pub(super) fn utf8<'a>(mut input: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut start = Vec::with_capacity(4);
    input.by_ref().take(4).read_to_end(&mut start)?;
    Ok(match start.as_slice() {
        [0xef, 0xbb, 0xbf, ..] => Box::new(io::Cursor::new(start.split_off(3)).chain(input)),
        // UTF-32
        [0xff, 0xfe, 0, 0] => Box::new(io::Cursor::new(start).chain(input)),
        [0xff, 0xfe, ..] => Box::new(Utf16::<_, LITTLE>::new(start.split_off(2), input)),
        [0xfe, 0xff, ..] => Box::new(Utf16::<_, BIG>::new(start.split_off(2), input)),
        [1..0x80, 0, 1..0x80, 0] => Box::new(Utf16::<_, LITTLE>::new(start, input)),
        [0, 1..0x80, 0, 1..0x80] => Box::new(Utf16::<_, BIG>::new(start, input)),
        _ => Box::new(io::Cursor::new(start).chain(input)),
    })
}

/// Which byte of a unit comes first: the lower or the higher one.
const LITTLE: bool = false;
const BIG: bool = true;

struct Utf16<R, const ORDER: bool> {
    input: R,
    /// Bytes that were read but do not make a character yet.
    bytes: Vec<u8>,
    ready: Vec<u8>,
    given: usize,
}

impl<R: BufRead, const ORDER: bool> Utf16<R, ORDER> {
    fn new(start: Vec<u8>, input: R) -> Self {
        Self { input, bytes: start, ready: Vec::new(), given: 0 }
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
        let (mut units, _) = self.bytes.as_chunks();
        // The other half of the last character may come with the next chunk.
        if let [before @ .., last] = units
            && read > 0
            && (0xd800..0xdc00).contains(&unit::<ORDER>(*last))
        {
            units = before;
        }
        self.ready.clear();
        self.given = 0;
        append_utf8::<ORDER>(units.as_flattened(), &mut self.ready)?;
        let done = units.as_flattened().len();
        self.bytes.drain(..done);
        Ok(())
    }
}

fn unit<const ORDER: bool>(bytes: [u8; 2]) -> u16 {
    if ORDER == BIG { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
}

/// Nearly all is ASCII.
fn append_utf8<const ORDER: bool>(mut bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    loop {
        bytes = append_ascii::<ORDER>(bytes, out);
        let units = bytes.as_chunks().0.iter().map(|bytes| unit::<ORDER>(*bytes));
        let Some(character) = char::decode_utf16(units).next() else { return Ok(()) };
        let character = character.map_err(|_| malformed())?;
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        bytes = bytes.get(2 * character.len_utf16()..).unwrap_or_default();
    }
}

/// Appends four units at a time for as long as all are ASCII, and returns the bytes behind them.
fn append_ascii<'a, const ORDER: bool>(mut bytes: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    /// So many fours get room at once: where little is ASCII, little is made for nothing.
    const AT_ONCE: usize = 64;
    loop {
        let (fours, _) = bytes.as_chunks();
        let fours = fours.get(..AT_ONCE).unwrap_or(fours);
        let begin = out.len();
        out.resize(begin + 4 * fours.len(), 0);
        let (room, _) = out.get_mut(begin..).unwrap_or_default().as_chunks_mut();
        let mut count = 0;
        for (four, room) in fours.iter().zip(room) {
            let Some(ascii) = ascii::<ORDER>(*four) else { break };
            *room = ascii;
            count += 1;
        }
        out.truncate(begin + 4 * count);
        bytes = bytes.get(8 * count..).unwrap_or_default();
        if count < AT_ONCE {
            return bytes;
        }
    }
}

/// Four units of ASCII, a byte each; none if one is something else.
#[inline]
fn ascii<const ORDER: bool>(units: [u8; 8]) -> Option<[u8; 4]> {
    let word = if ORDER == BIG { u64::from_be_bytes(units) } else { u64::from_le_bytes(units) };
    if word & 0xff80_ff80_ff80_ff80 != 0 {
        return None;
    }
    let pairs = (word | word >> 8) & 0xffff_0000_ffff;
    let [a, b, c, d, ..] = (pairs | pairs >> 16).to_le_bytes();
    Some(if ORDER == BIG { [d, c, b, a] } else { [a, b, c, d] })
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file begins as UTF-16 but is not, or is cut off inside a character")
}

impl<R: BufRead, const ORDER: bool> Read for Utf16<R, ORDER> {
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
    fn a_character_outside_ascii_may_stand_anywhere() {
        for other in ["\u{80}", "ü", "\u{ffff}", "𝒳"] {
            for (before, behind) in (0..12).flat_map(|before| (0..6).map(move |behind| (before, behind))).chain([
                (255, 260),
                (256, 513),
                (253, 7),
            ]) {
                let text = format!("dn: {}{other}{}", "\u{7f}".repeat(before), "z".repeat(behind));
                assert_eq!(decoded(&utf16(&text, u16::to_le_bytes)).unwrap(), text);
                assert_eq!(decoded(&utf16(&text, u16::to_be_bytes)).unwrap(), text);
            }
        }
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
