//! Which characters may not be printed raw, from the Unicode tables and not from the program.

use spn_doctor::directory::text::{printable, printable_json};

/// Cc, Cf, Zl, Zp, what is to be ignored by default, and noncharacters (Unicode 16).
const RANGES: &[(u32, u32)] = &[
    (0x00, 0x1f),
    (0x7f, 0x9f),
    (0xad, 0xad),
    (0x34f, 0x34f),
    (0x600, 0x605),
    (0x61c, 0x61c),
    (0x6dd, 0x6dd),
    (0x70f, 0x70f),
    (0x890, 0x891),
    (0x8e2, 0x8e2),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0x3164, 0x3164),
    (0xfdd0, 0xfdef),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0xfffe, 0xffff),
    (0x1_10bd, 0x1_10bd),
    (0x1_10cd, 0x1_10cd),
    (0x1_3430, 0x1_343f),
    (0x1_bca0, 0x1_bca3),
    (0x1_d173, 0x1_d17a),
    (0xe_0000, 0xe_0fff),
];

/// One character of each range, its first and its last.
pub(crate) fn samples() -> impl Iterator<Item = char> {
    RANGES.iter().flat_map(|(first, last)| [*first, *last]).filter_map(char::from_u32)
}

/// All of Unicode, character by character, in both ways of writing.
pub(crate) fn assert_all_written_out() {
    for character in (0..=0x0010_ffff).filter_map(char::from_u32) {
        let raw = character.to_string();
        let number = u32::from(character);
        let expected = if character == '\n' || is_raw(character) { format!("\\u{{{number:x}}}") } else { raw.clone() };
        assert_eq!(printable(&raw), expected);
        let json = printable_json(&serde_json::to_string(&raw).unwrap());
        assert!(!json.contains(is_raw), "{number:x}: {json:?}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), raw);
    }
}

fn is_raw(character: char) -> bool {
    if (' '..='~').contains(&character) {
        return false;
    }
    let number = u32::from(character);
    character != '\n'
        && (RANGES.iter().any(|(first, last)| (*first..=*last).contains(&number)) || number & 0xfffe == 0xfffe)
}

pub(crate) fn assert_visible(text: &str, about: &str) {
    if let Some(raw) = text.chars().find(|character| is_raw(*character)) {
        let line = text.lines().find(|line| line.contains(raw)).unwrap_or_default();
        panic!("{about}: {raw:?} is printed raw in {:?}", line.chars().take(300).collect::<String>());
    }
}
