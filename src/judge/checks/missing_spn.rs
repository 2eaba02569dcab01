//! An SPN that somebody asks for, and no account holds.

use super::Check;
use super::manual::{Manual, SMTP_KERBEROS, WRITE_SPN};
use crate::directory::endpoint::Kerberos;
use crate::directory::text::{listed, shown};
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::{self, Remedy, registry};
use crate::judge::requirements::{Judged, Requirement, Status};
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "missing-spn",
    manual: Manual {
        title: "no account holds a required SPN",
        checked: "No object in the forest holds an SPN that the server requires. To send, Exchange 2007 and later requires SMTPSVC/<FQDN>: with Exchange Server authentication, the receiver asks for the name that the sender gives in EHLO. To receive, a server requires SMTPSVC/<announced name> for each endpoint that offers Kerberos: SMTP virtual servers with Integrated Windows Authentication (Exchange 2000 and 2003), receive connectors with ExchangeServer, and receive connectors with Integrated and EnableAuthGSSAPI.\n\
HOST/<name> does not stand for SMTPSVC/<name>, unless sPNMappings was changed to say so. Neither does SMTP/<name>, a name with a port, or a name with a trailing dot. The report names such near misses.\n\
It is a warning if only clients ask for the name, if Exchange servers can fall back to NTLM (SuppressXAnonymousTls), or if the server is the only one in its organization and runs Exchange 2003, 2007 or 2010.",
        impact: "The other side gets no ticket. Exchange Server authentication uses Kerberos only, so mail queues. Other authentication is negotiated and probably falls back to NTLM. That works unless NTLM is blocked, or Exchange 2003 connects to itself under another name, which the loopback check refuses.",
        fix: "Add the SPN to the server's account with the printed command. The SPN must replicate to the other domain controllers, and clients may cache the failure for a few minutes.\n\
On Exchange 2007 and later, restarting the transport service registers the computer's own names, but never a custom FQDN. It does not do so on a cluster, nor on Exchange 2003.",
        permissions: WRITE_SPN,
        false_positives: "An SPN that was registered minutes ago may not have replicated to the domain controller that was read. Clients ask for the name they connect to, which may not be the name that the connector announces.",
        sources: SMTP_KERBEROS,
    },
    run,
};

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let missing = facts.requirements().filter(|(judged, requirement)| {
        requirement.status == Status::Missing
            && !requirement.needs.is_only_host_name()
            && !super::exchange_auth_fqdn::speaks_for(judged, requirement)
    });
    found.extend(missing.map(|(judged, requirement)| finding(facts, judged, requirement)));
}

fn finding(facts: &Facts<'_>, judged: &Judged<'_>, requirement: &Requirement<'_>) -> Finding {
    let near_miss = near_miss(requirement);
    let more = near_miss.as_ref().map_or_else(String::new, |near_miss| format!("; {near_miss}"));
    let message = format!("no account holds {}{more}", shown(requirement.spn.as_str()));
    Finding::new(CHECK.code, requirement.if_missing, message, why(requirement))
        .about(judged, requirement)
        .evidence(near_miss)
        .remedy(add(facts, judged, requirement))
        .remedy(loopback(judged, requirement))
}

/// What the account holds in its place, if anything.
fn near_miss(requirement: &Requirement<'_>) -> Option<String> {
    let held = listed(requirement.near_misses.iter().map(|spn| spn.as_str()), ", ");
    (!held.is_empty()).then(|| format!("the server's account holds {held}, which is a different name"))
}

/// Why a required name matters to whom: whoever asks for it, the one who suffers most first.
pub(super) fn why(requirement: &Requirement<'_>) -> &'static str {
    let has = |wanted: Kerberos| requirement.needs.kerberos().any(|kerberos| kerberos == wanted);
    if requirement.needs.sender {
        "Exchange servers ask for this name when they send mail to this server and when they receive mail from it. Without a ticket they cannot authenticate, and mail queues with 454 4.7.0."
    } else if has(Kerberos::ExchangeServer { may_fall_back: false }) {
        "Exchange servers that send mail to this connector ask for this name. Without a ticket they cannot authenticate, and mail queues with 454 4.7.0."
    } else if has(Kerberos::VirtualServer) && requirement.if_missing == Severity::Warning {
        "Exchange servers ask for this name. This server is the only one in the organization, so only clients may be affected."
    } else if has(Kerberos::VirtualServer) {
        "Other Exchange servers ask for this name. Without a ticket they fall back to NTLM, which Windows refuses when a server connects to itself under another name (events 1706 and 7004)."
    } else if has(Kerberos::ExchangeServer { may_fall_back: true }) {
        "Exchange servers that send mail to this connector ask for this name. Without a ticket they probably fall back to NTLM."
    } else {
        "Clients that authenticate with Kerberos probably ask for this name. Without a ticket they fall back to NTLM, or fail if NTLM is blocked."
    }
}

pub(super) fn add(facts: &Facts<'_>, judged: &Judged<'_>, requirement: &Requirement<'_>) -> Option<Remedy> {
    const HOTFIX: &str = "On Exchange 2000, install the hotfix of Microsoft KB 818530: without it, a second virtual server cannot use Kerberos.";
    let remedy = remedy::only_holder(facts, judged, requirement)?.advice(advice(judged, requirement));
    let is_2000 = judged.server.version.is_some_and(crate::directory::version::Version::is_2000);
    let hotfix = is_2000.then(|| HOTFIX.to_owned());
    let doubts: Vec<String> = [hotfix, remedy.confirm.clone()].into_iter().flatten().collect();
    Some(remedy.confirm((!doubts.is_empty()).then(|| doubts.join(" "))))
}

fn advice(judged: &Judged<'_>, requirement: &Requirement<'_>) -> &'static str {
    // Transport registers what the machine is called, which need not be what Exchange's configuration has.
    let name = &requirement.name;
    let sam = judged.account().and_then(|account| account.sam_account_name.as_deref());
    let is_short_name = sam.and_then(|sam| sam.strip_suffix('$')).is_some_and(|sam| name.is(sam));
    let is_machines = is_short_name || judged.account().is_some_and(|account| account.calls_itself(name));
    match (judged.is_called(name), judged.server.has_virtual_servers() || !is_machines) {
        (true, false) => {
            "This is the server's own name. Restarting the transport service also registers it, unless the server is a cluster. If that fails, event 12011 is logged."
        }
        (true, true) => "This is the server's own name.",
        (false, _) => {
            "The transport service never registers a custom FQDN. Add the SPN by hand, and remove it when the name is no longer used."
        }
    }
}

/// What else helps a virtual server of Exchange 2003 under a name that is not its machine's: the case of KB 914137. A cluster's own name is
/// not its machine's either.
fn loopback(judged: &Judged<'_>, requirement: &Requirement<'_>) -> Option<Remedy> {
    let version = judged.server.version;
    let is_2003 = version.is_none_or(|version| version.has_virtual_servers() && !version.is_2000());
    let is_virtual_server = requirement.needs.kerberos().any(|kerberos| kerberos == Kerberos::VirtualServer);
    (is_2003 && is_virtual_server).then(registry::loopback_exception)
}
