//! Servers, what looks like servers, and their endpoints.

use super::{Age, Domain, EndpointPlan, Mood, Org, Product, SHARED_POOL, ServerPlan, escaped};
use crate::judge::oracle::entries::Entry;
use crate::support::chance::Chance;

const NAMES: [&str; 8] = ["EX01", "EX02", "MBX-3", "Hub_4", "EXVS1", "mail5", "SRV6", "EX07"];

const OLD: [Product; 2] = [
    Product { age: Age::E2003, version: 7638, serial: "Version 6.5 (Build 7638.2: Service Pack 2)" },
    Product { age: Age::E2000, version: 6249, serial: "Version 6.0 (Build 6249.4: Service Pack 3)" },
];
const HUBS: [Product; 2] = [
    Product { age: Age::Hub, version: 1_912_832_083, serial: "Version 8.3 (Build 30083.6)" },
    Product { age: Age::Hub, version: 1_937_997_947, serial: "Version 14.3 (Build 30123.4)" },
];
const MODERN: [Product; 4] = [
    Product { age: Age::Modern, version: 1_941_997_017, serial: "Version 15.0 (Build 31497.2)" },
    Product { age: Age::Modern, version: 1_942_063_563, serial: "Version 15.1 (Build 32507.6)" },
    Product { age: Age::Modern, version: 1_942_128_136, serial: "Version 15.2 (Build 31544.4)" },
    Product { age: Age::Modern, version: 1_942_129_154, serial: "Version 15.2 (Build 32562.17)" },
];

const NOT_HOST_NAMES: [&str; 9] = [
    "localhost",
    "LOCALHOST",
    "192.0.2.25",
    "mail.contoso.com.",
    "mail..contoso.com",
    "mail contoso",
    "größe.contoso.com",
    "mail.contoso.com & calc",
    "2001:db8::1",
];

pub(super) fn servers(rng: &mut Chance, mood: &Mood, domains: &[Domain]) -> Vec<ServerPlan> {
    let mut names = NAMES.to_vec();
    rng.shuffle(&mut names);
    names.truncate(rng.pick(&[1, 1, 2, 2, 3, 4]));
    let era = rng.below(5);
    let mut servers: Vec<ServerPlan> = names.iter().map(|name| bare(rng, mood, domains, name, era)).collect();
    servers[0].roles = main_roles(rng, servers[0].product.age);
    let dotted = servers[0].address.as_ref().is_some_and(|address| address.contains('.'));
    if !mood.tidy && servers.len() > 1 && dotted && rng.percent(4) {
        let address = servers[0].address.clone();
        servers[1].address = address;
    }
    let hosts: Vec<String> = servers.iter().flat_map(|s| s.address.iter().cloned().chain([s.name.clone()])).collect();
    for server in &mut servers {
        server.endpoints = endpoints(rng, mood, server, &hosts);
    }
    if !mood.tidy && rng.percent(25) {
        share(rng, &mut servers);
    }
    if rng.percent(15) {
        servers.push(odd_server(rng));
    }
    servers
}

/// A load-balanced name on every server that clients reach.
fn share(rng: &mut Chance, servers: &mut [ServerPlan]) {
    let name = rng.pick(&SHARED_POOL);
    let (flags, restrictions) = rng.pick(&[(3, 16), (2, 16), (15, 16), (3, 0), (19, 0), (7, 16), (3, 16), (2, 20)]);
    for server in servers.iter_mut().filter(|server| !server.is_old() && server.moves_mail()) {
        let role = if server.roles.is_some_and(|roles| roles & 16384 != 0) { 16384 } else { 32 };
        let mut plan = connector(server, "Load balanced".to_owned(), flags, restrictions, role);
        plan.fqdn = Some(rng.recase(name));
        server.endpoints.push(plan);
    }
}

fn bare(rng: &mut Chance, mood: &Mood, domains: &[Domain], name: &str, era: usize) -> ServerPlan {
    let domain = rng.below(domains.len());
    let product = match era {
        0 => OLD[usize::from(rng.percent(25))],
        1 => rng.pick(&HUBS),
        2 => match rng.below(3) {
            0 => OLD[0],
            1 => rng.pick(&HUBS),
            _ => rng.pick(&MODERN),
        },
        _ => rng.pick(&MODERN),
    };
    let host = rng.recase(name);
    let other = domains[rng.below(domains.len())].dns;
    let address = match if mood.tidy { 99 } else { rng.below(100) } {
        0..=5 => format!("{host}.oldname.test"),
        6..=9 => host,
        10..=13 => format!("{host}.{other}"),
        _ => format!("{host}.{}", domains[domain].dns),
    };
    let roles = roles(rng, product.age);
    ServerPlan { name: name.to_owned(), domain, address: Some(address), product, roles, endpoints: Vec::new() }
}

fn main_roles(rng: &mut Chance, age: Age) -> Option<u32> {
    match age {
        Age::E2000 | Age::E2003 => None,
        Age::Hub => Some(rng.pick(&[32, 36, 38, 54])),
        Age::Modern => Some(rng.pick(&[16423, 16439, 16439, 16385, 54])),
    }
}

fn roles(rng: &mut Chance, age: Age) -> Option<u32> {
    let idle = age == Age::Hub && rng.percent(25);
    if idle { Some(rng.pick(&[2, 4, 6, 20])) } else { main_roles(rng, age) }
}

/// A server that is none to judge: on the perimeter, or only provisioned.
fn odd_server(rng: &mut Chance) -> ServerPlan {
    let edge = rng.percent(60);
    let mut server = ServerPlan {
        name: if edge { "EDGE01" } else { "NEW01" }.to_owned(),
        domain: 0,
        address: edge.then(|| "edge01.perimeter.contoso.com".to_owned()),
        product: MODERN[1],
        roles: Some(if edge { 64 } else { 4096 }),
        endpoints: Vec::new(),
    };
    // What an uninstallation leaves behind.
    if !edge && rng.percent(50) {
        let mut rest = connector(&server, "Default NEW01".to_owned(), 31, 0, 32);
        rest.fqdn = Some(SHARED_POOL[0].to_owned());
        server.endpoints.push(rest);
    }
    server
}

fn endpoints(rng: &mut Chance, mood: &Mood, server: &ServerPlan, hosts: &[String]) -> Vec<EndpointPlan> {
    let mut endpoints = if server.is_old() { virtual_servers(rng, mood, server) } else { connectors(rng, server) };
    // One whole default connector stays, so that no attribute seems to be hidden by accident.
    for (number, endpoint) in endpoints.iter_mut().enumerate().filter(|_| !mood.tidy) {
        disturb(rng, endpoint, server, hosts, number == 0);
    }
    endpoints
}

fn own_address(server: &ServerPlan) -> String {
    server.address.clone().unwrap_or_else(|| server.name.clone())
}

fn virtual_servers(rng: &mut Chance, mood: &Mood, server: &ServerPlan) -> Vec<EndpointPlan> {
    let names = ["Default SMTP Virtual Server", "Außenstelle", "Relay, intern", "Test \"1\""];
    let count = if mood.tidy { 1 } else { rng.between(1, 4) };
    let plan = |number: usize| EndpointPlan {
        rdn: (number + 1).to_string(),
        name: names[number].to_owned(),
        fqdn: Some(own_address(server)),
        flags: Some(7),
        restrictions: None,
        options: None,
        role: None,
        on: Some(true),
        providers: Some("GSSAPI,NTLM"),
    };
    (0..count).map(plan).collect()
}

fn connectors(rng: &mut Chance, server: &ServerPlan) -> Vec<EndpointPlan> {
    let roles = server.roles.unwrap_or(32);
    let modern = server.product.age == Age::Modern;
    let named = |kind: &str| format!("{kind} {}", server.name);
    let mut plans = Vec::new();
    if roles & 32 != 0 {
        plans.push(connector(server, named("Default"), 31, 0, 32));
        plans.push(connector(server, named(if modern { "Client Proxy" } else { "Client" }), 31, 16, 32));
    }
    if roles & 16384 != 0 {
        plans.push(connector(server, named("Default Frontend"), 31, 0, 16384));
        plans.push(connector(server, named("Client Frontend"), 15, 16, 16384));
    }
    if roles & (32 | 16384) == 0 {
        return Vec::new();
    }
    let role = if roles & 16384 != 0 { 16384 } else { 32 };
    for custom in ["Anwendungen über Relay", "Partner, extern", "Scanner's Relay", "Internet"] {
        if rng.percent(20) {
            let flags = rng.pick(&[1, 3, 3, 15, 17, 2]);
            let restrictions = rng.pick(&[0, 0, 16]);
            plans.push(connector(server, custom.to_owned(), flags, restrictions, role));
        }
    }
    plans
}

fn connector(server: &ServerPlan, name: String, flags: u32, restrictions: u32, role: u32) -> EndpointPlan {
    EndpointPlan {
        rdn: escaped(&name),
        name,
        fqdn: Some(own_address(server)),
        flags: Some(flags),
        restrictions: Some(restrictions),
        options: Some(445),
        role: Some(role),
        on: None,
        providers: None,
    }
}

fn disturb(rng: &mut Chance, endpoint: &mut EndpointPlan, server: &ServerPlan, hosts: &[String], first: bool) {
    let old = server.is_old();
    if rng.percent(if old { 60 } else { 28 }) {
        endpoint.fqdn = announced(rng, server, hosts).filter(|name| !first || !name.is_empty());
    }
    if first && endpoint.fqdn.is_none() {
        endpoint.fqdn = Some(own_address(server));
    }
    if rng.percent(12) {
        let flags: [Option<u32>; 6] = if old {
            [None, Some(1), Some(3), Some(4), Some(5), Some(7)]
        } else {
            [None, Some(1), Some(3), Some(15), Some(17), Some(31)]
        };
        endpoint.flags = rng.pick(&flags).or((first && !old).then_some(13));
    }
    if rng.percent(10) {
        endpoint.on = rng.pick(&[None, Some(true), Some(false)]);
    }
    if rng.percent(8) && old {
        endpoint.providers = rng.pick(&[None, Some("NTLM"), Some("Negotiate,NTLM"), Some("ntlm,gssapi")]);
    }
    if !old && rng.percent(12) {
        endpoint.restrictions = rng.pick(&[None, Some(0), Some(16), Some(20)]);
        endpoint.options = rng.pick(&[None, Some(957), Some(4541), Some(4541)]);
    }
    if !old && rng.percent(8) {
        endpoint.role = rng.pick(&[None, Some(32), Some(16384)]);
    }
}

fn announced(rng: &mut Chance, server: &ServerPlan, hosts: &[String]) -> Option<String> {
    match rng.below(100) {
        0..=9 => None,
        10..=13 => Some(String::new()),
        14..=24 => Some(rng.recase(&own_address(server))),
        25..=38 => Some(rng.recase(&server.name)),
        39..=74 => Some({
            let name = rng.pick(&SHARED_POOL);
            rng.recase(name)
        }),
        75..=85 => Some({
            let host = &hosts[rng.below(hosts.len())];
            rng.recase(host)
        }),
        86..=87 => Some("renamed.contoso.com".to_owned()),
        88..=92 => Some(edge_of_the_grammar(rng)),
        _ => Some(not_a_host_name(rng)),
    }
}

/// Names that are just inside what a DNS host name may be.
fn edge_of_the_grammar(rng: &mut Chance) -> String {
    let label = "a".repeat(63);
    match rng.below(4) {
        0 => format!("{label}.contoso.com"),
        1 => [&label, &label, &label, "a".repeat(61).as_str()].map(str::to_owned).join("."),
        2 => "_mail.contoso.com".to_owned(),
        _ => "-mail-.contoso.com".to_owned(),
    }
}

fn not_a_host_name(rng: &mut Chance) -> String {
    let label = "a".repeat(63);
    match rng.below(NOT_HOST_NAMES.len() + 2) {
        0 => format!("{label}a.contoso.com"),
        1 => [&label, &label, &label, "a".repeat(62).as_str()].map(str::to_owned).join("."),
        other => NOT_HOST_NAMES[other - 2].to_owned(),
    }
}

pub(super) fn entries(org: &Org, server: &ServerPlan) -> Vec<Entry> {
    let dn = org.server_dn(server);
    let mut entries = vec![server_entry(org, server, &dn)];
    entries.push(Entry::new(format!("CN=Protocols,{dn}"), &["top", "container"]).with("cn", "Protocols"));
    for endpoint in &server.endpoints {
        let old = server.is_old();
        entries.push(if old { virtual_server_entry(endpoint, &dn) } else { connector_entry(endpoint, &dn) });
    }
    if !server.is_old() && server.roles != Some(4096) {
        entries.push(phantom(server, &dn));
    }
    if server.product.age == Age::Modern && server.moves_mail() {
        entries.extend([("Frontend", "16384"), ("Mailbox", "2")].map(|role| role_object(org, server, &dn, role)));
    }
    entries
}

fn server_entry(org: &Org, server: &ServerPlan, dn: &str) -> Entry {
    let old = server.is_old();
    let entry = Entry::new(dn, &["top", "server", "msExchExchangeServer"]).with("cn", &server.name);
    let entry = products(entry, server);
    // Where the category was not recorded, the class has to do.
    let category = (server.name.len() != 5).then(|| org.category("ms-Exch-Exchange-Server"));
    let roles = server.roles.map(|roles| roles.to_string());
    let entry = entry.with_some("objectCategory", category).with_some("msExchCurrentServerRoles", roles);
    with_addresses(entry, server).with_some("msExchVersion", (!old).then_some("4535486012416"))
}

/// `versionNumber`, `serialNumber` or both; only the text tells 2000 from 2003.
fn products(entry: Entry, server: &ServerPlan) -> Entry {
    let both = server.name.len().is_multiple_of(2) || server.product.age == Age::E2000;
    let entry = entry.with_some("serialNumber", (both || server.domain == 0).then_some(server.product.serial));
    entry.with_some("versionNumber", (both || server.domain != 0).then(|| server.product.version.to_string()))
}

fn with_addresses(mut entry: Entry, server: &ServerPlan) -> Entry {
    let Some(address) = &server.address else { return entry };
    if server.roles != Some(64) {
        for protocol in ["ncacn_vns_spp", "netbios", "ncacn_np", "ncacn_spx", "ncalrpc"] {
            entry = entry.with("networkAddress", format!("{protocol}:{}", server.name));
        }
    }
    entry.with("networkAddress", format!("ncacn_ip_tcp:{address}"))
}

/// A copy of the server's addresses that may be stale, and no server.
fn role_object(org: &Org, server: &ServerPlan, dn: &str, (name, roles): (&str, &str)) -> Entry {
    let classes = ["top", "server", "msExchExchangeServer", "msExchExchangeTransportServer"];
    let category = (server.name.len() != 5).then(|| org.category("ms-Exch-Exchange-Transport-Server"));
    let entry = Entry::new(format!("CN={name},CN=Transport Configuration,{dn}"), &classes)
        .with("cn", name)
        .with("msExchCurrentServerRoles", roles)
        .with_some("objectCategory", category);
    let entry = products(entry, server);
    let stale = name == "Frontend" && server.domain == 0;
    if stale { entry.with("networkAddress", "ncacn_ip_tcp:stale.contoso.com") } else { with_addresses(entry, server) }
}

/// What 2007 and later keep so that send connectors can name their sources.
fn phantom(server: &ServerPlan, dn: &str) -> Entry {
    let fqdn = if server.name.len() == 4 { own_address(server) } else { "phantom.contoso.com".to_owned() };
    Entry::new(
        format!("CN=1,CN=SMTP,CN=Protocols,{dn}"),
        &["top", "protocolCfg", "protocolCfgSMTP", "protocolCfgSMTPServer"],
    )
    .with("cn", "1")
    .with("adminDisplayName", "Default SMTP Virtual Server")
    .with("msExchSmtpFullyQualifiedDomainName", fqdn)
}

fn virtual_server_entry(endpoint: &EndpointPlan, server: &str) -> Entry {
    Entry::new(
        format!("CN={},CN=SMTP,CN=Protocols,{server}", endpoint.rdn),
        &["top", "protocolCfg", "protocolCfgSMTP", "protocolCfgSMTPServer"],
    )
    .with("cn", &endpoint.rdn)
    .with("adminDisplayName", &endpoint.name)
    .with("msExchServerBindings", ":25:")
    .with_some("msExchSmtpFullyQualifiedDomainName", endpoint.fqdn.as_ref())
    .with_some("msExchAuthenticationFlags", endpoint.flags.map(|flags| flags.to_string()))
    .with_some("msExchNTAuthenticationProviders", endpoint.providers)
    .with_some("msExchServerAutoStart", endpoint.on.map(truth))
}

pub(super) fn connector_entry(endpoint: &EndpointPlan, server: &str) -> Entry {
    let number = |value: Option<u32>| value.map(|number| number.to_string());
    Entry::new(
        format!("CN={},CN=SMTP Receive Connectors,CN=Protocols,{server}", endpoint.rdn),
        &["top", "msExchSmtpReceiveConnector"],
    )
    .with("cn", &endpoint.name)
    .with("msExchSmtpReceiveBindings", "0.0.0.0:25")
    .with_some("msExchSMTPReceiveConnectorFQDN", endpoint.fqdn.as_ref())
    .with_some("msExchSMTPReceiveInboundSecurityFlag", number(endpoint.flags))
    .with_some("msExchSmtpReceiveProtocolRestrictions", number(endpoint.restrictions))
    .with_some("msExchSmtpReceiveProtocolOptions", number(endpoint.options))
    .with_some("msExchSmtpReceiveRole", number(endpoint.role))
    .with_some("msExchSmtpReceiveEnabled", endpoint.on.map(truth))
}

fn truth(on: bool) -> &'static str {
    if on { "TRUE" } else { "FALSE" }
}

/// A connector of a server that is not there.
pub(super) fn left_behind(rng: &mut Chance, server: &ServerPlan) -> EndpointPlan {
    let name = rng.pick(&["Default GONE", "Relay GONE"]).to_owned();
    connector(server, name, 31, 0, 32)
}
