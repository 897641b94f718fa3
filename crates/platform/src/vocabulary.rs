//! Closed vocabularies: enums of which each word has a slug for files, addresses and the API, and Chinese for people.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

// what the macro names in the crates that use it
#[doc(hidden)]
pub use zhida_casework::Named;

/// Reads an optional filter: a slug or a word; a form's empty field is none. To a word that there is not, everything would be
/// no answer.
///
/// ```
/// # zhida_platform::vocabulary! { /// How urgent.
/// #     Urgency { /// At once.
/// #         High = "high", "紧急"; } }
/// #[derive(serde::Deserialize)]
/// struct Filters {
///     #[serde(deserialize_with = "zhida_platform::vocabulary::known")]
///     urgency: Option<Urgency>,
/// }
/// let read = serde_json::from_str::<Filters>;
/// assert_eq!(read(r#"{"urgency": "high"}"#).unwrap().urgency, Some(Urgency::High));
/// assert_eq!(read(r#"{"urgency": ""}"#).unwrap().urgency, None);
/// assert!(read(r#"{"urgency": "low"}"#).is_err());
/// ```
///
/// # Errors
/// A word that there is not, with those that there are.
pub fn known<'de, V: Named, D: Deserializer<'de>>(from: D) -> Result<Option<V>, D::Error> {
    let text = String::deserialize(from)?;
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let mut all = V::ALL.iter().copied();
    let found = all.find(|one| text == one.slug() || text == one.name());
    found.map(Some).ok_or_else(|| {
        let all: Vec<&str> = V::ALL.iter().map(|one| one.slug()).collect();
        let all = all.join("、");
        D::Error::custom(format!("没有“{text}”，可以填 {all}，或者不填"))
    })
}

/// Writes a public enum whose words have a slug and Chinese.
///
/// Each word is stored, sent and read as its slug (serde, OpenAPI); `slug()`, `word()`, `parse()` (either of both) and
/// `ALL` (in the order of lists) are there without a trait, and it is [`zhida_casework::Named`], so that stages and
/// outcomes of cases are written with it too. Crates that do not know the platform write theirs with
/// [`zhida_casework::words!`]. The crate that uses it needs `serde` and `utoipa`.
///
/// ```
/// zhida_platform::vocabulary! {
///     /// How urgent it is.
///     Urgency {
///         /// At once.
///         High = "high", "紧急";
///         /// In its turn.
///         Usual = "usual", "一般";
///     }
/// }
/// assert_eq!(Urgency::High.word(), "紧急");
/// assert_eq!(Urgency::parse("usual"), Some(Urgency::Usual));
/// assert_eq!(Urgency::parse("一般"), Some(Urgency::Usual));
/// assert_eq!(serde_json::to_string(Urgency::ALL).unwrap(), r#"["high","usual"]"#);
/// ```
// `tt`, not `literal`: a wrapped literal is no name to the derive of ToSchema
#[macro_export]
macro_rules! vocabulary {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $slug:tt, $word:literal;)+ }
    ) => {
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            ::serde::Serialize, ::serde::Deserialize, ::utoipa::ToSchema,
        )]
        $(#[$doc])*
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $slug)] $variant,)+
        }

        impl $name {
            /// All of them in the order of lists.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The slug in files, addresses and the API.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug),+ }
            }

            /// The word on screens.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads a slug or a word.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let mut all = Self::ALL.iter().copied();
                all.find(|one| text == one.slug() || text == one.word())
            }
        }

        impl $crate::vocabulary::Named for $name {
            const ALL: &'static [Self] = Self::ALL;

            fn slug(self) -> &'static str {
                Self::slug(self)
            }

            fn name(self) -> &'static str {
                self.word()
            }
        }
    };
}
