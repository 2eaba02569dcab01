//! What people have at hand that is no LDIF, told by its first line, and what to do instead.

/// How LDIF is made on Windows.
macro_rules! export_instead {
    () => {
        "; export LDIF instead: ldifde -f configuration.ldf -d \"CN=Configuration,DC=contoso,DC=com\" -p subtree, and of each domain \
         ldifde -f domain.ldf -d \"DC=contoso,DC=com\" -p subtree -r \"(|(servicePrincipalName=*)(objectClass=computer))\""
    };
}

/// What is no file of its own.
const CONSOLE: &str = "this is text of a console, not LDIF: let the tool write the file itself (ldifde -f FILE), or redirect nothing but its output (ldapsearch … > FILE)";

/// A form by what its first line begins with, whatever its case.
type Form = (&'static [&'static [u8]], &'static str);

const FORMS: &[Form] = &[
    (
        &[b"\x1f\x8b"],
        "this is compressed with gzip; unpack it first, or pipe it: gzip -dc FILE | spn-doctor check --from -",
    ),
    (&[b"PK\x03\x04"], "this is a zip archive; unpack it first"),
    (&[b"win-ad-ob"], concat!("this is a snapshot of AD Explorer", export_instead!())),
    (&[b"dn,"], concat!("this is CSV as csvde writes it, not LDIF", export_instead!())),
    (&[b"\"", b"#type "], concat!("this is CSV as Export-Csv or adfind -csv writes it, not LDIF", export_instead!())),
    (&[b"adfind v", b">"], concat!("this is the output of adfind, not LDIF", export_instead!())),
    (
        &[
            b"registered serviceprincipalnames for",
            b"checking domain dc=",
            b"checking forest dc=",
            b"existing spn found",
            b"no such spn found",
            b"cn=",
        ],
        concat!("this is what setspn prints, which leaves out most of what is needed", export_instead!()),
    ),
    (&[b"{", b"["], concat!("this is JSON, not LDIF", export_instead!())),
    (
        &[b"windows registry editor", b"regedit4"],
        concat!("this is an export of the registry, not of the directory", export_instead!()),
    ),
    (&[b"<"], concat!("this is XML or HTML, not LDIF", export_instead!())),
    (
        &[
            b"ps ",
            b"$ ",
            b"connecting to ",
            b"logging in as ",
            b"exporting directory ",
            b"searching for entries",
            b"writing out entries",
            b"microsoft windows [",
            b"sasl/",
            b"sasl ",
            b"enter ldap password",
        ],
        CONSOLE,
    ),
];

/// What the first line of a file that is no LDIF gives away.
pub(super) fn of(line: &[u8]) -> Option<&'static str> {
    let begins = |start: &&[u8]| line.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    let form = FORMS.iter().find(|(starts, _)| starts.iter().any(begins));
    form.map(|(_, what)| *what).or_else(|| is_prompt(line).then_some(CONSOLE))
}

/// Whether a line begins with a folder of Windows.
fn is_prompt(line: &[u8]) -> bool {
    matches!(line, [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_have_at_hand_is_named() {
        for (line, word) in [
            (&b"\x1f\x8b\x08\0"[..], "gzip"),
            (b"PK\x03\x04x", "zip"),
            (b"win-ad-ob\0x", "AD Explorer"),
            (b"DN,objectClass,servicePrincipalName", "csvde"),
            (b"\"DistinguishedName\",\"Enabled\"", "Export-Csv"),
            (b"AdFind V01.62.00cpp Joe Richards", "adfind"),
            (b"Registered ServicePrincipalNames for CN=EX01,DC=com:", "setspn"),
            (b"Checking domain DC=contoso,DC=com", "setspn"),
            (b"CN=EX01,CN=Computers,DC=contoso,DC=com", "setspn"),
            (b"[{\"dn\": 1}]", "JSON"),
            (b"Windows Registry Editor Version 5.00", "registry"),
            (b"<?xml version=\"1.0\"?>", "XML"),
            (b"C:\\>ldifde -f con", "console"),
            (b"Connecting to \"dc1.contoso.com\"", "console"),
            (b"SASL/GSSAPI authentication started", "console"),
        ] {
            assert!(of(line).is_some_and(|what| what.contains(word)), "{word}: {:?}", of(line));
        }
        for line in [&b"dn: CN=a"[..], b"version: 1", b"search: 2", b"ref: ldap://a", b"dn:CN=a"] {
            assert_eq!(of(line), None);
        }
    }
}
