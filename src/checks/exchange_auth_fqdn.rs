//! A receive connector with Exchange Server authentication and a foreign FQDN.

use super::Check;
use super::manual::Manual;
use crate::finding::{Finding, Severity};
use crate::model::exchange::{Endpoint, Kind};
use crate::model::text::shown;
use crate::remedy::Remedy;
use crate::requirements::{Judged, Requirement, Requirements};

pub(super) const CHECK: Check = Check {
    code: "exchange-auth-fqdn",
    manual: Manual {
        title: "a connector for Exchange servers announces a foreign name",
        why: "Exchange servers that deliver to this connector ask for a ticket to a name that is not the server's; Exchange does not support that.",
        checked: "An enabled receive connector whose AuthMechanism has ExchangeServer has an FQDN that is neither the server's FQDN nor its NetBIOS name. Exchange's own cmdlets refuse that combination.",
        breaks: "Servers of the organisation authenticate to this connector with Kerberos, for the name it announces. Transport registers only the machine's own names, so the SPN depends on somebody having added it by hand.",
        cure: "Set the FQDN back: empty, the server's FQDN or its NetBIOS name (Set-ReceiveConnector -Fqdn). If outsiders need to see another name, use a connector of its own for them, without ExchangeServer; the certificate may carry the other name in any case.",
        right: "Organization Management in Exchange.",
        doubt: "If the SPN is registered on the server's account the connector works as it is; it will be refused the next time somebody changes it with a cmdlet.",
        symptoms: &[
            "Set-ReceiveConnector: when the AuthMechanism parameter is set to ExchangeServer, the FQDN must be the server's FQDN, its NetBIOS name, or empty",
            "event 1035 MSExchangeTransport: inbound authentication failed",
            "queue: 454 4.7.0 Temporary authentication failure",
        ],
        sources: &["Microsoft Learn: Set-ReceiveConnector, parameters AuthMechanism and Fqdn", "Microsoft KB 979174"],
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    requirements.iter().filter_map(|(judged, requirement)| finding(judged, requirement)).collect()
}

fn finding(judged: &Judged<'_>, requirement: &Requirement<'_>) -> Option<Finding> {
    if judged.server.names.include(requirement.spn.target()) {
        return None;
    }
    let is_for_servers = |endpoint: &&Endpoint| {
        matches!(endpoint.kind, Kind::ReceiveConnector { .. }) && endpoint.kind.serves_exchange()
    };
    let mut connectors = requirement.needed_by.iter().copied().filter(is_for_servers).peekable();
    connectors.peek()?;
    let name = shown(requirement.spn.target());
    let message =
        format!("a connector with Exchange Server authentication announces {name}, which is no name of its server");
    let own = judged.server.names.fqdn().map_or_else(String::new, |fqdn| format!(" ({fqdn})"));
    let advice = format!(
        "Set the connector's FQDN back to the server's own{own} instead of adding an SPN; let outsiders use another connector, without ExchangeServer, if they have to see {name}."
    );
    let finding = Finding::new(CHECK.code, Severity::Warning, message, Remedy::decide(advice));
    Some(finding.server(judged).endpoints(connectors).spn(&requirement.spn, requirement.holders.iter().copied()))
}
