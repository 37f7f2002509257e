//! A small region as a PMTiles file, with tiles that a browser draws: land, a lake and roads across all of it.
#![allow(dead_code, reason = "no suite uses all of it")]

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

/// What a file is made of.
pub(crate) struct Pmtiles {
    pub(crate) version: u8,
    /// How directories and tiles are packed: 1 not at all, 2 by gzip.
    pub(crate) packed: [u8; 2],
    /// 1 for vector tiles.
    pub(crate) kind: u8,
    pub(crate) zooms: [u8; 2],
    /// West, south, east, north; degrees.
    pub(crate) bounds_deg: [f64; 4],
    pub(crate) metadata: Value,
}

impl Default for Pmtiles {
    fn default() -> Self {
        let layers: Vec<Value> = ["earth", "water", "roads"].map(|id| json!({"id": id, "fields": {}})).into();
        Self {
            version: 3,
            packed: [2, 2],
            kind: 1,
            zooms: [0, 0],
            bounds_deg: [-180.0, -85.0, 180.0, 85.0],
            metadata: json!({
                "attribution": "<a href=\"x\">&copy; The Test Survey</a> 2026",
                "vector_layers": layers,
            }),
        }
    }
}

impl Pmtiles {
    /// The file. One tile, which is the world, and of which every other is cut out.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let metadata = self.pack(0, self.metadata.to_string().as_bytes());
        let tile = self.pack(1, &tile());
        let mut root = Vec::new();
        // One entry: its tile's number, how many follow that are the same, its length, and one more than where it begins.
        for number in [1, 0, 1, tile.len() as u64, 1] {
            varint(&mut root, number);
        }
        let root = self.pack(0, &root);
        let lengths = [root.len(), metadata.len(), 0, tile.len()].map(|length| length as u64);
        let mut file = b"PMTiles".to_vec();
        file.push(self.version);
        let mut begins = 127_u64;
        for length in lengths {
            file.extend(begins.to_le_bytes());
            file.extend(length.to_le_bytes());
            begins += length;
        }
        // Tiles addressed, entries, and different tiles.
        file.extend([1_u64; 3].map(u64::to_le_bytes).concat());
        file.extend([1, self.packed[0], self.packed[1], self.kind, self.zooms[0], self.zooms[1]]);
        file.extend(self.bounds_deg.map(|deg| ((deg * 1e7) as i32).to_le_bytes()).concat());
        // Where to look first.
        file.extend([0; 9]);
        [file, root, metadata, tile].concat()
    }

    fn pack(&self, of: usize, bytes: &[u8]) -> Vec<u8> {
        if self.packed[of] != 2 {
            return bytes.to_vec();
        }
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }
}

/// The meridian that a motorway runs along, degrees: as near to 3 as the corners of a tile lie.
pub(crate) const MOTORWAY_DEG: f64 = MOTORWAY_X as f64 * 360.0 / 4_096.0 - 180.0;
const MOTORWAY_X: i64 = 2_082;

/// A Mapbox vector tile: land everywhere, a lake in the north-west quarter, a motorway along the equator and one along a
/// meridian.
fn tile() -> Vec<u8> {
    let square = |from: i64, size: i64| {
        let moves = [9, zigzag(from), zigzag(from)];
        let lines = [26, zigzag(size), 0, 0, zigzag(size), zigzag(-size), 0];
        [&moves[..], &lines[..], &[15]].concat()
    };
    let equator = [9, 0, zigzag(2_048), 10, zigzag(4_096), 0];
    // From where the other ends.
    let meridian = [9, zigzag(MOTORWAY_X - 4_096), zigzag(-2_048), 10, 0, zigzag(4_096)];
    let roads = [equator, meridian].concat();
    [
        layer("earth", "land", 3, &square(0, 4_096)),
        layer("water", "lake", 3, &square(0, 1_024)),
        layer("roads", "highway", 2, &roads),
    ]
    .concat()
}

/// One layer with one feature of a kind.
fn layer(name: &str, kind: &str, geometry_type: u64, geometry: &[u64]) -> Vec<u8> {
    let packed = |numbers: &[u64]| {
        let mut bytes = Vec::new();
        for number in numbers {
            varint(&mut bytes, *number);
        }
        bytes
    };
    let feature =
        [field(2, &packed(&[0, 0])), vec![3 << 3], packed(&[geometry_type]), field(4, &packed(geometry))];
    let all = [
        field(1, name.as_bytes()),
        field(2, &feature.concat()),
        field(3, b"kind"),
        field(4, &field(1, kind.as_bytes())),
        vec![5 << 3],
        packed(&[4_096]),
        vec![15 << 3, 2],
    ];
    field(3, &all.concat())
}

/// A field of bytes, as Protocol Buffers write it.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut all = vec![number << 3 | 2];
    varint(&mut all, bytes.len() as u64);
    all.extend(bytes);
    all
}

fn varint(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}
