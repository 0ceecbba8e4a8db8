//! The bodies of requests, for each of the operations, in both wire forms.
//!
//! The first byte says which operation; its corpus file is the operation's number, then the body.

use mimeo_api::{Operation, Protocol, decode, encode, json_of};

type Judge = fn(Protocol, &[u8]);

macro_rules! judges {
    ($($operation:ident,)*) => {
        &[$(judge::<mimeo_api::$operation>,)*]
    };
}

/// One judge an operation, in the order of their names.
const JUDGES: &[Judge] = mimeo_api::for_each_operation!(judges);

pub(crate) fn run(bytes: &[u8]) {
    let Some((number, body)) = bytes.split_first() else {
        return;
    };
    let judge = JUDGES[usize::from(*number) % JUDGES.len()];
    judge(Protocol::Json, body);
    judge(Protocol::Cbor, body);
}

/// What is accepted in one form reads the same once it is written in either.
fn judge<O: Operation>(protocol: Protocol, body: &[u8]) {
    let _ = json_of(protocol, body);
    let input = match decode::<O>(protocol, body) {
        Ok(input) => input,
        Err(refused) => {
            assert!(!refused.to_string().is_empty());
            return;
        }
    };
    let _ = (
        O::token(&input),
        O::language(&input),
        O::request_tags(&input),
    );
    let _ = (O::resource_id(&input), O::resource_name(&input));
    for protocol in [Protocol::Json, Protocol::Cbor] {
        let written = encode(protocol, &input);
        let again = decode::<O>(protocol, &written).expect("what was accepted");
        assert_eq!(format!("{again:?}"), format!("{input:?}"), "{}", O::NAME);
    }
}
