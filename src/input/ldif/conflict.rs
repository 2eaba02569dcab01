//! The second half of a comment of `ldapsearch`.
//!
//! It writes the name of each object into a comment as it is. That of the loser of a replication conflict, or of a deleted object, has a line
//! feed in it, so the comment goes on in a line that is none: `CNF:2f1d6a5e-…, Computers, contoso.test`.

/// Whether a line behind a comment is the rest of such a name: a mark, a GUID, and the names above it, if there are any.
pub(super) fn ends_comment(line: &[u8]) -> bool {
    let marked = line.strip_prefix(b"CNF:").or_else(|| line.strip_prefix(b"DEL:"));
    let Some((guid, above)) = marked.and_then(|rest| rest.split_at_checked(GUID_LENGTH)) else { return false };
    is_guid(guid) && above.first().is_none_or(|first| *first == b',')
}

const GUID_LENGTH: usize = 36;

fn is_guid(text: &[u8]) -> bool {
    let is_right = |(place, byte): (usize, &u8)| match place {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == GUID_LENGTH && text.iter().enumerate().all(is_right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mark_with_a_guid_ends_a_comment() {
        const GUID: &str = "2f1d6a5e-3c52-4b0e-9a6b-0d2b6a1c9f13";
        for line in [format!("CNF:{GUID}, Computers, contoso.test"), format!("DEL:{GUID}"), format!("DEL:{GUID},")] {
            assert!(ends_comment(line.as_bytes()), "{line}");
        }
        for line in [
            String::new(),
            "CNF:".to_owned(),
            format!("CNF: {GUID}, Computers"),
            format!("cnf:{GUID}, Computers"),
            format!("XYZ:{GUID}, Computers"),
            format!(" CNF:{GUID}, Computers"),
            format!("CNF:{GUID}x, Computers"),
            format!("CNF:{GUID}: value"),
            format!("CNF:{}, Computers", GUID.replace('-', "0")),
            format!("CNF:{}, Computers", GUID.replace('f', "g")),
            format!("CNF:{}", &GUID[1..]),
            format!("dn: CNF:{GUID}, Computers"),
        ] {
            assert!(!ends_comment(line.as_bytes()), "{line}");
        }
    }
}
