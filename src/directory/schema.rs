//! The names of the directory's classes and attributes that the judgement rests on.

use std::borrow::Cow;

use super::text::fold;

/// An Exchange server, and what derives from it without being one.
pub const EXCHANGE_SERVER: &str = "msExchExchangeServer";
/// The last part of an Exchange server's `objectCategory`. Exchange itself finds its servers by this.
pub(crate) const EXCHANGE_SERVER_CATEGORY: &str = "ms-Exch-Exchange-Server";
/// The classes that derive from [`EXCHANGE_SERVER`]: transport roles of 2013 and later, Client Access arrays of 2010, server policies
/// of 2000 and 2003. Nothing of these is a server.
pub(crate) const NO_SERVERS: [&str; 4] = [
    "msExchExchangeTransportServer",
    "msExchClientAccessArray",
    "msExchClientAccessArrayLegacy",
    "msExchExchangeServerPolicy",
];
/// An SMTP virtual server of Exchange 2000 and 2003.
pub(crate) const VIRTUAL_SERVER: &str = "protocolCfgSMTPServer";
/// A receive connector of Exchange 2007 and later.
pub(crate) const RECEIVE_CONNECTOR: &str = "msExchSmtpReceiveConnector";
/// A send connector; in Exchange 2000 and 2003, an SMTP connector.
pub(crate) const SEND_CONNECTOR: &str = "msExchRoutingSMTPConnector";
/// A connector between two routing groups of Exchange 2000 and 2003.
pub(crate) const ROUTING_GROUP_CONNECTOR: &str = "msExchRoutingGroupConnector";
/// A computer account, and so a managed service account.
pub const COMPUTER: &str = "computer";
/// The classes that derive from [`COMPUTER`] without being a machine.
pub(crate) const MANAGED_SERVICE_ACCOUNTS: [&str; 3] =
    ["msDS-GroupManagedServiceAccount", "msDS-ManagedServiceAccount", "msDS-DelegatedManagedServiceAccount"];
/// A naming context of the forest, below CN=Partitions.
pub const CROSS_REF: &str = "crossRef";
/// The account of each domain's Key Distribution Center. It holds `kadmin/changepw`, so every whole export of accounts has it.
pub const KRBTGT: &str = "krbtgt";
/// What krbtgt holds.
pub(crate) const KADMIN: &str = "kadmin/changepw";

macro_rules! attributes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// An attribute that the judgement needs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Attribute { $($(#[$doc])* $variant,)* }

        impl Attribute {
            /// All of them, in the order in which they are declared.
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
    /// From `top` to the most special one.
    ObjectClass = "objectClass",
    /// The class that an object is, as the DN of that class in the schema.
    ObjectCategory = "objectCategory",
    /// The number that an object keeps when it is renamed or moved. Binary; kept as [`guid`] writes it.
    ObjectGuid = "objectGUID",
    /// The common name: of an Exchange server, its NetBIOS name.
    Cn = "cn",
    /// TRUE on what is left of a deleted object.
    IsDeleted = "isDeleted",
    /// `protocol:address` of a server.
    NetworkAddress = "networkAddress",
    /// Exchange's version and build, as text.
    SerialNumber = "serialNumber",
    /// Exchange's version and build, packed into a number.
    VersionNumber = "versionNumber",
    /// Exchange's roles, a bit field.
    CurrentServerRoles = "msExchCurrentServerRoles",
    /// The name of a virtual server.
    AdminDisplayName = "adminDisplayName",
    /// The FQDN that a virtual server announces.
    VirtualServerFqdn = "msExchSmtpFullyQualifiedDomainName",
    /// How clients may authenticate to a virtual server, a bit field.
    AuthenticationFlags = "msExchAuthenticationFlags",
    /// The packages that Integrated Windows Authentication of a virtual server offers.
    AuthenticationProviders = "msExchNTAuthenticationProviders",
    /// FALSE on a virtual server that is not started with the service.
    ServerAutoStart = "msExchServerAutoStart",
    /// The FQDN that a receive connector announces.
    ConnectorFqdn = "msExchSMTPReceiveConnectorFQDN",
    /// FALSE on a disabled receive connector.
    ConnectorEnabled = "msExchSmtpReceiveEnabled",
    /// How clients may authenticate to a receive connector, a bit field.
    ConnectorSecurity = "msExchSMTPReceiveInboundSecurityFlag",
    /// What a receive connector insists on, and `EnableAuthGSSAPI`, a bit field.
    ConnectorRestrictions = "msExchSmtpReceiveProtocolRestrictions",
    /// What a receive connector offers, and `SuppressXAnonymousTls`, a bit field.
    ConnectorOptions = "msExchSmtpReceiveProtocolOptions",
    /// The role of the server that a receive connector belongs to.
    ConnectorRole = "msExchSmtpReceiveRole",
    /// FALSE on a disabled send connector.
    SendEnabled = "msExchSmtpSendEnabled",
    /// What a send connector does, and how it authenticates to its smart host.
    SendFlags = "msExchSmtpSendFlags",
    /// The FQDN that a send connector gives in EHLO.
    SendFqdn = "msExchSMTPSendConnectorFQDN",
    /// Where a send connector sends to.
    SmartHost = "msExchSmtpSmartHost",
    /// The virtual servers that a connector sends from.
    SourceBridgeheads = "msExchSourceBridgeheadServersDN",
    /// The virtual servers that a routing group connector sends to.
    TargetBridgeheads = "msExchTargetBridgeheadServersDN",
    /// The service principal names of an account.
    ServicePrincipalName = "servicePrincipalName",
    /// The logon name of an account; ends in `$` for a computer.
    SamAccountName = "sAMAccountName",
    /// The FQDN of a computer.
    DnsHostName = "dNSHostName",
    /// Whether an account is disabled, among others, a bit field.
    UserAccountControl = "userAccountControl",
    /// When an account last logged on, to within two weeks, in units of 100 ns since 1601.
    LastLogonTimestamp = "lastLogonTimestamp",
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
    /// The encryption types of an account's tickets, a bit field.
    SupportedEncryptionTypes = "msDS-SupportedEncryptionTypes",
    /// When an account's password was last changed, in units of 100 ns since 1601.
    PasswordLastSet = "pwdLastSet",
    /// When an account expires, in units of 100 ns since 1601; 0 and the largest number stand for never.
    AccountExpires = "accountExpires",
    /// Switches of the whole forest, a character each.
    DsHeuristics = "dSHeuristics",
    /// The addresses and ports that a receive connector listens on.
    ConnectorBindings = "msExchSmtpReceiveBindings",
    /// The addresses that a receive connector takes connections from.
    ConnectorRemoteRanges = "msExchSmtpReceiveRemoteIPRanges",
    /// The addresses and ports that a virtual server listens on.
    ServerBindings = "msExchServerBindings",
}

/// What a directory is read for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Whether the SPNs are right.
    #[default]
    Check,
    /// What else it may be, too.
    Why,
}

impl Attribute {
    /// The attribute of this name, whatever its case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::of_bytes(name.as_bytes())
    }

    /// The attribute of this name, whatever its case.
    #[must_use]
    pub(crate) fn of_bytes(name: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|attribute| attribute.name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// Whether it says what else it may be than an SPN: whoever checks SPNs does not read it.
    #[must_use]
    pub(crate) fn is_a_clue(self) -> bool {
        self >= Self::SupportedEncryptionTypes
    }

    /// Whether it is read for this purpose.
    #[must_use]
    pub(crate) fn serves(self, purpose: Purpose) -> bool {
        purpose == Purpose::Why || !self.is_a_clue()
    }
}

/// An `objectGUID` as text, whether it was read as its 16 bytes or as the text that `ldbsearch` makes of them.
#[must_use]
pub fn guid(value: &[u8]) -> String {
    let Ok(bytes) = <[u8; 16]>::try_from(value) else { return fold(&String::from_utf8_lossy(value)) };
    let mut text = format!("{:032x}", u128::from_be_bytes(swapped(bytes)));
    for hyphen in [20, 16, 12, 8] {
        text.insert(hyphen, '-');
    }
    text
}

/// The form in which an `objectGUID` is compared, the same for its bytes, of which there are very many, and its text.
#[must_use]
pub(crate) fn guid_key(value: &[u8]) -> Cow<'_, [u8]> {
    if value.len() == 16 {
        return Cow::Borrowed(value);
    }
    let text = guid(value);
    let number = u128::from_str_radix(&text.replace('-', ""), 16);
    let bytes = number.map(|number| swapped(number.to_be_bytes())).ok().filter(|bytes| guid(bytes) == text);
    Cow::Owned(bytes.map_or_else(|| text.into_bytes(), Vec::from))
}

/// The first three parts of a GUID are numbers, which Windows keeps with their low bytes first.
fn swapped(mut bytes: [u8; 16]) -> [u8; 16] {
    for number in [0..4, 4..6, 6..8] {
        bytes.get_mut(number).into_iter().for_each(<[u8]>::reverse);
    }
    bytes
}

/// Reads an integer (syntax 2.5.5.9), which has 32 bits. Flags are stored as signed numbers; some tools write them without the sign.
#[must_use]
pub(crate) fn integer(text: &str) -> Option<i64> {
    let number = large_integer(text)?;
    let is_short = i32::try_from(number).is_ok() || u32::try_from(number).is_ok();
    is_short.then_some(number)
}

/// Reads a large integer (syntax 2.5.5.16), which has 64 bits.
#[must_use]
pub(crate) fn large_integer(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

/// Reads a boolean (syntax 2.5.5.8).
#[must_use]
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match fold(text.trim()).as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_the_same_as_bytes_and_as_text() {
        let bytes = [0x78, 0x56, 0x34, 0x12, 0xcd, 0xab, 0x01, 0xef, 1, 2, 3, 4, 5, 6, 7, 255];
        let text = guid(&bytes);
        assert_eq!(text, "12345678-abcd-ef01-0102-0304050607ff");
        for written in [text.clone(), text.to_uppercase()] {
            assert_eq!(guid_key(written.as_bytes()), guid_key(&bytes));
        }
        let zero = guid(&[0; 16]);
        assert_eq!(guid_key(zero.as_bytes()), guid_key(&[0; 16]));
    }

    #[test]
    fn what_is_no_guid_is_the_same_as_itself_in_any_case_only() {
        let text = "12345678-abcd-ef01-0102-0304050607ff";
        for odd in ["", "x", "+2345678-abcd-ef01-0102-0304050607ff", &text.replace('-', ""), &format!("{{{text}}}")] {
            assert_eq!(guid_key(odd.as_bytes()), odd.as_bytes());
            assert_eq!(guid_key(odd.to_uppercase().as_bytes()), odd.as_bytes());
        }
    }

    #[test]
    fn a_number_has_the_bits_of_its_syntax() {
        for (text, number) in [("514", 514), (" -2147483648", -2_147_483_648), ("4294967295", 4_294_967_295)] {
            assert_eq!(integer(text), Some(number));
        }
        for other in ["", "x", "1.5", "4294967296", "-2147483649", "4917155501234"] {
            assert_eq!(integer(other), None, "{other}");
        }
        assert_eq!(large_integer("133500000000000000"), Some(133_500_000_000_000_000));
    }
}
