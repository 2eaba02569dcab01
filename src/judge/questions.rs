//! What the witnesses are asked: worked out from a judgement, before anybody is.

use std::net::IpAddr;

use crate::directory::endpoint::Endpoint;
use crate::directory::testimony::{OfEndpoint, Questions, Witness};
use crate::directory::text::fold;
use crate::judge::Judgement;
use crate::judge::requirements::Judged;

/// What there is to ask these witnesses of some servers: of every required name, its holders and its server's account, and of every
/// endpoint.
#[must_use]
pub fn questions(
    judgement: &Judgement<'_>,
    witnesses: impl IntoIterator<Item = Witness>,
    is_meant: impl Fn(&Judged<'_>) -> bool,
) -> Questions {
    let facts = &judgement.facts;
    let mut questions = Questions::default();
    questions.witnesses.extend(witnesses);
    for (judged, requirement) in facts.requirements().filter(|(judged, _)| is_meant(judged)) {
        let of_name = || facts.directory.domains.of_host(&requirement.name);
        let of_holder = || requirement.holders.first().map(|holder| holder.domain.as_ref());
        let domain = judged.account().map(|account| account.domain.as_ref()).or_else(of_name).or_else(of_holder);
        let domain = domain.map(|domain| fold(&domain.dns));
        questions.ask(requirement.spn.as_str(), domain.as_deref());
        for account in judged.account().into_iter().chain(requirement.holders.iter().copied()) {
            let asked = questions.domains.entry(fold(&account.domain.dns)).or_default();
            asked.accounts.extend(account.sam_account_name.clone());
            asked.netbios.clone_from(&account.domain.netbios);
        }
    }
    questions.endpoints = facts.movers().filter(|judged| is_meant(judged)).flat_map(endpoints).collect();
    questions
}

/// The endpoints of a server that can be asked: those that offer Kerberos, and take connections from anywhere, at the first address they
/// listen on. Another that only some may connect to would not answer here, but the one beside it would.
fn endpoints<'a>(judged: &'a Judged<'_>) -> impl Iterator<Item = OfEndpoint> + use<'a> {
    let fqdn = judged.fqdn.as_ref().map(ToString::to_string);
    judged.server.kerberos_endpoints().filter(|endpoint| endpoint.takes_anybody()).filter_map(move |endpoint| {
        let (host, port) = place(endpoint);
        Some(OfEndpoint { endpoint: endpoint.dn.to_string(), host: host.or_else(|| fqdn.clone())?, port })
    })
}

/// Where an endpoint listens: an address of its own, if it has one, and a port. `10.1.0.11:25`, `[::]:25`; `:25:` of a virtual server.
fn place(endpoint: &Endpoint) -> (Option<String>, u16) {
    const SMTP: u16 = 25;
    let parsed = |binding: &String| {
        let (host, port) = binding.strip_suffix(':').unwrap_or(binding).rsplit_once(':')?;
        Some((host.trim_matches(['[', ']']).parse::<IpAddr>().ok(), port.parse().ok()?))
    };
    let (host, port) = endpoint.bindings.iter().find_map(parsed).unwrap_or((None, SMTP));
    (host.filter(|address| !address.is_unspecified()).map(|address| address.to_string()), port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Directory;
    use crate::directory::entry::{Reading, entry};
    use crate::directory::schema;

    #[test]
    fn an_endpoint_is_asked_where_its_bindings_say() {
        for (binding, expected) in [
            ("0.0.0.0:25", (None, 25)),
            ("[::]:587", (None, 587)),
            ("10.1.0.11:2525", (Some("10.1.0.11"), 2525)),
            ("[2001:db8::1]:25", (Some("2001:db8::1"), 25)),
            (":25:", (None, 25)),
            ("10.1.0.11:26:", (Some("10.1.0.11"), 26)),
            ("nonsense", (None, 25)),
        ] {
            let mut reading = Reading::default();
            reading.add(entry(
                "CN=EX01,CN=Servers,DC=com",
                &[
                    ("objectClass", schema::EXCHANGE_SERVER),
                    ("cn", "EX01"),
                    ("networkAddress", "ncacn_ip_tcp:ex01.com"),
                ],
            ));
            let connector = [("objectClass", schema::RECEIVE_CONNECTOR), ("msExchSmtpReceiveBindings", binding)];
            reading.add(entry("CN=a,CN=EX01,CN=Servers,DC=com", &connector));
            let directory = Directory::new(&reading);
            let (host, port) = place(&directory.servers[0].endpoints[0]);
            assert_eq!((host.as_deref(), port), expected, "{binding}");
        }
    }
}
