//! What the documentation shows can be used as it stands.

use duban::config::Config;
use duban::config::channels::ChannelKind;
use duban::text::problem::Problems;

/// Every configuration in the text, in its order.
fn configurations(text: &str) -> Vec<&str> {
    text.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("```")).map(|(block, _)| block).collect()
}

#[test]
fn every_configuration_in_the_channels_page_is_read_without_a_problem() {
    let page = include_str!("../../docs/channels.md");
    let blocks = configurations(page);
    let mut kinds = std::collections::BTreeSet::new();
    for block in &blocks {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("duban.yaml");
        std::fs::write(&path, block).unwrap();
        let mut problems = Problems::new();
        let config = Config::read(&path, &mut problems).unwrap_or_else(|| panic!("{problems:?}\n{block}"));
        kinds.extend(config.channels.iter().map(|channel| match channel.kind {
            ChannelKind::Email(_) => "email",
            ChannelKind::SmsHttp(_) => "sms",
            ChannelKind::YuezhengyiApp(_) => "application",
            ChannelKind::YuezhengyiRobot(_) => "robot",
            ChannelKind::Webhook(_) => "webhook",
            ChannelKind::Console => "console",
        }));
    }
    assert_eq!(Vec::from_iter(kinds), ["application", "console", "email", "robot", "sms", "webhook"]);
    assert!(blocks.len() >= 9, "{}", blocks.len());
}
