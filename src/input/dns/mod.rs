//! DNS SRV: the hosts that offer a service, the one to try first first.

mod order;

use std::fmt::Display;

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
    let resolver =
        TokioResolver::builder_tokio().and_then(ResolverBuilder::build).map_err(|error| unanswered(&error))?;
    let answer = match resolver.srv_lookup(name).await {
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

/// The name behind a record; none if it is no host name, as with a target of `.`, which says that there is no such service.
fn host(target: &str) -> Option<String> {
    let target = target.trim_end_matches('.');
    HostName::parse(target).is_ok().then(|| target.to_owned())
}
