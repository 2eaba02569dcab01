//! An endpoint announces a name that no account holds.

use super::Check;
use super::manual::{FAILED_AUTHENTICATION, Manual, SMTP_KERBEROS, WRITE_SPN};
use crate::finding::{Finding, Severity};
use crate::model::exchange::Kind;
use crate::model::text::{listed, shown};
use crate::remedy::Remedy;
use crate::requirements::{Judged, Requirement, Requirements, Status};

pub(super) const CHECK: Check = Check {
    code: "missing-spn",
    manual: Manual {
        title: "an endpoint's SPN is held by nobody",
        why: "Nobody gets a Kerberos ticket for this endpoint: Exchange servers cannot authenticate to it and their mail queues, other clients fall back to NTLM.",
        checked: "Every SMTP virtual server, and every enabled receive connector with Integrated or Exchange Server authentication, \
announces an FQDN: the one configured, or its server's. The finding says that no object of the directory holds SMTPSVC/<that FQDN> in its servicePrincipalName. \
HOST/<FQDN> does not stand in for it, unless sPNMappings in the directory was changed to say so; nor does SMTP/<FQDN>, a port, or a trailing dot: such near misses are named. \
It is a warning instead of an error where every endpoint concerned offers Integrated but not Exchange Server authentication, as those mostly fall back to NTLM.",
        breaks: "The sending server asks the domain controller for a ticket to SMTPSVC/<the FQDN the receiver announces>. No account holds the name, so there is no ticket. \
Negotiate then falls back to NTLM; servers that insist on Kerberos fail, and on one machine with several virtual servers Windows' loopback check refuses NTLM too.",
        cure: "Add the SPN to the server's own account with the printed command, on any machine with setspn. Domain controllers learn of it by replication; clients may cache the failure for some minutes. \
Restarting the transport service restores only the machine's own names, never a custom FQDN. \
For a receive connector with Exchange Server authentication it is usually better to set its FQDN back to the server's own: see exchange-auth-fqdn.",
        right: WRITE_SPN,
        doubt: "If the connector is reached only by clients that never use Kerberos, nothing is broken today. A name that was registered minutes ago may not have replicated to the domain controller that was read.",
        symptoms: FAILED_AUTHENTICATION,
        sources: SMTP_KERBEROS,
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    let missing = |(_, requirement): &(_, &Requirement<'_>)| {
        requirement.status == Status::Missing && !requirement.needed_by.is_empty()
    };
    requirements.iter().filter(missing).map(|(judged, requirement)| finding(judged, requirement)).collect()
}

fn finding(judged: &Judged<'_>, requirement: &Requirement<'_>) -> Finding {
    let falls_back = requirement.needed_by.iter().all(|endpoint| !endpoint.kind.serves_exchange());
    let severity = if falls_back { Severity::Warning } else { Severity::Error };
    let message = format!("no account holds {}{}", shown(requirement.spn.as_str()), instead(requirement));
    let remedy = Remedy::only_holder(judged, requirement, advice(judged, requirement));
    Finding::new(CHECK.code, severity, message, remedy)
        .server(judged)
        .endpoints(requirement.needed_by.iter().copied())
        .spn(&requirement.spn, [])
}

/// What the account holds in its place, if anything.
fn instead(requirement: &Requirement<'_>) -> String {
    if requirement.near_misses.is_empty() {
        return String::new();
    }
    let held = listed(requirement.near_misses.iter().map(|spn| spn.as_str()), ", ");
    format!("; the server's account holds {held}, which is another name")
}

fn advice(judged: &Judged<'_>, requirement: &Requirement<'_>) -> String {
    let own = judged.server.names.include(requirement.spn.target());
    let on_connector = |security| {
        requirement.needed_by.iter().any(|endpoint| {
            matches!(endpoint.kind, Kind::ReceiveConnector { .. }) && endpoint.kind.serves_exchange() == security
        })
    };
    if own {
        "This is the machine's own name: restarting the Exchange transport service registers it too, if the computer may write its own names.".to_owned()
    } else if on_connector(true) {
        "The connector has Exchange Server authentication and an FQDN that is not the server's: prefer to set the FQDN back (see exchange-auth-fqdn). \
Add the SPN only if the name has to stay, and only if no other server answers to it.".to_owned()
    } else {
        "Add it only if no other machine answers to this name; if one does, the name cannot belong to both.".to_owned()
    }
}
