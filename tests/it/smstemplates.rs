//! What `duban check` says of the templates of SMS gateways: what a gateway would refuse is refused here.

use crate::daemon::harness::Site;
use std::process::Output;

const MAS: &str = r#"  sms:
    kind: sms
    driver: mas
    url: "http://10.0.0.1:1992/sms/tmpsubmit"
    ec_name: 例
    ap_id: a
    secret_key: { file: secrets/sms }
    sign: b
    templates:
"#;

/// Every kind in one template.
const ALL: &str = r#"      confidential: { id: t2, params: ["{{ act }}"] }
      health: { id: t3, params: ["{{ rule }}"] }
      duty: { id: t3, params: ["{{ rule }}"] }
      default: { id: t1, params: ["{{ order }}"] }
"#;

fn check(templates: &str) -> (Option<i32>, String) {
    let site = Site::new();
    site.write("secrets/sms", "s3cret");
    site.write("s", "s3cret");
    let config = format!("{}\n{MAS}{templates}", site.read("duban.yaml").trim_end());
    site.write("duban.yaml", &config);
    let Output { status, stdout, .. } = site.output(&["check", "--lang", "en", "--strict"]);
    let told = String::from_utf8(stdout).unwrap();
    // The rules of the harness have warnings of their own.
    let blocks = told.split("\n\n").filter(|block| block.contains("duban.yaml"));
    (status.code(), blocks.map(brief).collect::<Vec<_>>().join("\n"))
}

/// The first line, and the hint.
fn brief(block: &str) -> String {
    let hint = block.lines().find_map(|line| line.trim().strip_prefix("= hint: ")).unwrap_or_default();
    format!("{}; {hint}", block.trim_start().lines().next().unwrap_or_default())
}

#[test]
fn kinds_without_a_template_are_named_with_the_remedy() {
    let (_, said) = check("      yellow-card: { id: t1, params: [\"{{ order }}\"] }\n      remind: false\n");
    insta::assert_snapshot!(said, @"warning[no-template]: no template for these notices, which do not go by this channel: red-card, route, proposal, return, revocation, flag, notify, duty, health, confidential, digest; give each a template; `default` is for all that have none of their own (but `confidential`); write `KIND: false` for what shall not go by SMS");
}

#[test]
fn a_default_is_for_all_but_what_is_confidential() {
    assert_eq!(check(ALL).1, "");
    let own = "      health: false\n      duty: false\n      default: { id: t1, params: [\"{{ order }}\"] }\n";
    let (_, said) = check(own);
    insta::assert_snapshot!(said, @"warning[no-template]: no template for these notices, which do not go by this channel: confidential; give each a template; `default` is for all that have none of their own (but `confidential`); write `KIND: false` for what shall not go by SMS");
}

#[test]
fn what_a_gateway_would_refuse_is_an_error_with_its_place() {
    let (exit, said) = check(&format!(
        "{ALL}{}",
        r#"      yellow-card: { id: t1, params: ["{{ ordr }}", "{{ url }}", "https://a.example.cn", "{{ signature }}"] }
      red-card: { id: t1, params: ["{{ order }}"], text: "【例】工单{1}，{2}" }
      return: { id: t1, params: { no: "{{ order }}" } }
      route: { params: ["{{ order"] }
"#
    ));
    assert_eq!(exit, Some(1));
    insta::assert_snapshot!(said, @r##"
    error[unknown-variable]: there is no variable `ordr`; did you mean `order`?
    error[url-in-parameter]: no address may stand in a template's parameter: gateways refuse it; leave it out; a fixed address can be registered in the template's own text
    error[url-in-parameter]: no address may stand in a template's parameter: gateways refuse it; leave it out; a fixed address can be registered in the template's own text
    error[signature-in-template]: the gateway adds the signature: a parameter has none; leave out `signature` and 【】
    error[signature-in-template]: a template's text has no 【】; the gateway adds the signature: leave it out of the text
    error[template-mismatch]: the template's text has 2 places, `params` gives 1; mend `params` or `text` as the template is registered
    error[wrong-type]: expected a list, found a mapping; write `[a, b]`, or a line `- a` for each
    error[missing-field]: `id` is missing; add `id: …` here
    error[malformed-template]: the template does not parse: unexpected end of input, expected end of variable block; such as "{{ order }}"
    "##);
}

#[test]
fn a_gateway_of_named_parameters_is_checked_alike() {
    let site = Site::new();
    site.write("secrets/sms", "s3cret");
    site.write("s", "s3cret");
    for (driver, keys, params) in [
        ("aliyun", "access_key_id: a, access_key_secret: { file: s }, signature: 例", "{ to: \"{{ url }}\" }"),
        ("tencent", "secret_id: a, secret_key: { file: s }, app_id: \"1\", signature: 例", "[\"{{ url }}\"]"),
        ("huawei", "app_key: a, app_secret: { file: s }, sender: \"8824\"", "[\"{{ url }}\"]"),
    ] {
        let config = site.read("duban.yaml");
        let (before, _) = config.split_once("  sms:").unwrap_or((&config, ""));
        let templates = format!("{{ red-card: {{ id: t, params: {params} }} }}");
        let sms = format!("  sms: {{ kind: sms, driver: {driver}, {keys}, templates: {templates} }}");
        site.write("duban.yaml", &format!("{}\n{sms}\n", before.trim_end()));
        let Output { status, stdout, .. } = site.output(&["check", "--lang", "en"]);
        let told = String::from_utf8(stdout).unwrap();
        assert_eq!(status.code(), Some(1), "{driver}: {told}");
        assert!(
            told.contains("error[url-in-parameter]") && told.contains("channel: route, proposal"),
            "{driver}: {told}"
        );
    }
}

#[test]
fn a_confidential_notice_has_few_variables() {
    let (_, said) = check(&ALL.replace("act", "order"));
    insta::assert_snapshot!(said, @"error[unknown-variable]: a confidential notice has no variable `order`; one of: act, more, text");
}

#[test]
fn an_attribute_is_one_of_the_vocabulary_and_not_personal() {
    let (exit, said) =
        check(&ALL.replace("order", "attributes.category }}{{ attributes.categry }}{{ attributes.caller"));
    assert_eq!(exit, Some(1));
    insta::assert_snapshot!(said, @r##"
    error[unknown-variable]: there is no variable `attributes.caller`; did you mean `attributes.category`?
    error[unknown-variable]: there is no variable `attributes.categry`; did you mean `attributes.category`?
    "##);
}

#[test]
fn templates_have_no_signature_of_their_own() {
    let (_, said) = check(&format!("{ALL}    signature: 例\n"));
    insta::assert_snapshot!(said, @"error[conflict]: the platform adds the signature to templates; remove `signature` and `signature_by`");
}

#[test]
fn an_unknown_kind_is_named_with_the_nearest() {
    let (_, said) = check(&format!("{ALL}      yelow-card: {{ id: t1 }}\n"));
    insta::assert_snapshot!(said, @"error[unknown-key]: unknown key `yelow-card`; did you mean `yellow-card`?");
}

#[test]
fn certificates_that_are_not_checked_are_warned_of() {
    let (_, said) = check(&format!("{ALL}    danger_accept_invalid_certs: true\n"));
    insta::assert_snapshot!(said, @"warning[unverified-tls]: certificates are not checked: anyone may pose as the other side, read numbers, texts and keys, and claim to have taken them; put the other side's authority into `ca_file` and remove this line; only for a closed network, and for a while");
}

#[test]
fn kinds_that_have_none_of_their_template_s_facts_are_named() {
    let confidential = "      confidential: { id: t2, params: [\"{{ act }}\"] }\n";
    let default = "      default: { id: t1, params: [\"{{ order }}\", \"{{ act }}\"] }\n";
    let (_, said) = check(&format!("{confidential}{default}      duty: {{ id: t1, params: [\"{{{{ text }}}}\"] }}\n"));
    insta::assert_snapshot!(said, @"warning[nothing-to-fill]: these notices concern no order and have none of their template's variables: health; give each a template of its own with `rule`, `text`, `ask`, `reader` or `at.text`; write `KIND: false` for what shall not go by SMS");
    assert_eq!(check(&format!("{confidential}{default}      duty: false\n      health: false\n")).1, "");
}

#[test]
fn an_address_in_a_parameter_is_refused_in_whatever_form() {
    for address in [
        "见 10.1.2.3/x",
        "12345.政务",
        "{% if duty %}https://a.cn{% endif %}",
        "{% if duty %}甲{% else %}办事大厅.公益{% endif %}",
        "{{ reason | default('a.中国') }}",
        "xn--fiq228c.xn--fiqs8s",
    ] {
        let (exit, said) = check(&format!("      yellow-card: {{ id: t1, params: [\"{address}\"] }}\n{ALL}"));
        assert_eq!(exit, Some(1), "{address}: {said}");
        assert!(said.contains("error[url-in-parameter]"), "{address}: {said}");
    }
}
