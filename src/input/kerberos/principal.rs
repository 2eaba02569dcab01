//! Names of Kerberos: `alice@CONTOSO.COM`, `SMTPSVC/ex01.contoso.com@CONTOSO.COM`.

use std::fmt;

use super::der::{Fields, GENERAL_STRING, integer, list, number, strings};
use crate::directory::text::printable;
use crate::input::ber::{Malformed, SEQUENCE, element};

pub(crate) const NT_PRINCIPAL: i32 = 1;
/// A service: class and instance.
pub(crate) const NT_SRV_INST: i32 = 2;
/// A user by a name with a suffix, such as a `userPrincipalName`.
pub(crate) const NT_ENTERPRISE: i32 = 10;

/// A name within a realm. Its parts are bytes: servers write UTF-8 where the RFC says ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) kind: i32,
    pub(crate) parts: Vec<Vec<u8>>,
    pub(crate) realm: Vec<u8>,
}

impl Principal {
    pub(crate) fn user(name: &str, realm: &str) -> Self {
        Self { kind: NT_PRINCIPAL, parts: vec![name.as_bytes().to_vec()], realm: realm.as_bytes().to_vec() }
    }

    /// A service of a realm, from a name such as `ldap/dc1.contoso.com`.
    pub(crate) fn service(name: &str, realm: &[u8]) -> Self {
        let parts = name.split('/').map(|part| part.as_bytes().to_vec()).collect();
        Self { kind: NT_SRV_INST, parts, realm: realm.to_vec() }
    }

    /// The service of a realm that issues tickets of another, or of itself.
    pub(crate) fn tickets_of(other: &[u8], realm: &[u8]) -> Self {
        Self { kind: NT_SRV_INST, parts: vec![b"krbtgt".to_vec(), other.to_vec()], realm: realm.to_vec() }
    }

    /// The realm whose tickets this service issues; none if it is another service.
    pub(crate) fn issues_tickets_of(&self) -> Option<&[u8]> {
        match self.parts.as_slice() {
            [service, realm] if service == b"krbtgt" => Some(realm),
            _ => None,
        }
    }

    /// Whether it is called the same, as Active Directory compares: without regard to case.
    pub(crate) fn is_called_like(&self, other: &Self) -> bool {
        self.parts.len() == other.parts.len()
            && self.parts.iter().zip(&other.parts).all(|(one, other)| one.eq_ignore_ascii_case(other))
    }

    /// `PrincipalName` (RFC 4120, section 5.2.2), without the realm.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        let parts: Vec<Vec<u8>> = self.parts.iter().map(|part| element(GENERAL_STRING, &[part])).collect();
        list(&[(0, integer(self.kind)), (1, element(SEQUENCE, &[&parts.concat()]))])
    }

    /// Reads a `PrincipalName` and its realm.
    pub(crate) fn parse(name: &[u8], realm: &[u8]) -> Result<Self, Malformed> {
        /// Far more parts than any name has.
        const MOST: usize = 16;
        let fields = Fields::of(name)?;
        let parts = strings(fields.get(1)?)?;
        if parts.len() > MOST {
            return Err(Malformed);
        }
        Ok(Self { kind: number(fields.get(0)?)?, parts, realm: realm.to_vec() })
    }

    /// The realm without what would act on a terminal.
    pub(crate) fn shown_realm(&self) -> String {
        printable(&String::from_utf8_lossy(&self.realm))
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.parts.iter().map(|part| printable(&String::from_utf8_lossy(part))).collect();
        write!(f, "{}@{}", parts.join("/"), self.shown_realm())
    }
}
