//! Random organisations: names from a small pool, so that everything collides with everything.

use crate::model::{Class, Domain, Endpoint, Kind, Object, Org, Orphan, Server, fold};
use crate::rng::Rng;

const SERVER_NAMES: [&str; 7] = ["EX01", "EX02", "MBX-1", "mail01", "HUB", "EXCH_OLD", "ex03"];
const ADMIN_GROUPS: [&str; 3] =
    ["First Administrative Group", "Exchange Administrative Group (FYDIBOHF23SPDLT)", "Zürich\\, Süd"];
const SHARED_POOL: [&str; 6] =
    ["mail.contoso.com", "MAIL.Contoso.COM", "smtp.contoso.com", "relay_1.contoso.com", "relay", "mx.fabrikam.local"];
const NOT_HOST_NAMES: [&str; 14] = [
    "mail.contoso.com.",
    "10.1.2.3",
    "fe80::1",
    "[10.1.2.3]",
    "mail contoso.com",
    "mail..contoso.com",
    ".contoso.com",
    "*.contoso.com",
    "mail&calc.contoso.com",
    "mail.contoso.com;calc",
    "mäil.contoso.com",
    "mail\u{1b}[31m.contoso.com",
    " ",
    "mail.contoso.com:25",
];
const UNSAFE_ACCOUNTS: [&str; 8] = ["svc relay", "svc&calc", "svc%PATH%", "svc`x", "svc;x", "svc'x", "svc(x)", "svc$x"];
const FOLDERS: [&str; 5] =
    ["CN=Computers,", "OU=Exchange,OU=Servers,", "OU=Sales\\, Berlin,", "OU=Größe und Maß,", "OU=trap\\,DC\\=evil,"];
const PRODUCTS_BEFORE_2007: [&str; 2] = ["Version 6.0 (Build 6249.4)", "Version 6.5 (Build 7638.2)"];
const PRODUCTS: [&str; 6] = [
    "Version 8.3 (Build 30083.6)",
    "Version 14.3 (Build 30123.4)",
    "Version 15.0 (Build 31497.2)",
    "Version 15.1 (Build 32507.6)",
    "Version 15.2 (Build 31118.7)",
    "Version 15.2 (Build 32562.17)",
];

/// How disorderly an organisation is.
struct Mood {
    tidy: bool,
    registered: usize,
    strays: usize,
}

impl Mood {
    fn draw(rng: &mut Rng) -> Self {
        let tidy = rng.percent(15);
        let registered = if tidy { 100 } else { rng.pick(&[100, 90, 60, 20]) };
        let strays = if tidy { 0 } else { rng.between(0, 4) };
        Self { tidy, registered, strays }
    }
}

pub(crate) fn organisation(seed: u64) -> Org {
    let mut rng = Rng::new(seed);
    let mood = Mood::draw(&mut rng);
    let domains = domains(&mut rng, &mood);
    let servers = servers(&mut rng, &mood, &domains);
    let mut org = Org { domains, servers, orphans: Vec::new(), objects: Vec::new(), mappings: mappings(&mut rng) };
    add_accounts(&mut rng, &mood, &mut org);
    add_strays(&mut rng, &mood, &mut org);
    if !mood.tidy {
        add_orphans(&mut rng, &mut org);
        damage(&mut rng, &mut org);
    }
    org
}

fn domains(rng: &mut Rng, mood: &Mood) -> Vec<Domain> {
    let others = [("child.contoso.com", "KIDS"), ("fabrikam.local", "FABRIKAM")];
    let mut domains = vec![domain(rng, mood, "contoso.com", "CONTOSO")];
    for (dns, netbios) in others {
        if rng.percent(50) {
            domains.push(domain(rng, mood, dns, netbios));
        }
    }
    domains
}

fn domain(rng: &mut Rng, mood: &Mood, dns: &str, netbios: &str) -> Domain {
    let unsafe_name = !mood.tidy && rng.percent(3);
    let netbios = if unsafe_name { "CON&CALC" } else { netbios };
    Domain { dns: dns.to_owned(), cross_ref: rng.percent(80), netbios: rng.percent(80).then(|| netbios.to_owned()) }
}

fn mappings(rng: &mut Rng) -> Vec<String> {
    let default = "host=alerter,appmgmt,cisvc,clipsrv,browser,dhcp,http,w3svc,www";
    match rng.below(10) {
        0 => vec![format!("{default},smtpsvc")],
        1 => vec![format!("HOST=SmtpSvc,{default}").replace("host=", "")],
        2 => vec!["ldap=smtpsvc".to_owned(), default.to_owned()],
        3 => vec![],
        _ => vec![default.to_owned()],
    }
}

fn servers(rng: &mut Rng, mood: &Mood, domains: &[Domain]) -> Vec<Server> {
    let mut names = SERVER_NAMES.to_vec();
    rng.shuffle(&mut names);
    names.truncate(rng.between(1, 5));
    let mut servers: Vec<Server> = names.iter().map(|name| bare_server(rng, mood, domains, name)).collect();
    if !mood.tidy && servers.len() > 1 && rng.percent(3) {
        servers[0].addresses = vec![servers[1].addresses[0].clone()];
    }
    let hosts = host_names(&servers);
    for server in &mut servers {
        let old = PRODUCTS_BEFORE_2007.contains(&server.serial);
        server.endpoints = endpoints(rng, mood, server, &hosts, old);
        if !mood.tidy && rng.percent(2) {
            server.addresses.clear();
        }
    }
    servers
}

fn bare_server(rng: &mut Rng, mood: &Mood, domains: &[Domain], name: &str) -> Server {
    let domain = &domains[rng.below(domains.len())].dns;
    let address = rng.recase(&format!("{name}.{domain}"));
    let mut addresses = vec![address];
    if !mood.tidy && rng.percent(4) {
        addresses.push(format!("{name}-old.{domain}"));
    }
    let old = rng.percent(40);
    Server {
        name: name.to_owned(),
        addresses,
        roles: roles(rng, old),
        serial: if old { rng.pick(&PRODUCTS_BEFORE_2007) } else { rng.pick(&PRODUCTS) },
        admin_group: rng.pick(&ADMIN_GROUPS),
        endpoints: Vec::new(),
    }
}

fn roles(rng: &mut Rng, old: bool) -> Option<u32> {
    let roles = [None, Some(2), Some(32), Some(54), Some(16439), Some(4128), Some(64), Some(16448), Some(4096)];
    if old { None } else { rng.pick(&roles) }
}

fn host_names(servers: &[Server]) -> Vec<String> {
    let of = |server: &Server| [server.addresses.clone(), vec![server.name.clone()]].concat();
    servers.iter().flat_map(of).collect()
}

fn endpoints(rng: &mut Rng, mood: &Mood, server: &Server, hosts: &[String], old: bool) -> Vec<Endpoint> {
    let count = rng.between(0, 4);
    (0..count)
        .map(|number| {
            let fqdn = endpoint_fqdn(rng, mood, server, hosts);
            if old { virtual_server(number, fqdn) } else { connector(rng, number, &server.name, fqdn) }
        })
        .collect()
}

fn virtual_server(number: usize, fqdn: Option<String>) -> Endpoint {
    let name = ["Default SMTP Virtual Server", "Außenstelle", "Relay, intern", "Test \"1\""][number];
    Endpoint { name: name.to_owned(), rdn: (number + 1).to_string(), fqdn, kind: Kind::VirtualServer }
}

fn connector(rng: &mut Rng, number: usize, server: &str, fqdn: Option<String>) -> Endpoint {
    let kinds = ["Default", "Client Frontend", "Öffentlich", "Anonymous, Relay"];
    let name = format!("{} {server}", kinds[number]);
    let enabled = rng.pick(&[None, None, Some(true), Some(true), Some(true), Some(false)]);
    let any = u32::try_from(rng.below(64)).expect("six bits");
    let flags = rng.pick(&[None, Some(any), Some(any), Some(any | 2), Some(any & !16 | 2)]);
    let rdn = name.replace(',', "\\,");
    Endpoint { name, rdn, fqdn, kind: Kind::Connector { enabled, flags } }
}

fn endpoint_fqdn(rng: &mut Rng, mood: &Mood, server: &Server, hosts: &[String]) -> Option<String> {
    let own = server.addresses[0].clone();
    match if mood.tidy { rng.below(55) } else { rng.below(100) } {
        0..=24 => None,
        25..=34 => Some(String::new()),
        35..=47 => Some(rng.recase(&own)),
        48..=54 => Some(rng.recase(&server.name)),
        55..=79 => Some(rng.pick(&SHARED_POOL).to_owned()),
        80..=89 => Some({
            let host = &hosts[rng.below(hosts.len())];
            rng.recase(host)
        }),
        90..=93 => Some(edge_of_the_grammar(rng)),
        _ => Some(not_a_host_name(rng)),
    }
}

/// Names that are just inside what a DNS host name may be.
fn edge_of_the_grammar(rng: &mut Rng) -> String {
    let label = "a".repeat(63);
    match rng.below(4) {
        0 => format!("{label}.contoso.com"),
        1 => [&label, &label, &label, "a".repeat(61).as_str()].map(str::to_owned).join("."),
        2 => "_mail.contoso.com".to_owned(),
        _ => "-mail-.contoso.com".to_owned(),
    }
}

fn not_a_host_name(rng: &mut Rng) -> String {
    let label = "a".repeat(63);
    match rng.below(NOT_HOST_NAMES.len() + 2) {
        0 => format!("{label}a.contoso.com"),
        1 => [&label, &label, &label, "a".repeat(62).as_str()].map(str::to_owned).join("."),
        other => NOT_HOST_NAMES[other - 2].to_owned(),
    }
}

fn add_accounts(rng: &mut Rng, mood: &Mood, org: &mut Org) {
    for index in 0..org.servers.len() {
        let style = if mood.tidy || rng.percent(65) { 0 } else { rng.below(9) };
        let first = org.objects.len();
        for object in accounts_in_style(rng, org, &org.servers[index], style) {
            add(org, object);
        }
        if first < org.objects.len() {
            let names = names_wanted(&org.servers[index]);
            register(rng, mood, &mut org.objects[first], &names);
            decorate(rng, mood, &mut org.objects[first], &names);
        }
    }
}

fn accounts_in_style(rng: &mut Rng, org: &Org, server: &Server, style: usize) -> Vec<Object> {
    let fqdn = server.addresses.first().cloned().unwrap_or_else(|| format!("{}.contoso.com", server.name));
    let home = home_of(org, &fqdn);
    let full = |rng: &mut Rng, domain| computer(rng, &server.name, domain, Some(&fqdn));
    let bare = |rng: &mut Rng, domain, dns: Option<&str>| {
        let mut object = computer(rng, &server.name, domain, None);
        object.dns_host = dns.map(str::to_owned);
        object
    };
    match style {
        0 => vec![full(rng, home)],
        1 => vec![bare(rng, home, Some(&fqdn))],
        2 => in_all_domains(org, |domain| bare(rng, domain, (domain == home).then_some(&fqdn))),
        3 => in_all_domains(org, |domain| bare(rng, domain, Some(&format!("x{domain}.contoso.com")))),
        4 => vec![full(rng, home), stand_in(rng, home, &fqdn)],
        5 => vec![bare(rng, home, Some("renamed.contoso.com"))],
        6 => vec![stand_in(rng, home, &fqdn), bare(rng, home, None)],
        7 => vec![bare(rng, home, None)],
        _ => vec![],
    }
}

/// A computer of another name that holds `HOST/<fqdn>`.
fn stand_in(rng: &mut Rng, domain: usize, fqdn: &str) -> Object {
    let name = rng.pick(&["NEWBOX", "CLONE-7", "CL&NE"]);
    let mut object = computer(rng, name, domain, Some(fqdn));
    object.dns_host = Some(rng.recase(fqdn));
    object
}

fn in_all_domains(org: &Org, mut make: impl FnMut(usize) -> Object) -> Vec<Object> {
    (0..org.domains.len()).map(&mut make).collect()
}

fn home_of(org: &Org, fqdn: &str) -> usize {
    let within = |domain: &Domain| fold(fqdn).split_once('.').is_some_and(|(_, rest)| rest == domain.dns);
    org.domains.iter().position(within).unwrap_or(0)
}

fn computer(rng: &mut Rng, name: &str, domain: usize, host: Option<&str>) -> Object {
    let spns =
        host.map(|fqdn| vec![format!("HOST/{fqdn}"), format!("RestrictedKrbHost/{fqdn}"), format!("HOST/{name}")]);
    Object {
        rdn: name.to_owned(),
        folder: rng.pick(&FOLDERS),
        domain,
        class: Class::Computer,
        sam: Some(format!("{}$", rng.recase(name))),
        dns_host: host.map(|fqdn| rng.recase(fqdn)),
        control: rng.pick(&[Some(4096), Some(4096), Some(4096), Some(532_480), None]),
        spns: spns.unwrap_or_default(),
        open_range: false,
    }
}

fn names_wanted(server: &Server) -> Vec<String> {
    let mut names = server.addresses.clone();
    names.push(server.name.clone());
    names.extend(server.endpoints.iter().filter_map(|endpoint| endpoint.fqdn.clone()));
    names.retain(|name| plain(name));
    names
}

fn plain(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.chars().all(inside) && !name.contains("..") && !name.starts_with('.')
}

fn register(rng: &mut Rng, mood: &Mood, account: &mut Object, names: &[String]) {
    for name in names {
        if rng.percent(mood.registered) {
            let class = rng.pick(&["SMTPSVC", "SmtpSvc", "smtpsvc"]);
            hold(account, &format!("{class}/{}", rng.recase(name)));
        }
    }
}

/// What an Exchange account holds beside what it should.
fn decorate(rng: &mut Rng, mood: &Mood, account: &mut Object, names: &[String]) {
    if mood.tidy {
        return;
    }
    if rng.percent(10) {
        account.control = Some(4098);
    }
    for _ in 0..rng.below(3) {
        let spn = odd_spn(rng, names);
        hold(account, &spn);
    }
    if rng.percent(4) {
        account.dns_host = Some("renamed.contoso.com".to_owned());
    }
}

fn odd_spn(rng: &mut Rng, names: &[String]) -> String {
    let name = if names.is_empty() { "mail.contoso.com".to_owned() } else { names[rng.below(names.len())].clone() };
    match rng.below(12) {
        0 => format!("SMTP/{name}"),
        1 => format!("SMTPSVC/{name}:25"),
        2 => format!("SMTPSVC/{name}."),
        3 => "SMTPSVC/".to_owned(),
        4 => format!("smtpsvc//{name}"),
        5 => format!("SMTPSVC/{name}/b/c"),
        6 => format!("SMTPSVC/{name}:"),
        7 => "SMTPSVC/forgotten.contoso.com".to_owned(),
        8 => format!("SMTPSVC/{name}/contoso.com"),
        9 => format!("SMTPSVCX/{name}"),
        10 => format!("SMTPSVC/{}", rng.pick(&SHARED_POOL)),
        _ => format!("WSMAN/{name}"),
    }
}

/// Directories refuse a value that differs from another only by case.
fn hold(object: &mut Object, spn: &str) {
    if object.spns.iter().all(|held| fold(held) != fold(spn)) {
        object.spns.push(spn.to_owned());
    }
}

/// Adds an object unless its name or its account name is taken already.
fn add(org: &mut Org, object: Object) {
    let dn = fold(&org.object_dn(&object));
    let sam = |of: &Object| of.sam.as_deref().map(fold);
    let clashes = |other: &Object| {
        fold(&org.object_dn(other)) == dn
            || (other.domain == object.domain && sam(other).is_some() && sam(other) == sam(&object))
    };
    if !org.objects.iter().any(clashes) {
        org.objects.push(object);
    }
}

fn add_strays(rng: &mut Rng, mood: &Mood, org: &mut Org) {
    let mut names: Vec<String> = org.servers.iter().flat_map(names_wanted).collect();
    names.extend(SHARED_POOL.map(str::to_owned));
    for number in 0..mood.strays {
        let mut object = stray(rng, number, org.domains.len());
        for _ in 0..rng.between(1, 2) {
            let spn = stray_spn(rng, &names);
            hold(&mut object, &spn);
        }
        add(org, object);
    }
}

fn stray(rng: &mut Rng, number: usize, domains: usize) -> Object {
    let domain = rng.below(domains);
    let (class, rdn, sam) = match rng.below(10) {
        0..=2 => (Class::Computer, format!("OLD{number}"), Some(format!("old{number}$"))),
        3 => (Class::ManagedAccount, format!("gmsa{number}"), Some(format!("gmsa{number}$"))),
        4 => (Class::ConnectionPoint, format!("point{number}"), None),
        5 => (Class::User, format!("Odd {number}"), Some(rng.pick(&UNSAFE_ACCOUNTS).to_owned())),
        6 => (Class::User, format!("Müller\\, Jürgen {number}"), Some(format!("jmüller{number}"))),
        _ => (Class::User, format!("Doe\\, John {number}"), Some(format!("svc-relay.{number}"))),
    };
    let control = (class != Class::ConnectionPoint).then_some(512);
    let folder = rng.pick(&FOLDERS);
    Object { rdn, folder, domain, class, sam, dns_host: None, control, spns: Vec::new(), open_range: false }
}

fn stray_spn(rng: &mut Rng, names: &[String]) -> String {
    let name = names[rng.below(names.len())].clone();
    let name = rng.recase(&name);
    match rng.below(8) {
        0 => format!("HOST/{name}"),
        1 => odd_spn(rng, &[name]),
        _ => format!("SMTPSVC/{name}"),
    }
}

fn add_orphans(rng: &mut Rng, org: &mut Org) {
    let count = if rng.percent(15) { rng.between(1, 2) } else { 0 };
    for number in 0..count {
        let fqdn = Some(rng.pick(&SHARED_POOL).to_owned());
        let gone = format!("GONE{number}");
        let (endpoint, rdn) = match rng.below(3) {
            0 => (virtual_server(number, fqdn), gone),
            1 => (connector(rng, number, "GONE", fqdn), gone),
            _ => (connector(rng, number, "GONE", fqdn), format!("X\\,CN\\={}", org.servers[0].name)),
        };
        org.orphans.push(Orphan { server_rdn: rdn, admin_group: org.servers[0].admin_group, endpoint });
    }
}

/// Recordings that do not hold the whole truth.
fn damage(rng: &mut Rng, org: &mut Org) {
    match rng.below(40) {
        0 => org.objects.clear(),
        1 => org.servers.clear(),
        2 | 3 => open_a_range(rng, org),
        _ => {}
    }
}

fn open_a_range(rng: &mut Rng, org: &mut Org) {
    let mut holders: Vec<&mut Object> = org.objects.iter_mut().filter(|o| !o.spns.is_empty()).collect();
    if !holders.is_empty() {
        let chosen = rng.below(holders.len());
        holders[chosen].open_range = true;
    }
}
