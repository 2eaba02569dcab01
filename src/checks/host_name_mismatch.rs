//! A computer that gives itself another name than Exchange gives it.

use super::Check;
use super::manual::Manual;
use crate::finding::{Finding, Severity};
use crate::model::text::shown;
use crate::remedy::Remedy;
use crate::requirements::{Judged, Requirements};

pub(super) const CHECK: Check = Check {
    code: "host-name-mismatch",
    manual: Manual {
        title: "a server's account has another FQDN than Exchange knows",
        why: "The machine registers SPNs for the name it believes to have, while Exchange announces another.",
        checked: "dNSHostName of the server's computer account is not the FQDN in networkAddress of the Exchange server object: the machine, or its DNS suffix, was probably renamed.",
        breaks: "Netlogon and Exchange register HOST and SMTPSVC names from what the machine is called now; senders ask for the name that Exchange's configuration has.",
        cure: "Exchange does not support renaming a server. Give the machine its old name and primary DNS suffix back; if that cannot be, move the mailboxes and remove the server.",
        right: "Local administrator on the server, and write access to the computer object.",
        doubt: "A disjoint namespace, in which the DNS suffix is not the domain's, is supported: then the two should still agree with each other. After a change, replication may lag.",
        symptoms: &[
            "event 5789 or 5788 NETLOGON: the DnsHostName or service principal names could not be updated",
            "event 12011 MSExchangeTransport",
            "events 1706 and 7004 MSExchangeTransport",
        ],
        sources: &["Microsoft Learn: Disjoint namespace scenarios in Exchange", "Microsoft KB 979174"],
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    requirements.servers.iter().filter_map(finding).collect()
}

fn finding(judged: &Judged<'_>) -> Option<Finding> {
    let account = judged.account.one()?;
    let claimed = account.dns_host_name.as_deref()?;
    let fqdn = judged.server.names.fqdn()?;
    if judged.server.names.fqdns.iter().any(|fqdn| fqdn.is(claimed)) {
        return None;
    }
    let message = format!(
        "the server's account {} calls itself {}, but Exchange knows the server as {fqdn}",
        shown(account.dn.as_str()),
        shown(claimed)
    );
    let advice = "Decide which name is right. Exchange does not support renaming a server: give the machine its old name back, or retire it.";
    Some(Finding::new(CHECK.code, Severity::Warning, message, Remedy::decide(advice)).server(judged))
}
