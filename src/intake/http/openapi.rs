//! `GET /openapi.json`: the description of the API, complete and true. The four acts are alike, so they are written once.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::LazyLock;

static DESCRIPTION: LazyLock<Value> = LazyLock::new(describe);

/// What a path's last word does to a decision.
const ACTS: [(&str, &str, &str); 4] = [
    ("acknowledge", "Acknowledge a decision (签收督办)", "Anyone may, each once."),
    (
        "approve",
        "Approve a proposal (同意)",
        "From then on it is fed to other systems, told to its own, and a return opens its round.",
    ),
    ("decline", "Decline a proposal (不同意)", "It ends."),
    ("withdraw", "Withdraw a decision (人工撤销)", "It counts no more."),
];

pub(super) async fn show() -> Response {
    Json(&*DESCRIPTION).into_response()
}

fn describe() -> Value {
    let text = include_str!("openapi.json").replace("\"VERSION\"", concat!("\"", env!("CARGO_PKG_VERSION"), "\""));
    let mut whole: Value = serde_json::from_str(&text).expect("the description is JSON: a test reads it");
    for (act, summary, meaning) in ACTS {
        whole["paths"][format!("/api/v1/decisions/{{key}}/{act}")] =
            json!({ "post": operation(act, summary, meaning) });
    }
    whole
}

fn operation(act: &str, summary: &str, meaning: &str) -> Value {
    let schema =
        |name: &str| json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{name}") } } });
    let response = |name: &str| json!({ "$ref": format!("#/components/responses/{name}") });
    json!({
        "operationId": act,
        "summary": summary,
        "description": format!("Scope `supervise`. {meaning} Doing it again changes nothing."),
        "parameters": [{ "name": "key", "in": "path", "required": true, "schema": { "type": "string" } }],
        "requestBody": { "required": true, "content": schema("Act") },
        "responses": {
            "200": { "description": "It is in the ledger", "content": schema("Acted") },
            "400": response("Malformed"),
            "401": response("Unauthorized"),
            "403": response("Forbidden"),
            "404": response("Unknown"),
            "409": { "description": "What stands excludes it", "content": schema("Error") },
            "413": { "description": "The body is too large", "content": schema("Error") },
            "503": response("Unavailable")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::ROUTES;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let described: BTreeSet<(String, String)> = DESCRIPTION["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, methods)| {
                methods.as_object().unwrap().keys().map(move |method| (path.clone(), method.clone()))
            })
            .collect();
        let routed = ROUTES.iter().map(|route| (route.path.to_owned(), route.method.to_owned())).collect();
        assert_eq!(described, routed);
    }

    #[test]
    fn routes_without_a_scope_say_that_no_token_is_asked_for() {
        for route in ROUTES {
            let operation = &DESCRIPTION["paths"][route.path][route.method];
            assert_eq!(operation["security"] == json!([]), route.scope.is_none(), "{}", route.path);
            if let Some(scope) = route.scope {
                let description = operation["description"].as_str().unwrap();
                assert!(description.contains(&format!("Scope `{}`", scope.as_str())), "{}", route.path);
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let mut pending = vec![&*DESCRIPTION];
        while let Some(value) = pending.pop() {
            match value {
                Value::Object(members) => {
                    if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                        let pointer = reference.strip_prefix('#').unwrap();
                        assert!(DESCRIPTION.pointer(pointer).is_some(), "{reference}");
                    }
                    pending.extend(members.values());
                }
                Value::Array(items) => pending.extend(items),
                _ => {}
            }
        }
    }
}
