//! Nested blocks that are null, unknown, or not there.

use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, NestedBlock,
};

use super::*;

fn block(
    attributes: impl IntoIterator<Item = (&'static str, AttributeType)>,
    blocks: impl IntoIterator<Item = (&'static str, NestedBlock)>,
) -> Block {
    let attribute = |attr_type| Attribute {
        attr_type,
        description: Description::plain(""),
        constraint: AttributeConstraint::Optional,
        sensitive: false,
        deprecated: false,
    };
    Block {
        attributes: attributes
            .into_iter()
            .map(|(name, ty)| (name.to_owned(), attribute(ty)))
            .collect(),
        blocks: blocks
            .into_iter()
            .map(|(name, nested)| (name.to_owned(), nested))
            .collect(),
        ..Block::default()
    }
}

/// One block of each nesting, each with an attribute and a list of blocks inside.
fn nestings() -> Type {
    let inner = || block([("y", AttributeType::Bool)], []);
    let outer = || {
        let list = NestedBlock::List(inner());
        block([("x", AttributeType::String)], [("inner", list)])
    };
    let root = block(
        [(
            "attribute",
            AttributeType::List(Box::new(AttributeType::String)),
        )],
        [
            ("group", NestedBlock::Group(outer())),
            ("list", NestedBlock::List(outer())),
            ("map", NestedBlock::Map(outer())),
            ("optional", NestedBlock::Optional(outer())),
            ("set", NestedBlock::Set(outer())),
            ("single", NestedBlock::Single(outer())),
        ],
    );
    (&root).into()
}

/// A value of [`nestings`]: `written`, and `otherwise` for all other fields.
fn of_nestings(
    written: impl IntoIterator<Item = (&'static str, Value)>,
    otherwise: impl Fn(&'static str) -> Value,
) -> Value {
    let mut written: BTreeMap<_, _> = written.into_iter().collect();
    let names = [
        "attribute",
        "group",
        "list",
        "map",
        "optional",
        "set",
        "single",
    ];
    map(names.map(|name| {
        let value = written.remove(name);
        (name, value.unwrap_or_else(|| otherwise(name)))
    }))
}

fn outer(x: Value, inner: Value) -> Value {
    map([("inner", inner), ("x", x)])
}

/// What core holds where there are no blocks: its configschema's EmptyValue.
fn none(name: &'static str) -> Value {
    match name {
        "attribute" | "single" => Value::Nil,
        "group" => outer(Value::Nil, Value::Array(vec![])),
        "map" => Value::Map(vec![]),
        _ => Value::Array(vec![]),
    }
}

#[test]
fn blocks_that_are_missing_or_null_are_empty() {
    let (ty, empty) = (nestings(), of_nestings([], none));
    assert_eq!(decoded(&Value::Map(vec![]), &ty), Ok(empty.clone()));
    let nulls = of_nestings([], |_| Value::Nil);
    assert_eq!(decoded(&nulls, &ty), Ok(empty.clone()));
    let sent = encode(&to_dynamic(&nulls), &ty).unwrap();
    assert_eq!(sent, message(&empty));
    let stored = br#"{"attribute":null,"list":null,"map":null,"group":{"x":null}}"#;
    let read = decode_json(stored, &ty, |_| ()).unwrap();
    assert_eq!(read, to_dynamic(&empty));
    assert_eq!(decoded(&Value::Nil, &ty), Ok(Value::Nil));
}

#[test]
fn blocks_inside_blocks_are_empty_too() {
    let ty = nestings();
    let null = || outer("x".into(), Value::Nil);
    let empty = || outer("x".into(), Value::Array(vec![]));
    let with =
        |block: fn(Value) -> [(&'static str, Value); 6], of: Value| of_nestings(block(of), none);
    let everywhere = |of: Value| {
        let array = || Value::Array(vec![of.clone()]);
        [
            ("group", of.clone()),
            ("list", array()),
            ("map", map([("k", of.clone())])),
            ("optional", array()),
            ("set", array()),
            ("single", of.clone()),
        ]
    };
    let (sent, back) = (with(everywhere, null()), with(everywhere, empty()));
    assert_eq!(decoded(&sent, &ty), Ok(back.clone()));
    assert_eq!(encode(&to_dynamic(&sent), &ty), Ok(message(&back)));
}

#[test]
fn blocks_of_unknown_number_stay_unknown() {
    let ty = nestings();
    let sent = of_nestings([("single", Value::Nil)], |_| unknown());
    assert_eq!(echoed(&sent, &ty), Ok(sent));
}

#[derive(Serialize, Deserialize)]
struct Outer {
    inner: Typed<Vec<Inner>>,
    x: Typed<String>,
}

#[derive(Serialize, Deserialize)]
struct Inner {
    y: Typed<bool>,
}

#[test]
fn a_block_of_unknown_attributes_stays_a_block() {
    let ty = nestings();
    let stub = || outer(unknown(), unknown());
    for stub in [
        stub(),
        outer(unknown(), Value::Array(vec![map([("y", unknown())])])),
    ] {
        let blocks = [("group", stub.clone()), ("single", stub)];
        let sent = of_nestings(blocks, none);
        assert_eq!(echoed(&sent, &ty), Ok(sent));
    }
    let ty = Type::from(&block(
        [("x", AttributeType::String)],
        [(
            "inner",
            NestedBlock::List(block([("y", AttributeType::Bool)], [])),
        )],
    ));
    let read = decode(Some(&message(&stub())), &ty).unwrap();
    let typed: Typed<Outer> = read.to_typed().unwrap();
    assert!(typed.as_ref().is_value());
    let back = encode(&Dynamic::from_typed(&typed).unwrap(), &ty).unwrap();
    assert_eq!(
        back,
        message(&map([("inner", unknown()), ("x", unknown())]))
    );
}

#[test]
fn what_is_unknown_can_be_made_absent() {
    let ty = nestings();
    let nulled = |value: &Value| without_unknowns(&to_dynamic(value), &ty);
    let unknowns = of_nestings([], |_| unknown());
    assert_eq!(nulled(&unknowns), Ok(to_dynamic(&of_nestings([], none))));
    let written = |x: Value, inner: Value| {
        let list = Value::Array(vec![outer(x.clone(), inner.clone())]);
        let attribute = Value::Array(vec!["known".into(), x.clone()]);
        of_nestings(
            [
                ("attribute", attribute),
                ("list", list),
                ("map", map([("k", outer(x.clone(), inner.clone()))])),
                ("single", outer(x, inner)),
            ],
            none,
        )
    };
    let known = written(Value::Nil, Value::Array(vec![]));
    assert_eq!(
        nulled(&written(unknown(), unknown())),
        Ok(to_dynamic(&known))
    );
    assert_eq!(nulled(&known), Ok(to_dynamic(&known)));
    let pair = |value| {
        let ty = r#"["list","string"]"#;
        Value::Array(vec![Value::Binary(ty.into()), value])
    };
    for (ty, unknown, known) in [
        (Type::String, unknown(), Value::Nil),
        (
            Type::Tuple(vec![Type::String, Type::Bool]),
            Value::Array(vec![unknown(), true.into()]),
            Value::Array(vec![Value::Nil, true.into()]),
        ),
        (Type::Dynamic, pair(unknown()), pair(Value::Nil)),
        (
            Type::Dynamic,
            pair(Value::Array(vec![unknown()])),
            pair(Value::Array(vec![Value::Nil])),
        ),
    ] {
        let value = without_unknowns(&to_dynamic(&unknown), &ty);
        assert_eq!(value, Ok(to_dynamic(&known)));
    }
}
