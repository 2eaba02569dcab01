//! How directory text is compared and shown.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};

/// The form in which two names are the same to the directory: without case.
///
/// A character outside ASCII never folds into ASCII (the Kelvin sign is not a `k`), so that nothing
/// a directory's writers can invent passes for the plain host name that a client asks for.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            folded.push(character.to_ascii_lowercase());
        } else if character.to_lowercase().any(|lower| lower.is_ascii()) {
            folded.push(character);
        } else {
            folded.extend(character.to_lowercase());
        }
    }
    folded
}

/// Makes the capital letters of ASCII small, eight bytes at a time: a recording has millions of names. Anything else stays as it is.
pub(crate) fn make_small(bytes: &mut [u8]) {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    let (words, rest) = bytes.as_chunks_mut();
    for word in words {
        let eight = u64::from_le_bytes(*word);
        // In each byte's highest bit: whether it is at least an A, is more than a Z, is ASCII. Without that bit no byte carries into the next.
        let low = eight & (EACH * 0x7f);
        let from_a = low + EACH * (0x80 - u64::from(b'A'));
        let behind_z = low + EACH * (0x7f - u64::from(b'Z'));
        let capital = from_a & !behind_z & !eight & (EACH * 0x80);
        *word = (eight | capital >> 2).to_le_bytes();
    }
    rest.make_ascii_lowercase();
}

/// A text that is shown as it was written and compared by another form of it, its key.
#[derive(Clone)]
pub struct Keyed {
    /// The text, and behind it the key where that differs: of most names there are very many.
    both: Box<str>,
    end: usize,
    key: usize,
}

impl Keyed {
    /// The text, and the form in which it is compared.
    #[must_use]
    pub fn new(text: &str, key: &str) -> Self {
        let end = text.len();
        if text == key {
            return Self { both: text.into(), end, key: 0 };
        }
        Self { both: [text, key].concat().into(), end, key: end }
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.both.get(..self.end).unwrap_or_default()
    }

    /// The form in which it is compared.
    #[must_use]
    pub fn key(&self) -> &str {
        self.both.get(self.key..).unwrap_or_default()
    }
}

impl fmt::Debug for Keyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Keyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for Keyed {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Keyed {}

impl Hash for Keyed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// What every name has that is a [`Keyed`] text of a certain form.
macro_rules! keyed {
    ($name:ident) => {
        impl $name {
            /// The name as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// The canonical form: equal for equal names.
            #[must_use]
            pub fn key(&self) -> &str {
                self.0.key()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}
pub(super) use keyed;

/// Whether two names are the same to the directory.
#[must_use]
pub fn same(left: &str, right: &str) -> bool {
    fold(left) == fold(right)
}

/// Sorts by [`fold`] first, so that the case of a name does not move it, then by the text itself.
pub(crate) fn sort_folded<T>(items: &mut [T], text: impl Fn(&T) -> &str) {
    items.sort_by_cached_key(|item| (fold(text(item)), text(item).to_owned()));
}

/// Of some words those that are as alike to this one as `least` (1 is the same), the most alike first.
#[must_use]
pub(crate) fn most_alike(text: &str, words: impl Iterator<Item = String>, least: f64) -> Vec<String> {
    let text = fold(text);
    let alike = words.map(|word| (strsim::jaro_winkler(&fold(&word), &text), word));
    let mut alike: Vec<(f64, String)> = alike.filter(|(alike, _)| *alike >= least).collect();
    alike.sort_by(|(one, a), (other, b)| other.total_cmp(one).then_with(|| a.cmp(b)));
    alike.dedup_by(|(_, one), (_, other)| one == other);
    alike.into_iter().map(|(_, word)| word).collect()
}

/// Whether a character would act on a terminal, or hide or reorder what is beside it, instead of being seen:
/// controls, line separators, bidirectional marks, all format, zero-width and tag characters, and noncharacters.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    character.is_control()
        || u32::from(character) & 0xfffe == 0xfffe
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}'
            | '\u{8e2}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text as it may be shown: what [`is_invisible`] is written out as `\u{…}`.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_invisible(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// No more of a text than anyone would read.
#[must_use]
pub fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A value within “…”: its own quotation marks of that shape are written out, so that nobody but us can end it.
#[must_use]
pub fn quoted(text: &str) -> String {
    let text = printable(text).replace('“', "\\u{201c}").replace('”', "\\u{201d}");
    format!("“{text}”")
}

/// Whether a text begins like the commands that we print.
#[must_use]
pub fn is_command(text: &str) -> bool {
    const TOOLS: [&str; 9] = [
        "setspn",
        "Set-ReceiveConnector",
        "Set-SendConnector",
        "ldifde ",
        "ldapsearch ",
        "dsacls ",
        "nltest ",
        "nslookup ",
        "spn-doctor ",
    ];
    TOOLS.iter().any(|tool| text.get(..tool.len()).is_some_and(|start| start.eq_ignore_ascii_case(tool)))
}

/// A value in the middle of a sentence: a plain word as it is, everything else [`quoted`]. Prose is never wrapped within
/// quotation marks, so that no line of a report begins with words of an enemy and passes for a command.
#[must_use]
pub fn shown(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.$:/\\,=@+()…".contains(c);
    let is_word = text.starts_with(|c: char| c.is_alphanumeric() || c == '_') && text.chars().all(plain);
    if is_word && !is_command(text) { text.to_owned() } else { quoted(text) }
}

/// Values in a sentence, the first of very many: were all of them told to each of as many servers, a report would have no end.
#[must_use]
pub fn listed<'a>(values: impl Iterator<Item = &'a str>, between: &str) -> String {
    const MOST: usize = 20;
    let mut values: Vec<String> = values.map(shown).collect();
    let more = values.len().saturating_sub(MOST);
    if more > 0 {
        values.truncate(MOST);
        values.push(format!("{more} more"));
    }
    values.join(between)
}

/// JSON with what [`is_invisible`] written out as `\u….`: JSON leaves DEL, C1 controls and bidirectional marks as they are.
/// Such a character stands only inside strings, where that means the same.
#[must_use]
pub fn printable_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if is_invisible(character) && character != '\n' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Prose of several lines: [`printable`], but for its own line feeds.
#[must_use]
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_ignored_inside_and_outside_ascii() {
        assert!(same("MAIL.Contoso.com", "mail.contoso.COM"));
        assert!(same("CN=MÜLLER", "cn=müller"));
    }

    #[test]
    fn nothing_outside_ascii_passes_for_an_ascii_name() {
        assert!(!same("mai\u{212a}.contoso.com", "maik.contoso.com"));
        assert!(!same("\u{130}is", "iis"));
    }

    #[test]
    fn every_byte_at_every_place_becomes_small_as_ascii_has_it() {
        for byte in 0..=u8::MAX {
            for other in [0, b'@', b'A', b'Z', b'[', b'z', 0x7f, 0x80, 0xc1, 0xff] {
                for place in 0..11 {
                    let mut bytes = [other; 11];
                    bytes[place] = byte;
                    let expected = bytes.to_ascii_lowercase();
                    make_small(&mut bytes);
                    assert_eq!(bytes[..], expected);
                }
            }
        }
    }

    #[test]
    fn what_acts_on_a_terminal_is_written_out() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c"), "a\\u{1b}[31mb\\u{202e}c");
        assert_eq!(printable("Zürich \"x\""), "Zürich \"x\"");
    }

    #[test]
    fn of_very_many_values_the_first_are_told() {
        assert_eq!(listed(["a", "b c"].into_iter(), " and "), "a and “b c”");
        assert!(listed([""; 20].into_iter(), ", ").ends_with(", “”"));
        assert!(listed([""; 25].into_iter(), " and ").ends_with("“” and 5 more"));
    }

    #[test]
    fn what_is_no_plain_word_stands_in_quotation_marks_that_it_cannot_end() {
        for plain in ["EX01", "mail.contoso.com", "CONTOSO\\EX01$", "CN=Zürich,DC=com", "SMTPSVC/x:25"] {
            assert_eq!(shown(plain), plain);
        }
        for (value, expected) in [
            ("Internet Mail", "“Internet Mail”"),
            ("", "“”"),
            ("a”b“c", "“a\\u{201d}b\\u{201c}c”"),
            ("SetSPN.exe", "“SetSPN.exe”"),
            ("\\\\evil\\x.exe", "“\\\\evil\\x.exe”"),
            ("a&b", "“a&b”"),
            ("a\u{a0}b", "“a\u{a0}b”"),
            ("a\nb", "“a\\u{a}b”"),
        ] {
            assert_eq!(shown(value), expected);
        }
    }
}
