//! A server whose account is not in the directory.

use super::Check;
use super::manual::{Manual, SMTP_KERBEROS};
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
        checked: "No active computer account in the forest holds HOST/<FQDN>, has the logon name <NetBIOS name>$, or has the FQDN as its dNSHostName. Or only an account with that logon name was found, and the FQDN belongs to another domain.",
        impact: "Without an account, there is no key to encrypt a ticket with, so Kerberos to the server cannot work. It is not known which account should hold the server's SPNs.",
        fix: "If the server is gone for good, remove it from the organization. If it is still in use, look for its computer object in the other domains of the forest. If the object was deleted, restore it or join the computer to the domain again. A clustered virtual server of Exchange 2003 has a computer object only if Enable Kerberos Authentication is selected on its network name.",
        permissions: "To join a computer or restore an object: Domain Admins, or a delegated right.",
        false_positives: "The account may be in a container that you have no permission to read. A cluster of Exchange 2000 cannot use Kerberos at all.",
        sources: SMTP_KERBEROS,
    },
    run,
};

const WHY: &str =
    "Kerberos to a server without an account cannot work, and it is not clear which object should hold the SPNs.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    found.extend(facts.servers.iter().filter(|judged| matches!(judged.identity, Identity::None)).map(finding));
}

fn finding(judged: &Judged<'_>) -> Finding {
    let names = &judged.server.names;
    let called = format!("has the logon name {}", shown(&format!("{}$", names.name)));
    let message = match names.fqdn() {
        Some(fqdn) => format!(
            "no computer account matches this server: none holds HOST/{fqdn}, has dNSHostName {fqdn}, or {called} in its domain"
        ),
        None => format!("no computer account matches this server: none {called}"),
    };
    let cluster = if judged.server.has_virtual_servers() {
        " A clustered virtual server has a computer object only if Enable Kerberos Authentication is selected on its network name."
    } else {
        ""
    };
    let advice = "Find out whether the server still exists. If not, remove it from the organization. If it does, find its computer object, restore it, or join the computer to the domain again.";
    Finding::new(CHECK.code, Severity::Error, message, WHY)
        .server(judged)
        .remedy(Remedy::decide("Find the server's account", format!("{advice}{cluster}")))
}
