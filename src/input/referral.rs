//! Where a server refers to for more.

use crate::directory::dn::Dn;
use crate::directory::host::HostName;

/// The object that an LDAP URL names: `ldap://host/DN?…`, percent-encoded.
#[must_use]
pub fn target(url: &str) -> Option<Dn> {
    let path = url.split_once("://")?.1.split_once('/')?.1;
    let path = path.split('?').next()?;
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail.split_first_chunk::<2>()) {
            (b'%', Some((digits, tail))) => {
                bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
                rest = tail;
            }
            (b'%', None) => return None,
            (other, _) => bytes.push(*other),
        }
    }
    Dn::parse(std::str::from_utf8(&bytes).ok()?).ok().filter(|dn| !dn.is_root())
}

/// The domain that an LDAP URL names by its host alone, as Active Directory refers to one.
#[must_use]
pub fn domain(url: &str) -> Option<Dn> {
    let host = url.split_once("://")?.1.split(['/', '?', ':']).next()?;
    let host = HostName::parse(host).ok()?;
    Dn::parse(&format!("DC={}", host.as_str().replace('.', ",DC="))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_of_a_referral_is_read() {
        let dn = |url| target(url).map(|dn| dn.key().to_owned());
        assert_eq!(
            dn("ldap://contoso.com/CN=Configuration,DC=contoso,DC=com").as_deref(),
            Some("cn=configuration,dc=contoso,dc=com")
        );
        assert_eq!(dn("ldap://a/CN=x%20y,DC=com??sub").as_deref(), Some("cn=x y,dc=com"));
        for url in ["ldap://a", "ldap://a/", "x", "ldap://a/CN=%f", "ldap://a/CN=%zz", "ldap://a/nonsense"] {
            assert_eq!(dn(url), None, "{url}");
        }
    }
}
