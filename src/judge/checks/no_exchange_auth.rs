//! A server that other Exchange servers cannot authenticate to, because it does not offer it.

use super::Check;
use super::manual::{Manual, ORGANIZATION_MANAGEMENT};
use crate::directory::endpoint::{Endpoint, Kerberos, Kind};
use crate::directory::text::{listed, shown};
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::Remedy;
use crate::judge::requirements::Judged;
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "no-exchange-auth",
    manual: Manual {
        title: "a server does not offer the authentication that other Exchange servers use",
        checked: "In an organization with more than one server that sends and receives mail, a server with Exchange 2007 or later has no enabled receive connector with ExchangeServer in its AuthMechanism, or a server with Exchange 2000 or 2003 has Integrated Windows Authentication turned off on its first virtual server, or on one that a connector names.",
        impact: "Other Exchange servers cannot authenticate to this one. Mail for it queues with 451 5.7.3 Cannot achieve Exchange Server authentication, or on Exchange 2003 with 504 Need to authenticate first.",
        fix: "Exchange 2007 and later: add ExchangeServer to the AuthMechanism of the receive connector that other Exchange servers connect to (Set-ReceiveConnector). Exchange 2003: in Exchange System Manager, open the properties of the virtual server, then Access, Authentication, and select Integrated Windows Authentication.",
        permissions: ORGANIZATION_MANAGEMENT,
        false_positives: "A server that receives no mail from other Exchange servers, such as one that only sends to the Internet, does not need it.",
        sources: &[
            "Microsoft KB 979175: 451 5.7.3 Cannot achieve Exchange Server authentication",
            "Microsoft KB 843106: 504 Need to authenticate first, with Integrated Windows Authentication off",
        ],
    },
    run,
};

const WHY: &str = "Other Exchange servers cannot authenticate to this server, so mail for it queues.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    if facts.movers().take(2).count() < 2 {
        return;
    }
    let movers = facts.movers().filter(|judged| !judged.server.endpoints.is_empty());
    found.extend(movers.filter_map(|judged| finding(facts, judged)));
}

fn finding(facts: &Facts<'_>, judged: &Judged<'_>) -> Option<Finding> {
    let server = judged.server;
    let (message, advice, concerned) = if server.has_virtual_servers() {
        let closed: Vec<&Endpoint> =
            server.endpoints.iter().filter(|endpoint| is_asked(facts, endpoint) && !is_integrated(endpoint)).collect();
        let names = listed(closed.iter().map(|endpoint| endpoint.name.as_str()), " and ");
        let advice = "In Exchange System Manager, open the properties of the virtual server, then Access, Authentication, and select Integrated Windows Authentication.";
        let plural = if closed.len() > 1 { "s" } else { "" };
        (format!("Integrated Windows Authentication is off on virtual server{plural} {names}"), advice, closed)
    } else {
        let offers =
            server.endpoints.iter().any(|endpoint| matches!(endpoint.kerberos, Ok(Kerberos::ExchangeServer { .. })));
        if offers {
            return None;
        }
        let advice = "Add ExchangeServer to the AuthMechanism of the receive connector that other Exchange servers connect to (Set-ReceiveConnector).";
        let all = server.endpoints.iter().collect();
        (
            format!(
                "no enabled receive connector of {} offers Exchange Server authentication",
                shown(&server.names.name)
            ),
            advice,
            all,
        )
    };
    (!concerned.is_empty()).then(|| {
        Finding::new(CHECK.code, Severity::Warning, &message, WHY)
            .evidence([message])
            .server(judged)
            .endpoints(judged, concerned)
            .remedy(Remedy::decide("Offer the authentication that Exchange servers use", advice))
    })
}

/// Whether other servers send to this virtual server: the first, or one that a connector names.
fn is_asked(facts: &Facts<'_>, endpoint: &Endpoint) -> bool {
    endpoint.is_first_virtual_server() || facts.directory.bridgeheads.contains(endpoint.dn.key())
}

fn is_integrated(endpoint: &Endpoint) -> bool {
    !matches!(endpoint.kind, Kind::VirtualServer { integrated: false, .. })
}
