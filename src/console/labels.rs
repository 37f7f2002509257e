//! Puts names on the map so that none covers another: each tries four places, and stays away if all are taken.

/// Units of the picture that a letter takes, on average, and the height of a line.
const LETTER: f64 = 7.0;
const LINE: f64 = 15.0;

/// Something that wants a name.
pub(super) struct Wanted {
    pub(super) x: f64,
    pub(super) y: f64,
    /// Half the size of its mark; 0 for none: then the name may stand in its place.
    pub(super) gap: f64,
    pub(super) text: String,
    pub(super) class: &'static str,
}

/// A name with its place: the left end of its base line.
pub(super) struct Label {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) text: String,
    pub(super) class: &'static str,
}

#[derive(Clone, Copy)]
struct Rect {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Rect {
    fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn about(x: f64, y: f64, half: f64) -> Self {
        Self { left: x - half, top: y - half, right: x + half, bottom: y + half }
    }
}

/// Places names within `width` x `height`; the first in the list have the first choice.
pub(super) fn place(wanted: Vec<Wanted>, width: f64, height: f64) -> Vec<Label> {
    let mut taken: Vec<Rect> = wanted.iter().map(|one| Rect::about(one.x, one.y, one.gap * 0.7)).collect();
    let mut labels = Vec::new();
    for (own, one) in wanted.into_iter().enumerate() {
        let free = |rect: &Rect| {
            let within = rect.left >= 0.0 && rect.top >= 0.0 && rect.right <= width && rect.bottom <= height;
            within && !taken.iter().enumerate().any(|(i, other)| i != own && rect.meets(other))
        };
        if let Some(rect) = places(&one).into_iter().find(free) {
            taken.push(rect);
            labels.push(Label { x: rect.left, y: rect.bottom - 4.0, text: one.text, class: one.class });
        }
    }
    labels
}

/// In the middle or right, left, above, below.
fn places(one: &Wanted) -> [Rect; 4] {
    #[expect(clippy::cast_precision_loss, reason = "at most a few dozen letters")]
    let width = one.text.chars().count() as f64 * LETTER;
    let at = |left: f64, top: f64| Rect { left, top, right: left + width, bottom: top + LINE };
    let (x, y, gap) = (one.x, one.y, one.gap);
    let right = if gap > 0.0 { x + gap + 3.0 } else { x - width / 2.0 };
    [
        at(right, y - LINE / 2.0),
        at(x - gap - 3.0 - width, y - LINE / 2.0),
        at(x - width / 2.0, y - gap - LINE),
        at(x - width / 2.0, y + gap),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(x: f64, y: f64, text: &str) -> Wanted {
        Wanted { x, y, gap: 8.0, text: text.into(), class: "" }
    }

    #[test]
    fn no_name_covers_another_or_leaves_the_picture() {
        let crowd =
            (0..40).map(|i| wanted(f64::from(i % 8) * 30.0, f64::from(i / 8) * 25.0, "Somebody")).collect();
        let labels = place(crowd, 300.0, 200.0);
        assert!(labels.len() > 4, "{}", labels.len());
        let width = 8.0 * LETTER;
        for (i, a) in labels.iter().enumerate() {
            assert!(a.x >= 0.0 && a.x + width <= 300.0 && a.y <= 200.0);
            for b in &labels[..i] {
                assert!((a.x - b.x).abs() >= width - 1e-9 || (a.y - b.y).abs() >= LINE - 1e-9);
            }
        }
    }

    #[test]
    fn the_first_has_the_first_choice() {
        let labels = place(vec![wanted(50.0, 50.0, "first"), wanted(50.0, 52.0, "second")], 300.0, 200.0);
        assert_eq!(labels[0].text, "first");
        assert!(labels[0].x > 50.0);
    }
}
