//! Where a domain's controllers and a forest's catalogs are: the domain from the environment, the servers from DNS.

mod environment;
mod membership;
#[cfg(unix)]
mod realm;

use std::time::Duration;

pub(super) use self::environment::domain;
use super::failure::{Failure, Trouble, within};
use crate::directory::host::HostName;
use crate::directory::text::printable;
use crate::input::dns;

/// The domain controllers of a domain, the one to try first first.
pub(super) async fn controllers(domain: &str, limit: Duration) -> Result<Vec<String>, Failure> {
    let below = format!("dc._msdcs.{}.", checked(domain)?);
    let found = within(limit, "the look-up of domain controllers in DNS", near_and_far("_ldap", &below)).await?;
    if found.is_empty() {
        let name = format!("_ldap._tcp.{below}");
        let hint = "check the domain's name (--domain) and which DNS server this machine asks, or name a controller with --server";
        return Err(Failure::Final(
            Trouble::new(format!("DNS knows no domain controller of {domain}: {name} has no SRV record")).hint(hint),
        ));
    }
    Ok(found)
}

/// The machines of a forest that have a global catalog.
pub(super) async fn catalogs(forest: &str, limit: Duration) -> Result<Vec<String>, Failure> {
    let below = format!("{}.", checked(forest)?);
    within(limit, "the look-up of the global catalog in DNS", near_and_far("_gc", &below)).await
}

/// Those of this machine's site first, then all others. A site without any, or one that is gone, does no harm.
async fn near_and_far(service: &str, below: &str) -> Result<Vec<String>, Failure> {
    let site = membership::site().filter(|site| HostName::parse(site).is_ok());
    let mut found = match site {
        Some(site) => dns::services(&format!("{service}._tcp.{site}._sites.{below}")).await.unwrap_or_default(),
        None => Vec::new(),
    };
    for host in dns::services(&format!("{service}._tcp.{below}")).await.map_err(Failure::Final)? {
        if !found.iter().any(|near| near.eq_ignore_ascii_case(&host)) {
            found.push(host);
        }
    }
    Ok(found)
}

fn checked(domain: &str) -> Result<&str, Failure> {
    let domain = domain.trim_end_matches('.');
    HostName::parse(domain).map_err(|error| {
        Failure::last(format!("{:?} is no domain: {error}", printable(domain)), "write its DNS name: contoso.com")
    })?;
    Ok(domain)
}
