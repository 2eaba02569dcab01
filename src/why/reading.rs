//! The ways in which a pasted text may be read: what terminals, mail programs and log tools do to it is undone.
//!
//! A wrong reading brings names that no directory has, so each is tried.

/// All readings of a text: as it is, without line breaks, and with the escapes of JSON and of mail undone.
pub(super) fn readings(text: &str) -> Vec<String> {
    let plain = without_escapes(text);
    let mut readings = vec![joined(&plain), decoded(&plain)];
    readings.retain(|reading| *reading != plain);
    readings.insert(0, plain);
    readings
}

/// The text without the sequences by which terminals change colours, and without what has no width.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    plain.extend(parts.next());
    for part in parts {
        let parameter = |c: char| c.is_ascii_digit() || ";?".contains(c);
        let sequence = part.strip_prefix('[').map(|rest| rest.trim_start_matches(parameter));
        let behind = |rest: &str| rest.chars().next().map_or(0, char::len_utf8);
        plain.push_str(sequence.map_or(part, |rest| rest.get(behind(rest)..).unwrap_or_default()));
    }
    let has_no_width = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\r');
    plain.retain(|c| !has_no_width(c));
    plain.replace(|c: char| c.is_control() && c != '\n', " ")
}

/// The text as it was before something broke it into lines: each break goes, with the spaces and marks of a quotation behind it, and
/// the `=` by which mail marks one.
fn joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text.split('\n') {
        let line = line.trim_start_matches(|c: char| c.is_whitespace() || c == '>');
        joined.push_str(line.strip_suffix('=').unwrap_or(line));
    }
    joined
}

/// The text with `\/`, `\n`, `\u0027` of JSON and `=2E` of mail undone.
fn decoded(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '=']) {
        let (before, escape) = rest.split_at(at);
        decoded.push_str(before);
        let (character, length) = escaped(escape);
        decoded.push(character);
        rest = escape.get(length..).unwrap_or_default();
    }
    decoded + rest
}

/// The character that an escape at the beginning of a text stands for, and how long that is.
fn escaped(text: &str) -> (char, usize) {
    let hex = |range: std::ops::Range<usize>| {
        let digits = text.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32)
    };
    let mut characters = text.chars();
    match (characters.next().unwrap_or(' '), characters.next()) {
        ('\\', Some('/')) => ('/', 2),
        ('\\', Some('n' | 'r' | 't')) => (' ', 2),
        ('\\', Some('u')) => hex(2..6).map_or(('\\', 1), |character| (character, 6)),
        ('=', _) => hex(1..3).filter(char::is_ascii).map_or(('=', 1), |character| (character, 3)),
        (other, _) => (other, other.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_log_tool_or_a_mail_program_wrote_is_undone() {
        for text in [
            "SMTPSVC\\/ex02.contoso.com",
            "SMTPSVC/ex02=2Econtoso=2Ecom",
            "\\u0027SMTPSVC/ex02.contoso.com\\u0027\\r\\n",
            "SMTPSVC/ex02.con=\ntoso.com",
            "SMTPSVC/ex02.\u{200b}contoso.com",
        ] {
            assert!(
                readings(text).iter().any(|reading| reading.contains("SMTPSVC/ex02.contoso.com")),
                "{text}: {:?}",
                readings(text)
            );
        }
        assert_eq!(readings("CONTOSO"), ["CONTOSO"]);
        assert_eq!(without_escapes("\u{1b}[1;31mred\u{1b}[0m\u{1b}[é!"), "red!");
    }
}
