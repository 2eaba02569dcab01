use super::*;

/// What the beginning of a file is called.
fn named(beginning: impl AsRef<[u8]>) -> Option<&'static str> {
    of(beginning.as_ref()).map(|(_, what)| what)
}

fn assert_named(word: &str, beginnings: &[&[u8]]) {
    for beginning in beginnings {
        let text = String::from_utf8_lossy(beginning);
        assert!(named(beginning).is_some_and(|what| what.contains(word)), "{word}: {:?} of {text:?}", named(beginning));
    }
}

fn assert_export_is_told(beginnings: &[&[u8]]) {
    assert_named("ldifde -f domain.ldf", beginnings);
}

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
        (b"#< CLIXML\r\n<Objs", "XML"),
        (b"---\ndn: CN=a\n", "YAML"),
        (b"C:\\>ldifde -f con", "console"),
        (b"Connecting to \"dc1.contoso.com\"", "console"),
        (b"SASL/GSSAPI authentication started", "console"),
        (b"> dn: CN=a\n> cn: a\n", "quoted text"),
        (b"From: a@b.c\nTo: x@y\n\ndn: CN=a\n", "message"),
    ] {
        assert_named(word, &[line]);
    }
    for line in [&b"dn: CN=a"[..], b"version: 1", b"search: 2", b"ref: ldap://a", b"dn:CN=a", b"", b"\n\n", b"# a"] {
        assert_eq!(named(line), None);
    }
}

#[test]
fn ldif_is_never_taken_for_anything_else() {
    for ldif in [
        "dn: CN=a,DC=contoso,DC=com\nobjectClass: top\ndescription: a\n  5> b: c\n",
        "dn: CN=a\n  host/x\ncn: a\n",
        "# extended LDIF\n#\n# base <DC=a> with scope\n  subtree\n# ex01 (5): , b\n\ndn: CN=a\r\ncn: a\r\n",
        "version: 1\n\ndn: CN=EX01,DC=a\nservicePrincipalName: HOST/\n  x\n",
        "\u{feff}dn:: Q049YQ==\ncn: a\n",
        "# a\nCNF:2f1d6a5e-3c52-4b0e-9a6b-0d2b6a1c9f13, Computers, contoso.test\ndn: CN=a\n",
        "ref: ldap://a/DC=a\n\ndn: CN=a\n",
        "dn: CN=a@b# \ncn: a\n",
    ] {
        assert_eq!(named(ldif), None, "{ldif}");
    }
    // Nothing behind what was read says that this line feed is missing.
    assert_eq!(named("dn: CN=a\r"), None);
}

#[test]
fn output_of_powershell_is_named_however_it_is_formatted() {
    let lists: [&[u8]; 3] = [
        b"\r\nDistinguishedName    : CN=EX01,CN=Computers,DC=contoso,DC=com\r\nName                 : EX01\r\n",
        b"\n\nRunspaceId                              : a\nAuthMechanism : Tls, Integrated\n",
        b"servicePrincipalName : {SMTPSVC/ex01.contoso.com, HOST/ex01.contoso.com}\n",
    ];
    let tables: [&[u8]; 2] = [
        b"\nDistinguishedName                       Name ObjectClass ObjectGUID\n-----------------  ---- ---- ----\nCN=EX01\n",
        b"\r\nIdentity               Bindings       Enabled\r\n--------               --------       -------\r\nEX01\\Default EX01 {}\r\n",
    ];
    assert_named("Format-List", &lists);
    assert_named("Format-Table", &tables);
    assert_named("PowerShell", &[b"@{DistinguishedName=CN=EX01; Name=EX01}"]);
    assert_export_is_told(&lists);
    assert_export_is_told(&tables);
    assert_named("console", &[b"**********************\r\nStart der Windows PowerShell-Aufzeichnung\r\n"]);
}

#[test]
fn output_of_setspn_is_named_in_every_language() {
    assert_named(
        "setspn",
        &[
            b"Processing entry 0\r\nfound 0 group of duplicate SPNs.\r\n",
            b"Operation will be performed forestwide, it might take a while.\r\n",
            b"FindDomainForAccount: Call to DsGetDcNameWithAccountW failed with return value 0x00000525\r\n",
            "Registrierte Dienstprinzipalnamen (SPN) für CN=EX01,CN=Computers,DC=contoso,DC=com:\r\n\tSMTPSVC/ex01\r\n".as_bytes(),
            b"Registrierte Dienstprinzipalnamen (SPN) f\x81r CN=EX01,DC=com:\r\n\tSMTPSVC/ex01\r\n",
            b"Die Dom\x84ne \"DC=contoso,DC=com\" wird \x81berpr\x81ft.\r\n",
            b"\r\nCN=EX01,CN=Computers,DC=contoso,DC=com\r\n\tSMTPSVC/ex01\r\n\r\nSPN trouv\x82 !\r\n",
            b"Traitement de l'entr\x82e 0\r\nSMTPSVC/ex01 est inscrit :\r\n\tCN=EX01,CN=Computers,DC=contoso,DC=com\r\n",
            b"EX01$\nUser CN=EX01,DC=com has the following servicePrincipalName: \n\t HOST/a\n",
            b"SMTPSVC/ex01\nSMTPSVC/ex01.contoso.com:25\n",
        ],
    );
}

#[test]
fn output_of_the_old_tools_of_windows_is_named() {
    assert_named(
        "dsquery or dsget",
        &[
            b"  distinguishedName                          servicePrincipalName\r\n  CN=EX01,DC=com     SMTPSVC/ex01;HOST/ex01\r\n",
            b"\"CN=EX01,CN=Computers,DC=contoso,DC=com\"\r\n\"CN=EX02,CN=Computers,DC=contoso,DC=com\"\r\n",
            b"  dn\r\n  CN=EX01\r\ndsget succeeded\r\n",
            b"dsquery failed:A referral was returned from the server.\r\n",
        ],
    );
    assert_named("dsquery * -attr *", &[b"objectClass: top\r\ncn: a\r\n", b"distinguishedName: CN=EX01\r\n"]);
    assert_named(
        "adfind",
        &[
            b"\r\nUsing server: dc1.contoso.com:389\r\nDirectory: Windows Server 2019\r\n",
            b"dn:CN=EX01,DC=com\r\n>objectClass: top\r\n>sAMAccountName: EX01$\r\n",
        ],
    );
    assert_named(
        "ldp.exe or repadmin",
        &[
            b"Expanding base 'CN=EX01,DC=com'...\r\nGetting 1 entries:\r\nDn: CN=EX01\r\n",
            b"***Searching...\r\nldap_search_s(ld, \"DC=contoso\", 2, ...)\r\n",
            b"ldap_search_s(ld, \"DC=contoso\", 2, ...)\r\n",
            b"ld = ldap_open(\"dc1\", 389);\r\n",
            b"Dn: CN=EX01,DC=com\r\ncn: EX01; \r\nobjectClass (5): top; person; \r\n",
            b">> Dn: CN=EX01,DC=com\r\n\t5> objectClass: top; person; \r\n",
            b"repadmin running command /showattr against full DC localhost\r\n\r\nDN: CN=EX01,DC=com\r\n",
            b"DN: CN=EX01,DC=com\r\n    5> objectClass: top; person; \r\n",
        ],
    );
}

#[test]
fn tables_of_whatever_separator_are_named() {
    assert_named(
        "CSV",
        &[
            b"DistinguishedName,Name,servicePrincipalName\r\n",
            b"DistinguishedName;Name;servicePrincipalName\r\n",
            b"dn\tobjectClass\nCN=a\ttop\n",
            b"objectClass,DN,cn\r\ncomputer,\"CN=EX01\",EX01\r\n",
            b"#TYPE Microsoft.ActiveDirectory.Management.ADComputer\r\n\"DistinguishedName\"\r\n",
            b"\"CN=EX01,DC=com\",\"EX01\"\r\n",
        ],
    );
    assert_named("list of objects", &[b"CN=EX01,DC=com\r\nCN=EX02,DC=com\r\n"]);
    assert_named("very old ldapsearch", &[b"CN=EX01,DC=com\nobjectClass=top\n"]);
}

#[test]
fn text_of_a_console_is_named_by_its_prompt() {
    assert_named(
        "console",
        &[
            b"user@host:~$ ldapsearch -x\n# extended LDIF\n",
            b"root@host:~# ldapsearch -x\n",
            b"[root@dc1 ~]# ldapsearch -x\n",
            b"[root@dc1 ~]#\n",
            b"bash-5.1$ ldapsearch -x\n",
            b"admin@mac ~ % ldapsearch\n",
            b"[PS] C:\\Windows\\system32>Get-ExchangeServer\r\n",
            b"PS C:\\Users\\admin> Get-ADComputer EX01\r\n",
            b"Script started on 2024-01-01\n$ ldapsearch\n",
            b"```\ndn: CN=a\n",
        ],
    );
    assert_named(
        "ldapsearch says when it fails",
        &[
            b"ldap_sasl_interactive_bind_s: Local error (-2)\n\tadditional info: SASL(-1)",
            b"ldap_sasl_interactive_bind: Can't contact LDAP server (-1)\n",
            b"ldap_bind: Invalid credentials (49)\n",
            b"ldap_start_tls: Connect error (-11)\n",
        ],
    );
}

#[test]
fn files_that_are_no_text_are_named() {
    let tar = [&b"configuration.ldf"[..], &[0; 240], b"ustar\x0000"].concat();
    let old_tar = [&b"configuration.ldf"[..], &[0; 83], b"0000644\0\0"].concat();
    for (file, word) in [
        (&old_tar[..], "tar archive"),
        (&b"7z\xbc\xaf\x27\x1c\0\x04"[..], "7z"),
        (b"Rar!\x1a\x07\0", "rar"),
        (b"\xfd7zXZ\0\0", "xz -dc"),
        (b"BZh91AY&SY\x0a", "bzip2"),
        (b"\x28\xb5\x2f\xfd\x24", "zstd"),
        (b"MSCF\0\0\0\0abc", "cab"),
        (&tar, "tar archive"),
        (b"\x09R4V\xef\xcd\xab\x89\0", "ntds.dit"),
        (b"TDB file\n\0\0", "ldbsearch"),
        (b"SQLite format 3\0", "SQLite"),
        (b"ElfFile\0\0", "event log"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\xd4\xc3\xb2\xa1\x02\0", "network traffic"),
        (b"\xff\xfe\0\0d\0\0\0n\0\0\0", "UTF-32"),
        (b"\x84\x95\x7a\x40\xc3\xd5", "EBCDIC"),
        (b"dn: CN=a\rcn: a\robjectClass: top\r", "carriage return"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "document of Office"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0AAAABBBBCCCC\x13\0\0\0[Content_Types].xml", "workbook"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0AAAABBBBCCCC\x0f\0\0\0xl/workbook.xml", "workbook"),
    ] {
        assert_named(word, &[file]);
    }
}

#[test]
fn the_line_that_gives_it_away_is_told() {
    assert_eq!(of(b"\r\n\r\nC:\\>setspn -L EX01\r\n").map(|(line, _)| line), Some(3));
}
