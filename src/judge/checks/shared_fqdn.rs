//! A name that several servers announce, and that belongs to none of them alone.

use super::Check;
use super::manual::{Manual, ORGANIZATION_MANAGEMENT};
use crate::directory::account::Account;
use crate::directory::endpoint::Endpoint;
use crate::directory::text::{listed, shown};
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::change::Change;
use crate::judge::remedy::{self, Remedy};
use crate::judge::requirements::{Judged, Requirement, Status};
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "shared-fqdn",
    manual: Manual {
        title: "several servers announce the same name",
        checked: "Endpoints of several servers offer Kerberos and announce the same name (for example, a load-balanced name), which does not belong to any computer. The finding also covers two server objects with the same host name. Connectors that offer only NTLM are not counted, because no client asks for a ticket for them. It is an error if a virtual server or Exchange Server authentication is involved, or if another object holds the SPN. Otherwise it is a warning.",
        impact: "Only one account can hold an SPN. A ticket for the name is encrypted for that account, and every other server that receives it cannot decrypt it. If no account holds the SPN, there is no ticket: clients fall back to NTLM, but Exchange Server authentication fails.",
        fix: "No setspn command fixes this: registering the name for one server breaks the others. Set the FQDN of each endpoint to its own server's name, and keep the shared name in the certificate. If only clients authenticate, turn off Integrated authentication or EnableAuthGSSAPI on these connectors, or accept NTLM. The alternate service account (ASA) of Exchange covers HTTP and is not supported for SMTPSVC.",
        permissions: ORGANIZATION_MANAGEMENT,
        false_positives: "If all clients of these connectors authenticate without Kerberos, the shared name does no harm.",
        sources: &[
            "Microsoft Learn: Configuring Kerberos authentication for load-balanced Client Access services (alternate service account)",
            "Microsoft Learn: Set-ReceiveConnector, parameters AuthMechanism, EnableAuthGSSAPI and Fqdn",
        ],
    },
    run,
};

const WHY: &str = "Only one account can hold the SPN of this name, so Kerberos works on at most one of these servers.";

/// The requirements of one name, with their servers.
type Asked<'b, 'a> = [(&'b Judged<'a>, &'b Requirement<'a>)];

fn run(facts: &Facts<'_>, found: &mut Findings) {
    found.extend(facts.by_name(Status::Shared).filter_map(|asked| finding(&asked)));
}

fn finding(asked: &Asked<'_, '_>) -> Option<Finding> {
    let (_, requirement) = *asked.first()?;
    let name = &requirement.name;
    let finding = Finding::new(CHECK.code, severity(asked), message(asked, requirement), WHY)
        .evidence([held(requirement)])
        .spn(&requirement.spn, requirement.holders.iter().copied());
    let finding = if asked.iter().any(|(judged, _)| judged.is_called(name)) {
        finding.remedy(one_server())
    } else {
        finding
            .remedy(remedy::announce_own_name(&endpoints_of(asked)))
            .remedy(take_from_others(asked, requirement))
            .remedy(leave_to_ntlm(asked))
    };
    Some(concerning(finding, asked))
}

/// Names the servers and endpoints that a name concerns.
pub(super) fn concerning(finding: Finding, asked: &Asked<'_, '_>) -> Finding {
    finding.servers(asked.iter().map(|(judged, _)| *judged)).endpoints_of(endpoints_of(asked))
}

/// The endpoints that announce a name, with their servers.
pub(super) fn endpoints_of<'b, 'a>(asked: &Asked<'b, 'a>) -> Vec<(&'b Judged<'a>, &'a Endpoint)> {
    let of_server = |(judged, requirement): &(&'b Judged<'a>, &'b Requirement<'a>)| {
        let judged = *judged;
        requirement.needs.announced_by.iter().map(move |endpoint| (judged, *endpoint)).collect::<Vec<_>>()
    };
    asked.iter().flat_map(of_server).collect()
}

/// An error where Exchange servers ask for the name, or where somebody else holds it: a ticket that nobody can read is worse than none.
pub(super) fn severity(asked: &Asked<'_, '_>) -> Severity {
    let serves_exchange = asked.iter().any(|(_, requirement)| requirement.needs.serves_exchange());
    if serves_exchange || others(asked).next().is_some() { Severity::Error } else { Severity::Warning }
}

/// The holders that are none of these servers' accounts.
fn others<'b, 'a>(asked: &'b Asked<'b, 'a>) -> impl Iterator<Item = &'a Account> + use<'b, 'a> {
    let holders = asked.first().into_iter().flat_map(|(_, requirement)| requirement.holders.iter().copied());
    holders.filter(|holder| !asked.iter().any(|(judged, _)| judged.account().is_some_and(|own| own.dn == holder.dn)))
}

fn message(asked: &Asked<'_, '_>, requirement: &Requirement<'_>) -> String {
    let name = &requirement.name;
    let holders = held(requirement);
    let servers = listed(asked.iter().map(|(judged, _)| judged.server.names.name.as_str()), " and ");
    if asked.iter().any(|(judged, _)| judged.is_called(name)) {
        format!("{name} is a host name of more than one Exchange server object; {holders}")
    } else {
        format!("{servers} announce the same name, {name}; {holders}")
    }
}

/// Who holds the SPN.
fn held(requirement: &Requirement<'_>) -> String {
    match requirement.holders.as_slice() {
        [] => "no account holds its SPN".to_owned(),
        [one] => format!("{} holds its SPN", shown(one.dn.as_str())),
        several => format!("{} objects hold its SPN", several.len()),
    }
}

/// Two server objects of one name.
fn one_server() -> Remedy {
    let advice = "Find out which of these Exchange server objects is the real server. Correct networkAddress of the other, or remove the other from the organization.";
    Remedy::decide("Decide which server object is right", advice)
}

/// Whoever is none of these servers, and could be none, need not hold the name.
fn take_from_others(asked: &Asked<'_, '_>, requirement: &Requirement<'_>) -> Option<Remedy> {
    let could_be = |other: &&Account| asked.iter().any(|(judged, _)| judged.identity.may_be(other));
    let others = others(asked).filter(|other| !could_be(other));
    let changes: Vec<Change> = others.filter_map(|other| Change::delete(&requirement.spn, other)).collect();
    let confirm = "Make sure that no service that runs under the current holder answers to this name. While that account holds the SPN, clients get tickets that these servers cannot decrypt.";
    let remedy = Remedy::setspn("Delete the SPN from the account that belongs to none of these servers", changes);
    (!remedy.steps.is_empty()).then(|| remedy.confirm(confirm.to_owned()).verify(&requirement.spn, None))
}

/// Where only clients authenticate, they can do so without Kerberos. With Exchange Server authentication there is nothing else.
fn leave_to_ntlm(asked: &Asked<'_, '_>) -> Option<Remedy> {
    let serves_exchange = asked.iter().any(|(_, requirement)| requirement.needs.serves_exchange());
    let advice = "Turn off EnableAuthGSSAPI on these connectors: they then offer only NTLM. Or leave the connectors as they are: while no account holds the SPN, clients get no ticket and fall back to NTLM.";
    (!serves_exchange).then(|| Remedy::decide("Let clients use NTLM", advice))
}
