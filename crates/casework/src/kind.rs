//! The words of a room: its stages and outcomes.

use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A stage (环节) or an outcome (结果). Write them with [`crate::words!`].
pub trait Named:
    Copy + Eq + Ord + Hash + Debug + Send + Sync + Serialize + DeserializeOwned + 'static
{
    /// All of them, in the order of the source.
    const ALL: &'static [Self];
    /// Stable ASCII slug: what files and the database hold.
    fn slug(self) -> &'static str;
    /// Chinese name for screens.
    fn name(self) -> &'static str;

    /// The one with this slug.
    fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.slug() == slug)
    }
}

/// What kind of case a room has: an empty type that names its stages and outcomes.
pub trait Kind: Copy + Eq + Ord + Hash + Debug + Send + Sync + 'static {
    /// Its stages.
    type Stage: Named;
    /// Its outcomes.
    type Outcome: Named;
}

/// Writes an enum of stages or outcomes, with slug and Chinese name, in a crate that stands on this one alone.
///
/// Rooms write theirs with `zhida_platform::vocabulary!`, whose words are also in the API document and read from
/// Chinese; they are [`Named`] too.
///
/// ```
/// zhida_casework::words! {
///     /// Stages of a grant.
///     pub enum Stage {
///         /// The office reads it.
///         Review = "review" "审核",
///         /// The money goes out.
///         Payment = "payment" "拨付",
///     }
/// }
/// use zhida_casework::Named as _;
/// assert_eq!(Stage::Review.name(), "审核");
/// assert_eq!(Stage::from_slug("payment"), Some(Stage::Payment));
/// ```
#[macro_export]
macro_rules! words {
    ($(#[$outer:meta])* $vis:vis enum $name:ident {
        $($(#[$inner:meta])* $word:ident = $slug:literal $chinese:literal),+ $(,)?
    }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$inner])* $word),+ }

        impl $crate::Named for $name {
            const ALL: &'static [Self] = &[$(Self::$word),+];
            fn slug(self) -> &'static str {
                match self { $(Self::$word => $slug),+ }
            }
            fn name(self) -> &'static str {
                match self { $(Self::$word => $chinese),+ }
            }
        }

        impl $crate::__serde::Serialize for $name {
            fn serialize<S: $crate::__serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str($crate::Named::slug(*self))
            }
        }

        impl<'de> $crate::__serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let slug = <std::borrow::Cow<'de, str> as $crate::__serde::Deserialize>::deserialize(from)?;
                <Self as $crate::Named>::from_slug(&slug).ok_or_else(|| {
                    let known: Vec<&str> = <Self as $crate::Named>::ALL.iter().map(|word| $crate::Named::slug(*word)).collect();
                    $crate::__serde::de::Error::custom(format!("没有「{slug}」，可以写：{}", known.join("、")))
                })
            }
        }
    };
}
