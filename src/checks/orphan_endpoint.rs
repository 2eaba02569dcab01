//! Endpoints without a server.

use std::collections::BTreeMap;

use super::Check;
use super::manual::Manual;
use crate::finding::{Finding, Severity};
use crate::model::exchange::Endpoint;
use crate::model::text::printable;
use crate::remedy::Remedy;
use crate::requirements::Requirements;

pub(super) const CHECK: Check = Check {
    code: "orphan-endpoint",
    manual: Manual {
        title: "an endpoint's server object is not in the data",
        why: "What this endpoint requires, and of which account, cannot be said.",
        checked: "A virtual server or receive connector has no Exchange server object above it in the tree.",
        breaks: "If the server exists but was not read, its SPNs were not checked. If it was removed by force, the endpoint is a leftover that Exchange's consoles may stumble over.",
        cure: "Read the whole of CN=Microsoft Exchange, with an account that may see it. If the server is really gone, remove the leftover object with ADSI Edit.",
        right: "To read: any member of the domain by default, or Exchange View-Only Administrators. To remove: Enterprise Admins or Organization Management.",
        doubt: "An export that was filtered by class may lack the server objects.",
        symptoms: &[
            "Get-ReceiveConnector warns of a corrupted object",
            "events 1706 and 7004 name a server that the report does not list",
        ],
        sources: &[
            "Microsoft Learn: Get-ReceiveConnector",
            "Microsoft Learn: Permissions in Exchange Server, View-Only Organization Management",
        ],
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    // CN=<endpoint>,CN=<container>,CN=Protocols,<server>: what is gone is three levels up.
    let mut by_server: BTreeMap<Option<&str>, Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in &requirements.directory.orphans {
        by_server.entry(endpoint.dn.lineage().nth(3)).or_default().push(endpoint);
    }
    by_server.into_values().map(|endpoints| finding(&endpoints)).collect()
}

fn finding(endpoints: &[&Endpoint]) -> Finding {
    let names: Vec<_> = endpoints.iter().map(|endpoint| printable(endpoint.dn.as_str())).collect();
    let message = format!("no Exchange server object was read above {}", names.join(" and "));
    let advice = "Find out whether the server still exists: then read the whole Exchange container; if not, remove the leftover object.";
    Finding::new(CHECK.code, Severity::Warning, message, Remedy::decide(advice)).endpoints(endpoints.iter().copied())
}
