//! What a protected person has agreed with their advocate about how they are told.

use serde::{Deserialize, Serialize};

use super::{QuietHours, SenderLabel, StaffId, TestBooking, Timestamp};

/// See the module's documentation. Without one, the policy's steps are taken as they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactPlan {
    /// How danger is told. Whether it is told is nobody's choice.
    #[serde(default)]
    pub shape: AlertShape,
    /// Who is told when they do not answer: an advocate, or somebody whom they trust, or a rota of such. All of them at
    /// once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nominated: Vec<StaffId>,
    /// A word of theirs that answers like "1" to whoever reads along, and calls for help without a sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duress_word: Option<String>,
    /// The same on the keypad of a phone: a digit that stands for nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duress_key: Option<String>,
    /// Whom their texts are from: a sender that the operator has at each supplier of texts, by its label there. The
    /// supplier's usual one, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<SenderLabel>,
    /// When they are told nothing but danger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietHours>,
    /// What they are told in.
    #[serde(default)]
    pub language: Language,
    /// What they are told, where they have chosen it.
    #[serde(default)]
    pub words: OwnWords,
    /// Whether, and when, they are told that Cordon cannot see.
    #[serde(default)]
    pub weak: WhenWeak,
    /// Links to their own page that were made before this do not work: the last one to be made says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_page_from: Option<Timestamp>,
    /// When each of their ways is tried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestBooking>,
}

/// Whether a protected person is told that a wearer could be near without being seen. Most of it passes within a minute:
/// telling it at once would be heard as danger and later as nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenWeak {
    /// They do not want to know. Officers do.
    Never,
    /// Once it has lasted for so many seconds, 0 to 3,600.
    AfterS(u32),
}

impl Default for WhenWeak {
    fn default() -> Self {
        Self::AfterS(45)
    }
}

/// The shape of a danger alert.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertShape {
    /// By every way that the policy has.
    #[default]
    Loud,
    /// Nothing that rings.
    Silent,
    /// By phone call alone: nothing that stays to be read.
    CallOnly,
    /// Those whom they have named are told first.
    AdvocateFirst,
}

/// What a protected person is told in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Welsh.
    #[serde(rename = "cy")]
    Welsh,
}

impl Language {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Welsh];

    /// As in ISO 639-1.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Welsh => "cy",
        }
    }
}

/// Words that say nothing to anybody but the person who chose them. How to answer and the reference are said after them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnWords {
    /// Act on your safety plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger: Option<String>,
}

impl ContactPlan {
    /// Whether nothing differs from having no plan.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a text is their duress word, however it is written, or their duress key.
    #[must_use]
    pub fn is_duress(&self, text: &str) -> bool {
        let plain = |text: &str| text.trim().trim_end_matches(['.', '!']).to_lowercase();
        let signs = [&self.duress_word, &self.duress_key];
        signs.into_iter().flatten().any(|sign| plain(sign) == plain(text))
    }
}
