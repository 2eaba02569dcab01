//! What the witnesses are asked: worked out from a judgement, before anybody is.

use crate::directory::endpoint::{Endpoint, Kind};
use crate::directory::testimony::{OfEndpoint, Questions, Witness};
use crate::directory::text::fold;
use crate::judge::Judgement;
use crate::judge::requirements::Judged;

/// What there is to ask these witnesses: of every required name, its holders and its server's account, and of every endpoint.
#[must_use]
pub fn questions(judgement: &Judgement<'_>, witnesses: impl IntoIterator<Item = Witness>) -> Questions {
    let facts = &judgement.facts;
    let mut questions = Questions { witnesses: witnesses.into_iter().collect(), ..Questions::default() };
    for (judged, requirement) in facts.requirements() {
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
    questions.endpoints = facts.movers().flat_map(endpoints).collect();
    questions
}

/// The endpoints of a server that can be asked: those that offer Kerberos, at the first address they listen on.
fn endpoints<'a>(judged: &'a Judged<'_>) -> impl Iterator<Item = OfEndpoint> + use<'a> {
    let fqdn = judged.fqdn.as_ref().map(ToString::to_string);
    judged.server.kerberos_endpoints().filter_map(move |endpoint| {
        let (host, port) = place(endpoint);
        Some(OfEndpoint { endpoint: endpoint.dn.to_string(), host: host.or_else(|| fqdn.clone())?, port })
    })
}

/// Where an endpoint listens: an address of its own, if it has one, and a port.
fn place(endpoint: &Endpoint) -> (Option<String>, u16) {
    const SMTP: u16 = 25;
    if matches!(endpoint.kind, Kind::VirtualServer { .. }) {
        return (None, SMTP);
    }
    let parsed = |binding: &String| {
        let (host, port) = binding.rsplit_once(':')?;
        Some((host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?))
    };
    let any = |host: &str| {
        matches!(host, "" | "0.0.0.0" | "::" | "0:0:0:0:0:0:0:0" | "0000:0000:0000:0000:0000:0000:0.0.0.0")
    };
    let found = endpoint.bindings.iter().find_map(parsed);
    let (host, port) = found.unwrap_or((String::new(), SMTP));
    (Some(host).filter(|host| !any(host)), port)
}
