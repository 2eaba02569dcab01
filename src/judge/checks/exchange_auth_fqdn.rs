//! A receive connector with Exchange Server authentication that announces a name of its own.

use super::Check;
use super::manual::{Manual, ORGANIZATION_MANAGEMENT};
use crate::directory::endpoint::{Endpoint, Kerberos};
use crate::directory::text::listed;
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::{self, Remedy};
use crate::judge::requirements::{Judged, Requirement, Status};
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "exchange-auth-fqdn",
    manual: Manual {
        title: "a connector with Exchange Server authentication does not announce its server's name",
        checked: "The AuthMechanism of an enabled receive connector includes ExchangeServer, but the connector's FQDN is neither the FQDN nor the NetBIOS name of its server. Exchange's own cmdlets refuse this combination. It is a warning if the server's account holds the SPN of that name, and otherwise an error. This finding replaces missing-spn and misplaced-spn for that name.",
        impact: "Exchange servers that deliver to this connector ask for a ticket for the announced name, and cannot fall back to NTLM. The transport service registers only the computer's own names, so the SPN exists only if it was added by hand.",
        fix: "Set the FQDN back to the server's own (Set-ReceiveConnector -Fqdn). If external senders must see another name, create a separate connector for them without ExchangeServer. The certificate may contain the other name in any case. While the connector has ExchangeServer, Exchange refuses to set the other name again, so the undo fails.",
        permissions: ORGANIZATION_MANAGEMENT,
        false_positives: "If the SPN is registered on the server's account, the connector works as it is. Exchange refuses the FQDN the next time it is set with a cmdlet.",
        sources: &[
            "Microsoft Learn: Set-ReceiveConnector, parameters AuthMechanism and Fqdn",
            "Microsoft KB 979174: 454 4.7.0 Temporary authentication failure in the queues of Exchange",
        ],
    },
    run,
};

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let concerned = facts.requirements().filter(|(judged, requirement)| speaks_for(judged, requirement));
    found.extend(concerned.map(|(judged, requirement)| finding(facts, judged, requirement)));
}

/// Whether this finding says what is wrong with a name of a server: it takes the place of missing-spn and misplaced-spn.
pub(super) fn speaks_for(judged: &Judged<'_>, requirement: &Requirement<'_>) -> bool {
    // What the server is called has to be known before.
    judged.fqdn.is_some()
        && !matches!(requirement.status, Status::Foreign | Status::Shared)
        && !judged.is_called(&requirement.name)
        && connectors(requirement).next().is_some()
}

fn connectors<'a>(requirement: &Requirement<'a>) -> impl Iterator<Item = &'a Endpoint> {
    let is_for_servers = |endpoint: &&Endpoint| matches!(endpoint.kerberos, Ok(Kerberos::ExchangeServer { .. }));
    requirement.needs.announced_by.iter().copied().filter(is_for_servers)
}

fn finding(facts: &Facts<'_>, judged: &Judged<'_>, requirement: &Requirement<'_>) -> Finding {
    let name = &requirement.name;
    let (severity, why) = why(requirement);
    let (connectors_named, held) = (names(requirement), held(requirement));
    let message = format!(
        "the FQDN of {connectors_named} is {name}, which is not a name of its server, and Exchange Server authentication is on{held}"
    );
    let concerned: Vec<_> = requirement.needs.announced_by.iter().map(|endpoint| (judged, *endpoint)).collect();
    Finding::new(CHECK.code, severity, message, why)
        .server(judged)
        .endpoints(judged, connectors(requirement))
        .spn(&requirement.spn, requirement.holders.iter().copied())
        .evidence([format!("{connectors_named}{held}")])
        .remedy(remedy::announce_own_name(&concerned).unwrap_or_else(by_hand))
        .remedy(keep(facts, judged, requirement))
}

fn why(requirement: &Requirement<'_>) -> (Severity, &'static str) {
    let may_fall_back =
        |connector: &Endpoint| matches!(connector.kerberos, Ok(Kerberos::ExchangeServer { may_fall_back: true }));
    if requirement.status == Status::Registered {
        (
            Severity::Warning,
            "This works because the SPN was registered by hand. Exchange does not support it, and refuses the FQDN the next time it is set with a cmdlet.",
        )
    } else if connectors(requirement).all(may_fall_back) {
        (
            Severity::Error,
            "Exchange servers that deliver to this connector ask for a ticket for this name, and probably fall back to NTLM without one. Exchange does not support the name.",
        )
    } else {
        (
            Severity::Error,
            "Exchange servers that deliver to this connector ask for a ticket for this name and cannot fall back to NTLM, so mail queues with 454 4.7.0.",
        )
    }
}

fn names(requirement: &Requirement<'_>) -> String {
    let names = listed(connectors(requirement).map(|endpoint| endpoint.name.as_str()), " and ");
    let plural = if connectors(requirement).nth(1).is_some() { "s" } else { "" };
    format!("receive connector{plural} {names}")
}

fn held(requirement: &Requirement<'_>) -> String {
    match requirement.status {
        Status::Missing => "; no account holds its SPN".to_owned(),
        Status::Misplaced => {
            let holders = listed(requirement.holders.iter().map(|holder| holder.dn.as_str()), " and ");
            format!("; its SPN is on {holders}")
        }
        _ => String::new(),
    }
}

fn by_hand() -> Remedy {
    Remedy::decide(
        "Announce the server's own name",
        "Set the FQDN of the connector to the FQDN of its server once that is known.",
    )
}

/// The second choice: the name stays, and the server's account gets its SPN.
fn keep(facts: &Facts<'_>, judged: &Judged<'_>, requirement: &Requirement<'_>) -> Option<Remedy> {
    if !matches!(requirement.status, Status::Missing | Status::Misplaced) || facts.owners.has_any(&requirement.name) {
        return None;
    }
    let remedy = remedy::only_holder(facts, judged, requirement)?;
    let only_if = "Do this only if the name must stay, which Exchange does not support.".to_owned();
    let confirm = remedy.confirm.iter().fold(only_if, |all, more| format!("{all} {more}"));
    Some(remedy.confirm(confirm))
}
