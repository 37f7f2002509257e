//! `cordon map`: the ground below the console's map.

use std::path::Path;

use super::{read_config, say};
use crate::{basemap::Region, cli, config::Config};

const MIB: u64 = 1 << 20;

/// `cordon map import`: judges a region's file and puts a copy where the service looks.
///
/// # Errors
/// In sentences that say what to bring instead.
pub fn import_map(args: &cli::MapImport) -> anyhow::Result<()> {
    let about = region(&read_config(&args.config)?).import(&args.file)?;
    let [west, south, east, north] = about.bounds_deg;
    let [least, most] = about.zooms;
    say(&format!(
        "imported: {} MiB, {south:.2} to {north:.2} north, {west:.2} to {east:.2} east, zoom {least} to {most}",
        about.bytes.div_ceil(MIB)
    ))?;
    match about.attribution.as_str() {
        "" => {
            say("The file does not say whom it is owed to. If its licence asks for that, see to it yourself.")
        }
        owed => say(&format!("shown below the map: {owed}")),
    }?;
    say("Pages that are loaded from now on show it; the service need not start anew.")
}

/// Beside the accounts, which are on this machine wherever the store is.
pub(super) fn region(config: &Config) -> Region {
    Region::in_folder(config.access.database.parent().unwrap_or(Path::new("")))
}
