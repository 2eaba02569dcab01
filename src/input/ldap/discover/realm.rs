//! The Kerberos realm of whoever asks: of the ticket at hand, else the default one of `krb5.conf`.

use crate::input::kerberos::{self, Config};

/// The realm, where it is a domain too, as all of Active Directory's are. The one that Debian's package ships with is nobody's.
pub(super) fn of_kerberos() -> Option<String> {
    let config = Config::of_machine();
    let is_domain = |realm: &String| realm.contains('.') && realm != "ATHENA.MIT.EDU";
    kerberos::realm(&config).filter(is_domain).or(config.default_realm.filter(is_domain))
}
