//! A computer that gives itself another name than Exchange gives it.

use super::Check;
use super::manual::Manual;
use crate::directory::text::shown;
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::identity::Identity;
use crate::judge::remedy::Remedy;
use crate::judge::requirements::Judged;
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "host-name-mismatch",
    manual: Manual {
        title: "a server's account and Exchange's configuration have different FQDNs",
        checked: "The dNSHostName of the server's computer account is not the FQDN in networkAddress of the Exchange server object (the value that begins with ncacn_ip_tcp:). It is a warning if the logon name and the HOST SPN both identify the account, or if networkAddress contains a name without a dot. Otherwise it is an error, and no command is printed.",
        impact: "The computer registers SPNs for its own name, while Exchange servers announce and request the name in Exchange's configuration.",
        fix: "Find out which name is right. If networkAddress is stale, correct it with ADSI Edit, as the Exchange Best Practices Analyzer advises. If the computer was renamed, or got another primary DNS suffix, restore the old name: Exchange does not support renaming a server.",
        permissions: "To correct networkAddress: Organization Management or Enterprise Admins. To rename a computer: local administrator, and write access to its computer object.",
        false_positives: "A disjoint namespace, in which the DNS suffix differs from the domain's name, is supported. Even then, both names should be the same. After a change, replication may take some time.",
        sources: &[
            "Microsoft Exchange Best Practices Analyzer: networkAddress",
            "Microsoft Learn: Disjoint namespace scenarios in Exchange",
        ],
    },
    run,
};

fn run(facts: &Facts<'_>, found: &mut Findings) {
    found.extend(facts.servers.iter().filter_map(finding));
}

fn finding(judged: &Judged<'_>) -> Option<Finding> {
    let names = &judged.server.names;
    match &judged.identity {
        Identity::OtherName(candidate) => {
            let own = candidate.account.dns_host_name.as_deref()?;
            Some(mismatch(judged, Severity::Error, candidate.account.dn.as_str(), own, names.fqdn()?.as_str()))
        }
        Identity::Account(chosen) => {
            let own = chosen.account.dns_host_name.as_deref()?;
            if let Some(short) = names.short.as_ref().filter(|_| names.fqdns.is_empty()) {
                return Some(mismatch(judged, Severity::Warning, chosen.account.dn.as_str(), own, short.as_str()));
            }
            let fqdn = names.fqdn().filter(|_| !chosen.marks.dns)?;
            Some(mismatch(judged, Severity::Warning, chosen.account.dn.as_str(), own, fqdn.as_str()))
        }
        _ => None,
    }
}

fn mismatch(judged: &Judged<'_>, severity: Severity, account: &str, own: &str, configured: &str) -> Finding {
    let message = format!(
        "dNSHostName of {} is {}, but networkAddress of the Exchange server contains {}",
        shown(account),
        shown(own),
        shown(configured)
    );
    let why = match severity {
        Severity::Error => "It is not clear whether this is the server's account, so its SPNs were not checked.",
        _ => "The computer registers SPNs for one name, but Exchange's configuration contains another.",
    };
    let is_short = !configured.contains('.');
    let short = "If dNSHostName is right, correct networkAddress of the Exchange server object in ADSI Edit: the value that begins with ncacn_ip_tcp: must end with the FQDN.";
    let long = "If dNSHostName is right, correct networkAddress of the Exchange server object in ADSI Edit: the value that begins with ncacn_ip_tcp: must end with that name. \
If networkAddress is right, give the computer that name again: Exchange does not support renaming a server.";
    Finding::new(CHECK.code, severity, message, why)
        .evidence([format!("dNSHostName: {}; networkAddress: {}", shown(own), shown(configured))])
        .server(judged)
        .remedy(Remedy::decide("Decide which name is right", if is_short { short } else { long }))
}
