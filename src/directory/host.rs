//! DNS host names.

use std::fmt;

use super::text::{Keyed, fold, keyed, printable, same};

/// A DNS host name as Microsoft's DNS allows it: prints as written, compares without case.
///
/// Letters, digits, hyphens and underscores in labels of 1 to 63, 253 in all, no trailing dot, and not an IP address.
/// Whoever holds one holds nothing that a shell could misread.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostName(Keyed);
keyed!(HostName);

/// Why a text is no host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAHostName {
    /// No character at all.
    Empty,
    /// More than 253 characters.
    TooLong,
    /// A dot at the end, as in DNS: Exchange would announce it, and no SPN has it.
    TrailingDot,
    /// A label is empty or has more than 63 characters.
    Label,
    /// A character that is not a letter, digit, hyphen or underscore.
    Character(char),
    /// Four numbers.
    IpAddress,
    /// The name that every machine has for itself.
    Localhost,
}

impl fmt::Display for NotAHostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::TooLong => f.write_str("it has more than 253 characters"),
            Self::TrailingDot => f.write_str("it ends in a dot"),
            Self::Label => f.write_str("one of its labels is empty or longer than 63 characters"),
            Self::Character(character) => {
                write!(f, "‘{}’ is not a letter, digit, hyphen or underscore", printable(&character.to_string()))
            }
            Self::IpAddress => f.write_str("it is an IP address"),
            Self::Localhost => f.write_str("every computer calls itself localhost"),
        }
    }
}

impl std::error::Error for NotAHostName {}

impl HostName {
    /// Reads a host name.
    pub fn parse(text: &str) -> Result<Self, NotAHostName> {
        let odd = |c: &char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if text.is_empty() {
            Err(NotAHostName::Empty)
        } else if let Some(character) = text.chars().find(odd) {
            Err(NotAHostName::Character(character))
        } else if text.ends_with('.') {
            Err(NotAHostName::TrailingDot)
        } else if text.len() > 253 {
            Err(NotAHostName::TooLong)
        } else if text.split('.').any(|label| label.is_empty() || label.len() > 63) {
            Err(NotAHostName::Label)
        } else if is_dotted_quad(text) {
            Err(NotAHostName::IpAddress)
        } else {
            Ok(Self(Keyed::new(text, &fold(text))))
        }
    }

    /// Reads the name that somebody announces to others: a host name, but not `localhost`.
    pub fn announced(text: &str) -> Result<Self, NotAHostName> {
        if same(text, "localhost") { Err(NotAHostName::Localhost) } else { Self::parse(text) }
    }

    /// Whether `text` is this name, whatever its case.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.key() == fold(text)
    }

    /// Whether the name has a domain behind the host's label.
    #[must_use]
    pub(crate) fn is_qualified(&self) -> bool {
        self.key().contains('.')
    }

    /// Whether the name lies in this DNS domain, or is it. A host may lie in the domain above that of its account (`ex01.b.a` in `a`).
    #[must_use]
    pub fn is_below(&self, domain: &str) -> bool {
        let domain = fold(domain);
        let above = self.key().strip_suffix(domain.as_str());
        !domain.is_empty() && above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }
}

/// Four numbers between dots, in range or not: resolvers take them for an address, never for a name.
fn is_dotted_quad(text: &str) -> bool {
    text.split('.').count() == 4 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_microsofts_dns_allows_are_read() {
        let label = "a".repeat(63);
        for name in ["mail", "mail.contoso.com", "EX_01.contoso.com", "3com.com", "1.2.3", &label] {
            assert!(HostName::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_character_that_cannot_be_seen_is_written_out_in_the_reason() {
        let reason = NotAHostName::Character('\u{3164}').to_string();
        assert_eq!(reason, "‘\\u{3164}’ is not a letter, digit, hyphen or underscore");
    }

    #[test]
    fn what_is_no_host_name_is_refused_with_its_reason() {
        assert_eq!(HostName::parse(""), Err(NotAHostName::Empty));
        assert_eq!(HostName::parse("mail contoso"), Err(NotAHostName::Character(' ')));
        assert_eq!(HostName::parse("mäil.contoso.com"), Err(NotAHostName::Character('ä')));
        assert_eq!(HostName::parse("mail.contoso.com."), Err(NotAHostName::TrailingDot));
        assert_eq!(HostName::parse("mail..com"), Err(NotAHostName::Label));
        assert_eq!(HostName::parse(&"a".repeat(64)), Err(NotAHostName::Label));
        assert_eq!(HostName::parse("10.0.0.1"), Err(NotAHostName::IpAddress));
        assert_eq!(HostName::parse("fe80::1"), Err(NotAHostName::Character(':')));
        assert_eq!(HostName::parse(&["a"; 128].join(".")), Err(NotAHostName::TooLong));
    }
}
