//! What the bytes of a value are, told quickly: most matter to nobody.

use crate::directory::schema;
use crate::directory::server;
use crate::directory::spn::{SMTPSVC, Spn};

/// What a service principal name of a machine begins with.
pub(super) const HOST: &str = "HOST/";

/// Whether a value is meant for the SMTP service, as [`Spn::is_smtpsvc`] says of it; most are not, by their first letters.
pub(super) fn is_smtpsvc(value: &[u8]) -> bool {
    let is_odd = value.first().is_some_and(|first| !first.is_ascii_graphic());
    (is_odd || begins_like(value, SMTPSVC)) && Spn::held(&String::from_utf8_lossy(value)).is_smtpsvc()
}

/// Whether this is the category of Exchange servers; most are told by the first letter that is another one.
pub(super) fn is_server_category(value: &[u8]) -> bool {
    let name = value.get(3..).filter(|_| begins_like(value, "CN=")).unwrap_or_default();
    let expected = schema::EXCHANGE_SERVER_CATEGORY.bytes();
    let differing = name.iter().zip(expected).find(|(byte, expected)| !byte.eq_ignore_ascii_case(expected));
    let is_other = differing.is_some_and(|(byte, _)| byte.is_ascii_alphanumeric());
    !is_other && server::is_category(&String::from_utf8_lossy(value))
}

/// The name in `HOST/name`.
pub(super) fn after_host(value: &[u8]) -> Option<&[u8]> {
    value.get(HOST.len()..).filter(|_| begins_like(value, HOST))
}

/// Whether a value is this text, whatever its case. Most differ in length or in the first letter, which is faster told than the whole.
#[inline]
pub(super) fn is_like(value: &[u8], text: &str) -> bool {
    let text = text.as_bytes();
    let begins_alike = || value.first().map(u8::to_ascii_lowercase) == text.first().map(u8::to_ascii_lowercase);
    value.len() == text.len() && begins_alike() && value.eq_ignore_ascii_case(text)
}

pub(super) fn begins_like(value: &[u8], start: &str) -> bool {
    value.get(..start.len()).is_some_and(|begin| is_like(begin, start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_told_from_its_bytes_as_from_its_name() {
        const NAME: &str = schema::EXCHANGE_SERVER_CATEGORY;
        let lower = NAME.to_lowercase();
        for value in [
            format!("CN={NAME},CN=Schema,DC=com"),
            format!("cn={lower},cn=schema"),
            format!("CN=\\6d{}", &NAME[1..]),
            format!("CN={}\\2dServer", NAME.strip_suffix("-Server").unwrap()),
            format!("CN=\"{NAME}\",DC=com"),
            format!(" CN = {NAME} ,DC=com"),
            format!("OU={NAME},DC=com"),
            format!("<GUID=ab>;CN={NAME},DC=com"),
        ] {
            assert!(server::is_category(&value) && is_server_category(value.as_bytes()), "{value}");
        }
        for value in
            ["", "CN=", "CN=Person,CN=Schema,DC=com", &format!("CN={NAME}2"), &NAME[1..], &format!("CN=x{NAME}")]
        {
            assert!(!server::is_category(value) && !is_server_category(value.as_bytes()), "{value}");
        }
    }
}
