//! Made-up organisations as LDIF, with all that a reading needs to be whole: the domain and its krbtgt, and of servers, endpoints and
//! accounts what the judgement needs.

use std::fmt::Write as _;

/// The domain in which everything lies unless something else is said.
pub(crate) const HOME: &str = "DC=contoso,DC=com";
const CONFIGURATION: &str = "CN=Configuration,DC=contoso,DC=com";
/// What the servers lie below.
pub(crate) const SERVERS: &str =
    "CN=Servers,CN=contoso,CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=contoso,DC=com";

/// A domain and the accounts that every domain has, krbtgt and a domain controller's; and what HOST stands for in the whole forest.
pub(crate) fn domain(netbios: &str, dn: &str) -> String {
    format!(
        "dn: CN={netbios},CN=Partitions,{CONFIGURATION}\nobjectClass: crossRef\nnCName: {dn}\nnETBIOSName: {netbios}\nsystemFlags: 3\n\n{}\
         dn: CN=DC1,OU=Domain Controllers,{dn}\nobjectClass: computer\nsAMAccountName: DC1$\nuserAccountControl: 532480\n\
         dNSHostName: dc1.{netbios}.test\nservicePrincipalName: ldap/dc1.{netbios}.test\n\n\
         dn: CN=Directory Service,CN=Windows NT,CN=Services,{CONFIGURATION}\nobjectClass: nTDSService\nsPNMappings: host=alerter,http\n\n",
        account("user", "krbtgt", dn, &["kadmin/changepw"])
    )
}

/// A user or computer that holds these names.
pub(crate) fn account(class: &str, sam: &str, domain: &str, held: &[&str]) -> String {
    let mut ldif = format!(
        "dn: CN={sam},CN=Accounts,{domain}\nobjectClass: {class}\nsAMAccountName: {sam}\nuserAccountControl: 4096\n"
    );
    for name in held {
        writeln!(ldif, "servicePrincipalName: {name}").unwrap();
    }
    ldif + "\n"
}

/// A computer of the home domain that calls itself so and holds its own names, and these.
pub(crate) fn machine(name: &str, held: &[&str]) -> String {
    let fqdn = format!("{name}.contoso.com");
    let own = ["HOST", "SMTPSVC"].map(|class| [format!("{class}/{name}"), format!("{class}/{fqdn}")]);
    let names: Vec<&str> = own.as_flattened().iter().map(String::as_str).chain(held.iter().copied()).collect();
    let ldif = account("computer", &format!("{name}$"), HOME, &names);
    format!("{}dNSHostName: {fqdn}\n\n", ldif.strip_suffix('\n').unwrap())
}

/// A server of Exchange 2003.
pub(crate) fn server_2003(name: &str, fqdn: &str) -> String {
    server(name, fqdn, "serialNumber: Version 6.5 (Build 7638.2: Service Pack 2)\nversionNumber: 7638\n")
}

/// A server of Exchange 2019 that moves mail.
pub(crate) fn server_2019(name: &str, fqdn: &str) -> String {
    server(name, fqdn, "serialNumber: Version 15.2 (Build 30986.3)\nmsExchCurrentServerRoles: 16439\n")
}

fn server(name: &str, fqdn: &str, version: &str) -> String {
    format!(
        "dn: CN={name},{SERVERS}\nobjectClass: msExchExchangeServer\n\
         objectCategory: CN=ms-Exch-Exchange-Server,CN=Schema,{CONFIGURATION}\ncn: {name}\n\
         networkAddress: ncacn_ip_tcp:{fqdn}\n{version}\n"
    )
}

/// The first virtual server of a server, under this name.
pub(crate) fn virtual_server(server: &str, fqdn: &str) -> String {
    format!(
        "dn: CN=1,CN=SMTP,CN=Protocols,CN={server},{SERVERS}\nobjectClass: protocolCfgSMTPServer\n\
         adminDisplayName: Default SMTP Virtual Server\nmsExchSmtpFullyQualifiedDomainName: {fqdn}\n\
         msExchAuthenticationFlags: 7\nmsExchServerAutoStart: TRUE\n\n"
    )
}

/// A receive connector with Exchange Server authentication.
pub(crate) fn connector(server: &str, name: &str, fqdn: &str) -> String {
    format!(
        "dn: CN={name},CN=SMTP Receive Connectors,CN=Protocols,CN={server},{SERVERS}\n\
         objectClass: msExchSmtpReceiveConnector\ncn: {name}\nmsExchSMTPReceiveConnectorFQDN: {fqdn}\n\
         msExchSMTPReceiveInboundSecurityFlag: 31\n\
         msExchSmtpReceiveProtocolRestrictions: 0\nmsExchSmtpReceiveRole: 32\n\n"
    )
}
