//! What `duban check` finds before `duban run` would: files that are not there, addresses that are none, columns that no
//! query gives, numbers that no gateway takes.

use crate::daemon::harness::Site;

const TENCENT: &str = "channels:
  here: { kind: console }
  sms: { kind: sms, driver: tencent, secret_id: A, secret_key: { file: secrets/sms }, app_id: \"1\", signature: 珠海12345,
    templates: { confidential: false, default: { id: \"1\" } } }
";

/// A site with other channels.
fn with_channels(channels: &str) -> Site {
    let site = Site::new();
    let config = site.read("duban.yaml");
    let (before, _) = config.split_once("channels:").unwrap();
    site.write("duban.yaml", &format!("{before}{channels}"));
    site
}

fn with_sources(sources: &str) -> Site {
    let site = Site::new();
    crate::sources::with_sources(&site, sources);
    site
}

/// Every problem but the usual ones of a small site: severity, code, line and text.
fn found(site: &Site) -> String {
    let output = site.output(&["check", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let of_these = ["missing-", "malformed-", "shared-", "unknown-", "odd-", "unverified"];
    let shown = found.as_array().unwrap().iter().filter_map(|problem| {
        let text = |key: &str| problem[key].as_str().unwrap_or_default();
        let is_one = of_these.iter().any(|start| text("code").starts_with(start));
        let folder = format!("{}/", site.path("").display().to_string().trim_end_matches('/'));
        is_one.then(|| format!("{} {} {}", text("severity"), text("code"), text("message").replace(&folder, "")))
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_secret_that_is_not_there_is_found_and_a_daemon_that_cannot_start_says_the_same() {
    let site = with_channels(TENCENT);
    insta::assert_snapshot!(found(&site), @"error missing-secret 密钥的文件 secrets/sms 不在");
    let run = site.output(&["run"]);
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(2), "{said}");
    assert!(said.contains("密钥的文件 secrets/sms 不在") && said.contains("duban.yaml:"), "{said}");
    assert!(!said.contains("failed to"), "{said}");
    site.write("secrets/sms", "\n");
    insta::assert_snapshot!(found(&site), @"error missing-secret 密钥的文件 secrets/sms 是空的");
    site.write("secrets/sms", "s3cret\n");
    assert_eq!(found(&site), "");
    let output = site.output(&["check", "--lang", "en"]);
    assert!(output.status.success() && !String::from_utf8_lossy(&output.stdout).contains("s3cret"), "{output:?}");
}

#[test]
fn where_a_machine_has_none_of_the_secrets_a_configuration_is_checked_without_them() {
    let site = with_channels(TENCENT);
    std::fs::remove_dir_all(site.path("secrets")).unwrap();
    assert_eq!(found(&site), "");
}

#[test]
fn credentials_are_looked_for_only_where_systemd_gives_them_and_are_warned_of() {
    let site = with_channels(&TENCENT.replace("file: secrets/sms", "credential: sms"));
    assert_eq!(found(&site), "");
    let mut command = site.duban(&["check", "--format", "json"]);
    let output = command.env("CREDENTIALS_DIRECTORY", site.path("secrets")).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && shown.contains("missing-secret") && shown.contains("warning"), "{shown}");
    let run = String::from_utf8(site.output(&["run"]).stderr).unwrap();
    assert!(run.contains("LoadCredential=sms") && !run.contains("failed to"), "{run}");
}

#[test]
fn certificates_and_addresses_that_are_none_are_found() {
    let site = with_channels(
        "channels:
  here: { kind: console }
  a: { kind: webhook, url: \"http://127.0.0.1:9/\", ca_file: certs/nope.pem }
  b: { kind: webhook, url: \"http://127.0.0.1:9/\", ca_file: duban.yaml }
  c: { kind: yuezhengyi, webhook: { file: secrets/robot } }
",
    );
    site.write("secrets/robot", "robot-key-alone\n");
    insta::assert_snapshot!(found(&site), @r"
    error missing-certificates 证书文件 certs/nope.pem 不在，或读不出来
    error missing-certificates duban.yaml 里没有 PEM 格式的证书
    error malformed-url secrets/robot 里的不是完整的网址
    ");
}

#[test]
fn templates_of_requests_with_unknown_filters_or_broken_json_are_found_in_chinese() {
    let channel = |request: &str| {
        with_channels(&format!(
            "channels:\n  here: {{ kind: console }}\n  sms:\n    kind: sms\n    driver: http\n    request: {request}\n    accepted: {{ status: 200 }}\n"
        ))
    };
    let filter = channel("{ url: \"http://a.example/{{ mobile | nope }}\" }");
    insta::assert_snapshot!(found(&filter), @"error malformed-template 模板有误：没有名为“nope”的过滤器，可用的有 tojson、urlencode、upper、replace 等");
    let header = channel("{ url: \"http://a.example/\", headers: { X-To: \"{{ mobil }}\" } }");
    insta::assert_snapshot!(found(&header), @"error unknown-variable 模板里没有变量“mobil”");
    let brace = channel("{ url: \"http://a.example/{{ mobile \" }");
    insta::assert_snapshot!(found(&brace), @"error malformed-template 模板有误：写法不对，多半是 {{ }} 或 {% %} 没有配对");
    let json = channel("{ url: \"http://a.example/\", body: '{\"to\": {{ mobile }}, \"text\": \"{{ text }}\"}' }");
    insta::assert_snapshot!(found(&json), @"warning malformed-template 这个 JSON 填进内容后会不合法：短信里的引号、换行没有转义");
}

#[test]
fn with_an_error_in_the_configuration_the_directorys_channels_are_not_blamed() {
    let site = Site::new();
    let config = site.read("duban.yaml");
    site.write("duban.yaml", &format!("{config}sorces: []\n"));
    insta::assert_snapshot!(found(&site), @"error unknown-key 不认识的键“sorces”");
    site.write("duban.yaml", &format!("{config}  - [\n"));
    assert!(!found(&site).contains("unknown-channel"), "{}", found(&site));
}

#[test]
fn folders_that_two_sources_share_and_folders_that_cannot_be_are_found() {
    let source = |name: &str, more: &str| {
        format!("  - {{ name: {name}, kind: folder, {more}, events: [ {{ type: received, order: o, at: t }} ] }}\n")
    };
    let shared = [source("甲", "path: drop"), source("乙", "path: ./drop, files: [\"工单*\"]")].concat();
    insta::assert_snapshot!(found(&with_sources(&shared)), @"error shared-folder 来源“甲”和“乙”收同一个文件夹里的同样的文件，谁先看到谁拿走");
    let parted =
        [source("甲", "path: drop, files: [\"话务*\"]"), source("乙", "path: drop, files: [\"工单*\"]")].concat();
    assert_eq!(found(&with_sources(&parted)), "");
    let wrong = [source("甲", "path: nowhere/drop"), source("乙", "path: duban.yaml")].concat();
    insta::assert_snapshot!(found(&with_sources(&wrong)), @r"
    warning missing-folder 文件夹 nowhere/drop 不在，它的上级也不在
    error missing-folder duban.yaml 不是文件夹
    ");
}

#[test]
fn columns_that_a_plain_query_does_not_give_are_found() {
    let source = |query: &str| {
        format!(
            "  - name: 库\n    kind: sql\n    url: \"sqlite:other.db\"\n    query: {query}\n    cursor: updated\n    key: id\n    events: [ {{ type: received, order: o, at: t, attrs: {{ department: dept }} }} ]\n"
        )
    };
    insta::assert_snapshot!(found(&with_sources(&source("SELECT x.o, t, max(u) AS update_d, DEPT FROM x"))), @r"
    error unknown-column 查询里没有列“updated”
    error unknown-column 查询里没有列“id”
    ");
    assert_eq!(found(&with_sources(&source("SELECT * FROM x"))), "");
}

#[test]
fn numbers_that_no_gateway_takes_are_warned_of_where_sms_is_how_people_are_reached() {
    let site = with_channels(TENCENT);
    site.write("secrets/sms", "s3cret\n");
    let directory = site.read("rules/directory.yaml");
    let people = |number: &str, channels: &str| {
        let text = directory.replace("13800000000", number).replace("of: department, channels: [here]", channels);
        site.write("rules/directory.yaml", &text);
        found(&site)
    };
    let by_sms = "of: department, channels: [sms]";
    insta::assert_snapshot!(people("0756-2222222", by_sms), @"warning odd-mobile 这个号码不是手机号（11位），短信网关会拒收");
    insta::assert_snapshot!(people("1380000000", by_sms), @"warning odd-mobile 这个号码不是手机号（10位），短信网关会拒收");
    for right in ["13800000000", "+86 13800000000".replace(' ', "").as_str(), "+85251234567"] {
        assert_eq!(people(right, by_sms), "", "{right}");
    }
    assert_eq!(people("0756-2222222", "of: department, channels: [here]"), "", "nobody sends them an SMS");
}
