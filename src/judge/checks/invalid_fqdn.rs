//! An endpoint that announces what is not a host name.

use super::Check;
use super::manual::{Manual, ORGANIZATION_MANAGEMENT};
use crate::directory::endpoint::{Announces, Endpoint};
use crate::directory::text::{clipped, quoted, shown};
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::Remedy;
use crate::judge::requirements::Judged;
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "invalid-fqdn",
    manual: Manual {
        title: "an endpoint announces an invalid host name",
        checked: "The FQDN of an endpoint that offers Kerberos is not a DNS host name. A host name consists of labels of 1 to 63 letters, digits, hyphens and underscores, has at most 253 characters, and does not end with a dot. IP addresses and localhost are not accepted.",
        impact: "A client or server that authenticates with Kerberos asks for SMTPSVC/<the announced text>, which no account can properly hold. To a domain controller, an IP address or a name with a trailing dot is not the name you mean.",
        fix: "Correct the FQDN: Set-ReceiveConnector -Fqdn, or on Exchange 2003 the properties of the virtual server, Delivery, Advanced. For most endpoints, the server's own FQDN is right.",
        permissions: ORGANIZATION_MANAGEMENT,
        false_positives: "Some DNS servers accept non-ASCII names. Exchange does not.",
        sources: &[
            "Microsoft Learn: Set-ReceiveConnector, parameter Fqdn",
            "Microsoft Learn: Naming conventions in Active Directory for computers, domains, sites, and OUs",
        ],
    },
    run,
};

const WHY: &str = "No SPN can be made from this text, so Kerberos cannot work on this endpoint.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    found.extend(facts.servers.iter().filter_map(finding));
}

fn finding(judged: &Judged<'_>) -> Option<Finding> {
    /// More are not told: nobody would read them.
    const MOST: usize = 20;
    let concerned: Vec<&Endpoint> =
        judged.server.kerberos_endpoints().filter(|endpoint| is_invalid(endpoint)).collect();
    let mut described: Vec<_> = concerned.iter().take(MOST).filter_map(|endpoint| describe(endpoint)).collect();
    if described.is_empty() {
        return None;
    }
    let more = concerned.len().saturating_sub(MOST);
    described.extend((more > 0).then(|| format!("{more} more do so as well")));
    let advice =
        "Set the endpoint's FQDN to its server's own, or to another host name of that server. Then check again.";
    Some(
        Finding::new(CHECK.code, Severity::Error, described.join("; "), WHY)
            .evidence(described)
            .server(judged)
            .endpoints(judged, concerned)
            .remedy(Remedy::decide("Correct the FQDN", advice)),
    )
}

fn is_invalid(endpoint: &Endpoint) -> bool {
    matches!(endpoint.announces, Announces::Invalid(..))
}

fn describe(endpoint: &Endpoint) -> Option<String> {
    let Announces::Invalid(text, reason) = &endpoint.announces else { return None };
    Some(format!(
        "endpoint {} announces {}, which is not a host name: {reason}",
        shown(&endpoint.name),
        quoted(&clipped(text, 300))
    ))
}
