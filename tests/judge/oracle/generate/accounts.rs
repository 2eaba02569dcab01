//! Who holds what: the servers' accounts in every state, owners of names, and strays.

use super::{Account, Class, Org, SHARED_POOL, ServerPlan, escaped, hold};
use crate::judge::oracle::entries::{Entry, fold};
use crate::support::chance::Chance;

const UNSAFE: [&str; 4] = ["svc&calc", "jmüller", "a b", "it's"];

pub(super) fn add_accounts(rng: &mut Chance, org: &mut Org) {
    for index in 0..org.servers.len() {
        if org.servers[index].roles.is_some_and(|roles| roles & 64 != 0 || roles == 4096) {
            continue;
        }
        let address = org.servers[index].address.as_ref();
        let undotted = address.is_some_and(|address| !address.contains('.'));
        let style = if org.mood.tidy || undotted || rng.percent(50) { 0 } else { rng.below(20) };
        let mut accounts = in_style(rng, org, &org.servers[index], style);
        if let Some(first) = accounts.first_mut() {
            register(rng, org, &org.servers[index], first);
            decorate(rng, org, first);
        }
        for account in accounts {
            add(org, account);
        }
    }
}

fn fqdn(org: &Org, server: &ServerPlan) -> String {
    let own = server.machine_fqdn(&org.domains);
    server.address.clone().filter(|address| address.contains('.')).unwrap_or(own)
}

/// Every mark there is.
fn full(rng: &mut Chance, org: &Org, server: &ServerPlan) -> Account {
    let host = server.machine_fqdn(&org.domains);
    let mut account = named(rng, server, server.domain);
    account.dns_host = Some(rng.recase(&host));
    account.spns = vec![format!("HOST/{host}"), format!("RestrictedKrbHost/{host}"), format!("HOST/{}", server.name)];
    account
}

fn named(rng: &mut Chance, server: &ServerPlan, domain: usize) -> Account {
    let sam = format!("{}$", rng.recase(&server.name));
    machine(&server.name, domain, &sam)
}

fn machine(rdn: &str, domain: usize, sam: &str) -> Account {
    Account {
        rdn: rdn.to_owned(),
        domain,
        class: Class::Computer,
        sam: sam.to_owned(),
        dns_host: None,
        disabled: false,
        spns: Vec::new(),
    }
}

/// A machine of another name that holds `HOST/<FQDN>`.
fn stand_in(rng: &mut Chance, org: &Org, server: &ServerPlan) -> Account {
    let name = format!("{}-{}", rng.pick(&["NEW", "OLD", "CLONE"]), server.name);
    let mut account = machine(&name, rng.below(org.domains.len()), &format!("{name}$"));
    account.spns = vec![format!("HOST/{}", fqdn(org, server))];
    if rng.percent(50) {
        account.spns.push(format!("HOST/{}", server.name));
    }
    account
}

/// What a replication conflict leaves.
fn conflict(rng: &mut Chance, of: &Account) -> Account {
    let mut conflict = of.clone();
    conflict.rdn = format!("{}\\0ACNF:5d0c7a0e-1111-4000-8000-00000000000{}", of.rdn, rng.below(10));
    if rng.percent(70) {
        conflict.sam = format!("$DUPLICATE-{}", rng.between(1000, 9999));
    }
    conflict
}

fn in_style(rng: &mut Chance, org: &Org, server: &ServerPlan, style: usize) -> Vec<Account> {
    let mut account = full(rng, org, server);
    let without_host = |account: &mut Account| account.spns.retain(|spn| !fold(spn).starts_with("host/"));
    match style {
        1 => without_host(&mut account),
        2 | 3 => {
            without_host(&mut account);
            return vec![account, other_holder(rng, org, server)];
        }
        4 => {
            without_host(&mut account);
            account.dns_host = None;
            account.domain = rng.below(org.domains.len());
        }
        5 => {
            without_host(&mut account);
            account.dns_host = Some("renamed.contoso.com".to_owned());
        }
        6 => account.dns_host = Some("renamed.contoso.com".to_owned()),
        7 => return vec![stand_in(rng, org, server)],
        8 => account.sam = format!("X-{}$", server.name),
        9 => return vec![account, two_marks(rng, org, server)],
        10 => {
            without_host(&mut account);
            account.dns_host = None;
            return vec![account, stand_in(rng, org, server)];
        }
        11 => return Vec::new(),
        12 | 17 => account.disabled = true,
        13 => return replaced(rng, org, server, account),
        14 | 15 => return with_conflict(rng, account),
        16 => return namesakes(rng, org, server, account),
        18 => {
            account.sam = format!("X-{}$", server.name);
            without_host(&mut account);
        }
        _ => {}
    }
    vec![account]
}

fn other_holder(rng: &mut Chance, org: &Org, server: &ServerPlan) -> Account {
    let mut other = stand_in(rng, org, server);
    other.disabled = rng.percent(60);
    match rng.below(6) {
        0 => {
            other.class = Class::ManagedAccount;
            "gmsa-app$".clone_into(&mut other.sam);
            "gmsa-app".clone_into(&mut other.rdn);
        }
        1 => {
            other.class = Class::User;
            other.sam = format!("svc-{}", server.name);
        }
        2 => return conflict(rng, &other),
        _ => {}
    }
    other
}

fn two_marks(rng: &mut Chance, org: &Org, server: &ServerPlan) -> Account {
    let mut other = stand_in(rng, org, server);
    other.dns_host = Some(fqdn(org, server));
    other
}

/// A dead account with everything, and a live machine with little.
fn replaced(rng: &mut Chance, org: &Org, server: &ServerPlan, mut old: Account) -> Vec<Account> {
    old.disabled = true;
    let mut new = stand_in(rng, org, server);
    new.spns.clear();
    new.dns_host = Some(fqdn(org, server));
    vec![new, old]
}

fn with_conflict(rng: &mut Chance, mut account: Account) -> Vec<Account> {
    let mut other = conflict(rng, &account);
    if rng.percent(50) {
        account.spns.truncate(1);
    } else {
        other.spns.clear();
    }
    vec![account, other]
}

/// A machine of the same name in every other domain.
fn namesakes(rng: &mut Chance, org: &Org, server: &ServerPlan, account: Account) -> Vec<Account> {
    let mut accounts = vec![account];
    for domain in (0..org.domains.len()).filter(|domain| *domain != server.domain) {
        let mut other = named(rng, server, domain);
        let host = format!("{}.{}", server.name, org.domains[domain].dns);
        other.spns = vec![format!("HOST/{host}"), format!("SMTPSVC/{host}")];
        other.dns_host = Some(host);
        accounts.push(other);
    }
    accounts
}

fn register(rng: &mut Chance, org: &Org, server: &ServerPlan, account: &mut Account) {
    let announced = server.endpoints.iter().filter_map(|endpoint| endpoint.fqdn.clone());
    let mut names = vec![fqdn(org, server), server.name.clone()];
    names.extend(announced.filter(|name| is_plain(name)));
    for (number, name) in names.iter().enumerate() {
        let chance = if number < 2 { org.mood.registered } else { org.mood.registered * 3 / 4 };
        if rng.percent(chance) {
            let class = rng.pick(&["SMTPSVC", "SmtpSvc", "smtpsvc"]);
            hold(account, &format!("{class}/{}", rng.recase(name)));
        }
    }
}

fn is_plain(name: &str) -> bool {
    crate::judge::oracle::directory::is_host_name(name)
}

/// What an Exchange account holds beside what it should.
fn decorate(rng: &mut Chance, org: &Org, account: &mut Account) {
    if org.mood.tidy {
        hold(account, &format!("SMTP/{}", account.rdn.clone()));
        return;
    }
    if rng.percent(25) {
        let spn = match rng.below(7) {
            0 => "SMTPSVC/".to_owned(),
            1 => "smtpsvc//mail.contoso.com".to_owned(),
            2 => "SMTPSVC/mail.contoso.com/b/c".to_owned(),
            3 | 4 => "SMTPSVC/forgotten.contoso.com".to_owned(),
            5 => "SMTPSVCX/mail.contoso.com".to_owned(),
            _ => format!("SMTPSVC/{}", rng.pick(&SHARED_POOL)),
        };
        hold(account, &spn);
    }
    if rng.percent(5) {
        hold(account, "SMTPSVC/renamed.contoso.com");
    }
}

/// Adds an account unless its place or, but for conflicts, its logon name is taken.
fn add(org: &mut Org, account: Account) {
    let taken = |other: &Account| {
        let same_place = fold(&other.rdn) == fold(&account.rdn);
        let same_name = fold(&other.sam) == fold(&account.sam) && !account.rdn.contains("CNF:");
        other.domain == account.domain && (same_place || same_name)
    };
    if !org.accounts.iter().any(taken) {
        org.accounts.push(account);
    }
}

/// Machines whose names endpoints may announce, some of them dead.
pub(super) fn add_owners(rng: &mut Chance, org: &mut Org) {
    for (name, host) in [("RELAY", "relay.contoso.com"), ("APP01", "app01.contoso.com")] {
        if org.mood.tidy || rng.percent(50) {
            continue;
        }
        let mut owner = machine(name, 0, &format!("{name}$"));
        owner.dns_host = rng.percent(70).then(|| host.to_owned());
        owner.disabled = rng.percent(20);
        if owner.dns_host.is_none() || rng.percent(60) {
            owner.spns.push(format!("HOST/{host}"));
        }
        if rng.percent(40) {
            owner.spns.push(format!("SMTPSVC/{host}"));
        }
        add(org, owner);
    }
}

/// The nodes of a cluster, which have no server object but an SMTP service of their own.
pub(super) fn add_nodes(rng: &mut Chance, org: &mut Org) {
    if !org.servers.iter().any(ServerPlan::is_old) || rng.percent(50) {
        return;
    }
    for name in ["NODE1", "NODE2"] {
        let host = format!("{}.contoso.com", fold(name));
        let mut node = machine(name, 0, &format!("{name}$"));
        node.spns =
            [name, &host].into_iter().flat_map(|host| [format!("HOST/{host}"), format!("SMTPSVC/{host}")]).collect();
        node.dns_host = Some(host);
        add(org, node);
    }
}

pub(super) fn add_strays(rng: &mut Chance, org: &mut Org) {
    let mut names: Vec<String> = SHARED_POOL.iter().take(3).map(|name| (*name).to_owned()).collect();
    for server in &org.servers {
        names.extend([fqdn(org, server), server.name.clone()]);
        names
            .extend(server.endpoints.iter().filter_map(|endpoint| endpoint.fqdn.clone()).filter(|name| is_plain(name)));
    }
    for number in 0..org.mood.strays {
        let name = names[rng.below(names.len())].clone();
        let name = rng.recase(&name);
        let spn = if rng.percent(10) { format!("HOST/{name}") } else { format!("SMTPSVC/{name}") };
        if !org.accounts.is_empty() && rng.percent(25) {
            let chosen = rng.below(org.accounts.len());
            hold(&mut org.accounts[chosen], &spn);
        } else {
            let mut stray = stray(rng, number, org.domains.len());
            hold(&mut stray, &spn);
            add(org, stray);
        }
    }
}

fn stray(rng: &mut Chance, number: usize, domains: usize) -> Account {
    let (class, rdn, sam) = match rng.below(9) {
        0..=4 => (Class::Computer, format!("OLD{number}"), format!("old{number}$")),
        5 => (Class::ManagedAccount, format!("gmsa{number}"), format!("gmsa{number}$")),
        6 => (Class::User, format!("Odd {number}"), rng.pick(&UNSAFE).to_owned()),
        _ => (Class::User, format!("Doe, John {number}"), format!("svc-relay.{number}")),
    };
    let mut account = machine(&rdn, rng.below(domains), &sam);
    account.class = class;
    account.disabled = rng.percent(55);
    if rng.percent(8) { conflict(rng, &account) } else { account }
}

pub(super) fn entry(rng: &mut Chance, org: &Org, account: &Account) -> Entry {
    let classes: &[&str] = match account.class {
        Class::Computer => &["top", "person", "organizationalPerson", "user", "computer"],
        Class::ManagedAccount => {
            &["top", "person", "organizationalPerson", "user", "computer", "msDS-GroupManagedServiceAccount"]
        }
        Class::User => &["top", "person", "organizationalPerson", "user"],
    };
    let folder = if account.class == Class::User { "CN=Users" } else { "OU=Außenstelle,OU=Server" };
    let usual = if account.class == Class::User { 512 } else { 4096 };
    let control: u32 = usual + if account.disabled { 2 } else { 0 };
    let dn = format!("CN={},{folder},{}", escaped(&account.rdn), org.domains[account.domain].dn());
    let mut entry = Entry::new(dn, classes)
        .with("cn", account.rdn.replace("\\0A", "\n"))
        .with("sAMAccountName", &account.sam)
        .with_some("dNSHostName", account.dns_host.as_ref())
        .with("userAccountControl", control.to_string());
    for (name, spn) in spn_values(rng, &account.spns) {
        entry = entry.with(&name, spn);
    }
    entry
}

/// The values under the attribute names a directory gives them, in ranges or not.
fn spn_values(rng: &mut Chance, spns: &[String]) -> Vec<(String, String)> {
    let ranged = spns.len() > 1 && rng.percent(12);
    let cut = if ranged { rng.between(1, spns.len() - 1) } else { spns.len() };
    let name = |index: usize| match (ranged, index < cut) {
        (false, _) => "servicePrincipalName".to_owned(),
        (true, true) => format!("servicePrincipalName;range=0-{}", cut - 1),
        (true, false) => format!("servicePrincipalName;range={cut}-*"),
    };
    spns.iter().enumerate().map(|(index, spn)| (name(index), spn.clone())).collect()
}
