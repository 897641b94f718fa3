//! Closed vocabularies: enums of which each word has a slug for files, addresses and the API, and Chinese for people.

// what the macro names in the crates that use it
#[doc(hidden)]
pub use zhida_casework::Named;

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
