//! The names of the directory's classes and attributes that the judgement rests on.

use super::text::fold;

/// An Exchange server.
pub const EXCHANGE_SERVER: &str = "msExchExchangeServer";
/// An SMTP virtual server of Exchange 2000 and 2003.
pub const VIRTUAL_SERVER: &str = "protocolCfgSMTPServer";
/// A receive connector of Exchange 2007 and later.
pub const RECEIVE_CONNECTOR: &str = "msExchSmtpReceiveConnector";
/// A computer account, and so a managed service account.
pub const COMPUTER: &str = "computer";
/// A naming context of the forest, below CN=Partitions.
pub const CROSS_REF: &str = "crossRef";

macro_rules! attributes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// An attribute that the judgement needs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Attribute { $($(#[$doc])* $variant,)* }

        impl Attribute {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name as the schema spells it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

attributes! {
    /// The classes of an object.
    ObjectClass = "objectClass",
    /// The common name: of an Exchange server, its NetBIOS name.
    Cn = "cn",
    /// TRUE on what is left of a deleted object.
    IsDeleted = "isDeleted",
    /// `protocol:address` of a server.
    NetworkAddress = "networkAddress",
    /// Exchange's version and build.
    SerialNumber = "serialNumber",
    /// Exchange's roles, a bit field.
    CurrentServerRoles = "msExchCurrentServerRoles",
    /// The name of a virtual server.
    AdminDisplayName = "adminDisplayName",
    /// The FQDN that a virtual server announces.
    VirtualServerFqdn = "msExchSmtpFullyQualifiedDomainName",
    /// The FQDN that a receive connector announces.
    ConnectorFqdn = "msExchSMTPReceiveConnectorFQDN",
    /// FALSE on a disabled receive connector.
    ConnectorEnabled = "msExchSmtpReceiveEnabled",
    /// How clients may authenticate to a receive connector, a bit field.
    ConnectorSecurity = "msExchSMTPReceiveInboundSecurityFlag",
    /// The service principal names of an account.
    ServicePrincipalName = "servicePrincipalName",
    /// The logon name of an account; ends in `$` for a computer.
    SamAccountName = "sAMAccountName",
    /// The FQDN of a computer.
    DnsHostName = "dNSHostName",
    /// Whether an account is disabled, among others, a bit field.
    UserAccountControl = "userAccountControl",
    /// The DN of a naming context.
    NcName = "nCName",
    /// The DNS name of a naming context.
    DnsRoot = "dnsRoot",
    /// The NetBIOS name of a domain.
    NetbiosName = "nETBIOSName",
    /// Bit 2 on a crossRef: the naming context is a domain.
    SystemFlags = "systemFlags",
    /// Which service classes HOST stands for.
    SpnMappings = "sPNMappings",
}

impl Attribute {
    /// The attribute of this name, whatever its case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::of_bytes(name.as_bytes())
    }

    /// The attribute of this name, whatever its case.
    #[must_use]
    pub fn of_bytes(name: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|attribute| attribute.name().as_bytes().eq_ignore_ascii_case(name))
    }
}

/// Reads an integer (syntax 2.5.5.9); flags are stored as signed numbers.
#[must_use]
pub fn integer(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

/// Reads a boolean (syntax 2.5.5.8).
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
    match fold(text.trim()).as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}
