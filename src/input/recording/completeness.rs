//! What a recording has to hold to be judged, and how to get it.

use crate::model::entry::Gap;

const NO_SERVER: &str = "no Exchange server is in the recording. Two exports are needed, of the configuration and of the domain partition; \
with `contoso` and `com` replaced by the labels of the domain, on Windows:

  ldifde -f configuration.ldf -d \"CN=Configuration,DC=contoso,DC=com\" -p subtree
  ldifde -f domain.ldf -d \"DC=contoso,DC=com\" -p subtree -r \"(servicePrincipalName=*)\"

or elsewhere, after `kinit`:

  ldapsearch -LLL -Y GSSAPI -E pr=1000/noprompt -H ldap://dc1.contoso.com -b \"CN=Configuration,DC=contoso,DC=com\" > configuration.ldif
  ldapsearch -LLL -Y GSSAPI -E pr=1000/noprompt -H ldap://dc1.contoso.com -b \"DC=contoso,DC=com\" \"(servicePrincipalName=*)\" > domain.ldif

then `spn-doctor check --from` both";

const NO_ACCOUNT: &str = "there are Exchange servers in the recording but not one computer account. Add an export of the domain partition \
(of every domain that has Exchange servers); with `contoso` and `com` replaced by the labels of the domain, on Windows:

  ldifde -f domain.ldf -d \"DC=contoso,DC=com\" -p subtree -r \"(servicePrincipalName=*)\"

or elsewhere, after `kinit`:

  ldapsearch -LLL -Y GSSAPI -E pr=1000/noprompt -H ldap://dc1.contoso.com -b \"DC=contoso,DC=com\" \"(servicePrincipalName=*)\" > domain.ldif";

/// What is missing from recordings in which no server, or no account, was seen.
pub(super) fn gaps(has_server: bool, has_account: bool) -> Option<Gap> {
    let what = match (has_server, has_account) {
        (false, _) => NO_SERVER,
        (true, false) => NO_ACCOUNT,
        (true, true) => return None,
    };
    Some(Gap::new("recording", what))
}
