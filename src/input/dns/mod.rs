//! DNS: the hosts that offer a service (SRV), the one to try first first; and the addresses of a host.

mod order;

use std::fmt::Display;
use std::io;
use std::net::{IpAddr, SocketAddr};

use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::{ResolverBuilder, TokioResolver};

use self::order::{Service, in_order};
use crate::directory::host::HostName;
use crate::directory::text::printable;
use crate::trouble::Trouble;

/// The hosts behind a name such as `_ldap._tcp.contoso.com.`; none if it has no such record.
pub(crate) async fn services(name: &str) -> Result<Vec<String>, Trouble> {
    const HINT: &str = "check which DNS server this machine asks, or name a domain controller with --server";
    let unanswered = |error: &dyn Display| {
        let what = format!("DNS does not answer for {name}: {}", printable(&error.to_string()));
        Trouble::new(what).hint(HINT)
    };
    let answer = match resolver().map_err(|error| unanswered(&error))?.srv_lookup(name).await {
        Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
        answer => answer.map_err(|error| unanswered(&error))?,
    };
    let services = answer.answers().iter().filter_map(|record| match &record.data {
        RData::SRV(srv) => {
            Some(Service { priority: srv.priority, weight: srv.weight, host: host(&srv.target.to_string())? })
        }
        _ => None,
    });
    Ok(in_order(services.collect(), order::chance))
}

/// The addresses of a host, as the system finds them: in DNS, its hosts file and whatever else it asks.
pub(crate) async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if cfg!(all(unix, target_env = "gnu", target_feature = "crt-static")) {
        return addresses_of_static(host, port).await;
    }
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

/// The same where glibc is part of the program: it would load modules of the glibc that is installed, which may be another one. So only
/// DNS and the hosts file are asked.
async fn addresses_of_static(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    // A name with a dot is whole, as for the system's own resolver.
    let name = if host.contains('.') && !host.ends_with('.') { format!("{host}.") } else { host.to_owned() };
    let found = resolver()
        .map_err(io::Error::other)?
        .lookup_ip(name)
        .await
        .map_err(|error| io::Error::other(printable(&error.to_string())))?;
    Ok(found.iter().map(|address| SocketAddr::new(address, port)).collect())
}

/// Asks as this machine is set up to.
fn resolver() -> Result<TokioResolver, NetError> {
    TokioResolver::builder_tokio().and_then(ResolverBuilder::build)
}

/// The name behind a record; none if it is no host name, as with a target of `.`, which says that there is no such service.
fn host(target: &str) -> Option<String> {
    let target = target.trim_end_matches('.');
    HostName::parse(target).is_ok().then(|| target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_static_program_finds_addresses_as_the_system_does() {
        for host in ["127.0.0.1", "::1", "localhost"] {
            let found = addresses_of_static(host, 389).await.unwrap();
            let expected = addresses(host, 389).await.unwrap();
            assert!(expected.iter().all(|address| found.contains(address)), "{host}: {found:?} {expected:?}");
        }
        assert!(addresses_of_static("no-such-host.invalid", 389).await.is_err());
    }
}
