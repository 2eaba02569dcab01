//! A server for whose account there are several candidates.

use super::Check;
use super::manual::{Manual, SMTP_KERBEROS};
use crate::finding::{Finding, Severity};
use crate::model::account::Choice;
use crate::model::text::listed;
use crate::remedy::Remedy;
use crate::requirements::{Judged, Requirements};

pub(super) const CHECK: Check = Check {
    code: "ambiguous-computer-account",
    manual: Manual {
        title: "a server's computer account cannot be told from others",
        why: "Two accounts claim to be this server, so it cannot be said which should hold its SPNs, and tickets for it may fail already.",
        checked: "More than one computer object holds HOST/<the server's FQDN>; or none does, and computers of several domains are called <NetBIOS name>$ without just one of them giving itself the server's FQDN as dNSHostName.",
        breaks: "A name that two accounts hold gets no ticket at all; and SPNs added to the wrong one of them do nothing.",
        cure: "Find out which computer object the machine really uses: on the server, `nltest /sc_query:<domain>` and `whoami /fqdn` from a service running as SYSTEM. Remove or rename the stale object, or delete its HOST names, then check again.",
        right: "To delete a computer object or write its SPNs: Domain Admins or a delegated right.",
        doubt: "Objects called CNF:… are left by replication conflicts; the one without it is usually the live one.",
        symptoms: &[
            "KDC event 11 in the System log: there are multiple accounts with the same service principal name",
            "KDC_ERR_S_PRINCIPAL_UNKNOWN (7) for HOST/… and everything else of the machine",
            "events 1706 and 7004 MSExchangeTransport",
        ],
        sources: SMTP_KERBEROS,
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    requirements.servers.iter().filter_map(finding).collect()
}

fn finding(judged: &Judged<'_>) -> Option<Finding> {
    let Choice::Several(candidates) = &judged.account else { return None };
    if judged.requirements.is_empty() {
        return None;
    }
    let mut names: Vec<_> = candidates.iter().map(|account| account.dn.as_str()).collect();
    names.sort_unstable();
    let (count, names) = (names.len(), listed(names.into_iter(), " and "));
    let message = format!("{count} computer objects could be this server's account: {names}");
    let advice = "Decide which of them the machine uses, and remove, rename or clean up the other. Until then no command is safe.";
    Some(Finding::new(CHECK.code, Severity::Error, message, Remedy::decide(advice)).server(judged))
}
