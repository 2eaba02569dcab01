//! What people have at hand that is no LDIF, told by its beginning, and what to do instead.

mod head;
#[cfg(test)]
mod tests;

use self::head::Head;

/// How much of a file tells what it is.
pub(super) const HEAD: usize = 4096;

/// How LDIF is made on Windows.
macro_rules! export_instead {
    ($what:literal) => {
        concat!(
            $what,
            "; export LDIF instead: ldifde -f configuration.ldf -d \"CN=Configuration,DC=contoso,DC=com\" -p subtree, and of each domain \
             ldifde -f domain.ldf -d \"DC=contoso,DC=com\" -p subtree -r \"(|(servicePrincipalName=*)(objectClass=computer))\""
        )
    };
}

/// What is no file of its own.
const CONSOLE: &str = "this is text of a console, not LDIF: let the tool write the file itself (ldifde -f FILE), or redirect nothing but its output (ldapsearch … > FILE)";
const SPNS: &str =
    export_instead!("this is what setspn or `samba-tool spn list` prints, which leaves out most of what is needed");
const CSV: &str = export_instead!("this is CSV as Export-Csv or adfind -csv writes it, not LDIF");
const ADFIND: &str = export_instead!("this is the output of adfind, not LDIF");
const LDP: &str = export_instead!("this is text of ldp.exe or repadmin, not LDIF");

/// What a form is known by.
enum Sign {
    /// The file begins so.
    File(&'static [&'static [u8]]),
    /// Its first line that says anything begins so, whatever the case.
    Line(&'static [&'static [u8]]),
    /// It looks so.
    Looks(fn(&Head<'_>) -> bool),
}

/// The first that fits counts.
const FORMS: &[(Sign, &str)] = &[
    // Files that are no text.
    (
        Sign::File(&[b"\x1f\x8b"]),
        "this is compressed with gzip; unpack it first, or pipe it: gzip -dc FILE | spn-doctor check --from -",
    ),
    (
        Sign::File(&[b"\xfd7zXZ\0"]),
        "this is compressed with xz; unpack it first, or pipe it: xz -dc FILE | spn-doctor check --from -",
    ),
    (
        Sign::Looks(head::is_bzip2),
        "this is compressed with bzip2; unpack it first, or pipe it: bzip2 -dc FILE | spn-doctor check --from -",
    ),
    (
        Sign::File(&[b"\x28\xb5\x2f\xfd"]),
        "this is compressed with zstd; unpack it first, or pipe it: zstd -dc FILE | spn-doctor check --from -",
    ),
    (Sign::File(&[b"7z\xbc\xaf\x27\x1c"]), "this is a 7z archive; unpack it first"),
    (Sign::File(&[b"Rar!\x1a\x07"]), "this is a rar archive; unpack it first"),
    (Sign::File(&[b"MSCF\0\0\0\0"]), "this is a cab archive; unpack it first"),
    (Sign::Looks(head::is_tar), "this is a tar archive; unpack it first"),
    (
        Sign::Looks(head::is_office_document),
        export_instead!("this is a workbook or another document of Office, not LDIF"),
    ),
    (Sign::File(&[b"PK\x03\x04"]), "this is a zip archive; unpack it first"),
    (
        Sign::File(&[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf"]),
        export_instead!("this is a workbook or another document of Office, not LDIF"),
    ),
    (Sign::File(&[b"%PDF-"]), export_instead!("this is a PDF document, not LDIF")),
    (Sign::File(&[b"win-ad-ob"]), export_instead!("this is a snapshot of AD Explorer")),
    (
        Sign::Looks(head::is_ese),
        export_instead!("this is a database such as a domain controller's ntds.dit, which only Windows can read"),
    ),
    (
        Sign::File(&[b"TDB file\n"]),
        "this is a database of Samba; export LDIF from it: ldbsearch -H FILE \"(objectClass=*)\" > domain.ldif",
    ),
    (Sign::File(&[b"SQLite format 3\0"]), export_instead!("this is a SQLite database, not LDIF")),
    (Sign::File(&[b"ElfFile\0"]), export_instead!("this is a Windows event log (evtx), not LDIF")),
    (
        Sign::File(&[b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x0a\x0d\x0d\x0a"]),
        export_instead!("this is a capture of network traffic, not LDIF"),
    ),
    (
        Sign::File(&[b"\xff\xfe\0\0", b"\0\0\xfe\xff"]),
        "this is text in UTF-32, which no tool for directories writes; save it as UTF-8",
    ),
    (
        // `dn:`, `version:` and `# `.
        Sign::File(&[b"\x84\x95\x7a", b"\xa5\x85\x99\xa2\x89\x96\x95\x7a", b"\x7b\x40"]),
        "this is text in EBCDIC: it went through a mainframe; transfer the file as binary, or convert it (iconv -f IBM1047 -t UTF-8)",
    ),
    (
        Sign::Looks(head::has_only_carriage_returns),
        "its lines end in a carriage return alone, as those of old Macintosh programs; save it with the line ends of Windows or Unix (tr '\\r' '\\n' < FILE)",
    ),
    // Text that has names of objects where LDIF has them.
    (Sign::Looks(head::is_adfind), ADFIND),
    (Sign::Looks(head::is_ldp), LDP),
    (Sign::Looks(head::begins_as_ldif), LDIF),
    // Any other text.
    (
        Sign::Line(&[
            b"ps ",
            b"[ps] ",
            b"ps>",
            b"$ ",
            b"connecting to ",
            b"logging in as ",
            b"exporting directory ",
            b"searching for entries",
            b"writing out entries",
            b"no entries found",
            b"microsoft windows [",
            b"sasl/",
            b"sasl ",
            b"enter ldap password",
            b"**********************",
            b"script started on ",
            b"```",
        ]),
        CONSOLE,
    ),
    (Sign::Looks(head::is_prompt), CONSOLE),
    (Sign::Line(&[b"registered serviceprincipalnames for", b"checking domain dc=", b"checking forest dc="]), SPNS),
    (
        Sign::Line(&[
            b"existing spn found",
            b"no such spn found",
            b"processing entry ",
            b"operation will be performed forestwide",
            b"finddomainforaccount:",
            b"could not find account ",
            b"ldap error(",
        ]),
        SPNS,
    ),
    (
        Sign::Line(&[
            b"***",
            b"ldap_search_s(",
            b"ldap_search_ext_s(",
            b"ld = ldap_",
            b"res = ldap_",
            b"expanding base '",
            b"getting ",
            b">> dn:",
            b"-----------",
            b"repadmin ",
            b"repadmin: ",
        ]),
        LDP,
    ),
    (
        Sign::Line(&[b"ldap_", b"ldapsearch: "]),
        "this is what ldapsearch says when it fails: nothing was read; put right what it names, and search again",
    ),
    (Sign::Line(&[b"dsquery failed", b"dsget failed"]), DSQUERY),
    (Sign::Line(&[b"adfind v", b"using server:"]), ADFIND),
    (Sign::Line(&[b"> "]), "this is quoted text of a message, not LDIF: attach the file itself to the message"),
    (Sign::Line(&[b">"]), ADFIND),
    (
        Sign::Line(&[b"from: ", b"received: ", b"return-path: ", b"mime-version: "]),
        "this is a message, not LDIF: save the file that is attached to it",
    ),
    (Sign::Looks(head::is_quoted_name), DSQUERY),
    (Sign::Looks(head::is_dsquery_table), DSQUERY),
    (
        Sign::Line(&[b"distinguishedname: ", b"objectclass: "]),
        export_instead!(
            "these are attributes without the `dn:` of their object, as dsquery * -attr * writes them, not LDIF"
        ),
    ),
    (Sign::Line(&[b"dn,"]), export_instead!("this is CSV as csvde writes it, not LDIF")),
    (Sign::Line(&[b"\"", b"#type "]), CSV),
    (Sign::Looks(head::is_csv), export_instead!("this is CSV or another table, not LDIF")),
    (
        Sign::Looks(head::is_attribute_equals_value),
        export_instead!("this is the output of a very old ldapsearch, not LDIF"),
    ),
    (Sign::Looks(head::lists_names), export_instead!("this is a list of objects without their attributes, not LDIF")),
    (Sign::Looks(head::lists_spns), SPNS),
    (Sign::Line(&[b"cn="]), SPNS),
    (
        Sign::Looks(head::is_format_list),
        export_instead!("this is the output of PowerShell (Format-List), which leaves out values and cuts them off"),
    ),
    (
        Sign::Looks(head::is_format_table),
        export_instead!("this is the output of PowerShell (Format-Table), which leaves out values and cuts them off"),
    ),
    (
        Sign::Line(&[b"@{"]),
        export_instead!("this is the output of PowerShell, which leaves out values and cuts them off"),
    ),
    (Sign::Line(&[b"{", b"["]), export_instead!("this is JSON, not LDIF")),
    (
        Sign::Line(&[b"windows registry editor", b"regedit4"]),
        export_instead!("this is an export of the registry, not of the directory"),
    ),
    (Sign::Line(&[b"<", b"#< clixml"]), export_instead!("this is XML or HTML, not LDIF")),
    (Sign::Line(&[b"---"]), export_instead!("this is YAML, not LDIF")),
    (Sign::Looks(head::names_domain), SPNS),
];

const DSQUERY: &str = export_instead!("this is the output of dsquery or dsget, not LDIF");
/// No form: the text is LDIF already.
const LDIF: &str = "";

impl Sign {
    fn is_on(&self, head: &Head<'_>) -> bool {
        match self {
            Self::File(starts) => starts.iter().any(|start| head.bytes.starts_with(start)),
            Self::Line(starts) => starts.iter().any(|start| head::begins(head.first(), start)),
            Self::Looks(looks) => looks(head),
        }
    }
}

/// What the beginning of a file, or of a line of it, that is no LDIF gives away, and the number of the line from the beginning.
pub(super) fn of(beginning: &[u8]) -> Option<(u64, &'static str)> {
    let head = Head::new(beginning);
    let (_, what) = FORMS.iter().find(|(sign, _)| sign.is_on(&head))?;
    (*what != LDIF).then_some((head.first_number(), what))
}
