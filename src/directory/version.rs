//! The version of Exchange that a server runs.

/// A version: 6.0 is Exchange 2000, 15.2 is 2019 and Subscription Edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The number before the dot.
    pub major: u32,
    /// The number behind the dot.
    pub minor: u32,
    /// The build, as Microsoft lists it.
    pub build: u32,
}

impl Version {
    /// The version in `versionNumber`. Since 2007 all three numbers are packed into it; before, it was the build alone.
    #[must_use]
    pub(crate) fn of_number(number: i64) -> Option<Self> {
        const PACKED: i64 = 0x7000_0000;
        const FIRST_BUILD_OF_2003: u32 = 6944;
        let number = u32::try_from(number).ok().filter(|number| *number > 0)?;
        if i64::from(number) > PACKED {
            return Some(Self { major: number >> 22 & 63, minor: number >> 16 & 63, build: number & 0x7fff });
        }
        Some(Self { major: 6, minor: if number < FIRST_BUILD_OF_2003 { 0 } else { 5 }, build: number })
    }

    /// The version in `serialNumber`, `Version 15.2 (Build 30986.3)`. Since 2007 builds are stored 30000 too high.
    #[must_use]
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let mut numbers = text
            .split(|c: char| !(c.is_ascii_digit() || c == '.'))
            .filter(|number| number.starts_with(|c: char| c.is_ascii_digit()));
        let (major, minor) = numbers.next()?.split_once('.')?;
        let build = numbers.next().and_then(|build| build.split('.').next()?.parse().ok()).unwrap_or(0_u32);
        let major = major.parse().ok()?;
        let stored = if major >= 8 { build.saturating_sub(30_000) } else { build };
        Some(Self { major, minor: minor.split('.').next()?.parse().ok()?, build: stored })
    }

    /// Whether this is Exchange 2000 or 2003, which has SMTP virtual servers and no roles.
    #[must_use]
    pub(crate) fn has_virtual_servers(self) -> bool {
        self.major < 8
    }

    /// Version 6.0, which needs a hotfix before a second virtual server can use Kerberos (Microsoft KB 818530).
    #[must_use]
    pub(crate) fn is_2000(self) -> bool {
        (self.major, self.minor) == (6, 0)
    }

    /// Whether this is Exchange 2007 or 2010, in which a single server has no part of itself to authenticate to.
    #[must_use]
    pub(crate) fn is_2007_or_2010(self) -> bool {
        (8..15).contains(&self.major)
    }

    /// The text of a version of which the same is required, whatever its own numbers are.
    #[must_use]
    pub fn alike(self) -> &'static str {
        if self.is_2000() {
            "Version 6.0 (Build 6249.4)"
        } else if self.has_virtual_servers() {
            "Version 6.5 (Build 7638.2)"
        } else if self.is_2007_or_2010() {
            "Version 14.3 (Build 30123.4)"
        } else {
            "Version 15.2 (Build 31544.4)"
        }
    }

    /// The product, `Exchange Server 2003`.
    #[must_use]
    pub fn product(self) -> String {
        const FIRST_BUILD_OF_SE: u32 = 2562;
        let edition = match (self.major, self.minor) {
            (6, 0) => "2000",
            (6, 5) => "2003",
            (8, _) => "2007",
            (14, _) => "2010",
            (15, 0) => "2013",
            (15, 1) => "2016",
            (15, 2) if self.build >= FIRST_BUILD_OF_SE => "Subscription Edition",
            (15, 2) => "2019",
            (major, minor) => return format!("Exchange Server (version {major}.{minor})"),
        };
        format!("Exchange Server {edition}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_told_from_the_serial_number() {
        for (serial, expected) in [
            ("Version 6.0 (Build 6249.4: SP3)", "Exchange Server 2000"),
            ("Version 6.5 (Build 7638.2: Service Pack 2)", "Exchange Server 2003"),
            ("Version 8.3 (Build 30083.6)", "Exchange Server 2007"),
            ("Version 14.3 (Build 30123.4)", "Exchange Server 2010"),
            ("Version 15.0 (Build 31497.2)", "Exchange Server 2013"),
            ("Version 15.1 (Build 32507.6)", "Exchange Server 2016"),
            ("Version 15.2 (Build 31544.4)", "Exchange Server 2019"),
            ("Version 15.2 (Build 32562.17)", "Exchange Server Subscription Edition"),
            ("Version 99.1", "Exchange Server (version 99.1)"),
        ] {
            assert_eq!(Version::of_text(serial).unwrap().product(), expected, "{serial}");
        }
        for nonsense in ["", "Version", "Version .1", "Version 99999999999.1", "6"] {
            assert_eq!(Version::of_text(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_version_that_stands_for_another_is_judged_alike() {
        for text in [
            "Version 6.0",
            "Version 6.5.9",
            "Version 1.2",
            "Version 8.0",
            "Version 10.77.88.99",
            "Version 15.1",
            "99.9",
        ] {
            let version = Version::of_text(text).unwrap();
            let alike = Version::of_text(version.alike()).unwrap();
            let judged = |of: Version| (of.is_2000(), of.has_virtual_servers(), of.is_2007_or_2010());
            assert_eq!(judged(alike), judged(version), "{text}");
        }
    }

    #[test]
    fn the_number_and_the_text_of_a_real_server_say_the_same() {
        for (number, serial) in [
            (1_942_128_136, "Version 15.2 (Build 31544.4)"),
            (1_942_063_563, "Version 15.1 (Build 32507.6)"),
            (1_941_997_017, "Version 15.0 (Build 31497.2)"),
            (1_937_997_947, "Version 14.3 (Build 30123.4)"),
            (1_912_832_083, "Version 8.3 (Build 30083.6)"),
            (7638, "Version 6.5 (Build 7638.2: Service Pack 2)"),
            (6249, "Version 6.0 (Build 6249.4: SP3)"),
        ] {
            assert_eq!(Version::of_number(number), Version::of_text(serial), "{serial}");
        }
        assert_eq!((Version::of_number(0), Version::of_number(-1)), (None, None));
    }
}
