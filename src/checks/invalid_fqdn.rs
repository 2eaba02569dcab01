//! An endpoint that announces what is no host name.

use super::Check;
use super::manual::Manual;
use crate::finding::{Finding, Severity};
use crate::model::host::HostName;
use crate::model::text::{quoted, shown};
use crate::remedy::Remedy;
use crate::requirements::{Judged, Requirements};

pub(super) const CHECK: Check = Check {
    code: "invalid-fqdn",
    manual: Manual {
        title: "an endpoint announces what is no host name",
        why: "No SPN can be made of this name, so Kerberos to the endpoint cannot work.",
        checked: "The FQDN of an endpoint that can use Kerberos is not a DNS host name: letters, digits, hyphens and underscores in labels of 1 to 63, at most 253 characters, no dot at the end, not an IP address.",
        breaks: "The sending server asks for SMTPSVC/<the text announced>, which no account can properly hold; an address or a name with a trailing dot is another name to the domain controller than the one you mean.",
        cure: "Correct the FQDN: Set-ReceiveConnector -Fqdn, or on Exchange 2003 the virtual server's properties, Delivery, Advanced. Empty means the server's own FQDN, which is what most connectors want.",
        right: "Organization Management in Exchange.",
        doubt: "Names outside ASCII are refused although some DNS servers accept them: Exchange does not.",
        symptoms: &[
            "0x80090303 SEC_E_TARGET_UNKNOWN",
            "the SMTP banner or EHLO reply of the server shows an odd name",
            "queue: 454 4.7.0 Temporary authentication failure",
            "events 1706 and 7004 MSExchangeTransport",
        ],
        sources: &[
            "Microsoft Learn: Set-ReceiveConnector, parameter Fqdn",
            "Microsoft Learn: Naming conventions in Active Directory for computers, domains, sites, and OUs",
        ],
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    requirements.servers.iter().filter_map(finding).collect()
}

fn finding(judged: &Judged<'_>) -> Option<Finding> {
    let describe = |(endpoint, name): (&crate::model::exchange::Endpoint, &str)| {
        let reason = HostName::parse(name).err().map(|error| error.to_string()).unwrap_or_default();
        format!("endpoint {} announces {}, which is no host name: {reason}", shown(&endpoint.name), quoted(name))
    };
    let described: Vec<_> = judged.invalid_endpoints().map(describe).collect();
    if described.is_empty() {
        return None;
    }
    let advice = "Correct the endpoint's FQDN, or clear it so that the server's own is used; then check again.";
    let finding = Finding::new(CHECK.code, Severity::Error, described.join("; "), Remedy::decide(advice));
    Some(finding.server(judged).endpoints(judged.invalid_endpoints().map(|(endpoint, _)| endpoint)))
}
