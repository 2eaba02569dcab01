//! A server for whose account there are several candidates, or none that enough speaks for.

use super::Check;
use super::manual::{Manual, SMTP_KERBEROS};
use crate::directory::text::shown;
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::identity::{Candidate, Identity};
use crate::judge::remedy::Remedy;
use crate::judge::requirements::Judged;
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "ambiguous-computer-account",
    manual: Manual {
        title: "the evidence does not say which computer account is a server's",
        checked: "Three things can speak for a machine: its logon name is <NetBIOS name>$, it holds HOST/<FQDN>, its dNSHostName is the FQDN. No live machine has more of them than all others, or one machine is the best candidate for two servers.",
        impact: "Tickets may be encrypted for another machine than the server, and SPNs added to the wrong account do nothing or break another server. So no command is printed.",
        fix: "Find out which computer object the machine really uses: on the server, `nltest /sc_query:<domain>`, and `whoami` from a prompt that runs as SYSTEM. Remove or rename the stale object, or delete its HOST names, then check again.",
        permissions: "To delete a computer object or write its SPNs: Domain Admins, or a delegated right.",
        false_positives: "None known: the report lists what speaks for each candidate.",
        symptoms: &[
            "KDC event 11 in the System log: there are multiple accounts with the same service principal name",
            "KDC_ERR_S_PRINCIPAL_UNKNOWN (7) for HOST/… and everything else of the machine",
        ],
        sources: SMTP_KERBEROS,
    },
    run,
};

const WHY: &str = "Nobody can say which account should hold the server's SPNs, and tickets for it may fail already.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    found.extend(facts.servers.iter().filter_map(|judged| finding(facts, judged)));
}

fn finding(facts: &Facts<'_>, judged: &Judged<'_>) -> Option<Finding> {
    /// More are not told: nobody would read them.
    const MOST: usize = 20;
    let Identity::Ambiguous(candidates) = &judged.identity else { return None };
    let mut described: Vec<String> =
        candidates.iter().take(MOST).map(|candidate| describe(facts, judged, candidate)).collect();
    let more = candidates.len().saturating_sub(MOST);
    described.extend((more > 0).then(|| format!("{more} more")));
    let message = format!("it is not clear which account is this server's: {}", described.join("; "));
    let advice = "Decide which of these the machine uses, and rename, clean up or remove the other. Until then no command is safe.";
    Some(
        Finding::new(CHECK.code, Severity::Error, message, WHY)
            .server(judged)
            .remedy(Remedy::decide("Decide which account is the server's", advice)),
    )
}

/// What speaks for and against a candidate.
fn describe(facts: &Facts<'_>, judged: &Judged<'_>, candidate: &Candidate<'_>) -> String {
    let account = candidate.account;
    let marks: Vec<&str> = candidate.marks.names().map(in_words).collect();
    let mut says = vec![marks.join(" and ")];
    if let Some(own) = account.dns_host_name.as_deref().filter(|_| !candidate.marks.dns) {
        says.push(format!("calls itself {}", shown(own)));
    }
    says.extend(account.disabled.then(|| "is disabled".to_owned()));
    says.extend(account.is_conflict().then(|| "is the loser of a replication conflict".to_owned()));
    let others = facts.servers_of_candidate(account).filter(|other| !other.is(judged));
    says.extend(others.take(3).map(|other| format!("may be Exchange server {}", shown(&other.server.names.name))));
    says.extend(account.last_logon.map(|time| {
        format!(
            "last logged on about {}",
            humantime::format_rfc3339_seconds(time).to_string().get(..10).unwrap_or_default()
        )
    }));
    format!("{} ({})", shown(account.dn.as_str()), says.join(", "))
}

fn in_words(mark: &str) -> &'static str {
    match mark {
        "named" => "has the server's logon name",
        "host" => "holds HOST/<FQDN>",
        _ => "calls itself by the FQDN",
    }
}
