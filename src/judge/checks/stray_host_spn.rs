//! `HOST/<FQDN>` of a server on an object that is not the server.

use super::Check;
use super::manual::{Manual, WRITE_SPN};
use crate::directory::account::Account;
use crate::directory::host::HostName;
use crate::directory::spn::Spn;
use crate::directory::text::listed;
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy;
use crate::judge::requirements::Judged;
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "stray-host-spn",
    manual: Manual {
        title: "another object holds HOST/<FQDN> of a server",
        checked: "The server's account is known: its logon name, HOST/<FQDN> and dNSHostName match the server better than those of any other computer. But another object in the forest also holds HOST/<FQDN>, or is the only one that does: an old account of a computer that was replaced, a disaster recovery copy, or an account that got the name by mistake.",
        impact: "HOST stands for most services of a computer. If two objects hold it, clients get no tickets for these services. If only the other object holds it, tickets are encrypted for the wrong account. Exchange itself finds a server's computer by this name.",
        fix: "Delete HOST/<FQDN> and HOST/<NetBIOS name> from the other object, then add to the server's account whichever of the two it lacks. If setspn cannot name the other object, such as a replication conflict object, delete the object itself.",
        permissions: WRITE_SPN,
        false_positives: "During a failover, the other computer may be standing in for the server on purpose.",
        sources: &[
            "Microsoft Learn: SPN and UPN uniqueness",
            "Microsoft Learn: Event ID 11, Kerberos Key Distribution Center: duplicate service principal names",
        ],
    },
    run,
};

const WHY: &str = "HOST stands for most services of a computer. Kerberos to this server fails, or clients get tickets that the server cannot decrypt.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    for judged in &facts.servers {
        let Some(account) = judged.account() else { continue };
        let fqdns = judged.host_names().filter(|name| name.is_qualified());
        found.extend(fqdns.filter_map(|fqdn| finding(facts, judged, account, fqdn)));
    }
}

fn finding(facts: &Facts<'_>, judged: &Judged<'_>, account: &Account, fqdn: &HostName) -> Option<Finding> {
    let spn = Spn::host(fqdn);
    let strays: Vec<&Account> =
        facts.directory.accounts.holders(&spn).filter(|holder| holder.dn != account.dn).collect();
    if strays.is_empty() {
        return None;
    }
    let holders = listed(strays.iter().map(|stray| stray.dn.as_str()), " and ");
    let message = format!("{spn} is held by {holders}, which is not this server's account");
    let mut finding = Finding::new(CHECK.code, Severity::Error, message, WHY)
        .evidence([format!("held by {holders}")])
        .server(judged)
        .spn(&spn, facts.directory.accounts.holders(&spn));
    finding.remedies = remedy::strays(facts, judged, fqdn, &strays);
    Some(finding)
}
