//! Recordings that do not hold the whole truth.

use super::{FileFault, Org, surroundings};
use crate::judge::oracle::directory::is_deleted;
use crate::judge::oracle::entries::{Entry, base_name, domain_of, fold, in_configuration, own_name};
use crate::support::chance::Chance;

/// Takes something away from the entries, or names what is to go wrong with the files.
pub(super) fn damage(rng: &mut Chance, org: &Org, entries: &mut Vec<Entry>) -> Option<FileFault> {
    let domain = rng.pick(&org.domains.iter().map(|domain| domain.dns).collect::<Vec<_>>());
    match rng.below(20) {
        0 | 1 => drop_domain(org, entries),
        2 => entries.retain(|entry| own_name(&entry.dn) != "krbtgt" || domain_of(&entry.dn) != domain),
        3 => drop_endpoints(rng, org, entries),
        4 | 5 => hide(rng, entries),
        6 => entries.push(surroundings::homeless(rng, org)),
        7 => {
            let dn = format!("CN=Unclear,CN=Servers,{}", org.admin_group(false));
            entries.push(Entry::new(dn, &[]).with("cn", "Unclear"));
        }
        8 => entries.retain(|entry| !entry.is("crossRef") || entry.first("dnsRoot").as_deref() != Some(domain)),
        9 => blank_account(rng, org, entries),
        10 => open_range(rng, entries),
        11 => entries.retain(|entry| !fold(&entry.dn).contains(",cn=servers,") && !entry.is("mailGateway")),
        12 => return Some(FileFault::SizeLimit),
        13 => return Some(FileFault::NoTrailer),
        14 => return Some(FileFault::Cookie),
        15 => return Some(FileFault::NoClosingCount),
        16 => return Some(FileFault::FarReferral),
        _ => return other_day(rng, entries),
    }
    None
}

fn drop_domain(org: &Org, entries: &mut Vec<Entry>) {
    if let [_, .., last] = &org.domains[..] {
        entries.retain(|entry| in_configuration(&entry.dn) || domain_of(&entry.dn) != last.dns);
    } else {
        entries.retain(|entry| own_name(&entry.dn) != "krbtgt");
    }
}

fn drop_endpoints(rng: &mut Chance, org: &Org, entries: &mut Vec<Entry>) {
    let server = fold(&org.server_dn(&org.servers[rng.below(org.servers.len())]));
    let endpoint = |entry: &Entry| entry.is("msExchSmtpReceiveConnector") || entry.is("protocolCfgSMTPServer");
    entries.retain(|entry| !endpoint(entry) || !fold(&entry.dn).ends_with(&server));
}

/// An attribute that was left out of the whole export.
fn hide(rng: &mut Chance, entries: &mut [Entry]) {
    let name = rng.pick(&[
        "msExchSMTPReceiveConnectorFQDN",
        "msExchSMTPReceiveInboundSecurityFlag",
        "msExchCurrentServerRoles",
        "networkAddress",
        "servicePrincipalName",
    ]);
    for entry in entries {
        entry.remove(name);
    }
}

fn blank_account(rng: &mut Chance, org: &Org, entries: &mut [Entry]) {
    let name = rng.pick(&["sAMAccountName", "userAccountControl", "userAccountControl", "objectClass"]);
    let of_servers: Vec<String> = org.servers.iter().map(|server| fold(&server.name)).collect();
    let account = |entry: &&mut Entry| {
        !in_configuration(&entry.dn) && of_servers.contains(&fold(&own_name(&entry.dn))) && entry.shows("dNSHostName")
    };
    if let Some(entry) = entries.iter_mut().find(account) {
        entry.remove(name);
    }
}

fn is_spn(name: &str) -> bool {
    base_name(name) == "servicePrincipalName"
}

/// The directory handed out the values in ranges, and the last one was never fetched.
fn open_range(rng: &mut Chance, entries: &mut [Entry]) {
    let is_holder = |entry: &&mut Entry| entry.shows("servicePrincipalName") && !is_deleted(entry);
    let mut holders: Vec<&mut Entry> = entries.iter_mut().filter(is_holder).collect();
    let chosen = rng.below(holders.len());
    let values = holders[chosen].attributes.iter_mut().filter(|(name, _)| is_spn(name));
    values.for_each(|(name, _)| "servicePrincipalName;range=0-1499".clone_into(name));
}

fn other_day(rng: &mut Chance, entries: &[Entry]) -> Option<FileFault> {
    let plain = |entry: &&Entry| {
        entry.is("computer")
            && !is_deleted(entry)
            && entry.attributes.iter().any(|(name, _)| name == "servicePrincipalName")
    };
    let machines: Vec<&Entry> = entries.iter().filter(plain).collect();
    let chosen = machines.get(rng.below(machines.len()))?;
    Some(FileFault::OtherDay(chosen.dn.clone()))
}
