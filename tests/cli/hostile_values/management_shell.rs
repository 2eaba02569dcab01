//! How PowerShell reads a command of the Exchange Management Shell, strictly: one cmdlet, plain words, and words within single quotes.
//!
//! PowerShell takes typographic quotation marks for the plain ones (`about_Quoting_Rules`; `CharTraits` of its tokenizer): any of five
//! opens and closes a string in which nothing else has a meaning, and two of them side by side are one of its characters. Outside of it
//! no character is let through that could mean anything but itself.

const SINGLE_QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

/// A word of a command line, and whether it stood in quotes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) is_quoted: bool,
}

/// The words of a line; none where it is more than one command of such words.
pub(crate) fn words(line: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        let (word, behind) = if rest.starts_with(SINGLE_QUOTES) { quoted(rest)? } else { bare(rest)? };
        words.push(word);
        match behind.strip_prefix(' ') {
            Some(next) => rest = next,
            None if behind.is_empty() => return Some(words),
            None => return None,
        }
    }
}

/// A string, up to the quotation mark that ends it.
fn quoted(text: &str) -> Option<(Word, &str)> {
    let mut characters = text.char_indices().skip(1).peekable();
    let mut word = String::new();
    while let Some((at, character)) = characters.next() {
        if character.is_control() {
            return None;
        }
        if SINGLE_QUOTES.contains(&character) {
            let Some((_, second)) = characters.next_if(|(_, next)| SINGLE_QUOTES.contains(next)) else {
                return Some((Word { text: word, is_quoted: true }, &text[at + character.len_utf8()..]));
            };
            word.push(second);
        } else {
            word.push(character);
        }
    }
    None
}

/// A word without quotes: letters, digits, dots, hyphens and underscores, of which none begins a number, or `$null`.
fn bare(text: &str) -> Option<(Word, &str)> {
    let (word, rest) = text.split_at(text.find(' ').unwrap_or(text.len()));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let is_name = word.strip_prefix('-').unwrap_or(word).starts_with(|c: char| c.is_ascii_alphabetic());
    let is_word = word == "$null" || (is_name && word.chars().all(is_plain));
    is_word.then(|| (Word { text: word.to_owned(), is_quoted: false }, rest))
}

/// A command that sets the FQDN of a connector: which cmdlet, of which connector, to what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SetFqdn {
    pub(crate) cmdlet: String,
    pub(crate) identity: String,
    /// None for `$null`.
    pub(crate) fqdn: Option<String>,
}

/// Reads such a command; panics if it is anything else.
pub(crate) fn set_fqdn(line: &str, about: &str) -> SetFqdn {
    let words = words(line).unwrap_or_else(|| panic!("{about}: PowerShell reads more than plain words into {line}"));
    let [cmdlet, identity, name, fqdn, value] = words.as_slice() else { panic!("{about}: {line} has other words") };
    assert_eq!((identity.text.as_str(), fqdn.text.as_str()), ("-Identity", "-Fqdn"), "{about}: {line}");
    assert!(![cmdlet, identity, fqdn].iter().any(|word| word.is_quoted), "{about}: {line} quotes what is to be run");
    assert!(name.is_quoted && (value.is_quoted || !value.text.starts_with('-')), "{about}: {line}");
    let is_null = value.text == "$null" && !value.is_quoted;
    SetFqdn { cmdlet: cmdlet.text.clone(), identity: name.text.clone(), fqdn: (!is_null).then(|| value.text.clone()) }
}

/// The reader itself.
pub(crate) fn assert_strict() {
    let read = |line: &str| words(line).map(|words| words.into_iter().map(|word| word.text).collect::<Vec<_>>());
    let texts = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    assert_eq!(
        read(r"Set-X -Identity 'EX01\A b; $(x) `c' -Fqdn a.b"),
        texts(&["Set-X", "-Identity", r"EX01\A b; $(x) `c", "-Fqdn", "a.b"])
    );
    assert_eq!(read("a 'b''c'"), texts(&["a", "b'c"]));
    for mark in SINGLE_QUOTES {
        assert_eq!(read(&format!("a {mark}b'")), texts(&["a", "b"]), "{mark} opens and closes as ' does");
        assert_eq!(read(&format!("a 'b{mark}; calc '")), None, "{mark} ends the string: what follows is run");
        assert_eq!(read(&format!("a 'b{mark}'c'")), texts(&["a", "b'c"]), "two side by side are one");
    }
    for special in "\"`$(){};|&#,<>@%\t\n\r\u{201c}\u{201d}\u{201e}\u{2013}\u{2014}\u{2015}\u{a0}\u{85}\u{2028}".chars()
    {
        assert_eq!(read(&format!("a b{special}c")), None, "{special:?}");
        assert_eq!(read(&format!("a {special}")), None, "{special:?}");
    }
    for line in ["a  b", "a 'b", "a 'b'c", "a b'c'", "a 'b\nc'", "a 1", "a -1", "a --%", "a $nullx", "", " a"] {
        assert_eq!(read(line), None, "{line:?}");
    }
}
