//! Service principal names: `class/host[:port][/name]`.

use super::host::HostName;
use super::text::{Keyed, fold, keyed, same};

/// The service class that Exchange's SMTP endpoints are asked for.
pub const SMTPSVC: &str = "SMTPSVC";

/// A service principal name: prints as written or held, compares without case. Nothing else is ignored:
/// a port or a trailing dot makes another name, as it does to a domain controller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spn(Keyed);
keyed!(Spn);

/// The parts of a well-formed service principal name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The service class, `SMTPSVC`.
    pub class: &'a str,
    /// The host, `mail.contoso.com`.
    pub host: &'a str,
    /// The port, 1 to 65535.
    pub port: Option<u16>,
    /// The service name behind the second slash.
    pub name: Option<&'a str>,
}

impl Spn {
    /// The name as an account holds it, well-formed or not.
    #[must_use]
    pub fn held(value: &str) -> Self {
        Self(Keyed::new(value, &fold(value)))
    }

    /// `SMTPSVC/` and the name that a server or endpoint goes by.
    #[must_use]
    pub fn smtpsvc(host: &HostName) -> Self {
        Self::of(SMTPSVC, host)
    }

    /// `HOST/` and the name of a computer.
    #[must_use]
    pub fn host(host: &HostName) -> Self {
        Self::of("HOST", host)
    }

    fn of(class: &str, host: &HostName) -> Self {
        Self(Keyed::new(&format!("{class}/{host}"), &format!("{}/{}", fold(class), host.key())))
    }

    /// The parts, or nothing when the value is not `class/host[:port][/name]`.
    #[must_use]
    pub fn parts(&self) -> Option<Parts<'_>> {
        let plain = |part: &&str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control());
        let mut pieces = self.as_str().split('/');
        let class = pieces.next().filter(plain).filter(|class| !class.contains(':'))?;
        let authority = pieces.next()?;
        let name = pieces.next();
        if pieces.next().is_some() || name.is_some_and(|name| !plain(&name)) {
            return None;
        }
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port_number(port)?)),
            None => (authority, None),
        };
        Some(Parts { class, host: Some(host).filter(plain)?, port, name })
    }

    /// Whether the value is meant for the SMTP service, well-formed or not: `SMTPSVC/x`, `smtpsvc\x`, `SMTPSVC`.
    #[must_use]
    pub(crate) fn is_smtpsvc(&self) -> bool {
        let end = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        self.as_str().trim_start().split(end).next().is_some_and(|class| same(class, SMTPSVC))
    }

    /// Whether the value looks like `SMTPSVC/<host>` but is another name to a domain controller:
    /// `SMTP/<host>`, or one with a port, a service name or a trailing dot.
    #[must_use]
    pub(crate) fn nearly_covers(&self, host: &HostName) -> bool {
        self.parts().is_some_and(|parts| {
            (same(parts.class, SMTPSVC) || same(parts.class, "SMTP"))
                && host.is(parts.host.trim_end_matches('.'))
                && *self != Spn::smtpsvc(host)
        })
    }
}

fn port_number(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten().filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_case_is_ignored() {
        let host = HostName::parse("Mail.contoso.com").unwrap();
        let wanted = Spn::smtpsvc(&host);
        assert_eq!(Spn::held("SmtpSvc/MAIL.contoso.com"), wanted);
        for other in ["SMTP/mail.contoso.com", "SMTPSVC/mail.contoso.com:25", "SMTPSVC/mail.contoso.com."] {
            assert_ne!(Spn::held(other), wanted, "{other}");
            assert!(Spn::held(other).nearly_covers(&host), "{other}");
        }
        assert!(!Spn::held("smtpsvc/mail.contoso.com").nearly_covers(&host));
    }

    #[test]
    fn the_grammar_is_class_host_port_name() {
        for well_formed in ["SMTPSVC/x", "SMTPSVC/x:25", "SMTPSVC/x/y", "SMTPSVC/x:25/y", "SMTPSVC/x."] {
            assert!(Spn::held(well_formed).parts().is_some(), "{well_formed}");
        }
        for malformed in [
            "SMTPSVC",
            "SMTPSVC/",
            "/x",
            "SMTPSVC/x/",
            "SMTPSVC/x/y/z",
            "SMTPSVC/x:",
            "SMTPSVC/:25",
            "SMTPSVC/x:smtp",
            "SMTPSVC/x:0",
            "SMTPSVC/x:70000",
            "SMTPSVC/x y",
            "SMTPSVC:25/x",
            "SMTPSVC/x\u{1b}",
            "SMTPSVC/x:+25",
        ] {
            assert!(Spn::held(malformed).parts().is_none(), "{malformed}");
        }
    }

    #[test]
    fn smtpsvc_values_are_known_even_when_malformed() {
        for value in ["SMTPSVC", "smtpsvc\\mail", "SmtpSvc/x y", "SMTPSVC:25"] {
            assert!(Spn::held(value).is_smtpsvc(), "{value}");
        }
        for value in ["SMTP/x", "SMTPSVC2/x", "HOST/smtpsvc"] {
            assert!(!Spn::held(value).is_smtpsvc(), "{value}");
        }
    }
}
