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
        title: "a server's computer account cannot be determined",
        checked: "Three things identify a server's computer account: its logon name is <NetBIOS name>$, it holds HOST/<FQDN>, and its dNSHostName is the FQDN. No active account (enabled, and not a replication conflict object) has more of these than every other one, or one account is the best match for two servers.",
        impact: "Tickets may be encrypted for another computer. An SPN added to the wrong account does nothing, or breaks another server, so no command is printed.",
        fix: "Find out which computer object the server really uses: on the server, run `nltest /sc_query:<domain>`, and `whoami` from a prompt that runs as SYSTEM. Remove or rename the stale object, or delete its HOST SPNs. Then check again.",
        permissions: "Domain Admins, or a delegated right, to delete a computer object or write its SPNs.",
        false_positives: "None known. The report lists the evidence for each account.",
        sources: SMTP_KERBEROS,
    },
    run,
};

const WHY: &str =
    "It is not clear which account should hold the server's SPNs, and tickets for the server may already fail.";

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
    let message = format!("it is not clear which account belongs to this server: {}", described.join("; "));
    let advice = "Decide which of these accounts the server uses, and rename, clean up or remove the other. Until then, no command is safe.";
    Some(
        Finding::new(CHECK.code, Severity::Error, message, WHY)
            .evidence(described)
            .server(judged)
            .remedy(Remedy::decide("Decide which account belongs to the server", advice)),
    )
}

/// What speaks for and against a candidate.
fn describe(facts: &Facts<'_>, judged: &Judged<'_>, candidate: &Candidate<'_>) -> String {
    let account = candidate.account;
    let marks: Vec<&str> = candidate.marks.names().map(in_words).collect();
    let mut says = vec![marks.join(" and ")];
    if let Some(own) = account.dns_host_name.as_deref().filter(|_| !candidate.marks.dns) {
        says.push(format!("has dNSHostName {}", shown(own)));
    }
    says.extend(account.disabled.then(|| "is disabled".to_owned()));
    says.extend(account.is_conflict().then(|| "is a replication conflict object".to_owned()));
    let others = facts.servers_of_candidate(account).filter(|other| !other.is(judged));
    says.extend(
        others.take(3).map(|other| format!("may belong to Exchange server {}", shown(&other.server.names.name))),
    );
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
        _ => "has the FQDN as its dNSHostName",
    }
}
