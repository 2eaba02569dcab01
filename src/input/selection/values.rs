//! What the bytes of a value are, told quickly: most matter to nobody.

use crate::directory::schema;
use crate::directory::server;
use crate::directory::spn::{SMTPSVC, Spn};
use crate::directory::text::fold;

/// What a service principal name of a machine begins with.
pub(super) const HOST: &str = "HOST/";

/// Whether a value is meant for the SMTP service, as [`Spn::is_smtpsvc`] says of it; most are not, by their first letters.
pub(super) fn is_smtpsvc(value: &[u8]) -> bool {
    let is_odd = value.first().is_some_and(|first| !first.is_ascii_graphic());
    (is_odd || begins_like(value, SMTPSVC)) && Spn::held(&String::from_utf8_lossy(value)).is_smtpsvc()
}

/// Whether this is the category of Exchange servers; most are told from the way they are written.
pub(super) fn is_server_category(value: &[u8]) -> bool {
    let is_plain = begins_like(value, "CN=")
        && value.get(3).is_some_and(u8::is_ascii_alphanumeric)
        && memchr::memchr2(b'\\', b'"', value).is_none();
    let name = value.get(3..).unwrap_or_default();
    let may_be = !is_plain || begins_like(name, schema::EXCHANGE_SERVER_CATEGORY);
    may_be && server::is_category(&String::from_utf8_lossy(value))
}

/// The name in `HOST/name`.
pub(super) fn after_host(value: &[u8]) -> Option<&[u8]> {
    value.get(HOST.len()..).filter(|_| begins_like(value, HOST))
}

pub(super) fn is_like(value: &[u8], text: &str) -> bool {
    value.eq_ignore_ascii_case(text.as_bytes())
}

pub(super) fn begins_like(value: &[u8], start: &str) -> bool {
    value.get(..start.len()).is_some_and(|begin| is_like(begin, start))
}

/// [`fold`] of what an entry takes a value's bytes for.
pub(super) fn folded<'a>(value: &[u8], scratch: &'a mut String) -> &'a str {
    scratch.clear();
    match std::str::from_utf8(value) {
        Ok(text) if text.is_ascii() => {
            scratch.push_str(text);
            scratch.make_ascii_lowercase();
        }
        _ => scratch.push_str(&fold(&String::from_utf8_lossy(value))),
    }
    scratch
}
