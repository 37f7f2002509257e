use std::io::Cursor;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use super::*;

/// Made by age 1.1.1: a key, whom it is for, and "Rose Lane 12" with a line's end.
const KEY: &str = "# created: 2026-11-30T17:37:31Z\n\
    # public key: age1x5fnpng02d8n2h207472vk3ugpx2y4p5t3hk42d4ahxm3974vuxq4cp9qy\n\
    AGE-SECRET-KEY-1EHD2T9HGC500XD8WPEJRS8W26PFARHT02XGWAM6LASFXFWHHGN7SQX776T\n";
const RECIPIENT: &str = "age1x5fnpng02d8n2h207472vk3ugpx2y4p5t3hk42d4ahxm3974vuxq4cp9qy";
const FILE: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBRbVRlcUU0RlBSNU1Ob1d6c1B0ejVzMUFkS2c1UkVTNUt5OVBLTSt1dGl\
    ZCmIrY0FMdUozOFU4OGNFbHdXWXhvOTFmdVpSaHYzRVY1Z3FyTUUrT2txVUkKLS0tIElhWWJuQTVhd29vaXRicjh2d2VpR2dYSFkvRlVxSk8yQmlXSXp5\
    KzZNbjQKLPzQKd7bPfFGU6PUXwcr3DDls2T4igGi29sTDwOwHGJ/VCGU+8NHI/usJ3M2";

fn sealed(plain: &[u8], recipients: &[Recipient]) -> Vec<u8> {
    let mut sealing = seal(Vec::new(), recipients).unwrap();
    sealing.write_all(plain).unwrap();
    sealing.finish().unwrap()
}

fn opened(sealed: &[u8], key: &Key) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    open(Cursor::new(sealed), key)?.read_to_end(&mut plain)?;
    Ok(plain)
}

#[test]
fn what_age_has_made_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, KEY).unwrap();
    let key = Key::read(&path).unwrap();
    assert_eq!(key.recipient().to_string(), RECIPIENT);
    assert_eq!(RECIPIENT.parse::<Recipient>().unwrap(), key.recipient());
    assert!(KEY.ends_with(&format!("{}\n", key.secret().expose())));
    assert_eq!(opened(&BASE64.decode(FILE).unwrap(), &key).unwrap(), b"Rose Lane 12\n");
}

#[test]
fn whatever_is_sealed_is_opened_by_each_recipient_and_by_nobody_else() {
    let [one, two, other] = [0; 3].map(|_| Key::generate().unwrap());
    for length in [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000] {
        let plain: Vec<u8> = (0..length).map(|n: u32| (n % 251) as u8).collect();
        let file = sealed(&plain, &[one.recipient(), two.recipient()]);
        for key in [&one, &two] {
            assert!(opened(&file, key).unwrap() == plain, "{length} bytes");
        }
        let refused = opened(&file, &other).unwrap_err().to_string();
        assert_eq!(refused, "it is encrypted for another key");
    }
}

#[test]
fn no_bit_can_be_changed_and_no_end_cut_off() {
    let key = Key::generate().unwrap();
    let file = sealed(b"Rose Lane 12", &[key.recipient()]);
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(opened(&changed, &key).is_err(), "byte {at}");
        assert!(opened(&file[..at], &key).is_err(), "cut at {at}");
    }
    assert!(opened(&[&file[..], b"x"].concat(), &key).is_err());

    // Whole pieces left out, moved or cut off.
    let file = sealed(&[7; 3 * 65_536], &[key.recipient()]);
    let piece = 65_536 + 16;
    let head = file.len() - 3 * piece;
    let pieces: Vec<&[u8]> = file[head..].chunks(piece).collect();
    for order in [&[0, 1][..], &[0, 2], &[1, 0, 2], &[0, 1, 1, 2], &[]] {
        let mut changed = file[..head].to_vec();
        order.iter().for_each(|n| changed.extend_from_slice(pieces[*n]));
        assert!(opened(&changed, &key).is_err(), "{order:?}");
    }
}

#[test]
fn what_is_no_key_or_recipient_is_refused_without_showing_it() {
    for text in ["", "age1", &RECIPIENT[..60], &RECIPIENT.replace("x5f", "x5g"), "AGE-SECRET-KEY-1EHD2"] {
        assert_eq!(text.parse::<Recipient>(), Err(KeyError::Recipient), "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = KEY.lines().last().unwrap();
    for text in ["", "hunter2", &key[..70], &format!("{key}\n{key}"), RECIPIENT] {
        std::fs::write(&path, text).unwrap();
        let refused = Key::read(&path).unwrap_err().to_string();
        assert!(refused.contains("holds no key") && !refused.contains("hunter2"), "{refused}");
    }
    assert!(Key::read(&path.join("x")).unwrap_err().to_string().contains("cannot read"));
    assert_eq!(format!("{:?}", Key::generate().unwrap()), "Key(..)");
}
