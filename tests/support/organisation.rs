//! Made-up organisations, for a scripted server or as LDIF, with all that a reading needs to be whole: domains with names and krbtgt, and
//! Exchange servers with what setup creates below them.

use std::fmt::Write as _;

/// An object: its name, its values, and the attributes that whoever asks may not read.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) dn: String,
    pub(crate) values: Vec<(String, String)>,
    pub(crate) hidden: Vec<String>,
}

pub(crate) fn object(dn: &str, values: &[(&str, &str)]) -> Object {
    let values = values.iter().copied().map(owned).collect();
    Object { dn: dn.to_owned(), values, hidden: Vec::new() }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

impl Object {
    /// The same with this value of an attribute, and no other.
    pub(crate) fn with(mut self, attribute: &str, value: &str) -> Self {
        self.set(attribute, value);
        self
    }

    /// The same under another name.
    pub(crate) fn called(self, dn: String) -> Self {
        Self { dn, ..self }
    }

    /// Gives an attribute this value, and no other.
    pub(crate) fn set(&mut self, attribute: &str, value: &str) {
        self.clear(attribute);
        self.values.push(owned((attribute, value)));
    }

    /// Takes all values of an attribute away.
    pub(crate) fn clear(&mut self, attribute: &str) {
        self.values.retain(|(name, _)| name != attribute);
    }
}

/// A forest of one domain with these objects, as LDIF.
pub(crate) fn recorded(objects: impl IntoIterator<Item = Object>) -> String {
    ldif(organisation(&[]).into_iter().chain(objects))
}

/// Objects as an export shows them to somebody who may read everything.
pub(crate) fn ldif(objects: impl IntoIterator<Item = Object>) -> String {
    let mut text = String::new();
    for Object { dn, values, .. } in objects {
        writeln!(text, "dn: {dn}").unwrap();
        for (attribute, value) in values {
            writeln!(text, "{attribute}: {value}").unwrap();
        }
        text.push('\n');
    }
    text
}

pub(crate) const ROOT: &str = "DC=contoso,DC=com";
pub(crate) const CHILD: &str = "DC=child,DC=contoso,DC=com";
pub(crate) const CONFIGURATION: &str = "CN=Configuration,DC=contoso,DC=com";
pub(crate) const ORGANISATION: &str = "CN=Org,CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=contoso,DC=com";
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
    objects.extend(domains.iter().map(|domain| partition(&netbios(domain), domain, "3")));
    for server in servers {
        objects.extend(exchange_server(server));
    }
    objects
}

/// The NetBIOS name of a domain: the first label of its name.
fn netbios(domain: &str) -> String {
    domain[3..].split(',').next().unwrap().to_uppercase()
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
        server_2016(name, fqdn),
        phantom(&dn, fqdn),
        connector(&format!("Default {name}"), name, fqdn, "31"),
        transport_role("Frontend", &dn, fqdn, "16384"),
        transport_role("Mailbox", &dn, fqdn, "2"),
    ]
}

/// A server of Exchange 2016, and nothing of what is below it.
pub(crate) fn server_2016(name: &str, fqdn: &str) -> Object {
    let classes = ["server", "msExchExchangeServer"];
    server_object(&format!("CN={name},{SERVERS}"), "ms-Exch-Exchange-Server", &classes, fqdn, "16439")
}

/// A server of Exchange 2003, and nothing of what is below it.
pub(crate) fn server_2003(name: &str, fqdn: &str) -> Object {
    let mut server = server_2016(name, fqdn)
        .with("serialNumber", "Version 6.5 (Build 7638.2: Service Pack 2)")
        .with("versionNumber", "7638");
    server.clear("msExchCurrentServerRoles");
    server
}

/// The first virtual server of a server of 2003, on which mail comes in under this name.
pub(crate) fn virtual_server(server: &str, fqdn: &str) -> Object {
    phantom(&format!("CN={server},{SERVERS}"), fqdn)
        .with("adminDisplayName", "Default SMTP Virtual Server")
        .with("msExchAuthenticationFlags", "7")
        .with("msExchServerAutoStart", "TRUE")
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

/// A connector that sends with Exchange Server authentication, from this server or virtual server.
pub(crate) fn send_connector(name: &str, source: &str, fqdn: &str) -> Object {
    let values = [
        ("objectClass", "top"),
        ("objectClass", "msExchRoutingSMTPConnector"),
        ("cn", name),
        ("msExchSmtpSendFlags", "8388608"),
        ("msExchSMTPSendConnectorFQDN", fqdn),
        ("msExchSourceBridgeheadServersDN", source),
    ];
    object(&format!("CN={name},CN=Connections,CN=RG,CN=Routing Groups,{ORGANISATION}"), &values)
}

/// The accounts without which a domain was not read whole.
pub(crate) fn every_domain_has(domain: &str) -> [Object; 2] {
    [krbtgt(domain), domain_controller(domain)]
}

/// The account of a domain controller, as it is found: by its primary group.
fn domain_controller(domain: &str) -> Object {
    computer("DC1", domain, &["ldap/dc1"])
        .called(format!("CN=DC1,OU=Domain Controllers,{domain}"))
        .with("userAccountControl", "532480")
        .with("primaryGroupID", "516")
}

/// The account of the KDC, by which one sees that the accounts of a domain were seen.
pub(crate) fn krbtgt(domain: &str) -> Object {
    user("krbtgt", domain, &["kadmin/changepw"]).with("userAccountControl", "514")
}

/// A user that holds these names.
pub(crate) fn user(name: &str, domain: &str, held: &[&str]) -> Object {
    let classes = ["top", "person", "organizationalPerson", "user"];
    account(&format!("CN={name},CN=Users,{domain}"), &classes, (name, "512"), held)
}

/// A computer that holds these names, and does not say what it is called.
pub(crate) fn machine(name: &str, domain: &str, held: &[&str]) -> Object {
    let classes = ["top", "person", "organizationalPerson", "user", "computer"];
    account(&format!("CN={name},CN=Computers,{domain}"), &classes, (&format!("{name}$"), "4096"), held)
}

/// A computer that holds these names, and is called by its own in its domain.
pub(crate) fn computer(name: &str, domain: &str, held: &[&str]) -> Object {
    let dns = format!("{name}.{}", domain[3..].replace(",DC=", ".")).to_lowercase();
    machine(name, domain, held).with("dNSHostName", &dns)
}

/// A computer of the root domain that holds the names which a server of this name requires, and these.
pub(crate) fn well_named(name: &str, held: &[&str]) -> Object {
    let own = ["HOST", "SMTPSVC"].map(|class| [format!("{class}/{name}"), format!("{class}/{name}.contoso.com")]);
    let names: Vec<&str> = own.as_flattened().iter().map(String::as_str).chain(held.iter().copied()).collect();
    computer(name, ROOT, &names)
}

fn account(dn: &str, classes: &[&str], (logon_name, control): (&str, &str), held: &[&str]) -> Object {
    let mut values: Vec<_> = classes.iter().map(|class| ("objectClass", *class)).collect();
    values.extend([("sAMAccountName", logon_name), ("userAccountControl", control)]);
    values.extend(held.iter().map(|name| ("servicePrincipalName", *name)));
    object(dn, &values)
}
