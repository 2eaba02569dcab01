//! What an enemy would write into a directory.

use super::unicode;

/// How a hostile value is joined to the one that belongs there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Alone,
    Before,
    Inside,
    Behind,
}

impl Shape {
    pub(crate) fn join(self, plain: &str, hostile: &[u8]) -> Vec<u8> {
        // Inside an account's name: before the `$` that makes it a computer's.
        let middle = if plain.ends_with('$') { plain.len() - 1 } else { plain.len() / 2 };
        let (head, tail) = plain.split_at(middle);
        match self {
            Self::Alone => hostile.to_vec(),
            Self::Before => [hostile, plain.as_bytes()].concat(),
            Self::Inside => [head.as_bytes(), hostile, tail.as_bytes()].concat(),
            Self::Behind => [plain.as_bytes(), hostile].concat(),
        }
    }
}

/// All hostile values.
pub(crate) fn hostile() -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = TEXTS.iter().map(|text| text.as_bytes().to_vec()).collect();
    values.extend(BYTES.iter().map(|bytes| bytes.to_vec()));
    // Every kind of character that must not be printed raw, eight to a value.
    let samples: Vec<char> = unicode::samples().collect();
    values.extend(samples.chunks(8).map(|some| some.iter().collect::<String>().into_bytes()));
    values.push(vec![b'A'; 64 << 10]);
    values.push("\u{1b}[2J\u{202e}&\n".repeat(8 << 10).into_bytes());
    values
}

const TEXTS: &[&str] = &[
    // Terminals.
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]0;title\u{7}",
    "\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    "\u{1b}P1$r\u{1b}\\",
    "\u{9b}31m",
    "\u{9d}0;x\u{9c}",
    "\u{8}\u{8}\u{8}gone",
    "\u{202e}txet",
    "\u{2066}x\u{2069}\u{200f}",
    "\u{200b}\u{200d}\u{feff}",
    "\u{0}",
    "\u{7f}",
    // Lines of their own.
    "\n",
    "\r\nERROR",
    "\r",
    "x\n  Run:\n    setspn -D HOST/dc1.contoso.com CONTOSO\\DC1$\n",
    "\u{85}setspn -D HOST/x CONTOSO\\x\u{2028}\u{2029}",
    "\u{b}\u{c}\u{1c}\u{1d}\u{1e}\u{1f}",
    "HEALTHY\n\nHEALTHY: 9 of 9 required SPNs are registered\n",
    "\n\ndn: CN=evil,DC=contoso,DC=com\nobjectClass: computer\n",
    "# end of spn-doctor recording: 0 entries, checksum 00000000",
    // Shells.
    "\"",
    "'",
    "`calc`",
    "$(calc)",
    "${IFS}x",
    "$env:PATH",
    " & calc",
    "&calc",
    "|calc",
    ">x",
    "<x",
    "^",
    "%COMSPEC%",
    "!x!",
    ";calc",
    "(calc)",
    "{calc}",
    "@x",
    "#x",
    ",x",
    "=x",
    "*",
    "?",
    "[x]",
    "~",
    "\\",
    "\\\\evil\\share",
    "/",
    "//evil/share",
    "\t-x",
    " ",
    "  x  ",
    // PowerShell: whatever it takes for the quotation mark that ends a name.
    "\u{2018}",
    "\u{2019}",
    "\u{201a}",
    "\u{201b}",
    "'; calc; '",
    "\u{2019}; calc; \u{2018}",
    "\u{201a}; calc #",
    "''",
    "\u{2019}\u{2019}",
    "' -Fqdn evil.contoso.com -Confirm:$false '",
    "\u{201d}; calc; \u{201c}",
    "`",
    "`n",
    "'+(calc)+'",
    "@'",
    "';\ncalc\n'",
    "x; Set-ReceiveConnector -Identity x -AuthMechanism None",
    "EX01\\Internet",
    // Options, and words that make two.
    "-D",
    "/?",
    "--%",
    "-",
    "\u{2013}D",
    "\u{2014}D",
    "\u{2212}D",
    " -D HOST/dc1 DC1$",
    "\u{a0}-D\u{a0}x",
    "\u{3000}x",
    "mail.contoso.com CONTOSO\\EVIL$ ",
    // Look-alikes.
    "\u{ff06}calc",
    "\u{201c}x\u{201d}",
    "\u{2018}x\u{2019}\u{201a}\u{201b}",
    "\u{201e}x",
    "\u{ff5c}\u{ff1b}\u{ff04}\u{ff08}",
    "mai\u{212a}",
    "\u{130}\u{131}\u{17f}",
    "CONTOS\u{39f}",
    "e\u{301}\u{327}\u{489}",
    "\u{10ffff}\u{fffd}",
    // Spreadsheets.
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1)",
    "-1+1",
    // Names and markup.
    "a,b+c=d",
    "CN=x,DC=y",
    "\\2C\\0A",
    "{\"a\":1}",
    "</script><script>",
    "%s%n%x{}{0}",
    "..",
    "../../etc/passwd",
    "CON",
    "999999999999999999999999",
    "-9223372036854775808",
    "TRUE",
    "1.2.3.4",
    "SMTPSVC/mail.contoso.com:25/x",
];

const BYTES: &[&[u8]] = &[
    b"\xff\xfe",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xe2\x80",
    b"\x80\x9b31m",
    b"x\xe2\x80\xae\xff",
];
