//! What says nothing of an organization: the words that every Active Directory and Exchange has. Anything else is a name.

use crate::directory::schema;
use crate::directory::text::same;

/// Classes that are not ours to name in [`schema`].
const CLASSES: &[&str] = &[
    "top",
    "person",
    "organizationalPerson",
    "user",
    "inetOrgPerson",
    "contact",
    "group",
    "container",
    "organizationalUnit",
    "server",
    "leaf",
    "connectionPoint",
    "serviceConnectionPoint",
    "nTDSService",
    "mailGateway",
    "msExchConnector",
    "msExchOrganizationContainer",
    "msExchAdminGroupContainer",
    "msExchAdminGroup",
    "msExchServersContainer",
    "msExchProtocolCfgProtocolContainer",
    "msExchProtocolCfgSharedContainer",
    "msExchProtocolCfgSMTPContainer",
    "msExchExchangeTransportCfgContainer",
    "msExchMDBAvailabilityGroup",
    "protocolCfg",
    "protocolCfgSMTP",
    "protocolCfgShared",
    "protocolCfgSharedServer",
];

/// Service classes that the judgement looks at, and the one that every domain controller has.
const SPN_CLASSES: &[&str] = &["SMTPSVC", "SMTP", "HOST", "LDAP"];

/// What HOST stands for by default, and what it may be made to stand for.
const MAPPED: &[&str] = &[
    "host",
    "alerter",
    "appmgmt",
    "cisvc",
    "clipsrv",
    "browser",
    "dhcp",
    "dnscache",
    "replicator",
    "eventlog",
    "eventsystem",
    "policyagent",
    "oakley",
    "dmserver",
    "dns",
    "mcsvc",
    "fax",
    "msiserver",
    "ias",
    "messenger",
    "netlogon",
    "netman",
    "netdde",
    "netddedsm",
    "nmagent",
    "plugplay",
    "protectedstorage",
    "rasman",
    "rpclocator",
    "rpc",
    "rpcss",
    "remoteaccess",
    "rsvp",
    "samss",
    "scardsvr",
    "scesrv",
    "seclogon",
    "scm",
    "dcom",
    "cifs",
    "spooler",
    "snmp",
    "schedule",
    "tapisrv",
    "trksvr",
    "trkwks",
    "ups",
    "time",
    "wins",
    "www",
    "http",
    "w3svc",
    "iisadmin",
    "msdtc",
    "smtp",
    "smtpsvc",
];

/// Protocols in `networkAddress`.
const PROTOCOLS: &[&str] = &["ncacn_vns_spp", "netbios", "ncacn_np", "ncacn_spx", "ncacn_ip_tcp", "ncalrpc"];

/// The packages of Integrated Windows Authentication.
const PACKAGES: &[&str] = &["GSSAPI", "NTLM", "Negotiate", "Kerberos"];

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| same(known, word))
}

/// Whether a class is one that Microsoft defined.
pub(super) fn is_class(name: &str) -> bool {
    let ours = [
        schema::EXCHANGE_SERVER,
        schema::VIRTUAL_SERVER,
        schema::RECEIVE_CONNECTOR,
        schema::SEND_CONNECTOR,
        schema::ROUTING_GROUP_CONNECTOR,
        schema::COMPUTER,
        schema::CROSS_REF,
    ];
    is_one_of(name, CLASSES)
        || is_one_of(name, &ours)
        || is_one_of(name, &schema::NO_SERVERS)
        || is_one_of(name, &schema::MANAGED_SERVICE_ACCOUNTS)
}

pub(super) fn is_spn_class(name: &str) -> bool {
    is_one_of(name, SPN_CLASSES)
}

pub(super) fn is_mapped(name: &str) -> bool {
    is_one_of(name, MAPPED)
}

pub(super) fn is_protocol(name: &str) -> bool {
    is_one_of(name, PROTOCOLS)
}

pub(super) fn is_package(name: &str) -> bool {
    is_one_of(name, PACKAGES)
}

/// Whether a text is a version as Exchange writes it, `Version 15.1 (Build 32507.6)`, maybe with a service pack, and nothing else.
pub(super) fn is_version(text: &str) -> bool {
    let Some((numbers, build)) = text.strip_prefix("Version ").and_then(|rest| rest.split_once(" (Build ")) else {
        return false;
    };
    let Some(build) = build.strip_suffix(')') else { return false };
    let (build, pack) = build.split_once(": ").map_or((build, None), |(build, pack)| (build, Some(pack)));
    are_numbers(numbers, [2, 2]) && are_numbers(build, [5, 3]) && pack.is_none_or(is_service_pack)
}

/// Whether a text is two numbers around a dot, of so many digits at most.
fn are_numbers(text: &str, digits: [usize; 2]) -> bool {
    text.split_once('.').is_some_and(|(one, other)| is_number(one, digits[0]) && is_number(other, digits[1]))
}

/// `Service Pack 2`, `SP3`
fn is_service_pack(text: &str) -> bool {
    let number = text.strip_prefix("Service Pack ").or_else(|| text.strip_prefix("SP"));
    number.is_some_and(|number| is_number(number, 1))
}

fn is_number(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a word is one that SMTP servers offer, and says nothing of whose.
pub(super) fn is_offered(word: &str) -> bool {
    const OFFERED: [&str; 22] = [
        "X-ANONYMOUSTLS",
        "X-EXPS",
        "AUTH",
        "GSSAPI",
        "NTLM",
        "LOGIN",
        "EXCHANGEAUTH",
        "SHA256",
        "STARTTLS",
        "SIZE",
        "PIPELINING",
        "DSN",
        "ENHANCEDSTATUSCODES",
        "8BITMIME",
        "BINARYMIME",
        "CHUNKING",
        "XEXCH50",
        "XRDST",
        "XSHADOW",
        "SMTPUTF8",
        "PLAIN",
        "HELP",
    ];
    OFFERED.iter().any(|known| same(known, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_only_its_own_words() {
        for version in [
            "Version 15.1 (Build 32507.6)",
            "Version 6.5 (Build 7638.2: Service Pack 2)",
            "Version 6.0 (Build 6249.4: SP3)",
        ] {
            assert!(is_version(version), "{version}");
        }
        for other in [
            "Version 15.1 (Build of Fritz)",
            "Fritz 15.1",
            "Version 123456789",
            "Version 15.1 “a”",
            "Version 49171 55501 23477 (Build 1)",
            "Version 10.77.88.99",
            "Version 49171.5 (Build 55501.2)",
            "Version 15.1 (Build 32507.6) 49171",
            "Version 15.1 (Build 32507.6: SP3: SP4)",
            "Version 15.1 (Build 32507.4917)",
        ] {
            assert!(!is_version(other), "{other}");
        }
    }
}
