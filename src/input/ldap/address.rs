//! `HOST[:PORT]`.

use std::fmt;
use std::net::Ipv6Addr;

use super::settings::Security;
use crate::directory::text::printable;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Address {
    /// A name or an IP address.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Address {
    /// Reads `HOST`, `HOST:PORT`, `[IPv6]`, `[IPv6]:PORT` or a bare IPv6 address.
    pub(super) fn parse(text: &str, security: Security) -> Result<Self, String> {
        let unreadable = || format!("{:?} is no server: write HOST or HOST:PORT", printable(text));
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':').or(rest.is_empty().then_some(""))),
            None if text.parse::<Ipv6Addr>().is_ok() => (text, Some("")),
            None => text
                .split_once(':')
                .map_or((text, Some("")), |(host, port)| (host, Some(port).filter(|p| !p.is_empty()))),
        };
        let port = match port.ok_or_else(unreadable)? {
            "" => directory_port(security),
            port => port.parse().ok().filter(|port| *port > 0).ok_or_else(unreadable)?,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        if host.is_empty() || !host.chars().all(plain) {
            return Err(unreadable());
        }
        if matches!(port, 3268 | 3269) {
            return Err(format!(
                "{} is a global catalog, which has only part of each object: give the domain controller's own port (389 or 636); \
                 the catalog is found from there",
                printable(text)
            ));
        }
        Ok(Self { host: host.trim_end_matches('.').to_owned(), port })
    }

    /// The controller of this name.
    pub(super) fn directory(host: &str, security: Security) -> Self {
        Self { host: host.trim_end_matches('.').to_owned(), port: directory_port(security) }
    }

    /// The global catalog on this machine.
    pub(super) fn catalog(host: &str, security: Security) -> Self {
        let port = if security == Security::Ldaps { 3269 } else { 3268 };
        Self { host: host.trim_end_matches('.').to_owned(), port }
    }
}

fn directory_port(security: Security) -> u16 {
    if security == Security::Ldaps { 636 } else { 389 }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_the_usual_one_unless_given() {
        for (text, security, shown) in [
            ("dc1.contoso.com", Security::Sealed, "dc1.contoso.com:389"),
            ("dc1.contoso.com.", Security::StartTls, "dc1.contoso.com:389"),
            ("dc1", Security::Ldaps, "dc1:636"),
            ("dc1:1389", Security::Ldaps, "dc1:1389"),
            ("::1", Security::Sealed, "[::1]:389"),
            ("[::1]:390", Security::Sealed, "[::1]:390"),
        ] {
            assert_eq!(Address::parse(text, security).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for text in ["", ":389", "dc1:", "dc1:0", "dc1:ldap", "dc1:70000", "ldap://dc1", "dc 1", "[::1", "dc1:3268"] {
            assert!(Address::parse(text, Security::Sealed).is_err(), "{text}");
        }
    }
}
