//! A made-up forest for the scripted server.

use super::server::{Object, object};

pub(crate) const ROOT: &str = "DC=contoso,DC=com";
pub(crate) const CHILD: &str = "DC=child,DC=contoso,DC=com";
const CONFIGURATION: &str = "CN=Configuration,DC=contoso,DC=com";

/// What a domain controller of the root domain says of itself.
pub(crate) fn root(has_catalogue: &str) -> Object {
    let values = [
        ("defaultNamingContext", ROOT),
        ("configurationNamingContext", CONFIGURATION),
        ("rootDomainNamingContext", ROOT),
        ("isGlobalCatalogReady", has_catalogue),
    ];
    object("", &values)
}

/// The configuration partition: these domains, these Exchange servers with a virtual server each.
pub(crate) fn configuration(domains: &[&str], servers: &[&str]) -> Vec<Object> {
    let mut objects = vec![
        partition("Enterprise Configuration", CONFIGURATION, "1"),
        object(
            &format!("CN=Directory Service,CN=Windows NT,CN=Services,{CONFIGURATION}"),
            &[("objectClass", "nTDSService"), ("sPNMappings", "host=alerter,http")],
        ),
        object(&format!("CN=Microsoft Exchange,CN=Services,{CONFIGURATION}"), &[("objectClass", "container")]),
    ];
    objects.extend(domains.iter().map(|domain| partition(&domain[3..8], domain, "3")));
    for server in servers {
        objects.extend(exchange_server(server));
    }
    objects
}

fn partition(name: &str, context: &str, flags: &str) -> Object {
    object(
        &format!("CN={name},CN=Partitions,{CONFIGURATION}"),
        &[("objectClass", "crossRef"), ("nCName", context), ("systemFlags", flags), ("nETBIOSName", name)],
    )
}

fn exchange_server(fqdn: &str) -> [Object; 2] {
    let name = fqdn.split('.').next().unwrap();
    let dn = format!("CN={name},CN=Servers,CN=Org,CN=Microsoft Exchange,CN=Services,{CONFIGURATION}");
    let address = format!("ncacn_ip_tcp:{fqdn}");
    [
        object(&dn, &[("objectClass", "msExchExchangeServer"), ("cn", name), ("networkAddress", &address)]),
        object(&format!("CN=1,CN=SMTP,CN=Protocols,{dn}"), &[("objectClass", "protocolCfgSMTPServer"), ("cn", "1")]),
    ]
}

/// A computer, with these names.
pub(crate) fn computer(name: &str, domain: &str, names: &[&str]) -> Object {
    let account = format!("{name}$");
    let mut values = vec![("objectClass", "user"), ("objectClass", "computer"), ("sAMAccountName", account.as_str())];
    values.extend(names.iter().map(|name| ("servicePrincipalName", *name)));
    object(&format!("CN={name},CN=Computers,{domain}"), &values)
}
