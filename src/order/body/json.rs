//! The JSON of a body: its fields by name, each once, texts borrowed where no escape stands in them.

use super::BodyError;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A value of JSON that is no list and no object, or the fact that it was one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Boolean(bool),
    Number(Number),
    Text(Cow<'a, str>),
    Compound,
}

/// A number as JSON gives it; whole ones exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Whole(i128),
    Fraction(f64),
}

impl Number {
    #[expect(clippy::cast_precision_loss, reason = "numbers in conditions are floats")]
    pub(super) fn as_f64(self) -> f64 {
        match self {
            Number::Whole(number) => number as f64,
            Number::Fraction(number) => number,
        }
    }

    /// `2.0` is the same number as `2`.
    #[expect(clippy::cast_possible_truncation, reason = "bounded before")]
    fn fraction(number: f64) -> Number {
        if number.fract() == 0.0 && number.abs() < 1e18 {
            Number::Whole(number as i128)
        } else {
            Number::Fraction(number)
        }
    }
}

/// The fields of a body. `null` counts as not given.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) id: Option<Scalar<'a>>,
    pub(super) order: Option<Scalar<'a>>,
    pub(super) kind: Option<Scalar<'a>>,
    pub(super) at: Option<Scalar<'a>>,
    pub(super) recorded_at: Option<Scalar<'a>>,
    pub(super) figure: Option<Scalar<'a>>,
    pub(super) day: Option<Scalar<'a>>,
    pub(super) department: Option<Scalar<'a>>,
    pub(super) value: Option<Scalar<'a>>,
    pub(super) attributes: Vec<(Cow<'a, str>, Scalar<'a>)>,
    pub(super) unknown: Vec<(Cow<'a, str>, &'a RawValue)>,
    /// What is wrong beyond JSON's own grammar: the first thing found.
    fault: Option<BodyError>,
}

impl<'a> Fields<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Result<Fields<'a>, BodyError> {
        match serde_json::from_slice::<Fields<'a>>(text) {
            Ok(Fields { fault: Some(fault), .. }) => Err(fault),
            Ok(fields) => Ok(fields),
            Err(error) if error.is_data() => Err(BodyError::NotAnObject),
            Err(error) => Err(BodyError::NotJson { line: error.line(), column: error.column() }),
        }
    }

    fn blame(&mut self, fault: BodyError) {
        self.fault.get_or_insert(fault);
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<Scalar<'a>>> {
        Some(match name {
            "id" => &mut self.id,
            "order" => &mut self.order,
            "type" => &mut self.kind,
            "at" => &mut self.at,
            "recorded_at" => &mut self.recorded_at,
            "figure" => &mut self.figure,
            "day" => &mut self.day,
            "department" => &mut self.department,
            "value" => &mut self.value,
            _ => return None,
        })
    }

    fn fill(&mut self, name: &str, value: Scalar<'a>) {
        let Some(slot) = self.slot(name) else { return };
        if slot.is_some() {
            self.blame(BodyError::Repeated { name: name.into() });
        } else if value != Scalar::Null {
            *slot = Some(value);
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields::default();
                let mut attributes = false;
                while let Some(Key(name)) = map.next_key()? {
                    if name == "attrs" {
                        if std::mem::replace(&mut attributes, true) {
                            fields.blame(BodyError::Repeated { name: "attrs".into() });
                        }
                        match map.next_value::<Attributes<'de>>()? {
                            Attributes::Read(read) => fields.attributes = read,
                            Attributes::Wrong(fault) => fields.blame(fault),
                        }
                    } else if fields.slot(&name).is_some() {
                        let value = map.next_value()?;
                        fields.fill(&name, value);
                    } else {
                        let value = map.next_value()?;
                        fields.unknown.push((name, value));
                    }
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// `attrs`: an object, or what is wrong with it.
enum Attributes<'a> {
    Read(Vec<(Cow<'a, str>, Scalar<'a>)>),
    Wrong(BodyError),
}

impl<'de: 'a, 'a> Deserialize<'de> for Attributes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        const WRONG: BodyError = BodyError::AttributesNotAnObject;
        impl<'de> Visitor<'de> for Object {
            type Value = Attributes<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes<'de>, A::Error> {
                let mut read: Vec<(Cow<'de, str>, Scalar<'de>)> = Vec::new();
                let mut fault = None;
                while let Some((Key(name), value)) = map.next_entry()? {
                    if read.iter().any(|(known, _)| *known == name) {
                        fault.get_or_insert(BodyError::Repeated { name: name.clone().into() });
                    } else if value == Scalar::Compound {
                        fault.get_or_insert(BodyError::NotScalar { attribute: name.clone().into() });
                    }
                    read.push((name, value));
                }
                Ok(fault.map_or(Attributes::Read(read), Attributes::Wrong))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Attributes::Read(Vec::new()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Attributes::Wrong(WRONG))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Attributes::Wrong(WRONG))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Attributes::Wrong(WRONG))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Attributes::Wrong(WRONG))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Attributes::Wrong(WRONG))
            }
            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(Attributes::Wrong(WRONG))
            }
        }
        deserializer.deserialize_any(Object)
    }
}

/// A name, borrowed where no escape stands in it.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Scalar::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Scalar::Boolean(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Scalar::Number(Number::Whole(value.into())))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Scalar::Number(Number::Whole(value.into())))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Scalar::Number(Number::fraction(value)))
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Compound)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Compound)
            }
        }
        deserializer.deserialize_any(Any)
    }
}
