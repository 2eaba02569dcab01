//! An organisation as directory entries, with irrelevant ones among them.

use crate::model::{Class, Endpoint, Kind, Object, Org, Server};
use crate::rng::Rng;

pub(crate) struct Entry {
    pub(crate) dn: String,
    pub(crate) attributes: Vec<(String, Vec<u8>)>,
}

impl Entry {
    fn new(dn: String, classes: &[&str]) -> Self {
        let attributes = classes.iter().map(|class| ("objectClass".to_owned(), class.as_bytes().to_vec()));
        Self { dn, attributes: attributes.collect() }
    }

    fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.attributes.push((name.to_owned(), value.as_ref().as_bytes().to_vec()));
        self
    }

    fn with_some(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

pub(crate) fn entries(org: &Org, rng: &mut Rng) -> Vec<Entry> {
    let mut entries = Vec::new();
    for server in &org.servers {
        let dn = org.server_dn(server);
        entries.extend(server.endpoints.iter().map(|endpoint| endpoint_entry(endpoint, &dn)));
        entries.push(server_entry(server, dn));
    }
    for orphan in &org.orphans {
        entries.push(endpoint_entry(&orphan.endpoint, &org.orphan_server_dn(orphan)));
    }
    entries.extend(org.objects.iter().map(|object| object_entry(org, object, rng)));
    entries.extend(cross_refs(org));
    entries.extend(directory_service(org));
    entries.extend(irrelevant(org));
    if !org.objects.is_empty() {
        entries.extend(irrelevant_accounts(org));
    }
    entries
}

fn server_entry(server: &Server, dn: String) -> Entry {
    let mut entry = Entry::new(dn, &["top", "server", "msExchExchangeServer"])
        .with("cn", &server.name)
        .with("serialNumber", server.serial)
        .with_some("msExchCurrentServerRoles", server.roles.map(|roles| roles.to_string()))
        .with("networkAddress", format!("netbios:{}", server.name))
        .with("networkAddress", format!("ncacn_np:{}", server.name));
    for address in &server.addresses {
        entry = entry.with("networkAddress", format!("ncacn_ip_tcp:{address}"));
    }
    entry
}

fn endpoint_entry(endpoint: &Endpoint, server_dn: &str) -> Entry {
    let dn = endpoint.dn(server_dn);
    match endpoint.kind {
        Kind::VirtualServer => Entry::new(dn, &["top", "protocolCfg", "protocolCfgSMTP", "protocolCfgSMTPServer"])
            .with("cn", &endpoint.rdn)
            .with("adminDisplayName", &endpoint.name)
            .with("msExchServerBindings", ":25:")
            .with_some("msExchSmtpFullyQualifiedDomainName", endpoint.fqdn.as_ref()),
        Kind::Connector { enabled, flags } => Entry::new(dn, &["top", "msExchSmtpReceiveConnector"])
            .with("cn", &endpoint.name)
            .with_some("msExchSMTPReceiveConnectorFQDN", endpoint.fqdn.as_ref())
            .with_some("msExchSmtpReceiveEnabled", enabled.map(|on| if on { "TRUE" } else { "FALSE" }))
            .with_some("msExchSMTPReceiveInboundSecurityFlag", flags.map(|bits| bits.to_string())),
    }
}

fn object_entry(org: &Org, object: &Object, rng: &mut Rng) -> Entry {
    let mut entry = Entry::new(org.object_dn(object), classes(object.class))
        .with("cn", object.rdn.replace('\\', ""))
        .with_some("sAMAccountName", object.sam.as_ref())
        .with_some("dNSHostName", object.dns_host.as_ref())
        .with_some("userAccountControl", object.control.map(|bits| bits.to_string()));
    for (name, spn) in spn_values(object, rng) {
        entry = entry.with(&name, spn);
    }
    entry
}

fn classes(class: Class) -> &'static [&'static str] {
    match class {
        Class::Computer => &["top", "person", "organizationalPerson", "user", "computer"],
        Class::ManagedAccount => {
            &["top", "person", "organizationalPerson", "user", "computer", "msDS-GroupManagedServiceAccount"]
        }
        Class::User => &["top", "person", "organizationalPerson", "user"],
        Class::ConnectionPoint => &["top", "leaf", "connectionPoint", "serviceConnectionPoint"],
    }
}

/// The values under the attribute names a directory gives them, in ranges or not.
fn spn_values(object: &Object, rng: &mut Rng) -> Vec<(String, String)> {
    let count = object.spns.len();
    let ranged = object.open_range || (count > 1 && rng.percent(15));
    let cut = if count > 1 && ranged { rng.between(1, count - 1) } else { count };
    let last = if object.open_range { (count - 1).to_string() } else { "*".to_owned() };
    let name = |index: usize| match (ranged, index < cut) {
        (false, _) => "servicePrincipalName".to_owned(),
        (true, true) => format!("servicePrincipalName;range=0-{}", cut - 1),
        (true, false) => format!("servicePrincipalName;range={cut}-{last}"),
    };
    object.spns.iter().enumerate().map(|(index, spn)| (name(index), spn.clone())).collect()
}

fn cross_refs(org: &Org) -> Vec<Entry> {
    let partitions = format!("CN=Partitions,{}", org.configuration());
    let domain = |domain: &crate::model::Domain| {
        let label = domain.dns.split('.').next().unwrap_or_default();
        Entry::new(format!("CN={label},{partitions}"), &["top", "crossRef"])
            .with("cn", label)
            .with("nCName", domain.dn())
            .with("dnsRoot", &domain.dns)
            .with("systemFlags", "3")
            .with_some("nETBIOSName", domain.netbios.as_ref())
    };
    let configuration = Entry::new(format!("CN=Enterprise Configuration,{partitions}"), &["top", "crossRef"])
        .with("nCName", org.configuration())
        .with("dnsRoot", &org.domains[0].dns)
        .with("systemFlags", "1");
    let mut entries: Vec<Entry> = org.domains.iter().filter(|d| d.cross_ref).map(domain).collect();
    entries.push(configuration);
    entries
}

fn directory_service(org: &Org) -> Option<Entry> {
    let dn = format!("CN=Directory Service,CN=Windows NT,CN=Services,{}", org.configuration());
    let mut entry = Entry::new(dn, &["top", "nTDSService"]).with("cn", "Directory Service");
    for mapping in &org.mappings {
        entry = entry.with("sPNMappings", mapping);
    }
    (!org.mappings.is_empty()).then_some(entry)
}

fn irrelevant_accounts(org: &Org) -> Vec<Entry> {
    let domain = org.domains[0].dn();
    let mut guid = Entry::new(format!("CN=Plain,CN=Users,{domain}"), &["top", "person", "user"])
        .with("sAMAccountName", "plain")
        .with("description", "nobody holds SMTPSVC/mail.contoso.com here");
    guid.attributes.push(("objectGUID".to_owned(), vec![0xff, 0x00, 0x9d, 0x0a, 0xc3, 0x28, 0x80]));
    let group = Entry::new(format!("CN=All,CN=Users,{domain}"), &["top", "group"]).with("sAMAccountName", "All");
    vec![guid, group]
}

fn irrelevant(org: &Org) -> Vec<Entry> {
    vec![
        Entry::new(org.organisation(), &["top", "container", "msExchOrganizationContainer"]),
        Entry::new(
            format!("CN=Internet,CN=Connections,{}", org.organisation()),
            &["top", "msExchRoutingSMTPConnector"],
        )
        .with("msExchSmtpFullyQualifiedDomainName", "smtp.contoso.com"),
        Entry::new(format!("CN=DAG1,{}", org.organisation()), &["top", "msExchMDBAvailabilityGroup"])
            .with("cn", "DAG1"),
    ]
}
