//! The first bytes of a PMTiles file, version 3: where its parts lie, and what they are.

use super::Unfit;

/// A header's length.
pub(super) const LENGTH: usize = 127;
/// A country at street level has some 2 GiB, the whole world some 120.
pub(super) const BYTES_MAX: u64 = 32 << 30;
/// Readers ask for so many bytes first, and expect the root directory among them.
const ROOT_ENDS: u64 = 16_384;
/// Deeper than any map is made.
const ZOOM_MAX: u8 = 22;
const TEN_MILLIONTHS: f64 = 1e7;

/// What a header says, judged.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    /// Where the metadata begin, and how long they are.
    pub(super) metadata: (u64, u64),
    pub(super) is_metadata_packed: bool,
    /// West, south, east, north.
    pub(super) bounds_deg: [f64; 4],
    pub(super) zooms: [u8; 2],
}

impl Header {
    /// The header of a file of so many bytes.
    pub(super) fn parse(first: &[u8], bytes: u64) -> Result<Self, Unfit> {
        let Some(first) = first.first_chunk::<LENGTH>().filter(|first| first.starts_with(b"PMTiles")) else {
            return Err(Unfit::NotPmtiles);
        };
        if first[7] != 3 {
            return Err(Unfit::Version(first[7]));
        }
        if bytes > BYTES_MAX {
            return Err(Unfit::TooLarge(bytes));
        }
        let part = |at: usize, name: &'static str| {
            let (begins, length) = (number(first, at), number(first, at + 8));
            let is_within = begins.checked_add(length).is_some_and(|end| end <= bytes);
            if is_within { Ok((begins, length)) } else { Err(Unfit::Outside(name)) }
        };
        let (root, root_length) = part(8, "the root directory")?;
        let metadata = part(24, "the description")?;
        part(40, "a directory")?;
        let (_, tiles) = part(56, "the map itself")?;
        if root_length == 0 || root + root_length > ROOT_ENDS {
            return Err(Unfit::Damaged("its root directory is not where readers look for it"));
        }
        if tiles == 0 {
            return Err(Unfit::Damaged("it has no tiles"));
        }
        let is_metadata_packed = is_gzip(first[97]).ok_or(Unfit::Packed("directories"))?;
        is_gzip(first[98]).ok_or(Unfit::Packed("tiles"))?;
        check_kind(first[99])?;
        let zooms = [first[100], first[101]];
        if zooms[0] > zooms[1] || zooms[1] > ZOOM_MAX {
            return Err(Unfit::Damaged("its zoom levels cannot be"));
        }
        let bounds_deg = [102, 106, 110, 114].map(|at| degrees(first, at));
        let [west, south, east, north] = bounds_deg;
        let is_on_earth = -180.0 <= west
            && west < east
            && east <= 180.0
            && -90.0 <= south
            && south < north
            && north <= 90.0;
        if !is_on_earth {
            return Err(Unfit::Damaged("the region that it says it covers is none"));
        }
        Ok(Self { metadata, is_metadata_packed, bounds_deg, zooms })
    }
}

/// Whether something is packed by gzip; `None` if it is by something else.
fn is_gzip(method: u8) -> Option<bool> {
    match method {
        1 => Some(false),
        2 => Some(true),
        _ => None,
    }
}

fn check_kind(kind: u8) -> Result<(), Unfit> {
    match kind {
        1 => Ok(()),
        2..=5 => Err(Unfit::Tiles("pictures")),
        _ => Err(Unfit::Tiles("of a kind that is not known here")),
    }
}

fn number(first: &[u8; LENGTH], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&first[at..at + 8]);
    u64::from_le_bytes(bytes)
}

fn degrees(first: &[u8; LENGTH], at: usize) -> f64 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&first[at..at + 4]);
    f64::from(i32::from_le_bytes(bytes)) / TEN_MILLIONTHS
}
