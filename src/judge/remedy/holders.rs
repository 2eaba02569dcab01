//! Remedies that several checks have in common: who is to hold a name, and what an endpoint is to announce.

use super::change::Change;
use super::exchange::set_fqdn;
use super::{Kind, Remedy, Step, Unprintable, setspn};
use crate::directory::account::Account;
use crate::directory::endpoint::{self, Endpoint};
use crate::directory::host::HostName;
use crate::directory::spn::Spn;
use crate::directory::text::shown;
use crate::judge::facts::Facts;
use crate::judge::requirements::{Judged, Requirement};

/// Makes the server's account the only holder of what it requires: deletes the name elsewhere, then adds it where it is missing. None if
/// the account is not known.
pub(in crate::judge) fn only_holder(
    facts: &Facts<'_>,
    judged: &Judged<'_>,
    requirement: &Requirement<'_>,
) -> Option<Remedy> {
    let account = judged.account()?;
    let others: Vec<&Account> = requirement.holders.iter().copied().filter(|holder| holder.dn != account.dn).collect();
    let mut changes: Vec<Change> = others.iter().filter_map(|other| Change::delete(&requirement.spn, other)).collect();
    let title = if changes.is_empty() { "Register the SPN" } else { "Make the server's account the only holder" };
    let holds_it = requirement.holders.iter().any(|holder| holder.dn == account.dn);
    if !holds_it {
        changes.push(Change::add(&requirement.spn, account));
    }
    let doubts = [rightful_holder(facts, judged, requirement, &others), uncertain_account(judged)];
    let doubts: Vec<String> = doubts.into_iter().flatten().collect();
    let confirm = (!doubts.is_empty()).then(|| doubts.join(" "));
    Some(Remedy::setspn(title, changes).confirm(confirm).verify(&requirement.spn, Some(account)))
}

/// What to make sure of before others lose the name; nothing where nobody can log on as them any more.
fn rightful_holder(
    facts: &Facts<'_>,
    judged: &Judged<'_>,
    requirement: &Requirement<'_>,
    others: &[&Account],
) -> Option<String> {
    let name = &requirement.name;
    if requirement.is_held_through_host() {
        return Some("Make sure that none of the holders really has this name. They hold HOST/<name>, and sPNMappings in the directory makes HOST/<name> stand for the SPN.".to_owned());
    }
    let live: Vec<&Account> = others.iter().copied().filter(|other| !other.is_dead()).collect();
    if live.is_empty() {
        return None;
    }
    let is_other_server = |other: &&Account| facts.server_of(other).is_some_and(|other| !other.is(judged));
    Some(if live.iter().any(is_other_server) {
        "The current holder is the account of another Exchange server, which may be standing in for this one after a disaster. Make sure that it no longer answers to the name.".to_owned()
    } else {
        format!(
            "Make sure that no service that runs under a current holder answers to this name. If one does, {}",
            otherwise(judged, name)
        )
    })
}

/// What follows where a holder really answers to the name.
fn otherwise(judged: &Judged<'_>, name: &HostName) -> &'static str {
    if judged.is_called(name) {
        "two computers have the same name: find out which of them should have it before this server gets the SPN."
    } else {
        "it is the rightful holder: change the name that this server announces instead."
    }
}

/// Why the account may not be the server's; nothing if it is certain.
fn uncertain_account(judged: &Judged<'_>) -> Option<String> {
    let chosen = judged.identity.chosen().filter(|chosen| !chosen.is_certain())?;
    let doubt = if chosen.account.is_dead() {
        "Enable or replace the server's account: the server cannot log on with it."
    } else {
        "Make sure that the account belongs to this server: of its logon name, HOST SPN and dNSHostName, only one matches."
    };
    Some(doubt.to_owned())
}

/// Takes `HOST/<FQDN>` and `HOST/<NetBIOS name>` away from objects that are not the server, and gives the server's account what it lacks
/// of the two.
pub(in crate::judge) fn strays(
    facts: &Facts<'_>,
    judged: &Judged<'_>,
    fqdn: &HostName,
    strays: &[&Account],
) -> Vec<Remedy> {
    let Some(account) = judged.account() else { return Vec::new() };
    let accounts = &facts.directory.accounts;
    let (nameable, nameless): (Vec<&Account>, Vec<&Account>) =
        strays.iter().copied().partition(|stray| setspn::qualified_name(stray, accounts).is_ok());
    let mut remedies = Vec::new();
    if !nameable.is_empty() {
        remedies.push(move_host_names(facts, judged, account, fqdn, &nameable, &nameless));
    }
    remedies.extend(nameless.iter().map(|stray| delete_object(stray, account)));
    remedies
}

fn move_host_names(
    facts: &Facts<'_>,
    judged: &Judged<'_>,
    account: &Account,
    fqdn: &HostName,
    from: &[&Account],
    others: &[&Account],
) -> Remedy {
    let names = [Some(fqdn), judged.server.names.netbios.as_ref()];
    let (mut deletes, mut adds) = (Vec::new(), Vec::new());
    for name in names.into_iter().flatten() {
        let spn = Spn::host(name);
        let losers: Vec<&Account> = from.iter().copied().filter(|stray| !is_own_name(stray, name)).collect();
        deletes.extend(losers.iter().filter_map(|stray| Change::delete(&spn, stray)));
        let mut keepers = facts.directory.accounts.holders(&spn);
        // A domain controller refuses what somebody else still holds; the account itself need not get what it has.
        if keepers.all(|holder| losers.iter().any(|loser| loser.dn == holder.dn)) {
            adds.push(Change::add(&spn, account));
        }
    }
    let live: Vec<&Account> = from.iter().copied().filter(|stray| !stray.is_dead()).collect();
    let confirm = if !live.is_empty() {
        Some("Make sure that the other object neither has this name nor stands in for the server. Services that run under the other account lose the name.".to_owned())
    } else if others.is_empty() {
        claimed_twice(facts, fqdn).or_else(|| uncertain_account(judged))
    } else {
        Some("Delete the object that setspn cannot name before you run these commands.".to_owned())
    };
    Remedy::setspn("Move the HOST SPNs to the server's account", deletes.into_iter().chain(adds))
        .confirm(confirm)
        .verify(&Spn::host(fqdn), Some(account))
}

/// Two server objects of one FQDN: whoever gets the HOST name could then be both.
fn claimed_twice(facts: &Facts<'_>, fqdn: &HostName) -> Option<String> {
    let is_claimed_twice = facts.owners.servers(fqdn).len() > 1;
    is_claimed_twice.then(|| "Find out which of the Exchange server objects with this FQDN is right.".to_owned())
}

/// Whether a live machine has the name as its own, as one of the same NetBIOS name in another domain has.
fn is_own_name(account: &Account, name: &HostName) -> bool {
    let sam = account.sam_account_name.as_deref().and_then(|sam| sam.strip_suffix('$'));
    !account.is_dead() && sam.is_some_and(|sam| name.is(sam))
}

fn delete_object(stray: &Account, account: &Account) -> Remedy {
    let dn = shown(stray.dn.as_str());
    let what =
        if stray.is_conflict() { "is a replication conflict object" } else { "cannot be named in a setspn command" };
    Remedy::decide(
        "Delete the other object",
        format!(
            "{dn} {what}. Make sure that nothing uses it, then delete it with Active Directory Users and Computers or ADSI Edit. This also deletes its SPNs. Keep {}.",
            shown(account.dn.as_str())
        ),
    )
}

/// Lets endpoints announce their own server's name again.
pub(in crate::judge) fn announce_own_name<'a>(concerned: &[(&Judged<'a>, &'a Endpoint)]) -> Option<Remedy> {
    let mut steps: Vec<Result<Step, Unprintable>> = Vec::new();
    let mut advice: Vec<&str> = Vec::new();
    for (judged, endpoint) in concerned {
        let fqdn = judged.fqdn.as_ref()?;
        match set_fqdn(judged, endpoint, fqdn) {
            Some(command) => steps.push(command.map(Step::Exchange)),
            None if matches!(endpoint.kind, endpoint::Kind::VirtualServer { .. }) => {
                advice.push("In Exchange System Manager, open the properties of the virtual server, then Delivery, Advanced, and set the fully qualified domain name to the FQDN of its server.");
            }
            None => {}
        }
    }
    if steps.is_empty() && advice.is_empty() {
        return None;
    }
    advice.dedup();
    let mut remedy = Remedy::new(Kind::Exchange, "Announce the server's own name").advice(advice.join("\n"));
    let is_known = |(judged, _): &(&Judged<'_>, _)| !judged.server.names.fqdns.is_empty();
    let first = if concerned.iter().all(is_known) {
        ""
    } else {
        "Decide which name of the server is right (see host-name-mismatch). "
    };
    remedy.confirm = Some(format!(
        "{first}Make sure that no partner or device relies on the announced name, in the banner or in the certificate."
    ));
    remedy.steps = steps;
    Some(remedy)
}
