//! What lies around the servers in any whole export, and takes no part.

use super::{Org, servers};
use crate::judge::oracle::entries::Entry;
use crate::support::chance::Chance;

const DEFAULT_MAPPING: &str = "host=alerter,appmgmt,cisvc,clipsrv,browser,dhcp,http,w3svc,www";

pub(super) fn entries(rng: &mut Chance, org: &Org) -> Vec<Entry> {
    let mut entries = partitions(org);
    entries.extend(directory_service(rng, org));
    entries.extend(not_servers(org));
    for domain in &org.domains {
        entries.extend(people(&domain.dn(), domain.dns));
    }
    entries.extend(deleted(rng, org));
    if !org.mood.tidy && rng.percent(6) {
        entries.extend(lost(rng, org));
    }
    entries
}

fn partitions(org: &Org) -> Vec<Entry> {
    let partitions = format!("CN=Partitions,{}", org.configuration());
    let mut entries = Vec::new();
    for domain in &org.domains {
        let label = domain.dns.split('.').next().unwrap_or_default();
        let entry = Entry::new(format!("CN={label},{partitions}"), &["top", "crossRef"])
            .with("cn", label)
            .with("nCName", domain.dn())
            .with("dnsRoot", domain.dns)
            .with("systemFlags", "3")
            .with_some("nETBIOSName", domain.netbios);
        entries.push(entry);
    }
    let others = [("Enterprise Configuration", org.configuration(), "1"), ("zones", zones(org), "5")];
    for (name, context, flags) in others {
        let entry = Entry::new(format!("CN={name},{partitions}"), &["top", "crossRef"])
            .with("cn", name)
            .with("nCName", context)
            .with("dnsRoot", org.domains[0].dns)
            .with("systemFlags", flags);
        entries.push(entry);
    }
    entries
}

fn zones(org: &Org) -> String {
    format!("DC=DomainDnsZones,{}", org.domains[0].dn())
}

fn directory_service(rng: &mut Chance, org: &Org) -> Option<Entry> {
    let mapped = !org.mood.tidy && rng.percent(5);
    let values = match rng.below(10) {
        0 => return None,
        _ if mapped => vec![format!("{DEFAULT_MAPPING},SmtpSvc")],
        1 => vec!["ldap=smtpsvc".to_owned(), DEFAULT_MAPPING.to_owned()],
        _ => vec![DEFAULT_MAPPING.to_owned()],
    };
    let dn = format!("CN=Directory Service,CN=Windows NT,CN=Services,{}", org.configuration());
    let entry = Entry::new(dn, &["top", "nTDSService"]).with("cn", "Directory Service");
    Some(values.iter().fold(entry, |entry, value| entry.with("sPNMappings", value)))
}

/// Objects of classes that derive from a server's.
fn not_servers(org: &Org) -> Vec<Entry> {
    let group = org.admin_group(false);
    let derived = |name: &str, folder: &str, class: &str, category: &str| {
        Entry::new(format!("CN={name},CN={folder},{group}"), &["top", "server", "msExchExchangeServer", class])
            .with("cn", name)
            .with("objectCategory", org.category(category))
    };
    let array = derived("Array", "Arrays", "msExchClientAccessArray", "ms-Exch-Client-Access-Array");
    let policy = "msExchExchangeServerPolicy";
    vec![
        Entry::new(org.exchange(), &["top", "container", "msExchOrganizationContainer"]),
        array.with("networkAddress", "ncacn_ip_tcp:mail.contoso.com"),
        derived("Tracking", "System Policies", policy, "ms-Exch-Exchange-Server-Policy"),
        Entry::new(format!("CN=DAG1,CN=Database Availability Groups,{group}"), &["top", "msExchMDBAvailabilityGroup"])
            .with("cn", "DAG1"),
    ]
}

fn people(domain: &str, dns: &str) -> Vec<Entry> {
    let person = ["top", "person", "organizationalPerson", "user"];
    let machine = ["top", "person", "organizationalPerson", "user", "computer"];
    let mut plain = Entry::new(format!("CN=Plain,CN=Users,{domain}"), &person)
        .with("sAMAccountName", "plain")
        .with("userAccountControl", "512")
        .with("description", "nobody holds SMTPSVC/mail.contoso.com here");
    plain.attributes.push(("logonHours".to_owned(), vec![0xff, 0x00, 0x9d, 0x0a, 0xc3, 0x28, 0x80]));
    let krbtgt = Entry::new(format!("CN=krbtgt,CN=Users,{domain}"), &person)
        .with("sAMAccountName", "krbtgt")
        .with("userAccountControl", "514")
        .with("servicePrincipalName", "kadmin/changepw");
    let controller = Entry::new(format!("CN=DC1,OU=Domain Controllers,{domain}"), &machine)
        .with("sAMAccountName", "DC1$")
        .with("userAccountControl", "532480")
        .with("dNSHostName", format!("dc1.{dns}"))
        .with("servicePrincipalName", format!("HOST/dc1.{dns}"))
        .with("servicePrincipalName", format!("ldap/dc1.{dns}"));
    let group = Entry::new(format!("CN=All,CN=Users,{domain}"), &["top", "group"]).with("sAMAccountName", "All");
    vec![krbtgt, plain, controller, group]
}

/// What a deleted machine leaves for a while.
fn deleted(rng: &mut Chance, org: &Org) -> Option<Entry> {
    let server = &org.servers[0];
    let host = server.machine_fqdn(&org.domains);
    let dn = format!(
        "CN=GONE\\0ADEL:5d0c7a0e-1111-4000-8000-000000000001,CN=Deleted Objects,{}",
        org.domains[server.domain].dn()
    );
    let entry = Entry::new(dn, &["top", "person", "organizationalPerson", "user", "computer"])
        .with("isDeleted", "TRUE")
        .with("sAMAccountName", format!("{}$", server.name))
        .with("userAccountControl", "4096")
        .with("servicePrincipalName", format!("HOST/{host}"))
        .with("servicePrincipalName", format!("SMTPSVC/{host}"));
    rng.percent(15).then_some(entry)
}

/// Endpoints whose place went away before they were replicated.
fn lost(rng: &mut Chance, org: &Org) -> Vec<Entry> {
    let place = format!("CN=LostAndFoundConfig,{}", org.configuration());
    let count = rng.between(1, 2);
    let entry = |number: usize| {
        Entry::new(format!("CN=Lost {number},{place}"), &["top", "msExchSmtpReceiveConnector"])
            .with("cn", format!("Lost {number}"))
            .with("msExchSMTPReceiveConnectorFQDN", "mail.contoso.com")
            .with("msExchSMTPReceiveInboundSecurityFlag", "31")
            .with("lastKnownParent", org.server_dn(&org.servers[0]))
    };
    (0..count).map(entry).collect()
}

/// A connector below a server that nobody recorded.
pub(super) fn homeless(rng: &mut Chance, org: &Org) -> Entry {
    let endpoint = servers::left_behind(rng, &org.servers[0]);
    servers::connector_entry(&endpoint, &format!("CN=GONE,CN=Servers,{}", org.admin_group(false)))
}
