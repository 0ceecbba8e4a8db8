//! What identity policies cost: one signed read by a root user, and by a user with twenty statements.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::catalogue::create_product;
use crate::load::{Caller, Connection, drive, request};
use crate::server::{ACCOUNTS, CHOOSY, Server, USER, folder};
use crate::table::{Goal, Table, float, median};

const CLIENTS: usize = 32;
const REQUESTS: usize = 20_000;
const ROUNDS: usize = 7;

/// Nineteen statements about other things, of the forms that people write, and the one that allows.
/// With `resources` that one names the resource, which must then be looked up.
pub(crate) fn policy(resources: bool) -> Value {
    let mut statements: Vec<Value> = (0..19).map(statement).collect();
    let resource = if resources {
        "arn:aws:catalog:*:*:product/*"
    } else {
        "*"
    };
    statements.push(json!({
        "Effect": "Allow", "Action": ["servicecatalog:Describe*", "servicecatalog:List*", "servicecatalog:Search*"],
        "Resource": resource,
    }));
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn statement(number: usize) -> Value {
    match number % 4 {
        0 => json!({
            "Effect": "Allow",
            "Action": [format!("s3:GetObject{number}"), "s3:ListBucket"],
            "Resource": [format!("arn:aws:s3:::bucket-{number}/*")],
        }),
        1 => json!({
            "Effect": "Allow", "Action": "iam:PassRole",
            "Resource": format!("arn:aws:iam::*:role/SCLaunch-{number}"),
            "Condition": {"StringEquals": {"iam:PassedToService": "servicecatalog.amazonaws.com"}},
        }),
        2 => json!({
            "Effect": "Deny", "Action": ["servicecatalog:Delete*", "servicecatalog:Disassociate*"],
            "Resource": "*",
            "Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Admin*"}},
        }),
        _ => json!({
            "Effect": "Deny", "Action": "servicecatalog:*", "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
        }),
    }
}

pub(crate) async fn run(table: &mut Table) {
    let data = folder();
    let server = Server::start(data.path(), &[]);
    let [root, user, choosy] = [ACCOUNTS[0], USER, CHOOSY].map(|account| Caller {
        account,
        region: "us-east-1",
    });
    let mut connection = Connection::open(&server.address).await;
    let product = create_product(&mut connection, &server.address, root, 0).await;
    let input = json!({"Id": product});
    let asked = [root, user, choosy]
        .map(|caller| request(&server.address, caller, "DescribeProductAsAdmin", &input));
    let mut costs = [const { Vec::new() }; 3];
    for _ in 0..=ROUNDS {
        for (asked, costs) in asked.iter().zip(&mut costs) {
            let before = server.cpu_micros();
            drive(
                &server.address,
                CLIENTS,
                Arc::new(vec![asked.clone()]),
                REQUESTS,
            )
            .await;
            costs.push((server.cpu_micros() - before) / float(REQUESTS));
        }
    }
    let [root, user, choosy] = costs.map(|costs| median(costs[1..].to_vec()));
    table.add(
        "signed DescribeProductAsAdmin under a policy of 20 statements, server CPU",
        format!("{user:.1} µs beside {root:.1} µs of a root user"),
        user / root,
        Goal::AtMost(1.15),
    );
    table.add(
        "the same where the statement that allows names resources, which are looked up",
        format!("{choosy:.1} µs beside {root:.1} µs of a root user"),
        choosy / root,
        Goal::None,
    );
}
