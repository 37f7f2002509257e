//! `cordon rehearse`.

use std::path::PathBuf;

use clap::Args;

use super::{ConfigFile, reason};
use crate::domain::{WearerId, ZoneId};

/// `cordon rehearse`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Rehearse {
    /// A file with the proposed zone, or the id of a zone in force
    ///
    /// The name of a file ends in .toml or .json. It holds one zone as rulebook files have it, without the line
    /// [[case.zone]]: id, code, shape, and if wanted margin_m and a table schedule. Nothing is published.
    #[arg(value_parser = zone)]
    pub zone: ZoneArg,
    /// Whose days are played
    #[arg(long, value_name = "ID")]
    pub wearer: WearerId,
    /// How many days, up to the end of the journal
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub days: u32,
    /// Whose clocks hours are told by, as in Europe/London; without it a schedule of the rulebook says so, or it is UTC
    #[arg(long, value_name = "IANA")]
    pub time_zone: Option<String>,
    /// Print one JSON object instead
    #[arg(long)]
    pub json: bool,
    /// Why, for the audit log; no name and no address
    #[arg(long, value_parser = reason, default_value = "a person at this machine")]
    pub reason: String,
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// Which zone is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneArg {
    /// The one in a file.
    File(PathBuf),
    /// One in force.
    InForce(ZoneId),
}

/// No id has a dot in it.
fn zone(text: &str) -> Result<ZoneArg, String> {
    let path = PathBuf::from(text);
    let ends_in = |end: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(end));
    if ends_in("toml") || ends_in("json") {
        return Ok(ZoneArg::File(path));
    }
    text.parse().map(ZoneArg::InForce).map_err(|_| {
        "write a file whose name ends in .toml or .json, or the id of a zone in force".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use clap::{Parser as _, error::ErrorKind};

    use super::super::{Cli, Command};
    use super::*;

    fn parse(line: &str) -> Result<Rehearse, ErrorKind> {
        match Cli::try_parse_from(line.split_whitespace()) {
            Ok(Cli { command: Command::Rehearse(rehearse), .. }) => Ok(rehearse),
            Ok(_) => panic!("a rehearse"),
            Err(error) => Err(error.kind()),
        }
    }

    #[test]
    fn a_zone_is_a_file_or_one_in_force() {
        let rehearse = |zone: &str| parse(&format!("cordon rehearse {zone} --wearer w-1 --config x"));
        for (text, expected) in [
            ("zone.toml", ZoneArg::File("zone.toml".into())),
            ("drafts/Z.JSON", ZoneArg::File("drafts/Z.JSON".into())),
            ("z-1", ZoneArg::InForce("z-1".parse().unwrap())),
        ] {
            let rehearse = rehearse(text).unwrap();
            assert_eq!((rehearse.zone, rehearse.days), (expected, 30), "{text}");
        }
        for text in ["zone.txt", "drafts/zone", "Z1"] {
            assert_eq!(rehearse(text), Err(ErrorKind::ValueValidation), "{text}");
        }
    }
}
