//! The Kerberos realm of whoever asks: of the ticket in the credential cache, else the default one of `krb5.conf`.
//!
//! Only the name is read; the ticket itself is the Kerberos library's business.

use std::path::PathBuf;
use std::{env, fs};

/// The realm of the principal that a credential cache in a file belongs to.
pub(super) fn of_ticket() -> Option<String> {
    let place = env::var("KRB5CCNAME").ok().filter(|name| !name.is_empty());
    let path = match place.as_deref() {
        Some(name) => PathBuf::from(name.strip_prefix("FILE:").or_else(|| (!name.contains(':')).then_some(name))?),
        None => default_cache()?,
    };
    of_cache(&fs::read(path).ok()?)
}

fn default_cache() -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let user = fs::metadata("/proc/self").ok()?.uid();
    Some(PathBuf::from(format!("/tmp/krb5cc_{user}")))
}

/// Reads the head of a cache file: version 4, with a header, or 3, then the principal's name type, part count and realm.
fn of_cache(bytes: &[u8]) -> Option<String> {
    let ([5, version], mut rest) = bytes.split_first_chunk::<2>()? else { return None };
    match version {
        3 => {}
        4 => {
            let (length, tail) = rest.split_first_chunk::<2>()?;
            rest = tail.get(usize::from(u16::from_be_bytes(*length))..)?;
        }
        _ => return None,
    }
    let (length, realm) = rest.get(8..)?.split_first_chunk::<4>()?;
    let realm = realm.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    realm_name(std::str::from_utf8(realm).ok()?)
}

/// `default_realm` of the configuration files.
pub(super) fn of_configuration() -> Option<String> {
    let files = env::var("KRB5_CONFIG").unwrap_or_else(|_| "/etc/krb5.conf".to_owned());
    files.split(':').find_map(|file| default_realm(&fs::read_to_string(file).ok()?))
}

fn default_realm(text: &str) -> Option<String> {
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.trim();
        } else if let Some((key, value)) = line.split_once('=')
            && section == "libdefaults"
            && key.trim() == "default_realm"
        {
            return realm_name(value.trim());
        }
    }
    None
}

/// A realm that is a domain too, as all of Active Directory's are. The one that Debian's package ships with is nobody's.
fn realm_name(realm: &str) -> Option<String> {
    (realm.contains('.') && realm != "ATHENA.MIT.EDU").then(|| realm.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_realm_is_read_from_the_head_of_a_credential_cache() {
        let principal = [&[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 11][..], b"CONTOSO.COM", &[0, 0, 0, 5], b"alice"].concat();
        let version4 = [&[5, 4, 0, 4, 0, 1, 0, 0][..], &principal].concat();
        let version3 = [&[5, 3][..], &principal].concat();
        for cache in [&version4, &version3] {
            assert_eq!(of_cache(cache).as_deref(), Some("CONTOSO.COM"));
            for end in 0..cache.len() - 9 {
                assert_eq!(of_cache(&cache[..end]), None);
            }
        }
        assert_eq!(of_cache(&[5, 1, 0, 0]), None);
    }

    #[test]
    fn the_default_realm_is_read_from_its_section_only() {
        let text = "[realms]\n default_realm = WRONG.COM\n[libdefaults]\n  default_realm = CONTOSO.COM\n";
        assert_eq!(default_realm(text).as_deref(), Some("CONTOSO.COM"));
        assert_eq!(default_realm("[libdefaults]\n default_realm = ATHENA.MIT.EDU\n"), None);
    }
}
