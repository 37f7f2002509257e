//! What a region's file says of itself.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
};

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::{
    Unfit,
    header::{self, Header},
    tag,
};

/// The longest description that is read, packed and unpacked.
const PACKED_MAX: u64 = 1 << 20;
const UNPACKED_MAX: u64 = 8 << 20;
/// Whom the map is owed to is said in no more characters than these.
const ATTRIBUTION_MAX: usize = 300;
/// Without these there is no map to draw.
const LAYERS: [&str; 3] = ["earth", "water", "roads"];

/// What is known of an imported region.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// West, south, east, north; degrees.
    pub bounds_deg: [f64; 4],
    /// The least zoom level there is, and the greatest.
    pub zooms: [u8; 2],
    /// Whom the map is owed to, as plain text; empty if the file does not say.
    pub attribution: String,
    /// How long the file is.
    pub bytes: u64,
    /// Another one for every import.
    pub tag: String,
}

/// What is read of the metadata.
#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default)]
    attribution: String,
    #[serde(default)]
    vector_layers: Vec<Layer>,
}

#[derive(Debug, Deserialize)]
struct Layer {
    id: String,
}

impl About {
    /// Reads and judges a file.
    pub(super) fn read(file: &mut File) -> Result<Self, Unfit> {
        let known = file.metadata()?;
        let mut first = Vec::new();
        file.by_ref().take(header::LENGTH as u64).read_to_end(&mut first)?;
        let header = Header::parse(&first, known.len())?;
        let metadata = metadata(file, &header)?;
        let has = |layer: &str| metadata.vector_layers.iter().any(|known| known.id == layer);
        let missing: Vec<&str> = LAYERS.into_iter().filter(|layer| !has(layer)).collect();
        if !missing.is_empty() {
            return Err(Unfit::Layers(missing.join(", ")));
        }
        Ok(Self {
            bounds_deg: header.bounds_deg,
            zooms: header.zooms,
            attribution: plain(&metadata.attribution),
            bytes: known.len(),
            tag: tag(&known),
        })
    }
}

fn metadata(file: &mut File, header: &Header) -> Result<Metadata, Unfit> {
    const UNREADABLE: Unfit = Unfit::Damaged("its description cannot be read");
    let (begins, length) = header.metadata;
    if length > PACKED_MAX {
        return Err(Unfit::Damaged("its description is longer than any is"));
    }
    file.seek(SeekFrom::Start(begins))?;
    let mut text = Vec::new();
    let mut packed = file.take(length);
    if header.is_metadata_packed {
        GzDecoder::new(packed).take(UNPACKED_MAX).read_to_end(&mut text).map_err(|_| UNREADABLE)?;
    } else {
        packed.read_to_end(&mut text)?;
    }
    serde_json::from_slice(&text).map_err(|_| UNREADABLE)
}

/// Attributions are made for web pages: what is left of one without its tags.
pub(super) fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for c in html.chars() {
        match c {
            '<' => is_tag = true,
            '>' if is_tag => is_tag = false,
            _ if is_tag => {}
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    // The last one: it begins all the others.
    for (entity, character) in
        [("&copy;", "\u{a9}"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        text = text.replace(entity, character);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(ATTRIBUTION_MAX).collect()
}
