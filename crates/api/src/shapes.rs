//! The macros that the generated files call, one for each sort of thing in the model.

/// A structure that requests hold: it is decoded, checked, and written back as a fingerprint.
macro_rules! input_shape {
    ($name:ident { $($wire:literal $field:ident: $kind:ty = $shape:expr,)* }) => {
        #[doc = concat!("`", stringify!($name), "` of the service model.")]
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $(pub $field: $kind,)*
        }

        impl $crate::model::InputShape for $name {
            const MEMBERS: &'static [$crate::model::Member] = &[$($crate::model::Member {
                name: $wire,
                shape: $shape,
                required: <$kind as $crate::required::Presence>::REQUIRED,
            },)*];

            const SHAPE: &'static $crate::model::Shape =
                &$crate::model::Shape::structure(stringify!($name), Self::MEMBERS);

            fn read<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                member: &str,
                map: &mut A,
            ) -> Result<bool, A::Error> {
                let _ = &map; // Some structures have no members.
                match member {
                    $($wire => {
                        self.$field = map.next_value()?;
                        Ok(true)
                    })*
                    _ => Ok(false),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::read::structure(deserializer)
            }
        }

        structure_value! { $name { $($wire $field,)* } }
    };
}

/// A structure that only answers hold; every member may be absent.
macro_rules! output_shape {
    ($name:ident { $($wire:literal $field:ident: $kind:ty,)* }) => {
        #[doc = concat!("`", stringify!($name), "` of the service model.")]
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $(pub $field: $kind,)*
        }

        structure_value! { $name { $($wire $field,)* } }
    };
}

/// How a structure is looked at, and so also written.
macro_rules! structure_value {
    ($name:ident { $($wire:literal $field:ident,)* }) => {
        impl $crate::value::Parts for $name {
            fn each<'a>(&'a self, visit: &mut $crate::value::Visit<'a, '_>) {
                let _ = &visit; // Some structures have no members.
                $(visit($wire, &self.$field);)*
            }
        }

        impl $crate::value::Value for $name {
            fn look(&self) -> $crate::value::Look<'_> {
                $crate::value::Look::Structure(self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::value::serialize(self, serializer)
            }
        }
    };
}

/// A closed set of strings. Requests hold strings, which can be parsed into these.
macro_rules! wire_enum {
    ($name:ident { $($variant:ident = $wire:literal,)* }) => {
        #[doc = concat!("`", stringify!($name), "` of the service model.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($variant,)*
        }

        impl $name {
            /// The values on the wire, in the model's order.
            pub const VALUES: &'static [&'static str] = &[$($wire),*];

            /// The value on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $wire,)*
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::value::NotInTheModel;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($wire => Ok(Self::$variant),)*
                    _ => Err($crate::value::NotInTheModel),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl $crate::value::Value for $name {
            fn look(&self) -> $crate::value::Look<'_> {
                $crate::value::Look::Text(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

/// A pattern of the model, compiled when it is first needed.
macro_rules! pattern {
    ($name:ident, $source:literal) => {
        static $name: $crate::pattern::Pattern = $crate::pattern::Pattern::new($source, |text| {
            static MATCHER: std::sync::LazyLock<$crate::pattern::Matcher> =
                std::sync::LazyLock::new(|| $crate::pattern::Matcher::of($source));
            MATCHER.matches(text)
        });
    };
}

/// An operation's marker type.
macro_rules! operation {
    (
        $name:ident($input:ident) -> $output:ident;
        family: $family:literal, effect: $effect:ident,
        token: $token:ident, language: $language:ident,
        resource: $resource:ident($id:ident, $resource_name:ident), tags: $tags:ident,
        levels: $levels:literal,
        errors: [$($error:ident),*],
    ) => {
        #[doc = concat!("The operation `", stringify!($name), "`.")]
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl $crate::Operation for $name {
            type Input = $input;
            type Output = $output;
            const NAME: &'static str = stringify!($name);
            const ACTION: &'static str = concat!("servicecatalog:", stringify!($name));
            const FAMILY: &'static str = $family;
            const ERRORS: &'static [$crate::ErrorCode] = &[$($crate::ErrorCode::$error),*];
            const EFFECT: $crate::Effect = $crate::Effect::$effect;
            const RESOURCE: $crate::ResourceKind = $crate::ResourceKind::$resource;
            const HAS_ACCESS_LEVELS: bool = $levels;

            fn token(input: &Self::Input) -> Option<&str> {
                text_member!(input, $token)
            }

            fn language(input: &Self::Input) -> Option<&str> {
                text_member!(input, $language)
            }

            fn resource_id(input: &Self::Input) -> Option<&str> {
                text_member!(input, $id)
            }

            fn resource_name(input: &Self::Input) -> Option<&str> {
                text_member!(input, $resource_name)
            }

            fn request_tags(input: &Self::Input) -> Option<&[$crate::Tag]> {
                tags_member!(input, $tags)
            }
        }
    };
}

/// The text of a member, or `none` where the operation has no such member.
macro_rules! text_member {
    ($input:ident, none) => {{
        let _ = $input;
        None
    }};
    ($input:ident, $field:ident) => {
        $crate::value::text(&$input.$field)
    };
}

/// The tags of a member, or `none` where the operation has no such member.
macro_rules! tags_member {
    ($input:ident, none) => {{
        let _ = $input;
        None
    }};
    ($input:ident, $field:ident) => {
        $input.$field.as_deref()
    };
}
