//! Endpoints without a server.

use super::Check;
use super::manual::Manual;
use crate::finding::{Finding, Severity};
use crate::model::text::listed;
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
    let orphans = &requirements.directory.orphans;
    if orphans.is_empty() {
        return Vec::new();
    }
    let names = listed(orphans.iter().map(|endpoint| endpoint.dn.as_str()), " and ");
    let message = format!("no Exchange server object was read above {names}");
    let advice = "Find out whether the server still exists: then read the whole Exchange container; if not, remove the leftover object.";
    vec![Finding::new(CHECK.code, Severity::Warning, message, Remedy::decide(advice)).endpoints(orphans)]
}
