//! The domain that this machine and its user belong to, as the environment tells.

use std::env;

use hickory_resolver::system_conf::read_system_conf;

use super::membership;
#[cfg(unix)]
use super::realm;
use crate::directory::host::HostName;
use crate::input::ldap::failure::Trouble;

/// The domain: the one this machine is a member of, else the user's, else the realm of the Kerberos ticket or of its
/// configuration, else the resolver's domain.
pub(crate) fn domain() -> Result<String, Trouble> {
    let domain = membership::domain().or_else(of_user).or_else(of_kerberos).or_else(of_resolver);
    domain.map(|domain| domain.to_ascii_lowercase()).ok_or_else(|| {
        Trouble::new(format!("the domain is not known: {UNKNOWN}"))
            .hint("name it with --domain, or a domain controller with --server")
    })
}

#[cfg(not(windows))]
const UNKNOWN: &str = "neither USERDNSDOMAIN nor a Kerberos realm nor the resolver's domain tells it";
#[cfg(windows)]
const UNKNOWN: &str =
    "this machine is a member of none, and neither USERDNSDOMAIN nor the machine's DNS suffix tells one";

/// What Windows says of whoever is logged on.
fn of_user() -> Option<String> {
    env::var("USERDNSDOMAIN").ok().filter(|domain| !domain.is_empty())
}

#[cfg(unix)]
fn of_kerberos() -> Option<String> {
    realm::of_kerberos()
}

/// Windows keeps its tickets references, and a krb5.conf on one of its drives is anybody's.
#[cfg(not(unix))]
fn of_kerberos() -> Option<String> {
    None
}

fn of_resolver() -> Option<String> {
    let (config, _) = read_system_conf().ok()?;
    let mut names = config.domain().into_iter().chain(config.search());
    names.find_map(|name| {
        let name = name.to_string();
        let name = name.trim_end_matches('.');
        (name.contains('.') && HostName::parse(name).is_ok()).then(|| name.to_owned())
    })
}
