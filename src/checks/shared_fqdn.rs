//! A name that is asked of more than one server's account.

use std::collections::BTreeMap;

use super::Check;
use super::manual::{FAILED_AUTHENTICATION, Manual};
use crate::finding::{Finding, Severity};
use crate::model::exchange::Endpoint;
use crate::model::host::HostName;
use crate::model::text::shown;
use crate::remedy::{Remedy, loopback_name};
use crate::requirements::{Judged, Requirement, Requirements, Status};

pub(super) const CHECK: Check = Check {
    code: "shared-fqdn",
    manual: Manual {
        title: "several servers are asked for one name",
        why: "An SPN can belong to one account only, so Kerberos to this name fails at every server but one, whoever holds it.",
        checked: "An endpoint announces a name that is a host name of another Exchange server, or that an endpoint of another server announces too (a load-balanced name, say) and that is not the server's own.",
        breaks: "A ticket for the name is encrypted for the one account that holds it. Whichever other server receives it cannot read it, and authentication fails, now and then or always, as the load balancer likes.",
        cure: "No command can put this right, as registering the name for one server breaks the others. Options: give each endpoint the FQDN of its own server and keep the shared name in the certificate only; \
switch Integrated authentication off on the connectors that share the name, if only anonymous or Basic clients use them; or accept NTLM there. \
Exchange's alternate service account covers HTTP, and is not supported for SMTPSVC.",
        right: "Organization Management in Exchange, to change a connector.",
        doubt: "If all clients of these connectors authenticate without Kerberos, the shared name does no harm.",
        symptoms: FAILED_AUTHENTICATION,
        sources: &[
            "Microsoft Learn: Configuring Kerberos authentication for load-balanced Client Access services (alternate service account)",
            "Microsoft Learn: Set-ReceiveConnector, parameters AuthMechanism and Fqdn",
            "Microsoft KB 914137, for virtual servers that connect to their own machine",
        ],
    },
    run,
};

/// A shared name: the servers whose requirement it is, and those whose host name it is.
pub(super) struct Shared<'a> {
    pub(super) asked: Vec<(&'a Judged<'a>, &'a Requirement<'a>)>,
    pub(super) owners: Vec<&'a Judged<'a>>,
}

impl<'a> Shared<'a> {
    pub(super) fn endpoints(&self) -> impl Iterator<Item = &'a Endpoint> {
        self.asked.iter().flat_map(|(_, requirement)| requirement.needed_by.iter().copied())
    }

    /// The name, where a virtual server announces it that is not called so.
    pub(super) fn loopback(&self) -> Option<HostName> {
        self.asked.iter().find_map(|(judged, requirement)| loopback_name(judged, requirement))
    }

    /// All servers concerned, each once.
    pub(super) fn servers(&self) -> impl Iterator<Item = &'a Judged<'a>> {
        let asked = self.asked.iter().map(|(judged, _)| *judged);
        let only_owners =
            self.owners.iter().copied().filter(|owner| !self.asked.iter().any(|(judged, _)| judged.is(owner)));
        asked.chain(only_owners)
    }
}

/// All shared names.
pub(super) fn names<'a>(requirements: &'a Requirements<'a>) -> Vec<Shared<'a>> {
    let mut names: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (judged, requirement) in requirements.iter().filter(|(_, requirement)| requirement.status == Status::Shared) {
        names.entry(requirement.spn.key()).or_default().push((judged, requirement));
    }
    let shared = |asked: Vec<(&'a Judged<'a>, &'a Requirement<'a>)>| {
        let owners =
            asked.first().map_or_else(Vec::new, |(_, first)| requirements.owners(first.spn.target()).collect());
        Shared { asked, owners }
    };
    names.into_values().map(shared).collect()
}

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    names(requirements).iter().filter_map(finding).collect()
}

fn finding(shared: &Shared<'_>) -> Option<Finding> {
    let (judged, requirement) = *shared.asked.first()?;
    let severity = if shared.endpoints().any(|endpoint| endpoint.kind.serves_exchange()) {
        Severity::Error
    } else {
        Severity::Warning
    };
    let mut remedy = Remedy::decide(advice(shared));
    remedy.loopback = shared.loopback();
    remedy.verify = Some((requirement.spn.clone(), judged.account.one().cloned()));
    Some(
        Finding::new(CHECK.code, severity, message(shared, requirement), remedy)
            .servers(shared.servers())
            .endpoints(shared.endpoints())
            .spn(&requirement.spn, requirement.holders.iter().copied()),
    )
}

fn message(shared: &Shared<'_>, requirement: &Requirement<'_>) -> String {
    let name = shown(requirement.spn.target());
    let count = shared.servers().count();
    let holders = match requirement.holders.as_slice() {
        [] => "nobody holds it".to_owned(),
        [one] => format!("{} holds it", shown(one.dn.as_str())),
        several => format!("{} objects hold it", several.len()),
    };
    match shared.owners.as_slice() {
        [] => format!("{count} servers announce {name}, but only one account can hold its SPN; {holders}"),
        [owner, ..] => {
            let owner = shown(&owner.server.names.netbios);
            format!(
                "{name} is a host name of {owner}, but is announced by an endpoint of another server too; {holders}"
            )
        }
    }
}

fn advice(shared: &Shared<'_>) -> String {
    let first = match shared.owners.as_slice() {
        [] => "Decide what the name is for; registering its SPN for one server breaks the others.",
        _ => "The name belongs to the server that is called so. Give the other server's endpoint an FQDN of its own.",
    };
    format!(
        "{first} Options: set each endpoint's FQDN to its own server's and keep the shared name in the certificate only; \
switch Integrated authentication off on these connectors; or accept NTLM there."
    )
}
