//! The domain that this machine and its user belong to, as the environment tells.

use std::env;

use hickory_resolver::system_conf::read_system_conf;

use super::realm;
use crate::input::ldap::failure::Trouble;
use crate::model::host::HostName;

/// The domain: what Windows says, else the realm of the Kerberos ticket or of its configuration, else the resolver's domain.
pub(crate) fn domain() -> Result<String, Trouble> {
    let said = env::var("USERDNSDOMAIN").ok().filter(|domain| !domain.is_empty());
    let domain = said.or_else(realm::of_ticket).or_else(realm::of_configuration).or_else(of_resolver);
    domain.map(|domain| domain.to_ascii_lowercase()).ok_or_else(|| {
        Trouble::new(
            "the domain is not known: neither USERDNSDOMAIN nor a Kerberos realm nor the resolver's domain tells it",
        )
        .hint("name it with --domain, or a domain controller with --server")
    })
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
