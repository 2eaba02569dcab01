//! A server whose account is not in the directory.

use super::Check;
use super::manual::{FAILED_AUTHENTICATION, Manual, SMTP_KERBEROS};
use crate::directory::text::shown;
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::identity::Identity;
use crate::judge::remedy::Remedy;
use crate::judge::requirements::Judged;
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "no-computer-account",
    manual: Manual {
        title: "a server's computer account was not found",
        checked: "No live machine of the forest holds HOST/<FQDN>, has the logon name <NetBIOS name>$ or calls itself <FQDN>. Or only one of that logon name was found, in another domain than the FQDN lies in.",
        impact: "A service without an account has no key that a ticket could be encrypted with, so Kerberos to the server cannot work. Which account should hold its SPNs is not known.",
        fix: "If the server is gone for good, remove it from the organization. \
If it is alive, look for its computer object in the other domains of the forest; if that was deleted, restore it or join the machine again. \
A clustered virtual server of Exchange 2003 has a computer object only with Enable Kerberos Authentication on its network name.",
        permissions: "To join a computer or restore an object: Domain Admins, or a delegated right.",
        false_positives: "The account may lie where the reader may not look. A cluster of Exchange 2000 cannot use Kerberos at all.",
        symptoms: FAILED_AUTHENTICATION,
        sources: SMTP_KERBEROS,
    },
    run,
};

const WHY: &str = "Without the account nobody can say which object should hold the server's SPNs, and Kerberos to the server cannot work.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    found.extend(facts.servers.iter().filter(|judged| matches!(judged.identity, Identity::None)).map(finding));
}

fn finding(judged: &Judged<'_>) -> Finding {
    let names = &judged.server.names;
    let called = format!("has the logon name {}", shown(&format!("{}$", names.name)));
    let message = match names.fqdn() {
        Some(fqdn) => format!(
            "no computer object could be this server: none holds HOST/{fqdn}, calls itself {fqdn}, or {called} in its domain"
        ),
        None => format!("no computer object could be this server: none {called}"),
    };
    let cluster = if judged.server.has_virtual_servers() {
        " The virtual server of a cluster has a computer object only with Enable Kerberos Authentication on its network name."
    } else {
        ""
    };
    let advice = "Find out whether the server still exists. If not, remove it from the organization. If it does, find its computer object, restore it, or join the machine to the domain again.";
    Finding::new(CHECK.code, Severity::Error, message, WHY)
        .server(judged)
        .remedy(Remedy::decide("Find the server's account", format!("{advice}{cluster}")))
}
