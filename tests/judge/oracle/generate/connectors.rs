//! Send connectors and routing group connectors.

use super::{Org, SHARED_POOL, ServerPlan};
use crate::judge::oracle::entries::Entry;
use crate::support::chance::Chance;

pub(super) fn entries(rng: &mut Chance, org: &Org) -> Vec<Entry> {
    let mut entries = Vec::new();
    let modern: Vec<&ServerPlan> = org.servers.iter().filter(|s| !s.is_old() && s.roles != Some(4096)).collect();
    if !modern.is_empty() {
        let count = if org.mood.tidy { 1 } else { rng.below(3) };
        entries.extend((0..count).map(|number| send_connector(rng, org, &modern, number)));
        entries.extend(edge_sync(org));
    }
    let old: Vec<&ServerPlan> = org.servers.iter().filter(|server| server.is_old()).collect();
    if !old.is_empty() && rng.percent(60) {
        entries.push(routing_group_connector(rng, org, &old));
    }
    entries
}

fn connections(org: &Org, old: bool) -> String {
    let group = if old { "First Routing Group" } else { "Exchange Routing Group (DWBGZMFD01QNBJR)" };
    format!("CN=Connections,CN={group},CN=Routing Groups,{}", org.admin_group(old))
}

fn bridgehead(org: &Org, server: &ServerPlan, number: &str) -> String {
    format!("CN={number},CN=SMTP,CN=Protocols,{}", org.server_dn(server))
}

fn send_connector(rng: &mut Chance, org: &Org, modern: &[&ServerPlan], number: usize) -> Entry {
    let name = ["Internet", "To partner forest"][number];
    // Tidy organisations authenticate as Exchange servers under no name of their own.
    let exchange_auth = !org.mood.tidy && rng.percent(70);
    let flags = if exchange_auth { (8 << 20) + rng.pick(&[0, 2, 8192]) } else { rng.pick(&[0, 64, 2 << 20]) };
    let first = modern[rng.below(modern.len())];
    let inside = &org.servers[rng.below(org.servers.len())];
    let own = first.address.clone().unwrap_or_else(|| first.name.clone());
    let fqdn = match rng.below(6) {
        0 if exchange_auth => None,
        1 => Some(rng.recase(&own)),
        2 => Some(first.name.clone()),
        _ => Some(rng.pick(&SHARED_POOL).to_owned()),
    };
    let smart_host = match rng.below(6) {
        0 => None,
        1 => Some("--".to_owned()),
        2 | 3 => inside.address.clone().filter(|address| address.contains('.') && inside.roles != Some(64)),
        _ => Some("smarthost.partner.example".to_owned()),
    };
    let dn = format!("CN={name},{}", connections(org, false));
    let mut entry = Entry::new(dn, &["top", "msExchConnector", "mailGateway", "msExchRoutingSMTPConnector"])
        .with("cn", name)
        .with("routingList", "SMTP:*;1")
        .with("msExchSmtpSendFlags", flags.to_string())
        .with_some("msExchSMTPSendConnectorFQDN", fqdn)
        .with_some("msExchSmtpSmartHost", smart_host)
        .with_some("msExchSmtpSendEnabled", rng.pick(&[None, Some("TRUE"), Some("TRUE"), Some("FALSE")]))
        .with("msExchSourceBridgeheadServersDN", bridgehead(org, first, "1"));
    for second in modern.iter().filter(|other| other.name != first.name) {
        if rng.percent(30) {
            entry = entry.with("msExchSourceBridgeheadServersDN", bridgehead(org, second, "1"));
        }
    }
    entry
}

/// What an Edge subscription leaves: it authenticates by certificates.
fn edge_sync(org: &Org) -> Option<Entry> {
    let edge = org.servers.iter().find(|server| server.roles == Some(64))?;
    let dn = format!("CN=EdgeSync - Inbound to Site,{}", connections(org, false));
    let entry = Entry::new(dn, &["top", "msExchConnector", "mailGateway", "msExchRoutingSMTPConnector"])
        .with("cn", "EdgeSync - Inbound to Site")
        .with("msExchSmtpSendFlags", "8388608")
        .with("msExchSmtpSmartHost", "--")
        .with("msExchSourceBridgeheadServersDN", bridgehead(org, edge, "1"));
    Some(entry)
}

fn routing_group_connector(rng: &mut Chance, org: &Org, old: &[&ServerPlan]) -> Entry {
    let source = old[rng.below(old.len())];
    let target = old[rng.below(old.len())];
    let number = |rng: &mut Chance, server: &ServerPlan| rng.between(1, server.endpoints.len()).to_string();
    let (from, to) = (number(rng, source), number(rng, target));
    let dn = format!("CN=Between sites,{}", connections(org, true));
    Entry::new(dn, &["top", "msExchConnector", "msExchRoutingGroupConnector"])
        .with("cn", "Between sites")
        .with("msExchSourceBridgeheadServersDN", bridgehead(org, source, &from))
        .with("msExchTargetBridgeheadServersDN", bridgehead(org, target, &to))
}
