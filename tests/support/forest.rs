//! A made-up forest for the scripted server, with all that a reading needs to be whole: domains with names and krbtgt, and Exchange
//! servers with what setup creates below them.

use super::server::{Object, object};

pub(crate) const ROOT: &str = "DC=contoso,DC=com";
pub(crate) const CHILD: &str = "DC=child,DC=contoso,DC=com";
const CONFIGURATION: &str = "CN=Configuration,DC=contoso,DC=com";
/// What the Exchange servers lie below.
pub(crate) const SERVERS: &str =
    "CN=Servers,CN=Org,CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=contoso,DC=com";

/// What a domain controller of the root domain says of itself.
pub(crate) fn root(has_catalog: &str) -> Object {
    let values = [
        ("defaultNamingContext", ROOT),
        ("configurationNamingContext", CONFIGURATION),
        ("rootDomainNamingContext", ROOT),
        ("isGlobalCatalogReady", has_catalog),
    ];
    object("", &values)
}

/// A forest of one domain with these Exchange servers: the configuration, and the accounts that every domain has.
pub(crate) fn organisation(servers: &[&str]) -> Vec<Object> {
    let mut objects = configuration(&[ROOT], servers);
    objects.extend(every_domain_has(ROOT));
    objects
}

/// The configuration partition: these domains, and these Exchange servers.
pub(crate) fn configuration(domains: &[&str], servers: &[&str]) -> Vec<Object> {
    let mut objects = vec![
        partition("Enterprise Configuration", CONFIGURATION, "1"),
        object(
            &format!("CN=Directory Service,CN=Windows NT,CN=Services,{CONFIGURATION}"),
            &[("objectClass", "top"), ("objectClass", "nTDSService"), ("sPNMappings", "host=alerter,http")],
        ),
        object(
            &format!("CN=Microsoft Exchange,CN=Services,{CONFIGURATION}"),
            &[("objectClass", "top"), ("objectClass", "container"), ("objectClass", "msExchConfigurationContainer")],
        ),
    ];
    objects.extend(domains.iter().map(|domain| partition(netbios(domain), domain, "3")));
    for server in servers {
        objects.extend(exchange_server(server));
    }
    objects
}

/// The NetBIOS name of a domain: the first label of its name, five letters of it at most.
fn netbios(domain: &str) -> &str {
    &domain[3..8]
}

fn partition(name: &str, context: &str, flags: &str) -> Object {
    let values = [
        ("objectClass", "top"),
        ("objectClass", "crossRef"),
        ("nCName", context),
        ("systemFlags", flags),
        ("nETBIOSName", name),
    ];
    let names = if flags == "3" { values.len() } else { values.len() - 1 };
    object(&format!("CN={name},CN=Partitions,{CONFIGURATION}"), &values[..names])
}

/// Exchange 2016 as setup leaves it: the server; its default connector; the virtual server on which nobody listens; and its two
/// transport roles, which derive from the class of servers and are none.
pub(crate) fn exchange_server(fqdn: &str) -> [Object; 5] {
    let name = fqdn.split('.').next().unwrap();
    let dn = format!("CN={name},{SERVERS}");
    [
        server_object(&dn, "ms-Exch-Exchange-Server", &["server", "msExchExchangeServer"], fqdn, "16439"),
        phantom(&dn, fqdn),
        connector(&format!("Default {name}"), name, fqdn, "31"),
        transport_role("Frontend", &dn, fqdn, "16384"),
        transport_role("Mailbox", &dn, fqdn, "2"),
    ]
}

fn transport_role(name: &str, server: &str, fqdn: &str, roles: &str) -> Object {
    let classes = ["server", "msExchExchangeServer", "msExchExchangeTransportServer"];
    let dn = format!("CN={name},CN=Transport Configuration,{server}");
    server_object(&dn, "ms-Exch-Exchange-Transport-Server", &classes, fqdn, roles)
}

fn server_object(dn: &str, category: &str, classes: &[&str], fqdn: &str, roles: &str) -> Object {
    let category = format!("CN={category},CN=Schema,{CONFIGURATION}");
    let name = dn[3..].split(',').next().unwrap();
    let netbios = format!("netbios:{name}");
    let tcp = format!("ncacn_ip_tcp:{fqdn}");
    let mut values = vec![("objectClass", "top")];
    values.extend(classes.iter().map(|class| ("objectClass", *class)));
    values.extend([
        ("objectCategory", category.as_str()),
        ("cn", name),
        ("networkAddress", netbios.as_str()),
        ("networkAddress", tcp.as_str()),
        ("serialNumber", "Version 15.1 (Build 32507.6)"),
        ("versionNumber", "1942063563"),
        ("msExchCurrentServerRoles", roles),
    ]);
    object(dn, &values)
}

fn phantom(server: &str, fqdn: &str) -> Object {
    let values = [
        ("objectClass", "top"),
        ("objectClass", "protocolCfg"),
        ("objectClass", "protocolCfgSMTP"),
        ("objectClass", "protocolCfgSMTPServer"),
        ("cn", "1"),
        ("msExchSmtpFullyQualifiedDomainName", fqdn),
    ];
    object(&format!("CN=1,CN=SMTP,CN=Protocols,{server}"), &values)
}

/// A receive connector of a server of 2016, with these ways to authenticate.
pub(crate) fn connector(name: &str, server: &str, fqdn: &str, flags: &str) -> Object {
    let values = [
        ("objectClass", "top"),
        ("objectClass", "msExchSmtpReceiveConnector"),
        ("cn", name),
        ("msExchSMTPReceiveConnectorFQDN", fqdn),
        ("msExchSMTPReceiveInboundSecurityFlag", flags),
        ("msExchSmtpReceiveProtocolRestrictions", "16"),
        ("msExchSmtpReceiveRole", "32"),
    ];
    object(&format!("CN={name},CN=SMTP Receive Connectors,CN=Protocols,CN={server},{SERVERS}"), &values)
}

/// The accounts without which a domain was not read whole.
pub(crate) fn every_domain_has(domain: &str) -> [Object; 2] {
    [krbtgt(domain), domain_controller(domain)]
}

/// The account of a domain controller, as it is found: by its primary group.
fn domain_controller(domain: &str) -> Object {
    let mut account = computer("DC1", domain, &["ldap/dc1"]);
    account.dn = format!("CN=DC1,OU=Domain Controllers,{domain}");
    account.values.retain(|(name, _)| name != "userAccountControl");
    account.values.extend([("userAccountControl", "532480"), ("primaryGroupID", "516")].map(owned));
    account
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The account of the KDC, by which one sees that the accounts of a domain were seen.
pub(crate) fn krbtgt(domain: &str) -> Object {
    let mut values = ["top", "person", "organizationalPerson", "user"].map(|class| ("objectClass", class)).to_vec();
    values.extend([
        ("sAMAccountName", "krbtgt"),
        ("userAccountControl", "514"),
        ("servicePrincipalName", "kadmin/changepw"),
    ]);
    object(&format!("CN=krbtgt,CN=Users,{domain}"), &values)
}

/// A computer, with these names, that calls itself by its own in its domain.
pub(crate) fn computer(name: &str, domain: &str, names: &[&str]) -> Object {
    let account = format!("{name}$");
    let dns = format!("{name}.{}", domain[3..].replace(",DC=", ".")).to_lowercase();
    let classes = ["top", "person", "organizationalPerson", "user", "computer"];
    let mut values = classes.map(|class| ("objectClass", class)).to_vec();
    values.extend([
        ("sAMAccountName", account.as_str()),
        ("userAccountControl", "4096"),
        ("dNSHostName", dns.as_str()),
    ]);
    values.extend(names.iter().map(|name| ("servicePrincipalName", *name)));
    object(&format!("CN={name},CN=Computers,{domain}"), &values)
}
